/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes to a model that is built already, and not yet in the kernel. */
#ifndef OMFWD_AMEND_H
#define OMFWD_AMEND_H

#include "ruleset/ruleset.h"

/*
 * Gives ruleset the counters, gates and windows that only before has, behind no rule: so that they outlive its loading
 * and are as they were when before returns. Copies what it takes.
 */
void ruleset_keep_from(struct ruleset *ruleset, const struct ruleset *before);

/* Takes away the rules that count with this counter: all that lets something in on its account. Returns how many. */
size_t ruleset_drop_counted(struct ruleset *ruleset, const char *counter);

#endif

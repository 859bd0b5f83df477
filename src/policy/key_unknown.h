/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What to say about a key that a section does not have. */
#ifndef OMFWD_KEY_UNKNOWN_H
#define OMFWD_KEY_UNKNOWN_H

#include "policy/keys.h"

/* Reports that sections of that kind have no such key: where it belongs, why it is fixed, or what is near. */
void key_unknown_report(struct diag_list *diags, loc_t loc, enum section_kind section, const char *name);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verb "denied", see verbs.h. */
#ifndef OMFWD_VERB_DENIED_H
#define OMFWD_VERB_DENIED_H

#include "agent/engine.h"

/*
 * {"verb": "denied", "since": seconds back, "after": cursor of a reply before, "suggest": true}: the reply has the fields of
 * denials_report() and its text; with "suggest" that of suggest_text() instead, which is "suggestion" too.
 */
void verb_denied_answer(struct engine *engine, const json_t *request, const struct origin *origin,
                        json_t *reply);

#endif

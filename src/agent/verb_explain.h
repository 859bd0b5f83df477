/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verb "explain", see verbs.h. */
#ifndef OMFWD_VERB_EXPLAIN_H
#define OMFWD_VERB_EXPLAIN_H

#include "agent/engine.h"

/* {"verb": "explain", "src": "..", "dst": "..", "proto": "tcp", "port": ".."}: by what is enforced and open now. */
void verb_explain_answer(struct engine *engine, const json_t *request, const struct origin *origin,
                         json_t *reply);

#endif

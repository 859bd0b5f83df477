/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verb that opens and closes install windows. */
#ifndef OMFWD_VERB_PHASE_H
#define OMFWD_VERB_PHASE_H

#include "agent/engine.h"

/*
 * Looks at the request with what was read last, before anything is applied; what is wrong goes to the reply.
 */
enum exit_code verb_phase_check(const struct engine *engine, const json_t *request, json_t *reply);

/* Opens or closes as the request says. */
void verb_phase_answer(struct engine *engine, const json_t *request, const struct origin *origin,
                       json_t *reply);

#endif

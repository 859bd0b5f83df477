/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verb that opens and closes install windows. */
#ifndef OMFWD_VERB_PHASE_H
#define OMFWD_VERB_PHASE_H

#include "agent/engine.h"

void verb_phase_answer(struct engine *engine, const json_t *request, const struct origin *origin,
                       json_t *reply);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can be asked of an engine: phase, reload, confirm, remove, status, explain, denied, metrics, report. The control
 * socket, the signals and the commands that work without an agent all come through here, so that they do and say the
 * same.
 *
 * A request is {"verb": "phase", "phase": "install", "for": seconds, "sections": [..], "rows": [..], "reason": "..",
 * "ticket": ".."} or another verb with what it needs: {"verb": "reload", "confirm": seconds}.
 */
#ifndef OMFWD_VERBS_H
#define OMFWD_VERBS_H

#include "agent/engine.h"

enum verb {
	VERB_PHASE,
	VERB_RELOAD,
	VERB_CONFIRM,
	VERB_REMOVE,
	VERB_STATUS,
	VERB_EXPLAIN,
	VERB_DENIED,
	VERB_METRICS,
	VERB_REPORT,
	VERB_MAX
};

/* "phase", "reload" ... */
const char *verb_word(enum verb verb);
/* VERB_MAX for a word that is none. */
enum verb verb_find(const char *word);

/* Whether the verb changes what the kernel enforces. */
bool verb_changes_kernel(enum verb verb);

/* Whether it may be long until it is done, at worst as long as a whole load: it may replace the policy. */
bool verb_takes_long(enum verb verb);

/* Whether the verb decides which policy is in force, so that the group omfwd may not ask for it. */
bool verb_is_for_root(enum verb verb);

/* Does what is asked and returns the whole reply. The kernel is changed before anything is logged. */
json_t *verb_answer(struct engine *engine, enum verb verb, const json_t *request,
                    const struct origin *origin);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What goes into the history. Every event has "event" and "at" (epoch seconds); who asked stands in it as in the state
 * file ("uid", "user", "login", "from", "reason", "ticket"). An event of a window that closed tells its whole story, so
 * that it can be read alone. None of these calls writes; the next save of the state does.
 */
#ifndef OMFWD_HISTORY_EVENTS_H
#define OMFWD_HISTORY_EVENTS_H

#include "agent/engine.h"

/* Who closed a window. */
enum window_end {
	ENDED_BY_COMMAND,  /* --phase run */
	ENDED_BY_DEADLINE, /* the kernel, its time was up */
	ENDED_BY_OTHERS,   /* somebody else, in the nft table */
	ENDED_BY_POLICY,   /* its row is no longer in the policy */
	ENDED_BY_REMOVAL,  /* the nft table was taken away */
	WINDOW_END_MAX
};

/* "command", "deadline" ... */
const char *window_end_name(enum window_end end);

/* A window with who opened it, as the status shows it: "set", "section", "row", "opened", "deadline" and the origin. */
json_t *history_window_json(const struct engine *engine, const struct window_record *record);

/* A window is open that was closed, or was open already (extended). */
void history_window_opened(struct engine *engine, const struct window_record *record, bool extended);

/* A window that the record tells of has closed at that moment; closer may be NULL. */
void history_window_closed(struct engine *engine, const struct window_record *record, enum window_end end,
                           const struct origin *closer, time_t at);

/* The same for every window that the records know of, now. */
void history_windows_closed(struct engine *engine, enum window_end end, const struct origin *closer);

enum history_kind {
	HISTORY_RELOAD,
	HISTORY_RELOAD_FAILED,
	HISTORY_REMOVED,
	HISTORY_TRIAL_BEGUN,
	HISTORY_TRIAL_CONFIRMED,
	HISTORY_TRIAL_RETURNED,
	HISTORY_RESTORED, /* after a boot */
	HISTORY_KIND_MAX
};

/* Any other event, told in a sentence. origin NULL: the agent itself. */
void history_note(struct engine *engine, enum history_kind kind, const struct origin *origin, const char *fmt,
                  ...) __attribute__((format(printf, 4, 5)));

/* How large a policy is: rows with their ports, and members of roles. */
struct policy_size {
	size_t lines, members;
};
struct policy_size history_policy_size(const struct engine *engine);

/* The role file was read and applied; before is what the policy before it was. */
void history_reloaded(struct engine *engine, enum history_kind kind, const struct origin *origin,
                      const struct policy_size *before);

/* Notes what others did to the table since this was called last. */
void history_drift(struct engine *engine);

#endif

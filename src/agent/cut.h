/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections that a flowtable carries past the rules, cut when the policy no longer allows them. The rules cut
 * everything else by themselves; where there is no flowtable, nothing here reads or deletes anything.
 */
#ifndef OMFWD_CUT_H
#define OMFWD_CUT_H

#include "agent/engine.h"
#include "kernel/conntrack.h"

/* What judging goes by. */
struct cut_view {
	const struct policy *policy;
	const struct lines *lines;
	gate_is_open_fn now_open;
	void *gates;
	/* Whether packets to the address end on this machine. */
	bool (*is_local)(const struct addr *addr, void *data);
	void *data;
};

/*
 * Whether the nft table would deny a packet that belongs to the connection. Pure. What ends on this machine is judged
 * as the hooks input and output do, and what does not leave it is never cut.
 */
bool cut_is_due(const struct cut_view *view, const struct conntrack_entry *entry);

struct cut;

/* Nothing is opened before it is needed. The engine must live longer. */
struct cut *cut_new(struct engine *engine);
void cut_free(struct cut *cut);

/*
 * Begins to look through the connections; while it is at it, begins again when it is through. For when something was
 * taken away and there is a flowtable. Returns 1, or -errno when it cannot be.
 */
int cut_begin(struct cut *cut);

/* Readable when cut_step() has something to do. After an error another one comes with the next cut_begin(). */
int cut_fd(const struct cut *cut);

/*
 * Does a piece of the work, by the policy and the windows as they are at this moment, and never waits. Returns 1 while
 * there is more; 0 when it is finished, or -errno when it cannot be; then engine->cut tells what was done.
 */
int cut_step(struct cut *cut);

/*
 * For a command without an agent: looks for flowtables, and if there are any, does all of the work. engine->cut tells
 * what was done. Returns 0 or -errno.
 */
int cut_now(struct engine *engine);

#endif

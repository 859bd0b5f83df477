/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of connections is looked through in pieces, because it may hold a million: each piece is judged by the
 * policy and the windows of its own moment, so that nothing that was allowed meanwhile is cut. A pass in which
 * something was cut is followed by another, and so is one during which something changed: the kernel's dump may miss
 * an entry while its table grows.
 *
 * What is cut falls back to the rules, which deny its packets. The kernel's flowtable lets go of it within a second.
 */
#include "agent/cut.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

#include "kernel/flowtables.h"

#define PASSES_MAX 3

struct cut {
	struct engine *engine;
	struct conntrack *conntrack; /* NULL until needed */
	bool running, broken;
	bool again;      /* something changed during the pass */
	unsigned passes; /* since something changed */
	struct conntrack_tally tally;
	size_t deleted; /* in the passes before */
	int local_error;
};

struct cut *cut_new(struct engine *engine)
{
	struct cut *cut = calloc(1, sizeof(*cut));

	if (!cut)
		abort();
	cut->engine = engine;
	return cut;
}

void cut_free(struct cut *cut)
{
	if (!cut)
		return;
	conntrack_close(cut->conntrack);
	free(cut);
}

int cut_fd(const struct cut *cut)
{
	return conntrack_fd(cut->conntrack);
}

/* Leaves the result with the engine. A session that failed stays, for its descriptor, until the next run. */
static int run_end(struct cut *cut, int err)
{
	struct cut_result *result = &cut->engine->cut;
	size_t deleted = cut->deleted + cut->tally.deleted;

	*result = (struct cut_result){
	        .at = time(NULL),
	        .seen = cut->tally.seen,
	        .deleted = deleted,
	        .left = cut->tally.left,
	        .error = err ? err : cut->tally.error,
	        .deleted_ever = result->deleted_ever + deleted,
	};
	cut->running = false;
	cut->broken = err != 0;
	return err;
}

static int pass_begin(struct cut *cut)
{
	int err = conntrack_dump_begin(cut->conntrack);

	cut->tally = (struct conntrack_tally){.seen = 0};
	cut->again = false;
	cut->passes++;
	return err ? run_end(cut, err) : 1;
}

static int session_need(struct cut *cut)
{
	if (cut->broken) {
		conntrack_close(cut->conntrack);
		cut->conntrack = NULL;
		cut->broken = false;
	}
	return cut->conntrack ? 0 : conntrack_open(&cut->conntrack);
}

int cut_begin(struct cut *cut)
{
	int err;

	cut->passes = 0;
	if (cut->running) {
		cut->again = true;
		return 1;
	}
	cut->running = true;
	cut->deleted = 0;
	cut->tally = (struct conntrack_tally){.seen = 0};
	err = session_need(cut);
	return err ? run_end(cut, err) : pass_begin(cut);
}

static bool is_local(const struct addr *addr, void *data)
{
	struct cut *cut = data;
	int r = conntrack_addr_is_local(cut->conntrack, addr);

	if (r < 0)
		cut->local_error = r;
	return r != 0; /* when we cannot know: then it is not cut */
}

static bool is_doomed(const struct conntrack_entry *entry, void *data)
{
	return cut_is_due(data, entry);
}

/* While there is no policy in the kernel, nothing is denied; and one that was stored has nothing to judge by. */
static bool spare(const struct conntrack_entry *entry, void *data)
{
	(void)entry;
	(void)data;
	return false;
}

static int take_piece(struct cut *cut)
{
	struct engine *engine = cut->engine;
	struct engine_gates gates = {.engine = engine};
	struct cut_view view = {
	        .policy = engine->current.policy,
	        .lines = &engine->current.lines,
	        .now_open = engine_gate_is_open,
	        .gates = &gates,
	        .is_local = is_local,
	        .data = cut,
	};
	bool enforced = engine->applied && !engine->removed && engine->current.source == FROM_FILE &&
	                kernel_window_left(engine->kernel, INSTALL_WINDOW) >= 0 &&
	                engine_windows_read(engine, &gates.state) == 0;
	int r = conntrack_dump_piece(cut->conntrack, enforced ? is_doomed : spare, &view, &cut->tally);

	free((void *)gates.state.gates_ms);
	return r < 0 || !cut->local_error ? r : cut->local_error;
}

int cut_step(struct cut *cut)
{
	int r;

	if (!cut->running)
		return 0;
	cut->local_error = 0;
	r = take_piece(cut);
	if (r > 0)
		return r;
	if (r < 0)
		return run_end(cut, r);
	if (cut->again || (cut->tally.deleted > 0 && cut->passes < PASSES_MAX)) {
		cut->deleted += cut->tally.deleted;
		return pass_begin(cut);
	}
	return run_end(cut, 0);
}

static int work_to_the_end(struct engine *engine)
{
	struct cut *cut = cut_new(engine);
	int r = cut_begin(cut);

	while (r > 0) {
		struct pollfd fd = {.fd = cut_fd(cut), .events = POLLIN};

		poll(&fd, 1, -1);
		r = cut_step(cut);
	}
	cut_free(cut);
	return r;
}

int cut_now(struct engine *engine)
{
	struct flowtable *flowtables = NULL;
	size_t n = 0;
	int err = kernel_flowtables(engine->kernel, &flowtables, &n);

	free(flowtables);
	return err || n == 0 ? err : work_to_the_end(engine);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The windows of an engine: plans (windows.c) carried out, and the records of who did it (state.c) kept beside them.
 * The kernel goes first, always: it closes windows by itself, and a record is believed only for names and reasons.
 */
#include "agent/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/confirm.h"
#include "agent/history_events.h"
#include "agent/last_good.h"
#include "agent/origin.h"
#include "util/baton.h"
#include "util/reply.h"
#include "util/log.h"

#define MS_PER_SECOND     1000u
#define NSEC_PER_MS       1000000u
#define CLOCK_GRAIN_MS    1000u /* by which two readings of one deadline may differ */
#define RESTORE_TRIES_MAX 5
#define RESTORE_SPAN_MS   50 /* what a restored window may gain at the most */

const struct gate *engine_gate_of_set(const struct engine *engine, const char *set)
{
	const struct ruleset *ruleset = engine->current.ruleset;

	for (size_t i = 0; ruleset && i < ruleset->n_gates; i++)
		if (strcmp(ruleset->gates[i].window->name, set) == 0)
			return &ruleset->gates[i];
	return NULL;
}

static int read_left(struct engine *engine, const char *set, uint64_t *ret)
{
	int64_t left = kernel_window_left(engine->kernel, set);

	if (left < 0 && left != -ENOENT)
		return (int)left;
	*ret = left > 0 ? (uint64_t)left : 0;
	return 0;
}

int engine_windows_read(struct engine *engine, struct window_state *ret)
{
	const struct ruleset *ruleset = engine->current.ruleset;
	size_t n_gates = ruleset ? ruleset->n_gates : 0;
	uint64_t *gates_ms = calloc(n_gates + 1, sizeof(*gates_ms));
	int r;

	if (!gates_ms)
		abort();
	*ret = (struct window_state){.gates_ms = gates_ms};
	r = read_left(engine, INSTALL_WINDOW, &ret->everything_ms);
	for (size_t i = 0; r == 0 && i < n_gates; i++)
		r = read_left(engine, ruleset->gates[i].window->name, &gates_ms[i]);
	return r;
}

uint64_t engine_window_left(const struct engine *engine, const struct window_state *state, const char *set)
{
	const struct gate *gate = engine_gate_of_set(engine, set);

	if (gate)
		return state->gates_ms[gate - engine->current.ruleset->gates];
	return strcmp(set, INSTALL_WINDOW) == 0 ? state->everything_ms : 0;
}

bool engine_gate_is_open(const char *gate, void *data)
{
	const struct engine_gates *gates = data;
	const struct ruleset *ruleset = gates->engine->current.ruleset;

	if (gates->state.everything_ms > 0)
		return true;
	for (size_t i = 0; i < ruleset->n_gates; i++)
		if (strcmp(ruleset->gates[i].name, gate) == 0)
			return gates->state.gates_ms[i] > 0;
	return false;
}

static uint64_t clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * MS_PER_SECOND + (uint64_t)now.tv_nsec / NSEC_PER_MS;
}

static struct moment moment_now(void)
{
	return (struct moment){.real_ms = clock_ms(CLOCK_REALTIME), .boot_ms = clock_ms(CLOCK_BOOTTIME)};
}

/* A gate that takes over the rest of a window keeps that window's story. */
static void record_open(struct engine *engine, const struct window_change *change, enum wanted_phase phase,
                        const struct window_record *whole, const struct origin *origin)
{
	struct window_record *record = window_records_get(&engine->records, change->set);
	struct moment now = moment_now();
	bool extended = record->opened != 0;

	record->opened = (time_t)(now.real_ms / MS_PER_SECOND);
	record->since = extended ? record->since : record->opened;
	record->origin = *origin;
	if (phase != WANT_INSTALL) {
		record->opened = whole->opened ? whole->opened : record->opened;
		record->since = whole->opened ? whole->since : record->opened;
		record->origin = whole->origin;
	}
	record->deadline = 0;
	record->end_ms = 0;
	window_record_follow(record, change->timeout_ms, &now);
	record->warned = false;
	history_window_opened(engine, record, extended);
}

static void record_end(struct engine *engine, const char *set, const struct origin *origin)
{
	const struct window_record *record = window_records_find(&engine->records, set);

	if (record)
		history_window_closed(engine, record, ENDED_BY_COMMAND, origin, time(NULL));
	window_records_remove(&engine->records, set);
}

static void records_follow(struct engine *engine, const struct window_plan *plan, enum wanted_phase phase,
                           const struct origin *origin)
{
	const struct window_record *found = window_records_find(&engine->records, INSTALL_WINDOW);
	struct window_record whole = found ? *found : (struct window_record){.opened = 0};

	for (size_t i = 0; i < plan->n; i++)
		if (plan->changes[i].timeout_ms > 0)
			record_open(engine, &plan->changes[i], phase, &whole, origin);
		else
			record_end(engine, plan->changes[i].set, origin);
	engine->records_changed = true;
}

static enum exit_code plan_request(struct engine *engine, const struct window_request *request,
                                   struct window_plan *plan, json_t *reply)
{
	struct window_state state = {.gates_ms = NULL};
	char error[256];
	int r = 0;

	if (!window_request_is_global(request) && request->phase == WANT_RUN)
		r = engine_windows_read(engine, &state);
	if (r < 0)
		reply_fail(reply, reply_code_of_errno(r), "%s", kernel_error(engine->kernel));
	else if (window_plan_request(request, engine->current.policy, engine->current.ruleset, &state, plan,
	                             error, sizeof(error)) < 0)
		reply_fail(reply, CODE_BAD_INPUT, "%s", error);
	free((void *)state.gates_ms);
	return reply_code(reply);
}

enum exit_code engine_windows_change(struct engine *engine, const struct window_request *request,
                                     struct origin *origin, struct window_plan *plan, json_t *reply)
{
	int r;

	*plan = (struct window_plan){.n = 0};
	if (plan_request(engine, request, plan, reply) != CODE_DONE)
		return reply_code(reply);
	r = kernel_windows_set(engine->kernel, plan->changes, plan->n);
	if (r == -ENOENT)
		reply_fail(reply, CODE_UNAVAILABLE,
		           "somebody has taken the nft table away; omfwd reload puts it back");
	else if (r < 0)
		reply_fail(reply, reply_code_of_errno(r), "%s", kernel_error(engine->kernel));
	if (r < 0)
		return reply_code(reply);
	origin_name(origin);
	records_follow(engine, plan, request->phase, origin);
	return CODE_DONE;
}

/* After a start the deadline on the clock is all that is known. */
static bool is_early(const struct window_record *record, const struct moment *now)
{
	if (record->end_ms)
		return record->end_ms > now->boot_ms + CLOCK_GRAIN_MS;
	return (uint64_t)record->deadline * MS_PER_SECOND > now->real_ms + CLOCK_GRAIN_MS;
}

static void log_closed(const struct engine *engine, const struct window_record *record,
                       const struct moment *now)
{
	const struct gate *gate = engine_gate_of_set(engine, record->set);
	bool early = is_early(record, now);

	log_event(&(const struct log_event){.priority = early ? LOG_WARNING : LOG_NOTICE,
	                                    .id = LOG_ID_WINDOW_CLOSED,
	                                    .fields[LOG_FIELD_EVENT] = "window-closed",
	                                    .fields[LOG_FIELD_PHASE] = "run",
	                                    .fields[LOG_FIELD_SECTION] = gate ? gate->section : NULL,
	                                    .fields[LOG_FIELD_ROW] = gate ? gate->row : NULL},
	          "install window for %s closed by %s", gate ? gate->name : "everything",
	          early ? "somebody else, before its time" : "the kernel, its time is up");
}

static void record_close(struct engine *engine, const struct window_record *record, const struct moment *now)
{
	bool early = is_early(record, now);
	time_t at = (time_t)(now->real_ms / MS_PER_SECOND);

	history_window_closed(engine, record, early ? ENDED_BY_OTHERS : ENDED_BY_DEADLINE, NULL,
	                      early || at < record->deadline ? at : record->deadline);
	if (engine->config.watched)
		log_closed(engine, record, now);
	window_records_remove(&engine->records, record->set);
	engine->records_changed = true;
}

/*
 * Whether somebody else has opened or extended it: the records are complete, and know of no such time. Such a window is
 * about to be set back, and no record is to believe in it.
 */
static bool is_stranger(const struct engine *engine, const struct window_record *record, uint64_t left_ms,
                        const struct moment *now)
{
	return engine->guarded && engine->applied &&
	       (!record || now->boot_ms + left_ms > record->end_ms + CLOCK_GRAIN_MS);
}

/* The record of a set and what the kernel has left of it are brought together. */
static void adopt_one(struct engine *engine, const char *set, uint64_t left_ms, const struct moment *now)
{
	struct window_record *record = window_records_find(&engine->records, set);

	if (left_ms == 0) {
		if (record)
			record_close(engine, record, now);
		return;
	}
	if (is_stranger(engine, record, left_ms, now))
		return;
	if (!record) {
		record = window_records_get(&engine->records, set);
		record->opened = record->since = (time_t)(now->real_ms / MS_PER_SECOND);
	}
	if (window_record_follow(record, left_ms, now))
		engine->records_changed = true;
}

/* Records of sets that no gate of the policy has any more. */
static void drop_orphans(struct engine *engine)
{
	struct window_records *records = &engine->records;

	for (size_t i = records->n; i-- > 0;)
		if (strcmp(records->items[i].set, INSTALL_WINDOW) != 0 &&
		    !engine_gate_of_set(engine, records->items[i].set)) {
			history_window_closed(engine, &records->items[i], ENDED_BY_POLICY, NULL, time(NULL));
			records->items[i] = records->items[--records->n];
			engine->records_changed = true;
		}
}

void engine_windows_adopt(struct engine *engine, const struct window_state *state)
{
	const struct ruleset *ruleset = engine->current.ruleset;
	struct moment now = moment_now();

	adopt_one(engine, INSTALL_WINDOW, state->everything_ms, &now);
	for (size_t i = 0; ruleset && i < ruleset->n_gates; i++)
		adopt_one(engine, ruleset->gates[i].window->name, state->gates_ms[i], &now);
	drop_orphans(engine);
}

static int restore_once(struct engine *engine)
{
	uint64_t max = engine->current.policy->settings.install_window_max;
	struct window_change *changes = calloc(engine->records.n + 1, sizeof(*changes));
	size_t n = 0;
	int r = 0;

	if (!changes)
		abort();
	for (size_t i = 0; i < engine->records.n; i++) {
		const struct window_record *record = &engine->records.items[i];
		uint64_t left_ms =
		        window_record_left(record, engine->records.seen, clock_ms(CLOCK_REALTIME), max);

		if (left_ms > 0)
			changes[n++] = (struct window_change){.set = record->set, .timeout_ms = left_ms};
	}
	if (n > 0)
		r = kernel_windows_set(engine->kernel, changes, n);
	free(changes);
	return r;
}

/* Whoever was held up between reading the clock and the kernel's yes has given too much, and takes it back. */
enum exit_code engine_windows_restore(struct engine *engine, json_t *reply)
{
	uint64_t begun;
	int r;

	drop_orphans(engine);
	for (int i = 0; i < RESTORE_TRIES_MAX; i++) {
		begun = clock_ms(CLOCK_MONOTONIC);
		r = restore_once(engine);
		if (r < 0 || clock_ms(CLOCK_MONOTONIC) - begun <= RESTORE_SPAN_MS)
			break;
	}
	if (r < 0)
		reply_fail(reply, reply_code_of_errno(r), "%s", kernel_error(engine->kernel));
	return reply_code(reply);
}

void engine_state_load(struct engine *engine)
{
	engine->state_error = state_load(engine->config.state_dir, &engine->records);
	engine->trial.marked = trial_mark_get(engine->config.state_dir) != MARK_NONE;
	engine->unconfirmed = engine->trial.marked;
	activity_load(&engine->activity, engine->config.state_dir);
}

/* What is on trial is not good yet; what was stored is stored. While the baton is lent, current stays what it is. */
void engine_good_save(struct engine *engine)
{
	const struct generation *current = &engine->current;
	bool lent;
	int r;

	if (!engine->good_unsaved || engine->trial.pending || current->source != FROM_FILE)
		return;
	lent = baton_lend(engine->config.baton);
	r = last_good_save(engine->config.state_dir, current->policy, current->ruleset, time(NULL));
	baton_reclaim(engine->config.baton, lent);
	engine->good_error = r;
	engine->good_unsaved = r < 0;
}

void engine_records_save(struct engine *engine)
{
	if (engine->records_changed) {
		engine->records.seen = time(NULL);
		engine->state_error = state_save(engine->config.state_dir, &engine->records);
		engine->records_changed = engine->state_error < 0;
	}
	if (engine->activity.error < 0) /* written every ten minutes, but what is mended is to show at once */
		activity_save(&engine->activity, engine->config.state_dir);
	history_drift(engine);
	history_flush(&engine->history, engine->config.state_dir);
}

void engine_state_save(struct engine *engine)
{
	engine_records_save(engine);
	engine_good_save(engine);
	confirm_save_mark(engine);
}

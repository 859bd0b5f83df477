/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mark is written before the kernel has the policy on trial, so that there is no moment in which an agent that is
 * killed would take it for a confirmed one. Time is CLOCK_BOOTTIME: it has no steps, and goes on while suspended.
 *
 * The policy on trial carries along, behind no rule, counters and windows of the one before that it lacks itself; once it
 * is confirmed it is built anew without them.
 */
#include "agent/confirm.h"

#include <stdlib.h>

#include "agent/engine_internal.h"
#include "agent/history_events.h"
#include "agent/last_good.h"
#include "util/baton.h"
#include "util/reply.h"
#include "ruleset/amend.h"

#define MS_PER_SECOND 1000u
#define NSEC_PER_MS   1000000u

static uint64_t boottime_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * MS_PER_SECOND + (uint64_t)now.tv_nsec / NSEC_PER_MS;
}

uint64_t confirm_left_ms(const struct engine *engine)
{
	uint64_t now = boottime_ms();

	return engine->trial.end_ms > now ? engine->trial.end_ms - now : 0;
}

static bool has_policy(const struct engine *engine)
{
	return engine->current.ruleset && !engine->removed;
}

/* What the mark would lead back to has to be on disk. */
static void mark(struct engine *engine, json_t *reply)
{
	bool before = has_policy(engine);
	int r;

	engine_state_save(engine);
	r = before && engine->good_unsaved
	            ? engine->good_error
	            : trial_mark_set(engine->config.state_dir,
	                             before ? MARK_BEFORE_LAST_GOOD : MARK_BEFORE_NOTHING);
	engine->trial.marked = r == 0 || engine->trial.marked;
	if (r < 0)
		reply_warn(
		        reply,
		        "warning: cannot write to %s (%s): an agent that ends before the confirmation, and "
		        "is started again, takes the role file as it is",
		        engine->config.state_dir, state_strerror(r));
}

static void begin(struct engine *engine, struct generation *next, uint64_t seconds)
{
	struct trial *trial = &engine->trial;

	if (has_policy(engine)) {
		trial->before = engine->current;
		engine->current = (struct generation){.policy = NULL};
	}
	engine_adopt(engine, next, true);
	engine->good_unsaved = false;
	engine->removed = engine->unconfirmed = false;
	trial->end_ms = boottime_ms() + seconds * MS_PER_SECOND;
	trial->pending = true;
}

static enum exit_code check(const struct engine *engine, uint64_t seconds, json_t *reply)
{
	if (engine->trial.pending)
		reply_fail(
		        reply, CODE_UNAVAILABLE,
		        "a policy is on trial already; omfwd confirm keeps it, and in %llus the one before "
		        "it returns",
		        (unsigned long long)(confirm_left_ms(engine) / MS_PER_SECOND));
	else if (seconds > CONFIRM_SECONDS_MAX)
		reply_fail(reply, CODE_BAD_INPUT, "a trial of more than a day is none; ask for at most 1d");
	else if (engine->current.source == FROM_KERNEL && has_policy(engine))
		reply_fail(reply, CODE_UNAVAILABLE,
		           "what the kernel has now could not return, because there is no last good policy; "
		           "apply the file without --confirm");
	return reply_code(reply);
}

enum exit_code confirm_load(struct engine *engine, uint64_t seconds, json_t *reply)
{
	struct generation next = {.policy = NULL};
	enum exit_code code = check(engine, seconds, reply);

	if (code != CODE_DONE)
		return code;
	code = generation_from_file(&engine->config, &next, reply);
	if (code == CODE_DONE) {
		if (has_policy(engine))
			ruleset_keep_from(next.ruleset, engine->current.ruleset);
		mark(engine, reply);
		code = engine_apply_generation(engine, &next, reply);
	}
	if (code == CODE_DONE)
		begin(engine, &next, seconds);
	else
		generation_clear(&next);
	confirm_save_mark(engine);
	engine_note_failure(engine, code, reply);
	return code;
}

/* Without what was kept for the one before. */
static enum exit_code drop_kept(struct engine *engine, json_t *reply)
{
	struct generation next = engine->current;
	enum exit_code code;

	next.ruleset = ruleset_build(next.policy, &next.lines);
	code = engine_apply_generation(engine, &next, reply);
	if (code == CODE_DONE) {
		ruleset_free(engine->current.ruleset);
		engine->current = next;
	} else {
		ruleset_free(next.ruleset);
	}
	return code;
}

void confirm_forget(struct engine *engine)
{
	generation_clear(&engine->trial.before);
	engine->trial.pending = false;
}

enum exit_code confirm_keep(struct engine *engine, json_t *reply)
{
	json_t *dropping = reply_new();

	if (drop_kept(engine, dropping) != CODE_DONE)
		reply_warn(reply, "warning: what was kept for the policy before goes with the next reload");
	json_decref(dropping);
	confirm_forget(engine);
	engine->good_unsaved = true;
	return reply_code(reply);
}

static enum exit_code return_policy(struct engine *engine, json_t *reply)
{
	struct trial *trial = &engine->trial;
	struct ruleset *old = NULL;
	enum exit_code code;

	generation_expire(&trial->before, time(NULL), &old);
	ruleset_free(old);
	code = engine_apply_generation(engine, &trial->before, reply);
	if (code != CODE_DONE)
		return code;
	engine_adopt(engine, &trial->before, true);
	trial->before = (struct generation){.policy = NULL};
	return CODE_DONE;
}

static enum exit_code return_to_nothing(struct engine *engine, json_t *reply)
{
	bool existed;
	int r = kernel_remove(engine->kernel, &existed);

	if (r < 0) {
		reply_fail(reply, reply_code_of_errno(r), "%s", kernel_error(engine->kernel));
		return reply_code(reply);
	}
	engine->applied = false;
	engine->removed = true;
	engine->records_changed = engine->records_changed || engine->records.n > 0;
	history_windows_closed(engine, ENDED_BY_REMOVAL, NULL);
	engine->records.n = 0;
	return CODE_DONE;
}

enum exit_code confirm_return(struct engine *engine, json_t *reply)
{
	bool before = engine->trial.before.ruleset != NULL;
	enum exit_code code = before ? return_policy(engine, reply) : return_to_nothing(engine, reply);

	if (code != CODE_DONE)
		return code;
	engine->trial.pending = false;
	engine->unconfirmed = true;
	return CODE_DONE;
}

void confirm_save_mark(struct engine *engine)
{
	struct trial *trial = &engine->trial;
	bool lent;
	int r;

	if (!trial->marked || trial->pending || engine->unconfirmed)
		return;
	lent = baton_lend(engine->config.baton);
	r = trial_mark_set(engine->config.state_dir, MARK_NONE);
	baton_reclaim(engine->config.baton, lent);
	trial->marked = r < 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent's clock decides nothing: windows are closed by the kernel, in time that runs whatever happens to us. The
 * timers only tell when to look, so that a warning comes before the end and a line in the journal after it.
 */
#include "agent/agent_internal.h"

#include <stdlib.h>
#include <time.h>

#include "agent/fallback.h"
#include "util/reply.h"
#include "util/duration.h"
#include "util/log.h"

#define MS_PER_SECOND    1000u
#define USEC_PER_MS      1000ull
#define USEC_PER_SEC     1000000ull
#define ACCURACY_USEC    (50 * USEC_PER_MS)
#define WARN_BEFORE_MS   (5u * 60 * MS_PER_SECOND)
#define AFTER_END_MS     100u /* the kernel counts in jiffies; look when it is surely over */
#define SEEN_EVERY_MS    (60u * MS_PER_SECOND)
#define LOOK_AGAIN_MS    5000u /* when the kernel did not answer */
#define RETRY_EXPIRY_S   60    /* when the kernel refused to let a site rule go */
#define LOOK_FOR_WORK_MS 50u   /* when another change is being made */
#define UNTIL_NEVER      UINT64_MAX

static void warn_of_end(const struct agent *agent, struct window_record *record, uint64_t left_ms)
{
	const struct gate *gate = engine_gate_of_set(&agent->engine, record->set);
	char left[DURATION_TEXT_MAX];

	record->warned = true;
	/* One that was opened for less has no warning due. */
	if ((uint64_t)(record->deadline - record->opened) * MS_PER_SECOND <= WARN_BEFORE_MS)
		return;
	log_event(&(const struct log_event){.priority = LOG_NOTICE,
	                                    .id = LOG_ID_WINDOW_ENDING,
	                                    .fields[LOG_FIELD_EVENT] = "window-ending",
	                                    .fields[LOG_FIELD_PHASE] = "install",
	                                    .fields[LOG_FIELD_SECTION] = gate ? gate->section : NULL,
	                                    .fields[LOG_FIELD_ROW] = gate ? gate->row : NULL},
	          "install window for %s ends in %s", gate ? gate->name : "everything",
	          duration_format((left_ms + MS_PER_SECOND / 2) / MS_PER_SECOND, left, sizeof(left)));
}

/* Warns where it is time; returns the milliseconds until the next thing happens to any window. */
static uint64_t look_at_windows(struct agent *agent, const struct window_state *state)
{
	struct window_records *records = &agent->engine.records;
	uint64_t next = UNTIL_NEVER;

	for (size_t i = 0; i < records->n; i++) {
		struct window_record *record = &records->items[i];
		uint64_t left = engine_window_left(&agent->engine, state, record->set), wait;

		if (left <= WARN_BEFORE_MS && !record->warned)
			warn_of_end(agent, record, left);
		wait = left > WARN_BEFORE_MS ? left - WARN_BEFORE_MS : left + AFTER_END_MS;
		if (wait < next)
			next = wait;
	}
	return records->n > 0 && next > SEEN_EVERY_MS ? SEEN_EVERY_MS : next;
}

/* So that a clock that is wrong after a crash can give back a minute at most. */
static void keep_seen(struct engine *engine)
{
	uint64_t seen_ms = (uint64_t)engine->records.seen * MS_PER_SECOND;

	if (engine->records.n > 0 && (uint64_t)time(NULL) * MS_PER_SECOND >= seen_ms + SEEN_EVERY_MS)
		engine->records_changed = true;
}

static void arm_windows(struct agent *agent)
{
	struct window_state state;
	uint64_t wait_ms = LOOK_AGAIN_MS;

	if (engine_windows_read(&agent->engine, &state) == 0) {
		engine_windows_adopt(&agent->engine, &state);
		wait_ms = look_at_windows(agent, &state);
		keep_seen(&agent->engine);
	}
	free((void *)state.gates_ms);
	if (wait_ms == UNTIL_NEVER) {
		sd_event_source_set_enabled(agent->window_timer, SD_EVENT_OFF);
		return;
	}
	sd_event_source_set_time_relative(agent->window_timer, wait_ms * USEC_PER_MS);
	sd_event_source_set_enabled(agent->window_timer, SD_EVENT_ONESHOT);
}

static int on_window_timer(sd_event_source *source, uint64_t usec, void *data)
{
	struct agent *agent = data;

	(void)source;
	(void)usec;
	sd_event_source_set_enabled(agent->settle, SD_EVENT_ONESHOT);
	return 0;
}

/* The first site rule of the policy to expire after now; 0: none. */
static time_t next_expiry(const struct policy *policy, time_t now)
{
	time_t next = 0;

	for (size_t i = 0; i < policy->n_site_rules; i++) {
		const struct site_rule *rule = &policy->site_rules[i];

		if (rule->expires && !rule->expired && (!next || rule->expires < next))
			next = rule->expires;
	}
	return next && next <= now ? now + RETRY_EXPIRY_S : next;
}

static void arm_expiry(struct agent *agent)
{
	time_t next = next_expiry(agent->engine.current.policy, time(NULL));

	if (!next || agent->engine.removed) {
		sd_event_source_set_enabled(agent->expiry_timer, SD_EVENT_OFF);
		return;
	}
	sd_event_source_set_time(agent->expiry_timer, (uint64_t)next * USEC_PER_SEC);
	sd_event_source_set_enabled(agent->expiry_timer, SD_EVENT_ONESHOT);
}

int agent_wait_for_work(sd_event_source *timer)
{
	int r = sd_event_source_set_time_relative(timer, LOOK_FOR_WORK_MS * USEC_PER_MS);

	return r < 0 ? r : sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

/* The role file is not read again for this: it may be half written, or on trial. */
static int on_expiry_timer(sd_event_source *source, uint64_t usec, void *data)
{
	struct agent *agent = data;
	json_t *reply = reply_new();

	(void)source;
	(void)usec;
	if (agent_works(agent)) {
		json_decref(reply);
		return agent_wait_for_work(agent->expiry_timer);
	}
	log_info("a site rule has expired");
	drift_pause(agent->drift);
	engine_expire(&agent->engine, time(NULL), reply);
	drift_resume(agent->drift, true);
	agent_log_complaints(reply);
	json_decref(reply);
	sd_event_source_set_enabled(agent->settle, SD_EVENT_ONESHOT);
	return 0;
}

int agent_timers_attach(struct agent *agent)
{
	int r = sd_event_add_time(agent->event, &agent->window_timer, CLOCK_BOOTTIME, 0, ACCURACY_USEC,
	                          on_window_timer, agent);

	if (r >= 0)
		r = sd_event_source_set_enabled(agent->window_timer, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_time(agent->event, &agent->expiry_timer, CLOCK_REALTIME, 0, ACCURACY_USEC,
		                      on_expiry_timer, agent);
	return r < 0 ? r : sd_event_source_set_enabled(agent->expiry_timer, SD_EVENT_OFF);
}

void agent_timers_arm(struct agent *agent)
{
	arm_windows(agent);
	arm_expiry(agent);
	agent_confirm_arm(agent);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two doubts are kept apart. Drift is known: events told what others did, and it is repaired at once. Doubt is not to
 * know: events were lost, or somebody committed while we loaded without listening; then the kernel is compared with what
 * we left, by a fingerprint of chains and rules and by the elements of the sets, and only what differs is repaired.
 *
 * Somebody who changes the table again and again would make us load without end: after 5 repairs in 10 seconds there is
 * an alarm, and one repair every 10 seconds until a whole interval was quiet.
 */
#include "agent/drift.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "agent/drift_note.h"
#include "kernel/monitor.h"
#include "util/log.h"
#include "util/reply.h"
#include "util/timestamp.h"

#define REPAIRS_MAX 5
#define INTERVAL_MS 10000u
#define USEC_PER_MS 1000u
#define GAPS_MAX    3 /* times that others may commit while we repair on doubt alone, in a row */
#define TIMER_GRAIN (20 * USEC_PER_MS)
#define FIRST       (SD_EVENT_PRIORITY_IMPORTANT - 10) /* what is open by mistake comes before all requests */

struct drift {
	struct engine *engine;
	struct monitor *monitor;
	sd_event_source *io;          /* others have changed something */
	sd_event_source *check;       /* after changes of our own */
	sd_event_source *alarm_timer; /* the next repair while there is an alarm */
	sd_event_source *settle;
	uint64_t repaired_at[REPAIRS_MAX]; /* boot time in us, a ring */
	size_t next;
	bool windows;         /* somebody touched a window; that rules were touched the engine knows */
	bool doubt;           /* anything may have happened */
	unsigned paused;      /* by so many, one within the other */
	unsigned gaps;        /* repairs on doubt alone that others came between, in a row */
	uint64_t fingerprint; /* of what we left; 0: not taken */
};

static void arm_alarm(struct drift *drift)
{
	sd_event_source_set_time_relative(drift->alarm_timer, INTERVAL_MS * USEC_PER_MS);
	sd_event_source_set_enabled(drift->alarm_timer, SD_EVENT_ONESHOT);
}

static void on_group(const struct monitor_group *group, void *data)
{
	struct drift *drift = data;

	if (drift_note(drift->engine, group))
		drift->windows = true;
}

static void hear(struct drift *drift)
{
	if (monitor_read(drift->monitor, on_group, drift) < 0)
		drift->doubt = true;
}

/* What is known of others goes to the session, which counts on from there. What we own they cannot have changed. */
static void begin_own(struct drift *drift)
{
	struct engine *engine = drift->engine;
	uint32_t generation;

	monitor_listen(drift->monitor, false);
	hear(drift);
	generation = engine->drift.watching ? monitor_generation(drift->monitor)
	                                    : kernel_generation(engine->kernel);
	kernel_others_harmless(engine->kernel, drift->doubt ? 0 : generation);
}

/* What we own others cannot change, and what we removed they may. */
static bool should_listen(struct drift *drift)
{
	struct engine *engine = drift->engine;
	bool owned = !engine->removed && kernel_owns_table(engine->kernel);

	engine_store_socket(engine, owned);
	return engine->applied && !engine->removed && !owned;
}

/* loaded: rules may have changed, else windows alone. */
static void end_own(struct drift *drift, bool loaded)
{
	struct engine *engine = drift->engine;
	bool alone;

	engine->drift.watching = should_listen(drift);
	if (engine->drift.watching && monitor_listen(drift->monitor, true) < 0)
		log_warning("cannot listen to changes of the nft table by others");
	monitor_set_generation(drift->monitor, kernel_generation(engine->kernel));
	alone = kernel_holds(engine->kernel);
	if (loaded)
		drift->fingerprint = 0;
	drift->doubt = engine->drift.watching && (drift->doubt || !alone);
	if (alone)
		drift->gaps = 0;
	if (engine->drift.watching)
		sd_event_source_set_enabled(drift->check, SD_EVENT_ONESHOT);
	/* Should it go on listening against our will, nobody reads what comes: that would keep the loop awake for ever. */
	sd_event_source_set_enabled(drift->io, engine->drift.watching ? SD_EVENT_ON : SD_EVENT_OFF);
}

static void log_reply(const json_t *reply)
{
	json_t *lines = reply_complaints(reply), *line;
	size_t i;

	json_array_foreach(lines, i, line) log_error("%s", json_string_value(line));
	json_decref(lines);
}

/* Returns what became of it; nothing but windows may have been touched. */
static enum drift_outcome mend(struct engine *engine)
{
	bool drifted = engine->drifted;
	json_t *reply = reply_new();
	size_t n_windows = 0;

	if (drifted)
		engine_repair(engine, reply);
	if (reply_code(reply) == CODE_DONE && engine_windows_hold(engine, &n_windows) < 0) {
		reply_fail(reply, CODE_UNAVAILABLE, "%s", kernel_error(engine->kernel));
		engine_distrust(engine, NULL);
	}
	log_reply(reply);
	if (reply_code(reply) != CODE_DONE) {
		json_decref(reply);
		return DRIFT_FAILED;
	}
	json_decref(reply);
	return drifted || n_windows > 0 ? DRIFT_REPAIRED : DRIFT_LEFT;
}

static void note_repair(struct drift *drift)
{
	drift->repaired_at[drift->next] = timestamp_boot_us();
	drift->next = (drift->next + 1) % REPAIRS_MAX;
	drift->engine->drift.repairs++;
}

static void begin_alarm(struct drift *drift, const char *why)
{
	drift->engine->drift.alarm = true;
	drift_tell_alarm(&drift->engine->drift, why);
	sd_event_source_set_enabled(drift->settle, SD_EVENT_ONESHOT);
	arm_alarm(drift);
}

static void repair(struct drift *drift)
{
	struct drift_history *history = &drift->engine->drift;
	uint64_t begun = timestamp_boot_us();
	enum drift_outcome outcome;

	begin_own(drift);
	/* A repair counts from where it begins to read: what others did since we heard of them last would be lost. */
	if (!kernel_holds(drift->engine->kernel))
		drift->doubt = true;
	drift->windows = false;
	outcome = mend(drift->engine);
	end_own(drift, true);
	/* On doubt alone there is nobody to tell of, and nobody to limit. */
	if (drift_tell_outcome(history, outcome, timestamp_boot_us() - begun) && outcome != DRIFT_LEFT)
		note_repair(drift);
	if (outcome == DRIFT_FAILED && !history->alarm)
		begin_alarm(drift, "the nft table cannot be repaired");
	sd_event_source_set_enabled(drift->settle, SD_EVENT_ONESHOT);
}

static bool may_repair(const struct drift *drift)
{
	uint64_t oldest = drift->repaired_at[drift->next];

	return !oldest || timestamp_boot_us() - oldest > INTERVAL_MS * USEC_PER_MS;
}

static bool is_needed(const struct drift *drift)
{
	return drift->engine->drifted || drift->windows;
}

static void act(struct drift *drift)
{
	if (!is_needed(drift) || drift->engine->drift.alarm)
		return;
	if (may_repair(drift))
		repair(drift);
	else
		begin_alarm(drift, "the nft table is changed again and again");
}

/* Compares the kernel with what we left there. Without a fingerprint the rules are simply sent again. */
static void verify(struct drift *drift)
{
	struct engine *engine = drift->engine;
	bool taken = drift->fingerprint != 0;
	bool intact = engine_verify_sets(engine), same;
	uint64_t now = 0;

	intact = intact || engine_verify_sets(engine); /* others may disturb one */
	same = kernel_fingerprint(engine->kernel, &now) == 0 && now == drift->fingerprint;
	drift->doubt = false;
	drift->windows = true;
	if (!intact || (taken && !same))
		drift_history_add(&engine->drift, NULL);
	if (!intact || !(taken ? same : drift->gaps++ >= GAPS_MAX))
		engine->drifted = true;
	act(drift);
}

/* Valid if nobody has changed the table by the time that it is taken. */
static void take_fingerprint(struct drift *drift)
{
	uint64_t now = 0;

	if (kernel_fingerprint(drift->engine->kernel, &now) < 0)
		return;
	hear(drift);
	if (!is_needed(drift) && !drift->doubt)
		drift->fingerprint = now;
}

void drift_look(struct drift *drift)
{
	if (!drift || drift->paused || !drift->engine->drift.watching || !drift->engine->guarded)
		return;
	hear(drift);
	act(drift);
	if (drift->doubt && !drift->engine->drift.alarm)
		verify(drift);
}

void drift_pause(struct drift *drift)
{
	if (!drift)
		return;
	if (drift->paused) {
		drift->paused++;
		return;
	}
	drift_look(drift);
	/* Who asks for a change does not wait for the end of an alarm. */
	if (drift->engine->guarded && is_needed(drift))
		repair(drift);
	begin_own(drift);
	sd_event_source_set_enabled(drift->io, SD_EVENT_OFF); /* what comes has to wait, as in end_own() */
	drift->paused = 1;
}

void drift_resume(struct drift *drift, bool loaded)
{
	if (!drift || --drift->paused)
		return;
	end_own(drift, loaded);
}

void drift_begin_windows(struct drift *drift)
{
	if (!drift || drift->paused)
		return;
	drift_look(drift);
	if (drift->engine->guarded && is_needed(drift))
		repair(drift);
	if (drift->engine->drift.watching)
		kernel_others_harmless(drift->engine->kernel,
		                       drift->doubt ? 0 : monitor_generation(drift->monitor));
}

static void ignore(const struct monitor_group *group, void *data)
{
	(void)group;
	(void)data;
}

/* What somebody did just before us would be taken for later than what we did: then it is left to a comparison. */
void drift_end_windows(struct drift *drift)
{
	if (!drift || drift->paused || !drift->engine->drift.watching || kernel_holds(drift->engine->kernel))
		return;
	monitor_read(drift->monitor, ignore, NULL);
	end_own(drift, false);
}

static int on_readable(sd_event_source *source, int fd, uint32_t events, void *data)
{
	(void)source;
	(void)fd;
	(void)events;
	drift_look(data);
	return 0;
}

static int on_check(sd_event_source *source, void *data)
{
	struct drift *drift = data;

	(void)source;
	drift_look(drift);
	if (!drift->paused && drift->engine->drift.watching && !drift->fingerprint && !drift->doubt)
		take_fingerprint(drift);
	drift_look(drift);
	return 0;
}

static int on_alarm(sd_event_source *source, uint64_t usec, void *data)
{
	struct drift *drift = data;
	struct drift_history *history = &drift->engine->drift;

	(void)source;
	(void)usec;
	if (drift->paused) {
		arm_alarm(drift);
		return 0;
	}
	if (history->watching)
		hear(drift);
	if (is_needed(drift)) {
		repair(drift);
		arm_alarm(drift);
		return 0;
	}
	history->alarm = false;
	log_warning("the nft table was left alone for %u s: repaired at once again", INTERVAL_MS / 1000);
	sd_event_source_set_enabled(drift->settle, SD_EVENT_ONESHOT);
	drift_look(drift);
	return 0;
}

static int attach(struct drift *drift, sd_event *event)
{
	int r = sd_event_add_io(event, &drift->io, monitor_fd(drift->monitor), EPOLLIN, on_readable, drift);

	if (r >= 0)
		r = sd_event_source_set_priority(drift->io, FIRST);
	if (r >= 0)
		r = sd_event_add_defer(event, &drift->check, on_check, drift);
	if (r >= 0)
		r = sd_event_source_set_enabled(drift->check, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_time(event, &drift->alarm_timer, CLOCK_BOOTTIME, 0, TIMER_GRAIN, on_alarm,
		                      drift);
	return r < 0 ? r : sd_event_source_set_enabled(drift->alarm_timer, SD_EVENT_OFF);
}

int drift_open(struct engine *engine, sd_event *event, sd_event_source *settle, struct drift **ret)
{
	struct drift *drift = calloc(1, sizeof(*drift));
	int r;

	if (!drift)
		abort();
	drift->engine = engine;
	drift->settle = settle;
	r = monitor_open(kernel_port(engine->kernel), &drift->monitor);
	if (r >= 0)
		r = attach(drift, event);
	if (r < 0) {
		drift_close(drift);
		return r;
	}
	*ret = drift;
	return 0;
}

void drift_close(struct drift *drift)
{
	if (!drift)
		return;
	sd_event_source_disable_unref(drift->io);
	sd_event_source_disable_unref(drift->check);
	sd_event_source_disable_unref(drift->alarm_timer);
	monitor_close(drift->monitor);
	free(drift);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The events of the history, each as a flat object with its words in one order, so that the file can be read by people
 * and by grep.
 */
#include "agent/history_events.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/reply.h"

#define DRIFT_SPAN     3600 /* seconds */
#define DRIFT_IN_SPAN  60
#define SENTENCE_MAX   512
#define SIZE_WORDS_MAX 96

static const char *const end_names[WINDOW_END_MAX] = {
        [ENDED_BY_COMMAND] = "command", [ENDED_BY_DEADLINE] = "deadline", [ENDED_BY_OTHERS] = "others",
        [ENDED_BY_POLICY] = "policy",   [ENDED_BY_REMOVAL] = "removal",
};

static const char *const kind_names[HISTORY_KIND_MAX] = {
        [HISTORY_RELOAD] = "reload",
        [HISTORY_RELOAD_FAILED] = "reload-failed",
        [HISTORY_REMOVED] = "removed",
        [HISTORY_TRIAL_BEGUN] = "trial-begun",
        [HISTORY_TRIAL_CONFIRMED] = "trial-confirmed",
        [HISTORY_TRIAL_RETURNED] = "trial-returned",
        [HISTORY_RESTORED] = "windows-restored",
};

const char *window_end_name(enum window_end end)
{
	return end_names[end];
}

static json_t *event_new(const char *event, time_t at)
{
	return json_pack("{s:I, s:s}", "at", (json_int_t)at, "event", event);
}

json_t *history_window_json(const struct engine *engine, const struct window_record *record)
{
	const struct gate *gate = engine_gate_of_set(engine, record->set);
	json_t *window = json_pack("{s:o, s:I, s:I, s:I}", "set", reply_string(record->set), "opened",
	                           (json_int_t)record->opened, "since",
	                           (json_int_t)(record->since ? record->since : record->opened), "deadline",
	                           (json_int_t)record->deadline);

	json_object_set_new(window, "section",
	                    gate && gate->section ? reply_string(gate->section) : json_null());
	json_object_set_new(window, "row", gate ? reply_string(gate->row) : json_null());
	origin_to_json(&record->origin, window);
	return window;
}

void history_window_opened(struct engine *engine, const struct window_record *record, bool extended)
{
	json_t *event = event_new(extended ? "window-extended" : "window-opened", record->opened);

	json_object_update_new(event, history_window_json(engine, record));
	json_object_set_new(event, "planned", json_integer(record->deadline - record->opened));
	history_add(&engine->history, event);
}

static json_t *closer_json(const struct origin *closer)
{
	json_t *object = json_object();

	origin_to_json(closer, object);
	json_object_del(object, "reason");
	json_object_del(object, "ticket");
	return object;
}

void history_window_closed(struct engine *engine, const struct window_record *record, enum window_end end,
                           const struct origin *closer, time_t at)
{
	json_t *event = event_new("window-closed", at);
	time_t since = record->since ? record->since : record->opened;

	json_object_update_new(event, history_window_json(engine, record));
	json_object_set_new(event, "planned", json_integer(record->deadline - since));
	json_object_set_new(event, "length", json_integer(at > since ? at - since : 0));
	json_object_set_new(event, "closed_by", json_string(end_names[end]));
	if (closer)
		json_object_set_new(event, "closer", closer_json(closer));
	history_add(&engine->history, event);
}

void history_windows_closed(struct engine *engine, enum window_end end, const struct origin *closer)
{
	for (size_t i = 0; i < engine->records.n; i++)
		history_window_closed(engine, &engine->records.items[i], end, closer, time(NULL));
}

void history_note(struct engine *engine, enum history_kind kind, const struct origin *origin, const char *fmt,
                  ...)
{
	json_t *event = event_new(kind_names[kind], time(NULL));
	char sentence[SENTENCE_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, args);
	va_end(args);
	if (origin)
		origin_to_json(origin, event);
	json_object_set_new(event, "what", reply_string(sentence));
	history_add(&engine->history, event);
}

struct policy_size history_policy_size(const struct engine *engine)
{
	const struct policy *policy = engine->current.policy;
	struct policy_size size = {.lines = engine->current.lines.n};

	for (size_t i = 0; policy && engine->current.source == FROM_FILE && i < policy->n_sections; i++)
		for (enum role role = 0; role < ROLE_MAX; role++) {
			const struct addr_set *addrs = &policy->sections[i].roles[role].addrs;

			size.members += addrs->n4 + addrs->n6;
		}
	return size;
}

/* "12 lines (2 more)" */
static const char *size_words(size_t now, size_t before, const char *what, char buf[SIZE_WORDS_MAX])
{
	if (now == before)
		snprintf(buf, SIZE_WORDS_MAX, "%zu %s (as before)", now, what);
	else
		snprintf(buf, SIZE_WORDS_MAX, "%zu %s (%zu %s)", now, what,
		         now > before ? now - before : before - now, now > before ? "more" : "fewer");
	return buf;
}

void history_reloaded(struct engine *engine, enum history_kind kind, const struct origin *origin,
                      const struct policy_size *before)
{
	struct policy_size now = history_policy_size(engine);
	char lines[SIZE_WORDS_MAX], members[SIZE_WORDS_MAX];

	if (before->lines == 0 && before->members == 0)
		history_note(engine, kind, origin, "%s applied: %zu lines, %zu members",
		             engine->config.config, now.lines, now.members);
	else
		history_note(engine, kind, origin, "%s applied: %s, %s", engine->config.config,
		             size_words(now.lines, before->lines, "lines", lines),
		             size_words(now.members, before->members, "members", members));
}

static json_t *drift_json(const struct drift_entry *entry)
{
	json_t *event = event_new("drift", entry->at);

	json_object_set_new(event, "what", reply_string(entry->did));
	json_object_set_new(event, "process", *entry->process ? reply_string(entry->process) : json_null());
	json_object_set_new(event, "pid", entry->pid ? json_integer(entry->pid) : json_null());
	json_object_set_new(event, "outcome", json_string(drift_outcome_name(entry->outcome)));
	return event;
}

/* Whoever changes the table all day must not push out who opened a window. */
static bool may_note_drift(struct history *history, time_t now)
{
	if (now < history->hour || now >= history->hour + DRIFT_SPAN) {
		history->hour = now;
		history->n_drift = 0;
	}
	return history->n_drift++ < DRIFT_IN_SPAN;
}

void history_drift(struct engine *engine)
{
	for (size_t i = 0; i < engine->drift.n; i++) {
		struct drift_entry *entry = drift_history_at(&engine->drift, i);

		if (entry->outcome == entry->noted)
			continue;
		entry->noted = entry->outcome;
		if (may_note_drift(&engine->history, entry->at))
			history_add(&engine->history, drift_json(entry));
	}
}

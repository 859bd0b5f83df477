/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the request and the batch for the kernel stands nothing but the plan: names, sentences, the journal and the
 * state file come after.
 */
#include "agent/verb_phase.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/origin.h"
#include "util/reply.h"
#include "util/duration.h"
#include "util/log.h"
#include "util/timestamp.h"

#define MS_PER_SECOND 1000u
#define SCOPE_MAX     512

/* The words of a JSON list, borrowed from it; anything that is no text is left out. Free the array. */
static const char **request_words(const json_t *request, const char *key, size_t *n)
{
	const json_t *list = json_object_get(request, key);
	const char **words = calloc(json_array_size(list) + 1, sizeof(*words));
	json_t *word;
	size_t i;

	if (!words)
		abort();
	*n = 0;
	json_array_foreach(list, i, word) if (json_is_string(word)) words[(*n)++] = json_string_value(word);
	return words;
}

static void request_parse(const json_t *request, struct window_request *ret)
{
	const char *phase = json_string_value(json_object_get(request, "phase"));
	json_int_t seconds = json_integer_value(json_object_get(request, "for"));

	*ret = (struct window_request){.phase = phase ? wanted_phase_find(phase) : WANT_NOTHING,
	                               .seconds = seconds > 0 ? (uint64_t)seconds : 0};
	ret->sections = request_words(request, "sections", &ret->n_sections);
	ret->rows = request_words(request, "rows", &ret->n_rows);
}

static void request_free(struct window_request *request)
{
	free((void *)request->sections);
	free((void *)request->rows);
}

static void words_join(const char *const *words, size_t n, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < n && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? ", " : "", words[i]);
}

/* What the request speaks of: "all sections", "section prod", "rows cur-01, cur-18 of section prod". */
static void scope_format(const struct window_request *request, char *buf, size_t size)
{
	char sections[SCOPE_MAX / 2], rows[SCOPE_MAX / 2];

	words_join(request->sections, request->n_sections, sections, sizeof(sections));
	words_join(request->rows, request->n_rows, rows, sizeof(rows));
	snprintf(buf, size, "%s%s%s%s%s",
	         request->n_rows > 1 ? "rows "
	         : request->n_rows   ? "row "
	                             : "",
	         rows, request->n_rows ? " of " : "",
	         request->n_sections > 1 ? "sections "
	         : request->n_sections   ? "section "
	                                 : "all sections",
	         sections);
}

static void log_phase(const struct window_request *request, const struct origin *origin, const char *sentence)
{
	char who[ORIGIN_FORMAT_MAX], sections[SCOPE_MAX], rows[SCOPE_MAX];
	bool opened = request->phase == WANT_INSTALL;
	const char *reason = origin->reason;

	words_join(request->sections, request->n_sections, sections, sizeof(sections));
	words_join(request->rows, request->n_rows, rows, sizeof(rows));
	log_event(&(const struct log_event){.priority = LOG_NOTICE,
	                                    .id = opened ? LOG_ID_WINDOW_OPENED : LOG_ID_WINDOW_CLOSED,
	                                    .fields[LOG_FIELD_EVENT] =
	                                            opened ? "window-opened" : "window-closed",
	                                    .fields[LOG_FIELD_PHASE] = wanted_phase_name(request->phase),
	                                    .fields[LOG_FIELD_SECTION] = sections,
	                                    .fields[LOG_FIELD_ROW] = rows,
	                                    .fields[LOG_FIELD_USER] = origin->user,
	                                    .fields[LOG_FIELD_FROM] = origin->from,
	                                    .fields[LOG_FIELD_REASON] = reason,
	                                    .fields[LOG_FIELD_TICKET] = origin->ticket},
	          "%s, by %s%s%s", sentence, origin_format(origin, who, sizeof(who)), *reason ? ": " : "",
	          reason);
}

/* A shorter window for some changes nothing while everything is open for longer. */
static void say_if_hidden(const struct engine *engine, const struct window_request *request, time_t deadline,
                          json_t *reply)
{
	const struct window_record *whole = window_records_find(&engine->records, INSTALL_WINDOW);
	char until[TIMESTAMP_MAX];

	if (whole && !window_request_is_global(request) && whole->deadline > deadline)
		reply_say(reply, "the window for all sections stays open until %s",
		          timestamp_format(whole->deadline, until, sizeof(until)));
}

static void say_opened(const struct engine *engine, const struct window_request *request,
                       const struct window_plan *plan, const struct origin *origin, json_t *reply)
{
	uint64_t seconds = plan->changes[0].timeout_ms / MS_PER_SECOND;
	time_t deadline = window_records_find(&engine->records, plan->changes[0].set)->deadline;
	char scope[SCOPE_MAX + 64], until[TIMESTAMP_MAX], length[DURATION_TEXT_MAX], sentence[SCOPE_MAX * 2];

	scope_format(request, scope, sizeof(scope));
	snprintf(sentence, sizeof(sentence), "install phase open for %s until %s (%s)", scope,
	         timestamp_format(deadline, until, sizeof(until)),
	         duration_format(seconds, length, sizeof(length)));
	reply_say(reply, "%s", sentence);
	json_object_set_new(reply, "deadline", json_integer(deadline));
	json_object_set_new(reply, "seconds", json_integer((json_int_t)seconds));
	say_if_hidden(engine, request, deadline, reply);
	log_phase(request, origin, sentence);
}

static void say_closed(const struct engine *engine, const struct window_request *request,
                       const struct origin *origin, json_t *reply)
{
	char scope[SCOPE_MAX + 64], sentence[SCOPE_MAX * 2];

	scope_format(request, scope, sizeof(scope));
	snprintf(sentence, sizeof(sentence), "run phase for %s: install windows closed", scope);
	reply_say(reply, "%s", sentence);
	if (engine->records.n > 0)
		reply_say(reply, "other install windows stay open; omfwd status lists them");
	log_phase(request, origin, sentence);
}

static void say_done(const struct engine *engine, const struct window_request *request,
                     const struct window_plan *plan, const struct origin *origin, json_t *reply)
{
	json_object_set_new(reply, "phase", json_string(wanted_phase_name(request->phase)));
	if (request->phase == WANT_INSTALL)
		say_opened(engine, request, plan, origin, reply);
	else
		say_closed(engine, request, origin, reply);
	if (!engine->config.watched)
		reply_say(reply, "no agent runs: %s was applied, %snothing watches the table",
		          engine->config.config,
		          request->phase == WANT_INSTALL ? "the kernel keeps the deadline, but " : "and ");
}

enum exit_code verb_phase_check(const struct engine *engine, const json_t *request, json_t *reply)
{
	const struct generation *current = &engine->current;
	struct window_request wanted;
	char error[256];

	request_parse(request, &wanted);
	if (window_request_check(&wanted, current->policy, current->ruleset, error, sizeof(error)) < 0)
		reply_fail(reply, CODE_BAD_INPUT, "%s", error);
	request_free(&wanted);
	return reply_code(reply);
}

void verb_phase_answer(struct engine *engine, const json_t *request, const struct origin *origin,
                       json_t *reply)
{
	struct window_request wanted;
	struct window_plan plan = {.n = 0};
	struct origin who = *origin;

	request_parse(request, &wanted);
	if (wanted.phase == WANT_NOTHING)
		reply_fail(reply, CODE_BAD_INPUT, "no phase to change to; it is install or run");
	else if (engine->removed)
		reply_fail(reply, CODE_UNAVAILABLE, "the policy was removed; omfwd reload puts it back");
	else if (wanted.phase == WANT_INSTALL && engine->current.source == FROM_KERNEL)
		reply_fail(
		        reply, CODE_UNAVAILABLE,
		        "nobody knows what may be opened: the role file is wrong, and there is no last good "
		        "policy; mend the file, then omfwd reload");
	else if (engine_windows_change(engine, &wanted, &who, &plan, reply) == CODE_DONE)
		say_done(engine, &wanted, &plan, &who, reply);
	window_plan_clear(&plan);
	request_free(&wanted);
}

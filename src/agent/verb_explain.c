// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The verb "explain": a question about the policy in force, with the windows as the kernel has them. What is not known
 * line by line (removed, or in compiled form only) cannot be explained, and says so.
 */
#include "agent/verb_explain.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/elsewhere.h"
#include "util/duration.h"
#include "util/reply.h"
#include "util/timestamp.h"
#include "words/explain_text.h"

#define MS_PER_SECOND 1000u

/* Returns whether there is something to explain, else the reply says why not. */
static bool is_explainable(const struct engine *engine, json_t *reply)
{
	if (engine->removed)
		reply_fail(reply, CODE_UNAVAILABLE,
		           "the policy was removed: everything passes until omfwd reload");
	else if (engine->current.source != FROM_FILE)
		reply_fail(
		        reply, CODE_UNAVAILABLE,
		        "the role file is not in force, and what is in force is known in compiled form only; "
		        "omfwd status says why, nft list table inet omfwd what it is");
	else
		return true;
	return false;
}

/* The time until the window of the line closes that lets the packet pass; nothing is said of one that needs none. */
static void add_window(const struct engine_gates *gates, const struct query *query, json_t *reply)
{
	const struct engine *engine = gates->engine;
	const struct ruleset *ruleset = engine->current.ruleset;
	char gate[GATE_NAME_MAX], until[TIMESTAMP_MAX], left_text[DURATION_TEXT_MAX];
	const struct window_record *record;
	struct explanation explanation;
	const char *set = INSTALL_WINDOW;
	uint64_t left = gates->state.everything_ms;
	time_t deadline;

	policy_explain(engine->current.policy, &engine->current.lines, query, engine_gate_is_open,
	               (void *)gates, &explanation);
	if (explanation.verdict != VERDICT_ALLOWED || explanation.line->phase != PHASE_INSTALL)
		return;
	line_gate_name(explanation.line, gate, sizeof(gate));
	for (size_t i = 0; i < ruleset->n_gates; i++)
		if (strcmp(ruleset->gates[i].name, gate) == 0 && gates->state.gates_ms[i] > left) {
			left = gates->state.gates_ms[i];
			set = ruleset->gates[i].window->name;
		}
	record = window_records_find(&engine->records, set); /* knows the second that status tells */
	deadline = record ? record->deadline : time(NULL) + (time_t)(left / MS_PER_SECOND);
	reply_say(reply, "  %-13suntil %s (%s left)", "window",
	          timestamp_format(deadline, until, sizeof(until)),
	          duration_format(left / MS_PER_SECOND, left_text, sizeof(left_text)));
	json_object_set_new(reply, "window_closes", json_integer(deadline));
}

static void explain(struct engine *engine, const struct query *query, json_t *reply)
{
	struct engine_gates gates = {.engine = engine};
	json_t *explained;

	if (engine_windows_read(engine, &gates.state) < 0) {
		reply_fail(reply, CODE_UNAVAILABLE, "%s", kernel_error(engine->kernel));
	} else {
		explained = explain_reply_new(engine->current.policy, &engine->current.lines, query,
		                              engine_gate_is_open, &gates, "the running agent");
		json_object_update(reply, explained);
		if (query->proto != PROTO_MAX)
			add_window(&gates, query, reply);
		elsewhere_add(reply, engine->kernel, engine->current.policy, query);
		json_decref(explained);
	}
	free((void *)gates.state.gates_ms);
}

void verb_explain_answer(struct engine *engine, const json_t *request, const struct origin *origin,
                         json_t *reply)
{
	char error[EXPLAIN_ERROR_MAX];
	struct query query;

	(void)origin;
	if (!is_explainable(engine, reply))
		return;
	if (explain_request_parse(request, &query, error, sizeof(error)) < 0)
		reply_fail(reply, CODE_BAD_INPUT, "%s", error);
	else
		explain(engine, &query, reply);
}

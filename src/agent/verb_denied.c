// SPDX-License-Identifier: GPL-2.0-or-later
/* The verb "denied": the agent's list, or the kernel's totals alone where no agent keeps one. */
#include "agent/verb_denied.h"

#include <stdlib.h>
#include <time.h>

#include "agent/denials.h"
#include "util/array.h"
#include "util/reply.h"
#include "words/suggest.h"

static struct denials_filter filter_of(const json_t *request)
{
	json_int_t seconds = json_integer_value(json_object_get(request, "since"));
	json_int_t after = json_integer_value(json_object_get(request, "after"));

	return (struct denials_filter){
	        .since = seconds > 0 ? time(NULL) - (time_t)seconds : 0,
	        .after = after > 0 ? (uint64_t)after : 0,
	};
}

static void answer_list(struct engine *engine, const struct denials_filter *filter, json_t *reply)
{
	json_t *report = denials_report(engine, filter);
	char *text = denials_text(report);

	json_object_update_new(reply, report);
	json_object_set_new(reply, "text", json_string(text));
	free(text);
}

/* The entries that a question can be asked about; *n of them, to be freed. */
static struct denied_flow *flows_of(const struct denials *denials, time_t since, size_t *n)
{
	struct denied_flow *flows = NULL;
	size_t cap = 0;

	*n = 0;
	for (const struct denial *denial = denials_newest(denials); denial && denial->last >= since;
	     denial = denials_next(denials, denial)) {
		struct denied_flow flow = {.count = denial->count};

		if (denial_query(&denial->key, &flow.query))
			*ARRAY_PUSH(flows, *n, cap) = flow;
	}
	return flows;
}

static void answer_suggestion(struct engine *engine, time_t since, json_t *reply)
{
	struct engine_gates gates = {.engine = engine};
	size_t n;
	struct denied_flow *flows = flows_of(engine->denials, since, &n);
	char *text;

	if (engine->removed || engine->current.source != FROM_FILE) {
		reply_fail(reply, CODE_UNAVAILABLE,
		           "the role file is not in force, so that nothing can be said about it; see omfwd "
		           "status");
	} else if (engine_windows_read(engine, &gates.state) < 0) {
		reply_fail(reply, CODE_UNAVAILABLE, "%s", kernel_error(engine->kernel));
	} else {
		text = suggest_text(engine->current.policy, &engine->current.lines, engine_gate_is_open,
		                    &gates, flows, n);
		json_object_set_new(reply, "text", json_string(text));
		json_object_set_new(reply, "suggestion", json_string(text));
		free(text);
	}
	free((void *)gates.state.gates_ms);
	free(flows);
}

void verb_denied_answer(struct engine *engine, const json_t *request, const struct origin *origin,
                        json_t *reply)
{
	struct denials_filter filter = filter_of(request);

	(void)origin;
	if (engine->denials && json_is_true(json_object_get(request, "suggest")))
		answer_suggestion(engine, filter.since, reply);
	else
		answer_list(engine, &filter, reply);
	if (!engine->denials)
		reply_fail(reply, CODE_UNAVAILABLE,
		           "no agent answers, and only a running one keeps a list of what was denied");
}

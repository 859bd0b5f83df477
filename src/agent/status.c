/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything is asked of the kernel at the moment of the question: windows, counters, and whether the table still has
 * as many sets, chains and rules as the model. Only names and reasons come from memory.
 */
#include "agent/status.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/history_events.h"
#include "agent/lock.h"
#include "util/reply.h"

static void append_window(const struct engine *engine, const char *set, json_t *windows)
{
	const struct window_record *record = window_records_find(&engine->records, set);

	if (record)
		json_array_append_new(windows, history_window_json(engine, record));
}

/* The windows that are open, everything first, then in the order of the file. */
static json_t *windows_to_json(const struct engine *engine)
{
	const struct ruleset *ruleset = engine->current.ruleset;
	json_t *windows = json_array();

	append_window(engine, INSTALL_WINDOW, windows);
	for (size_t i = 0; ruleset && i < ruleset->n_gates; i++)
		append_window(engine, ruleset->gates[i].window->name, windows);
	return windows;
}

static void report_windows(struct engine *engine, json_t *reply)
{
	struct window_state state;
	int r = engine_windows_read(engine, &state);

	if (r < 0) {
		reply_fail(reply, reply_code_of_errno(r), "%s", kernel_error(engine->kernel));
	} else {
		engine_windows_adopt(engine, &state);
		json_object_set_new(reply, "windows", windows_to_json(engine));
	}
	free((void *)state.gates_ms);
}

static void report_policy(const struct engine *engine, json_t *reply)
{
	const struct policy *policy = engine->current.policy;

	json_object_set_new(reply, "config", reply_string(engine->config.config));
	if (!policy || engine->current.source == FROM_KERNEL)
		return;
	json_object_set_new(reply, "port_table", json_string(port_table_name(policy->settings.table)));
	json_object_set_new(reply, "mode", json_string(policy_mode_name(policy->settings.mode)));
	json_object_set_new(reply, "deny_scope", json_string(deny_scope_name(policy->settings.deny_scope)));
	if (policy->n_sections == 0)
		json_object_set_new(
		        reply, "next",
		        json_sprintf("no roles are assigned yet: say who is who in %s, then omfwd "
		                     "check and omfwd reload",
		                     engine->config.config));
	if (engine->applied)
		json_object_set_new(reply, "loaded", json_integer(engine->loaded_at));
}

static size_t ruleset_count_rules(const struct ruleset *ruleset)
{
	size_t n = 0;

	for (size_t i = 0; i < ruleset->n_chains; i++)
		n += ruleset->chains[i]->n;
	return n;
}

static json_t *counts_to_json(size_t sets, size_t chains, size_t rules)
{
	return json_pack("{s:I, s:I, s:I}", "sets", (json_int_t)sets, "chains", (json_int_t)chains, "rules",
	                 (json_int_t)rules);
}

static bool report_table(const struct engine *engine, const struct table_state *table, json_t *reply)
{
	const struct ruleset *ruleset = engine->current.ruleset;
	json_t *found = counts_to_json(table->n_sets, table->n_chains, table->n_rules);
	json_t *expected = NULL;
	bool in_step = false;

	if (ruleset && engine->current.source != FROM_KERNEL) {
		expected = counts_to_json(ruleset->n_sets, ruleset->n_chains, ruleset_count_rules(ruleset));
		in_step = table->exists && (engine->changing || json_equal(found, expected));
	}
	json_object_set_new(reply, "nft_table",
	                    json_pack("{s:b, s:b, s:b, s:b, s:o, s:o?}", "exists", table->exists, "owned",
	                              table->owned, "in_step", in_step, "changing", engine->changing, "found",
	                              found, "expected", expected));
	return in_step;
}

static const char *current_phase(const struct engine *engine, const struct table_state *table)
{
	if (!table->exists)
		return engine->removed ? "removed" : "none";
	return wanted_phase_name(engine->records.n > 0 ? WANT_INSTALL : WANT_RUN);
}

/* It came before the one moment and, when that is known, after the other; null when there was none. */
static json_t *last_packet(const struct engine *engine, const char *name)
{
	const struct counter_activity *seen = activity_find(&engine->activity, name);

	if (!seen || !seen->before)
		return json_null();
	return json_pack("{s:I, s:o}", "before", (json_int_t)seen->before, "after",
	                 seen->after ? json_integer(seen->after) : json_null());
}

static json_t *counter_to_json(const struct engine *engine, const char *name,
                               const struct counter_value *value)
{
	return json_pack("{s:o, s:I, s:I, s:o}", "name", reply_string(name), "packets",
	                 (json_int_t)(value ? value->packets : 0), "bytes",
	                 (json_int_t)(value ? value->bytes : 0), "last_packet", last_packet(engine, name));
}

static const struct counter_value *counter_find(const struct counter_value *values, size_t n,
                                                const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(values[i].name, name) == 0)
			return &values[i];
	return NULL;
}

/* In the order of the document, which is the model's; without a model, as the kernel lists them. */
static void report_counters(struct engine *engine, json_t *reply)
{
	const struct ruleset *ruleset = engine->current.ruleset;
	struct counter_value *values = NULL;
	json_t *rows = json_array();
	size_t n = 0;

	if (kernel_counters(engine->kernel, &values, &n) < 0)
		n = 0;
	activity_note(&engine->activity, values, n, time(NULL));
	for (size_t i = 0; ruleset && i < ruleset->n_counters; i++)
		json_array_append_new(rows, counter_to_json(engine, ruleset->counters[i],
		                                            counter_find(values, n, ruleset->counters[i])));
	for (size_t i = 0; !ruleset && i < n; i++)
		json_array_append_new(rows, counter_to_json(engine, values[i].name, &values[i]));
	json_object_set_new(reply, "counters", rows);
	free(values);
}

/* What status calls degraded, it also answers "no" to: who watches the exit code shall hear of it. */
static enum exit_code status_code(const struct engine *engine, const struct table_state *table, bool in_step,
                                  bool degraded)
{
	if (!table->exists && !engine->config.watched)
		return CODE_UNAVAILABLE;
	return in_step && !degraded ? CODE_DONE : CODE_NO;
}

/* We are the agent; or there is one that does not answer where it was asked; or none. */
static json_t *agent_to_json(const struct engine *engine)
{
	char who[96];

	if (engine->config.watched)
		return json_pack("{s:i}", "pid", (int)getpid());
	if (lock_agent_lives(who, sizeof(who)))
		return json_pack("{s:o}", "elsewhere", reply_string(who));
	return json_null();
}

void status_report(struct engine *engine, json_t *reply)
{
	struct table_state table = {.exists = false};
	int r = kernel_table_state(engine->kernel, &table);
	bool in_step;
	char *text;

	if (r < 0) {
		reply_fail(reply, reply_code_of_errno(r), "%s", kernel_error(engine->kernel));
		return;
	}
	json_object_set_new(reply, "agent", agent_to_json(engine));
	report_windows(engine, reply);
	json_object_set_new(reply, "phase", json_string(current_phase(engine, &table)));
	report_policy(engine, reply);
	in_step = report_table(engine, &table, reply);
	status_flowtables_report(engine, reply);
	status_troubles_report(engine, reply);
	status_drift_report(engine, reply);
	if (table.exists)
		report_counters(engine, reply);
	if (reply_code(reply) == CODE_DONE)
		reply_set_code(reply, status_code(engine, &table, in_step,
		                                  json_object_get(reply, "degraded") != NULL));
	text = status_text(reply, time(NULL));
	json_object_set_new(reply, "text", json_string(text));
	free(text);
}

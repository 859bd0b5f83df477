// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The list of denials as JSON. Totals are the kernel's counters and exact; the list is what the log let through, and says
 * what it lost. Every entry is explained by the policy as it is now: one that was denied before a window opened is allowed
 * since, and says so.
 */
#include "agent/denials.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "agent/engine.h"
#include "util/reply.h"
#include "words/explain_text.h"

/* What entries are explained with; gates.engine is NULL when the policy cannot explain. */
struct explainer {
	struct engine *engine;
	struct engine_gates gates;
};

static void explainer_open(struct explainer *with, struct engine *engine)
{
	*with = (struct explainer){.engine = engine};
	if (engine->removed || !engine->current.policy || engine->current.source != FROM_FILE)
		return;
	if (engine_windows_read(engine, &with->gates.state) == 0)
		with->gates.engine = engine;
}

static void explainer_close(struct explainer *with)
{
	free((void *)with->gates.state.gates_ms);
}

static json_t *addr_to_json(const struct addr *addr)
{
	char text[ADDR_TEXT_MAX];

	return json_string(addr_format(addr, text, sizeof(text)));
}

static json_t *roles_to_json(const struct held_role *roles, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(
		        list, json_sprintf("%s.%s", roles[i].section->name, role_name(roles[i].role)));
	return list;
}

static json_t *rows_to_json(const struct explanation *explanation)
{
	const struct line *line = explanation->line;
	json_t *rows = json_array();

	for (unsigned i = 0; line && i < line->n_rows; i++)
		json_array_append_new(rows, json_string(table_rows[line->rows[i]].id));
	if (line && line->site_rule)
		json_array_append_new(rows, reply_string(line->site_rule->name));
	if (!line && explanation->document.line)
		json_array_append_new(rows, json_string(explanation->document.line->row));
	return rows;
}

static void set_sentence(json_t *entry, const char *key, char *sentence)
{
	json_object_set_new(entry, key, sentence ? reply_string(sentence) : json_null());
	free(sentence);
}

static void explain_query(struct explainer *with, const struct query *query, json_t *entry)
{
	const struct policy *policy = with->engine->current.policy;
	struct explanation explanation;
	struct explained about = {.policy = policy, .query = query, .explanation = &explanation};

	policy_explain(policy, &with->engine->current.lines, query, engine_gate_is_open, &with->gates,
	               &explanation);
	json_object_set_new(entry, "source_roles",
	                    roles_to_json(explanation.src_roles, explanation.n_src_roles));
	json_object_set_new(entry, "destination_roles",
	                    roles_to_json(explanation.dst_roles, explanation.n_dst_roles));
	json_object_set_new(entry, "reason", json_string(denial_reason_name(explanation.reason)));
	json_object_set_new(entry, "rows", rows_to_json(&explanation));
	set_sentence(entry, "because", explain_because(&about));
	set_sentence(entry, "remedy", explain_remedy(&about));
}

/* No line can be about it, and no site rule either. */
static void explain_other(json_t *entry)
{
	json_object_update_new(entry, json_pack("{s:[], s:[], s:s, s:[], s:s, s:s}", "source_roles",
	                                        "destination_roles", "reason",
	                                        denial_reason_name(REASON_NO_LINE), "rows", "because",
	                                        "the documents open TCP, UDP and echo requests alone",
	                                        "remedy", "nothing in the role file but never_deny"));
}

/* What is in force is known in compiled form only, or has gone. */
static void explain_nothing(const struct engine *engine, json_t *entry)
{
	json_object_update_new(
	        entry, json_pack("{s:[], s:[], s:s, s:[], s:s, s:n}", "source_roles", "destination_roles",
	                         "reason", denial_reason_name(REASON_NONE), "rows", "because",
	                         engine->removed ? "the policy was removed since"
	                                         : "the role file is not in force, see omfwd status",
	                         "remedy"));
}

static json_t *protocol_to_json(const struct denial_key *key)
{
	switch (key->protocol) {
	case IPPROTO_TCP:
		return json_string("tcp");
	case IPPROTO_UDP:
		return json_string("udp");
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return json_string("icmp");
	default:
		return json_sprintf("%u", key->protocol);
	}
}

static json_t *entry_to_json(struct explainer *with, const struct denial *denial)
{
	const struct denial_key *key = &denial->key;
	bool is_icmp = key->protocol == IPPROTO_ICMP || key->protocol == IPPROTO_ICMPV6;
	struct query query;
	bool asked = denial_query(key, &query);
	json_t *entry = json_pack("{s:o, s:o, s:o, s:I, s:I, s:I, s:I}", "source", addr_to_json(&key->src),
	                          "destination", addr_to_json(&key->dst), "protocol", protocol_to_json(key),
	                          "first", (json_int_t)denial->first, "last", (json_int_t)denial->last,
	                          "count", (json_int_t)denial->count, "audited", (json_int_t)denial->audited);

	if (key->has_port && !is_icmp)
		json_object_set_new(entry, "port", json_integer(key->port));
	if (key->has_port && is_icmp && !asked)
		json_object_set_new(entry, "icmp_type", json_integer(key->port));
	if (!with->gates.engine)
		explain_nothing(with->engine, entry);
	else if (asked)
		explain_query(with, &query, entry);
	else
		explain_other(entry);
	return entry;
}

static json_t *entries_to_json(struct engine *engine, const struct denials_filter *filter)
{
	json_t *entries = json_array();
	struct explainer with;

	explainer_open(&with, engine);
	for (const struct denial *denial = denials_newest(engine->denials);
	     denial && denial->touched > filter->after && denial->last >= filter->since;
	     denial = denials_next(engine->denials, denial))
		json_array_append_new(entries, entry_to_json(&with, denial));
	explainer_close(&with);
	return entries;
}

static void report_list(struct engine *engine, const struct denials_filter *filter, json_t *report)
{
	const struct denials_counts *counts = denials_counts(engine->denials);
	const struct denial *newest = denials_newest(engine->denials);
	time_t since = filter->since > counts->since ? filter->since : counts->since;

	json_object_update_new(report,
	                       json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "since",
	                                 (json_int_t)since, "logged", (json_int_t)counts->logged, "lost",
	                                 (json_int_t)counts->lost, "overruns", (json_int_t)counts->overruns,
	                                 "evicted", (json_int_t)counts->evicted, "cursor",
	                                 (json_int_t)(newest ? newest->touched : 0), "problem",
	                                 *counts->problem ? json_string(counts->problem) : json_null(),
	                                 "entries", entries_to_json(engine, filter)));
}

/* Of the mode in force; where the file is not known, of whichever counter there is. */
static void report_totals(struct engine *engine, json_t *report)
{
	static const char *const names[] = {
	        [MODE_ENFORCE] = COUNTER_DENIED, [MODE_AUDIT] = COUNTER_WOULD_BE_DENIED};
	const struct policy *policy = engine->current.policy;
	enum policy_mode mode = policy ? policy->settings.mode : MODE_ENFORCE;
	struct counter_value *values = NULL;
	uint64_t packets = 0, bytes = 0;
	size_t n = 0;
	int r = kernel_counters(engine->kernel, &values, &n);
	bool found = false;

	if (r < 0)
		n = 0;
	for (size_t i = 0; i < n; i++)
		for (enum policy_mode of = MODE_ENFORCE; of <= MODE_AUDIT; of++)
			if (!strcmp(values[i].name, names[of])) {
				mode = policy && engine->current.source != FROM_KERNEL ? mode : of;
				found = true;
				packets += values[i].packets;
				bytes += values[i].bytes;
			}
	json_object_set_new(report, "mode", json_string(policy_mode_name(mode)));
	if (r >= 0 || r == -ENOENT)
		json_object_set_new(report, "totals",
		                    found ? json_pack("{s:I, s:I}", "packets", (json_int_t)packets, "bytes",
		                                      (json_int_t)bytes)
		                          : json_null());
	free(values);
}

json_t *denials_report(struct engine *engine, const struct denials_filter *filter)
{
	json_t *report = json_object();

	report_totals(engine, report);
	if (engine->denials)
		report_list(engine, filter, report);
	return report;
}

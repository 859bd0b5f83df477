// SPDX-License-Identifier: GPL-2.0-or-later
/* Explanations as JSON, and the reply that holds text and JSON together. */
#include "words/explain_parts.h"

#include <stdlib.h>
#include <string.h>

#include "policy/known_ports.h"
#include "util/reply.h"
#include "words/words.h"

json_t *explain_end_json(const struct policy *policy, const struct addr *addr, const struct held_role *held,
                         size_t n)
{
	json_t *roles = json_array();
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < n; i++)
		json_array_append_new(roles, json_pack("{s:s, s:s, s:o}", "section", held[i].section->name,
		                                       "role", role_name(held[i].role), "at",
		                                       words_place_json(policy, held[i].loc)));
	return json_pack("{s:s, s:o}", "address", addr_format(addr, text, sizeof(text)), "roles", roles);
}

static json_t *row_json(int row)
{
	const struct table_row *it = &table_rows[row];

	return json_pack("{s:s, s:s, s:s}", "id", it->id, "feature", it->feature, "document", it->document);
}

static json_t *table_line_json(const struct policy *policy, const struct line *line)
{
	json_t *rows = json_array();

	for (unsigned i = 0; i < line->n_rows; i++)
		json_array_append_new(rows, row_json(line->rows[i]));
	return json_pack("{s:s, s:s, s:s, s:s?, s:o, s:o}", "section", line->section->name, "from",
	                 role_name(line->from), "to", role_name(line->to), "key", port_key_name(line->key),
	                 "key_at", words_place_json(policy, line->key_loc), "rows", rows);
}

static json_t *site_rule_json(const struct policy *policy, const struct site_rule *rule)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "site_rule", rule->name, "from",
	                 words_text_json(rule->from_text), "to", words_text_json(rule->to_text), "reason",
	                 words_text_json(rule->reason), "ticket", words_text_json(rule->ticket), "at",
	                 words_place_json(policy, rule->loc));
}

json_t *explain_line_json(const struct policy *policy, const struct line *line)
{
	char ports[PORTS_MAX];
	json_t *json;

	if (!line)
		return json_null();
	json = line->section ? table_line_json(policy, line) : site_rule_json(policy, line->site_rule);
	json_object_set_new(json, "protocol", json_string(proto_name(line->proto)));
	json_object_set_new(json, "ports",
	                    json_string(words_ports(line->proto, &line->ports, ports, sizeof(ports))));
	json_object_set_new(json, "phase", json_string(words_phase(line->phase)));
	return json;
}

/* Takes over the text; null for none. */
static json_t *sentence_json(char *text)
{
	json_t *json = words_text_json(text);

	free(text);
	return json;
}

/* The lines of a text, one string each. */
static json_t *lines_json(char *text)
{
	json_t *json = json_array();
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n")))
		if (*line)
			json_array_append_new(json, words_text_json(line));
	return json;
}

static void set_remedy(const struct explained *about, json_t *json)
{
	struct remedy remedy;
	bool any = explain_remedy_new(about, &remedy);

	json_object_set_new(json, "remedy", any ? words_text_json(remedy.sentence) : json_null());
	json_object_set_new(json, "remedy_lines", any ? lines_json(remedy.lines) : json_array());
	json_object_set_new(json, "remedy_commands", any ? lines_json(remedy.commands) : json_array());
	json_object_set_new(json, "remedy_at", words_place_json(about->policy, any ? remedy.near : 0));
	if (any)
		explain_remedy_clear(&remedy);
}

/* Takes over line, which is an object. */
static json_t *with_open(json_t *line, bool open)
{
	json_object_set_new(line, "open", json_boolean(open));
	return line;
}

static json_t *keepers_json(const struct explained *about)
{
	const struct explanation *explanation = about->explanation;
	json_t *json = json_array();

	for (size_t i = 0; i < explanation->n_keepers && i < KEEPERS_MAX; i++)
		json_array_append_new(
		        json, with_open(explain_line_json(about->policy, explanation->keepers[i].line),
		                        explanation->keepers[i].open));
	return json;
}

static json_t *near_json(const struct policy *policy, const struct near_member *near)
{
	char member[ADDR_TEXT_MAX];

	if (!near->held.section)
		return json_null();
	return json_pack("{s:s, s:s, s:s, s:o}", "member", words_range(&near->range, member, sizeof(member)),
	                 "section", near->held.section->name, "role", role_name(near->held.role), "at",
	                 words_place_json(policy, near->held.loc));
}

static json_t *document_json(const struct explanation *explanation)
{
	const struct table_line *line = explanation->document.line;
	json_t *json;

	if (!line)
		line = explanation->offer.line;
	if (!line)
		return json_null();
	json = row_json(row_find(line->row));
	json_object_set_new(json, "table",
	                    json_string(port_table_name(table_rows[row_find(line->row)].table)));
	return json;
}

/* What the reason is about, beside the sentences. */
static void set_reason(const struct explained *about, json_t *json)
{
	const struct explanation *explanation = about->explanation;
	const struct known_port *known = explanation->known;
	const struct site_rule *rule = explanation->site_rule;

	json_object_set_new(json, "reason", json_string(denial_reason_name(explanation->reason)));
	json_object_set_new(json, "document_row", document_json(explanation));
	json_object_set_new(json, "expired_rule", rule ? site_rule_json(about->policy, rule) : json_null());
	json_object_set_new(json, "known_port", words_text_json(known ? known->name : NULL));
	json_object_set_new(json, "nearest",
	                    json_pack("{s:o, s:o}", "source", near_json(about->policy, &explanation->near[0]),
	                              "destination", near_json(about->policy, &explanation->near[1])));
}

void explain_ends_set(const struct explained *about, json_t *json)
{
	const struct explanation *explanation = about->explanation;
	const struct query *query = about->query;

	json_object_set_new(json, "source",
	                    explain_end_json(about->policy, &query->src, explanation->src_roles,
	                                     explanation->n_src_roles));
	json_object_set_new(json, "destination",
	                    explain_end_json(about->policy, &query->dst, explanation->dst_roles,
	                                     explanation->n_dst_roles));
	json_object_set_new(json, "path", json_string(packet_path_name(query->path)));
	json_object_set_new(json, "answered_by", words_text_json(about->answered_by));
	json_object_set_new(json, "file", words_text_json(about->policy->path));
}

json_t *explain_to_json(const struct explained *about)
{
	const struct explanation *explanation = about->explanation;
	const struct query *query = about->query;
	json_t *json = json_object();

	json_object_set_new(json, "verdict", json_string(verdict_name(explanation->verdict)));
	json_object_set_new(json, "passes", json_boolean(verdict_passes(explanation->verdict)));
	json_object_set_new(json, "because", sentence_json(explain_because(about)));
	set_reason(about, json);
	set_remedy(about, json);
	explain_ends_set(about, json);
	json_object_set_new(json, "protocol", json_string(proto_name(query->proto)));
	json_object_set_new(json, "port",
	                    query->proto == PROTO_ICMP ? json_null() : json_integer(query->port));
	json_object_set_new(json, "line", explain_line_json(about->policy, explanation->line));
	json_object_set_new(json, "keepers", keepers_json(about));
	return json;
}

static void answer_packet(const struct explained *about, json_t *reply)
{
	char *text = explain_to_text(about);

	reply_set_code(reply, verdict_passes(about->explanation->verdict) ? CODE_DONE : CODE_NO);
	json_object_set_new(reply, "text", json_string(text));
	json_object_update_new(reply, explain_to_json(about));
	free(text);
}

json_t *explain_reply_new(const struct policy *policy, const struct lines *lines, const struct query *query,
                          gate_is_open_fn now_open, void *data, const char *answered_by)
{
	struct explanation explanation;
	struct explained about = {
	        .policy = policy, .query = query, .explanation = &explanation, .answered_by = answered_by};
	json_t *reply = reply_new();

	policy_explain(policy, lines, query, now_open, data, &explanation);
	if (query->proto == PROTO_MAX)
		explain_pair_answer(&about, lines, now_open, data, reply);
	else
		answer_packet(&about, reply);
	return reply;
}

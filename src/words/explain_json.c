// SPDX-License-Identifier: GPL-2.0-or-later
/* Questions and explanations as JSON, and the reply that holds text and JSON together. */
#include "words/explain_text.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "util/reply.h"
#include "words/words.h"

void explain_request_set(json_t *request, const char *src, const char *dst, const char *proto,
                         const char *port)
{
	json_object_set_new(request, "src", json_string(src));
	json_object_set_new(request, "dst", json_string(dst));
	json_object_set_new(request, "proto", json_string(proto));
	if (port)
		json_object_set_new(request, "port", json_string(port));
}

static bool sockaddr_is(const struct sockaddr *sockaddr, const struct addr *addr)
{
	u128 v6 = 0;

	if (!sockaddr)
		return false;
	if (sockaddr->sa_family == AF_INET)
		return !addr->is_v6 &&
		       ntohl(((const struct sockaddr_in *)(const void *)sockaddr)->sin_addr.s_addr) ==
		               addr->v4;
	if (sockaddr->sa_family != AF_INET6)
		return false;
	for (size_t i = 0; i < 16; i++)
		v6 = v6 << 8 | ((const struct sockaddr_in6 *)(const void *)sockaddr)->sin6_addr.s6_addr[i];
	return addr->is_v6 && v6 == addr->v6;
}

/* Packets to and from the machine's own addresses pass input and output; all others are forwarded. */
static enum packet_path path_here(const struct query *query)
{
	struct ifaddrs *list = NULL;
	enum packet_path path = PATH_FORWARD;

	if (getifaddrs(&list) < 0)
		return PATH_FORWARD;
	for (struct ifaddrs *i = list; i; i = i->ifa_next)
		if (sockaddr_is(i->ifa_addr, &query->src) || sockaddr_is(i->ifa_addr, &query->dst))
			path = PATH_LOCAL;
	freeifaddrs(list);
	return path;
}

int explain_request_parse(const json_t *request, struct query *ret, char *error, size_t size)
{
	const char *src = json_string_value(json_object_get(request, "src"));
	const char *dst = json_string_value(json_object_get(request, "dst"));
	const char *proto = json_string_value(json_object_get(request, "proto"));
	const json_t *port = json_object_get(request, "port");
	const char *port_text = json_string_value(port);
	char number[24];
	int r;

	if (json_is_integer(port)) {
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(port));
		port_text = number;
	}
	r = query_parse(src ? src : "", dst ? dst : "", proto ? proto : "", port_text, ret, error, size);
	if (r == 0)
		ret->path = path_here(ret);
	return r;
}

static json_t *end_json(const struct policy *policy, const struct addr *addr, const struct held_role *held,
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

static json_t *line_json(const struct policy *policy, const struct line *line)
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

json_t *explain_to_json(const struct explained *about)
{
	const struct explanation *explanation = about->explanation;
	const struct query *query = about->query;
	const struct table_line *document = explanation->document.line;

	json_t *json = json_object();

	json_object_set_new(json, "verdict", json_string(verdict_name(explanation->verdict)));
	json_object_set_new(json, "passes", json_boolean(verdict_passes(explanation->verdict)));
	json_object_set_new(json, "reason", json_string(denial_reason_name(explanation->reason)));
	json_object_set_new(json, "because", sentence_json(explain_because(about)));
	json_object_set_new(json, "remedy", sentence_json(explain_remedy(about)));
	json_object_set_new(
	        json, "source",
	        end_json(about->policy, &query->src, explanation->src_roles, explanation->n_src_roles));
	json_object_set_new(
	        json, "destination",
	        end_json(about->policy, &query->dst, explanation->dst_roles, explanation->n_dst_roles));
	json_object_set_new(json, "protocol", json_string(proto_name(query->proto)));
	json_object_set_new(json, "port",
	                    query->proto == PROTO_ICMP ? json_null() : json_integer(query->port));
	json_object_set_new(json, "path", json_string(packet_path_name(query->path)));
	json_object_set_new(json, "line", line_json(about->policy, explanation->line));
	json_object_set_new(json, "document_row", document ? row_json(row_find(document->row)) : json_null());
	json_object_set_new(json, "answered_by", words_text_json(about->answered_by));
	json_object_set_new(json, "file", words_text_json(about->policy->path));
	return json;
}

json_t *explain_reply_new(const struct policy *policy, const struct lines *lines, const struct query *query,
                          gate_is_open_fn now_open, void *data, const char *answered_by)
{
	struct explanation explanation;
	struct explained about = {
	        .policy = policy, .query = query, .explanation = &explanation, .answered_by = answered_by};
	json_t *reply = reply_new();
	char *text;

	policy_explain(policy, lines, query, now_open, data, &explanation);
	text = explain_to_text(&about);
	reply_set_code(reply, verdict_passes(explanation.verdict) ? CODE_DONE : CODE_NO);
	json_object_set_new(reply, "text", json_string(text));
	json_object_update_new(reply, explain_to_json(&about));
	free(text);
	return reply;
}

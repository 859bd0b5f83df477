// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * All that two addresses may open to each other: the question without a protocol. Each direction lists its lines as
 * the policy has them; what no line is about gets the verdict of the deny scope.
 */
#include "words/explain_parts.h"

#include <stdlib.h>

#include "util/reply.h"
#include "words/words.h"

/* Both directions of one question. */
struct pair {
	const struct explained *about;
	const struct lines *lines;
	gate_is_open_fn now_open;
	void *data;
};

static const char *const otherwise[VERDICT_MAX] = {
        [VERDICT_ALLOWED] = "",
        [VERDICT_NOT_JUDGED] = "is not judged and passes",
        [VERDICT_NEVER_DENY] = "passes, because an end is in never_deny",
        [VERDICT_AUDITED] = "would be denied, and passes in audit mode",
        [VERDICT_DENIED] = "is denied",
};

static bool is_between(const struct line *line, const struct addr *from, const struct addr *to)
{
	return addr_set_find(line->from_addrs, from) >= 0 && addr_set_find(line->to_addrs, to) >= 0;
}

static void print_one(const struct pair *pair, const struct line *line, FILE *out)
{
	char ids[ROW_IDS_MAX], ports[PORTS_MAX];

	fprintf(out, "    %-4s %-12s %-8s", proto_name(line->proto),
	        words_ports(line->proto, &line->ports, ports, sizeof(ports)), words_phase(line->phase));
	if (line->phase == PHASE_INSTALL)
		fputs(line_is_open(line, pair->now_open, pair->data) ? " (open)  " : " (closed)", out);
	else
		fputs("         ", out);
	line_row_ids(line, ids, sizeof(ids));
	if (line->section)
		fprintf(out, " %s: %s -> %s in %s\n", ids, role_name(line->from), role_name(line->to),
		        line->section->name);
	else
		fprintf(out, " site rule %s\n", ids);
}

static void print_direction(const struct pair *pair, const struct addr *from, const struct addr *to,
                            FILE *out)
{
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX];
	size_t n = 0;

	fprintf(out, "  %s may open to %s:\n", addr_format(from, src, sizeof(src)),
	        addr_format(to, dst, sizeof(dst)));
	for (size_t i = 0; i < pair->lines->n; i++)
		if (is_between(&pair->lines->items[i], from, to)) {
			print_one(pair, &pair->lines->items[i], out);
			n++;
		}
	if (!n)
		fputs("    nothing\n", out);
}

static json_t *direction_json(const struct pair *pair, const struct addr *from, const struct addr *to)
{
	json_t *json = json_array();

	for (size_t i = 0; i < pair->lines->n; i++) {
		const struct line *line = &pair->lines->items[i];
		json_t *item;

		if (!is_between(line, from, to))
			continue;
		item = explain_line_json(pair->about->policy, line);
		json_object_set_new(item, "open",
		                    json_boolean(line_is_open(line, pair->now_open, pair->data)));
		json_array_append_new(json, item);
	}
	return json;
}

static bool anything_passes(const struct pair *pair)
{
	const struct query *query = pair->about->query;

	for (size_t i = 0; i < pair->lines->n; i++)
		if (is_between(&pair->lines->items[i], &query->src, &query->dst) &&
		    line_is_open(&pair->lines->items[i], pair->now_open, pair->data))
			return true;
	return verdict_passes(pair->about->explanation->verdict);
}

static char *pair_to_text(const struct pair *pair)
{
	const struct query *query = pair->about->query;
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX], *text;
	size_t size;
	FILE *out = words_begin(&text, &size);

	fprintf(out, "between %s and %s%s\n", addr_format(&query->src, src, sizeof(src)),
	        addr_format(&query->dst, dst, sizeof(dst)),
	        query->path == PATH_LOCAL ? " (one end is this machine)" : "");
	explain_print_ends(pair->about, out);
	print_direction(pair, &query->src, &query->dst, out);
	print_direction(pair, &query->dst, &query->src, out);
	explain_print_label("all else", out);
	fprintf(out, "%s\n", otherwise[pair->about->explanation->verdict]);
	explain_print_source(pair->about, out);
	return words_end(out, &text);
}

void explain_pair_answer(const struct explained *about, const struct lines *lines, gate_is_open_fn now_open,
                         void *data, json_t *reply)
{
	const struct pair pair = {.about = about, .lines = lines, .now_open = now_open, .data = data};
	const struct query *query = about->query;
	char *text = pair_to_text(&pair);
	bool passes = anything_passes(&pair);

	reply_set_code(reply, passes ? CODE_DONE : CODE_NO);
	json_object_set_new(reply, "text", json_string(text));
	json_object_set_new(reply, "passes", json_boolean(passes));
	json_object_set_new(reply, "otherwise", json_string(verdict_name(about->explanation->verdict)));
	json_object_set_new(reply, "forth", direction_json(&pair, &query->src, &query->dst));
	json_object_set_new(reply, "back", direction_json(&pair, &query->dst, &query->src));
	explain_ends_set(about, reply);
	free(text);
}

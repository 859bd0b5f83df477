// SPDX-License-Identifier: GPL-2.0-or-later
/* An explanation as lines for people: the verdict first, then who, which row, and why, one labelled line each. */
#include "words/explain_parts.h"

#include <stdlib.h>
#include <string.h>

#include "words/words.h"

static const char *const headlines[VERDICT_MAX] = {
        [VERDICT_ALLOWED] = "allowed",
        [VERDICT_NOT_JUDGED] = "not judged, passes",
        [VERDICT_NEVER_DENY] = "never denied, passes",
        [VERDICT_AUDITED] = "would be denied, passes in audit mode",
        [VERDICT_DENIED] = "denied",
};

void explain_print_label(const char *label, FILE *out)
{
	fprintf(out, "  %-13s", label);
}

static void print_headline(const struct explained *about, FILE *out)
{
	const struct query *query = about->query;
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX], port[8] = "";

	if (query->proto != PROTO_ICMP)
		snprintf(port, sizeof(port), "/%u", query->port);
	fprintf(out, "%s: %s%s from %s to %s%s\n", headlines[about->explanation->verdict],
	        proto_name(query->proto), port, addr_format(&query->src, src, sizeof(src)),
	        addr_format(&query->dst, dst, sizeof(dst)),
	        query->path == PATH_LOCAL ? " (one end is this machine)" : "");
}

static void print_roles(const char *label, const struct policy *policy, const struct held_role *roles,
                        size_t n, FILE *out)
{
	char place[PLACE_MAX];

	if (!n) {
		explain_print_label(label, out);
		fputs("no role\n", out);
	}
	for (size_t i = 0; i < n; i++) {
		explain_print_label(i ? "" : label, out);
		fprintf(out, "%s in %s (%s)\n", role_name(roles[i].role), roles[i].section->name,
		        words_place(policy, roles[i].loc, place, sizeof(place)));
	}
}

static void print_table_row(const char *label, int row, FILE *out)
{
	explain_print_label(label, out);
	fprintf(out, "%s: %s (%s)\n", table_rows[row].id, table_rows[row].feature, table_rows[row].document);
}

static void print_port_key(const struct policy *policy, const struct line *line, FILE *out)
{
	char place[PLACE_MAX];

	if (line->proto == PROTO_ICMP)
		return;
	explain_print_label("port", out);
	if (line->key == PORT_FIXED)
		fputs("fixed by the document\n", out);
	else if (line->key_loc)
		fprintf(out, "%s, set in %s\n", port_key_name(line->key),
		        words_place(policy, line->key_loc, place, sizeof(place)));
	else
		fprintf(out, "%s, the default\n", port_key_name(line->key));
}

static void print_table_line(const struct policy *policy, const struct line *line, FILE *out)
{
	char ports[PORTS_MAX];

	for (unsigned i = 0; i < line->n_rows; i++)
		print_table_row(i ? "" : "row", line->rows[i], out);
	explain_print_label("line", out);
	fprintf(out, "%s -> %s, %s %s, %s, section %s\n", role_name(line->from), role_name(line->to),
	        proto_name(line->proto), words_ports(line->proto, &line->ports, ports, sizeof(ports)),
	        line->phase == PHASE_INSTALL ? "install phase" : "always", line->section->name);
	print_port_key(policy, line, out);
}

static void print_site_rule(const struct policy *policy, const struct line *line, FILE *out)
{
	const struct site_rule *rule = line->site_rule;
	char place[PLACE_MAX], ports[PORTS_MAX];

	explain_print_label("site rule", out);
	fprintf(out, "%s (%s), not in the documents\n", rule->name,
	        words_place(policy, rule->loc, place, sizeof(place)));
	explain_print_label("reason", out);
	words_print_text(rule->reason ? rule->reason : "none given", out);
	fputs(rule->ticket ? ", ticket " : "", out);
	words_print_text(rule->ticket ? rule->ticket : "", out);
	fputs("\n", out);
	explain_print_label("line", out);
	words_print_text(rule->from_text, out);
	fputs(" -> ", out);
	words_print_text(rule->to_text, out);
	fprintf(out, ", %s %s, %s\n", proto_name(line->proto),
	        words_ports(line->proto, &line->ports, ports, sizeof(ports)),
	        line->phase == PHASE_INSTALL ? "install phase" : "always");
}

static void print_line(const struct explained *about, FILE *out)
{
	const struct explanation *explanation = about->explanation;

	if (explanation->line && explanation->line->section)
		print_table_line(about->policy, explanation->line, out);
	else if (explanation->line)
		print_site_rule(about->policy, explanation->line, out);
	else if (explanation->offer.line)
		print_table_row("row", row_find(explanation->offer.line->row), out);
	else if (explanation->document.line)
		print_table_row("row", row_find(explanation->document.line->row), out);
}

static void print_keeper(const struct explained *about, const struct keeper *keeper, FILE *out)
{
	const struct line *line = keeper->line;
	char ids[ROW_IDS_MAX], ports[PORTS_MAX];

	line_row_ids(line, ids, sizeof(ids));
	if (line->section)
		fprintf(out, "%s: %s -> %s in %s", ids, role_name(line->from), role_name(line->to),
		        line->section->name);
	else
		fprintf(out, "site rule %s", ids);
	fprintf(out, ", %s %s, %s", proto_name(line->proto),
	        words_ports(line->proto, &line->ports, ports, sizeof(ports)), words_phase(line->phase));
	if (line->phase == PHASE_INSTALL)
		fputs(keeper->open ? " (window open)" : " (window closed)", out);
	words_print_place(about->policy,
	                  line->section ? line->section->rows[line->rows[0]].loc : line->site_rule->loc, out);
	fputs("\n", out);
}

/* What is left when the row above is turned off; for a closed window, what else could be opened. */
static void print_other_keepers(const struct explained *about, FILE *out)
{
	const struct explanation *explanation = about->explanation;
	const char *label = explanation->verdict == VERDICT_ALLOWED ? "kept open by" : "or opened by";
	size_t listed = 0;

	for (size_t i = 0; i < explanation->n_keepers && i < KEEPERS_MAX; i++) {
		if (explanation->keepers[i].line == explanation->line)
			continue;
		explain_print_label(listed++ ? "" : label, out);
		print_keeper(about, &explanation->keepers[i], out);
	}
	if (explanation->n_keepers > KEEPERS_MAX) {
		explain_print_label("", out);
		fprintf(out, "and %zu more\n", explanation->n_keepers - KEEPERS_MAX);
	}
	if (!listed && explanation->verdict == VERDICT_ALLOWED) {
		explain_print_label(label, out);
		fputs("nothing else\n", out);
	}
}

static void print_sentence(const char *label, char *sentence, FILE *out)
{
	if (sentence) {
		explain_print_label(label, out);
		fprintf(out, "%s\n", sentence);
	}
	free(sentence);
}

/* Each line of the text, the first one labelled. Takes the text apart. */
static void print_lines(const char *label, char *text, FILE *out)
{
	char *line;

	while ((line = strsep(&text, "\n"))) {
		if (!*line)
			continue;
		explain_print_label(label, out);
		words_print_text(line, out);
		fputs("\n", out);
		label = "";
	}
}

static void print_remedy(const struct explained *about, FILE *out)
{
	struct remedy remedy;

	if (!explain_remedy_new(about, &remedy))
		return;
	explain_print_label("to open it", out);
	words_print_text(remedy.sentence, out);
	fputs("\n", out);
	print_lines("lines", remedy.lines, out);
	if (about->explanation->reason != REASON_WINDOW_CLOSED) /* the sentence is the command */
		print_lines("then", remedy.commands, out);
	explain_remedy_clear(&remedy);
}

void explain_print_ends(const struct explained *about, FILE *out)
{
	const struct explanation *explanation = about->explanation;

	print_roles("source", about->policy, explanation->src_roles, explanation->n_src_roles, out);
	print_roles("destination", about->policy, explanation->dst_roles, explanation->n_dst_roles, out);
}

void explain_print_source(const struct explained *about, FILE *out)
{
	explain_print_label("answered by", out);
	fprintf(out, "%s (%s)\n", about->answered_by, about->policy->path);
}

char *explain_to_text(const struct explained *about)
{
	char *text;
	size_t size;
	FILE *out = words_begin(&text, &size);

	print_headline(about, out);
	explain_print_ends(about, out);
	print_line(about, out);
	print_other_keepers(about, out);
	print_sentence("because", explain_because(about), out);
	print_remedy(about, out);
	explain_print_source(about, out);
	return words_end(out, &text);
}

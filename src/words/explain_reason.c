// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The two sentences of an explanation: why, and what to do about it. Each reason has one function of each kind, so
 * that a sentence and its advice stand side by side. Advice names the command or the line of the role file; where
 * nothing should be opened, it says so.
 */
#include "words/explain_text.h"

#include <stdlib.h>

#include "words/show.h"
#include "words/words.h"
#include "policy/absence.h"

#define LDAPS_PORT 636

/* "tcp 5723", "icmp echo-request" */
static void print_service(const struct query *query, FILE *out)
{
	char ports[PORTS_MAX];
	struct port_range range = {.lo = query->port, .hi = query->port};

	fprintf(out, "%s %s", proto_name(query->proto),
	        words_ports(query->proto, &range, ports, sizeof(ports)));
}

/* "row cur-16 opens", "rows cur-05, cur-22 open", "site rule NAME opens" */
static void print_line_opens(const struct line *line, FILE *out)
{
	char ids[ROW_IDS_MAX];
	bool many = line->n_rows > 1;

	fprintf(out, "%s %s %s",
	        !line->section ? "site rule"
	        : many         ? "rows"
	                       : "row",
	        line_row_ids(line, ids, sizeof(ids)), many ? "open" : "opens");
}

static bool is_ldaps(const struct query *query)
{
	return query->proto == PROTO_TCP && query->port == LDAPS_PORT;
}

static void because_window_closed(const struct explained *about, FILE *out)
{
	print_line_opens(about->explanation->line, out);
	fputs(" it in the install phase, and its window is closed", out);
}

static void remedy_window_closed(const struct explained *about, FILE *out)
{
	const struct line *line = about->explanation->line;

	if (line->section)
		fprintf(out, "omfwd --phase install --section %s --rows %s", line->section->name,
		        table_rows[line->rows[0]].id);
	else
		fprintf(out, "omfwd --phase install --rows %s", line->site_rule->name);
}

static void because_rule_expired(const struct explained *about, FILE *out)
{
	const struct site_rule *rule = about->explanation->site_rule;
	char day[16];

	fprintf(out, "site rule %s would open it, but it expired", rule->name);
	if (show_last_day(rule, day, sizeof(day)))
		fprintf(out, " after %s", day);
	words_print_place(about->policy, rule->loc, out);
}

static void remedy_rule_expired(const struct explained *about, FILE *out)
{
	fprintf(out, "expires = a later day under [site_rule %s], if it must be",
	        about->explanation->site_rule->name);
}

static void because_other_protocol(const struct explained *about, FILE *out)
{
	const struct line *line = about->explanation->line;

	print_line_opens(line, out);
	fprintf(out, " %s here, not %s%s", proto_name(line->proto), proto_name(about->query->proto),
	        line->phase == PHASE_INSTALL ? " (in the install phase)" : "");
}

static void remedy_other_protocol(const struct explained *about, FILE *out)
{
	const struct line *line = about->explanation->line;

	if (line->section)
		fprintf(out, "nothing should; the documents name %s alone", proto_name(line->proto));
	else
		fprintf(out, "protocol = %s under [site_rule %s], if that is what is meant",
		        proto_name(about->query->proto), line->site_rule->name);
}

static void because_opposite_direction(const struct explained *about, FILE *out)
{
	fputs("it is opened from the other end: ", out);
	print_line_opens(about->explanation->line, out);
	fputs(" it from the destination to the source", out);
}

static void remedy_opposite_direction(const struct explained *about, FILE *out)
{
	(void)about;
	fputs("nothing should; answers pass with the connection they belong to", out);
}

static void because_other_section(const struct explained *about, FILE *out)
{
	const struct document_line *document = &about->explanation->document;

	fprintf(out, "row %s opens it inside one section; here %s is in %s and %s in %s", document->line->row,
	        role_name(document->src.role), document->src.section->name, role_name(document->dst.role),
	        document->dst.section->name);
}

static void remedy_other_section(const struct explained *about, FILE *out)
{
	const struct document_line *document = &about->explanation->document;
	char addr[ADDR_TEXT_MAX];

	fprintf(out, "%s = %s under [roles %s], if it belongs there", role_name(document->src.role),
	        addr_format(&about->query->src, addr, sizeof(addr)), document->dst.section->name);
}

/* The role file takes the document's line away, or its key has moved the port. */
static void because_taken_away(const struct explained *about, const struct document_line *document, FILE *out)
{
	enum port_key key = document->line->key;
	struct absence absence;

	line_absence(document->dst.section, document->line, &absence);
	fprintf(out, "row %s would open it, but ", document->line->row);
	if (absence.reason != ABSENT_NOT) {
		words_print_absence(about->policy, &absence, key, out);
		return;
	}
	fprintf(out, "%s moved its port to ", port_key_name(key));
	words_print_port_list(&document->dst.section->ports[key], out);
	words_print_place(about->policy, document->dst.section->ports[key].loc, out);
}

static void remedy_taken_away(const struct explained *about, const struct document_line *document, FILE *out)
{
	const char *section = document->dst.section->name;
	struct absence absence;

	line_absence(document->dst.section, document->line, &absence);
	switch (absence.reason) {
	case ABSENT_ROW_OFF:
		fprintf(out, "%s = on under [rows %s]", document->line->row, section);
		break;
	case ABSENT_BY_SETTING:
		fprintf(out, "%s under [roles %s]", absence.instead, section);
		break;
	case ABSENT_PORT_OFF:
		fprintf(out, "%s = %u under [ports %s]", port_key_name(document->line->key),
		        about->query->port, section);
		break;
	case ABSENT_NOT:
	case ABSENT_UNASSIGNED:
	case ABSENT_MAX:
		fputs("nothing should; connect to the port the role file names, or correct its key", out);
		break;
	}
}

static void because_no_line(const struct explained *about, FILE *out)
{
	if (about->explanation->document.line) {
		because_taken_away(about, &about->explanation->document, out);
	} else if (is_ldaps(about->query)) {
		fputs("Operations Manager does not support LDAP over SSL", out);
	} else {
		fputs("no row opens ", out);
		print_service(about->query, out);
		fputs(" between the roles the two ends hold", out);
	}
}

static void remedy_no_line(const struct explained *about, FILE *out)
{
	if (about->explanation->document.line)
		remedy_taken_away(about, &about->explanation->document, out);
	else if (is_ldaps(about->query))
		fputs("nothing should; what the documents open is 389", out);
	else
		fputs("nothing in the documents; a [site_rule NAME] in the role file, if it must be", out);
}

static void because_no_role(const struct explained *about, FILE *out)
{
	const struct explanation *explanation = about->explanation;
	char addr[ADDR_TEXT_MAX];

	if (!explanation->n_src_roles && !explanation->n_dst_roles)
		fputs("neither end holds a role", out);
	else
		fprintf(out, "%s holds no role",
		        addr_format(explanation->n_src_roles ? &about->query->dst : &about->query->src, addr,
		                    sizeof(addr)));
	fprintf(out, ", and deny_scope = %s", deny_scope_name(about->policy->settings.deny_scope));
}

static void remedy_no_role(const struct explained *about, FILE *out)
{
	(void)about;
	fputs("a role for it under [roles NAME], or a [site_rule NAME], if it must be", out);
}

static const struct {
	void (*because)(const struct explained *about, FILE *out);
	void (*remedy)(const struct explained *about, FILE *out);
} sentences[REASON_MAX] = {
        [REASON_WINDOW_CLOSED] = {because_window_closed, remedy_window_closed},
        [REASON_RULE_EXPIRED] = {because_rule_expired, remedy_rule_expired},
        [REASON_OTHER_PROTOCOL] = {because_other_protocol, remedy_other_protocol},
        [REASON_OPPOSITE_DIRECTION] = {because_opposite_direction, remedy_opposite_direction},
        [REASON_OTHER_SECTION] = {because_other_section, remedy_other_section},
        [REASON_NO_LINE] = {because_no_line, remedy_no_line},
        [REASON_NO_ROLE] = {because_no_role, remedy_no_role},
};

static void because_passes(const struct explained *about, FILE *out)
{
	const struct line *line = about->explanation->line;
	const struct query *query = about->query;
	char addr[ADDR_TEXT_MAX];

	switch (about->explanation->verdict) {
	case VERDICT_ALLOWED:
		print_line_opens(line, out);
		fputs(line->phase == PHASE_INSTALL ? " it, and its window is open" : " it in either phase",
		      out);
		break;
	case VERDICT_NOT_JUDGED:
		fprintf(out, "no line is about it, and deny_scope = %s leaves it alone",
		        deny_scope_name(about->policy->settings.deny_scope));
		break;
	case VERDICT_NEVER_DENY:
		fprintf(out, "no line opens it, but %s is in never_deny",
		        addr_format(addr_set_find(&about->policy->never_deny, &query->src) >= 0 ? &query->src
		                                                                                : &query->dst,
		                    addr, sizeof(addr)));
		break;
	case VERDICT_AUDITED:
	case VERDICT_DENIED:
	case VERDICT_MAX:
		break;
	}
}

char *explain_because(const struct explained *about)
{
	const struct explanation *explanation = about->explanation;
	char *text;
	size_t size;
	FILE *out = words_begin(&text, &size);

	if (explanation->reason == REASON_NONE)
		because_passes(about, out);
	else
		sentences[explanation->reason].because(about, out);
	return words_end(out, &text);
}

char *explain_remedy(const struct explained *about)
{
	char *text;
	size_t size;
	FILE *out;

	if (about->explanation->reason == REASON_NONE)
		return NULL;
	out = words_begin(&text, &size);
	sentences[about->explanation->reason].remedy(about, out);
	return words_end(out, &text);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* The sentence that says why a verdict is as it is: one function for each reason. What to do is in explain_remedy.c. */
#include "words/explain_text.h"

#include <stdlib.h>

#include "words/show.h"
#include "words/words.h"
#include "policy/known_ports.h"

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

static void because_window_closed(const struct explained *about, FILE *out)
{
	print_line_opens(about->explanation->line, out);
	fputs(" it in the install phase, and its window is closed", out);
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

static void because_other_protocol(const struct explained *about, FILE *out)
{
	const struct line *line = about->explanation->line;

	print_line_opens(line, out);
	fprintf(out, " %s here, not %s%s", proto_name(line->proto), proto_name(about->query->proto),
	        line->phase == PHASE_INSTALL ? " (in the install phase)" : "");
	if (about->explanation->known) {
		fputs("; ", out);
		print_service(about->query, out);
		fprintf(out, " is %s", about->explanation->known->name);
	}
}

static void because_opposite_direction(const struct explained *about, FILE *out)
{
	fputs("it is opened from the other end: ", out);
	print_line_opens(about->explanation->line, out);
	fputs(" it from the destination to the source", out);
}

static void because_other_section(const struct explained *about, FILE *out)
{
	const struct document_line *document = &about->explanation->document;

	fprintf(out, "row %s opens it inside one section; here %s is in %s and %s in %s", document->line->row,
	        role_name(document->src.role), document->src.section->name, role_name(document->dst.role),
	        document->dst.section->name);
}

static void because_other_table(const struct explained *about, FILE *out)
{
	const struct document_line *document = &about->explanation->document;

	fprintf(out, "row %s of the other document would open it, but section %s has table = %s",
	        document->line->row, document->dst.section->name,
	        port_table_name(document->dst.section->table));
}

static void because_port_moved(const struct explained *about, FILE *out)
{
	const struct document_line *document = &about->explanation->document;
	enum port_key key = document->line->key;

	fprintf(out, "row %s would open it, but %s moved its port to ", document->line->row,
	        port_key_name(key));
	words_print_port_list(&document->dst.section->ports[key], out);
	words_print_place(about->policy, document->dst.section->ports[key].loc, out);
}

static void because_taken_away(const struct explained *about, FILE *out)
{
	const struct document_line *document = &about->explanation->document;
	struct absence absence;

	line_absence(document->dst.section, document->line, &absence);
	fprintf(out, "row %s would open it, but ", document->line->row);
	words_print_absence(about->policy, &absence, document->line->key, out);
}

static void because_known_port(const struct explained *about, FILE *out)
{
	const struct known_port *known = about->explanation->known;

	print_service(about->query, out);
	fprintf(out, " is %s: %s", known->name, known->why);
}

/* The roles that may open the port to what dst is, in its sections; *always unless all of them only while installing. */
static role_mask find_openers(const struct explanation *explanation, const struct query *query, bool *always)
{
	role_mask openers = 0;

	for (size_t i = 0; i < explanation->n_dst_roles; i++) {
		const struct held_role *dst = &explanation->dst_roles[i];
		size_t n;
		const struct table_line *lines = table_lines(dst->section->table, &n);

		for (size_t j = 0; j < n; j++)
			if (document_carries(&lines[j], dst->section, query) &&
			    document_would_hold(dst->section, &lines[j], ROLE_MAX) &&
			    (document_side(dst->section, &lines[j], false) & ROLE_BIT(dst->role))) {
				openers |= document_side(dst->section, &lines[j], true);
				*always |= table_line_phase(dst->section, &lines[j]) == PHASE_ALWAYS;
			}
	}
	return openers;
}

static void because_no_line(const struct explained *about, FILE *out)
{
	bool always = false;
	role_mask openers = find_openers(about->explanation, about->query, &always);

	fputs("no row opens ", out);
	print_service(about->query, out);
	fputs(" between the roles the two ends hold", out);
	if (openers) {
		fputs("; to this destination it is for ", out);
		words_print_roles(openers, out);
		fputs(always ? "" : " (in the install phase)", out);
	}
}

static void print_near(const struct explained *about, const struct near_member *near, const struct addr *addr,
                       FILE *out)
{
	char member[ADDR_TEXT_MAX], address[ADDR_TEXT_MAX];

	if (!near->held.section)
		return;
	fprintf(out, "; the member nearest to %s is %s, %s in %s",
	        addr_format(addr, address, sizeof(address)),
	        words_range(&near->range, member, sizeof(member)), role_name(near->held.role),
	        near->held.section->name);
	words_print_place(about->policy, near->held.loc, out);
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
	print_near(about, &explanation->near[0], &about->query->src, out);
	print_near(about, &explanation->near[1], &about->query->dst, out);
}

static void (*const sentences[REASON_MAX])(const struct explained *about, FILE *out) = {
        [REASON_WINDOW_CLOSED] = because_window_closed,
        [REASON_RULE_EXPIRED] = because_rule_expired,
        [REASON_OTHER_PROTOCOL] = because_other_protocol,
        [REASON_OPPOSITE_DIRECTION] = because_opposite_direction,
        [REASON_OTHER_SECTION] = because_other_section,
        [REASON_OTHER_TABLE] = because_other_table,
        [REASON_PORT_MOVED] = because_port_moved,
        [REASON_TAKEN_AWAY] = because_taken_away,
        [REASON_KNOWN_PORT] = because_known_port,
        [REASON_NO_LINE] = because_no_line,
        [REASON_NO_ROLE] = because_no_role,
};

/* Why the scope does not reach it: for an end that should hold a role, this is how one finds out. */
static void because_not_judged(const struct explained *about, FILE *out)
{
	const struct explanation *explanation = about->explanation;
	enum deny_scope scope = about->policy->settings.deny_scope;
	bool is_about_roles = scope == DENY_ROLES || scope == DENY_EVERYTHING;
	char addr[ADDR_TEXT_MAX];

	fprintf(out, "no line is about it, and deny_scope = %s leaves it alone", deny_scope_name(scope));
	if (scope == DENY_EVERYTHING)
		fputs(", because it is not forwarded", out);
	if (is_about_roles && !explanation->n_src_roles)
		fprintf(out, "; %s holds no role", addr_format(&about->query->src, addr, sizeof(addr)));
	if (is_about_roles && !explanation->n_dst_roles)
		fprintf(out, "; %s holds no role", addr_format(&about->query->dst, addr, sizeof(addr)));
	if (scope == DENY_SERVERS || (is_about_roles && explanation->n_src_roles && explanation->n_dst_roles))
		fputs("; neither end is a server", out);
}

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
		because_not_judged(about, out);
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
		sentences[explanation->reason](about, out);
	return words_end(out, &text);
}

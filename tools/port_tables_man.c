/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * omfwd-port-tables(7), written from port_tables.c, roles.c and keys.c. A row's lines are gathered by who opens to whom, and
 * below that by phase, as one would tell them.
 */
#include <string.h>

#include "policy/keys.h"
#include "policy/port_tables.h"
#include "tools/docs.h"
#include "util/array.h"

/* Words of the tables as groff wants them: hyphens that are part of a name, no line that begins with a dot. */
static void print_text(const char *text, FILE *out)
{
	for (; *text; text++)
		switch (*text) {
		case '-':
			fputs("\\-", out);
			break;
		case '\\':
			fputs("\\e", out);
			break;
		case '"':
			fputs("\\(dq", out);
			break;
		default:
			fputc(*text, out);
		}
}

static void print_roles(role_mask roles, FILE *out)
{
	const char *separator = "";

	for (enum role role = 0; role < ROLE_MAX; role++) {
		if (!(roles & ROLE_BIT(role)))
			continue;
		fprintf(out, "%s\\fB%s\\fR", separator, role_name(role));
		separator = ", ";
	}
}

static const char *condition_text(enum line_condition condition)
{
	switch (condition) {
	case LINE_UNCONDITIONAL:
	case LINE_KERBEROS_ACROSS: /* said by the row's note */
		return NULL;
	case LINE_KERBEROS:
		return "authentication\\~=\\~kerberos";
	case LINE_SNMP_BIDIRECTIONAL:
		return "snmp\\~=\\~bidirectional";
	case LINE_CATALOG_DYNAMIC:
		return "catalog_dynamic_ports\\~=\\~bidirectional";
	}
	return NULL;
}

/* The ports of a key are its default; of a fixed line, what the line says. */
static void print_ports(const struct table_line *line, enum port_table table, FILE *out)
{
	const struct key *key = line->key == PORT_FIXED ? NULL : &keys[key_of_port(line->key)];

	fprintf(out, "%s\\~", line->proto == PROTO_ICMP ? "ICMP and ICMPv6" : proto_name(line->proto));
	if (key)
		print_text(table == TABLE_2016 && key->default_2016 ? key->default_2016 : key->default_text,
		           out);
	else if (line->proto == PROTO_ICMP)
		fputs("echo\\-request", out);
	else if (line->ports.lo == line->ports.hi)
		fprintf(out, "%u", line->ports.lo);
	else
		fprintf(out, "%u\\-%u", line->ports.lo, line->ports.hi);
	if (key)
		fprintf(out, " (\\fI%s\\fR)", key->name);
	if (condition_text(line->condition))
		fprintf(out, " (only with %s)", condition_text(line->condition));
}

static bool is_same_pair(const struct table_line *a, const struct table_line *b)
{
	return strcmp(a->row, b->row) == 0 && a->from == b->from && a->to == b->to;
}

static void print_phase(const struct table_line *lines, size_t n, const struct table_line *first,
                        enum line_phase phase, FILE *out)
{
	enum port_table table = table_rows[row_find(first->row)].table;
	const char *separator = NULL;

	for (size_t i = 0; i < n; i++) {
		if (!is_same_pair(&lines[i], first) || lines[i].phase != phase)
			continue;
		if (separator)
			fputs(separator, out);
		else
			fprintf(out, ".TP 10\n%s\n", phase == PHASE_ALWAYS ? "always" : "install");
		print_ports(&lines[i], table, out);
		separator = ",\n";
	}
	if (separator)
		fputc('\n', out);
}

/* The first line of a pair stands for the pair. */
static bool is_first_of_pair(const struct table_line *lines, size_t i)
{
	for (size_t before = 0; before < i; before++)
		if (is_same_pair(&lines[before], &lines[i]))
			return false;
	return true;
}

static void print_row(const struct table_row *row, FILE *out)
{
	size_t n;
	const struct table_line *lines = table_lines(row->table, &n);

	fputs(".SS ", out);
	print_text(row->id, out);
	fputs(": ", out);
	print_text(row->feature, out);
	fputc('\n', out);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(lines[i].row, row->id) != 0 || !is_first_of_pair(lines, i))
			continue;
		print_roles(lines[i].from, out);
		fputs(" \\(-> ", out);
		print_roles(lines[i].to, out);
		fputs("\n.RS 4\n", out);
		print_phase(lines, n, &lines[i], PHASE_ALWAYS, out);
		print_phase(lines, n, &lines[i], PHASE_INSTALL, out);
		fputs(".RE\n.PP\n", out);
	}
	if (row_note(row->id)) {
		print_text(row_note(row->id), out);
		fputc('\n', out);
	}
}

static void print_table(enum port_table table, FILE *out)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (table_rows[i].table == table)
			print_row(&table_rows[i], out);
}

/* The rows in which a role opens (or is opened to), both documents. */
static void print_rows_of_role(enum role role, bool opens, FILE *out)
{
	const char *separator = opens ? "Opens: " : "Is opened to: ", *last = "";

	for (enum port_table table = 0; table < TABLE_MAX; table++) {
		size_t n;
		const struct table_line *lines = table_lines(table, &n);

		for (size_t i = 0; i < n; i++) {
			if (!((opens ? lines[i].from : lines[i].to) & ROLE_BIT(role)) ||
			    strcmp(last, lines[i].row) == 0)
				continue;
			last = lines[i].row;
			fputs(separator, out);
			print_text(last, out);
			separator = ", ";
		}
	}
	if (*last)
		fputs(".\n", out);
}

static void print_aliases(enum role role, FILE *out)
{
	const char *separator = "Also written ";

	for (unsigned i = ROLE_MAX; role_name_at(i); i++) {
		if (role_find(role_name_at(i)) != (int)role)
			continue;
		fprintf(out, "%s\\fB%s\\fR", separator, role_name_at(i));
		separator = ", ";
	}
	if (*separator == ',')
		fputs(".\n", out);
}

/* Who acts for the role in a section that assigns nothing. */
static void print_stand_ins(enum role role, FILE *out)
{
	static const struct section nothing_assigned;
	role_mask acting = section_acting_roles(&nothing_assigned, role);

	if (acting == ROLE_BIT(role))
		return;
	fputs("Where it is not assigned, it is ", out);
	print_roles(acting, out);
	fputs(".\n", out);
}

static void print_role(enum role role, FILE *out)
{
	fprintf(out, ".TP\n.B %s\n", role_name(role));
	if (role_is_server(role))
		fputs("A server role.\n", out);
	print_aliases(role, out);
	print_rows_of_role(role, true, out);
	print_rows_of_role(role, false, out);
	print_stand_ins(role, out);
}

static const char head[] =
        ".\\\" SPDX-License-Identifier: GPL-2.0-or-later\n"
        ".\\\" Generated by omfwd-docs from the tables of the program.\n"
        ".TH OMFWD-PORT-TABLES 7 \"\" \"omfwd " PACKAGE_VERSION "\" \"Conventions and miscellaneous\"\n"
        ".ad l\n.nh\n"
        ".SH NAME\n"
        "omfwd\\-port\\-tables \\- what omfwd opens between the parts of Operations Manager, row by row\n"
        ".SH DESCRIPTION\n"
        "Microsoft's document \\(lqConfiguring a Firewall for Operations Manager\\(rq lists, in a table, "
        "which part of\n"
        "Operations Manager needs which ports of which other part.\n"
        "There are two editions of it: the current one, for Operations Manager 1801 to 2025, and that for "
        "2016.\n"
        ".BR omfwd (8)\n"
        "has both built in and opens what they list between the addresses that\n"
        ".BR omfwd.conf (5)\n"
        "gives the roles; the key\n"
        ".B table\n"
        "there says which edition holds.\n"
        "This page is written from the same data as the program.\n"
        ".PP\n"
        "Each row has an id, which logs, counters, reports and\n"
        ".B omfwd explain\n"
        "use: the edition, and its number in the document.\n"
        "Below it stands who opens connections to whom (\\(->), and the ports of the side that is opened "
        "to.\n"
        "Answers need no line of their own, and neither do ICMP errors about a connection that is open.\n"
        ".TP\n"
        "always\n"
        "is open in both phases,\n"
        ".TP\n"
        "install\n"
        "is open only while\n"
        ".B omfwd \\-\\-phase install\n"
        "has opened the window.\n"
        "The install phase adds to what is open and takes nothing away.\n"
        ".PP\n"
        "A name in parentheses behind ports is the key of\n"
        ".B [ports]\n"
        "that moves them; ports without one are fixed, as the document says.\n"
        "A row can be turned off, or changed otherwise, in\n"
        ".BR [rows] .\n";

static const char decisions[] =
        ".SH WHAT THE DOCUMENTS LEAVE OPEN\n"
        "Where a document is silent or contradicts itself, omfwd has decided as follows.\n"
        ".TP\n.B Protocol\n"
        "A port without a protocol is TCP, except 1434, which is the SQL Server Browser and UDP, and the "
        "ports of\n"
        "domain controllers, which a footnote gives to both.\n"
        ".TP\n.B Direction\n"
        "Whoever listens is opened to, however an arrow is drawn: databases, agents on 1270 and 22, OMED on "
        "its "
        "servers.\n"
        ".TP\n.B SQL Server\n"
        "The keys that begin with\n.B sql_\n"
        "replace 1433 in every row that reaches that database, because an instance has one port for "
        "everybody.\n"
        "Where every instance has a port of its own,\n.B sql_browser\\~=\\~off\n"
        "closes 1434.\n"
        ".TP\n.B RPC\n"
        "49152\\-65535 with 135 is the second step of an RPC call, and TCP.\n.B rpc_dynamic\n"
        "may narrow it, for hosts whose range is restricted; it never widens it.\n"
        ".TP\n.B LDAP over TLS\n"
        "Port 636 stands in no row and is never opened: discovery of Active Directory uses 389.\n"
        "A site rule opens it for other purposes.\n"
        ".TP\n.B Certificates\n"
        "With\n.B authentication\\~=\\~certificate\n"
        "nothing needs Kerberos: 88 and all of cur\\-fn3 stay closed.\n"
        ".TP\n.B Ping\n"
        "Servers do not ping agents in any row; what wants to, after a missed heartbeat, needs a site rule.\n"
        ".SH SEE ALSO\n"
        ".BR omfwd (8),\n"
        ".BR omfwd.conf (5)\n";

void docs_print_man(FILE *out)
{
	fputs(head, out);
	fputs(".SH THE CURRENT TABLE\n", out);
	print_table(TABLE_CURRENT, out);
	fputs(".SH THE TABLE OF 2016\n", out);
	print_table(TABLE_2016, out);
	fputs(".SH ROLES\nWhat each role is, as far as the rows say it.\n", out);
	for (enum role role = 0; role < ROLE_MAX; role++)
		print_role(role, out);
	fputs(decisions, out);
}

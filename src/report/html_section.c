// SPDX-License-Identifier: GPL-2.0-or-later
/* A section of the role file: who may talk to whom as a picture, then the roles, then every row of the document. */
#include "report/html_internal.h"

#include <stdlib.h>
#include <string.h>

#include "report/graph.h"
#include "report/html_text.h"
#include "report/report_json.h"

#define TITLE_MAX 256

/* One entry of the legend: a line as it is drawn, and what it means. */
static void put_key(const char *kind, const char *meaning, FILE *out)
{
	fprintf(out,
	        "<span class=\"key\"><svg viewBox=\"0 0 44 10\" aria-hidden=\"true\"><g class=\"edge "
	        "%s\"><path "
	        "class=\"line\" d=\"M1 5H36\"/><path class=\"head\" d=\"M43 5l-7 "
	        "-3.5v7z\"/></g></svg>%s</span>",
	        kind, meaning);
}

static void put_picture(const json_t *report, const json_t *section, size_t index, FILE *out)
{
	char title[TITLE_MAX], id[32];
	struct graph graph;

	graph_make(section, json_object_get(report, "site_rules"), &graph);
	if (graph.n_edges > 0) {
		graph_layout(&graph);
		snprintf(title, sizeof(title), "Who may talk to whom in section %s",
		         report_text(section, "section"));
		snprintf(id, sizeof(id), "picture%zu", index);
		fputs("<figure>\n", out);
		graph_print_svg(&graph, title, id, out);
		fputs("<figcaption>An arrow points from who opens the connection to who answers. ", out);
		put_key("always", "always", out);
		put_key("install", "only in the install phase", out);
		put_key("site", "site rule, not in the documents", out);
		fputs("</figcaption></figure>\n", out);
	}
	graph_clear(&graph);
}

static void put_role(const json_t *role, FILE *out)
{
	json_t *members = json_object_get(role, "members");
	long long more = report_number(role, "n_members") - (long long)json_array_size(members);
	char *shown = report_join(members, ", ");

	fputs("<tr><th scope=\"row\">", out);
	html_put_name(report_text(role, "role"), out);
	fputs("</th>", out);
	html_cell_number(json_object_get(role, "n_members"), out);
	fputs("<td>", out);
	html_put(shown, out);
	if (more > 0)
		fprintf(out, " <span class=\"soft\">and %lld more</span>", more);
	if (!json_is_true(json_object_get(role, "in_table")))
		fputs(" <span class=\"soft\">(no row of this table uses the role)</span>", out);
	fputs("</td></tr>\n", out);
	free(shown);
}

static void put_roles(const json_t *section, FILE *out)
{
	static const char *const heads[] = {"Role", "#Members", "Hosts, networks and ranges", NULL};
	json_t *role;
	size_t i;

	html_table_begin("Roles and their members", heads, out);
	fputs("<tbody>\n", out);
	json_array_foreach(json_object_get(section, "roles"), i, role) put_role(role, out);
	fputs("</tbody>", out);
	html_table_end(out);
}

/* What a row is, in one word, and why it is not open. */
static void put_state(const json_t *row, FILE *out)
{
	const char *status = report_text(row, "status"), *why = report_text(row, "why");
	bool install = strcmp(status, "install") == 0, open = strcmp(status, "open") == 0;

	fprintf(out, "<span class=\"state %s\">", open ? "open" : install ? "install" : "off");
	html_put(install                              ? "install phase only"
	         : open || strcmp(status, "off") == 0 ? status
	                                              : "not open",
	         out);
	fputs("</span>", out);
	if (*why) {
		fputs("<br><span class=\"soft\">", out);
		html_put(why, out);
		fputs("</span>", out);
	}
}

static void put_row_head(const json_t *row, size_t n_lines, FILE *out)
{
	const json_t *counted = json_object_get(row, "counted_with");
	char *others = report_join(counted, ", ");

	fprintf(out, "<tr><th scope=\"rowgroup\" rowspan=\"%zu\">", n_lines);
	html_put(report_text(row, "id"), out);
	fputs("<small>", out);
	html_put(report_text(row, "feature"), out);
	fputs("</small>", out);
	if (*others) {
		fputs("<small>shares lines counted with ", out);
		html_put(others, out);
		fputs("</small>", out);
	}
	fputs("</th>", out);
	free(others);
}

static bool is_one_group(const json_t *a, const json_t *b)
{
	return report_is(a, "from", report_text(b, "from")) && report_is(a, "to", report_text(b, "to")) &&
	       report_is(a, "phase", report_text(b, "phase"));
}

/* The index after the lines that have the ends and the phase of this one. */
static size_t group_end(const json_t *lines, size_t index)
{
	const json_t *first = json_array_get(lines, index);

	while (index < json_array_size(lines) && is_one_group(first, json_array_get(lines, index)))
		index++;
	return index;
}

static size_t count_groups(const json_t *lines)
{
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(lines); i = group_end(lines, i))
		n++;
	return n;
}

static void put_group(const json_t *lines, size_t begin, size_t end, FILE *out)
{
	const json_t *first = json_array_get(lines, begin);
	bool install = report_is(first, "phase", "install");

	html_cell_name(report_text(first, "from"), out);
	html_cell_name(report_text(first, "to"), out);
	fputs("<td class=\"p\">", out);
	for (size_t i = begin; i < end; i++) {
		const json_t *line = json_array_get(lines, i);
		char *ports = report_join(json_object_get(line, "ports"), ", ");

		fputs(i > begin ? "<br>" : "", out);
		html_put(report_text(line, "protocol"), out);
		fputc(' ', out);
		html_put(ports, out);
		free(ports);
	}
	fprintf(out, "</td><td class=\"t%s</td>", install ? " install\">install" : "\">always");
}

static void put_counts(const json_t *row, size_t n_lines, FILE *out)
{
	fprintf(out, "<td class=\"s\" rowspan=\"%zu\">", n_lines);
	put_state(row, out);
	fputs("</td>", out);
	html_cell_number(json_object_get(row, "packets"), out);
	html_cell_number(json_object_get(row, "bytes"), out);
	html_cell_last(json_object_get(row, "last_packet"), out);
}

static void put_row(const json_t *row, FILE *out)
{
	const json_t *lines = json_object_get(row, "lines");
	size_t n = count_groups(lines), next;

	fputs("<tbody class=\"row\">\n", out);
	put_row_head(row, n ? n : 1, out);
	if (n == 0) {
		fputs("<td></td><td></td><td></td><td></td>", out);
		put_counts(row, 1, out);
	}
	for (size_t i = 0; i < json_array_size(lines); i = next) {
		next = group_end(lines, i);
		fputs(i ? "</tr>\n<tr>" : "", out);
		put_group(lines, i, next, out);
		if (i == 0)
			put_counts(row, n, out);
		else
			fputs("<td></td><td></td><td></td>", out);
	}
	fputs("</tr>\n</tbody>\n", out);
}

static void put_rows(const json_t *section, FILE *out)
{
	static const char *const heads[] = {
	        "Row",    "Opens the connection", "To", "Ports", "When", "State", "#Packets",
	        "#Bytes", "Last packet",          NULL};
	json_t *row;
	size_t i;

	html_table_begin("Rows, in the order of the document", heads, out);
	json_array_foreach(json_object_get(section, "rows"), i, row) put_row(row, out);
	html_table_end(out);
}

void html_print_section(const json_t *report, const json_t *section, size_t index, FILE *out)
{
	fprintf(out, "<section class=\"part\" id=\"section%zu\"><h2>Section ", index);
	html_put(report_text(section, "section"), out);
	fputs("</h2>\n<p class=\"soft\">Port table ", out);
	html_put(report_text(section, "table"), out);
	fputs(", authentication ", out);
	html_put(report_text(section, "authentication"), out);
	fputs(", snmp ", out);
	html_put(report_text(section, "snmp"), out);
	fputs(".</p>\n", out);
	put_picture(report, section, index, out);
	put_roles(section, out);
	put_rows(section, out);
	fputs("</section>\n", out);
}

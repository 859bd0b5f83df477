// SPDX-License-Identifier: GPL-2.0-or-later
/* What is not a row of a document: site rules, windows, denials, and what else happened. */
#include "report/html_internal.h"

#include <stdlib.h>

#include "report/html_text.h"
#include "report/report_json.h"
#include "util/duration.h"

static void put_members(const json_t *end, FILE *out)
{
	long long n = report_number(end, "n_members");

	fputs("<td>", out);
	html_put_name(report_text(end, "text"), out);
	fprintf(out, "<br><span class=\"soft\">%lld member%s</span></td>", n, n == 1 ? "" : "s");
}

static void put_services(const json_t *rule, FILE *out)
{
	json_t *line;
	size_t i;

	fputs("<td>", out);
	json_array_foreach(json_object_get(rule, "lines"), i, line)
	{
		char *ports = report_join(json_object_get(line, "ports"), ", ");

		fputs(i ? "<br>" : "", out);
		html_put(report_text(line, "protocol"), out);
		fputc(' ', out);
		html_put(ports, out);
		fputs(report_is(line, "phase", "install") ? " (install phase only)" : "", out);
		free(ports);
	}
	fputs("</td>", out);
}

static void put_expiry(const json_t *rule, FILE *out)
{
	const char *day = report_text(rule, "expires");

	fputs("<td>", out);
	html_put(*day ? day : "never", out);
	if (json_is_true(json_object_get(rule, "expired")))
		fputs("<br><span class=\"state off\">expired</span>", out);
	fputs("</td>", out);
}

static void put_site_rule(const json_t *rule, FILE *out)
{
	fputs("<tr><th scope=\"row\">", out);
	html_put_name(report_text(rule, "site_rule"), out);
	fputs("</th>", out);
	put_members(json_object_get(rule, "from"), out);
	put_members(json_object_get(rule, "to"), out);
	put_services(rule, out);
	html_cell(report_text(rule, "reason"), out);
	html_cell(report_text(rule, "ticket"), out);
	put_expiry(rule, out);
	html_cell_number(json_object_get(rule, "packets"), out);
	html_cell_last(json_object_get(rule, "last_packet"), out);
	fputs("</tr>\n", out);
}

void html_print_site_rules(const json_t *report, FILE *out)
{
	static const char *const heads[] = {
	        "Rule",     "Opens the connection", "To", "Ports", "Reason", "Ticket", "Last day",
	        "#Packets", "Last packet",          NULL};
	const json_t *rules = json_object_get(report, "site_rules");
	json_t *rule;
	size_t i;

	fputs("<section id=\"site\"><h2>Site rules: not in the documents</h2>\n", out);
	if (json_array_size(rules) == 0) {
		fputs("<p>There are none: nothing is open but what the documents list.</p></section>\n", out);
		return;
	}
	fputs("<p>These were added by the administrator. Microsoft's documents do not ask for them.</p>\n",
	      out);
	html_table_begin("Site rules", heads, out);
	fputs("<tbody>\n", out);
	json_array_foreach(rules, i, rule) put_site_rule(rule, out);
	fputs("</tbody>", out);
	html_table_end(out);
	fputs("</section>\n", out);
}

static void put_scope(const json_t *window, FILE *out)
{
	const char *section = report_text(window, "section");
	char *rows = report_join(json_object_get(window, "rows"), ", ");

	fputs("<th scope=\"row\">", out);
	html_put(*section ? section : *rows ? "site rule" : "everything", out);
	if (*rows) {
		fputs("<small>", out);
		html_put(rows, out);
		fputs("</small>", out);
	}
	fputs("</th>", out);
	free(rows);
}

static void put_who(const json_t *object, FILE *out)
{
	char who[REPORT_WHO_MAX];

	html_cell(object ? report_who(object, who, sizeof(who)) : "", out);
}

static void put_length(json_int_t seconds, FILE *out)
{
	char length[DURATION_TEXT_MAX];

	fprintf(out, "<td class=\"n\">%s</td>",
	        duration_format(seconds > 0 ? (uint64_t)seconds : 0, length, sizeof(length)));
}

static void put_opening(const json_t *window, FILE *out)
{
	fputs("<tr>", out);
	put_scope(window, out);
	html_cell_time(json_object_get(window, "since"), out);
	put_who(window, out);
	html_cell(report_text(window, "reason"), out);
	html_cell(report_text(window, "ticket"), out);
}

static void put_open_windows(const json_t *windows, FILE *out)
{
	static const char *const heads[] = {"Window", "Opened", "By",      "Reason",
	                                    "Ticket", "Until",  "#Length", NULL};
	json_t *window;
	size_t i;

	html_table_begin("Open now", heads, out);
	fputs("<tbody>\n", out);
	json_array_foreach(windows, i, window)
	{
		put_opening(window, out);
		html_cell_time(json_object_get(window, "deadline"), out);
		put_length(report_number(window, "deadline") - report_number(window, "since"), out);
		fputs("</tr>\n", out);
	}
	fputs("</tbody>", out);
	html_table_end(out);
}

/* Who or what closed it. */
static void put_end(const json_t *window, FILE *out)
{
	static const struct {
		const char *end, *words;
	} ends[] = {
	        {"deadline", "the kernel, its time was up"},
	        {"others", "somebody else, in the nft table"},
	        {"policy", "a reload, its row is gone"},
	        {"removal", "the removal of the nft table"},
	};
	const char *words = "";
	char who[REPORT_WHO_MAX];

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (report_is(window, "closed_by", ends[i].end))
			words = ends[i].words;
	if (report_is(window, "closed_by", "command"))
		words = report_who(json_object_get(window, "closer"), who, sizeof(who));
	html_cell(words, out);
}

static void put_past_windows(const json_t *windows, FILE *out)
{
	static const char *const heads[] = {"Window", "Opened",    "By",       "Reason",  "Ticket",
	                                    "Closed", "Closed by", "#Planned", "#Length", NULL};
	json_t *window;
	size_t i;

	html_table_begin("Past, the latest first", heads, out);
	fputs("<tbody>\n", out);
	json_array_foreach(windows, i, window)
	{
		put_opening(window, out);
		html_cell_time(json_object_get(window, "at"), out);
		put_end(window, out);
		put_length(report_number(window, "planned"), out);
		put_length(report_number(window, "length"), out);
		fputs("</tr>\n", out);
	}
	fputs("</tbody>", out);
	html_table_end(out);
}

void html_print_windows(const json_t *report, FILE *out)
{
	const json_t *open = json_object_get(report, "windows");
	const json_t *past = json_object_get(report, "windows_past");

	fputs("<section id=\"windows\"><h2>Install windows</h2>\n", out);
	if (json_array_size(open) > 0)
		put_open_windows(open, out);
	else
		fputs("<p>None is open: what the documents open for an installation is closed.</p>\n", out);
	if (json_array_size(past) > 0)
		put_past_windows(past, out);
	else
		fputs("<p>The history knows of none in the past.</p>\n", out);
	fputs("</section>\n", out);
}

/* What was logged under another mode than the present one. */
static void put_other_mode(const json_t *denial, bool audit, FILE *out)
{
	json_int_t count = report_number(denial, "count"), audited = report_number(denial, "audited");
	json_int_t others = audit ? count - audited : audited;

	if (others > 0)
		fprintf(out, " (%lld of those logged %s)", (long long)others,
		        audit ? "were denied, before mode = audit" : "passed, in audit mode");
}

static void put_denial(const json_t *denial, bool audit, FILE *out)
{
	const json_t *port = json_object_get(denial, "port");

	fputs("<tr>", out);
	html_cell(report_text(denial, "source"), out);
	html_cell(report_text(denial, "destination"), out);
	fputs("<td>", out);
	html_put(report_text(denial, "protocol"), out);
	if (json_is_integer(port))
		fprintf(out, " %lld", (long long)json_integer_value(port));
	fputs("</td>", out);
	html_cell_number(json_object_get(denial, "count"), out);
	html_cell_time(json_object_get(denial, "first"), out);
	html_cell_time(json_object_get(denial, "last"), out);
	fputs("<td>", out);
	html_put(report_text(denial, "because"), out);
	put_other_mode(denial, audit, out);
	fputs("</td>", out);
	html_cell(report_text(denial, "remedy"), out);
	fputs("</tr>\n", out);
}

void html_print_denials(const json_t *report, FILE *out)
{
	static const char *const heads[] = {"Source", "Destination", "Service", "#Logged", "First",
	                                    "Last",   "Because",     "Remedy",  NULL};
	const json_t *denied = json_object_get(report, "denied");
	const json_t *totals = json_object_get(denied, "totals");
	bool audit = denied && report_is(denied, "mode", "audit");
	json_t *denial;
	size_t i;

	if (!denied)
		return;
	fputs("<section id=\"denials\"><h2>Denials</h2>\n", out);
	if (json_is_object(totals))
		fprintf(out, "<p>%s: %lld packets, %lld bytes.</p>\n",
		        audit ? "Audit mode, would have been denied" : "Denied",
		        (long long)report_number(totals, "packets"),
		        (long long)report_number(totals, "bytes"));
	else
		fputs("<p>Nothing is denied: no rule in the kernel would, as far as can be seen.</p>\n", out);
	if (json_array_size(json_object_get(denied, "entries")) > 0) {
		html_table_begin("Denials that were logged", heads, out);
		fputs("<tbody>\n", out);
		json_array_foreach(json_object_get(denied, "entries"), i, denial)
		        put_denial(denial, audit, out);
		fputs("</tbody>", out);
		html_table_end(out);
	}
	fputs("</section>\n", out);
}

static void put_event(const json_t *event, FILE *out)
{
	fputs("<tr>", out);
	html_cell_time(json_object_get(event, "at"), out);
	html_cell(report_text(event, "event"), out);
	if (report_is(event, "event", "drift"))
		html_cell(*report_text(event, "process") ? report_text(event, "process") : "somebody", out);
	else
		put_who(event, out);
	fputs("<td>", out);
	html_put(report_text(event, "what"), out);
	if (*report_text(event, "outcome")) {
		fputs(": ", out);
		html_put(report_text(event, "outcome"), out);
	}
	fputs("</td></tr>\n", out);
}

void html_print_events(const json_t *report, FILE *out)
{
	static const char *const heads[] = {"When", "Event", "Who", "What", NULL};
	const json_t *events = json_object_get(report, "events");
	json_t *event;
	size_t i;

	fputs("<section id=\"events\"><h2>Changes and drift</h2>\n", out);
	if (json_array_size(events) == 0) {
		fputs("<p>The history holds no reload, no removal and no change by others.</p></section>\n",
		      out);
		return;
	}
	html_table_begin("Reloads, trials, removals, and what others did to the nft table, the latest first",
	                 heads, out);
	fputs("<tbody>\n", out);
	json_array_foreach(events, i, event) put_event(event, out);
	fputs("</tbody>", out);
	html_table_end(out);
	fputs("</section>\n", out);
}

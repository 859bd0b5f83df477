// SPDX-License-Identifier: GPL-2.0-or-later
/* The page: a head that says what was looked at and what is wrong, then the sections, then what happened. */
#include "report/report.h"

#include <stdlib.h>

#include "report/html_internal.h"
#include "report/html_text.h"
#include "report/report_json.h"

static void put_fact(const char *name, const char *value, FILE *out)
{
	if (!*value)
		return;
	fprintf(out, "<dt>%s</dt><dd>", name);
	html_put(value, out);
	fputs("</dd>\n", out);
}

static void put_time(const char *name, const json_t *when, FILE *out)
{
	char text[REPORT_TIME_MAX];

	if (json_is_integer(when))
		put_fact(name, report_time((time_t)json_integer_value(when), text, sizeof(text)), out);
}

static void put_facts(const json_t *report, FILE *out)
{
	const json_t *status = json_object_get(report, "status");
	const json_t *table = json_object_get(status, "nft_table");
	const json_t *settings = json_object_get(report, "settings");

	fputs("<dl>\n", out);
	put_time("Generated", json_object_get(report, "generated"), out);
	put_fact("Role file", report_text(status, "config"), out);
	put_time("Loaded", json_object_get(status, "loaded"), out);
	put_fact("Port table", report_text(status, "port_table"), out);
	put_fact("Mode",
	         report_is(status, "mode", "audit") ? "audit: nothing is denied"
	                                            : report_text(status, "mode"),
	         out);
	put_fact("Denial scope", report_text(status, "deny_scope"), out);
	put_fact("Denial action", report_text(settings, "deny_action"), out);
	put_fact("Phase", report_text(status, "phase"), out);
	put_fact("nft table",
	         json_is_true(json_object_get(table, "in_step"))  ? "as the role file makes it"
	         : json_is_true(json_object_get(table, "exists")) ? "there, and not as the role file makes it"
	                                                          : "not there: nothing is denied",
	         out);
	put_fact("Its fingerprint", report_text(report, "hash"), out);
	put_fact("Agent", json_is_object(json_object_get(status, "agent")) ? "running" : "not running", out);
	put_fact("Kernel", report_text(report, "kernel"), out);
	put_fact("omfwd", report_text(report, "omfwd"), out);
	fputs("</dl>\n", out);
}

static void put_lines(const json_t *lines, FILE *out)
{
	json_t *line;
	size_t i;

	json_array_foreach(lines, i, line)
	{
		fputs("<li>", out);
		html_put(json_is_string(line) ? json_string_value(line) : "", out);
		fputs("</li>\n", out);
	}
}

static void put_troubles(const json_t *report, FILE *out)
{
	const json_t *status = json_object_get(report, "status");
	const json_t *failure = json_object_get(status, "last_error");
	const json_t *degraded = json_object_get(status, "degraded");
	bool alarm = json_is_true(json_object_get(json_object_get(status, "drift"), "alarm"));
	bool agent = json_is_object(json_object_get(status, "agent"));
	bool trial = json_object_get(status, "trial") != NULL;

	if (agent && !failure && !degraded && !alarm && !trial)
		return;
	fputs("<div class=\"bad\" role=\"note\"><strong>Not as it should be</strong><ul>\n", out);
	if (!agent)
		fputs("<li>No agent answers: nothing watches the nft table, and what was denied is not "
		      "known.</li>\n",
		      out);
	if (alarm)
		fputs("<li>Somebody keeps changing the nft table.</li>\n", out);
	if (trial)
		fputs("<li>The policy is on trial, and not confirmed yet.</li>\n", out);
	put_lines(degraded, out);
	if (failure)
		fputs("<li>The role file was read with errors, and the policy before it stays:</li>\n", out);
	put_lines(json_object_get(failure, "lines"), out);
	fputs("</ul></div>\n", out);
}

static void put_links(const json_t *report, FILE *out)
{
	json_t *section;
	size_t i;

	fputs("<nav aria-label=\"Parts of the report\">", out);
	json_array_foreach(json_object_get(report, "sections"), i, section)
	{
		fprintf(out, "<a href=\"#section%zu\">", i);
		html_put(report_text(section, "section"), out);
		fputs("</a>", out);
	}
	fputs("<a href=\"#site\">site rules</a><a href=\"#windows\">windows</a>", out);
	if (json_object_get(report, "denied"))
		fputs("<a href=\"#denials\">denials</a>", out);
	fputs("<a href=\"#events\">changes and drift</a></nav>\n", out);
}

void html_print_header(const json_t *report, FILE *out)
{
	fputs("<header><h1>Firewall for Operations Manager on ", out);
	html_put(report_text(report, "host"), out);
	fputs("</h1>\n", out);
	put_links(report, out);
	put_facts(report, out);
	put_troubles(report, out);
	fputs("</header>\n", out);
}

static void put_head(const json_t *report, FILE *out)
{
	char when[REPORT_TIME_MAX];

	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>omfwd on ",
	      out);
	html_put(report_text(report, "host"), out);
	fprintf(out, ", %s</title>\n<style>\n%s</style>\n</head>\n<body>\n",
	        report_time((time_t)report_number(report, "generated"), when, sizeof(when)), html_style);
}

void report_print_html(const json_t *report, FILE *out)
{
	json_t *section;
	size_t i;

	put_head(report, out);
	html_print_header(report, out);
	fputs("<main>\n", out);
	json_array_foreach(json_object_get(report, "sections"), i, section)
	        html_print_section(report, section, i, out);
	if (!json_object_get(report, "sections"))
		fputs("<p>The rows are not known: the role file could not be read.</p>\n", out);
	html_print_site_rules(report, out);
	html_print_windows(report, out);
	html_print_denials(report, out);
	html_print_events(report, out);
	fputs("</main>\n</body>\n</html>\n", out);
}

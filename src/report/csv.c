// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rows for a spreadsheet: fields in quotes, lines ended by CR LF. A spreadsheet takes a field that begins with = + - @
 * for a formula, quoted or not, and the texts of a role file may begin with anything: an apostrophe in front keeps it
 * text.
 */
#include "report/report.h"

#include <stdlib.h>
#include <string.h>

#include "report/report_json.h"
#include "util/array.h"

static const char *const head[] = {
        "section",
        "table",
        "row",
        "purpose",
        "state",
        "from",
        "from_members",
        "to",
        "to_members",
        "protocol",
        "ports",
        "phase",
        "counter",
        "packets",
        "bytes",
        "last_packet_before",
        "last_packet_after",
        "reason",
        "ticket",
        "expires",
        "why",
};

/* What a line is made of; NULL or a missing number stays empty. */
struct csv_line {
	const char *section, *table, *row, *purpose, *state;
	const char *from, *to;
	const json_t *from_members, *to_members; /* numbers */
	const char *protocol, *ports, *phase, *counter;
	const json_t *counts; /* has "packets", "bytes", "last_packet" */
	const char *reason, *ticket, *expires, *why;
};

static void put_quoted(const char *text, FILE *out)
{
	fputc('"', out);
	if (text && *text && strchr("=+-@\t\r", *text))
		fputc('\'', out);
	for (; text && *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void put_text(const char *text, FILE *out)
{
	put_quoted(text, out);
	fputc(',', out);
}

static void put_number(const json_t *number, FILE *out)
{
	if (json_is_integer(number))
		fprintf(out, "%lld", (long long)json_integer_value(number));
	fputc(',', out);
}

static void put_moment(const json_t *moment, FILE *out)
{
	char text[REPORT_TIME_MAX];

	put_text(json_is_integer(moment) ? report_time((time_t)json_integer_value(moment), text, sizeof(text))
	                                 : "",
	         out);
}

static void put_line(const struct csv_line *line, FILE *out)
{
	const json_t *last = json_object_get(line->counts, "last_packet");
	const char *const before[] = {line->section, line->table, line->row, line->purpose, line->state};
	const char *const ports[] = {line->protocol, line->ports, line->phase, line->counter};
	const char *const notes[] = {line->reason, line->ticket, line->expires};

	for (size_t i = 0; i < ARRAY_SIZE(before); i++)
		put_text(before[i], out);
	put_text(line->from, out);
	put_number(line->from_members, out);
	put_text(line->to, out);
	put_number(line->to_members, out);
	for (size_t i = 0; i < ARRAY_SIZE(ports); i++)
		put_text(ports[i], out);
	put_number(json_object_get(line->counts, "packets"), out);
	put_number(json_object_get(line->counts, "bytes"), out);
	put_moment(json_object_get(last, "before"), out);
	put_moment(json_object_get(last, "after"), out);
	for (size_t i = 0; i < ARRAY_SIZE(notes); i++)
		put_text(notes[i], out);
	put_quoted(line->why, out);
	fputs("\r\n", out);
}

static const json_t *members_of(const json_t *section, const char *name)
{
	json_t *role;
	size_t i;

	json_array_foreach(json_object_get(section, "roles"), i, role)
	{
		if (report_is(role, "role", name))
			return json_object_get(role, "n_members");
	}
	return NULL;
}

/* The row whose counter is meant: rows may share a line, and then one of them counts. */
static const json_t *counting_row(const json_t *section, const char *counter)
{
	const char *dot = strrchr(counter, '.');
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(section, "rows"), i, row)
	{
		if (dot && report_is(row, "id", dot + 1))
			return row;
	}
	return NULL;
}

static void put_service(struct csv_line *line, const json_t *service, FILE *out)
{
	char *ports = report_join(json_object_get(service, "ports"), " ");

	line->protocol = report_text(service, "protocol");
	line->ports = ports;
	line->phase = report_text(service, "phase");
	put_line(line, out);
	free(ports);
}

static void put_row(const json_t *section, const json_t *row, FILE *out)
{
	struct csv_line line = {.section = report_text(section, "section"),
	                        .table = report_text(section, "table"),
	                        .row = report_text(row, "id"),
	                        .purpose = report_text(row, "feature"),
	                        .state = report_text(row, "status"),
	                        .why = report_text(row, "why")};
	json_t *opened;
	size_t i;

	if (json_array_size(json_object_get(row, "lines")) == 0)
		put_line(&line, out);
	json_array_foreach(json_object_get(row, "lines"), i, opened)
	{
		line.from = report_text(opened, "from");
		line.to = report_text(opened, "to");
		line.from_members = members_of(section, line.from);
		line.to_members = members_of(section, line.to);
		line.counter = report_text(opened, "counter");
		line.counts = counting_row(section, line.counter);
		put_service(&line, opened, out);
	}
}

static void put_site_rule(const json_t *rule, FILE *out)
{
	const json_t *from = json_object_get(rule, "from"), *to = json_object_get(rule, "to");
	struct csv_line line = {.table = "not in the documents",
	                        .row = report_text(rule, "site_rule"),
	                        .state = json_is_true(json_object_get(rule, "expired")) ? "expired" : "open",
	                        .from = report_text(from, "text"),
	                        .from_members = json_object_get(from, "n_members"),
	                        .to = report_text(to, "text"),
	                        .to_members = json_object_get(to, "n_members"),
	                        .counts = rule,
	                        .reason = report_text(rule, "reason"),
	                        .ticket = report_text(rule, "ticket"),
	                        .expires = report_text(rule, "expires")};
	json_t *service;
	size_t i;

	if (json_array_size(json_object_get(rule, "lines")) == 0)
		put_line(&line, out);
	json_array_foreach(json_object_get(rule, "lines"), i, service) put_service(&line, service, out);
}

void report_print_csv(const json_t *report, FILE *out)
{
	json_t *section, *row, *rule;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(head); i++)
		fprintf(out, "%s%s", head[i], i + 1 < ARRAY_SIZE(head) ? "," : "\r\n");
	json_array_foreach(json_object_get(report, "sections"), i, section)
	{
		json_array_foreach(json_object_get(section, "rows"), j, row) put_row(section, row, out);
	}
	json_array_foreach(json_object_get(report, "site_rules"), i, rule) put_site_rule(rule, out);
}

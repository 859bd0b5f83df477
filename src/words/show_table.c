// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The role file's meaning as a table that reads beside the document: section by section the roles and their members,
 * then row by row who opens what to whom. What opens nothing is listed after it, with the reason. About 110 columns.
 */
#include "words/show.h"

#include <stdlib.h>
#include <string.h>

#include "words/words.h"
#include "util/duration.h"

#define WIDTH 110

static void print_settings(const struct policy *policy, FILE *out)
{
	const struct settings *settings = &policy->settings;
	char window[DURATION_TEXT_MAX], most[DURATION_TEXT_MAX];

	fprintf(out, "%s\n", policy->path);
	fprintf(out, "  mode %s, deny_scope %s, deny_action %s, install_window %s (at most %s)\n",
	        policy_mode_name(settings->mode), deny_scope_name(settings->deny_scope),
	        deny_action_name(settings->deny_action),
	        duration_format(settings->install_window, window, sizeof(window)),
	        duration_format(settings->install_window_max, most, sizeof(most)));
	if (!addr_set_is_empty(&policy->never_deny)) {
		fputs("  never_deny ", out);
		words_print_members(&policy->never_deny, out);
		fputs("\n", out);
	}
}

static void print_section_head(const struct policy *policy, const struct section *section, FILE *out)
{
	char place[PLACE_MAX];

	fprintf(out, "\nsection %s (%s)\n", section->name,
	        words_place(policy, section->loc, place, sizeof(place)));
	fprintf(out, "  table %s, authentication %s, snmp %s, catalog_dynamic_ports %s\n\n",
	        port_table_name(section->table), authentication_name(section->authentication),
	        snmp_mode_name(section->snmp), catalog_mode_name(section->catalog_dynamic_ports));
}

static void print_members(const struct section *section, FILE *out)
{
	role_mask used = table_roles(section->table);

	for (enum role role = 0; role < ROLE_MAX; role++) {
		if (!section->roles[role].assigned)
			continue;
		fprintf(out, "  %-36s ", role_name(role));
		words_print_members(&section->roles[role].addrs, out);
		fputs(used & ROLE_BIT(role) ? "\n" : " (no row of this table)\n", out);
	}
}

static size_t count_members(const struct addr_set *addrs)
{
	return addrs->n4 + addrs->n6;
}

/* "windows_agent (3) -> management_server (2)" */
static void print_ends(const struct line *line, FILE *out)
{
	fprintf(out, "    %s (%zu) -> %s (%zu)\n", role_name(line->from), count_members(line->from_addrs),
	        role_name(line->to), count_members(line->to_addrs));
}

static void print_port_column(const struct shown_line *shown, FILE *out)
{
	struct port_list ports = {.ranges = shown->ranges, .n = shown->n_ranges};
	char *text;
	size_t size;
	FILE *list = words_begin(&text, &size);

	if (shown->line->proto == PROTO_ICMP)
		fputs("echo-request", list);
	else
		words_print_port_list(&ports, list);
	words_end(list, &text);
	fprintf(out, "%-22s", text);
	free(text);
}

/* "tcp 135, 445 install fixed", in columns. */
static void print_service(const struct policy *policy, const struct shown_line *shown, FILE *out)
{
	const struct line *line = shown->line;

	fprintf(out, "      %-5s ", proto_name(line->proto));
	print_port_column(shown, out);
	if (!line->section || line->proto == PROTO_ICMP) {
		fprintf(out, " %s\n", words_phase(line->phase));
		return;
	}
	fprintf(out, " %-8s %s", words_phase(line->phase),
	        line->key == PORT_FIXED ? "fixed" : port_key_name(line->key));
	words_print_place(policy, line->key_loc, out);
	fputs("\n", out);
}

static bool ends_differ(const struct shown_line *lines, size_t i)
{
	return i == 0 || lines[i].line->from_addrs != lines[i - 1].line->from_addrs ||
	       lines[i].line->to_addrs != lines[i - 1].line->to_addrs;
}

/* "cur-16  Windows agent to management server (Port assignments, row 16)", on two lines where it is too long. */
static void print_row_head(const struct policy *policy, const struct shown_row *shown, FILE *out)
{
	const struct table_row *row = &table_rows[shown->row];
	bool fits = strlen(row->feature) + strlen(row->document) + 16 <= WIDTH;

	fprintf(out, "\n  %-9s  %s%s(%s)\n", row->id, row->feature, fits ? " " : "\n             ",
	        row->document);
	if (shown->override->loc) {
		fprintf(out, "    %s = %s", row->id, row_state_name(shown->override->state));
		words_print_place(policy, shown->override->loc, out);
		fputs("\n", out);
	}
}

static bool services_same(const struct table_line *a, const struct table_line *b)
{
	return a->proto == b->proto && a->ports.lo == b->ports.lo && a->ports.hi == b->ports.hi;
}

/* "tcp 135, udp 137": what the document has and the row has not; once, if it is so in both directions. */
static void print_absent_services(const struct shown_absence *shown, FILE *out)
{
	char ports[PORTS_MAX];

	for (size_t i = 0; i < shown->n; i++) {
		const struct table_line *line = shown->lines[i];
		size_t first = 0;

		while (!services_same(shown->lines[first], line))
			first++;
		if (first == i)
			fprintf(out, "%s%s %s", i ? ", " : "", proto_name(line->proto),
			        words_ports(line->proto, &line->ports, ports, sizeof(ports)));
	}
}

static void print_row(const struct policy *policy, const struct shown_row *shown, FILE *out)
{
	print_row_head(policy, shown, out);
	for (size_t i = 0; i < shown->n_lines; i++) {
		if (ends_differ(shown->lines, i))
			print_ends(shown->lines[i].line, out);
		print_service(policy, &shown->lines[i], out);
	}
	for (size_t i = 0; i < shown->n_absences; i++) {
		fputs("    without ", out);
		print_absent_services(&shown->absences[i], out);
		fputs(": ", out);
		words_print_absence(policy, &shown->absences[i].absence, shown->absences[i].lines[0]->key,
		                    out);
		fputs("\n", out);
	}
}

/* Who is missing says enough: what the file would leave out of such a row anyway is no news. */
static bool is_news(const struct shown_row *shown, size_t i)
{
	if (shown->absences[i].absence.reason == ABSENT_UNASSIGNED)
		return true;
	for (size_t j = 0; j < shown->n_absences; j++)
		if (shown->absences[j].absence.reason == ABSENT_UNASSIGNED)
			return false;
	return true;
}

static void print_inert_row(const struct policy *policy, const struct shown_row *shown, FILE *out)
{
	const char *label = table_rows[shown->row].id;

	for (size_t i = 0; i < shown->n_absences; i++) {
		if (!is_news(shown, i))
			continue;
		fprintf(out, "  %-9s  ", label);
		words_print_absence(policy, &shown->absences[i].absence, shown->absences[i].lines[0]->key,
		                    out);
		fputs("\n", out);
		label = "";
	}
}

static void print_inert_rows(const struct policy *policy, const struct shown_row *rows, size_t n, FILE *out)
{
	bool headed = false;

	for (size_t i = 0; i < n; i++) {
		if (rows[i].n_lines)
			continue;
		if (!headed)
			fputs("\n  rows that open nothing\n", out);
		headed = true;
		print_inert_row(policy, &rows[i], out);
	}
}

static void print_section(const struct policy *policy, const struct lines *lines,
                          const struct section *section, FILE *out)
{
	size_t n;
	const struct shown_row *rows = show_rows_new(policy, lines, section, &n);

	print_section_head(policy, section, out);
	print_members(section, out);
	for (size_t i = 0; i < n; i++)
		if (rows[i].n_lines)
			print_row(policy, &rows[i], out);
	print_inert_rows(policy, rows, n, out);
}

/* "  from  @prod.management_server (10.20.1.11, 10.20.1.12)" */
static void print_site_end(const char *label, const char *text, const struct addr_set *addrs, FILE *out)
{
	fprintf(out, "    %-5s ", label);
	words_print_text(text, out);
	if (strchr(text, '@')) {
		fputs(" (", out);
		words_print_members(addrs, out);
		fputs(")", out);
	}
	fputs("\n", out);
}

static void print_site_head(const struct policy *policy, const struct site_rule *rule, FILE *out)
{
	char day[16];

	fprintf(out, "\n  %s", rule->name);
	words_print_place(policy, rule->loc, out);
	fputs("\n    why   ", out);
	words_print_text(rule->reason ? rule->reason : "no reason given", out);
	if (rule->ticket) {
		fputs("; ticket ", out);
		words_print_text(rule->ticket, out);
	}
	if (show_last_day(rule, day, sizeof(day)))
		fprintf(out, "; %s %s", rule->expired ? "expired after" : "until", day);
	fputs("\n", out);
}

static void print_site_rule(const struct policy *policy, const struct lines *lines,
                            const struct site_rule *rule, FILE *out)
{
	size_t n;
	const struct shown_line *shown = show_site_rule_new(policy, lines, rule, &n);

	print_site_head(policy, rule, out);
	print_site_end("from", rule->from_text, &rule->from, out);
	print_site_end("to", rule->to_text, &rule->to, out);
	for (size_t i = 0; i < n; i++)
		print_service(policy, &shown[i], out);
	if (!n)
		fprintf(out, "      opens nothing: %s\n",
		        rule->expired ? "it has expired" : "an end has no members");
}

void show_print_table(const struct policy *policy, const struct lines *lines, FILE *out)
{
	print_settings(policy, out);
	if (!policy->n_sections)
		fputs("\nno [roles] section: no row opens anything\n", out);
	for (size_t i = 0; i < policy->n_sections; i++)
		print_section(policy, lines, &policy->sections[i], out);
	if (policy->n_site_rules)
		fputs("\nsite rules (not in the documents)\n", out);
	for (size_t i = 0; i < policy->n_site_rules; i++)
		print_site_rule(policy, lines, &policy->site_rules[i], out);
}

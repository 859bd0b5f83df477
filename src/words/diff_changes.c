// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What stands behind a difference, in the role file's terms: settings, and by name sections, site rules, rows, ports and
 * members. Names are all that is compared here, so that a section that is merely renamed shows, although no packet
 * notices. Where one side was read from a role file, it says why a row opens nothing there.
 */
#include "words/diff.h"

#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/duration.h"
#include "util/text.h"
#include "words/words.h"

struct comparison {
	const struct diff_side *before, *after;
	json_t *list;
};

static void say_setting(json_t *list, const char *key, const char *old, const char *new, const char *meaning)
{
	if (strcmp(old, new) != 0)
		diff_say(list, key, "%s: %s -> %s%s%s", key, old, new, *meaning ? ": " : "", meaning);
}

static void mark_text(const struct openings *openings, char *buf, size_t size)
{
	if (openings->mark_set)
		snprintf(buf, size, "0x%x/0x%x", openings->mark_value, openings->mark_mask);
	else
		snprintf(buf, size, "none");
}

static void log_text(const struct openings *openings, char *buf, size_t size)
{
	if (openings->log_denied)
		snprintf(buf, size, "group %u, at most %u packets in %u s", openings->log_group,
		         openings->log_rate, openings->log_rate_unit);
	else
		snprintf(buf, size, "no");
}

static const char *scope_meaning(enum deny_scope scope)
{
	switch (scope) {
	case DENY_NONE:
		return "nothing is denied";
	case DENY_ROLES:
		return "between a server role and another role, what no row opens is denied";
	case DENY_SERVERS:
		return "to and from server roles, what no row opens is denied";
	case DENY_EVERYTHING:
		return "of all that is forwarded, what no row opens is denied";
	}
	return "";
}

/* What the kernel knows of [omfwd]. Without a scope nobody can tell mode, action and log. */
static void compare_settings(const struct comparison *c)
{
	const struct openings *old = c->before->openings, *new = c->after->openings;
	char a[64], b[64];

	say_setting(c->list, "deny_scope", deny_scope_name(old->scope), deny_scope_name(new->scope),
	            scope_meaning(new->scope));
	mark_text(old, a, sizeof(a));
	mark_text(new, b, sizeof(b));
	if (old->n && new->n)
		say_setting(c->list, "accept_mark", a, b, "");
	if (old->scope == DENY_NONE || new->scope == DENY_NONE)
		return;
	say_setting(c->list, "mode", policy_mode_name(old->mode), policy_mode_name(new->mode),
	            new->mode == MODE_AUDIT ? "what was denied passes and is counted"
	                                    : "what would be denied is denied");
	if (old->mode == MODE_ENFORCE && new->mode == MODE_ENFORCE)
		say_setting(c->list, "deny_action", deny_action_name(old->action),
		            deny_action_name(new->action), "");
	log_text(old, a, sizeof(a));
	log_text(new, b, sizeof(b));
	say_setting(c->list, "log_denied", a, b, "");
}

/* What the kernel does not know. */
static void compare_file_settings(const struct comparison *c)
{
	const struct settings *old, *new;
	char a[DURATION_TEXT_MAX], b[DURATION_TEXT_MAX];

	if (!c->before->policy || !c->after->policy)
		return;
	old = &c->before->policy->settings;
	new = &c->after->policy->settings;
	say_setting(c->list, "install_window", duration_format(old->install_window, a, sizeof(a)),
	            duration_format(new->install_window, b, sizeof(b)), "");
	say_setting(c->list, "install_window_max", duration_format(old->install_window_max, a, sizeof(a)),
	            duration_format(new->install_window_max, b, sizeof(b)), "");
	say_setting(c->list, "own_table", own_table_name(old->own_table), own_table_name(new->own_table), "");
}

static bool has_section(const struct openings *openings, const char *section)
{
	for (size_t i = 0; i < openings->n; i++)
		if (text_same(openings->items[i].section, section))
			return true;
	return false;
}

static bool has_rule(const struct openings *openings, const char *name)
{
	for (size_t i = 0; i < openings->n; i++)
		if (!openings->items[i].section && strcmp(openings->items[i].rows, name) == 0)
			return true;
	return false;
}

static bool is_first_of_name(const struct openings *openings, size_t i)
{
	const struct opening *this = &openings->items[i];

	for (size_t j = 0; j < i; j++) {
		const struct opening *other = &openings->items[j];

		if (text_same(other->section, this->section) &&
		    (this->section || strcmp(other->rows, this->rows) == 0))
			return false;
	}
	return true;
}

/* " (expired after 2027-01-31)" or nothing, by the side that knows. */
static const char *rule_fate(const struct policy *policy, const char *name)
{
	for (size_t i = 0; policy && i < policy->n_site_rules; i++)
		if (strcmp(policy->site_rules[i].name, name) == 0)
			return policy->site_rules[i].expired ? ": it has expired" : ": an end has no members";
	return "";
}

/* Sections and site rules that only one side has. */
static void compare_names(const struct comparison *c, const struct diff_side *with,
                          const struct diff_side *without)
{
	const char *verb = with == c->after ? "comes" : "goes";

	for (size_t i = 0; i < with->openings->n; i++) {
		const struct opening *opening = &with->openings->items[i];

		if (!is_first_of_name(with->openings, i))
			continue;
		if (opening->section && !has_section(without->openings, opening->section))
			diff_say(c->list, "section", "section %s %s", opening->section, verb);
		else if (!opening->section && !has_rule(without->openings, opening->rows))
			diff_say(c->list, "site_rule", "site rule %s %s%s", opening->rows, verb,
			         rule_fate(without->policy, opening->rows));
	}
}

static bool rows_have(const char *rows, const char *id, size_t len)
{
	for (const char *at = rows; *at; at += strspn(at, ", ")) {
		size_t n = strcspn(at, ",");

		if (n == len && strncmp(at, id, len) == 0)
			return true;
		at += n;
	}
	return false;
}

static bool has_row(const struct openings *openings, size_t n, const char *section, const char *id,
                    size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (text_same(openings->items[i].section, section) &&
		    rows_have(openings->items[i].rows, id, len))
			return true;
	return false;
}

/* Why the row opens nothing by that side's role file. */
static void print_cause(const struct policy *policy, const char *section_name, const char *id, FILE *out)
{
	const struct section *section = policy ? policy_section(policy, section_name) : NULL;
	size_t n = 0;
	const struct table_line *lines = section ? table_lines(section->table, &n) : NULL;

	for (size_t i = 0; i < n; i++) {
		struct absence absence;

		if (strcmp(lines[i].row, id) != 0)
			continue;
		line_absence(section, &lines[i], &absence);
		if (absence.reason == ABSENT_NOT)
			continue;
		fputs(": ", out);
		words_print_absence(policy, &absence, lines[i].key, out);
		return;
	}
}

static void say_row(const struct comparison *c, const struct diff_side *without, const char *section,
                    const char *id)
{
	char *text;
	size_t size;
	FILE *out = words_begin(&text, &size);

	print_cause(without->policy, section, id, out);
	words_end(out, &text);
	if (without == c->after)
		diff_say(c->list, "row", "row %s of %s opens nothing any more%s", id, section, text);
	else
		diff_say(c->list, "row", "row %s of %s opens something; so far nothing%s", id, section, text);
	free(text);
}

/* Rows of a section of both that open something in one of them alone. */
static void compare_rows(const struct comparison *c, const struct diff_side *with,
                         const struct diff_side *without)
{
	for (size_t i = 0; i < with->openings->n; i++) {
		const struct opening *opening = &with->openings->items[i];

		if (!opening->section || !has_section(without->openings, opening->section))
			continue;
		for (const char *at = opening->rows; *at; at += strspn(at, ", ")) {
			size_t len = strcspn(at, ",");
			char id[ROW_IDS_MAX];

			snprintf(id, sizeof(id), "%.*s", (int)len, at);
			if (!has_row(with->openings, i, opening->section, at, len) &&
			    !has_row(without->openings, without->openings->n, opening->section, at, len))
				say_row(c, without, opening->section, id);
			at += len;
		}
	}
}

/* In whichever phase: a row that is open always from now on has not moved. */
static bool are_of_one_service(const struct opening *a, const struct opening *b)
{
	return a->proto == b->proto && text_same(a->section, b->section) && strcmp(a->rows, b->rows) == 0 &&
	       text_same(a->from_name, b->from_name) && text_same(a->to_name, b->to_name);
}

static int compare_ranges(const void *a, const void *b)
{
	const struct port_range *left = a, *right = b;

	return (left->lo > right->lo) - (left->lo < right->lo);
}

/* "5723, 5724": all ports of the lines that differ from this one in nothing else; free() it. */
static char *ports_of(const struct openings *openings, const struct opening *like)
{
	struct port_range *ranges = NULL;
	size_t n = 0, cap = 0, size;
	char *text;
	FILE *out = words_begin(&text, &size);

	for (size_t i = 0; i < openings->n; i++)
		if (are_of_one_service(&openings->items[i], like))
			*ARRAY_PUSH(ranges, n, cap) = openings->items[i].ports;
	if (n)
		qsort(ranges, n, sizeof(*ranges), compare_ranges);
	for (size_t i = 0; i < n; i++) {
		char ports[PORTS_MAX];

		if (!i || compare_ranges(&ranges[i - 1], &ranges[i]) != 0)
			fprintf(out, "%s%s", i ? ", " : "",
			        words_ports(like->proto, &ranges[i], ports, sizeof(ports)));
	}
	free(ranges);
	return words_end(out, &text);
}

static bool is_said(const json_t *list, const char *sentence)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item) if (strcmp(json_string_value(json_object_get(item, "sentence")),
	                                             sentence) == 0) return true;
	return false;
}

static void compare_ports(const struct comparison *c)
{
	const struct openings *new = c->after->openings;

	for (size_t i = 0; i < new->n; i++) {
		const struct opening *line = &new->items[i];
		char *before = ports_of(c->before->openings, line), *after = ports_of(new, line);
		char sentence[512];

		snprintf(sentence, sizeof(sentence), "%s%s%s%s: %s port moves from %s to %s",
		         line->section ? "" : "site rule ", line->rows, line->section ? " of " : "",
		         line->section ? line->section : "", proto_name(line->proto), before, after);
		if (*before && strcmp(before, after) != 0 && !is_said(c->list, sentence))
			diff_say(c->list, "ports", "%s", sentence);
		free(before);
		free(after);
	}
}

json_t *diff_changes(const struct diff_side *before, const struct diff_side *after)
{
	struct comparison c = {.before = before, .after = after, .list = json_array()};

	compare_settings(&c);
	compare_file_settings(&c);
	compare_names(&c, before, after);
	compare_names(&c, after, before);
	compare_rows(&c, before, after);
	compare_rows(&c, after, before);
	compare_ports(&c);
	diff_say_members(before, after, c.list);
	return c.list;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rows of a section as a reader of the document looks for them. The compiler merges lines of several rows; here
 * each row gets its lines back, so that none seems forgotten. Lines that differ in their ports alone become one, and
 * those between the same roles stand together.
 */
#include "words/show.h"

#include <stdlib.h>
#include <string.h>

/* Which lines of a section belong together: those of one row. All lines of a site rule do. */
struct chosen {
	bool of_table;
	int row;
};

static bool line_is_chosen(const struct line *line, const struct chosen *chosen)
{
	if (!chosen->of_table)
		return true;
	for (unsigned i = 0; i < line->n_rows; i++)
		if (line->rows[i] == chosen->row)
			return true;
	return false;
}

static bool ends_same(const struct line *a, const struct line *b)
{
	return a->from_addrs == b->from_addrs && a->to_addrs == b->to_addrs;
}

static bool ports_alone_differ(const struct line *a, const struct line *b)
{
	return ends_same(a, b) && a->proto == b->proto && a->phase == b->phase && a->key == b->key;
}

/* True when line i is the first chosen one that is `same` as itself. */
static bool is_first(const struct lines *lines, size_t i, const struct chosen *chosen,
                     bool (*same)(const struct line *, const struct line *))
{
	if (!line_is_chosen(&lines->items[i], chosen))
		return false;
	for (size_t j = 0; j < i; j++)
		if (line_is_chosen(&lines->items[j], chosen) && same(&lines->items[j], &lines->items[i]))
			return false;
	return true;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct port_range *left = a, *right = b;

	return (left->lo > right->lo) - (left->lo < right->lo);
}

static struct shown_line gather_ports(const struct policy *policy, const struct lines *lines, size_t first,
                                      const struct chosen *chosen)
{
	struct shown_line shown = {.line = &lines->items[first],
	                           .ranges = ARENA_ARRAY(policy->arena, struct port_range, lines->n - first)};

	for (size_t i = first; i < lines->n; i++)
		if (line_is_chosen(&lines->items[i], chosen) &&
		    ports_alone_differ(&lines->items[i], shown.line))
			shown.ranges[shown.n_ranges++] = lines->items[i].ports;
	qsort(shown.ranges, shown.n_ranges, sizeof(shown.ranges[0]), compare_ranges);
	return shown;
}

static struct shown_line *gather_lines(const struct policy *policy, const struct lines *lines,
                                       const struct chosen *chosen, size_t *n)
{
	struct shown_line *shown;
	size_t cap = 0;

	*n = 0;
	for (size_t i = 0; i < lines->n; i++)
		cap += is_first(lines, i, chosen, ports_alone_differ);
	shown = ARENA_ARRAY(policy->arena, struct shown_line, cap);
	for (size_t i = 0; i < lines->n; i++) {
		if (!is_first(lines, i, chosen, ends_same))
			continue;
		for (size_t j = i; j < lines->n; j++)
			if (is_first(lines, j, chosen, ports_alone_differ) &&
			    ends_same(&lines->items[i], &lines->items[j]))
				shown[(*n)++] = gather_ports(policy, lines, j, chosen);
	}
	return shown;
}

static bool absences_same(const struct absence *a, const struct absence *b)
{
	return a->reason == b->reason && a->setting == b->setting && a->missing == b->missing &&
	       a->loc == b->loc;
}

static struct shown_absence *find_absence(struct shown_row *row, const struct absence *absence)
{
	for (size_t i = 0; i < row->n_absences; i++)
		if (absences_same(&row->absences[i].absence, absence))
			return &row->absences[i];
	row->absences[row->n_absences].absence = *absence;
	return &row->absences[row->n_absences++];
}

static void gather_absences(const struct policy *policy, const struct section *section, struct shown_row *row)
{
	size_t n, n_row = 0;
	const struct table_line *line = table_lines(section->table, &n);

	for (size_t i = 0; i < n; i++)
		n_row += !strcmp(line[i].row, table_rows[row->row].id);
	row->absences = ARENA_ARRAY(policy->arena, struct shown_absence, n_row);
	for (size_t i = 0; i < n; i++) {
		struct shown_absence *shown;
		struct absence absence;

		if (strcmp(line[i].row, table_rows[row->row].id) != 0)
			continue;
		line_absence(section, &line[i], &absence);
		if (absence.reason == ABSENT_NOT)
			continue;
		shown = find_absence(row, &absence);
		if (!shown->lines)
			shown->lines = ARENA_ARRAY(policy->arena, const struct table_line *, n_row);
		shown->lines[shown->n++] = &line[i];
	}
}

/* The chosen section's or site rule's stretch of the lines: they stand together. */
static struct lines own_lines(const struct lines *lines, const struct section *section,
                              const struct site_rule *rule)
{
	struct lines own = {.n = 0};
	size_t i = 0;

	while (i < lines->n && (lines->items[i].section != section || lines->items[i].site_rule != rule))
		i++;
	own.items = lines->items + i;
	while (i + own.n < lines->n && own.items[own.n].section == section &&
	       own.items[own.n].site_rule == rule)
		own.n++;
	return own;
}

struct shown_row *show_rows_new(const struct policy *policy, const struct lines *lines,
                                const struct section *section, size_t *n)
{
	struct shown_row *rows = ARENA_ARRAY(policy->arena, struct shown_row, ROW_COUNT);
	struct lines own = own_lines(lines, section, NULL);

	*n = 0;
	for (int row = 0; row < ROW_COUNT; row++) {
		struct shown_row *shown = &rows[*n];
		struct chosen chosen = {.of_table = true, .row = row};

		if (table_rows[row].table != section->table)
			continue;
		shown->row = row;
		shown->override = &section->rows[row];
		shown->lines = gather_lines(policy, &own, &chosen, &shown->n_lines);
		gather_absences(policy, section, shown);
		(*n)++;
	}
	return rows;
}

struct shown_line *show_site_rule_new(const struct policy *policy, const struct lines *lines,
                                      const struct site_rule *rule, size_t *n)
{
	struct chosen all = {.of_table = false};
	struct lines own = own_lines(lines, NULL, rule);

	return gather_lines(policy, &own, &all, n);
}

const char *show_last_day(const struct site_rule *rule, char *buf, size_t size)
{
	time_t last = rule->expires - 1;
	struct tm tm;

	if (!rule->expires || !localtime_r(&last, &tm) || !strftime(buf, size, "%Y-%m-%d", &tm))
		return NULL;
	return buf;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `omfwd show` shows: the rows of each section, resolved, with what each opens and what it does not and why.
 * show_rows.c gathers it, show_table.c and show_json.c print it.
 */
#ifndef OMFWD_SHOW_H
#define OMFWD_SHOW_H

#include <jansson.h>
#include <stdio.h>

#include "policy/absence.h"
#include "policy/compile.h"

/* Lines of one row that differ in their ports alone. */
struct shown_line {
	const struct line *line;   /* the first of them */
	struct port_range *ranges; /* all their ports; one 0-0 for icmp */
	size_t n_ranges;
};

/* Lines of the documents that the row does not open, and why: one reason each. */
struct shown_absence {
	struct absence absence;
	const struct table_line **lines;
	size_t n;
};

struct shown_row {
	int row; /* index in table_rows */
	const struct row_override *override;
	struct shown_line *lines; /* those with the same ends stand together */
	size_t n_lines;
	struct shown_absence *absences;
	size_t n_absences;
};

/* The rows of the section's table, in the document's order; lives in the policy's arena. */
struct shown_row *show_rows_new(const struct policy *policy, const struct lines *lines,
                                const struct section *section, size_t *n);

/* The lines of a site rule as shown; n is 0 when it opens nothing (expired, or an end has no members). */
struct shown_line *show_site_rule_new(const struct policy *policy, const struct lines *lines,
                                      const struct site_rule *rule, size_t *n);

/* The last day a site rule is valid, "2027-01-31"; NULL when it never expires. buf of 16. */
const char *show_last_day(const struct site_rule *rule, char *buf, size_t size);

/* The role file's meaning as an aligned table for people. */
void show_print_table(const struct policy *policy, const struct lines *lines, FILE *out);

/* The same as JSON; the caller releases it. */
json_t *show_to_json(const struct policy *policy, const struct lines *lines);

#endif

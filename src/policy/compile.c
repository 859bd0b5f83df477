// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From sections and port tables to lines. For every line of the section's table: is it there at all (settings,
 * overrides), who acts for its roles, which ports does it mean here. Lines that several rows open are one line that
 * carries all their ids; install lines stay apart by row, because each row has its own window.
 */
#include "policy/compile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/absence.h"
#include "util/array.h"

struct compiler {
	struct line *items; /* on the heap until the number is known */
	size_t n, cap;
	size_t section_start; /* the lines of this section begin here */
};

enum line_phase table_line_phase(const struct section *section, const struct table_line *line)
{
	switch (section->rows[row_find(line->row)].state) {
	case ROW_BOTH:
		return PHASE_ALWAYS;
	case ROW_INSTALL:
		return PHASE_INSTALL;
	case ROW_ON:
	case ROW_OFF:
	case ROW_REVERSE:
		break;
	}
	return line->phase;
}

static bool lines_same(const struct line *a, const struct line *b)
{
	return a->from == b->from && a->to == b->to && a->proto == b->proto && a->ports.lo == b->ports.lo &&
	       a->ports.hi == b->ports.hi && a->phase == b->phase &&
	       (a->phase == PHASE_ALWAYS || a->rows[0] == b->rows[0]);
}

static void line_add_row(struct line *line, int row)
{
	for (unsigned i = 0; i < line->n_rows; i++)
		if (line->rows[i] == row)
			return;
	if (line->n_rows < LINE_ROWS_MAX)
		line->rows[line->n_rows++] = row;
}

static void compiler_add(struct compiler *c, const struct line *line)
{
	for (size_t i = c->section_start; i < c->n; i++)
		if (lines_same(&c->items[i], line)) {
			line_add_row(&c->items[i], line->rows[0]);
			return;
		}
	*ARRAY_PUSH(c->items, c->n, c->cap) = *line;
}

/* One line for every pair of acting roles that have members. */
static void compiler_add_pairs(struct compiler *c, struct line *line, role_mask from, role_mask to)
{
	const struct section *section = line->section;

	for (enum role a = 0; a < ROLE_MAX; a++) {
		if (!(from & ROLE_BIT(a)) || addr_set_is_empty(&section->roles[a].addrs))
			continue;
		for (enum role b = 0; b < ROLE_MAX; b++) {
			if (!(to & ROLE_BIT(b)) || addr_set_is_empty(&section->roles[b].addrs))
				continue;
			line->from = a;
			line->to = b;
			line->from_addrs = &section->roles[a].addrs;
			line->to_addrs = &section->roles[b].addrs;
			compiler_add(c, line);
		}
	}
}

static void compile_table_line(struct compiler *c, const struct section *section,
                               const struct table_line *source)
{
	int row = row_find(source->row);
	enum row_state state = section->rows[row].state;
	role_mask from = section_acting_mask(section, source->from),
	          to = section_acting_mask(section, source->to);
	struct port_range own_range;
	struct port_list ports = section_line_ports(section, source, &own_range);
	struct line line = {
	        .section = section,
	        .proto = source->proto,
	        .phase = table_line_phase(section, source),
	        .rows = {row},
	        .n_rows = 1,
	        .key = source->key,
	        .key_loc = ports.loc,
	};
	struct absence absence;

	line_absence(section, source, &absence);
	if (absence.reason != ABSENT_NOT)
		return;
	for (size_t i = 0; i < ports.n; i++) {
		line.ports = ports.ranges[i];
		if (state == ROW_REVERSE)
			compiler_add_pairs(c, &line, to, from);
		else
			compiler_add_pairs(c, &line, from, to);
	}
}

static void compile_site_rule(struct compiler *c, const struct site_rule *rule)
{
	static struct port_range echo_request;
	struct port_list ports = rule->ports;
	struct line line = {
	        .site_rule = rule,
	        .from_addrs = &rule->from,
	        .to_addrs = &rule->to,
	        .proto = rule->proto,
	        .phase = rule->phase,
	        .key = PORT_FIXED,
	};

	if (rule->expired || addr_set_is_empty(&rule->from) || addr_set_is_empty(&rule->to))
		return;
	if (rule->proto == PROTO_ICMP)
		ports = (struct port_list){.ranges = &echo_request, .n = 1};
	for (size_t i = 0; i < ports.n; i++) {
		line.ports = ports.ranges[i];
		*ARRAY_PUSH(c->items, c->n, c->cap) = line;
	}
}

struct lines policy_compile(const struct policy *policy)
{
	struct compiler c = {0};
	struct lines lines;

	for (size_t s = 0; s < policy->n_sections; s++) {
		size_t n;
		const struct table_line *table = table_lines(policy->sections[s].table, &n);

		c.section_start = c.n;
		for (size_t i = 0; i < n; i++)
			compile_table_line(&c, &policy->sections[s], &table[i]);
	}
	for (size_t i = 0; i < policy->n_site_rules; i++)
		compile_site_rule(&c, &policy->site_rules[i]);

	lines.n = c.n;
	lines.items = ARENA_ARRAY(policy->arena, struct line, c.n);
	if (c.n)
		memcpy(lines.items, c.items, c.n * sizeof(*c.items));
	free(c.items);
	return lines;
}

const char *line_gate_name(const struct line *line, char *buf, size_t size)
{
	if (line->section)
		snprintf(buf, size, "%s.%s", line->section->name, table_rows[line->rows[0]].id);
	else
		snprintf(buf, size, "site.%s", line->site_rule->name);
	return buf;
}

const char *line_row_ids(const struct line *line, char *buf, size_t size)
{
	size_t used = 0;

	if (!line->section) {
		snprintf(buf, size, "%s", line->site_rule->name);
		return buf;
	}
	buf[0] = '\0';
	for (unsigned i = 0; i < line->n_rows && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? ", " : "",
		                         table_rows[line->rows[i]].id);
	return buf;
}

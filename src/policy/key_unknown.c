// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A key that is not known has a reason: it belongs to another section, it names a port that the documents call fixed,
 * or it is misspelt. The answers are asked in that order of how sure they are.
 */
#include "policy/key_unknown.h"

#include <stdlib.h>
#include <string.h>

/* The first line of either table that fits: with the role at an end, or the port; fixed or not. */
static const struct table_line *find_line(role_mask roles, int port, bool fixed)
{
	for (int table = 0; table < TABLE_MAX; table++) {
		size_t n;
		const struct table_line *lines = table_lines((enum port_table)table, &n);

		for (size_t i = 0; i < n; i++) {
			bool fits = roles ? ((lines[i].from | lines[i].to) & roles) != 0
			                  : port >= lines[i].ports.lo && port <= lines[i].ports.hi;

			if (fits && lines[i].proto != PROTO_ICMP && (lines[i].key == PORT_FIXED) == fixed)
				return &lines[i];
		}
	}
	return NULL;
}

/* In [ports]: a port, or the role it belongs to, that a document says "No" to. */
static bool report_fixed(struct diag_list *diags, loc_t loc, const char *name)
{
	const struct fixed_port *port = fixed_port_find(name);
	int role = role_find(name);
	bool is_number = name[0] && strspn(name, "0123456789") == strlen(name);
	role_mask roles = role >= 0 ? ROLE_BIT(role) : 0;
	const struct table_line *fixed, *movable;

	if (port) {
		diag_error(diags, loc, "\"%s\" is fixed: row %s says \"No\" to changing %s; remove this line",
		           name, port->row, port->ports);
		return true;
	}
	if (role < 0 && !is_number)
		return false;
	movable = find_line(roles, atoi(name), false);
	fixed = find_line(roles, atoi(name), true);
	if (movable)
		diag_error(diags, loc, "\"%s\" is no key of [ports]; what row %s lets you change there is %s",
		           name, movable->row, port_key_name(movable->key));
	else if (fixed)
		diag_error(diags, loc,
		           "\"%s\" is fixed: row %s says \"No\" to changing the port; remove this line", name,
		           fixed->row);
	else
		diag_error(diags, loc,
		           "\"%s\" is no key of [ports], and no row has that port; remove this line", name);
	return true;
}

/* A key of another kind of section. */
static bool report_misplaced(struct diag_list *diags, loc_t loc, enum section_kind section, const char *name)
{
	for (int kind = 0; kind < SECTION_KIND_MAX; kind++) {
		if (key_find((enum section_kind)kind, name) < 0)
			continue;
		diag_error(diags, loc, "\"%s\" is no key of [%s]; it belongs to [%s%s]", name,
		           section_kind_words[section], section_kind_words[kind],
		           kind == SECTION_SITE_RULE ? " NAME" : "");
		return true;
	}
	return false;
}

static const char *nearest_key(enum section_kind section, const char *name)
{
	const char *candidates[KEY_ID_MAX + ROLE_MAX + 1];
	size_t n = 0;
	const char *role;

	for (int id = 0; id < KEY_COUNT; id++)
		if (keys[id].section == section)
			candidates[n++] = keys[id].name;
	for (unsigned i = 0; section == SECTION_ROLES && i < 2 * ROLE_MAX && (role = role_name_at(i)); i++)
		candidates[n++] = role;
	for (int row = 0; section == SECTION_ROWS && row < ROW_COUNT; row++)
		candidates[n++] = table_rows[row].id;
	candidates[n] = NULL;
	return nearest_word(name, candidates);
}

void key_unknown_report(struct diag_list *diags, loc_t loc, enum section_kind section, const char *name)
{
	static const char *const nouns[SECTION_KIND_MAX] = {
	        [SECTION_OMFWD] = "key of [omfwd]",
	        [SECTION_PORTS] = "key of [ports]",
	        [SECTION_ROLES] = "role",
	        [SECTION_ROWS] = "row of the port tables",
	        [SECTION_SITE_RULE] = "key of [site_rule NAME]",
	};
	const char *near;

	if (section == SECTION_PORTS && report_fixed(diags, loc, name))
		return;
	if (report_misplaced(diags, loc, section, name))
		return;
	near = nearest_key(section, name);
	if (near)
		diag_error(diags, loc, "\"%s\" is no %s; did you mean %s?", name, nouns[section], near);
	else
		diag_error(diags, loc, "\"%s\" is no %s; see omfwd.conf(5) for all of them", name,
		           nouns[section]);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* [ports] and [ports NAME]: every section gets all its port lists, from its own, the common, or the documents. */
#include "policy/load.h"

#include <stdlib.h>
#include <string.h>

#include "policy/values.h"
#include "util/array.h"
#include "util/text.h"

#define DYNAMIC_FIRST 49152

static int compare_ranges(const void *a, const void *b)
{
	const struct port_range *left = a, *right = b;

	return (left->lo > right->lo) - (left->lo < right->lo);
}

/* Sorts, and merges what overlaps; neighbours stay apart, as the administrator wrote them. */
static size_t merge_ranges(struct port_range *ranges, size_t n)
{
	size_t last = 0;

	qsort(ranges, n, sizeof(ranges[0]), compare_ranges);
	for (size_t i = 1; i < n; i++) {
		if (ranges[i].lo > ranges[last].hi)
			ranges[++last] = ranges[i];
		else if (ranges[i].hi > ranges[last].hi)
			ranges[last].hi = ranges[i].hi;
	}
	return n ? last + 1 : 0;
}

/* The parts of one line of a port list. */
static bool parse_port_line(struct load *load, int id, const struct raw_value *value,
                            struct port_range **ranges, size_t *n, size_t *cap)
{
	const char *text = value->text, *part;
	char quoted[TEXT_QUOTE_MAX];
	struct port_range range;
	bool ok = true;
	size_t len;

	while (load_next_part(&text, &part, &len)) {
		if (value_parse_ports(part, len, &range) == 0) {
			*ARRAY_PUSH(*ranges, *n, *cap) = range;
			continue;
		}
		diag_error(load->diags, value->loc, "%s cannot be %s; write %s", key_name(id),
		           text_quote(part, len, quoted, sizeof(quoted)), keys[id].right);
		ok = false;
	}
	return ok;
}

static bool is_off(int id, const struct raw_key *raw)
{
	return id == key_of_port(PORT_SQL_BROWSER) && !raw->first->next && !strcmp(raw->first->text, "off");
}

/* What only the whole list shows: that it is empty, or is not the one range that rpc_dynamic takes. */
static bool check_port_list(struct load *load, int id, const struct raw_key *raw,
                            const struct port_range *ranges, size_t n)
{
	if (!n) {
		diag_error(load->diags, raw->loc, "%s has no port; write %s", key_name(id), keys[id].right);
		return false;
	}
	if (id == key_of_port(PORT_RPC_DYNAMIC) && (n != 1 || ranges[0].lo < DYNAMIC_FIRST)) {
		diag_error(load->diags, raw->loc, "%s is not within the dynamic ports; write %s",
		           key_name(id), keys[id].right);
		return false;
	}
	return true;
}

bool load_port_list(struct load *load, int id, const struct raw_key *raw, struct port_list *ret)
{
	struct port_range *ranges = NULL;
	size_t n = 0, cap = 0;
	bool ok = true;

	if (!raw->first)
		return false;
	ret->loc = raw->loc;
	ret->ranges = NULL;
	ret->n = 0;
	if (is_off(id, raw))
		return true;
	for (const struct raw_value *value = raw->first; value; value = value->next)
		ok = parse_port_line(load, id, value, &ranges, &n, &cap) && ok;
	if (ok && check_port_list(load, id, raw, ranges, n)) {
		ret->ranges = ARENA_ARRAY(load->arena, struct port_range, n);
		memcpy(ret->ranges, ranges, n * sizeof(ranges[0]));
		ret->n = merge_ranges(ret->ranges, n);
	}
	free(ranges);
	return ret->n > 0;
}

/* The port lists of one raw section; loc is 0 where nothing is set. */
static void load_port_lists(struct load *load, const struct raw_section *raw, struct port_list *ret)
{
	for (int port = 0; raw && port < PORT_KEY_MAX; port++) {
		int id = key_of_port((enum port_key)port);

		load_port_list(load, id, &raw->keys[id], &ret[port]);
	}
}

/* What the documents say. The texts of the table of keys are right by construction (and by a test). */
static void default_port_lists(struct load *load, enum port_table table, struct port_list *ret)
{
	for (int port = 0; port < PORT_KEY_MAX; port++) {
		int id = key_of_port((enum port_key)port);
		bool other = table == TABLE_2016 && keys[id].default_2016;
		struct raw_value value = {.text = other ? keys[id].default_2016 : keys[id].default_text};
		struct raw_key raw = {.first = &value};

		load_port_list(load, id, &raw, &ret[port]);
	}
}

static bool table_has_port(enum port_table table, enum port_key key)
{
	size_t n;
	const struct table_line *lines = table_lines(table, &n);

	for (size_t i = 0; i < n; i++)
		if (lines[i].key == key)
			return true;
	return false;
}

/* A common key that no section's table knows does nothing, and should not do so in silence. */
static void warn_unused_ports(struct load *load, const struct port_list *common)
{
	const struct policy *policy = load->policy;

	for (int port = 0; port < PORT_KEY_MAX; port++) {
		bool used = !common[port].loc || !policy->n_sections;

		for (size_t i = 0; i < policy->n_sections && !used; i++)
			used = table_has_port(policy->sections[i].table, (enum port_key)port);
		if (!used)
			diag_warning(load->diags, common[port].loc,
			             "%s is in no section's port table, so it does nothing; remove this line",
			             port_key_name((enum port_key)port));
	}
}

/* In [ports NAME] such a key can only be a mistake. */
static void refuse_unused_ports(struct load *load, const struct section *section, const struct port_list *own)
{
	for (int port = 0; port < PORT_KEY_MAX; port++)
		if (own[port].loc && !table_has_port(section->table, (enum port_key)port))
			diag_error(load->diags, own[port].loc,
			           "%s does not exist in the port table of section %s (table = %s); remove "
			           "this line",
			           port_key_name((enum port_key)port), section->name,
			           port_table_name(section->table));
}

static void load_section_ports(struct load *load, struct section *section, const struct port_list *common)
{
	struct port_list own[PORT_KEY_MAX] = {0};

	default_port_lists(load, section->table, section->ports);
	load_port_lists(load, role_file_section(load->raw, SECTION_PORTS, section->name), own);
	refuse_unused_ports(load, section, own);
	for (int port = 0; port < PORT_KEY_MAX; port++) {
		if (own[port].loc)
			section->ports[port] = own[port];
		else if (common[port].loc)
			section->ports[port] = common[port];
	}
}

void load_ports(struct load *load)
{
	struct port_list common[PORT_KEY_MAX] = {0};
	struct policy *policy = load->policy;
	char text[SECTION_TEXT_MAX];

	load_port_lists(load, role_file_section(load->raw, SECTION_PORTS, NULL), common);
	warn_unused_ports(load, common);
	for (size_t i = 0; i < policy->n_sections; i++)
		load_section_ports(load, &policy->sections[i], common);
	for (const struct raw_section *raw = load->raw; raw; raw = raw->next)
		if (raw->kind == SECTION_PORTS && raw->name)
			load_find_section(load, raw->name, raw->loc,
			                  role_file_section_text(raw->kind, raw->name, text, sizeof(text)));
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From lines to checks. A host is tried as it is; a network cannot be, so that it becomes one check that waits for a
 * target to be named. Of a range of ports one is tried, the first: hardly anything listens there, but whether a refusal
 * or nothing comes back tells whether the gateway lets it pass.
 */
#include "words/verify_script.h"

#include <stdlib.h>
#include <string.h>

#include "util/array.h"

#define PORT_DNS  53
#define PORT_SNMP 161

const char *probe_name(enum probe probe)
{
	static const char *const names[PROBE_MAX] = {
	        [PROBE_NONE] = "none",
	        [PROBE_DNS] = "dns",
	        [PROBE_SNMP] = "snmp",
	        [PROBE_SQL_BROWSER] = "sql_browser",
	};

	return names[probe];
}

void script_print_word(const char *word, FILE *out)
{
	static const char plain[] =
	        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._:/,@+=-";

	for (; *word; word++)
		fputc(strchr(plain, *word) ? *word : '_', out);
}

void script_print_origin(const struct script *script, FILE *out)
{
	fputs("# Tests from this host what omfwd opens for ", out);
	script_print_word(role_name(script->role), out);
	fputs(" in section ", out);
	script_print_word(script->section->name, out);
	fputs(".\n# Made by omfwd verify-script from ", out);
	script_print_word(script->policy->path, out);
}

static enum probe probe_of(const struct line *line)
{
	if (line->proto != PROTO_UDP)
		return PROBE_NONE;
	if (line->key == PORT_SQL_BROWSER)
		return PROBE_SQL_BROWSER;
	if (line->ports.lo == PORT_DNS && line->ports.hi == PORT_DNS)
		return PROBE_DNS;
	if (line->ports.lo == PORT_SNMP && line->ports.hi == PORT_SNMP)
		return PROBE_SNMP;
	return PROBE_NONE;
}

struct check_list {
	struct script_check *items;
	size_t n, cap;
};

static void add_check(struct check_list *list, const struct script_check *pattern, const char *address,
                      bool is_network)
{
	struct script_check *check = ARRAY_PUSH(list->items, list->n, list->cap);

	*check = *pattern;
	check->address = address;
	check->is_network = is_network;
}

/* Hosts one by one as long as they are few; whatever is wider, or too much, is one check for a target of one's choice. */
static void add_line(struct check_list *list, struct arena *arena, const struct line *line)
{
	const struct addr_set *to = line->to_addrs;
	char ids[ROW_IDS_MAX], text[ADDR_TEXT_MAX];
	struct script_check pattern = {
	        .line = line,
	        .rows = arena_strdup(arena, line_row_ids(line, ids, sizeof(ids))),
	        .role = line->section                 ? role_name(line->to)
	                : line->site_rule->to_section ? role_name(line->site_rule->to_role)
	                                              : line->site_rule->name,
	        .probe = probe_of(line),
	};
	size_t hosts = 0, network = 0;

	for (size_t i = 0; i < to->n4 + to->n6; i++) {
		bool v4 = i < to->n4;
		bool host =
		        v4 ? to->v4[i].lo == to->v4[i].hi : to->v6[i - to->n4].lo == to->v6[i - to->n4].hi;

		if (v4 ? !line->from_addrs->n4 : !line->from_addrs->n6) /* nobody of ours speaks it */
			continue;
		if (v4)
			addr_format4(&to->v4[i], text, sizeof(text));
		else
			addr_format6(&to->v6[i - to->n4], text, sizeof(text));
		if (host && hosts++ < CHECK_HOSTS_MAX)
			add_check(list, &pattern, arena_strdup(arena, text), false);
		else if (!network++)
			add_check(list, &pattern, arena_strdup(arena, text), true);
	}
}

static bool is_of_role(const struct line *line, const struct section *section, enum role role)
{
	if (line->section)
		return line->section == section && line->from == role;
	return line->site_rule->from_section == section && line->site_rule->from_role == role;
}

void script_new(const struct policy *policy, const struct lines *lines, const struct section *section,
                enum role role, struct script *ret)
{
	struct check_list list = {.n = 0};

	*ret = (struct script){.policy = policy, .section = section, .role = role};
	for (enum line_phase phase = PHASE_ALWAYS; phase <= PHASE_INSTALL; phase++)
		for (size_t i = 0; i < lines->n; i++)
			if (lines->items[i].phase == phase && is_of_role(&lines->items[i], section, role))
				add_line(&list, policy->arena, &lines->items[i]);
	ret->n = list.n;
	ret->checks = ARENA_ARRAY(policy->arena, struct script_check, list.n);
	if (list.n)
		memcpy(ret->checks, list.items, list.n * sizeof(*list.items));
	free(list.items);
}

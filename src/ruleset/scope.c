// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whose packets are judged. With deny_scope roles or servers only packets from and to servers can be denied, and nothing has to be
 * accepted but those and the lines without servers: these addresses are judged, alone. Where everything can be denied,
 * where it matters which rule accepts (for the mark), and where a site rule stands between any addresses, all packets are.
 *
 * When rules are loaded, kernels that keep no notes of it (6.1 does not) follow every path of jumps, and each host that has a
 * chain of its own adds one through all that denies. Where these become many, all packets are judged, too: those that the
 * maps of ends accept are as fast as before, the rest asks for servers once more.
 */
#include "ruleset/builder.h"

/* Rules on all paths from one hook, at about 10 ns each. */
#define PATHS_MAX 2000000u

/* A host's, for each group: mostly the services that connections met in the middle ask for. */
#define PATHS_A_GROUP 300u

void builder_gather_servers(const struct builder *b, struct addr_set *all)
{
	for (size_t s = 0; s < b->policy->n_sections; s++)
		for (enum role role = 0; role < ROLE_MAX; role++)
			if (role_is_server(role))
				addr_set_add_set(all, &b->policy->sections[s].roles[role].addrs);
}

static bool line_has_server(const struct line *line)
{
	const struct site_rule *rule = line->site_rule;

	if (line->section)
		return role_is_server(line->from) || role_is_server(line->to);
	return (rule->from_section && role_is_server(rule->from_role)) ||
	       (rule->to_section && role_is_server(rule->to_role));
}

/* Of a line between two roles that are no servers, the end that is a handful of hosts. */
static enum role small_end(const struct line *line)
{
	return line->to == ROLE_WINDOWS_AGENT || line->to == ROLE_MANAGEMENT_PACK_CATALOG ? line->from
	                                                                                  : line->to;
}

/* Adds one end of every line without servers. False when there is no telling: a site rule between any addresses. */
static bool gather_others(const struct builder *b, struct addr_set *all)
{
	for (size_t i = 0; i < b->lines->n; i++) {
		const struct line *line = &b->lines->items[i];

		if (line_has_server(line))
			continue;
		if (!line->section)
			return false;
		addr_set_add_set(all, &line->section->roles[small_end(line)].addrs);
	}
	return true;
}

/* That have chains of their own. */
static uint64_t count_hosts(const struct addr_set *addrs)
{
	uint64_t n4 = 0, n6 = 0;

	for (size_t i = 0; i < addrs->n4; i++)
		n4 += addrs->v4[i].lo == addrs->v4[i].hi;
	for (size_t i = 0; i < addrs->n6; i++)
		n6 += addrs->v6[i].lo == addrs->v6[i].hi;
	return (n4 > KEYS_MAX ? 0 : n4) + (n6 > KEYS_MAX ? 0 : n6);
}

static uint64_t count_groups(const struct builder *b)
{
	uint64_t n = 0;

	for (size_t s = 0; s < b->policy->n_sections; s++)
		for (enum role role = 0; role < ROLE_MAX; role++)
			n += !addr_set_is_empty(&b->policy->sections[s].roles[role].addrs);
	return n;
}

/* Whether kernels that follow every path are done with them at once. */
static bool paths_are_few(const struct builder *b, const struct addr_set *judged)
{
	return count_hosts(judged) <= PATHS_MAX / PATHS_A_GROUP / (count_groups(b) + 1);
}

void builder_find_judged(struct builder *b)
{
	const struct settings *settings = &b->policy->settings;
	bool scoped = settings->deny_scope == DENY_ROLES || settings->deny_scope == DENY_SERVERS;
	struct addr_set all = {0};

	b->judged_alone = gather_others(b, &all) && scoped && !settings->accept_mark_set;
	b->judged_more = !addr_set_is_empty(&all);
	builder_gather_servers(b, &all);
	addr_set_canonicalize(&all);
	b->judged_alone = b->judged_alone && !addr_set_is_empty(&all) && paths_are_few(b, &all);
	b->judged = builder_keep_addrs(b, &all);
}

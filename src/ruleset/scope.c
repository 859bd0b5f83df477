// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whose packets are judged. With deny_scope roles or servers only packets from and to servers can be denied, and nothing has to be
 * accepted but those and the lines without servers: these addresses are judged, alone. Where everything can be denied,
 * where it matters which rule accepts (for the mark), and where a site rule stands between any addresses, all packets are.
 *
 * The chains of hosts lead on to what judges them, so that nobody has to ask once more whose packet it is. But when rules are
 * loaded, kernels that keep no notes of it (6.1 does not) follow every path of jumps, and each host has two that go through
 * all that denies. Where these become many, the hosts' chains end, and their packets are found by address like the others'.
 */
#include "ruleset/builder.h"

/* Rules on all paths from one hook, at about 10 ns each. */
#define PATHS_MAX 5000000u

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

/* Rules that ask for roles (deny.c): each family of a role as source and as destination. */
static uint64_t count_role_rules(const struct builder *b)
{
	uint64_t n = 0;

	for (size_t s = 0; s < b->policy->n_sections; s++)
		for (enum role role = 0; role < ROLE_MAX; role++) {
			const struct addr_set *addrs = &b->policy->sections[s].roles[role].addrs;

			n += 2 * ((addrs->n4 > 0) + (addrs->n6 > 0));
		}
	return n;
}

/* Rules that connections met in the middle are looked up in (judge.c), each as often as there are ways to its chain. */
static uint64_t count_resumed_rules(const struct builder *b)
{
	static const unsigned ways[PROTO_MAX] = {[PROTO_TCP] = 4, [PROTO_UDP] = 3};
	uint64_t n = 0;

	for (size_t i = 0; i < b->lines->n; i++) {
		const struct line *line = &b->lines->items[i];
		unsigned families = (line->from_addrs->n4 && line->to_addrs->n4) +
		                    (line->from_addrs->n6 && line->to_addrs->n6);

		/* a row of the install phase has a gate of two rules */
		if (!port_range_is_wide(line->ports))
			n += families * ways[line->proto] * (line->phase == PHASE_INSTALL ? 3 : 1);
	}
	return n;
}

/* Whether kernels that follow every path are done with those of the hosts at once. */
static bool paths_are_few(const struct builder *b, const struct addr_set *judged)
{
	uint64_t hosts = builder_count_keys(judged, FAMILY_4) + builder_count_keys(judged, FAMILY_6);
	unsigned sets = (judged->n4 > 0) + (judged->n6 > 0);

	return 2 * hosts * (sets * count_role_rules(b) + count_resumed_rules(b)) <= PATHS_MAX;
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
	b->judged_alone = b->judged_alone && !addr_set_is_empty(&all);
	b->ends_lead_on = b->judged_alone && paths_are_few(b, &all);
	b->judged = builder_keep_addrs(b, &all);
}

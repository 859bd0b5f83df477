// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whose packets are judged. With deny_scope roles or servers only packets from and to servers can be denied, and nothing has to be
 * accepted but those and the lines without servers: these addresses are judged, alone. Where everything can be denied,
 * where it matters which rule accepts (for the mark), and where a site rule stands between any addresses, all packets are.
 */
#include "ruleset/builder.h"

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
	b->judged = builder_keep_addrs(b, &all);
}

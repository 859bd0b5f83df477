// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The verdict on one packet, worked out from the same lines the nft table is built from: a line that matches and is
 * open allows; else the deny scope decides, then never_deny, then the mode. Why a denied packet is denied is the
 * business of denial.c.
 */
#include "policy/denial.h"

/* What matters about the roles of one end; exact, however long the list is. */
struct holding {
	bool any, server;
};

static enum openness line_openness(const struct line *line, const struct gates *gates)
{
	char gate[GATE_NAME_MAX];

	if (line->phase == PHASE_ALWAYS)
		return OPEN_ALWAYS;
	if (gates->now_open && gates->now_open(line_gate_name(line, gate, sizeof(gate)), gates->data))
		return OPEN_NOW;
	return OPEN_CLOSED;
}

bool line_is_open(const struct line *line, gate_is_open_fn now_open, void *data)
{
	struct gates gates = {.now_open = now_open, .data = data};

	return line_openness(line, &gates) != OPEN_CLOSED;
}

bool line_matches(const struct line *line, const struct query *query)
{
	if (line->proto != query->proto)
		return false;
	if (line->proto != PROTO_ICMP && (query->port < line->ports.lo || line->ports.hi < query->port))
		return false;
	return addr_set_find(line->from_addrs, &query->src) >= 0 &&
	       addr_set_find(line->to_addrs, &query->dst) >= 0;
}

const struct line *find_line(const struct lines *lines, const struct query *query, const struct gates *gates)
{
	enum openness best_openness = OPEN_CLOSED;
	const struct line *best = NULL;

	for (size_t i = 0; i < lines->n; i++) {
		const struct line *line = &lines->items[i];

		if (!line_matches(line, query))
			continue;
		if (!best || line_openness(line, gates) > best_openness) {
			best = line;
			best_openness = line_openness(line, gates);
		}
	}
	return best;
}

static struct holding list_roles(const struct policy *policy, const struct addr *addr, struct held_role *held,
                                 size_t *n)
{
	struct holding holding = {0};

	*n = 0;
	for (size_t s = 0; s < policy->n_sections; s++)
		for (enum role role = 0; role < ROLE_MAX; role++) {
			const struct section *section = &policy->sections[s];
			const struct addr_set *addrs = &section->roles[role].addrs;
			ptrdiff_t at = addr_set_find(addrs, addr);

			if (at < 0)
				continue;
			holding.any = true;
			holding.server |= role_is_server(role);
			if (*n < HELD_ROLES_MAX)
				held[(*n)++] = (struct held_role){
				        .section = section,
				        .role = role,
				        .loc = addr->is_v6 ? addrs->v6[at].loc : addrs->v4[at].loc,
				};
		}
	return holding;
}

static bool scope_denies(enum deny_scope scope, enum packet_path path, struct holding src, struct holding dst)
{
	bool server_and_role = (src.server && dst.any) || (dst.server && src.any);

	switch (scope) {
	case DENY_NONE:
		return false;
	case DENY_ROLES:
		return server_and_role;
	case DENY_SERVERS:
		return src.server || dst.server;
	case DENY_EVERYTHING:
		return path == PATH_FORWARD || server_and_role;
	}
	return false;
}

static enum verdict verdict_without_line(const struct policy *policy, const struct query *query,
                                         struct holding src, struct holding dst)
{
	if (!scope_denies(policy->settings.deny_scope, query->path, src, dst))
		return VERDICT_NOT_JUDGED;
	if (addr_set_find(&policy->never_deny, &query->src) >= 0 ||
	    addr_set_find(&policy->never_deny, &query->dst) >= 0)
		return VERDICT_NEVER_DENY;
	return policy->settings.mode == MODE_AUDIT ? VERDICT_AUDITED : VERDICT_DENIED;
}

static void judge(const struct policy *policy, const struct lines *lines, const struct query *query,
                  const struct gates *gates, struct explanation *ret)
{
	struct holding src, dst;

	*ret = (struct explanation){0};
	src = list_roles(policy, &query->src, ret->src_roles, &ret->n_src_roles);
	dst = list_roles(policy, &query->dst, ret->dst_roles, &ret->n_dst_roles);

	ret->line = find_line(lines, query, gates);
	if (ret->line && line_openness(ret->line, gates) != OPEN_CLOSED) {
		ret->verdict = VERDICT_ALLOWED;
		return;
	}
	ret->line = NULL;
	ret->verdict = verdict_without_line(policy, query, src, dst);
}

static void list_keepers(const struct lines *lines, const struct query *query, const struct gates *gates,
                         struct explanation *ret)
{
	for (size_t i = 0; i < lines->n; i++) {
		const struct line *line = &lines->items[i];

		if (!line_matches(line, query))
			continue;
		if (ret->n_keepers < KEEPERS_MAX)
			ret->keepers[ret->n_keepers] = (struct keeper){
			        .line = line, .open = line_openness(line, gates) != OPEN_CLOSED};
		ret->n_keepers++;
	}
}

void policy_explain(const struct policy *policy, const struct lines *lines, const struct query *query,
                    gate_is_open_fn now_open, void *data, struct explanation *ret)
{
	struct gates gates = {.now_open = now_open, .data = data};

	judge(policy, lines, query, &gates, ret);
	list_keepers(lines, query, &gates, ret);
	if (ret->verdict == VERDICT_DENIED || ret->verdict == VERDICT_AUDITED)
		denial_find_reason(policy, lines, query, &gates, ret);
}

enum verdict policy_judge(const struct policy *policy, const struct lines *lines, const struct query *query,
                          gate_is_open_fn now_open, void *data)
{
	struct gates gates = {.now_open = now_open, .data = data};
	struct explanation explanation;

	judge(policy, lines, query, &gates, &explanation);
	return explanation.verdict;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The verdict on one packet, worked out from the same lines the nft table is built from: a line that matches and is
 * open allows; else the deny scope decides, then never_deny, then the mode. For a denial the lines are asked again,
 * each time with one thing changed (phase, protocol, direction), and then the documents, to find the reason that lies
 * nearest.
 */
#include "policy/explain.h"

#include "policy/absence.h"

struct gates {
	gate_is_open_fn now_open;
	void *data;
};

/* What matters about the roles of one end; exact, however long the list is. */
struct holding {
	bool any, server;
};

static bool line_carries(const struct line *line, enum proto proto, uint16_t port)
{
	if (line->proto != proto)
		return false;
	return proto == PROTO_ICMP || (line->ports.lo <= port && port <= line->ports.hi);
}

enum openness { OPEN_CLOSED, OPEN_NOW, OPEN_ALWAYS };

static enum openness line_openness(const struct line *line, const struct gates *gates)
{
	char gate[GATE_NAME_MAX];

	if (line->phase == PHASE_ALWAYS)
		return OPEN_ALWAYS;
	if (gates->now_open && gates->now_open(line_gate_name(line, gate, sizeof(gate)), gates->data))
		return OPEN_NOW;
	return OPEN_CLOSED;
}

/* The most open of the lines that match, the first of equals; NULL if none does. */
static const struct line *find_line(const struct lines *lines, const struct query *query,
                                    const struct gates *gates)
{
	enum openness best_openness = OPEN_CLOSED;
	const struct line *best = NULL;

	for (size_t i = 0; i < lines->n; i++) {
		const struct line *line = &lines->items[i];

		if (!line_carries(line, query->proto, query->port) ||
		    addr_set_find(line->from_addrs, &query->src) < 0 ||
		    addr_set_find(line->to_addrs, &query->dst) < 0)
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

/* True when the documents let src open the query's port to dst, each role as its own section understands it. */
static bool document_opens(const struct table_line *line, const struct held_role *src,
                           const struct held_role *dst)
{
	bool reversed = dst->section->rows[row_find(line->row)].state == ROW_REVERSE;
	role_mask from = section_acting_mask(src->section, reversed ? line->to : line->from);
	role_mask to = section_acting_mask(dst->section, reversed ? line->from : line->to);

	return (from & ROLE_BIT(src->role)) && (to & ROLE_BIT(dst->role));
}

static bool document_carries(const struct table_line *line, const struct section *section,
                             const struct query *query)
{
	struct port_range own_range;
	struct port_list ports = section_line_ports(section, line, &own_range);

	return line->proto == query->proto &&
	       (line->proto == PROTO_ICMP || port_list_has(&ports, query->port));
}

/* As above, but with the port the document names, which a key of the role file may have moved. */
static bool document_names(const struct table_line *line, const struct query *query)
{
	return line->proto == query->proto && (line->proto == PROTO_ICMP || (line->ports.lo <= query->port &&
	                                                                     query->port <= line->ports.hi));
}

static bool line_is_taken_away(const struct section *section, const struct table_line *line)
{
	struct absence absence;

	line_absence(section, line, &absence);
	return absence.reason != ABSENT_NOT && absence.reason != ABSENT_UNASSIGNED;
}

/*
 * Looks for a line of the documents between two held roles: of different sections and otherwise in force (apart), or
 * of one section and taken away or moved by the role file. The listener's section decides about ports and settings.
 */
static bool find_document_line(const struct held_role *src, const struct held_role *dst,
                               const struct query *query, bool apart, struct document_line *ret)
{
	size_t n;
	const struct table_line *lines = table_lines(dst->section->table, &n);

	if (apart != (src->section != dst->section))
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct table_line *line = &lines[i];
		bool concerned =
		        apart ? document_carries(line, dst->section, query) &&
		                        !line_is_taken_away(dst->section, line)
		              : document_names(line, query) || document_carries(line, dst->section, query);

		if (concerned && document_opens(line, src, dst)) {
			*ret = (struct document_line){.line = line, .src = *src, .dst = *dst};
			return true;
		}
	}
	return false;
}

static bool find_document_pair(struct explanation *explanation, const struct query *query, bool apart)
{
	for (size_t i = 0; i < explanation->n_src_roles; i++)
		for (size_t j = 0; j < explanation->n_dst_roles; j++)
			if (find_document_line(&explanation->src_roles[i], &explanation->dst_roles[j], query,
			                       apart, &explanation->document))
				return true;
	return false;
}

/* The line found with the query changed in one way, if any; notes the reason with it. */
static bool try_line(struct explanation *explanation, const struct lines *lines, const struct query *query,
                     const struct gates *gates, enum denial_reason reason)
{
	explanation->line = find_line(lines, query, gates);
	if (explanation->line)
		explanation->reason = reason;
	return explanation->line;
}

/* Such rules have no lines. */
static const struct site_rule *find_expired_rule(const struct policy *policy, const struct query *query)
{
	for (size_t i = 0; i < policy->n_site_rules; i++) {
		const struct site_rule *rule = &policy->site_rules[i];

		if (rule->expired && rule->proto == query->proto &&
		    (rule->proto == PROTO_ICMP || port_list_has(&rule->ports, query->port)) &&
		    addr_set_find(&rule->from, &query->src) >= 0 &&
		    addr_set_find(&rule->to, &query->dst) >= 0)
			return rule;
	}
	return NULL;
}

static void find_reason(const struct policy *policy, const struct lines *lines, const struct query *query,
                        const struct gates *gates, struct explanation *ret)
{
	struct query other = *query, reverse = *query;

	other.proto = query->proto == PROTO_TCP ? PROTO_UDP : PROTO_TCP;
	reverse.src = query->dst;
	reverse.dst = query->src;
	if (try_line(ret, lines, query, gates, REASON_WINDOW_CLOSED))
		return;
	ret->site_rule = find_expired_rule(policy, query);
	if (ret->site_rule) {
		ret->reason = REASON_RULE_EXPIRED;
		return;
	}
	if ((query->proto != PROTO_ICMP && try_line(ret, lines, &other, gates, REASON_OTHER_PROTOCOL)) ||
	    try_line(ret, lines, &reverse, gates, REASON_OPPOSITE_DIRECTION))
		return;
	if (find_document_pair(ret, query, true)) {
		ret->reason = REASON_OTHER_SECTION;
		return;
	}
	find_document_pair(ret, query, false);
	ret->reason = ret->n_src_roles && ret->n_dst_roles ? REASON_NO_LINE : REASON_NO_ROLE;
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

void policy_explain(const struct policy *policy, const struct lines *lines, const struct query *query,
                    gate_is_open_fn now_open, void *data, struct explanation *ret)
{
	struct gates gates = {.now_open = now_open, .data = data};

	judge(policy, lines, query, &gates, ret);
	if (ret->verdict == VERDICT_DENIED || ret->verdict == VERDICT_AUDITED)
		find_reason(policy, lines, query, &gates, ret);
}

enum verdict policy_judge(const struct policy *policy, const struct lines *lines, const struct query *query,
                          gate_is_open_fn now_open, void *data)
{
	struct gates gates = {.now_open = now_open, .data = data};
	struct explanation explanation;

	judge(policy, lines, query, &gates, &explanation);
	return explanation.verdict;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Why a packet is denied. The compiled lines are asked again, each time with one thing changed (phase, protocol,
 * direction); then the documents, for roles the ends do hold (in other sections, in the other document, with the port
 * moved or the line taken away); then what is known about the port apart from the documents. The first answer is the
 * nearest. REASON_NO_LINE and REASON_NO_ROLE are left when nothing is found.
 */
#include "policy/denial.h"

#include "policy/absence.h"
#include "policy/known_ports.h"

#define HTTPS_PORT 443

role_mask document_side(const struct section *section, const struct table_line *line, bool opens)
{
	bool reversed = section->rows[row_find(line->row)].state == ROW_REVERSE;

	return section_acting_mask(section, opens != reversed ? line->from : line->to);
}

bool document_carries(const struct table_line *line, const struct section *section, const struct query *query)
{
	struct port_range own_range;
	struct port_list ports = section_line_ports(section, line, &own_range);

	return line->proto == query->proto &&
	       (line->proto == PROTO_ICMP || port_list_has(&ports, query->port));
}

/* As above, but with the port the document names, which a key of the role file may have moved. */
static bool document_names(const struct table_line *line, const struct query *query)
{
	if (line->proto != query->proto)
		return false;
	/* The one key whose default is two ports. */
	if (line->key == PORT_WEB_CONSOLE && line->ports.lo == 80 && query->port == HTTPS_PORT)
		return true;
	return line->proto == PROTO_ICMP || (line->ports.lo <= query->port && query->port <= line->ports.hi);
}

bool document_would_hold(const struct section *section, const struct table_line *line, enum role added)
{
	struct absence absence;

	line_absence(section, line, &absence);
	if (absence.reason != ABSENT_UNASSIGNED)
		return absence.reason == ABSENT_NOT;
	return line->condition != LINE_KERBEROS_ACROSS || added == ROLE_REMOTE_DOMAIN_CONTROLLER ||
	       section->roles[ROLE_REMOTE_DOMAIN_CONTROLLER].assigned;
}

/* Whether a line that the documents have between roles of src and dst is the one that is looked for. */
typedef bool (*line_wanted_fn)(const struct table_line *line, const struct held_role *src,
                               const struct held_role *dst, const struct query *query);

/* The listener's section decides about ports and settings. */
static bool is_of_other_section(const struct table_line *line, const struct held_role *src,
                                const struct held_role *dst, const struct query *query)
{
	return src->section != dst->section && document_carries(line, dst->section, query) &&
	       document_would_hold(dst->section, line, src->role);
}

static bool is_moved(const struct table_line *line, const struct held_role *src, const struct held_role *dst,
                     const struct query *query)
{
	struct absence absence;

	line_absence(dst->section, line, &absence);
	return src->section == dst->section && document_names(line, query) && absence.reason == ABSENT_NOT;
}

static bool is_taken_away(const struct table_line *line, const struct held_role *src,
                          const struct held_role *dst, const struct query *query)
{
	return src->section == dst->section &&
	       (document_names(line, query) || document_carries(line, dst->section, query));
}

/* Keys that the section's own document does not have still hold where they were set for others. */
static bool is_of_other_table(const struct table_line *line, const struct held_role *src,
                              const struct held_role *dst, const struct query *query)
{
	bool is_set = line->key != PORT_FIXED && dst->section->ports[line->key].loc;

	return src->section == dst->section && document_would_hold(dst->section, line, src->role) &&
	       (is_set ? document_carries(line, dst->section, query) : document_names(line, query));
}

/* A line of the table between two held roles, each as its own section understands it; one that is always open, if any. */
static const struct table_line *find_between(enum port_table table, const struct held_role *src,
                                             const struct held_role *dst, const struct query *query,
                                             line_wanted_fn is_wanted)
{
	size_t n;
	const struct table_line *lines = table_lines(table, &n), *best = NULL;

	for (size_t i = 0; i < n; i++) {
		bool reversed = dst->section->rows[row_find(lines[i].row)].state == ROW_REVERSE;
		role_mask from = reversed ? lines[i].to : lines[i].from;
		role_mask to = reversed ? lines[i].from : lines[i].to;

		if (best && table_line_phase(dst->section, best) <= table_line_phase(dst->section, &lines[i]))
			continue;
		if (is_wanted(&lines[i], src, dst, query) &&
		    (section_acting_mask(src->section, from) & ROLE_BIT(src->role)) &&
		    (section_acting_mask(dst->section, to) & ROLE_BIT(dst->role)))
			best = &lines[i];
	}
	return best;
}

static enum port_table other_table(enum port_table table)
{
	return table == TABLE_CURRENT ? TABLE_2016 : TABLE_CURRENT;
}

/* Goes through all pairs of roles that the ends hold; notes the line with the reason. */
static bool try_documents(struct explanation *explanation, const struct query *query, bool other,
                          line_wanted_fn is_wanted, enum denial_reason reason)
{
	for (size_t i = 0; i < explanation->n_src_roles; i++)
		for (size_t j = 0; j < explanation->n_dst_roles; j++) {
			const struct held_role *src = &explanation->src_roles[i],
			                       *dst = &explanation->dst_roles[j];
			enum port_table table = dst->section->table;
			const struct table_line *line =
			        find_between(other ? other_table(table) : table, src, dst, query, is_wanted);

			if (!line)
				continue;
			explanation->document =
			        (struct document_line){.line = line, .src = *src, .dst = *dst};
			explanation->reason = reason;
			return true;
		}
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
static bool try_expired_rules(struct explanation *explanation, const struct policy *policy,
                              const struct query *query)
{
	for (size_t i = 0; i < policy->n_site_rules; i++) {
		const struct site_rule *rule = &policy->site_rules[i];

		if (rule->expired && rule->proto == query->proto &&
		    (rule->proto == PROTO_ICMP || port_list_has(&rule->ports, query->port)) &&
		    addr_set_find(&rule->from, &query->src) >= 0 &&
		    addr_set_find(&rule->to, &query->dst) >= 0) {
			explanation->site_rule = rule;
			explanation->reason = REASON_RULE_EXPIRED;
			return true;
		}
	}
	return false;
}

/* What the compiled lines, or those that have expired, say. */
static bool try_lines(struct explanation *explanation, const struct policy *policy, const struct lines *lines,
                      const struct query *query, const struct gates *gates)
{
	struct query other = *query, reverse = *query;

	other.proto = query->proto == PROTO_TCP ? PROTO_UDP : PROTO_TCP;
	reverse.src = query->dst;
	reverse.dst = query->src;
	return try_line(explanation, lines, query, gates, REASON_WINDOW_CLOSED) ||
	       try_expired_rules(explanation, policy, query) ||
	       (query->proto != PROTO_ICMP &&
	        try_line(explanation, lines, &other, gates, REASON_OTHER_PROTOCOL)) ||
	       try_line(explanation, lines, &reverse, gates, REASON_OPPOSITE_DIRECTION);
}

/*
 * What the documents say. The other document is asked only where the section's own has nothing about the port: a row
 * that both have and the role file turns off is turned off, and not of the other document.
 */
static bool try_all_documents(struct explanation *explanation, const struct query *query)
{
	return try_documents(explanation, query, false, is_of_other_section, REASON_OTHER_SECTION) ||
	       try_documents(explanation, query, false, is_moved, REASON_PORT_MOVED) ||
	       try_documents(explanation, query, false, is_taken_away, REASON_TAKEN_AWAY) ||
	       try_documents(explanation, query, true, is_of_other_table, REASON_OTHER_TABLE);
}

static role_mask held_mask(const struct held_role *held, size_t n)
{
	role_mask mask = 0;

	for (size_t i = 0; i < n; i++)
		mask |= ROLE_BIT(held[i].role);
	return mask;
}

void denial_find_reason(const struct policy *policy, const struct lines *lines, const struct query *query,
                        const struct gates *gates, struct explanation *ret)
{
	ret->known = known_port_find(held_mask(ret->src_roles, ret->n_src_roles),
	                             held_mask(ret->dst_roles, ret->n_dst_roles), query->proto, query->port);
	if (try_lines(ret, policy, lines, query, gates) || try_all_documents(ret, query))
		return;
	if (ret->known) {
		ret->reason = REASON_KNOWN_PORT;
	} else if (ret->n_src_roles && ret->n_dst_roles) {
		ret->reason = REASON_NO_LINE;
	} else {
		ret->reason = REASON_NO_ROLE;
		nearest_find(policy, query, ret);
	}
}

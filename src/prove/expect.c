// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The second opinion. It is slow and repeats what compile.c and deny.c know, on purpose: what the two have in common is
 * the port tables and the role file as it was read, and nothing that was made of them.
 */
#include "prove/expect.h"

#include <string.h>

role_mask expect_roles(const struct section *section, role_mask named)
{
	static const struct {
		role_mask role, instead;
	} stand_ins[] = {
	        {ROLE_BIT(ROLE_PUSH_TARGET), ROLE_BIT(ROLE_WINDOWS_AGENT)},
	        {ROLE_BIT(ROLE_OMED_SERVICE),
	         ROLE_BIT(ROLE_MANAGEMENT_SERVER) | ROLE_BIT(ROLE_GATEWAY_SERVER)},
	        {ROLE_BIT(ROLE_SQL_REPORTING_SERVICES), ROLE_BIT(ROLE_REPORTING_SERVER)},
	};

	for (size_t i = 0; i < sizeof(stand_ins) / sizeof(stand_ins[0]); i++) {
		enum role role = 0;

		while (ROLE_BIT(role) != stand_ins[i].role)
			role++;
		if ((named & stand_ins[i].role) && !section->roles[role].assigned)
			named = (named & ~stand_ins[i].role) | stand_ins[i].instead;
	}
	return named;
}

static bool settings_allow(const struct section *section, enum line_condition condition)
{
	bool kerberos = section->authentication == AUTHENTICATION_KERBEROS;

	switch (condition) {
	case LINE_UNCONDITIONAL:
		return true;
	case LINE_KERBEROS:
		return kerberos;
	case LINE_SNMP_BIDIRECTIONAL:
		return section->snmp == SNMP_BIDIRECTIONAL;
	case LINE_CATALOG_DYNAMIC:
		return section->catalog_dynamic_ports == CATALOG_BIDIRECTIONAL;
	case LINE_KERBEROS_ACROSS:
		return kerberos && section->roles[ROLE_REMOTE_DOMAIN_CONTROLLER].assigned;
	}
	return false;
}

static bool list_has(const struct port_list *list, uint16_t port)
{
	bool has = false;

	for (size_t i = 0; i < list->n; i++)
		has |= port >= list->ranges[i].lo && port <= list->ranges[i].hi;
	return has;
}

static bool line_has_port(const struct section *section, const struct table_line *line, uint16_t port)
{
	if (line->proto == PROTO_ICMP)
		return true;
	if (line->key != PORT_FIXED)
		return list_has(&section->ports[line->key], port);
	return port >= line->ports.lo && port <= line->ports.hi;
}

static const struct row_override *row_of(const struct section *section, const char *id)
{
	size_t i = 0;

	while (strcmp(table_rows[i].id, id) != 0)
		i++;
	return &section->rows[i];
}

static bool phase_allows(const struct table_line *line, enum row_state state, bool install)
{
	switch (state) {
	case ROW_OFF:
		return false;
	case ROW_BOTH:
		return true;
	case ROW_INSTALL:
		return install;
	case ROW_ON:
	case ROW_REVERSE:
		break;
	}
	return install || line->phase == PHASE_ALWAYS;
}

static bool line_opens(const struct section *section, const struct table_line *line, role_mask src,
                       role_mask dst, const struct packet *packet, bool install)
{
	enum row_state state;
	role_mask from, to;

	if (line->proto != packet->proto || !line_has_port(section, line, packet->port))
		return false;
	state = row_of(section, line->row)->state;
	from = expect_roles(section, state == ROW_REVERSE ? line->to : line->from);
	to = expect_roles(section, state == ROW_REVERSE ? line->from : line->to);
	return (src & from) && (dst & to) && settings_allow(section, line->condition) &&
	       phase_allows(line, state, install);
}

static bool documents_open(const struct policy *policy, const struct packet *packet, bool install)
{
	for (size_t s = 0; s < policy->n_sections; s++) {
		const struct section *section = &policy->sections[s];
		role_mask src = packet->src->held[s], dst = packet->dst->held[s];
		size_t n;
		const struct table_line *lines = table_lines(section->table, &n);

		for (size_t i = 0; src && dst && i < n; i++)
			if (line_opens(section, &lines[i], src, dst, packet, install))
				return true;
	}
	return false;
}

static bool site_rules_open(const struct policy *policy, const struct packet *packet, bool install)
{
	for (size_t i = 0; i < policy->n_site_rules; i++) {
		const struct site_rule *rule = &policy->site_rules[i];

		if (packet->src->from[i] && packet->dst->to[i] && !rule->expired &&
		    rule->proto == packet->proto && (install || rule->phase == PHASE_ALWAYS) &&
		    (rule->proto == PROTO_ICMP || list_has(&rule->ports, packet->port)))
			return true;
	}
	return false;
}

static role_mask roles_anywhere(const struct policy *policy, const struct host *host)
{
	role_mask all = 0;

	for (size_t s = 0; s < policy->n_sections; s++)
		all |= host->held[s];
	return all;
}

static bool holds_server(role_mask roles)
{
	for (enum role role = 0; role < ROLE_MAX; role++)
		if ((roles & ROLE_BIT(role)) && role_is_server(role))
			return true;
	return false;
}

static bool scope_reaches(const struct policy *policy, const struct packet *packet)
{
	role_mask src = roles_anywhere(policy, packet->src), dst = roles_anywhere(policy, packet->dst);

	switch (policy->settings.deny_scope) {
	case DENY_NONE:
		return false;
	case DENY_ROLES:
		return src && dst && (holds_server(src) || holds_server(dst));
	case DENY_SERVERS:
		return holds_server(src) || holds_server(dst);
	case DENY_EVERYTHING:
		return true;
	}
	return true;
}

enum expectation expect_packet(const struct policy *policy, const struct packet *packet, bool install)
{
	if (documents_open(policy, packet, install) || site_rules_open(policy, packet, install))
		return EXPECT_OPEN;
	if (packet->src->never_denied || packet->dst->never_denied || !scope_reaches(policy, packet))
		return EXPECT_LEFT;
	return EXPECT_SHUT;
}

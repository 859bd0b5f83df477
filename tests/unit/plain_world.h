/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A role file as the plainest evaluator sees it: addresses are numbers from 0 to 63, members are bits of a word, and a
 * packet is held against every line of the documents in turn. Shares nothing with the program but the port tables.
 * A header with its functions in it: those who include it have a world of their own.
 */
#ifndef PLAIN_WORLD_H
#define PLAIN_WORLD_H

#include <stdio.h>
#include <string.h>

#include "policy/explain.h"

#define SECTIONS   3
#define SITE_RULES 2
#define MOVED_PORT 5800

struct family_bits {
	uint64_t v4, v6;
};

struct world_section {
	const char *name;
	enum port_table table;
	bool certificate, snmp_purpose, catalog_reply_only, browser_off, health_moved;
	struct family_bits roles[ROLE_MAX]; /* empty: not assigned */
	enum row_state rows[ROW_COUNT];
	bool row_set[ROW_COUNT];
};

struct world_rule {
	char name[16];
	struct family_bits from, to;
	enum proto proto;
	uint16_t lo, hi;
	bool install, expired;
};

struct world {
	struct world_section sections[SECTIONS];
	size_t n_sections;
	struct world_rule rules[SITE_RULES];
	size_t n_rules;
	struct family_bits never_deny;
	enum deny_scope scope;
	bool audit;
	bool closed;   /* every gate is; else: */
	unsigned open; /* which gates are */
};

enum opening { SHUT, BEHIND_CLOSED_GATE, OPEN };

struct packet {
	bool v6;
	unsigned src, dst;
	enum proto proto;
	uint16_t port;
};

static bool holds(struct family_bits bits, bool v6, unsigned addr)
{
	return addr < 64 && ((v6 ? bits.v6 : bits.v4) >> addr & 1);
}

static bool gate_is_open(const char *gate, void *data)
{
	const struct world *world = data;
	unsigned sum = world->open;

	while (*gate)
		sum = sum * 31 + (unsigned char)*gate++;
	return !world->closed && (sum >> 7 & 1);
}

/* True when the address is one of those that act for a role in the mask. */
static bool acts(const struct world_section *section, role_mask mask, bool v6, unsigned addr)
{
	struct family_bits none = {0};

	for (enum role role = 0; role < ROLE_MAX; role++) {
		bool assigned = memcmp(&section->roles[role], &none, sizeof(none)) != 0;

		if (!(mask & ROLE_BIT(role)))
			continue;
		if (holds(section->roles[role], v6, addr))
			return true;
		if (assigned)
			continue;
		if (role == ROLE_PUSH_TARGET && holds(section->roles[ROLE_WINDOWS_AGENT], v6, addr))
			return true;
		if (role == ROLE_SQL_REPORTING_SERVICES &&
		    holds(section->roles[ROLE_REPORTING_SERVER], v6, addr))
			return true;
		if (role == ROLE_OMED_SERVICE && (holds(section->roles[ROLE_MANAGEMENT_SERVER], v6, addr) ||
		                                  holds(section->roles[ROLE_GATEWAY_SERVER], v6, addr)))
			return true;
	}
	return false;
}

static bool is_there(const struct world_section *section, const struct table_line *line)
{
	struct family_bits remote = section->roles[ROLE_REMOTE_DOMAIN_CONTROLLER];

	return !(line->condition == LINE_KERBEROS && section->certificate) &&
	       !(line->condition == LINE_KERBEROS_ACROSS &&
	         (section->certificate || !(remote.v4 | remote.v6))) &&
	       !(line->condition == LINE_SNMP_BIDIRECTIONAL && section->snmp_purpose) &&
	       !(line->condition == LINE_CATALOG_DYNAMIC && section->catalog_reply_only) &&
	       !(line->key == PORT_SQL_BROWSER && section->browser_off);
}

static bool means_port(const struct world_section *section, const struct table_line *line, uint16_t port)
{
	if (line->proto == PROTO_ICMP)
		return true;
	if (line->key == PORT_HEALTH_SERVICE && section->health_moved)
		return port == MOVED_PORT;
	if (line->key == PORT_WEB_CONSOLE && section->table == TABLE_CURRENT)
		return port == 80 || port == 443;
	return line->ports.lo <= port && port <= line->ports.hi;
}

/* Its own override, else that of the row it is a half of. */
static enum row_state state_of(const struct world_section *section, int row)
{
	if (section->row_set[row] || !table_rows[row].parent)
		return section->rows[row];
	return section->rows[row_find(table_rows[row].parent)];
}

static enum opening judge_line(const struct world *world, const struct world_section *section,
                               const struct table_line *line, const struct packet *packet)
{
	enum row_state state = state_of(section, row_find(line->row));
	role_mask from = state == ROW_REVERSE ? line->to : line->from;
	role_mask to = state == ROW_REVERSE ? line->from : line->to;
	bool install = state == ROW_INSTALL || (state != ROW_BOTH && line->phase == PHASE_INSTALL);
	char gate[64];

	if (state == ROW_OFF || line->proto != packet->proto || !is_there(section, line) ||
	    !means_port(section, line, packet->port) || !acts(section, from, packet->v6, packet->src) ||
	    !acts(section, to, packet->v6, packet->dst))
		return SHUT;
	snprintf(gate, sizeof(gate), "%s.%s", section->name, line->row);
	return !install || gate_is_open(gate, (void *)world) ? OPEN : BEHIND_CLOSED_GATE;
}

static enum opening judge_rule(const struct world *world, const struct world_rule *rule,
                               const struct packet *packet)
{
	char gate[64];

	if (rule->expired || rule->proto != packet->proto || !holds(rule->from, packet->v6, packet->src) ||
	    !holds(rule->to, packet->v6, packet->dst) ||
	    (rule->proto != PROTO_ICMP && (packet->port < rule->lo || packet->port > rule->hi)))
		return SHUT;
	snprintf(gate, sizeof(gate), "site.%s", rule->name);
	return !rule->install || gate_is_open(gate, (void *)world) ? OPEN : BEHIND_CLOSED_GATE;
}

static enum opening judge_packet(const struct world *world, const struct packet *packet)
{
	enum opening best = SHUT, now;

	for (size_t s = 0; s < world->n_sections; s++) {
		size_t n;
		const struct table_line *lines = table_lines(world->sections[s].table, &n);

		for (size_t i = 0; i < n; i++) {
			now = judge_line(world, &world->sections[s], &lines[i], packet);
			best = now > best ? now : best;
		}
	}
	for (size_t i = 0; i < world->n_rules; i++) {
		now = judge_rule(world, &world->rules[i], packet);
		best = now > best ? now : best;
	}
	return best;
}

static void roles_of(const struct world *world, bool v6, unsigned addr, bool *any, bool *server)
{
	*any = *server = false;
	for (size_t s = 0; s < world->n_sections; s++)
		for (enum role role = 0; role < ROLE_MAX; role++)
			if (holds(world->sections[s].roles[role], v6, addr)) {
				*any = true;
				*server |= role_is_server(role);
			}
}

static enum verdict plain_verdict(const struct world *world, const struct packet *packet,
                                  enum packet_path path, enum opening opening)
{
	bool src_any, src_server, dst_any, dst_server, denied = false;

	roles_of(world, packet->v6, packet->src, &src_any, &src_server);
	roles_of(world, packet->v6, packet->dst, &dst_any, &dst_server);
	if (opening == OPEN)
		return VERDICT_ALLOWED;
	if (world->scope == DENY_SERVERS)
		denied = src_server || dst_server;
	else if (world->scope == DENY_EVERYTHING && path == PATH_FORWARD)
		denied = true;
	else if (world->scope != DENY_NONE)
		denied = src_any && dst_any && (src_server || dst_server);
	if (!denied)
		return VERDICT_NOT_JUDGED;
	if (holds(world->never_deny, packet->v6, packet->src) ||
	    holds(world->never_deny, packet->v6, packet->dst))
		return VERDICT_NEVER_DENY;
	return world->audit ? VERDICT_AUDITED : VERDICT_DENIED;
}

#endif

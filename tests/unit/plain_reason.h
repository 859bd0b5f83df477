/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a packet is denied, as the plainest evaluator sees it: the reasons in their order, each tried on the world of
 * plain_world.h by holding the packet, or a changed one, against every line. Shares the table of known ports, as data.
 */
#ifndef PLAIN_REASON_H
#define PLAIN_REASON_H

#include "policy/known_ports.h"
#include "tests/unit/plain_world.h"

#define REMOTE ROLE_BIT(ROLE_REMOTE_DOMAIN_CONTROLLER)

static bool names_port(const struct table_line *line, uint16_t port)
{
	if (line->proto == PROTO_ICMP)
		return true;
	if (line->key == PORT_WEB_CONSOLE && line->ports.lo == 80)
		return port == 80 || port == 443;
	return line->ports.lo <= port && port <= line->ports.hi;
}

/* Between an end of one section and an end of another, each by its own section; rows are overridden by the listener's. */
static bool joins(const struct world_section *a, const struct world_section *b, const struct table_line *line,
                  const struct packet *packet)
{
	bool reversed = state_of(b, row_find(line->row)) == ROW_REVERSE;

	return line->proto == packet->proto &&
	       acts(a, reversed ? line->to : line->from, packet->v6, packet->src) &&
	       acts(b, reversed ? line->from : line->to, packet->v6, packet->dst);
}

/* In force; or would be, if src came with the remote domain controller's role that footnote 3 waits for. */
static bool would_be_there(const struct world_section *a, const struct world_section *b,
                           const struct table_line *line, const struct packet *packet)
{
	bool reversed = state_of(b, row_find(line->row)) == ROW_REVERSE;
	role_mask from = reversed ? line->to : line->from;

	if (state_of(b, row_find(line->row)) == ROW_OFF)
		return false;
	return is_there(b, line) || (line->condition == LINE_KERBEROS_ACROSS && !b->certificate &&
	                             (from & REMOTE) && acts(a, REMOTE, packet->v6, packet->src));
}

typedef bool (*plain_test_fn)(const struct world_section *a, const struct world_section *b,
                              const struct table_line *line, const struct packet *packet);

static bool plain_across(const struct world_section *a, const struct world_section *b,
                         const struct table_line *line, const struct packet *packet)
{
	return a != b && means_port(b, line, packet->port) && would_be_there(a, b, line, packet);
}

static bool plain_moved(const struct world_section *a, const struct world_section *b,
                        const struct table_line *line, const struct packet *packet)
{
	return a == b && names_port(line, packet->port) && is_there(b, line) &&
	       state_of(b, row_find(line->row)) != ROW_OFF;
}

static bool plain_taken(const struct world_section *a, const struct world_section *b,
                        const struct table_line *line, const struct packet *packet)
{
	return a == b && (names_port(line, packet->port) || means_port(b, line, packet->port));
}

static bool plain_elsewhere(const struct world_section *a, const struct world_section *b,
                            const struct table_line *line, const struct packet *packet)
{
	bool moved = line->key == PORT_HEALTH_SERVICE && b->health_moved;

	return a == b && is_there(b, line) &&
	       (moved ? packet->port == MOVED_PORT : names_port(line, packet->port));
}

/* Whether the line can be about the port at all; what is asked of it beyond that takes longer. */
static bool may_mean(const struct world_section *section, const struct table_line *line,
                     const struct packet *packet)
{
	return line->proto == packet->proto &&
	       (names_port(line, packet->port) || means_port(section, line, packet->port));
}

static bool any_line(const struct world *world, const struct packet *packet, bool other, plain_test_fn test)
{
	for (size_t a = 0; a < world->n_sections; a++)
		for (size_t b = 0; b < world->n_sections; b++) {
			const struct world_section *from = &world->sections[a], *to = &world->sections[b];
			bool is_2016 = (to->table == TABLE_2016) != other;
			size_t n;
			const struct table_line *lines =
			        table_lines(is_2016 ? TABLE_2016 : TABLE_CURRENT, &n);

			for (size_t i = 0; i < n; i++)
				if (may_mean(to, &lines[i], packet) && joins(from, to, &lines[i], packet) &&
				    test(from, to, &lines[i], packet))
					return true;
		}
	return false;
}

static bool any_expired(const struct world *world, const struct packet *packet)
{
	for (size_t i = 0; i < world->n_rules; i++) {
		struct world_rule rule = world->rules[i];
		struct world alive = *world;

		rule.expired = false;
		if (world->rules[i].expired && judge_rule(&alive, &rule, packet) != SHUT)
			return true;
	}
	return false;
}

static bool holds_any(const struct world *world, role_mask mask, bool v6, unsigned addr)
{
	for (size_t s = 0; s < world->n_sections; s++)
		for (enum role role = 0; role < ROLE_MAX; role++)
			if ((mask & ROLE_BIT(role)) && holds(world->sections[s].roles[role], v6, addr))
				return true;
	return false;
}

static bool is_known(const struct world *world, const struct packet *packet, bool any_role)
{
	uint16_t port = packet->proto == PROTO_ICMP ? 0 : packet->port;
	const struct known_port *known;

	for (size_t i = 0; any_role && (known = known_port_at(i)); i++)
		if (known->proto == packet->proto && known->ports.lo <= port && port <= known->ports.hi &&
		    (!known->from || holds_any(world, known->from, packet->v6, packet->src)) &&
		    (!known->to || holds_any(world, known->to, packet->v6, packet->dst)))
			return true;
	return false;
}

static enum denial_reason plain_reason(const struct world *world, const struct packet *packet,
                                       enum opening opening)
{
	struct packet other = *packet, reverse = *packet;
	bool src_any, dst_any, ignored;

	other.proto = packet->proto == PROTO_TCP ? PROTO_UDP : PROTO_TCP;
	reverse.src = packet->dst;
	reverse.dst = packet->src;
	roles_of(world, packet->v6, packet->src, &src_any, &ignored);
	roles_of(world, packet->v6, packet->dst, &dst_any, &ignored);
	if (opening == BEHIND_CLOSED_GATE)
		return REASON_WINDOW_CLOSED;
	if (any_expired(world, packet))
		return REASON_RULE_EXPIRED;
	if (packet->proto != PROTO_ICMP && judge_packet(world, &other) != SHUT)
		return REASON_OTHER_PROTOCOL;
	if (judge_packet(world, &reverse) != SHUT)
		return REASON_OPPOSITE_DIRECTION;
	if (any_line(world, packet, false, plain_across))
		return REASON_OTHER_SECTION;
	if (!any_line(world, packet, false, plain_taken) && any_line(world, packet, true, plain_elsewhere))
		return REASON_OTHER_TABLE;
	if (any_line(world, packet, false, plain_moved))
		return REASON_PORT_MOVED;
	if (any_line(world, packet, false, plain_taken))
		return REASON_TAKEN_AWAY;
	if (is_known(world, packet, src_any || dst_any))
		return REASON_KNOWN_PORT;
	return src_any && dst_any ? REASON_NO_LINE : REASON_NO_ROLE;
}

#endif

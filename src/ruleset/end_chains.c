// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The chain of an address at one end of a connection: which services, with which addresses at the other end.
 *
 *   chain to4.prod.management_server {
 *     meta l4proto tcp ct reply proto-src 5723 ct original ip saddr @prod.windows_agent.hosts4 counter ... accept
 *     meta l4proto tcp ct reply proto-src vmap @to4.prod.management_server.tcp
 *     meta l4proto tcp ct reply proto-src 49152-65535 ct original ip saddr @... jump prod.cur-01.install
 *     meta l4proto icmp jump to4.prod.management_server.icmp
 *     goto judged
 *   }
 *
 * A few rules stand one after the other; more go behind a map of ports, but for the one with the most hosts at the
 * other end, which stands in front of it. That is for speed alone: it never comes before a line that would have counted
 * the same packet.
 */
#include "ruleset/builder.h"

#include <limits.h>
#include <stdlib.h>

#include "util/array.h"

#define RULES_FEW      4 /* cheaper in a row than behind a map */
#define HOSTS_OF_A_NET 256

struct chain_plan {
	struct builder *b;
	const char *name;
	const struct end_lines *lines;
	struct nft_set *maps[PROTO_MAX];
	bool mapped;
};

static const struct line *line_at(const struct chain_plan *plan, size_t i)
{
	return &plan->b->lines->items[plan->lines->items[i]];
}

static const struct endpoint *other_end(const struct chain_plan *plan, const struct line *line)
{
	return builder_line_end(plan->b, line, plan->lines->side == END_SERVER);
}

static const struct addr_set *other_addrs(const struct chain_plan *plan, const struct line *line)
{
	return plan->lines->side == END_SERVER ? line->from_addrs : line->to_addrs;
}

static bool has_one_port(const struct line *line)
{
	return line->proto != PROTO_ICMP && !port_range_is_wide(line->ports);
}

/* meta l4proto tcp; of an ICMP error about such a connection: meta l4proto icmp ct protocol tcp */
static void rule_packet(const struct chain_plan *plan, struct nft_rule *rule, enum proto proto,
                        bool icmp_error)
{
	enum family family = plan->lines->family;

	rule_l4proto(rule, proto_number(icmp_error ? PROTO_ICMP : proto, family));
	if (icmp_error)
		rule_ct_protocol(rule, proto_number(proto, family));
}

/* What of a line its rule still has to ask for. */
enum asked { ASK_OTHER_END, ASK_SERVICE, ASK_SERVICE_OF_ERROR };

static void add_line(const struct chain_plan *plan, struct nft_chain *chain, const struct line *line,
                     enum asked asked)
{
	const struct endpoint *other = other_end(plan, line);

	for (enum endpoint_part part = 0; part < PART_MAX; part++) {
		struct nft_rule *rule;

		if (!other->parts[part] || set_family(other->parts[part]) != plan->lines->family)
			continue;
		rule = rule_new(chain);
		rule->comment = builder_line_comment(plan->b, line);
		rule->loc = other->parts[part]->loc;
		if (line->proto == PROTO_ICMP) {
			rule_echo(rule, plan->lines->family);
		} else if (asked != ASK_OTHER_END) {
			rule_packet(plan, rule, line->proto, asked == ASK_SERVICE_OF_ERROR);
			rule_ct_reply_port(rule, line->ports);
		}
		rule_ct_addr(rule, plan->lines->side == END_SERVER ? CT_ORIGINAL : CT_REPLY,
		             other->parts[part]);
		builder_rule_opens(plan->b, rule, line);
	}
}

static bool is_service(const struct line *line, enum proto proto, uint16_t port)
{
	return line->proto == proto && has_one_port(line) && line->ports.lo == port;
}

/* chain to4.prod.management_server.tcp_5723: only the other end is left to ask for */
static const char *add_service(const struct chain_plan *plan, enum proto proto, uint16_t port)
{
	const char *name =
	        arena_printf(plan->b->policy->arena, "%s.%s_%u", plan->name, proto_name(proto), port);
	struct nft_chain *chain = builder_add_chain(plan->b, name);

	for (size_t i = 0; i < plan->lines->n; i++)
		if (is_service(line_at(plan, i), proto, port))
			add_line(plan, chain, line_at(plan, i), ASK_OTHER_END);
	return name;
}

static bool has_port(const struct service *services, size_t n, uint16_t port)
{
	for (size_t i = 0; i < n; i++)
		if (services[i].port == port)
			return true;
	return false;
}

static struct nft_set *add_service_map(const struct chain_plan *plan, enum proto proto)
{
	struct arena *arena = plan->b->policy->arena;
	struct service *services = ARENA_ARRAY(arena, struct service, plan->lines->n);
	struct nft_set *map;
	size_t n = 0;

	for (size_t i = 0; i < plan->lines->n; i++) {
		const struct line *line = line_at(plan, i);

		if (line->proto == proto && has_one_port(line) && !has_port(services, n, line->ports.lo))
			services[n++] = (struct service){line->ports.lo, NULL};
	}
	if (!n)
		return NULL;
	builder_sort_services(services, n);
	for (size_t i = 0; i < n; i++)
		services[i].chain = add_service(plan, proto, services[i].port);
	map = builder_add_set(plan->b, arena_printf(arena, "%s.%s", plan->name, proto_name(proto)),
	                      SET_SERVICES);
	map->services = services;
	map->n_elements = n;
	map->size = builder_size(n);
	return map;
}

/* How many there are at the other end, as a power of two: few changes of members make another line the busiest. */
static unsigned count_others(const struct chain_plan *plan, const struct line *line)
{
	bool is_v6 = plan->lines->family == FAMILY_6;
	const struct endpoint *other = other_end(plan, line);
	const struct nft_set *hosts = other->parts[is_v6 ? PART_HOSTS6 : PART_HOSTS4];
	const struct nft_set *nets = other->parts[is_v6 ? PART_NETS6 : PART_NETS4];
	size_t n = (hosts ? hosts->n_elements : 0) + (nets ? nets->n_elements * HOSTS_OF_A_NET : 0);

	return n ? 1 + (unsigned)(CHAR_BIT * sizeof(long long)) - (unsigned)__builtin_clzll(n) : 0;
}

/* Whether a line before it in the list would have counted some of its packets. */
static bool is_preceded(const struct chain_plan *plan, size_t i)
{
	const struct line *line = line_at(plan, i);

	for (size_t j = 0; j < i; j++)
		if (is_service(line_at(plan, j), line->proto, line->ports.lo) &&
		    addr_set_overlaps(other_addrs(plan, line_at(plan, j)), other_addrs(plan, line)))
			return true;
	return false;
}

/* The line with the most others, of those that are open in both phases; NULL: it has to wait behind another. */
static const struct line *busiest_line(const struct chain_plan *plan)
{
	size_t found = plan->lines->n;
	unsigned most = 0;

	for (size_t i = 0; i < plan->lines->n; i++) {
		const struct line *line = line_at(plan, i);

		if (line->phase != PHASE_ALWAYS || !has_one_port(line) || count_others(plan, line) <= most)
			continue;
		most = count_others(plan, line);
		found = i;
	}
	return found < plan->lines->n && !is_preceded(plan, found) ? line_at(plan, found) : NULL;
}

static size_t count_rules(const struct chain_plan *plan)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->lines->n; i++)
		for (enum endpoint_part part = 0; has_one_port(line_at(plan, i)) && part < PART_MAX; part++) {
			const struct nft_set *set = other_end(plan, line_at(plan, i))->parts[part];

			n += set && set_family(set) == plan->lines->family;
		}
	return n;
}

/* Services of one port by the map or one by one, then those of a range. */
static void add_services(const struct chain_plan *plan, struct nft_chain *chain, bool icmp_error)
{
	enum asked asked = icmp_error ? ASK_SERVICE_OF_ERROR : ASK_SERVICE;

	for (enum proto proto = PROTO_TCP; proto <= PROTO_UDP; proto++) {
		struct nft_rule *rule;

		if (!plan->maps[proto])
			continue;
		rule = rule_new(chain);
		rule_packet(plan, rule, proto, icmp_error);
		rule_ct_reply_vmap(rule, plan->maps[proto]);
	}
	for (int wide = 0; wide <= 1; wide++)
		for (size_t i = 0; i < plan->lines->n; i++) {
			const struct line *line = line_at(plan, i);

			if (line->proto != PROTO_ICMP && has_one_port(line) == !wide &&
			    (wide || !plan->mapped))
				add_line(plan, chain, line, asked);
		}
}

/* Echo, and errors, which belong to the connection they speak of. */
static const char *add_icmp(const struct chain_plan *plan)
{
	const char *name = arena_printf(plan->b->policy->arena, "%s.icmp", plan->name);
	struct nft_chain *chain = builder_add_chain(plan->b, name);

	for (size_t i = 0; i < plan->lines->n; i++)
		if (line_at(plan, i)->proto == PROTO_ICMP)
			add_line(plan, chain, line_at(plan, i), ASK_SERVICE);
	add_services(plan, chain, true);
	return name;
}

void builder_add_end_chain(struct builder *b, const char *name, const struct end_lines *lines)
{
	struct nft_chain *chain = builder_add_chain(b, name);
	struct chain_plan plan = {.b = b, .name = name, .lines = lines};
	const struct line *busiest;
	struct nft_rule *rule;

	plan.mapped = count_rules(&plan) > RULES_FEW;
	if (plan.mapped) {
		plan.maps[PROTO_TCP] = add_service_map(&plan, PROTO_TCP);
		plan.maps[PROTO_UDP] = add_service_map(&plan, PROTO_UDP);
		busiest = busiest_line(&plan);
		if (busiest)
			add_line(&plan, chain, busiest, ASK_SERVICE);
	}
	add_services(&plan, chain, false);
	rule = rule_new(chain);
	rule_l4proto(rule, proto_number(PROTO_ICMP, lines->family));
	rule_to_chain(rule, STMT_JUMP, add_icmp(&plan));
	if (b->ends_lead_on)
		rule_to_chain(rule_new(chain), STMT_GOTO, CHAIN_JUDGED);
}

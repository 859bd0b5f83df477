// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines become a chain per service ("tcp_5723"), one rule for each pair of address sets in it:
 *
 *   ct original ip saddr @prod.windows_agent.hosts4 ct reply ip saddr @prod.management_server.hosts4
 *       counter name "prod.cur-16" accept comment "cur-16, cur-18 windows_agent -> management_server"
 *
 * Packets are judged by the tuple of their connection (who opened it, from what address, to what address and port
 * behind any NAT), so that what the policy no longer allows stops at once. Install lines end in a jump to the gate of
 * their row, which is open while the window set has elements. The chain `judge` finds the service by its port.
 */
#include "ruleset/builder.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"

#define ICMP_ECHO_REQUEST   8   /* RFC 792 */
#define ICMPV6_ECHO_REQUEST 128 /* RFC 4443 */

#define CHAIN_ECHO "icmp_echo"

/* A service: the chain of one protocol and port range. */
struct service_chain {
	enum proto proto;
	struct port_range ports;
	struct nft_chain *chain;
};

struct service_list {
	struct service_chain *items;
	size_t n, cap;
};

static const uint8_t ip_protocols[PROTO_MAX] = {
        [PROTO_TCP] = IPPROTO_TCP,
        [PROTO_UDP] = IPPROTO_UDP,
        [PROTO_ICMP] = IPPROTO_ICMP,
};

static bool is_range(struct port_range ports)
{
	return ports.lo != ports.hi;
}

static struct nft_chain *service_chain(struct builder *b, struct service_list *services,
                                       const struct line *line)
{
	struct service_chain *service;
	struct port_range ports = line->ports;
	const char *name;

	for (size_t i = 0; i < services->n; i++) {
		service = &services->items[i];
		if (service->proto == line->proto && service->ports.lo == ports.lo &&
		    service->ports.hi == ports.hi)
			return service->chain;
	}
	if (line->proto == PROTO_ICMP)
		name = CHAIN_ECHO;
	else if (is_range(ports))
		name = arena_printf(b->policy->arena, "%s_%u_%u", proto_name(line->proto), ports.lo,
		                    ports.hi);
	else
		name = arena_printf(b->policy->arena, "%s_%u", proto_name(line->proto), ports.lo);
	service = ARRAY_PUSH(services->items, services->n, services->cap);
	*service = (struct service_chain){line->proto, ports, builder_add_chain(b, name)};
	return service->chain;
}

static void rule_accept(struct builder *b, struct nft_rule *rule, const char *counter)
{
	const struct settings *settings = &b->policy->settings;

	rule_counter(rule, counter);
	if (settings->accept_mark_set)
		rule_mark(rule, settings->accept_mark_value, settings->accept_mark_mask);
	rule_plain(rule, STMT_ACCEPT);
}

static const struct gate *find_gate(const struct ruleset *ruleset, const char *name)
{
	for (size_t i = 0; i < ruleset->n_gates; i++)
		if (!strcmp(ruleset->gates[i].name, name))
			return &ruleset->gates[i];
	return NULL;
}

static void add_gate(struct builder *b, const struct line *line, const char *name)
{
	struct gate gate = {
	        .name = name,
	        .section = line->section ? line->section->name : NULL,
	        .row = line->section ? table_rows[line->rows[0]].id : line->site_rule->name,
	        .window = builder_add_set(b, arena_printf(b->policy->arena, "%s.window", name), SET_WINDOW),
	};

	*ARRAY_PUSH(b->ruleset->gates, b->ruleset->n_gates, b->cap_gates) = gate;
}

/*
 * chain prod.cur-01.install {
 *   meta l4proto @install_window counter name "prod.cur-01" accept
 *   meta l4proto @prod.cur-01.window counter name "prod.cur-01" accept
 * }
 */
static void add_gate_chain(struct builder *b, const struct gate *gate)
{
	struct nft_chain *chain =
	        builder_add_chain(b, arena_printf(b->policy->arena, "%s.install", gate->name));
	struct nft_set *windows[] = {b->ruleset->install_window, gate->window};

	for (size_t i = 0; i < ARRAY_SIZE(windows); i++) {
		struct nft_rule *rule = rule_new(chain);

		rule_l4proto_set(rule, windows[i]);
		rule_accept(b, rule, gate->name);
	}
}

static const char *line_comment(struct builder *b, const struct line *line)
{
	struct arena *arena = b->policy->arena;
	char ids[ROW_IDS_MAX];

	line_row_ids(line, ids, sizeof(ids));
	if (line->section)
		return builder_comment(b, arena_printf(arena, "%s %s -> %s", ids, role_name(line->from),
		                                       role_name(line->to)));
	return builder_comment(b, arena_printf(arena, "site rule %s: %s", ids, line->site_rule->reason));
}

static const struct endpoint *line_end(struct builder *b, const struct line *line, bool from)
{
	if (line->section)
		return builder_role(b, line->section, from ? line->from : line->to);
	return builder_site_end(b, line->site_rule, from);
}

/* One rule for every pair of sets of the same family. */
static void add_line(struct builder *b, struct nft_chain *chain, const struct line *line, const char *gate)
{
	const struct endpoint *from = line_end(b, line, true), *to = line_end(b, line, false);
	const char *comment = line_comment(b, line);

	for (enum endpoint_part i = 0; i < PART_MAX; i++) {
		for (enum endpoint_part j = 0; j < PART_MAX; j++) {
			struct nft_rule *rule;

			if (!from->parts[i] || !to->parts[j] ||
			    set_family(from->parts[i]) != set_family(to->parts[j]))
				continue;
			rule = rule_new(chain);
			rule->comment = comment;
			rule->loc = from->parts[i]->loc;
			rule_ct_addr(rule, CT_ORIGINAL, from->parts[i]);
			rule_ct_addr(rule, CT_REPLY, to->parts[j]);
			if (line->phase == PHASE_INSTALL)
				rule_to_chain(rule, STMT_JUMP,
				              arena_printf(b->policy->arena, "%s.install", gate));
			else
				rule_accept(b, rule, gate);
		}
	}
}

static void add_lines(struct builder *b, struct service_list *services, enum line_phase phase)
{
	for (size_t i = 0; i < b->lines->n; i++) {
		const struct line *line = &b->lines->items[i];
		char buf[GATE_NAME_MAX];
		const char *name;

		if (line->phase != phase)
			continue;
		name = arena_strdup(b->policy->arena, line_gate_name(line, buf, sizeof(buf)));
		builder_add_counter(b, name);
		if (phase == PHASE_INSTALL && !find_gate(b->ruleset, name))
			add_gate(b, line, name);
		add_line(b, service_chain(b, services, line), line, name);
	}
}

static int compare_services(const void *a, const void *b)
{
	const struct service *left = a, *right = b;

	return (left->port > right->port) - (left->port < right->port);
}

/* map tcp_services { type inet_service : verdict; elements = { 5723 : jump tcp_5723 } } */
static struct nft_set *add_service_map(struct builder *b, const struct service_list *services,
                                       enum proto proto)
{
	struct service *items = ARENA_ARRAY(b->policy->arena, struct service, services->n);
	struct nft_set *map;
	size_t n = 0;

	for (size_t i = 0; i < services->n; i++)
		if (services->items[i].proto == proto && !is_range(services->items[i].ports))
			items[n++] =
			        (struct service){services->items[i].ports.lo, services->items[i].chain->name};
	if (!n)
		return NULL;
	qsort(items, n, sizeof(*items), compare_services);
	map = builder_add_set(b, arena_printf(b->policy->arena, "%s_services", proto_name(proto)),
	                      SET_SERVICES);
	map->services = items;
	map->n_elements = n;
	return map;
}

/*
 * meta l4proto tcp ct reply proto-src vmap @tcp_services
 * meta l4proto tcp ct reply proto-src 49152-65535 jump tcp_49152_65535
 *
 * about is the protocol of the packet; of an ICMP error, it differs from the protocol of the connection it is about:
 * meta l4proto icmp ct protocol tcp ct reply proto-src vmap @tcp_services
 */
static void add_dispatch(struct nft_chain *chain, const struct service_list *services, struct nft_set *map,
                         enum proto proto, uint8_t packet)
{
	struct nft_rule *rule;

	for (size_t i = 0; i <= services->n; i++) {
		const struct service_chain *service = i ? &services->items[i - 1] : NULL;

		if (service ? service->proto != proto || !is_range(service->ports) : !map)
			continue;
		rule = rule_new(chain);
		rule_l4proto(rule, packet);
		if (packet != ip_protocols[proto])
			rule_ct_protocol(rule, ip_protocols[proto]);
		if (service) {
			rule_ct_reply_port(rule, service->ports);
			rule_to_chain(rule, STMT_JUMP, service->chain->name);
		} else {
			rule_ct_reply_vmap(rule, map);
		}
	}
}

static void add_judge_icmp(struct builder *b, const struct service_list *services,
                           struct nft_set *const *maps, const char *name, uint8_t packet,
                           uint8_t echo_request)
{
	struct nft_chain *chain = builder_add_chain(b, name);

	if (builder_find_chain(b, CHAIN_ECHO)) {
		struct nft_rule *rule = rule_new(chain);

		rule_l4proto(rule, packet);
		rule_ct_protocol(rule, packet);
		rule_ct_original_icmp(rule, echo_request);
		rule_to_chain(rule, STMT_JUMP, CHAIN_ECHO);
		rule->comment = "echo-request and its answers";
	}
	add_dispatch(chain, services, maps[PROTO_TCP], PROTO_TCP, packet);
	add_dispatch(chain, services, maps[PROTO_UDP], PROTO_UDP, packet);
}

static void add_judge(struct builder *b, const struct service_list *services)
{
	static const struct {
		const char *chain;
		uint8_t packet, echo_request;
	} icmp[] = {
	        {"judge_icmp", IPPROTO_ICMP, ICMP_ECHO_REQUEST},
	        {"judge_icmpv6", IPPROTO_ICMPV6, ICMPV6_ECHO_REQUEST},
	};
	struct nft_set *maps[PROTO_MAX] = {
	        [PROTO_TCP] = add_service_map(b, services, PROTO_TCP),
	        [PROTO_UDP] = add_service_map(b, services, PROTO_UDP),
	};
	struct nft_chain *judge;

	for (size_t i = 0; i < ARRAY_SIZE(icmp); i++)
		add_judge_icmp(b, services, maps, icmp[i].chain, icmp[i].packet, icmp[i].echo_request);
	judge = builder_add_chain(b, "judge");
	add_dispatch(judge, services, maps[PROTO_TCP], PROTO_TCP, IPPROTO_TCP);
	add_dispatch(judge, services, maps[PROTO_UDP], PROTO_UDP, IPPROTO_UDP);
	for (size_t i = 0; i < ARRAY_SIZE(icmp); i++) {
		struct nft_rule *rule = rule_new(judge);

		rule_l4proto(rule, icmp[i].packet);
		rule_to_chain(rule, STMT_JUMP, icmp[i].chain);
	}
}

void builder_add_services(struct builder *b)
{
	struct service_list services = {0};

	add_lines(b, &services, PHASE_ALWAYS);
	add_lines(b, &services, PHASE_INSTALL);
	for (size_t i = 0; i < b->ruleset->n_gates; i++)
		add_gate_chain(b, &b->ruleset->gates[i]);
	if (services.n)
		add_judge(b, &services);
	free(services.items);
}

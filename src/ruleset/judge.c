// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The chains that find the service a packet belongs to, by the port of its connection's server:
 *
 *   judge         what opens or belongs to a connection of a service
 *   judge_icmp    ICMP: echo, and errors, which belong to the connection they speak of
 *   judge_resumed what would be denied, but belongs to a connection that conntrack met in the middle, server first
 *
 * Nothing can be opened through judge_resumed: from the server's side a packet of TCP passes only if it is no SYN, and
 * one of UDP only when the client has spoken; from the client's side it is what the line allows anyway.
 */
#include "ruleset/builder.h"

#include <netinet/in.h>

#include "util/array.h"

/*
 * meta l4proto tcp ct reply proto-src vmap @tcp_services
 * meta l4proto tcp ct reply proto-src 49152-65535 jump tcp_49152_65535
 *
 * packet is the protocol of the packet; of an ICMP error, it differs from that of the connection it is about:
 * meta l4proto icmp ct protocol tcp ct reply proto-src vmap @tcp_services
 */
static void add_dispatch(struct nft_chain *chain, const struct service_list *services, struct nft_set *map,
                         enum proto proto, uint8_t packet)
{
	struct nft_rule *rule;

	for (size_t i = 0; i <= services->n; i++) {
		const struct service_chain *service = i ? &services->items[i - 1] : NULL;

		if (service ? service->proto != proto || !port_range_is_wide(service->ports) : !map)
			continue;
		rule = rule_new(chain);
		rule_l4proto(rule, packet);
		if (packet != proto_number(proto, FAMILY_4))
			rule_ct_protocol(rule, proto_number(proto, FAMILY_4));
		if (service) {
			rule_ct_reply_port(rule, service->ports);
			rule_to_chain(rule, STMT_JUMP, service->chain->name);
		} else {
			rule_ct_reply_vmap(rule, map);
		}
	}
}

static void add_judge_icmp(struct builder *b, const struct service_list *services,
                           struct nft_set *const *maps, const char *name, uint8_t packet, enum family family)
{
	struct nft_chain *chain = builder_add_chain(b, name);

	if (builder_find_chain(b, CHAIN_ECHO)) {
		struct nft_rule *rule = rule_new(chain);

		rule_echo(rule, family);
		rule_to_chain(rule, STMT_JUMP, CHAIN_ECHO);
		rule->comment = "echo-request and its answers";
	}
	add_dispatch(chain, services, maps[PROTO_TCP], PROTO_TCP, packet);
	add_dispatch(chain, services, maps[PROTO_UDP], PROTO_UDP, packet);
}

static const struct {
	const char *chain;
	uint8_t packet;
	enum family family;
} icmp[] = {
        {"judge_icmp", IPPROTO_ICMP, FAMILY_4},
        {"judge_icmpv6", IPPROTO_ICMPV6, FAMILY_6},
};

static void add_judge(struct builder *b, const struct service_list *services)
{
	struct nft_set *maps[PROTO_MAX] = {
	        [PROTO_TCP] = builder_add_service_map(b, services, PROTO_TCP),
	        [PROTO_UDP] = builder_add_service_map(b, services, PROTO_UDP),
	};
	struct nft_chain *judge;

	for (size_t i = 0; i < ARRAY_SIZE(icmp); i++)
		add_judge_icmp(b, services, maps, icmp[i].chain, icmp[i].packet, icmp[i].family);
	judge = builder_add_chain(b, CHAIN_JUDGE);
	add_dispatch(judge, services, maps[PROTO_TCP], PROTO_TCP, IPPROTO_TCP);
	add_dispatch(judge, services, maps[PROTO_UDP], PROTO_UDP, IPPROTO_UDP);
	for (size_t i = 0; i < ARRAY_SIZE(icmp); i++) {
		struct nft_rule *rule = rule_new(judge);

		rule_l4proto(rule, icmp[i].packet);
		rule_to_chain(rule, STMT_JUMP, icmp[i].chain);
	}
}

/*
 * meta l4proto tcp tcp flags & (syn | ack) != syn ct original proto-src vmap @resumed_tcp_services
 * meta l4proto tcp ct direction reply ct original proto-src vmap @resumed_tcp_services
 * meta l4proto udp ct state established ct original proto-src vmap @resumed_udp_services
 */
static void add_resumed_packets(struct nft_chain *chain, enum proto proto, struct nft_set *map)
{
	static const struct {
		enum proto proto;
		enum stmt_kind condition;
	} ways[] = {
	        {PROTO_TCP, STMT_TCP_NOT_SYN},
	        {PROTO_TCP, STMT_CT_IS_REPLY},
	        {PROTO_UDP, STMT_CT_ESTABLISHED},
	};

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct nft_rule *rule;

		if (ways[i].proto != proto)
			continue;
		rule = rule_new(chain);
		rule_l4proto(rule, proto_number(proto, FAMILY_4));
		rule_plain(rule, ways[i].condition);
		rule_ct_original_vmap(rule, map);
	}
}

/* meta l4proto icmp ct protocol tcp ct original proto-src vmap @resumed_tcp_services */
static void add_resumed_errors(struct nft_chain *chain, enum proto proto, struct nft_set *map)
{
	for (size_t i = 0; i < ARRAY_SIZE(icmp); i++) {
		struct nft_rule *rule = rule_new(chain);

		rule_l4proto(rule, icmp[i].packet);
		rule_ct_protocol(rule, proto_number(proto, FAMILY_4));
		rule_ct_original_vmap(rule, map);
	}
}

static void add_judge_resumed(struct builder *b, const struct service_list *resumed)
{
	struct nft_chain *chain = NULL;

	for (enum proto proto = PROTO_TCP; proto <= PROTO_UDP; proto++) {
		struct nft_set *map = builder_add_service_map(b, resumed, proto);

		if (!map)
			continue;
		if (!chain)
			chain = builder_add_chain(b, CHAIN_JUDGE_RESUMED);
		add_resumed_packets(chain, proto, map);
		add_resumed_errors(chain, proto, map);
	}
}

void builder_add_judges(struct builder *b, const struct service_list *services,
                        const struct service_list *resumed)
{
	if (services->n)
		add_judge(b, services);
	add_judge_resumed(b, resumed);
}

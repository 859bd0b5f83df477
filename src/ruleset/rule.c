// SPDX-License-Identifier: GPL-2.0-or-later
/* Rules are written through these few functions, so that a statement always carries exactly what its kind needs. */
#include "ruleset/rule.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "util/array.h"

#define LIMIT_BURST_MIN 5
#define LIMIT_BURST_MAX 1000

#define ICMP_ECHO_REQUEST   8   /* RFC 792 */
#define ICMPV6_ECHO_REQUEST 128 /* RFC 4443 */

uint8_t proto_number(enum proto proto, enum family family)
{
	static const uint8_t numbers[PROTO_MAX] = {
	        [PROTO_TCP] = IPPROTO_TCP, [PROTO_UDP] = IPPROTO_UDP, [PROTO_ICMP] = IPPROTO_ICMP};

	return proto == PROTO_ICMP && family == FAMILY_6 ? IPPROTO_ICMPV6 : numbers[proto];
}

struct nft_rule *rule_new(struct nft_chain *chain)
{
	struct nft_rule *rule = ARRAY_PUSH(chain->rules, chain->n, chain->cap);

	*rule = (struct nft_rule){0};
	return rule;
}

static struct stmt *rule_add(struct nft_rule *rule, enum stmt_kind kind)
{
	if (rule->n == RULE_STMTS_MAX)
		abort();
	rule->stmts[rule->n].kind = kind;
	return &rule->stmts[rule->n++];
}

void rule_l4proto(struct nft_rule *rule, uint8_t proto)
{
	rule_add(rule, STMT_L4PROTO)->proto = proto;
}

void rule_l4proto_set(struct nft_rule *rule, struct nft_set *set)
{
	rule_add(rule, STMT_L4PROTO_SET)->set = set;
}

void rule_ct_protocol(struct nft_rule *rule, uint8_t proto)
{
	rule_add(rule, STMT_CT_PROTOCOL)->proto = proto;
}

void rule_ct_addr(struct nft_rule *rule, enum ct_dir dir, struct nft_set *set)
{
	struct stmt *stmt = rule_add(rule, STMT_CT_ADDR);

	stmt->dir = dir;
	stmt->set = set;
}

void rule_ct_reply_port(struct nft_rule *rule, struct port_range ports)
{
	rule_add(rule, STMT_CT_REPLY_PORT)->ports = ports;
}

void rule_ct_reply_vmap(struct nft_rule *rule, struct nft_set *map)
{
	rule_add(rule, STMT_CT_REPLY_VMAP)->set = map;
}

void rule_ct_original_vmap(struct nft_rule *rule, struct nft_set *map)
{
	rule_add(rule, STMT_CT_ORIGINAL_VMAP)->set = map;
}

void rule_ct_addr_vmap(struct nft_rule *rule, enum ct_dir dir, struct nft_set *map)
{
	struct stmt *stmt = rule_add(rule, STMT_CT_ADDR_VMAP);

	stmt->dir = dir;
	stmt->set = map;
}

void rule_echo(struct nft_rule *rule, enum family family)
{
	uint8_t proto = proto_number(PROTO_ICMP, family);
	uint8_t type = family == FAMILY_6 ? ICMPV6_ECHO_REQUEST : ICMP_ECHO_REQUEST;

	rule_l4proto(rule, proto);
	rule_ct_protocol(rule, proto);
	/* conntrack keeps type and code of an ICMP connection where others have the destination port */
	rule_add(rule, STMT_CT_ORIGINAL_ICMP)->ports.lo = (uint16_t)(type << 8);
}

void rule_addr(struct nft_rule *rule, enum stmt_kind saddr_or_daddr, struct nft_set *set)
{
	rule_add(rule, saddr_or_daddr)->set = set;
}

void rule_icmpv6_type(struct nft_rule *rule, struct nft_set *set)
{
	rule_add(rule, STMT_ICMPV6_TYPE)->set = set;
}

void rule_counter(struct nft_rule *rule, const char *counter)
{
	rule_add(rule, STMT_COUNTER)->name = counter;
}

void rule_mark(struct nft_rule *rule, uint32_t value, uint32_t mask)
{
	struct stmt *stmt = rule_add(rule, STMT_MARK);

	stmt->value = value;
	stmt->mask = mask;
}

void rule_limit(struct nft_rule *rule, uint32_t rate, uint32_t unit)
{
	struct stmt *stmt = rule_add(rule, STMT_LIMIT);

	stmt->rate = rate;
	stmt->unit = unit;
}

uint32_t limit_burst(uint32_t rate)
{
	return rate < LIMIT_BURST_MIN ? LIMIT_BURST_MIN : rate > LIMIT_BURST_MAX ? LIMIT_BURST_MAX : rate;
}

void rule_loud(struct nft_rule *rule, struct nft_set *set, uint32_t rate, uint32_t unit)
{
	struct stmt *stmt = rule_add(rule, STMT_LOUD);

	stmt->set = set;
	stmt->rate = rate;
	stmt->unit = unit;
}

void rule_log(struct nft_rule *rule, const char *prefix, uint16_t group)
{
	struct stmt *stmt = rule_add(rule, STMT_LOG);

	stmt->name = prefix;
	stmt->group = group;
}

void rule_to_chain(struct nft_rule *rule, enum stmt_kind jump_or_goto, const char *chain)
{
	rule_add(rule, jump_or_goto)->name = chain;
}

void rule_plain(struct nft_rule *rule, enum stmt_kind kind)
{
	rule_add(rule, kind);
}

enum family set_family(const struct nft_set *set)
{
	static const enum family families[SET_TYPE_MAX] = {
	        [SET_HOSTS6] = FAMILY_6, [SET_NETS6] = FAMILY_6,  [SET_ENDS6] = FAMILY_6,
	        [SET_FLOWS6] = FAMILY_6, [SET_PAIRS6] = FAMILY_6,
	};

	return families[set->type];
}

bool set_is_dynamic(const struct nft_set *set)
{
	return set->type == SET_FLOWS4 || set->type == SET_FLOWS6 || set->type == SET_PAIRS4 ||
	       set->type == SET_PAIRS6;
}

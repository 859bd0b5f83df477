// SPDX-License-Identifier: GPL-2.0-or-later
/* What decides whether a denied packet is logged, and the log. Above each statement stands the nft line it lists as. */
#include "kernel/encode_expr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <netinet/udp.h>
#include <stddef.h>

#include "kernel/nftnl_must.h"
#include "ruleset/rule.h"

static void set_limit(struct nftnl_expr *expr, const struct stmt *stmt, uint32_t burst)
{
	nftnl_expr_set_u64(expr, NFTNL_EXPR_LIMIT_RATE, stmt->rate);
	nftnl_expr_set_u64(expr, NFTNL_EXPR_LIMIT_UNIT, stmt->unit);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_LIMIT_BURST, burst);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_LIMIT_TYPE, NFT_LIMIT_PKTS);
}

/* limit rate 20/second burst 20 packets */
void encode_limit(struct nftnl_rule *rule, const struct stmt *stmt)
{
	set_limit(expr_add(rule, "limit"), stmt, limit_burst(stmt->rate));
}

/* log prefix "omfwd:denied " group 5 snaplen 96 */
void encode_log(struct nftnl_rule *rule, const struct stmt *stmt)
{
	struct nftnl_expr *expr = expr_add(rule, "log");

	nftnl_must_set(nftnl_expr_set_str(expr, NFTNL_EXPR_LOG_PREFIX, stmt->name));
	nftnl_expr_set_u16(expr, NFTNL_EXPR_LOG_GROUP, stmt->group);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_LOG_SNAPLEN, LOG_SNAPLEN);
}

static bool has_port(enum set_type type)
{
	return type == SET_FLOWS4 || type == SET_FLOWS6;
}

/* ip saddr . ip daddr . meta l4proto . th dport: each in the registers behind the one before */
static void add_flow_key(struct nftnl_rule *rule, const struct nft_set *set)
{
	bool is_v6 = set_family(set) == FAMILY_6;

	expr_add_meta_is(rule, NFT_META_NFPROTO, is_v6 ? NFPROTO_IPV6 : NFPROTO_IPV4);
	expr_add_address(rule, is_v6, true, NFT_REG_1);
	expr_add_address(rule, is_v6, false, is_v6 ? NFT_REG_2 : NFT_REG32_01);
	expr_add_meta(rule, NFT_META_L4PROTO, is_v6 ? NFT_REG_3 : NFT_REG32_02);
	if (has_port(set->type))
		expr_add_payload(rule, NFT_PAYLOAD_TRANSPORT_HEADER, offsetof(struct udphdr, uh_dport),
		                 sizeof(uint16_t), is_v6 ? NFT_REG32_09 : NFT_REG32_03);
}

/* update @denied_flows4 { ip saddr . ip daddr . meta l4proto . th dport limit rate over 6/minute burst 2 packets } */
void encode_loud(struct nftnl_rule *rule, const struct stmt *stmt)
{
	struct nftnl_expr *limit = nftnl_must_have(nftnl_expr_alloc("limit")), *update;

	add_flow_key(rule, stmt->set);
	set_limit(limit, stmt, LOUD_BURST);
	nftnl_expr_set_u32(limit, NFTNL_EXPR_LIMIT_FLAGS, NFT_LIMIT_F_INV);
	update = expr_add(rule, "dynset");
	nftnl_expr_set_u32(update, NFTNL_EXPR_DYNSET_OP, NFT_DYNSET_OP_UPDATE);
	nftnl_must_set(nftnl_expr_set_str(update, NFTNL_EXPR_DYNSET_SET_NAME, stmt->set->kernel_name));
	nftnl_expr_set_u32(update, NFTNL_EXPR_DYNSET_SREG_KEY, NFT_REG_1);
	nftnl_must_set(nftnl_expr_set(update, NFTNL_EXPR_DYNSET_EXPR, limit, 0));
}

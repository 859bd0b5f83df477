// SPDX-License-Identifier: GPL-2.0-or-later
/* The expressions that more than one file of encoders needs. What is compared stands in register 1. */
#include "kernel/encode_expr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter/nf_tables.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <stddef.h>

#include "kernel/nftnl_must.h"

struct nftnl_expr *expr_add(struct nftnl_rule *rule, const char *name)
{
	struct nftnl_expr *expr = nftnl_must_have(nftnl_expr_alloc(name));

	nftnl_rule_add_expr(rule, expr);
	return expr;
}

void expr_add_meta(struct nftnl_rule *rule, uint32_t key, uint32_t reg)
{
	struct nftnl_expr *expr = expr_add(rule, "meta");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_DREG, reg);
}

void expr_add_cmp(struct nftnl_rule *rule, uint32_t op, const void *data, uint32_t len)
{
	struct nftnl_expr *expr = expr_add(rule, "cmp");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_OP, op);
	nftnl_must_set(nftnl_expr_set(expr, NFTNL_EXPR_CMP_DATA, data, len));
}

void expr_add_meta_is(struct nftnl_rule *rule, uint32_t key, uint8_t value)
{
	expr_add_meta(rule, key, NFT_REG_1);
	expr_add_cmp(rule, NFT_CMP_EQ, &value, sizeof(value));
}

void expr_add_payload(struct nftnl_rule *rule, uint32_t base, uint32_t offset, uint32_t len, uint32_t reg)
{
	struct nftnl_expr *expr = expr_add(rule, "payload");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_DREG, reg);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_LEN, len);
}

void expr_add_address(struct nftnl_rule *rule, bool is_v6, bool source, uint32_t reg)
{
	if (is_v6)
		expr_add_payload(rule, NFT_PAYLOAD_NETWORK_HEADER,
		                 source ? offsetof(struct ip6_hdr, ip6_src)
		                        : offsetof(struct ip6_hdr, ip6_dst),
		                 sizeof(struct in6_addr), reg);
	else
		expr_add_payload(rule, NFT_PAYLOAD_NETWORK_HEADER,
		                 source ? offsetof(struct iphdr, saddr) : offsetof(struct iphdr, daddr),
		                 sizeof(struct in_addr), reg);
}

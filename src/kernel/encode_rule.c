// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rules, encoded by libnftnl. Above each statement stands the nft line it must list as; the expressions in front of
 * some (nfproto, l4proto) are those that nft's own printer expects and hides.
 */
#include "kernel/encode_expr.h"
#include "kernel/session.h"

#include <arpa/inet.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>

#include "kernel/nftnl_must.h"
#include "ruleset/rule.h"

#define LOOPBACK_IFINDEX 1 /* in every network namespace */

static void add_ct(struct nftnl_rule *rule, uint32_t key, uint8_t dir)
{
	struct nftnl_expr *expr = expr_add(rule, "ct");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_CT_KEY, key);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CT_DREG, NFT_REG_1);
	nftnl_expr_set_u8(expr, NFTNL_EXPR_CT_DIR, dir);
}

static struct nftnl_expr *add_lookup(struct nftnl_rule *rule, const struct nft_set *set)
{
	struct nftnl_expr *expr = expr_add(rule, "lookup");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
	nftnl_must_set(nftnl_expr_set_str(expr, NFTNL_EXPR_LOOKUP_SET, set->kernel_name));
	return expr;
}

/* register 1 = (register 1 & mask) ^ xor */
static void add_bitwise(struct nftnl_rule *rule, const void *mask, const void * xor, uint32_t len)
{
	struct nftnl_expr *expr = expr_add(rule, "bitwise");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_OP, NFT_BITWISE_BOOL);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_LEN, len);
	nftnl_must_set(nftnl_expr_set(expr, NFTNL_EXPR_BITWISE_MASK, mask, len));
	nftnl_must_set(nftnl_expr_set(expr, NFTNL_EXPR_BITWISE_XOR, xor, len));
}

/* ct original ip saddr @set */
static void encode_ct_addr(struct nftnl_rule *rule, const struct stmt *stmt)
{
	add_ct(rule, set_family(stmt->set) == FAMILY_6 ? NFT_CT_SRC_IP6 : NFT_CT_SRC_IP,
	       stmt->dir == CT_ORIGINAL ? IP_CT_DIR_ORIGINAL : IP_CT_DIR_REPLY);
	add_lookup(rule, stmt->set);
}

/* ct reply ip saddr vmap @map */
static void encode_ct_addr_vmap(struct nftnl_rule *rule, const struct stmt *stmt)
{
	add_ct(rule, set_family(stmt->set) == FAMILY_6 ? NFT_CT_SRC_IP6 : NFT_CT_SRC_IP,
	       stmt->dir == CT_ORIGINAL ? IP_CT_DIR_ORIGINAL : IP_CT_DIR_REPLY);
	nftnl_expr_set_u32(add_lookup(rule, stmt->set), NFTNL_EXPR_LOOKUP_DREG, NFT_REG_VERDICT);
}

/* ct reply proto-src 5723; ct reply proto-src 49152-65535 */
static void encode_ct_reply_port(struct nftnl_rule *rule, const struct stmt *stmt)
{
	uint16_t lo = htons(stmt->ports.lo), hi = htons(stmt->ports.hi);

	add_ct(rule, NFT_CT_PROTO_SRC, IP_CT_DIR_REPLY);
	if (lo == hi) {
		expr_add_cmp(rule, NFT_CMP_EQ, &lo, sizeof(lo));
		return;
	}
	expr_add_cmp(rule, NFT_CMP_GTE, &lo, sizeof(lo));
	expr_add_cmp(rule, NFT_CMP_LTE, &hi, sizeof(hi));
}

/* ip saddr @set */
static void encode_addr(struct nftnl_rule *rule, const struct stmt *stmt)
{
	bool is_v6 = set_family(stmt->set) == FAMILY_6;

	expr_add_meta_is(rule, NFT_META_NFPROTO, is_v6 ? NFPROTO_IPV6 : NFPROTO_IPV4);
	expr_add_address(rule, is_v6, stmt->kind == STMT_SADDR, NFT_REG_1);
	add_lookup(rule, stmt->set);
}

static void encode_counter_ref(struct nftnl_rule *rule, const struct stmt *stmt)
{
	struct nftnl_expr *expr = expr_add(rule, "objref");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_OBJREF_IMM_TYPE, NFT_OBJECT_COUNTER);
	nftnl_must_set(nftnl_expr_set_str(expr, NFTNL_EXPR_OBJREF_IMM_NAME, stmt->name));
}

/* meta mark & ~mask | value, in register 1 */
static void add_mark_value(struct nftnl_rule *rule, uint32_t value, uint32_t mask)
{
	uint32_t keep = ~mask;
	struct nftnl_expr *expr;

	if (!keep) {
		expr = expr_add(rule, "immediate");
		nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_DREG, NFT_REG_1);
		nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_DATA, value);
		return;
	}
	expr_add_meta(rule, NFT_META_MARK, NFT_REG_1);
	add_bitwise(rule, &keep, &value, sizeof(value));
}

/* meta mark set meta mark & 0xffff00ff | 0x00000100 */
static void encode_mark(struct nftnl_rule *rule, const struct stmt *stmt)
{
	struct nftnl_expr *expr;

	add_mark_value(rule, stmt->value, stmt->mask);
	expr = expr_add(rule, "meta");
	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_KEY, NFT_META_MARK);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_SREG, NFT_REG_1);
}

/* ct original protocol icmp: of the connection, where the packet is an ICMP error about it */
static void encode_ct_protocol(struct nftnl_rule *rule, const struct stmt *stmt)
{
	add_ct(rule, NFT_CT_PROTOCOL, IP_CT_DIR_ORIGINAL);
	expr_add_cmp(rule, NFT_CMP_EQ, &stmt->proto, sizeof(stmt->proto));
}

/* ct original proto-dst 2048 */
static void encode_ct_original_icmp(struct nftnl_rule *rule, const struct stmt *stmt)
{
	uint16_t value = htons(stmt->ports.lo);

	add_ct(rule, NFT_CT_PROTO_DST, IP_CT_DIR_ORIGINAL);
	expr_add_cmp(rule, NFT_CMP_EQ, &value, sizeof(value));
}

/* ct reply proto-src vmap @map */
static void encode_ct_reply_vmap(struct nftnl_rule *rule, const struct stmt *stmt)
{
	add_ct(rule, NFT_CT_PROTO_SRC, IP_CT_DIR_REPLY);
	nftnl_expr_set_u32(add_lookup(rule, stmt->set), NFTNL_EXPR_LOOKUP_DREG, NFT_REG_VERDICT);
}

/* ct original proto-src vmap @map */
static void encode_ct_original_vmap(struct nftnl_rule *rule, const struct stmt *stmt)
{
	add_ct(rule, NFT_CT_PROTO_SRC, IP_CT_DIR_ORIGINAL);
	nftnl_expr_set_u32(add_lookup(rule, stmt->set), NFTNL_EXPR_LOOKUP_DREG, NFT_REG_VERDICT);
}

/* ct direction reply */
static void encode_ct_is_reply(struct nftnl_rule *rule, const struct stmt *stmt)
{
	static const uint8_t reply = IP_CT_DIR_REPLY;
	struct nftnl_expr *expr = expr_add(rule, "ct");

	(void)stmt;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CT_KEY, NFT_CT_DIRECTION);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CT_DREG, NFT_REG_1);
	expr_add_cmp(rule, NFT_CMP_EQ, &reply, sizeof(reply));
}

/* The flags of the TCP header under a mask; stands behind meta l4proto tcp. */
static void add_tcp_flags(struct nftnl_rule *rule, uint8_t mask)
{
	static const uint8_t none = 0;

	expr_add_payload(rule, NFT_PAYLOAD_TRANSPORT_HEADER, offsetof(struct tcphdr, th_flags), sizeof(mask),
	                 NFT_REG_1);
	add_bitwise(rule, &mask, &none, sizeof(mask));
}

/* tcp flags & (syn | ack) != syn */
static void encode_tcp_not_syn(struct nftnl_rule *rule, const struct stmt *stmt)
{
	static const uint8_t syn = TH_SYN;

	(void)stmt;
	add_tcp_flags(rule, TH_SYN | TH_ACK);
	expr_add_cmp(rule, NFT_CMP_NEQ, &syn, sizeof(syn));
}

/* tcp flags rst */
static void encode_tcp_rst(struct nftnl_rule *rule, const struct stmt *stmt)
{
	static const uint8_t none = 0;

	(void)stmt;
	add_tcp_flags(rule, TH_RST);
	expr_add_cmp(rule, NFT_CMP_NEQ, &none, sizeof(none));
}

/* icmpv6 type @set */
static void encode_icmpv6_type(struct nftnl_rule *rule, const struct stmt *stmt)
{
	expr_add_meta_is(rule, NFT_META_L4PROTO, IPPROTO_ICMPV6);
	expr_add_payload(rule, NFT_PAYLOAD_TRANSPORT_HEADER, offsetof(struct icmp6_hdr, icmp6_type), 1,
	                 NFT_REG_1);
	add_lookup(rule, stmt->set);
}

/* meta l4proto @set */
static void encode_l4proto_set(struct nftnl_rule *rule, const struct stmt *stmt)
{
	expr_add_meta(rule, NFT_META_L4PROTO, NFT_REG_1);
	add_lookup(rule, stmt->set);
}

/* ct state invalid; ct state invalid,untracked; ct state established; ct state related */
static void encode_ct_state(struct nftnl_rule *rule, const struct stmt *stmt)
{
	static const uint32_t none = 0, states[STMT_MAX] = {
	                                        [STMT_CT_INVALID] = NF_CT_STATE_INVALID_BIT,
	                                        [STMT_CT_UNPLACED] =
	                                                NF_CT_STATE_INVALID_BIT | NF_CT_STATE_UNTRACKED_BIT,
	                                        [STMT_CT_ESTABLISHED] = NF_CT_STATE_BIT(IP_CT_ESTABLISHED),
	                                        [STMT_CT_RELATED] = NF_CT_STATE_BIT(IP_CT_RELATED),
	                                };
	struct nftnl_expr *expr = expr_add(rule, "ct");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_CT_KEY, NFT_CT_STATE);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CT_DREG, NFT_REG_1);
	add_bitwise(rule, &states[stmt->kind], &none, sizeof(none));
	expr_add_cmp(rule, NFT_CMP_NEQ, &none, sizeof(none));
}

/* meta l4proto tcp */
static void encode_l4proto(struct nftnl_rule *rule, const struct stmt *stmt)
{
	expr_add_meta_is(rule, NFT_META_L4PROTO, stmt->proto);
}

/* iif "lo"; oif "lo" */
static void encode_loopback(struct nftnl_rule *rule, const struct stmt *stmt)
{
	uint32_t index = LOOPBACK_IFINDEX;

	expr_add_meta(rule, stmt->kind == STMT_IIF_LO ? NFT_META_IIF : NFT_META_OIF, NFT_REG_1);
	expr_add_cmp(rule, NFT_CMP_EQ, &index, sizeof(index));
}

/* reject with tcp reset; reject with icmpx admin-prohibited */
static void encode_reject(struct nftnl_rule *rule, const struct stmt *stmt)
{
	bool reset = stmt->kind == STMT_REJECT_RESET;
	struct nftnl_expr *expr = expr_add(rule, "reject");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_REJECT_TYPE,
	                   reset ? NFT_REJECT_TCP_RST : NFT_REJECT_ICMPX_UNREACH);
	nftnl_expr_set_u8(expr, NFTNL_EXPR_REJECT_CODE, reset ? 0 : NFT_REJECT_ICMPX_ADMIN_PROHIBITED);
}

/* accept; drop; return; jump CHAIN; goto CHAIN */
static void encode_verdict(struct nftnl_rule *rule, const struct stmt *stmt)
{
	static const int verdicts[STMT_MAX] = {
	        [STMT_ACCEPT] = NF_ACCEPT, [STMT_DROP] = NF_DROP,  [STMT_RETURN] = NFT_RETURN,
	        [STMT_JUMP] = NFT_JUMP,    [STMT_GOTO] = NFT_GOTO,
	};
	struct nftnl_expr *expr = expr_add(rule, "immediate");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_VERDICT, (uint32_t)verdicts[stmt->kind]);
	if (stmt->name)
		nftnl_must_set(nftnl_expr_set_str(expr, NFTNL_EXPR_IMM_CHAIN, stmt->name));
}

static void (*const encoders[STMT_MAX])(struct nftnl_rule *rule, const struct stmt *stmt) = {
        [STMT_L4PROTO] = encode_l4proto,
        [STMT_L4PROTO_SET] = encode_l4proto_set,
        [STMT_CT_INVALID] = encode_ct_state,
        [STMT_CT_UNPLACED] = encode_ct_state,
        [STMT_CT_ESTABLISHED] = encode_ct_state,
        [STMT_CT_RELATED] = encode_ct_state,
        [STMT_TCP_RST] = encode_tcp_rst,
        [STMT_CT_PROTOCOL] = encode_ct_protocol,
        [STMT_CT_ADDR] = encode_ct_addr,
        [STMT_CT_ADDR_VMAP] = encode_ct_addr_vmap,
        [STMT_CT_REPLY_PORT] = encode_ct_reply_port,
        [STMT_CT_REPLY_VMAP] = encode_ct_reply_vmap,
        [STMT_CT_ORIGINAL_VMAP] = encode_ct_original_vmap,
        [STMT_CT_IS_REPLY] = encode_ct_is_reply,
        [STMT_TCP_NOT_SYN] = encode_tcp_not_syn,
        [STMT_CT_ORIGINAL_ICMP] = encode_ct_original_icmp,
        [STMT_SADDR] = encode_addr,
        [STMT_DADDR] = encode_addr,
        [STMT_ICMPV6_TYPE] = encode_icmpv6_type,
        [STMT_IIF_LO] = encode_loopback,
        [STMT_OIF_LO] = encode_loopback,
        [STMT_COUNTER] = encode_counter_ref,
        [STMT_MARK] = encode_mark,
        [STMT_LIMIT] = encode_limit,
        [STMT_LOUD] = encode_loud,
        [STMT_LOG] = encode_log,
        [STMT_REJECT_RESET] = encode_reject,
        [STMT_REJECT_ICMP] = encode_reject,
        [STMT_ACCEPT] = encode_verdict,
        [STMT_DROP] = encode_verdict,
        [STMT_RETURN] = encode_verdict,
        [STMT_JUMP] = encode_verdict,
        [STMT_GOTO] = encode_verdict,
};

static void add_comment(struct nftnl_rule *rule, const char *comment)
{
	struct nftnl_udata_buf *data = nftnl_must_have(nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN));

	nftnl_udata_put_strz(data, NFTNL_UDATA_RULE_COMMENT, comment);
	nftnl_must_set(nftnl_rule_set_data(rule, NFTNL_RULE_USERDATA, nftnl_udata_buf_data(data),
	                                   nftnl_udata_buf_len(data)));
	nftnl_udata_buf_free(data);
}

void encode_rule(struct kernel *kernel, const struct nft_chain *chain, const struct nft_rule *rule)
{
	struct nlmsghdr *message = batch_message(&kernel->batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND,
	                                         "rule of chain", chain->name, rule->loc);
	struct nftnl_rule *nftnl = nftnl_must_have(nftnl_rule_alloc());

	nftnl_rule_set_u32(nftnl, NFTNL_RULE_FAMILY, NFPROTO_INET);
	nftnl_must_set(nftnl_rule_set_str(nftnl, NFTNL_RULE_TABLE, kernel->table));
	nftnl_must_set(nftnl_rule_set_str(nftnl, NFTNL_RULE_CHAIN, chain->name));
	for (unsigned i = 0; i < rule->n; i++)
		encoders[rule->stmts[i].kind](nftnl, &rule->stmts[i]);
	if (rule->comment)
		add_comment(nftnl, rule->comment);
	nftnl_rule_nlmsg_build_payload(message, nftnl);
	nftnl_rule_free(nftnl);
	batch_add(&kernel->batch, message);
}

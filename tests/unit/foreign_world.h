/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table of others, made by hand: a base chain of the forward hook, two chains to jump to, one set, and a packet. Its
 * rules are put together expression by expression, as nft and iptables-nft do. No test needs all of the functions: they
 * are inline.
 */
#ifndef OMFWD_FOREIGN_WORLD_H
#define OMFWD_FOREIGN_WORLD_H

#include "kernel/foreign_state.h"

#include <arpa/inet.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RULES_MAX  8
#define CHAINS_MAX 3

/* A world of one table: its base chain, two chains to jump to, one set. */
struct world {
	struct foreign foreign;
	struct foreign_chain chains[CHAINS_MAX];
	struct foreign_rule rules[CHAINS_MAX][RULES_MAX];
	struct foreign_set set;
	struct foreign_element elements[4];
	struct foreign_packet packet;
};

static inline int world_open(void **state)
{
	static const char *const names[CHAINS_MAX] = {"base", "one", "two"};
	struct world *world = calloc(1, sizeof(*world));

	for (size_t i = 0; i < CHAINS_MAX; i++)
		world->chains[i] = (struct foreign_chain){
		        .family = NFPROTO_INET,
		        .table = "t",
		        .name = names[i],
		        .type = i ? "" : "filter",
		        .is_base = !i,
		        .hook = NF_INET_FORWARD,
		        .policy = NF_ACCEPT,
		        .rules = world->rules[i],
		};
	world->set = (struct foreign_set){.family = NFPROTO_INET,
	                                  .table = "t",
	                                  .name = "s",
	                                  .key_len = 4,
	                                  .known = true,
	                                  .elements = world->elements};
	world->foreign = (struct foreign){
	        .chains = world->chains, .n_chains = CHAINS_MAX, .sets = &world->set, .n_sets = 1};
	world->packet = (struct foreign_packet){.proto = IPPROTO_TCP,
	                                        .port = 5723,
	                                        .src = {10, 1, 0, 20},
	                                        .dst = {10, 2, 0, 10},
	                                        .iif = "gl",
	                                        .iif_index = 7};
	*state = world;
	return 0;
}

static inline int world_close(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < CHAINS_MAX; i++)
		for (size_t k = 0; k < world->chains[i].n; k++)
			nftnl_rule_free(world->rules[i][k].nftnl);
	free(world);
	return 0;
}

static inline struct nftnl_rule *rule_add(struct world *world, size_t chain)
{
	struct foreign_rule *rule = &world->rules[chain][world->chains[chain].n++];

	*rule = (struct foreign_rule){.nftnl = nftnl_rule_alloc(), .handle = world->chains[chain].n};
	return rule->nftnl;
}

static inline struct nftnl_expr *expr_add(struct nftnl_rule *rule, const char *name)
{
	struct nftnl_expr *expr = nftnl_expr_alloc(name);

	assert_non_null(expr);
	nftnl_rule_add_expr(rule, expr);
	return expr;
}

static inline void add_verdict(struct nftnl_rule *rule, int verdict, const char *chain)
{
	struct nftnl_expr *expr = expr_add(rule, "immediate");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_VERDICT, (uint32_t)verdict);
	if (chain)
		nftnl_expr_set_str(expr, NFTNL_EXPR_IMM_CHAIN, chain);
}

static inline void add_payload(struct nftnl_rule *rule, uint32_t base, uint32_t offset, uint32_t len)
{
	struct nftnl_expr *expr = expr_add(rule, "payload");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_DREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_LEN, len);
}

static inline void add_load(struct nftnl_rule *rule, const char *name, uint16_t key_attr, uint16_t reg_attr,
                            uint32_t key)
{
	struct nftnl_expr *expr = expr_add(rule, name);

	nftnl_expr_set_u32(expr, key_attr, key);
	nftnl_expr_set_u32(expr, reg_attr, NFT_REG_1);
}

static inline void add_meta(struct nftnl_rule *rule, uint32_t key)
{
	add_load(rule, "meta", NFTNL_EXPR_META_KEY, NFTNL_EXPR_META_DREG, key);
}

static inline void add_cmp(struct nftnl_rule *rule, uint32_t op, const void *data, uint32_t len)
{
	struct nftnl_expr *expr = expr_add(rule, "cmp");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_OP, op);
	nftnl_expr_set(expr, NFTNL_EXPR_CMP_DATA, data, len);
}

static inline void add_range(struct nftnl_rule *rule, uint32_t op, uint16_t lo, uint16_t hi)
{
	struct nftnl_expr *expr = expr_add(rule, "range");
	uint16_t from = htons(lo), to = htons(hi);

	nftnl_expr_set_u32(expr, NFTNL_EXPR_RANGE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_RANGE_OP, op);
	nftnl_expr_set(expr, NFTNL_EXPR_RANGE_FROM_DATA, &from, sizeof(from));
	nftnl_expr_set(expr, NFTNL_EXPR_RANGE_TO_DATA, &to, sizeof(to));
}

static inline void add_mask(struct nftnl_rule *rule, uint32_t bits)
{
	struct nftnl_expr *expr = expr_add(rule, "bitwise");
	const uint32_t nothing = 0;

	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_LEN, 4);
	nftnl_expr_set(expr, NFTNL_EXPR_BITWISE_MASK, &bits, 4);
	nftnl_expr_set(expr, NFTNL_EXPR_BITWISE_XOR, &nothing, 4);
}

/* tcp dport PORT, or sport with offset 0 */
static inline void add_port(struct nftnl_rule *rule, uint32_t offset, uint32_t op, uint16_t port)
{
	uint16_t wire = htons(port);

	add_payload(rule, NFT_PAYLOAD_TRANSPORT_HEADER, offset, 2);
	add_cmp(rule, op, &wire, 2);
}

#define SPORT 0
#define DPORT 2

static inline struct nftnl_expr *add_lookup(struct nftnl_rule *rule, bool is_map, bool inverted)
{
	struct nftnl_expr *expr = expr_add(rule, "lookup");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
	nftnl_expr_set_str(expr, NFTNL_EXPR_LOOKUP_SET, "s");
	if (is_map)
		nftnl_expr_set_u32(expr, NFTNL_EXPR_LOOKUP_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_LOOKUP_FLAGS, inverted ? NFT_LOOKUP_F_INV : 0);
	return expr;
}

/* Walks; handle: of the rule that is named, 0: the policy. */
static inline void expect(struct world *world, enum foreign_answer answer, uint64_t handle)
{
	struct foreign_verdict verdicts[4];
	size_t n = foreign_walk(&world->foreign, &world->packet, verdicts, 4);

	assert_int_equal(n ? verdicts[0].answer : FOREIGN_PASSES, answer);
	assert_int_equal(n && verdicts[0].rule ? verdicts[0].rule->handle : 0, handle);
}

static inline void element_set(struct world *world, const uint8_t key[4], uint32_t flags, int verdict)
{
	struct foreign_element *element = &world->elements[world->set.n++];

	memcpy(element->key, key, 4);
	element->flags = flags;
	element->is_verdict = verdict != NF_ACCEPT;
	element->verdict = verdict;
}

static inline void add_xt_mark(struct nftnl_rule *rule, uint32_t mark, bool invert)
{
	struct nftnl_expr *expr = expr_add(rule, "match");
	struct xt_mark_mtinfo1 *info = calloc(1, sizeof(*info));

	*info = (struct xt_mark_mtinfo1){.mark = mark, .mask = mark, .invert = invert};
	nftnl_expr_set_str(expr, NFTNL_EXPR_MT_NAME, "mark");
	nftnl_expr_set_u32(expr, NFTNL_EXPR_MT_REV, 1);
	nftnl_expr_set(expr, NFTNL_EXPR_MT_INFO, info, sizeof(*info));
}

static inline void add_xt_tcp(struct nftnl_rule *rule, uint16_t lo, uint16_t hi)
{
	struct nftnl_expr *expr = expr_add(rule, "match");
	struct xt_tcp *info = calloc(1, sizeof(*info));

	*info = (struct xt_tcp){.spts = {0, UINT16_MAX}, .dpts = {lo, hi}};
	nftnl_expr_set_str(expr, NFTNL_EXPR_MT_NAME, "tcp");
	nftnl_expr_set_u32(expr, NFTNL_EXPR_MT_REV, 0);
	nftnl_expr_set(expr, NFTNL_EXPR_MT_INFO, info, sizeof(*info));
}

static inline void add_target(struct nftnl_rule *rule, const char *name)
{
	struct nftnl_expr *expr = expr_add(rule, "target");
	char *info = calloc(1, 8);

	nftnl_expr_set_str(expr, NFTNL_EXPR_TG_NAME, name);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_TG_REV, 0);
	nftnl_expr_set(expr, NFTNL_EXPR_TG_INFO, info, 8);
}

#endif

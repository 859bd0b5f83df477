// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One rule of others against what is known of the packet: expression by expression, as the kernel does it, but with a
 * third answer. An expression this program does not know makes the rule one that may match.
 */
#include "kernel/foreign_state.h"

#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "util/array.h"

struct matching {
	const struct foreign *foreign;
	const struct foreign_chain *chain;
	struct foreign_state *state;
	struct foreign_decision *decision;
};

enum match match_not(enum match match)
{
	return match == MATCH_MAYBE ? MATCH_MAYBE : match == MATCH_NO ? MATCH_YES : MATCH_NO;
}

int foreign_register(uint32_t number, size_t len)
{
	size_t at;

	if (number >= NFT_REG_1 && number <= NFT_REG_4)
		at = (number - NFT_REG_1) * NFT_REG_SIZE;
	else if (number >= NFT_REG32_00 && number <= NFT_REG32_15)
		at = (number - NFT_REG32_00) * NFT_REG32_SIZE;
	else
		return -1;
	return at + len <= FOREIGN_DATA_MAX ? (int)at : -1;
}

enum match foreign_bytes_equal(const uint8_t *value, const uint8_t *known, const uint8_t *with, size_t len)
{
	enum match match = MATCH_YES;

	for (size_t i = 0; i < len; i++) {
		if ((value[i] ^ with[i]) & known[i])
			return MATCH_NO;
		if (known[i] != 0xff)
			match = MATCH_MAYBE;
	}
	return match;
}

static bool all_known(const uint8_t *known, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (known[i] != 0xff)
			return false;
	return true;
}

static enum match match_if(bool holds)
{
	return holds ? MATCH_YES : MATCH_NO;
}

static enum match compare(struct matching *at, const struct nftnl_expr *expr)
{
	uint32_t len = 0, op = nftnl_expr_get_u32(expr, NFTNL_EXPR_CMP_OP);
	const uint8_t *data = nftnl_expr_get(expr, NFTNL_EXPR_CMP_DATA, &len);
	int place = foreign_register(nftnl_expr_get_u32(expr, NFTNL_EXPR_CMP_SREG), len);
	const uint8_t *value, *known;
	int order;

	if (place < 0 || !data)
		return MATCH_MAYBE;
	value = at->state->registers.value + place;
	known = at->state->registers.known + place;
	if (op == NFT_CMP_EQ)
		return foreign_bytes_equal(value, known, data, len);
	if (op == NFT_CMP_NEQ)
		return match_not(foreign_bytes_equal(value, known, data, len));
	if (!all_known(known, len))
		return MATCH_MAYBE;
	order = memcmp(value, data, len);
	return match_if(op == NFT_CMP_LT    ? order < 0
	                : op == NFT_CMP_LTE ? order <= 0
	                : op == NFT_CMP_GT  ? order > 0
	                                    : order >= 0);
}

static enum match compare_range(struct matching *at, const struct nftnl_expr *expr)
{
	uint32_t from_len = 0, to_len = 0;
	const uint8_t *from = nftnl_expr_get(expr, NFTNL_EXPR_RANGE_FROM_DATA, &from_len);
	const uint8_t *to = nftnl_expr_get(expr, NFTNL_EXPR_RANGE_TO_DATA, &to_len);
	int place = foreign_register(nftnl_expr_get_u32(expr, NFTNL_EXPR_RANGE_SREG), from_len);
	const uint8_t *value;
	bool within;

	if (place < 0 || !from || !to || from_len != to_len ||
	    !all_known(at->state->registers.known + place, from_len))
		return MATCH_MAYBE;
	value = at->state->registers.value + place;
	within = memcmp(value, from, from_len) >= 0 && memcmp(value, to, to_len) <= 0;
	return match_if(within == (nftnl_expr_get_u32(expr, NFTNL_EXPR_RANGE_OP) == NFT_RANGE_EQ));
}

static enum match forget_registers(struct matching *at)
{
	memset(at->state->registers.known, 0, sizeof(at->state->registers.known));
	return MATCH_YES;
}

/* (value & mask) ^ xor: what the mask takes away is known afterwards. */
static enum match mask(struct matching *at, const struct nftnl_expr *expr)
{
	uint32_t len = 0, xor_len = 0;
	const uint8_t *bits = nftnl_expr_get(expr, NFTNL_EXPR_BITWISE_MASK, &len);
	const uint8_t *flip = nftnl_expr_get(expr, NFTNL_EXPR_BITWISE_XOR, &xor_len);
	int from = foreign_register(nftnl_expr_get_u32(expr, NFTNL_EXPR_BITWISE_SREG), len);
	int to = foreign_register(nftnl_expr_get_u32(expr, NFTNL_EXPR_BITWISE_DREG), len);
	struct foreign_bytes *registers = &at->state->registers;

	if (nftnl_expr_get_u32(expr, NFTNL_EXPR_BITWISE_OP) != NFT_BITWISE_BOOL || !bits || !flip ||
	    len != xor_len || from < 0 || to < 0)
		return forget_registers(at);
	for (uint32_t i = 0; i < len; i++) {
		uint8_t value = registers->value[from + (int)i], known = registers->known[from + (int)i];

		registers->value[to + (int)i] = (uint8_t)((value & bits[i]) ^ flip[i]);
		registers->known[to + (int)i] = (uint8_t)(known | ~bits[i]);
	}
	return MATCH_YES;
}

static void decide(struct matching *at, int verdict, const char *chain)
{
	at->decision->decided = true;
	at->decision->verdict = verdict;
	at->decision->chain = chain;
}

static enum match immediate(struct matching *at, const struct nftnl_expr *expr)
{
	if (nftnl_expr_is_set(expr, NFTNL_EXPR_IMM_VERDICT))
		decide(at, (int)nftnl_expr_get_u32(expr, NFTNL_EXPR_IMM_VERDICT),
		       nftnl_expr_get_str(expr, NFTNL_EXPR_IMM_CHAIN));
	else
		foreign_load(at->state, expr, "immediate");
	return MATCH_YES;
}

/* What a map gives for the element that was found. */
static void take_data(struct matching *at, const struct foreign_element *element, uint32_t number)
{
	int place = foreign_register(number, 16);

	if (element->is_verdict) {
		decide(at, element->verdict, element->chain);
	} else if (place >= 0) {
		memcpy(at->state->registers.value + place, element->data, 16);
		memset(at->state->registers.known + place, 0xff, 16);
	}
}

static enum match look_up(struct matching *at, const struct nftnl_expr *expr)
{
	const struct foreign_set *set = foreign_set_named(at->foreign, at->chain->family, at->chain->table,
	                                                  nftnl_expr_get_str(expr, NFTNL_EXPR_LOOKUP_SET));
	int place =
	        set ? foreign_register(nftnl_expr_get_u32(expr, NFTNL_EXPR_LOOKUP_SREG), set->key_len) : -1;
	bool is_map = nftnl_expr_is_set(expr, NFTNL_EXPR_LOOKUP_DREG);
	uint32_t number = is_map ? nftnl_expr_get_u32(expr, NFTNL_EXPR_LOOKUP_DREG) : 0;
	const struct foreign_element *element;
	enum match match;

	if (place < 0 && is_map && number == NFT_REG_VERDICT)
		decide(at, NF_QUEUE, NULL); /* nobody knows what it says */
	if (place < 0) {
		forget_registers(at);
		return MATCH_MAYBE;
	}
	match = foreign_set_find(set, at->state->registers.value + place, at->state->registers.known + place,
	                         &element);
	if (is_map && element)
		take_data(at, element, number);
	else if (is_map && number == NFT_REG_VERDICT && match == MATCH_MAYBE)
		*at->decision = (struct foreign_decision){.decided = true, .any_of = set};
	else if (is_map)
		forget_registers(at);
	if (nftnl_expr_get_u32(expr, NFTNL_EXPR_LOOKUP_FLAGS) & NFT_LOOKUP_F_INV)
		match = match_not(match);
	return match;
}

static enum match reject(struct matching *at, const struct nftnl_expr *expr)
{
	(void)expr;
	decide(at, NF_DROP, NULL);
	at->decision->rejects = true;
	return MATCH_YES;
}

/* Whoever listens there decides. */
static enum match hand_over(struct matching *at, const struct nftnl_expr *expr)
{
	(void)expr;
	decide(at, NF_QUEUE, NULL);
	return MATCH_YES;
}

static enum match untrack(struct matching *at, const struct nftnl_expr *expr)
{
	(void)expr;
	foreign_state_untrack(at->state);
	return MATCH_YES;
}

/* Counters count; quotas and limits by name may be used up. */
static enum match refer(struct matching *at, const struct nftnl_expr *expr)
{
	uint32_t type = nftnl_expr_is_set(expr, NFTNL_EXPR_OBJREF_IMM_TYPE)
	                        ? nftnl_expr_get_u32(expr, NFTNL_EXPR_OBJREF_IMM_TYPE)
	                        : NFT_OBJECT_UNSPEC;

	(void)at;
	return type == NFT_OBJECT_COUNTER || type == NFT_OBJECT_CT_HELPER || type == NFT_OBJECT_CT_TIMEOUT
	               ? MATCH_YES
	               : MATCH_MAYBE;
}

static enum match pass_by(struct matching *at, const struct nftnl_expr *expr)
{
	(void)at;
	(void)expr;
	return MATCH_YES;
}

static enum match extension_match(struct matching *at, const struct nftnl_expr *expr)
{
	return foreign_xt_match(at->state, expr);
}

static enum match extension_target(struct matching *at, const struct nftnl_expr *expr)
{
	return foreign_xt_target(at->state, expr, at->decision);
}

static const struct {
	const char *name;
	enum match (*match)(struct matching *at, const struct nftnl_expr *expr);
} matchers[] = {
        {"cmp", compare},
        {"range", compare_range},
        {"bitwise", mask},
        {"immediate", immediate},
        {"lookup", look_up},
        {"reject", reject},
        {"queue", hand_over},
        {"synproxy", hand_over},
        {"notrack", untrack},
        {"objref", refer},
        {"counter", pass_by},
        {"log", pass_by},
        {"last", pass_by},
        {"dup", pass_by},
        {"flow_offload", pass_by},
        {"match", extension_match},
        {"target", extension_target},
};

static enum match expression_match(struct matching *at, const struct nftnl_expr *expr)
{
	const char *name = nftnl_expr_get_str(expr, NFTNL_EXPR_NAME);

	for (size_t i = 0; i < ARRAY_SIZE(matchers); i++)
		if (!strcmp(name, matchers[i].name))
			return matchers[i].match(at, expr);
	if (foreign_load(at->state, expr, name))
		return MATCH_YES;
	forget_registers(at);
	return MATCH_MAYBE;
}

static enum match expressions_match(struct matching *at, struct nftnl_rule *rule)
{
	struct nftnl_expr_iter *iter = nftnl_expr_iter_create(rule);
	enum match match = MATCH_YES;
	struct nftnl_expr *expr;

	while (match != MATCH_NO && !at->decision->decided && (expr = nftnl_expr_iter_next(iter))) {
		enum match one = expression_match(at, expr);

		if (one != MATCH_YES)
			match = one;
		at->state->unsure |= match == MATCH_MAYBE;
	}
	nftnl_expr_iter_destroy(iter);
	return match;
}

enum match foreign_rule_match(const struct foreign *foreign, const struct foreign_chain *chain,
                              const struct foreign_rule *rule, struct foreign_state *state,
                              struct foreign_decision *ret)
{
	struct matching at = {foreign, chain, state, ret};
	bool unsure = state->unsure;
	enum match match = MATCH_MAYBE;

	*ret = (struct foreign_decision){.decided = false};
	forget_registers(&at);
	if (rule->nftnl)
		match = expressions_match(&at, rule->nftnl);
	else
		*ret = (struct foreign_decision){.decided = true, .verdict = NF_QUEUE};
	state->unsure = unsure;
	return match;
}

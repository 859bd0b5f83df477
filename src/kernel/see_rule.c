// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A rule's expressions, read for the statements that our own rules have. Each match loads one thing and looks it up or
 * compares it; what is loaded twice, or is none of ours, makes the rule an odd one, and nobody believes to know what it
 * does.
 */
#include "kernel/see.h"

#include <arpa/inet.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_tables.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"

/* What the register holds. */
enum load {
	LOAD_NOTHING,
	LOAD_NFPROTO,
	LOAD_L4PROTO,
	LOAD_CT_SADDR_ORIGINAL,
	LOAD_CT_SADDR_REPLY,
	LOAD_CT_PORT_REPLY,
	LOAD_CT_PROTOCOL,
	LOAD_CT_STATE,
	LOAD_ICMP_TYPE, /* ct original proto-dst */
	LOAD_SADDR,
	LOAD_DADDR,
	LOAD_MARK,
	LOAD_OTHER,
};

struct reading {
	struct arena *arena;
	struct seen_rule *rule;
	enum load load;
	uint32_t value; /* of the last bitwise or immediate, for a mark */
	uint32_t keep;
};

static void load(struct reading *in, enum load what)
{
	in->load = what;
	if (what == LOAD_OTHER ||
	    what == LOAD_CT_STATE) /* of states, one rule alone is known: see read_cmp() */
		in->rule->odd = true;
}

static void read_meta(struct reading *in, const struct nftnl_expr *expr)
{
	uint32_t key = nftnl_expr_get_u32(expr, NFTNL_EXPR_META_KEY);

	if (nftnl_expr_is_set(expr, NFTNL_EXPR_META_SREG)) {
		if (key != NFT_META_MARK)
			return;
		in->rule->marks = true;
		in->rule->mark_value = in->value;
		in->rule->mark_mask = ~in->keep;
		in->load = LOAD_NOTHING;
		return;
	}
	load(in, key == NFT_META_NFPROTO   ? LOAD_NFPROTO
	         : key == NFT_META_L4PROTO ? LOAD_L4PROTO
	         : key == NFT_META_MARK    ? LOAD_MARK
	                                   : LOAD_OTHER);
}

static void read_ct(struct reading *in, const struct nftnl_expr *expr)
{
	static const struct {
		uint32_t key;
		uint8_t dir;
		enum load load;
	} known[] = {
	        {NFT_CT_SRC_IP, IP_CT_DIR_ORIGINAL, LOAD_CT_SADDR_ORIGINAL},
	        {NFT_CT_SRC_IP6, IP_CT_DIR_ORIGINAL, LOAD_CT_SADDR_ORIGINAL},
	        {NFT_CT_SRC_IP, IP_CT_DIR_REPLY, LOAD_CT_SADDR_REPLY},
	        {NFT_CT_SRC_IP6, IP_CT_DIR_REPLY, LOAD_CT_SADDR_REPLY},
	        {NFT_CT_PROTO_SRC, IP_CT_DIR_REPLY, LOAD_CT_PORT_REPLY},
	        {NFT_CT_PROTO_DST, IP_CT_DIR_ORIGINAL, LOAD_ICMP_TYPE},
	};
	uint32_t key = nftnl_expr_get_u32(expr, NFTNL_EXPR_CT_KEY);
	uint8_t dir = nftnl_expr_get_u8(expr, NFTNL_EXPR_CT_DIR);

	if (key == NFT_CT_PROTOCOL) { /* the kernel keeps no direction with it */
		load(in, LOAD_CT_PROTOCOL);
		return;
	}
	if (key == NFT_CT_STATE) {
		load(in, LOAD_CT_STATE);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].key == key && known[i].dir == dir &&
		    nftnl_expr_is_set(expr, NFTNL_EXPR_CT_DIR)) {
			load(in, known[i].load);
			return;
		}
	load(in, LOAD_OTHER);
}

static void read_payload(struct reading *in, const struct nftnl_expr *expr)
{
	static const struct {
		uint32_t offset, len;
		enum load load;
	} known[] = {
	        {offsetof(struct iphdr, saddr), 4, LOAD_SADDR},
	        {offsetof(struct iphdr, daddr), 4, LOAD_DADDR},
	        {offsetof(struct ip6_hdr, ip6_src), 16, LOAD_SADDR},
	        {offsetof(struct ip6_hdr, ip6_dst), 16, LOAD_DADDR},
	};
	uint32_t offset = nftnl_expr_get_u32(expr, NFTNL_EXPR_PAYLOAD_OFFSET);
	uint32_t len = nftnl_expr_get_u32(expr, NFTNL_EXPR_PAYLOAD_LEN);

	if (nftnl_expr_get_u32(expr, NFTNL_EXPR_PAYLOAD_BASE) == NFT_PAYLOAD_NETWORK_HEADER)
		for (size_t i = 0; i < ARRAY_SIZE(known); i++)
			if (known[i].offset == offset && known[i].len == len) {
				load(in, known[i].load);
				return;
			}
	load(in, LOAD_OTHER);
}

static void compare_port(struct seen_rule *rule, uint32_t op, uint16_t port)
{
	rule->has_ports = true;
	if (op == NFT_CMP_GTE)
		rule->ports.lo = port;
	else if (op == NFT_CMP_LTE)
		rule->ports.hi = port;
	else if (op == NFT_CMP_EQ)
		rule->ports = (struct port_range){port, port};
	else
		rule->odd = true;
}

static void read_cmp(struct reading *in, const struct nftnl_expr *expr)
{
	uint32_t len = 0, op = nftnl_expr_get_u32(expr, NFTNL_EXPR_CMP_OP);
	const uint8_t *data = nftnl_expr_get(expr, NFTNL_EXPR_CMP_DATA, &len);
	bool equal = op == NFT_CMP_EQ && data && len >= 1;

	if (in->load == LOAD_NFPROTO && equal) /* goes with the address that follows */
		return;
	if (in->load == LOAD_L4PROTO && equal && in->rule->l4proto < 0)
		in->rule->l4proto = data[0];
	else if (in->load == LOAD_CT_PROTOCOL && equal && in->rule->ct_protocol < 0)
		in->rule->ct_protocol = data[0];
	else if (in->load == LOAD_CT_PORT_REPLY && data && len == 2)
		compare_port(in->rule, op, (uint16_t)(data[0] << 8 | data[1]));
	else if (in->load == LOAD_CT_STATE && op == NFT_CMP_NEQ &&
	         in->value == (NF_CT_STATE_INVALID_BIT | NF_CT_STATE_UNTRACKED_BIT))
		in->rule->unplaced = true;
	else if (in->load != LOAD_ICMP_TYPE || !equal)
		in->rule->odd = true;
}

static bool is_map_place(const struct seen_rule *rule, const char *const *place)
{
	return place == &rule->services || place == &rule->from_ends || place == &rule->to_ends;
}

static void read_lookup(struct reading *in, const struct nftnl_expr *expr)
{
	const char **place = NULL;
	const char *set = nftnl_expr_get_str(expr, NFTNL_EXPR_LOOKUP_SET);
	bool map = nftnl_expr_is_set(expr, NFTNL_EXPR_LOOKUP_DREG);
	bool inverted = nftnl_expr_get_u32(expr, NFTNL_EXPR_LOOKUP_FLAGS) & NFT_LOOKUP_F_INV;

	if (in->load == LOAD_CT_PORT_REPLY && map)
		place = &in->rule->services;
	else if (in->load == LOAD_CT_SADDR_ORIGINAL && map)
		place = &in->rule->from_ends;
	else if (in->load == LOAD_CT_SADDR_REPLY && map)
		place = &in->rule->to_ends;
	else if (in->load == LOAD_CT_SADDR_ORIGINAL)
		place = &in->rule->from;
	else if (in->load == LOAD_CT_SADDR_REPLY)
		place = &in->rule->to;
	else if (in->load == LOAD_SADDR)
		place = &in->rule->saddr;
	else if (in->load == LOAD_DADDR)
		place = &in->rule->daddr;
	else if (in->load == LOAD_L4PROTO)
		place = &in->rule->window;
	if (!place || !set || **place || inverted || (map && !is_map_place(in->rule, place)))
		/* Set before the first expression. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
		in->rule->odd = true;
	else
		*place = arena_strdup(in->arena, set);
}

static void read_immediate(struct reading *in, const struct nftnl_expr *expr)
{
	const char *chain;

	if (!nftnl_expr_is_set(expr, NFTNL_EXPR_IMM_VERDICT)) {
		in->value = nftnl_expr_get_u32(expr, NFTNL_EXPR_IMM_DATA);
		in->keep = 0;
		return;
	}
	switch ((int)nftnl_expr_get_u32(expr, NFTNL_EXPR_IMM_VERDICT)) {
	case NF_ACCEPT:
		in->rule->verdict = SEEN_ACCEPT;
		break;
	case NF_DROP:
		in->rule->verdict = SEEN_DROP;
		break;
	case NFT_JUMP:
		in->rule->verdict = SEEN_JUMP;
		break;
	case NFT_GOTO:
		in->rule->verdict = SEEN_GOTO;
		break;
	case NFT_RETURN:
		in->rule->verdict = SEEN_RETURN;
		break;
	default:
		in->rule->verdict = SEEN_OTHER;
	}
	chain = nftnl_expr_get_str(expr, NFTNL_EXPR_IMM_CHAIN);
	if (chain)
		in->rule->target = arena_strdup(in->arena, chain);
}

/* Of a mark: what is kept of the old one, and what is set. Of a state: which bits are asked for. */
static void read_bitwise(struct reading *in, const struct nftnl_expr *expr)
{
	uint32_t len = 0;
	const void *mask = nftnl_expr_get(expr, NFTNL_EXPR_BITWISE_MASK, &len), *flip;

	if (in->load == LOAD_CT_STATE && mask && len == sizeof(in->value)) {
		memcpy(&in->value, mask, sizeof(in->value));
		return;
	}
	if (in->load != LOAD_MARK || !mask || len != sizeof(in->keep)) {
		in->rule->odd = true;
		return;
	}
	memcpy(&in->keep, mask, sizeof(in->keep));
	flip = nftnl_expr_get(expr, NFTNL_EXPR_BITWISE_XOR, &len);
	if (flip && len == sizeof(in->value))
		memcpy(&in->value, flip, sizeof(in->value));
}

static void read_objref(struct reading *in, const struct nftnl_expr *expr)
{
	const char *name = nftnl_expr_get_str(expr, NFTNL_EXPR_OBJREF_IMM_NAME);

	if (name && nftnl_expr_get_u32(expr, NFTNL_EXPR_OBJREF_IMM_TYPE) == NFT_OBJECT_COUNTER)
		in->rule->counter = arena_strdup(in->arena, name);
	else
		in->rule->odd = true;
}

static void read_limit(struct reading *in, const struct nftnl_expr *expr)
{
	in->rule->limits = true;
	in->rule->rate = (uint32_t)nftnl_expr_get_u64(expr, NFTNL_EXPR_LIMIT_RATE);
	in->rule->rate_unit = (uint32_t)nftnl_expr_get_u64(expr, NFTNL_EXPR_LIMIT_UNIT);
}

static void read_log(struct reading *in, const struct nftnl_expr *expr)
{
	in->rule->logs = true;
	in->rule->group = nftnl_expr_get_u16(expr, NFTNL_EXPR_LOG_GROUP);
}

static void read_reject(struct reading *in, const struct nftnl_expr *expr)
{
	(void)expr;
	in->rule->rejects = true;
}

/* Counts, and has no say. */
static void read_counter(struct reading *in, const struct nftnl_expr *expr)
{
	(void)in;
	(void)expr;
}

static int read_expr(struct nftnl_expr *expr, void *data)
{
	static const struct {
		const char *name;
		void (*read)(struct reading *in, const struct nftnl_expr *expr);
	} readers[] = {
	        {"meta", read_meta},       {"ct", read_ct},         {"payload", read_payload},
	        {"cmp", read_cmp},         {"lookup", read_lookup}, {"immediate", read_immediate},
	        {"bitwise", read_bitwise}, {"objref", read_objref}, {"limit", read_limit},
	        {"log", read_log},         {"reject", read_reject}, {"counter", read_counter},
	};
	const char *name = nftnl_expr_get_str(expr, NFTNL_EXPR_NAME);

	for (size_t i = 0; i < ARRAY_SIZE(readers); i++)
		if (strcmp(readers[i].name, name) == 0) {
			readers[i].read(data, expr);
			return 0;
		}
	((struct reading *)data)->rule->odd = true;
	return 0;
}

static int read_comment(const struct nftnl_udata *attr, void *data)
{
	struct reading *in = data;

	if (nftnl_udata_type(attr) == NFTNL_UDATA_RULE_COMMENT)
		in->rule->comment = arena_strndup(in->arena, nftnl_udata_get(attr), nftnl_udata_len(attr));
	return 0;
}

void see_rule(const struct nlmsghdr *message, struct arena *arena, struct seen_rule *ret)
{
	struct reading in = {.arena = arena, .rule = ret};
	struct nftnl_rule *rule = nftnl_rule_alloc();
	const void *userdata;
	uint32_t len = 0;

	if (!rule)
		abort();
	*ret = (struct seen_rule){.chain = "",
	                          .from = "",
	                          .to = "",
	                          .saddr = "",
	                          .daddr = "",
	                          .services = "",
	                          .from_ends = "",
	                          .to_ends = "",
	                          .window = "",
	                          .counter = "",
	                          .comment = "",
	                          .target = "",
	                          .l4proto = -1,
	                          .ct_protocol = -1};
	if (nftnl_rule_nlmsg_parse(message, rule) < 0) {
		ret->odd = true;
	} else {
		ret->chain = arena_strdup(arena, nftnl_rule_get_str(rule, NFTNL_RULE_CHAIN));
		nftnl_expr_foreach(rule, read_expr, &in);
		userdata = nftnl_rule_get_data(rule, NFTNL_RULE_USERDATA, &len);
		if (userdata)
			nftnl_udata_parse(userdata, len, read_comment, &in);
	}
	nftnl_rule_free(rule);
}

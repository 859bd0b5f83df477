// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rules of others, put together from the bytes of the input, and a packet that walks through them. Not from netlink's
 * bytes: libnftnl ends the program over an attribute of the wrong length. Every walk ends, names chains and rules that
 * are there, and can be told in words.
 */
#include "tests/fuzz/fuzz.h"

#include "kernel/foreign_state.h"

#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#define CHAINS_MAX    4
#define RULES_MAX     6
#define EXPRS_MAX     5
#define ELEMENTS      4
#define VERDICTS      CHAINS_MAX
#define VALUE_MAX     16 /* what libnftnl takes without asking */
#define INFO_MAX      256
#define ARRAY(a)      (sizeof(a) / sizeof((a)[0]))
#define CHOOSE(in, a) ((a)[byte(in) % ARRAY(a)])

struct input {
	const uint8_t *at, *end;
};

struct world {
	struct foreign foreign;
	struct foreign_chain chains[CHAINS_MAX];
	struct foreign_rule rules[CHAINS_MAX][RULES_MAX];
	struct foreign_set set;
	struct foreign_element elements[ELEMENTS];
	struct foreign_packet packet;
};

static const char *const chain_names[CHAINS_MAX + 1] = {"a", "b", "c", "d", "nowhere"};
static const int verdicts[] = {NF_ACCEPT, NF_DROP,    NF_QUEUE,     NFT_JUMP,
                               NFT_GOTO,  NFT_RETURN, NFT_CONTINUE, 77};

static uint8_t byte(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

static void bytes(struct input *in, void *ret, size_t len)
{
	uint8_t *to = ret;

	for (size_t i = 0; i < len; i++)
		to[i] = byte(in);
}

/* A number of an expression: mostly small, as keys, registers, offsets and lengths are. */
static uint32_t number(struct input *in)
{
	uint8_t first = byte(in);
	uint32_t wide;

	if (first < 0xf0)
		return first;
	bytes(in, &wide, sizeof(wide));
	return wide;
}

static void set_value(struct input *in, struct nftnl_expr *expr, uint16_t attribute, size_t max)
{
	uint8_t value[INFO_MAX];
	size_t len = byte(in) % (max + 1);

	bytes(in, value, len);
	if (len > 0)
		nftnl_expr_set(expr, attribute, value, (uint32_t)len);
}

enum kind { KIND_NUMBER, KIND_NUMBER_64, KIND_BYTE, KIND_VALUE, KIND_SET, KIND_CHAIN, KIND_VERDICT };

/* The attributes of each expression, most of which are set most of the time. */
static const struct {
	const char *name;
	struct {
		uint16_t attribute;
		enum kind kind;
	} attributes[6];
	size_t n;
} shapes[] = {
        {"payload",
         {{NFTNL_EXPR_PAYLOAD_DREG, KIND_NUMBER},
          {NFTNL_EXPR_PAYLOAD_BASE, KIND_NUMBER},
          {NFTNL_EXPR_PAYLOAD_OFFSET, KIND_NUMBER},
          {NFTNL_EXPR_PAYLOAD_LEN, KIND_NUMBER}},
         4},
        {"payload",
         {{NFTNL_EXPR_PAYLOAD_SREG, KIND_NUMBER},
          {NFTNL_EXPR_PAYLOAD_BASE, KIND_NUMBER},
          {NFTNL_EXPR_PAYLOAD_OFFSET, KIND_NUMBER},
          {NFTNL_EXPR_PAYLOAD_LEN, KIND_NUMBER}},
         4},
        {"cmp",
         {{NFTNL_EXPR_CMP_SREG, KIND_NUMBER},
          {NFTNL_EXPR_CMP_OP, KIND_NUMBER},
          {NFTNL_EXPR_CMP_DATA, KIND_VALUE}},
         3},
        {"range",
         {{NFTNL_EXPR_RANGE_SREG, KIND_NUMBER},
          {NFTNL_EXPR_RANGE_OP, KIND_NUMBER},
          {NFTNL_EXPR_RANGE_FROM_DATA, KIND_VALUE},
          {NFTNL_EXPR_RANGE_TO_DATA, KIND_VALUE}},
         4},
        {"bitwise",
         {{NFTNL_EXPR_BITWISE_SREG, KIND_NUMBER},
          {NFTNL_EXPR_BITWISE_DREG, KIND_NUMBER},
          {NFTNL_EXPR_BITWISE_OP, KIND_NUMBER},
          {NFTNL_EXPR_BITWISE_LEN, KIND_NUMBER},
          {NFTNL_EXPR_BITWISE_MASK, KIND_VALUE},
          {NFTNL_EXPR_BITWISE_XOR, KIND_VALUE}},
         6},
        {"immediate",
         {{NFTNL_EXPR_IMM_DREG, KIND_NUMBER},
          {NFTNL_EXPR_IMM_VERDICT, KIND_VERDICT},
          {NFTNL_EXPR_IMM_CHAIN, KIND_CHAIN}},
         3},
        {"immediate", {{NFTNL_EXPR_IMM_DREG, KIND_NUMBER}, {NFTNL_EXPR_IMM_DATA, KIND_VALUE}}, 2},
        {"lookup",
         {{NFTNL_EXPR_LOOKUP_SREG, KIND_NUMBER},
          {NFTNL_EXPR_LOOKUP_SET, KIND_SET},
          {NFTNL_EXPR_LOOKUP_DREG, KIND_NUMBER},
          {NFTNL_EXPR_LOOKUP_FLAGS, KIND_NUMBER}},
         4},
        {"meta", {{NFTNL_EXPR_META_KEY, KIND_NUMBER}, {NFTNL_EXPR_META_DREG, KIND_NUMBER}}, 2},
        {"meta", {{NFTNL_EXPR_META_KEY, KIND_NUMBER}, {NFTNL_EXPR_META_SREG, KIND_NUMBER}}, 2},
        {"ct",
         {{NFTNL_EXPR_CT_KEY, KIND_NUMBER},
          {NFTNL_EXPR_CT_DREG, KIND_NUMBER},
          {NFTNL_EXPR_CT_DIR, KIND_BYTE}},
         3},
        {"ct", {{NFTNL_EXPR_CT_KEY, KIND_NUMBER}, {NFTNL_EXPR_CT_SREG, KIND_NUMBER}}, 2},
        {"fib",
         {{NFTNL_EXPR_FIB_DREG, KIND_NUMBER},
          {NFTNL_EXPR_FIB_RESULT, KIND_NUMBER},
          {NFTNL_EXPR_FIB_FLAGS, KIND_NUMBER}},
         3},
        {"objref", {{NFTNL_EXPR_OBJREF_IMM_TYPE, KIND_NUMBER}}, 1},
        {"limit", {{NFTNL_EXPR_LIMIT_RATE, KIND_NUMBER_64}}, 1},
        {"reject", {{0, KIND_NUMBER}}, 0},
        {"queue", {{0, KIND_NUMBER}}, 0},
        {"notrack", {{0, KIND_NUMBER}}, 0},
        {"counter", {{0, KIND_NUMBER}}, 0},
        {"masq", {{0, KIND_NUMBER}}, 0},
};

/* libnftnl forgets the chain of any other verdict. */
static bool names_chain(const struct nftnl_expr *expr)
{
	int verdict = (int)nftnl_expr_get_u32(expr, NFTNL_EXPR_IMM_VERDICT);

	return verdict == NFT_JUMP || verdict == NFT_GOTO;
}

static void set_attribute(struct input *in, struct nftnl_expr *expr, uint16_t attribute, enum kind kind)
{
	switch (kind) {
	case KIND_NUMBER:
		nftnl_expr_set_u32(expr, attribute, number(in));
		break;
	case KIND_NUMBER_64:
		nftnl_expr_set_u64(expr, attribute, number(in));
		break;
	case KIND_BYTE:
		nftnl_expr_set_u8(expr, attribute, byte(in));
		break;
	case KIND_VALUE:
		set_value(in, expr, attribute, VALUE_MAX);
		break;
	case KIND_SET:
		nftnl_expr_set_str(expr, attribute, byte(in) % 8 ? "s" : "nothing");
		break;
	case KIND_CHAIN:
		if (names_chain(expr))
			nftnl_expr_set_str(expr, attribute, CHOOSE(in, chain_names));
		break;
	case KIND_VERDICT:
		nftnl_expr_set_u32(expr, attribute, (uint32_t)CHOOSE(in, verdicts));
		break;
	}
}

static struct nftnl_expr *plain_expr(struct input *in)
{
	size_t shape = byte(in) % ARRAY(shapes);
	struct nftnl_expr *expr = nftnl_expr_alloc(shapes[shape].name);
	uint8_t unset = byte(in);

	FUZZ_HOLDS(expr);
	for (size_t i = 0; i < shapes[shape].n; i++)
		if (unset < 0xc0 || !(unset >> i & 1))
			set_attribute(in, expr, shapes[shape].attributes[i].attribute,
			              shapes[shape].attributes[i].kind);
	return expr;
}

/* What iptables-nft leaves in its own form always has a name and a revision. */
static struct nftnl_expr *xt_expr(struct input *in, bool is_match)
{
	static const char *const matches[] = {"comment",  "rt",        "tcp",       "udp",   "icmp",
	                                      "icmp6",    "multiport", "conntrack", "state", "mark",
	                                      "connmark", "addrtype",  "unknown"};
	static const char *const targets[] = {"LOG",  "REJECT",   "CT",     "NOTRACK",
	                                      "MARK", "CONNMARK", "unknown"};
	struct nftnl_expr *expr = nftnl_expr_alloc(is_match ? "match" : "target");
	uint16_t info = is_match ? NFTNL_EXPR_MT_INFO : NFTNL_EXPR_TG_INFO;
	uint8_t *value;
	size_t len;

	FUZZ_HOLDS(expr);
	nftnl_expr_set_str(expr, is_match ? NFTNL_EXPR_MT_NAME : NFTNL_EXPR_TG_NAME,
	                   is_match ? CHOOSE(in, matches) : CHOOSE(in, targets));
	nftnl_expr_set_u32(expr, is_match ? NFTNL_EXPR_MT_REV : NFTNL_EXPR_TG_REV, byte(in) % 4);
	len = byte(in);
	if (len == 0)
		return expr;
	value = malloc(len); /* the expression keeps it */
	FUZZ_HOLDS(value);
	bytes(in, value, len);
	nftnl_expr_set(expr, info, value, (uint32_t)len);
	return expr;
}

static struct nftnl_rule *make_rule(struct input *in)
{
	struct nftnl_rule *rule = nftnl_rule_alloc();
	size_t n = byte(in) % (EXPRS_MAX + 1);

	FUZZ_HOLDS(rule);
	for (size_t i = 0; i < n; i++) {
		uint8_t kind = byte(in) % 8;

		nftnl_rule_add_expr(rule, kind < 6 ? plain_expr(in) : xt_expr(in, kind == 6));
	}
	return rule;
}

static void make_chain(struct input *in, struct world *world, size_t i)
{
	static const char *const types[] = {"filter", "nat", "route"};
	static const uint8_t families[] = {NFPROTO_INET, NFPROTO_INET, NFPROTO_IPV4, NFPROTO_IPV6,
	                                   NFPROTO_NETDEV};
	struct foreign_chain *chain = &world->chains[i];
	uint8_t what = byte(in);

	*chain = (struct foreign_chain){
	        .family = CHOOSE(in, families),
	        .table = "t",
	        .name = chain_names[i],
	        .type = what & 1 ? types[what % ARRAY(types)] : "",
	        .owned = what & 2,
	        .is_base = what & 1,
	        .hook = what >> 2 & 7,
	        .priority = (int32_t)number(in),
	        .policy = what & 0x20 ? NF_DROP : NF_ACCEPT,
	        .rules = world->rules[i],
	        .n = byte(in) % (RULES_MAX + 1),
	};
	for (size_t k = 0; k < chain->n; k++)
		chain->rules[k] = (struct foreign_rule){
		        .nftnl = byte(in) % 16 ? make_rule(in) : NULL,
		        .handle = k + 1,
		        .comment = byte(in) % 4 ? NULL : "a comment",
		};
}

static void make_set(struct input *in, struct world *world)
{
	struct foreign_set *set = &world->set;

	*set = (struct foreign_set){
	        .family = NFPROTO_INET,
	        .table = "t",
	        .name = "s",
	        .flags = number(in),
	        .key_len = 1 + byte(in) % FOREIGN_DATA_MAX,
	        .known = byte(in) % 8 != 0,
	        .elements = world->elements,
	        .n = byte(in) % (ELEMENTS + 1),
	};
	/* parts fill the key, as foreign_read.c has seen to */
	for (size_t left = set->key_len; byte(in) % 2 && left >= 8 && set->n_fields < 4; left -= 4)
		set->fields[set->n_fields++] = 4;
	if (set->n_fields)
		set->key_len = (uint32_t)(4 * set->n_fields);
	for (size_t i = 0; i < set->n; i++) {
		struct foreign_element *element = &world->elements[i];

		bytes(in, element->key, set->key_len < 8 ? set->key_len : 8);
		bytes(in, element->end, set->key_len < 8 ? set->key_len : 8);
		bytes(in, element->data, 4);
		element->has_end = byte(in) % 2;
		element->flags = byte(in) % 4;
		element->is_verdict = byte(in) % 2;
		element->verdict = CHOOSE(in, verdicts);
		element->chain = CHOOSE(in, chain_names);
	}
}

static void make_packet(struct input *in, struct foreign_packet *packet)
{
	static const uint8_t protos[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP};

	*packet = (struct foreign_packet){.v6 = byte(in) % 2,
	                                  .proto = CHOOSE(in, protos),
	                                  .path = (enum foreign_path)(byte(in) % FOREIGN_PATH_MAX),
	                                  .mark = number(in),
	                                  .mark_mask = number(in)};
	bytes(in, packet->src, packet->v6 ? 16 : 4);
	bytes(in, packet->dst, packet->v6 ? 16 : 4);
	bytes(in, &packet->port, sizeof(packet->port));
	if (byte(in) % 2)
		strcpy(packet->iif, "eth0");
	packet->iif_index = byte(in);
}

static bool belongs(const struct world *world, const struct foreign_verdict *verdict)
{
	const struct foreign_chain *chain = verdict->chain;

	if (verdict->base < world->chains || verdict->base >= world->chains + CHAINS_MAX ||
	    !verdict->base->is_base ||
	    (chain && (chain < world->chains || chain >= world->chains + CHAINS_MAX)))
		return false;
	return !verdict->rule ||
	       (chain && verdict->rule >= chain->rules && verdict->rule < chain->rules + chain->n);
}

static void walk(const struct world *world)
{
	struct foreign_verdict found[VERDICTS];
	char text[FOREIGN_TEXT_MAX];
	size_t n = foreign_walk(&world->foreign, &world->packet, found, VERDICTS);

	FUZZ_HOLDS(n <= VERDICTS);
	for (size_t i = 0; i < n; i++) {
		FUZZ_HOLDS(found[i].answer != FOREIGN_PASSES && belongs(world, &found[i]));
		FUZZ_HOLDS(!found[i].rejects || found[i].answer == FOREIGN_DROPS);
		FUZZ_HOLDS(strlen(foreign_verdict_text(&found[i], text, sizeof(text))) < sizeof(text));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world world;
	struct input in = {.at = data, .end = data + size};

	memset(&world, 0, sizeof(world));
	make_packet(&in, &world.packet);
	make_set(&in, &world);
	for (size_t i = 0; i < CHAINS_MAX; i++)
		make_chain(&in, &world, i);
	world.foreign = (struct foreign){
	        .chains = world.chains, .n_chains = CHAINS_MAX, .sets = &world.set, .n_sets = 1};
	walk(&world);
	for (size_t i = 0; i < CHAINS_MAX; i++)
		for (size_t k = 0; k < world.chains[i].n; k++)
			if (world.rules[i][k].nftnl)
				nftnl_rule_free(world.rules[i][k].nftnl);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A packet through handmade rules of others, and the answer: what is sure, and what cannot be told. Real rulesets are in
 * the lab (test_doctor).
 */
#include "tests/unit/foreign_world.h"

#include "util/array.h"

static void test_nothing_passes_all(void **state)
{
	struct world *world = *state;

	expect(world, FOREIGN_PASSES, 0);
	world->chains[0].policy = NF_DROP;
	expect(world, FOREIGN_DROPS, 0);
	world->chains[0].type = "nat";
	expect(world, FOREIGN_PASSES, 0);
	world->chains[0].type = "filter";
	world->chains[0].family = NFPROTO_IPV6; /* the packet is IPv4 */
	expect(world, FOREIGN_PASSES, 0);
	world->chains[0].family = NFPROTO_IPV4;
	world->chains[0].hook = NF_INET_LOCAL_IN;
	expect(world, FOREIGN_PASSES, 0);
}

static void test_fields(void **state)
{
	struct world *world = *state;
	const uint8_t dst[4] = {10, 2, 0, 10}, other[4] = {10, 2, 0, 11}, name[IFNAMSIZ] = "gl";
	const uint8_t tcp = IPPROTO_TCP;
	struct nftnl_rule *rule = rule_add(world, 0);

	add_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, 16, 4);
	add_cmp(rule, NFT_CMP_EQ, other, 4);
	add_verdict(rule, NF_DROP, NULL);
	rule = rule_add(world, 0);
	add_meta(rule, NFT_META_L4PROTO);
	add_cmp(rule, NFT_CMP_NEQ, &tcp, 1);
	add_verdict(rule, NF_DROP, NULL);
	rule = rule_add(world, 0);
	add_port(rule, DPORT, NFT_CMP_LT, 5723);
	add_verdict(rule, NF_DROP, NULL);
	expect(world, FOREIGN_PASSES, 0);
	rule = rule_add(world, 0);
	add_meta(rule, NFT_META_IIFNAME);
	add_cmp(rule, NFT_CMP_EQ, name, sizeof(name));
	add_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, 16, 4);
	add_cmp(rule, NFT_CMP_EQ, dst, 4);
	add_port(rule, DPORT, NFT_CMP_EQ, 5723);
	add_verdict(rule, NF_DROP, NULL);
	expect(world, FOREIGN_DROPS, 4);
	*world->packet.iif = '\0'; /* not known: perhaps */
	expect(world, FOREIGN_UNSURE, 4);
}

/* tcp dport != 10-20, which nft writes so, and the same without the not */
static void test_range(void **state)
{
	static const struct {
		uint32_t offset, op;
		uint16_t lo, hi;
		enum foreign_answer answer;
	} ranges[] = {
	        {DPORT, NFT_RANGE_NEQ, 10, 20, FOREIGN_DROPS},
	        {DPORT, NFT_RANGE_NEQ, 5723, 5723, FOREIGN_PASSES},
	        {DPORT, NFT_RANGE_NEQ, 5000, 5723, FOREIGN_PASSES},
	        {DPORT, NFT_RANGE_NEQ, 5000, 5722, FOREIGN_DROPS},
	        {DPORT, NFT_RANGE_NEQ, 5724, 6000, FOREIGN_DROPS},
	        {DPORT, NFT_RANGE_EQ, 5723, 6000, FOREIGN_DROPS},
	        {DPORT, NFT_RANGE_EQ, 10, 20, FOREIGN_PASSES},
	        {SPORT, NFT_RANGE_NEQ, 10, 20, FOREIGN_UNSURE},
	        {SPORT, NFT_RANGE_EQ, 10, 20, FOREIGN_UNSURE},
	};
	struct world *world = *state;

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		struct nftnl_rule *rule = rule_add(world, 0);

		add_payload(rule, NFT_PAYLOAD_TRANSPORT_HEADER, ranges[i].offset, 2);
		add_range(rule, ranges[i].op, ranges[i].lo, ranges[i].hi);
		add_verdict(rule, NF_DROP, NULL);
		expect(world, ranges[i].answer, ranges[i].answer == FOREIGN_PASSES ? 0 : 1);
		nftnl_rule_free(rule);
		world->chains[0].n = 0;
	}
}

static void test_client_port_is_unknown(void **state)
{
	struct world *world = *state;
	struct nftnl_rule *rule = rule_add(world, 0);

	add_port(rule, SPORT, NFT_CMP_EQ, 1024);
	add_verdict(rule, NF_DROP, NULL);
	expect(world, FOREIGN_UNSURE, 1);
	world->chains[0].policy = NF_DROP; /* now it does not matter */
	expect(world, FOREIGN_DROPS, 0);
}

static void test_new_connection(void **state)
{
	struct world *world = *state;
	struct nftnl_rule *rule = rule_add(world, 0);
	const uint32_t nothing = 0;

	add_load(rule, "ct", NFTNL_EXPR_CT_KEY, NFTNL_EXPR_CT_DREG, NFT_CT_STATE);
	add_mask(rule, NF_CT_STATE_BIT(IP_CT_ESTABLISHED));
	add_cmp(rule, NFT_CMP_NEQ, &nothing, 4);
	add_verdict(rule, NF_ACCEPT, NULL);
	rule = rule_add(world, 0);
	add_load(rule, "ct", NFTNL_EXPR_CT_KEY, NFTNL_EXPR_CT_DREG, NFT_CT_STATE);
	add_mask(rule, NF_CT_STATE_BIT(IP_CT_NEW));
	add_cmp(rule, NFT_CMP_NEQ, &nothing, 4);
	add_verdict(rule, NF_DROP, NULL);
	expect(world, FOREIGN_DROPS, 2);
}

static void test_jumps_and_returns(void **state)
{
	struct world *world = *state;

	add_verdict(rule_add(world, 0), NFT_JUMP, "one");
	add_verdict(rule_add(world, 0), NF_DROP, NULL);
	add_verdict(rule_add(world, 1), NFT_RETURN, NULL);
	add_verdict(rule_add(world, 1), NF_ACCEPT, NULL);
	expect(world, FOREIGN_DROPS, 2);
}

static void test_goto_does_not_come_back(void **state)
{
	struct world *world = *state;

	add_verdict(rule_add(world, 0), NFT_JUMP, "one");
	add_verdict(rule_add(world, 0), NF_DROP, NULL);
	add_verdict(rule_add(world, 1), NFT_GOTO, "two");
	add_verdict(rule_add(world, 1), NF_ACCEPT, NULL);
	expect(world, FOREIGN_DROPS, 2); /* behind two the chain of the jump goes on */
	add_verdict(rule_add(world, 2), NF_ACCEPT, NULL);
	expect(world, FOREIGN_PASSES, 0);
}

static void test_loop_ends(void **state)
{
	struct world *world = *state;

	add_verdict(rule_add(world, 0), NFT_JUMP, "one");
	add_verdict(rule_add(world, 1), NFT_JUMP, "one");
	expect(world, FOREIGN_UNSURE, 0);
}

static void test_interval(void **state)
{
	struct world *world = *state;
	struct nftnl_rule *rule = rule_add(world, 0);

	world->set.flags = NFT_SET_INTERVAL;
	element_set(world, (const uint8_t[]){10, 2, 0, 0}, 0, NF_ACCEPT);
	element_set(world, (const uint8_t[]){10, 1, 0, 21}, NFT_SET_ELEM_INTERVAL_END, NF_ACCEPT);
	element_set(world, (const uint8_t[]){10, 1, 0, 16}, 0, NF_ACCEPT);
	add_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, 12, 4);
	add_lookup(rule, false, false);
	add_verdict(rule, NF_DROP, NULL);
	expect(world, FOREIGN_DROPS, 1);
	world->packet.src[3] = 21; /* the end is not in it */
	expect(world, FOREIGN_PASSES, 0);
	world->packet.src[3] = 15;
	expect(world, FOREIGN_PASSES, 0);
	world->set.known = false;
	expect(world, FOREIGN_UNSURE, 1);
}

/* A set that came after the sets were listed, or of a kind that cannot be read: its verdicts may be any. */
static void test_unknown_verdict_map(void **state)
{
	struct world *world = *state;
	struct nftnl_rule *rule = rule_add(world, 0);

	add_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, 12, 4);
	add_lookup(rule, true, false);
	world->foreign.n_sets = 0;
	expect(world, FOREIGN_UNSURE, 1);
	world->foreign.n_sets = 1;
	world->set.key_len = FOREIGN_DATA_MAX + 4;
	world->set.known = false;
	expect(world, FOREIGN_UNSURE, 1);
}

/* ip daddr set 10.9.9.9: what a rule writes into the packet, later rules see. */
static void test_written_header(void **state)
{
	struct world *world = *state;
	const uint8_t dst[4] = {10, 2, 0, 10};
	struct nftnl_rule *rule = rule_add(world, 0);
	struct nftnl_expr *expr = expr_add(rule, "payload");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_SREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_OFFSET, 16);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_LEN, 4);
	rule = rule_add(world, 0);
	add_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, 16, 4);
	add_cmp(rule, NFT_CMP_EQ, dst, 4);
	add_verdict(rule, NF_DROP, NULL);
	expect(world, FOREIGN_UNSURE, 2);
}

static void test_far_offset(void **state)
{
	struct world *world = *state;
	struct nftnl_rule *rule = rule_add(world, 0);
	const uint8_t byte = 1;

	add_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, UINT32_MAX, 1);
	add_cmp(rule, NFT_CMP_EQ, &byte, 1);
	add_verdict(rule, NF_DROP, NULL);
	expect(world, FOREIGN_UNSURE, 1);
}

static void test_inverted_lookup(void **state)
{
	struct world *world = *state;
	struct nftnl_rule *rule = rule_add(world, 0);

	element_set(world, (const uint8_t[]){10, 1, 0, 20}, 0, NF_ACCEPT);
	add_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, 12, 4);
	add_lookup(rule, false, true);
	add_verdict(rule, NF_DROP, NULL);
	expect(world, FOREIGN_PASSES, 0);
	world->packet.src[0] = 11;
	expect(world, FOREIGN_DROPS, 1);
}

static void test_verdict_map(void **state)
{
	struct world *world = *state;
	struct nftnl_rule *rule = rule_add(world, 0);

	element_set(world, (const uint8_t[]){10, 1, 0, 20}, 0, NF_DROP);
	element_set(world, (const uint8_t[]){10, 1, 0, 21}, 0, NFT_RETURN);
	add_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, 12, 4);
	add_lookup(rule, true, false);
	expect(world, FOREIGN_DROPS, 1);
	world->packet.src[3] = 21;
	expect(world, FOREIGN_PASSES, 0);
	world->packet.src[3] = 22;
	expect(world, FOREIGN_PASSES, 0);
}

/* The mark of omfwd is there behind its priority, and not before. */
static void test_mark_by_priority(void **state)
{
	struct world *world = *state;
	struct nftnl_rule *rule = rule_add(world, 0);
	const uint32_t mark = 0x10;

	add_meta(rule, NFT_META_MARK);
	add_mask(rule, 0x10);
	add_cmp(rule, NFT_CMP_EQ, &mark, 4);
	add_verdict(rule, NF_ACCEPT, NULL);
	world->chains[0].policy = NF_DROP;
	expect(world, FOREIGN_DROPS, 0);
	world->packet.mark = world->packet.mark_mask = mark;
	expect(world, FOREIGN_PASSES, 0);
	world->chains[0].priority = -5;
	expect(world, FOREIGN_DROPS, 0);
}

static void test_iptables(void **state)
{
	struct world *world = *state;
	struct nftnl_rule *rule = rule_add(world, 0);
	struct foreign_verdict verdict;

	add_xt_tcp(rule, 5724, 5730);
	add_target(rule, "DROPALL"); /* not known, and not met */
	rule = rule_add(world, 0);
	add_target(rule, "LOG");
	rule = rule_add(world, 0);
	add_xt_mark(rule, 0x10, true);
	add_xt_tcp(rule, 5720, 5723);
	add_target(rule, "REJECT");
	expect(world, FOREIGN_DROPS, 3);
	assert_int_equal(foreign_walk(&world->foreign, &world->packet, &verdict, 1), 1);
	assert_true(verdict.rejects);
	world->packet.mark = world->packet.mark_mask = 0x10;
	expect(world, FOREIGN_PASSES, 0);
}

static void test_what_is_not_known_may_be(void **state)
{
	struct world *world = *state;
	struct nftnl_rule *rule = rule_add(world, 0);

	add_target(rule, "SOMETHING");
	expect(world, FOREIGN_UNSURE, 1);
}

/* A rule that cannot be parsed is one of which nothing is known. */
static void test_rule_without_form(void **state)
{
	struct world *world = *state;
	struct nftnl_rule *rule = rule_add(world, 0);

	world->rules[0][0].nftnl = NULL;
	expect(world, FOREIGN_UNSURE, 1);
	add_verdict(rule, NF_DROP, NULL);
	world->rules[0][0].nftnl = rule;
	expect(world, FOREIGN_DROPS, 1);
}

static void test_untracked(void **state)
{
	struct world *world = *state;

	world->chains[0].hook = NF_INET_PRE_ROUTING;
	expr_add(rule_add(world, 0), "notrack");
	expect(world, FOREIGN_UNTRACKS, 1);
}

static void test_words(void **state)
{
	struct world *world = *state;
	struct foreign_verdict verdict;
	char text[FOREIGN_TEXT_MAX];

	add_verdict(rule_add(world, 0), NFT_JUMP, "one");
	expr_add(rule_add(world, 1), "reject");
	world->rules[1][0].comment = "no\x1bway";
	assert_int_equal(foreign_walk(&world->foreign, &world->packet, &verdict, 1), 1);
	assert_string_equal(
	        foreign_verdict_text(&verdict, text, sizeof(text)),
	        "table inet t, chain base (in one), would reject it (rule handle 1, \"no\\x1bway\")");
}

#define WORLD_TEST(test) cmocka_unit_test_setup_teardown(test, world_open, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        WORLD_TEST(test_nothing_passes_all),
	        WORLD_TEST(test_fields),
	        WORLD_TEST(test_range),
	        WORLD_TEST(test_client_port_is_unknown),
	        WORLD_TEST(test_new_connection),
	        WORLD_TEST(test_jumps_and_returns),
	        WORLD_TEST(test_goto_does_not_come_back),
	        WORLD_TEST(test_loop_ends),
	        WORLD_TEST(test_interval),
	        WORLD_TEST(test_inverted_lookup),
	        WORLD_TEST(test_verdict_map),
	        WORLD_TEST(test_mark_by_priority),
	        WORLD_TEST(test_iptables),
	        WORLD_TEST(test_what_is_not_known_may_be),
	        WORLD_TEST(test_rule_without_form),
	        WORLD_TEST(test_untracked),
	        WORLD_TEST(test_unknown_verdict_map),
	        WORLD_TEST(test_written_header),
	        WORLD_TEST(test_far_offset),
	        WORLD_TEST(test_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What expressions of nft load of a packet, compared with what a gateway's kernel would see: a rule that drops where the
 * value is this one takes the packet, lets it go, or is not sure because nobody can know. And the sets that values are
 * looked up in.
 */
#include "tests/unit/foreign_world.h"

#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/rtnetlink.h>

#include "util/array.h"

#define TAKES    FOREIGN_DROPS
#define LETS_GO  FOREIGN_PASSES
#define NOT_SURE FOREIGN_UNSURE

enum place { FORWARD, FORWARD6, PING, PING6, PREROUTING, INPUT, OUTPUT, OUTPUT_END, PLACE_MAX };

static const struct {
	bool v6;
	uint8_t proto;
	enum foreign_path path;
	uint32_t hook;
} places[PLACE_MAX] = {
        [FORWARD] = {false, IPPROTO_TCP, FOREIGN_FORWARD, NF_INET_FORWARD},
        [FORWARD6] = {true, IPPROTO_TCP, FOREIGN_FORWARD, NF_INET_FORWARD},
        [PING] = {false, IPPROTO_ICMP, FOREIGN_FORWARD, NF_INET_FORWARD},
        [PING6] = {true, IPPROTO_ICMP, FOREIGN_FORWARD, NF_INET_FORWARD},
        [PREROUTING] = {false, IPPROTO_TCP, FOREIGN_FORWARD, NF_INET_PRE_ROUTING},
        [INPUT] = {false, IPPROTO_TCP, FOREIGN_INPUT, NF_INET_LOCAL_IN},
        [OUTPUT] = {false, IPPROTO_TCP, FOREIGN_OUTPUT, NF_INET_LOCAL_OUT},
        [OUTPUT_END] = {false, IPPROTO_TCP, FOREIGN_OUTPUT, NF_INET_POST_ROUTING},
};

#define BYTES(...) {__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})
#define NAME(text) text, IFNAMSIZ

/* The packet is 10.1.0.20 to 10.2.0.10 port 5723, in by gl (7), out by a way that is not known; in IPv6 the rest is zeros. */
static const struct load {
	const char *name;
	uint32_t key;
	enum place place;
	enum foreign_answer answer;
	uint8_t is[IFNAMSIZ];
	uint32_t len;
} loads[] = {
        {"meta", NFT_META_PROTOCOL, FORWARD, TAKES, BYTES(0x08, 0x00)},
        {"meta", NFT_META_PROTOCOL, FORWARD6, TAKES, BYTES(0x86, 0xdd)},
        {"meta", NFT_META_PROTOCOL, FORWARD6, LETS_GO, BYTES(0x08, 0x00)},
        {"meta", NFT_META_NFPROTO, FORWARD, TAKES, BYTES(NFPROTO_IPV4)},
        {"meta", NFT_META_NFPROTO, FORWARD6, TAKES, BYTES(NFPROTO_IPV6)},
        {"meta", NFT_META_L4PROTO, PING, TAKES, BYTES(IPPROTO_ICMP)},
        {"meta", NFT_META_L4PROTO, PING6, TAKES, BYTES(IPPROTO_ICMPV6)},
        {"meta", NFT_META_IIFNAME, FORWARD, TAKES, NAME("gl")},
        {"meta", NFT_META_IIFNAME, FORWARD, LETS_GO, NAME("gr")},
        {"meta", NFT_META_IIFNAME, OUTPUT, TAKES, NAME("")},
        {"meta", NFT_META_IIFNAME, OUTPUT_END, TAKES, NAME("")},
        {"meta", NFT_META_IIF, FORWARD, TAKES, BYTES(7, 0, 0, 0)},
        {"meta", NFT_META_IIF, FORWARD, LETS_GO, BYTES(8, 0, 0, 0)},
        {"meta", NFT_META_IIF, OUTPUT, TAKES, BYTES(0, 0, 0, 0)},
        {"meta", NFT_META_OIFNAME, FORWARD, NOT_SURE, NAME("gr")},
        {"meta", NFT_META_OIFNAME, PREROUTING, LETS_GO, NAME("gr")},
        {"meta", NFT_META_OIF, FORWARD, NOT_SURE, BYTES(8, 0, 0, 0)},
        {"meta", NFT_META_OIF, INPUT, TAKES, BYTES(0, 0, 0, 0)},
        {"meta", NFT_META_PKTTYPE, FORWARD, TAKES, BYTES(0)},
        {"meta", NFT_META_SKUID, FORWARD, NOT_SURE, BYTES(0, 0, 0, 0)},

        {"ct", NFT_CT_SRC_IP, FORWARD, TAKES, BYTES(10, 1, 0, 20)},
        {"ct", NFT_CT_SRC_IP, FORWARD, LETS_GO, BYTES(10, 2, 0, 10)},
        {"ct", NFT_CT_DST_IP, FORWARD, TAKES, BYTES(10, 2, 0, 10)},
        {"ct reply", NFT_CT_SRC_IP, FORWARD, TAKES, BYTES(10, 2, 0, 10)},
        {"ct reply", NFT_CT_DST, FORWARD, TAKES, BYTES(10, 1, 0, 20)},
        {"ct", NFT_CT_SRC_IP6, FORWARD6, TAKES, BYTES(10, 1, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)},
        {"ct", NFT_CT_PROTO_DST, FORWARD, TAKES, BYTES(5723 >> 8, 5723 & 0xff)},
        {"ct", NFT_CT_PROTO_DST, FORWARD, LETS_GO, BYTES(0, 80)},
        {"ct", NFT_CT_PROTO_SRC, FORWARD, NOT_SURE, BYTES(5723 >> 8, 5723 & 0xff)},
        {"ct reply", NFT_CT_PROTO_SRC, FORWARD, TAKES, BYTES(5723 >> 8, 5723 & 0xff)},
        {"ct", NFT_CT_PROTO_DST, PING, NOT_SURE, BYTES(0, 8)},
        {"ct", NFT_CT_STATUS, FORWARD, TAKES, BYTES(0, 0, 0, 0)}, /* no address was translated */
        {"ct", NFT_CT_MARK, FORWARD, TAKES, BYTES(0, 0, 0, 0)},
        {"ct", NFT_CT_DIRECTION, FORWARD, TAKES, BYTES(0)},
        {"ct", NFT_CT_L3PROTOCOL, FORWARD6, TAKES, BYTES(NFPROTO_IPV6)},
        {"ct", NFT_CT_PROTOCOL, FORWARD, TAKES, BYTES(IPPROTO_TCP)},
        {"ct", NFT_CT_HELPER, FORWARD, NOT_SURE, BYTES('f', 't', 'p', 0)},
};

static void place_set(struct world *world, enum place place)
{
	world->packet.v6 = places[place].v6;
	world->packet.proto = places[place].proto;
	world->packet.path = places[place].path;
	world->chains[0].hook = places[place].hook;
}

static enum foreign_answer walk(const struct world *world)
{
	struct foreign_verdict verdict;

	return foreign_walk(&world->foreign, &world->packet, &verdict, 1) ? verdict.answer : FOREIGN_PASSES;
}

/* meta KEY, ct KEY or ct reply KEY into the register that add_cmp() looks at */
static void add_load_of(struct nftnl_rule *rule, const char *name, uint32_t key)
{
	bool is_meta = !strcmp(name, "meta");
	struct nftnl_expr *expr = expr_add(rule, is_meta ? "meta" : "ct");

	nftnl_expr_set_u32(expr, is_meta ? NFTNL_EXPR_META_KEY : NFTNL_EXPR_CT_KEY, key);
	nftnl_expr_set_u32(expr, is_meta ? NFTNL_EXPR_META_DREG : NFTNL_EXPR_CT_DREG, NFT_REG_1);
	if (!strcmp(name, "ct reply"))
		nftnl_expr_set_u8(expr, NFTNL_EXPR_CT_DIR, IP_CT_DIR_REPLY);
}

static enum foreign_answer load_answer(const struct load *load)
{
	enum foreign_answer answer;
	struct nftnl_rule *rule;
	struct world *world;
	void *state;

	world_open(&state);
	world = state;
	place_set(world, load->place);
	rule = rule_add(world, 0);
	add_load_of(rule, load->name, load->key);
	add_cmp(rule, NFT_CMP_EQ, load->is, load->len);
	add_verdict(rule, NF_DROP, NULL);
	answer = walk(world);
	world_close(&state);
	return answer;
}

static void test_loads(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(loads); i++) {
		enum foreign_answer answer = load_answer(&loads[i]);

		if (answer == loads[i].answer)
			continue;
		print_error("load %zu, %s key %u: %d instead of %d\n", i, loads[i].name, loads[i].key, answer,
		            loads[i].answer);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

/* iifname "gl" meta iifkind "bridge": nothing of the name is left in the register behind a value that is not known. */
static void test_unknown_value_hides_the_one_before(void **state)
{
	static const struct {
		const char *name;
		uint32_t key;
	} unknown[] = {{"meta", NFT_META_IIFKIND}, {"meta", NFT_META_SDIFNAME}, {"ct", NFT_CT_HELPER}};
	const uint8_t name[IFNAMSIZ] = "gl", kind[IFNAMSIZ] = "bridge";
	struct world *world = *state;

	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		struct nftnl_rule *rule = rule_add(world, 0);

		add_meta(rule, NFT_META_IIFNAME);
		add_cmp(rule, NFT_CMP_EQ, name, sizeof(name));
		add_load_of(rule, unknown[i].name, unknown[i].key);
		add_cmp(rule, NFT_CMP_EQ, kind, sizeof(kind));
		add_verdict(rule, NF_DROP, NULL);
		expect(world, FOREIGN_UNSURE, 1);
		nftnl_rule_free(rule);
		world->chains[0].n = 0;
	}
}

static void add_fib(struct nftnl_rule *rule, uint32_t flags, uint32_t result)
{
	struct nftnl_expr *expr = expr_add(rule, "fib");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_FIB_DREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_FIB_FLAGS, flags);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_FIB_RESULT, result);
}

/* The way back is the way in: "fib saddr . iif oif missing drop", as firewalld has it, drops nothing of ours. */
static void test_fib(void **state)
{
	static const struct {
		uint32_t flags, result, is;
		enum place place;
		enum foreign_answer answer;
	} cases[] = {
	        {NFTA_FIB_F_DADDR, NFT_FIB_RESULT_ADDRTYPE, RTN_UNICAST, FORWARD, TAKES},
	        {NFTA_FIB_F_DADDR, NFT_FIB_RESULT_ADDRTYPE, RTN_LOCAL, FORWARD, LETS_GO},
	        {NFTA_FIB_F_DADDR, NFT_FIB_RESULT_ADDRTYPE, RTN_LOCAL, INPUT, TAKES},
	        {NFTA_FIB_F_SADDR, NFT_FIB_RESULT_ADDRTYPE, RTN_LOCAL, OUTPUT, TAKES},
	        {NFTA_FIB_F_SADDR, NFT_FIB_RESULT_ADDRTYPE, RTN_UNICAST, INPUT, TAKES},
	        {NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF, NFT_FIB_RESULT_OIF, 7, FORWARD, TAKES},
	        {NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF | NFTA_FIB_F_PRESENT, NFT_FIB_RESULT_OIF, 0, FORWARD,
	         LETS_GO},
	        {NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF | NFTA_FIB_F_PRESENT, NFT_FIB_RESULT_OIF, 1, FORWARD,
	         TAKES},
	        {NFTA_FIB_F_DADDR, NFT_FIB_RESULT_OIF, 7, FORWARD, NOT_SURE},
	        {NFTA_FIB_F_SADDR, NFT_FIB_RESULT_OIFNAME, 0, FORWARD, NOT_SURE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct nftnl_rule *rule;
		struct world *world;
		void *own;

		world_open(&own);
		world = own;
		place_set(world, cases[i].place);
		rule = rule_add(world, 0);
		add_fib(rule, cases[i].flags, cases[i].result);
		add_cmp(rule, NFT_CMP_EQ, &cases[i].is, sizeof(cases[i].is));
		add_verdict(rule, NF_DROP, NULL);
		assert_int_equal(walk(world), cases[i].answer);
		world_close(&own);
	}
}

/* meta mark set 5, ct mark set 5 */
static void add_mark(struct nftnl_rule *rule, const char *name, uint32_t mark)
{
	bool is_ct = !strcmp(name, "ct");
	struct nftnl_expr *expr = expr_add(rule, "immediate");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_DREG, NFT_REG_1);
	nftnl_expr_set(expr, NFTNL_EXPR_IMM_DATA, &mark, sizeof(mark));
	expr = expr_add(rule, name);
	nftnl_expr_set_u32(expr, is_ct ? NFTNL_EXPR_CT_KEY : NFTNL_EXPR_META_KEY,
	                   is_ct ? NFT_CT_MARK : NFT_META_MARK);
	nftnl_expr_set_u32(expr, is_ct ? NFTNL_EXPR_CT_SREG : NFTNL_EXPR_META_SREG, NFT_REG_1);
}

static void test_marks_are_carried_on(void **state)
{
	static const char *const names[] = {"meta", "ct"};
	const uint32_t five = 5;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct nftnl_rule *rule;
		struct world *world;
		void *own;

		world_open(&own);
		world = own;
		rule = rule_add(world, 0);
		add_mark(rule, names[i], 5);
		rule = rule_add(world, 0);
		add_load_of(rule, names[i], i ? NFT_CT_MARK : NFT_META_MARK);
		add_cmp(rule, NFT_CMP_EQ, &five, 4);
		add_verdict(rule, NF_DROP, NULL);
		assert_int_equal(walk(world), FOREIGN_DROPS);
		world_close(&own);
	}
}

/* Set by a rule that may match, a mark is known no more but where it is the same either way. */
static void test_mark_that_may_be_set(void **state)
{
	struct world *world = *state;
	const uint32_t four = 4, eight = 8;
	struct nftnl_rule *rule = rule_add(world, 0);

	add_port(rule, SPORT, NFT_CMP_EQ, 1024);
	add_mark(rule, "meta", 4);
	rule = rule_add(world, 0);
	add_meta(rule, NFT_META_MARK);
	add_mask(rule, 8);
	add_cmp(rule, NFT_CMP_EQ, &eight, 4);
	add_verdict(rule, NF_DROP, NULL);
	expect(world, FOREIGN_PASSES, 0);
	rule = rule_add(world, 0);
	add_meta(rule, NFT_META_MARK);
	add_mask(rule, 4);
	add_cmp(rule, NFT_CMP_EQ, &four, 4);
	add_verdict(rule, NF_DROP, NULL);
	expect(world, FOREIGN_UNSURE, 3);
}

/* meta mark set ip saddr map { 10.1.0.20 : 5 } */
static void test_mark_from_a_map(void **state)
{
	struct world *world = *state;
	const uint32_t five = 5;
	struct nftnl_rule *rule = rule_add(world, 0);
	struct nftnl_expr *lookup;

	element_set(world, (const uint8_t[]){10, 1, 0, 20}, 0, NF_ACCEPT);
	memcpy(world->elements[0].data, &five, sizeof(five));
	add_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, 12, 4);
	lookup = add_lookup(rule, true, false);
	nftnl_expr_set_u32(lookup, NFTNL_EXPR_LOOKUP_DREG, NFT_REG_1);
	lookup = expr_add(rule, "meta");
	nftnl_expr_set_u32(lookup, NFTNL_EXPR_META_KEY, NFT_META_MARK);
	nftnl_expr_set_u32(lookup, NFTNL_EXPR_META_SREG, NFT_REG_1);
	rule = rule_add(world, 0);
	add_meta(rule, NFT_META_MARK);
	add_cmp(rule, NFT_CMP_EQ, &five, 4);
	add_verdict(rule, NF_DROP, NULL);
	expect(world, FOREIGN_DROPS, 2);
	world->packet.src[3] = 21; /* no element, no mark */
	expect(world, FOREIGN_PASSES, 0);
	world->set.known = false;
	expect(world, FOREIGN_UNSURE, 2);
}

/* ip saddr . ip daddr in { 10.1.0.16-10.1.0.31 . 10.2.0.10 } */
static void test_concatenated_ranges(void **state)
{
	struct world *world = *state;
	struct nftnl_rule *rule = rule_add(world, 0);

	world->set.flags = NFT_SET_INTERVAL;
	world->set.key_len = 8;
	world->set.n_fields = 2;
	world->set.fields[0] = world->set.fields[1] = 4;
	world->set.n = 1;
	memcpy(world->elements[0].key, (const uint8_t[]){10, 1, 0, 16, 10, 2, 0, 10}, 8);
	memcpy(world->elements[0].end, (const uint8_t[]){10, 1, 0, 31, 10, 2, 0, 10}, 8);
	world->elements[0].has_end = true;
	add_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, 12, 8);
	add_lookup(rule, false, false);
	add_verdict(rule, NF_DROP, NULL);
	expect(world, FOREIGN_DROPS, 1);
	world->packet.src[3] = 32;
	expect(world, FOREIGN_PASSES, 0);
	world->packet.src[3] = 31;
	expect(world, FOREIGN_DROPS, 1);
	world->packet.dst[3] = 11; /* the second part counts, too */
	expect(world, FOREIGN_PASSES, 0);
	world->packet.dst[3] = 10;
	world->elements[0].has_end = false;
	expect(world, FOREIGN_PASSES, 0);
	world->packet.src[3] = 16;
	expect(world, FOREIGN_DROPS, 1);
}

/* { 10.1.0.21 : drop, * : return } */
static void test_catch_all(void **state)
{
	struct world *world = *state;
	struct nftnl_rule *rule = rule_add(world, 0);

	element_set(world, (const uint8_t[]){0, 0, 0, 0}, NFT_SET_ELEM_CATCHALL, NF_DROP);
	element_set(world, (const uint8_t[]){10, 1, 0, 21}, 0, NFT_RETURN);
	add_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, 12, 4);
	add_lookup(rule, true, false);
	expect(world, FOREIGN_DROPS, 1);
	world->packet.src[3] = 21;
	expect(world, FOREIGN_PASSES, 0);
	memset(world->packet.src, 0, 4); /* its own key is none */
	world->set.flags = NFT_SET_INTERVAL;
	expect(world, FOREIGN_DROPS, 1);
}

/* The client's port and the server's: where no element has the server's, the client's does not matter. */
static void test_key_known_in_part(void **state)
{
	struct world *world = *state;
	struct nftnl_rule *rule = rule_add(world, 0);

	element_set(world, (const uint8_t[]){0x04, 0x00, 5724 >> 8, 5724 & 0xff}, 0, NF_ACCEPT);
	add_payload(rule, NFT_PAYLOAD_TRANSPORT_HEADER, SPORT, 4);
	add_lookup(rule, false, false);
	add_verdict(rule, NF_DROP, NULL);
	expect(world, FOREIGN_PASSES, 0);
	element_set(world, (const uint8_t[]){0x04, 0x00, 5723 >> 8, 5723 & 0xff}, 0, NF_ACCEPT);
	expect(world, FOREIGN_UNSURE, 1);
	world->set.n = 1;
	world->set.flags = NFT_SET_INTERVAL;
	expect(world, FOREIGN_UNSURE, 1);
}

#define WORLD_TEST(test) cmocka_unit_test_setup_teardown(test, world_open, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_loads),
	        WORLD_TEST(test_unknown_value_hides_the_one_before),
	        cmocka_unit_test(test_fib),
	        cmocka_unit_test(test_marks_are_carried_on),
	        WORLD_TEST(test_mark_that_may_be_set),
	        WORLD_TEST(test_mark_from_a_map),
	        WORLD_TEST(test_concatenated_ranges),
	        WORLD_TEST(test_catch_all),
	        WORLD_TEST(test_key_known_in_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

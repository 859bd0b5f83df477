// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each match and target of iptables-nft in a rule of its own, with packets that it takes, that it lets go, and of which it
 * cannot be known. What the structs mean is written down from iptables-extensions(8), not from the code.
 */
#include "tests/unit/foreign_world.h"

#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_multiport.h>

#include "util/array.h"

enum packet { TCP, UDP, PING, PING6, TO_US, FROM_US, PACKET_MAX };

static const struct {
	bool v6;
	uint8_t proto;
	enum foreign_path path;
} packets[PACKET_MAX] = {
        [TCP] = {false, IPPROTO_TCP, FOREIGN_FORWARD},   [UDP] = {false, IPPROTO_UDP, FOREIGN_FORWARD},
        [PING] = {false, IPPROTO_ICMP, FOREIGN_FORWARD}, [PING6] = {true, IPPROTO_ICMP, FOREIGN_FORWARD},
        [TO_US] = {false, IPPROTO_TCP, FOREIGN_INPUT},   [FROM_US] = {false, IPPROTO_TCP, FOREIGN_OUTPUT},
};

/* A rule of this match alone drops what it takes. */
#define TAKES    FOREIGN_DROPS
#define LETS_GO  FOREIGN_PASSES
#define NOT_SURE FOREIGN_UNSURE

#define INFO(type, ...) &(const struct type){__VA_ARGS__}, sizeof(struct type)
#define BYTES(...)      (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})
#define ALL_PORTS                                                                                            \
	{                                                                                                    \
		0, 65535                                                                                     \
	}
#define XT_TCP(...)    "tcp", 0, INFO(xt_tcp, .spts = ALL_PORTS, __VA_ARGS__)
#define XT_UDP(...)    "udp", 0, INFO(xt_udp, .spts = ALL_PORTS, __VA_ARGS__)
#define PORTS(...)     "multiport", 1, INFO(xt_multiport_v1, __VA_ARGS__)
#define CONNTRACK(...) "conntrack", 3, INFO(xt_conntrack_mtinfo3, __VA_ARGS__)
#define MARK(...)      "mark", 1, INFO(xt_mark_mtinfo1, __VA_ARGS__)
#define ADDRTYPE(...)  "addrtype", 1, INFO(xt_addrtype_info_v1, __VA_ARGS__)

#define SYN 0x02
#define ACK 0x10

/* The server's port is 5723. */
static const struct {
	enum packet packet;
	enum foreign_answer answer;
	const char *name;
	uint32_t revision;
	const void *info;
	size_t size;
} cases[] = {
        {TCP, TAKES, XT_TCP(.dpts = {5723, 5723})},
        {TCP, TAKES, XT_TCP(.dpts = {5700, 5799})},
        {TCP, LETS_GO, XT_TCP(.dpts = {5724, 65535})},
        {TCP, LETS_GO, XT_TCP(.dpts = {5723, 5723}, .invflags = XT_TCP_INV_DSTPT)},
        {TCP, TAKES, XT_TCP(.dpts = {80, 80}, .invflags = XT_TCP_INV_DSTPT)},
        {TCP, LETS_GO, XT_TCP(.dpts = ALL_PORTS, .invflags = XT_TCP_INV_SRCPT)},
        {UDP, LETS_GO, XT_TCP(.dpts = ALL_PORTS)},
        {TCP, NOT_SURE, "tcp", 0, INFO(xt_tcp, .spts = {1024, 65535}, .dpts = ALL_PORTS)},
        {TCP, LETS_GO, "tcp", 0, INFO(xt_tcp, .spts = {1024, 65535}, .dpts = {80, 80})},
        {TCP, TAKES, XT_TCP(.dpts = ALL_PORTS, .flg_mask = SYN | ACK, .flg_cmp = SYN)},
        {TCP, LETS_GO, XT_TCP(.dpts = ALL_PORTS, .flg_mask = SYN | ACK, .flg_cmp = ACK)},
        {TCP, LETS_GO,
         XT_TCP(.dpts = ALL_PORTS, .flg_mask = SYN | ACK, .flg_cmp = SYN, .invflags = XT_TCP_INV_FLAGS)},
        {TCP, NOT_SURE, XT_TCP(.dpts = ALL_PORTS, .option = 2)},

        {UDP, TAKES, XT_UDP(.dpts = {5723, 5723})},
        {UDP, LETS_GO, XT_UDP(.dpts = {53, 53})},
        {UDP, TAKES, XT_UDP(.dpts = {53, 53}, .invflags = XT_UDP_INV_DSTPT)},
        {UDP, NOT_SURE, "udp", 0, INFO(xt_udp, .spts = {53, 53}, .dpts = ALL_PORTS)},
        {TCP, LETS_GO, XT_UDP(.dpts = ALL_PORTS)},

        /* type, first and last code, inverted */
        {PING, TAKES, "icmp", 0, BYTES(8, 0, 255, 0)},
        {PING, LETS_GO, "icmp", 0, BYTES(8, 0, 255, 1)},
        {PING, LETS_GO, "icmp", 0, BYTES(0, 0, 255, 0)},
        {PING, TAKES, "icmp", 0, BYTES(255, 0, 255, 0)},
        {TCP, LETS_GO, "icmp", 0, BYTES(255, 0, 255, 0)},
        {PING6, TAKES, "icmp6", 0, BYTES(128, 0, 255, 0)},
        {PING6, LETS_GO, "icmp6", 0, BYTES(129, 0, 255, 0)},
        {PING6, LETS_GO, "icmp6", 0, BYTES(255, 0, 255, 0)}, /* a type like any other, there */

        {TCP, TAKES, PORTS(.flags = XT_MULTIPORT_DESTINATION, .count = 2, .ports = {80, 5723})},
        {TCP, LETS_GO, PORTS(.flags = XT_MULTIPORT_DESTINATION, .count = 2, .ports = {80, 5724})},
        {TCP, TAKES,
         PORTS(.flags = XT_MULTIPORT_DESTINATION, .count = 3, .ports = {80, 5000, 6000}, .pflags = {0, 1})},
        {TCP, LETS_GO,
         PORTS(.flags = XT_MULTIPORT_DESTINATION, .count = 3, .ports = {80, 6000, 7000}, .pflags = {0, 1})},
        {TCP, LETS_GO, PORTS(.flags = XT_MULTIPORT_DESTINATION, .count = 1, .ports = {5723}, .invert = 1)},
        {TCP, TAKES, PORTS(.flags = XT_MULTIPORT_DESTINATION, .count = 1, .ports = {80}, .invert = 1)},
        {TCP, NOT_SURE, PORTS(.flags = XT_MULTIPORT_SOURCE, .count = 1, .ports = {5723})},
        {TCP, TAKES, PORTS(.flags = XT_MULTIPORT_EITHER, .count = 1, .ports = {5723})},
        {TCP, NOT_SURE, PORTS(.flags = XT_MULTIPORT_EITHER, .count = 1, .ports = {80})},
        {PING, LETS_GO, PORTS(.flags = XT_MULTIPORT_SOURCE, .count = 1, .ports = {5723})},

        {TCP, TAKES, CONNTRACK(.match_flags = XT_CONNTRACK_STATE, .state_mask = NF_CT_STATE_BIT(IP_CT_NEW))},
        {TCP, LETS_GO,
         CONNTRACK(.match_flags = XT_CONNTRACK_STATE, .state_mask = NF_CT_STATE_BIT(IP_CT_ESTABLISHED))},
        {TCP, TAKES,
         CONNTRACK(.match_flags = XT_CONNTRACK_STATE, .invert_flags = XT_CONNTRACK_STATE,
                   .state_mask = NF_CT_STATE_BIT(IP_CT_ESTABLISHED))},
        {TCP, NOT_SURE, CONNTRACK(.match_flags = XT_CONNTRACK_ORIGSRC)},
        {TCP, LETS_GO,
         CONNTRACK(.match_flags = XT_CONNTRACK_ORIGSRC | XT_CONNTRACK_STATE,
                   .state_mask = NF_CT_STATE_BIT(IP_CT_ESTABLISHED))},
        {TCP, LETS_GO,
         CONNTRACK(.match_flags = XT_CONNTRACK_STATE, .state_mask = XT_CONNTRACK_STATE_UNTRACKED)},
        {TCP, TAKES, "state", 0, &(const uint32_t){NF_CT_STATE_BIT(IP_CT_NEW)}, 4},
        {TCP, LETS_GO, "state", 0, &(const uint32_t){NF_CT_STATE_BIT(IP_CT_ESTABLISHED)}, 4},

        {TCP, LETS_GO, MARK(.mark = 0x10, .mask = 0x10)},
        {TCP, TAKES, MARK(.mark = 0x10, .mask = 0x10, .invert = 1)},
        {TCP, TAKES, MARK(.mark = 0, .mask = 0x10)},
        {TCP, LETS_GO, MARK(.mark = 0x30, .mask = 0x10)}, /* no mark has bits outside the mask */
        {TCP, TAKES, "connmark", 1, INFO(xt_mark_mtinfo1, .mark = 0, .mask = 0xff)},
        {TCP, LETS_GO, "connmark", 1, INFO(xt_mark_mtinfo1, .mark = 1, .mask = 0xff)},

        {TCP, TAKES, ADDRTYPE(.source = XT_ADDRTYPE_UNICAST)},
        {TCP, LETS_GO, ADDRTYPE(.dest = XT_ADDRTYPE_LOCAL)},
        {TCP, LETS_GO, ADDRTYPE(.source = XT_ADDRTYPE_UNICAST, .dest = XT_ADDRTYPE_MULTICAST)},
        {TCP, TAKES, ADDRTYPE(.dest = XT_ADDRTYPE_LOCAL, .flags = XT_ADDRTYPE_INVERT_DEST)},
        {TCP, LETS_GO, ADDRTYPE(.source = XT_ADDRTYPE_UNICAST, .flags = XT_ADDRTYPE_INVERT_SOURCE)},
        {TO_US, TAKES, ADDRTYPE(.dest = XT_ADDRTYPE_LOCAL)},
        {FROM_US, TAKES, ADDRTYPE(.source = XT_ADDRTYPE_LOCAL)},
        {FROM_US, LETS_GO, ADDRTYPE(.dest = XT_ADDRTYPE_LOCAL)},
        {TCP, NOT_SURE, ADDRTYPE(.dest = XT_ADDRTYPE_LOCAL, .flags = XT_ADDRTYPE_LIMIT_IFACE_IN)},

        {TCP, TAKES, "comment", 0, BYTES('h', 'i', 0, 0)},
        {PING6, LETS_GO, "rt", 0, BYTES(0, 0, 0, 0)},
        {PING6, LETS_GO, "frag", 0, BYTES(0, 0, 0, 0)},

        /* Not known: by name, by revision, or shorter than what is read of it. */
        {TCP, NOT_SURE, "recent", 0, BYTES(0, 0, 0, 0)},
        {TCP, NOT_SURE, "multiport", 0, BYTES(0, 0, 0, 0)},
        {TCP, NOT_SURE, "conntrack", 4, INFO(xt_conntrack_mtinfo3, .match_flags = XT_CONNTRACK_STATE)},
        {TCP, NOT_SURE, "tcp", 0, BYTES(0, 0, 0, 0)},
};

/* The packet, and the base chain in its way. */
static void packet_set(struct world *world, enum packet packet)
{
	static const uint32_t hooks[FOREIGN_PATH_MAX] = {[FOREIGN_FORWARD] = NF_INET_FORWARD,
	                                                 [FOREIGN_INPUT] = NF_INET_LOCAL_IN,
	                                                 [FOREIGN_OUTPUT] = NF_INET_LOCAL_OUT};

	world->packet.v6 = packets[packet].v6;
	world->packet.proto = packets[packet].proto;
	world->packet.path = packets[packet].path;
	world->chains[0].hook = hooks[packets[packet].path];
}

static void add_match(struct nftnl_rule *rule, const char *name, uint32_t revision, const void *info,
                      size_t size)
{
	struct nftnl_expr *expr = expr_add(rule, "match");
	void *copy = calloc(1, size);

	assert_non_null(copy);
	memcpy(copy, info, size);
	nftnl_expr_set_str(expr, NFTNL_EXPR_MT_NAME, name);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_MT_REV, revision);
	nftnl_expr_set(expr, NFTNL_EXPR_MT_INFO, copy, (uint32_t)size);
}

static enum foreign_answer case_answer(size_t i)
{
	struct foreign_verdict verdict;
	void *state;
	struct world *world;
	struct nftnl_rule *rule;
	enum foreign_answer answer;

	world_open(&state);
	world = state;
	packet_set(world, cases[i].packet);
	rule = rule_add(world, 0);
	add_match(rule, cases[i].name, cases[i].revision, cases[i].info, cases[i].size);
	add_verdict(rule, NF_DROP, NULL);
	answer = foreign_walk(&world->foreign, &world->packet, &verdict, 1) ? verdict.answer : FOREIGN_PASSES;
	world_close(&state);
	return answer;
}

static void test_matches(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		enum foreign_answer answer = case_answer(i);

		if (answer == cases[i].answer)
			continue;
		print_error("case %zu, %s: %d instead of %d\n", i, cases[i].name, answer, cases[i].answer);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

/* With the info as the extension has it; add_target() of the world leaves it empty. */
static void add_target_info(struct nftnl_rule *rule, const char *name, const void *info, uint32_t size)
{
	struct nftnl_expr *expr = expr_add(rule, "target");
	void *copy = calloc(1, size);

	assert_non_null(copy);
	memcpy(copy, info, size);
	nftnl_expr_set_str(expr, NFTNL_EXPR_TG_NAME, name);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_TG_REV, 0);
	nftnl_expr_set(expr, NFTNL_EXPR_TG_INFO, copy, size);
}

/* CT gives a helper or a zone, and takes out of connection tracking only where its flags say so; NOTRACK does always. */
static void test_ct(void **state)
{
	static const uint16_t helper = 0, notrack = 1;
	struct world *world = *state;
	struct nftnl_rule *rule = rule_add(world, 0);

	world->chains[0].hook = NF_INET_PRE_ROUTING;
	add_target_info(rule, "CT", &helper, sizeof(helper));
	expect(world, FOREIGN_PASSES, 0);
	rule = rule_add(world, 0);
	add_target_info(rule, "CT", &notrack, sizeof(notrack));
	expect(world, FOREIGN_UNTRACKS, 2);
}

/* What a rule has taken out is "untracked" to the next, and if it may have been, nothing is known of it. */
static void test_untracked_state(void **state)
{
	static const struct xt_conntrack_mtinfo3 untracked = {.match_flags = XT_CONNTRACK_STATE,
	                                                      .state_mask = XT_CONNTRACK_STATE_UNTRACKED};
	static const uint32_t new = NF_CT_STATE_BIT(IP_CT_NEW);
	struct world *world = *state;
	struct nftnl_rule *rule = rule_add(world, 0);

	world->chains[0].hook = NF_INET_PRE_ROUTING;
	expr_add(rule, "notrack");
	rule = rule_add(world, 0);
	add_match(rule, "state", 0, &new, sizeof(new));
	add_verdict(rule, NF_DROP, NULL);
	rule = rule_add(world, 0);
	add_match(rule, "conntrack", 3, &untracked, sizeof(untracked));
	add_verdict(rule, NF_DROP, NULL);
	expect(world, FOREIGN_DROPS, 3);
}

static void test_perhaps_untracked_state(void **state)
{
	static const uint32_t new = NF_CT_STATE_BIT(IP_CT_NEW);
	struct world *world = *state;
	struct nftnl_rule *rule = rule_add(world, 0);

	world->chains[0].hook = NF_INET_PRE_ROUTING;
	add_port(rule, SPORT, NFT_CMP_EQ, 1024); /* the client's: perhaps */
	expr_add(rule, "notrack");
	rule = rule_add(world, 0);
	add_match(rule, "state", 0, &new, sizeof(new));
	add_verdict(rule, NF_DROP, NULL);
	expect(world, FOREIGN_UNSURE, 2);
	add_match(world->rules[0][1].nftnl, "conntrack", 3,
	          &(const struct xt_conntrack_mtinfo3){.match_flags = XT_CONNTRACK_STATE, .state_mask = 1},
	          sizeof(struct xt_conntrack_mtinfo3));
	expect(world, FOREIGN_UNSURE, 2);
}

/* Which mark is set is not read: behind such a target it may be any. */
static void test_mark_targets(void **state)
{
	static const char *const names[] = {"MARK", "CONNMARK"};
	static const struct xt_mark_mtinfo1 one = {.mark = 1, .mask = 1};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		void *own;
		struct world *world;
		struct nftnl_rule *rule;

		world_open(&own);
		world = own;
		rule = rule_add(world, 0);
		add_match(rule, "mark", 1, &one, sizeof(one));
		add_verdict(rule, NF_DROP, NULL);
		expect(world, FOREIGN_PASSES, 0);
		add_target(rule_add(world, 1), names[i]);
		rule = rule_add(world, 1);
		add_match(rule, i ? "connmark" : "mark", 1, &one, sizeof(one));
		add_verdict(rule, NF_DROP, NULL);
		add_verdict(rule_add(world, 0), NFT_JUMP, "one");
		expect(world, FOREIGN_UNSURE, 2);
		world_close(&own);
	}
}

#define WORLD_TEST(test) cmocka_unit_test_setup_teardown(test, world_open, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_matches),      WORLD_TEST(test_ct),
	        WORLD_TEST(test_untracked_state),    WORLD_TEST(test_perhaps_untracked_state),
	        cmocka_unit_test(test_mark_targets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is denied and how: deny scopes, a gateway that holds a role, audit mode, reject, never_deny, accept_mark. */
#include <stdio.h>

#include "tests/lab/expect.h"
#include "tests/lab/program.h"

#define MEMBERS                                                                                              \
	"[roles prod]\nmanagement_server = 10.1.0.10, 2001:db8:1::10\n"                                      \
	"windows_agent = 10.2.0.20, 10.1.0.21, 2001:db8:2::20\noperations_console = 10.2.0.30\n"             \
	"[roles lab]\nmanagement_server = 10.1.0.12\n"

static void test_scope_none(void **state)
{
	struct lab *lab = lab_need(state);
	omfwd_apply(lab, "[omfwd]\ndeny_scope = none\n" MEMBERS);
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "pass 10.2.0.20 10.1.0.10 tcp/22",
	       "pass 10.1.0.10 10.2.0.20 udp/9", "pass 10.2.0.99 10.1.0.99 tcp/1",
	       "pass 10.2.0.20 10.1.0.10 icmp", "pass 10.2.0.20 10.1.0.10 proto/99",
	       "pass 2001:db8:2::20 2001:db8:1::10 tcp/22");
	assert_int_equal(nft_counter(lab, "prod.cur-16"), 1);
}

static void test_scope_roles(void **state)
{
	struct lab *lab = lab_need(state);
	omfwd_apply(lab, "[omfwd]\ndeny_scope = roles\n" MEMBERS);
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "drop 10.2.0.20 10.1.0.10 tcp/22",
	       "drop 10.1.0.10 10.2.0.20 tcp/22", "drop 10.2.0.20 10.1.0.12 tcp/5723",
	       "drop 10.1.0.12 10.1.0.10 tcp/22", "drop 10.1.0.10 10.2.0.20 proto/99",
	       "drop 10.1.0.10 10.2.0.20 icmp", "drop 10.1.0.10 10.2.0.20 echo-reply",
	       "drop 10.2.0.20 10.1.0.10 ack/22", "pass 10.2.0.20 10.2.0.30 tcp/22",
	       "pass 10.1.0.21 10.2.0.30 udp/9", "pass 10.1.0.21 10.2.0.20 icmp",
	       "pass 10.2.0.99 10.1.0.10 tcp/22", "pass 10.1.0.10 10.2.0.99 tcp/22",
	       "pass 10.2.0.99 10.1.0.99 proto/99", "drop 2001:db8:2::20 2001:db8:1::10 tcp/22",
	       "drop 2001:db8:1::10 2001:db8:2::20 proto/99", "drop 2001:db8:2::20 2001:db8:1::10 icmp",
	       "pass 2001:db8:2::20 2001:db8:1::99 tcp/22");
}

/* What conntrack is kept away from has no connection to be judged by: between judged addresses nothing of it passes. */
static void test_untracked(void **state)
{
	struct lab *lab = lab_need(state);
	lab_must(lab, NS_GATEWAY,
	         "nft 'table ip raw { chain prerouting { type filter hook prerouting priority raw; notrack; "
	         "}; }'");
	for (int nets = 0; nets < 2; nets++) {
		omfwd_apply(lab, nets ? "[omfwd]\ndeny_scope = roles\n[roles prod]\nmanagement_server = "
		                        "10.1.0.10/31\nwindows_agent = 10.2.0.20\n"
		                      : "[omfwd]\ndeny_scope = roles\n" MEMBERS);
		EXPECT(lab, "drop 10.2.0.20 10.1.0.10 tcp/5723", "drop 10.2.0.20 10.1.0.10 udp/22",
		       "drop 10.1.0.10 10.2.0.20 tcp/22", "pass 10.2.0.99 10.1.0.10 tcp/22",
		       "pass 10.2.0.99 10.1.0.99 udp/53");
	}
}

static void test_scope_servers(void **state)
{
	struct lab *lab = lab_need(state);
	omfwd_apply(lab, "[omfwd]\ndeny_scope = servers\n" MEMBERS);
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "drop 10.2.0.99 10.1.0.10 tcp/22",
	       "drop 10.1.0.10 10.2.0.99 tcp/443", "drop 10.2.0.99 10.1.0.10 icmp",
	       "drop 10.2.0.99 10.1.0.10 proto/99", "pass 10.1.0.21 10.2.0.30 udp/9",
	       "pass 10.2.0.99 10.1.0.99 tcp/22", "pass 10.1.0.21 10.2.0.99 tcp/22",
	       "drop 2001:db8:2::99 2001:db8:1::10 tcp/5723", "pass 2001:db8:2::99 2001:db8:1::99 tcp/22");
}

static void test_scope_everything(void **state)
{
	struct lab *lab = lab_need(state);
	omfwd_apply(lab, "[omfwd]\ndeny_scope = everything\n" MEMBERS);
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "pass 2001:db8:2::20 2001:db8:1::10 tcp/5723",
	       "pass 10.2.0.30 10.1.0.10 tcp/5724", "drop 10.2.0.99 10.1.0.99 tcp/22",
	       "drop 10.1.0.21 10.2.0.30 udp/9", "drop 10.2.0.99 10.1.0.99 proto/99",
	       "drop 10.2.0.99 10.1.0.99 icmp", "drop 10.2.0.99 10.1.0.99 echo-reply",
	       "drop 10.2.0.99 10.1.0.99 ack/22", "drop 2001:db8:2::99 2001:db8:1::99 udp/53",
	       "drop 2001:db8:2::99 2001:db8:1::99 icmp",
	       /* the gateway's own traffic is another matter */
	       "pass 10.2.0.99 10.9.0.1 tcp/22", "pass 10.9.0.1 10.1.0.99 udp/53",
	       "pass 10.9.0.1 10.1.0.10 tcp/22", "pass 2001:db8:9::1 2001:db8:1::99 tcp/443",
	       "pass 2001:db8:2::99 2001:db8:9::1 icmp");
}

#define HELD                                                                                                 \
	"[roles prod]\nmanagement_server = 10.9.0.1, 2001:db8:9::1\nwindows_agent = 10.1.0.20, "             \
	"2001:db8:1::20, "                                                                                   \
	"10.9.0.3\noperations_manager_database = 10.2.0.50, 2001:db8:2::50\n"

/* The gateway is a management server: input and output are judged, loopback is not. */
static void test_gateway_holds_a_role(void **state)
{
	struct lab *lab = lab_need(state);
	static const char *const configs[] = {"[omfwd]\ndeny_scope = roles\n" HELD,
	                                      "[omfwd]\ndeny_scope = everything\n" HELD};
	for (int i = 0; i < 2; i++) {
		omfwd_apply(lab, configs[i]);
		EXPECT(lab, "pass 10.1.0.20 10.9.0.1 tcp/5723", "drop 10.1.0.20 10.9.0.1 tcp/5724",
		       "drop 10.1.0.20 10.9.0.1 icmp", "drop 10.1.0.20 10.9.0.1 proto/99",
		       "pass 10.9.0.1 10.2.0.50 tcp/1433", "drop 10.9.0.1 10.2.0.50 tcp/1432",
		       "drop 10.9.0.1 10.1.0.20 tcp/445", "drop 10.2.0.50 10.9.0.1 tcp/22",
		       "pass 2001:db8:1::20 2001:db8:9::1 tcp/5723",
		       "drop 2001:db8:1::20 2001:db8:9::1 udp/5723",
		       "pass 2001:db8:9::1 2001:db8:2::50 udp/1434",
		       "drop 2001:db8:9::1 2001:db8:2::50 udp/137", "drop 2001:db8:9::1 2001:db8:2::50 icmp",
		       "pass 10.1.0.99 10.9.0.1 tcp/22", "pass 10.9.0.1 10.2.0.99 tcp/443",
		       "pass 10.1.0.20 10.9.0.2 tcp/22", "pass 10.9.0.1 10.9.0.3 tcp/445",
		       "pass 10.9.0.3 10.9.0.1 udp/9");
		omfwd_expect(lab, 0, "--phase install");
		EXPECT(lab, "pass 10.9.0.1 10.1.0.20 tcp/445", "pass 10.9.0.1 10.2.0.50 tcp/50000",
		       "pass 2001:db8:9::1 2001:db8:2::50 udp/137", "drop 10.1.0.20 10.9.0.1 tcp/445");
		lab_refresh(state);
	}
	omfwd_apply(lab, "[omfwd]\ndeny_scope = servers\n" HELD);
	EXPECT(lab, "pass 10.1.0.20 10.9.0.1 tcp/5723", "drop 10.1.0.99 10.9.0.1 tcp/22",
	       "drop 10.9.0.1 10.2.0.99 udp/53", "pass 10.1.0.99 10.9.0.2 tcp/22",
	       "pass 10.9.0.2 10.9.0.1 tcp/22");
}

static void test_audit_mode(void **state)
{
	struct lab *lab = lab_need(state);
	omfwd_apply(lab, "[omfwd]\nmode = audit\ndeny_scope = everything\n" MEMBERS);
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "pass 10.2.0.20 10.1.0.10 tcp/22",
	       "pass 10.2.0.99 10.1.0.99 udp/53", "pass 2001:db8:2::99 2001:db8:1::10 icmp");
	assert_int_equal(nft_counter(lab, "would_be_denied"), 3);
	assert_int_equal(nft_counter(lab, "prod.cur-16"), 1);
	omfwd_apply(lab, "[omfwd]\ndeny_scope = everything\n" MEMBERS);
	EXPECT(lab, "drop 10.2.0.20 10.1.0.10 tcp/22", "drop 10.2.0.99 10.1.0.99 udp/53");
	assert_int_equal(nft_counter(lab, "denied"), 2);
	assert_int_equal(nft_counter(lab, "prod.cur-16"), 1);
}

static void test_reject(void **state)
{
	struct lab *lab = lab_need(state);
	omfwd_apply(lab, "[omfwd]\ndeny_action = reject\ndeny_scope = everything\n" HELD);
	EXPECT(lab, "reset 10.1.0.20 10.2.0.50 tcp/1433", "prohibited 10.1.0.20 10.2.0.50 udp/1434",
	       "prohibited 10.1.0.20 10.2.0.50 icmp", "prohibited 10.1.0.20 10.2.0.50 proto/50",
	       "reset 2001:db8:1::20 2001:db8:2::50 tcp/1433",
	       "prohibited 2001:db8:1::20 2001:db8:2::50 udp/1434",
	       "prohibited 2001:db8:1::20 2001:db8:2::50 icmp", "reset 10.1.0.20 10.9.0.1 tcp/22",
	       "prohibited 10.1.0.20 10.9.0.1 udp/22", "reset 2001:db8:1::20 2001:db8:9::1 tcp/22",
	       "pass 10.1.0.20 10.9.0.1 tcp/5723");
	omfwd_apply(lab, "[omfwd]\ndeny_action = drop\ndeny_scope = everything\n" HELD);
	EXPECT(lab, "drop 10.1.0.20 10.2.0.50 tcp/1433", "drop 10.1.0.20 10.2.0.50 udp/1434");
}

static void test_never_deny(void **state)
{
	struct lab *lab = lab_need(state);
	omfwd_apply(lab, "[omfwd]\ndeny_scope = everything\nnever_deny = 10.2.0.200, 10.2.1.0/24, "
	                 "2001:db8:2::200\n" MEMBERS);
	EXPECT(lab, "pass 10.2.0.200 10.1.0.10 tcp/22", "pass 10.1.0.10 10.2.0.200 udp/9",
	       "pass 10.2.1.255 10.1.0.99 icmp", "drop 10.2.0.201 10.1.0.10 tcp/22",
	       "drop 10.2.2.0 10.1.0.10 tcp/22", "pass 2001:db8:2::200 2001:db8:1::10 tcp/22",
	       "drop 2001:db8:2::201 2001:db8:1::10 tcp/22", "pass 10.2.0.200 10.1.0.10 proto/99");
}

/* Other firewalls see the mark, later in the same hook; the bits outside the mask stay. */
static void test_accept_mark(void **state)
{
	struct lab *lab = lab_need(state);
	lab_write("seen.nft", "table inet seen { chain before { type filter hook prerouting priority -150;\n"
	                      "meta mark set 0x1\n}\nchain after { type filter hook forward priority 50;\n"
	                      "meta mark 0x20001 counter name marked\nmeta mark 0x1 counter name plain\n}\n"
	                      "counter marked { }\ncounter plain { }\n}\n");
	lab_must(lab, NS_GATEWAY, "nft -f " LAB_DIR "/seen.nft");
	omfwd_apply(lab, "[omfwd]\ndeny_scope = roles\naccept_mark = 0x20000/0xff0000\n" MEMBERS);
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "pass 2001:db8:2::20 2001:db8:1::10 tcp/5723",
	       "pass 10.2.0.99 10.1.0.99 tcp/5723", "drop 10.2.0.20 10.1.0.10 tcp/22");
	lab_must(lab, NS_GATEWAY, "nft list counter inet seen marked | grep -q 'packets 2 '");
	lab_must(lab, NS_GATEWAY, "nft list counter inet seen plain | grep -q 'packets 1 '");
	lab_must(lab, NS_GATEWAY, "nft delete table inet seen");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_scope_none),       LAB_TEST(test_scope_roles),
	        LAB_TEST(test_untracked),        LAB_TEST(test_scope_servers),
	        LAB_TEST(test_scope_everything), LAB_TEST(test_gateway_holds_a_role),
	        LAB_TEST(test_audit_mode),       LAB_TEST(test_reject),
	        LAB_TEST(test_never_deny),       LAB_TEST(test_accept_mark),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

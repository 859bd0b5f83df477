/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lab judged by rules of our own, before it judges omfwd: it sees what passes, what does not, and how. */
#include <time.h>

#include "tests/lab/expect.h"
#include "tests/lab/program.h"
#include "tests/lab/sweep.h"

static void rules_load(const struct lab *lab, const char *rules)
{
	lab_write("rules.nft", rules);
	lab_must(lab, NS_GATEWAY, "nft -f " LAB_DIR "/rules.nft");
}

static void test_open_gateway_passes_everything(void **state)
{
	struct lab *lab = lab_need(state);
	EXPECT(lab, "pass 10.1.0.2 10.2.0.6 tcp/80", "pass 10.2.0.6 10.1.0.2 udp/53",
	       "pass 2001:db8:1::2 2001:db8:2::6 tcp/80", "pass 2001:db8:2::6 2001:db8:1::2 udp/53",
	       "pass 10.1.0.2 10.2.0.6 icmp", "pass 2001:db8:1::2 2001:db8:2::6 icmp",
	       "pass 10.1.0.2 10.2.0.6 echo-reply", "pass 10.1.0.2 10.2.0.6 proto/99",
	       "pass 10.1.0.2 10.2.0.6 ack/80", "pass 10.1.0.2 10.9.0.1 tcp/80",
	       "pass 10.1.0.2 10.9.0.1 udp/80", "pass 10.1.0.2 10.9.0.1 icmp",
	       "pass 2001:db8:1::2 2001:db8:9::1 tcp/80", "pass 2001:db8:1::2 2001:db8:9::1 udp/80",
	       "pass 2001:db8:1::2 2001:db8:9::1 icmp", "pass 10.9.0.1 10.2.0.6 tcp/80",
	       "pass 2001:db8:9::1 2001:db8:2::6 udp/80", "pass 2001:db8:9::1 2001:db8:1::2 icmp");
}

static void test_verdicts_are_told_apart(void **state)
{
	struct lab *lab = lab_need(state);
	rules_load(lab, "table inet trial { chain forward { type filter hook forward priority 0;\n"
	                "tcp dport 1 drop\n"
	                "tcp dport 2 reject with tcp reset\n"
	                "th dport 3 reject with icmpx type admin-prohibited\n"
	                "meta l4proto { icmp, icmpv6 } reject with icmpx type admin-prohibited\n}\n"
	                "chain input { type filter hook input priority 0; tcp dport 1 drop\n}\n"
	                "chain output { type filter hook output priority 0; tcp dport 1 drop\n}\n}\n");
	EXPECT(lab, "drop 10.1.0.2 10.2.0.6 tcp/1", "reset 10.1.0.2 10.2.0.6 tcp/2",
	       "prohibited 10.1.0.2 10.2.0.6 tcp/3", "prohibited 10.1.0.2 10.2.0.6 udp/3",
	       "pass 10.1.0.2 10.2.0.6 tcp/4", "prohibited 10.1.0.2 10.2.0.6 icmp",
	       "drop 2001:db8:2::6 2001:db8:1::2 tcp/1", "reset 2001:db8:2::6 2001:db8:1::2 tcp/2",
	       "prohibited 2001:db8:2::6 2001:db8:1::2 udp/3", "pass 2001:db8:2::6 2001:db8:1::2 tcp/4",
	       "drop 10.1.0.2 10.9.0.1 tcp/1", "pass 10.1.0.2 10.9.0.1 tcp/2", "drop 10.9.0.1 10.2.0.6 tcp/1",
	       "pass 10.9.0.1 10.2.0.6 tcp/2", "drop 2001:db8:1::2 2001:db8:9::1 tcp/1",
	       "drop 2001:db8:9::1 2001:db8:2::6 tcp/1");
	lab_must(lab, NS_GATEWAY, "nft delete table inet trial");
}

/* Tens of thousands, half of them dropped: none lost, none invented, and soon done. */
static void test_large_bursts_are_exact(void **state)
{
	struct lab *lab = lab_need(state);
	rules_load(lab, "table inet trial { chain forward { type filter hook forward priority 0;\n"
	                "ct state invalid drop\nip saddr 10.1.0.0/16 th dport 1-30000 drop\n}\n}\n");
	static struct probe probes[50000];
	size_t n = sizeof(probes) / sizeof(probes[0]);
	for (size_t i = 0; i < n; i++)
		probes[i] = (struct probe){.src = address_of(i % 2 ? "10.1.0.2" : "10.2.0.6"),
		                           .dst = address_of(i % 2 ? "10.2.0.6" : "10.1.0.2"),
		                           .proto = i % 3 ? IPPROTO_TCP : IPPROTO_UDP,
		                           .dport = (uint16_t)(i + 1)};
	uint64_t start = lab_now_ms();
	burst_run(lab, probes, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(probes[i].arrived, i % 2 == 0 || i + 1 > 30000);
	print_message("%zu probes in %u ms\n", n, (unsigned)(lab_now_ms() - start));
	conntrack_flush(lab);
	lab_must(lab, NS_GATEWAY, "nft delete table inet trial");
}

/* An open gateway is wrong about exactly what the documents deny. */
static void test_sweep_sees_an_open_gateway(void **state)
{
	struct lab *lab = lab_need(state);
	struct expected_policy policy = {.table = &expected_current, .scope = SCOPE_EVERYTHING};
	for (int role = 0; role < EXPECTED_ROLES; role++)
		policy.assigned[role] = true;
	struct sweep sweep = {0};
	sweep_add_pairs(&sweep, &policy);
	size_t denied = 0;
	for (size_t i = 0; i < sweep.n; i++)
		denied += !sweep.trials[i].passes;
	uint64_t start = lab_now_ms();
	sweep_run(lab, &sweep, false);
	print_message("%zu probes, %zu to be denied, in %u ms\n", sweep.n, denied,
	              (unsigned)(lab_now_ms() - start));
	assert_int_equal(sweep.wrong, denied);
	assert_true(denied > 0 && denied < sweep.n);
	sweep_free(&sweep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_open_gateway_passes_everything),
	        LAB_TEST(test_verdicts_are_told_apart),
	        LAB_TEST(test_large_bursts_are_exact),
	        LAB_TEST(test_sweep_sees_an_open_gateway),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

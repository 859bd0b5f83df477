/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The install window: how long it is open, for what, and that the kernel closes it with nobody there. Without an
 * agent; test_agent.c asks one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/expect.h"
#include "tests/lab/program.h"

#define POLICY                                                                                               \
	"[omfwd]\ndeny_scope = everything\nlog_denied = no\ninstall_window_max = 2h\ninstall_window = 90m\n" \
	"[roles east]\nmanagement_server = 10.1.0.10, 2001:db8:1::10\nwindows_agent = 10.2.0.20, "           \
	"2001:db8:2::20\n"                                                                                   \
	"unix_linux_agent = 10.2.0.30\noperations_manager_database = 10.2.0.50\n"                            \
	"[roles west]\nmanagement_server = 10.1.0.11\nwindows_agent = 10.2.0.21\nunix_linux_agent = "        \
	"10.2.0.31\n"                                                                                        \
	"[site_rule boot]\nfrom = 10.2.0.9\nto = 10.1.0.9\nprotocol = udp\nports = 69\nphase = install\n"    \
	"reason = network boot\n"

#define GRAIN_MS 20 /* the kernel counts time in ticks */

/* Whether an install packet gets through now. */
static bool is_open(struct lab *lab)
{
	struct probe probe = {.src = address_of("10.1.0.10"),
	                      .dst = address_of("10.2.0.20"),
	                      .proto = IPPROTO_TCP,
	                      .dport = 445};
	burst_run(lab, &probe, 1);
	return probe.arrived;
}

static void expect_closed(struct lab *lab)
{
	EXPECT(lab, "drop 10.1.0.10 10.2.0.20 tcp/445", "drop 2001:db8:1::10 2001:db8:2::20 tcp/50000",
	       "drop 10.1.0.10 10.2.0.30 tcp/22", "drop 10.1.0.11 10.2.0.31 tcp/22",
	       "drop 10.1.0.11 10.2.0.21 udp/138", "drop 10.1.0.10 10.2.0.50 tcp/135",
	       "drop 10.2.0.9 10.1.0.9 udp/69", "pass 10.2.0.20 10.1.0.10 tcp/5723",
	       "pass 10.1.0.10 10.2.0.50 tcp/1433", "pass 10.1.0.10 10.2.0.30 tcp/1270");
}

static void test_opens_and_closes_at_once(void **state)
{
	struct lab *lab = lab_need(state);
	omfwd_apply(lab, POLICY);
	expect_closed(lab);
	omfwd_expect(lab, 0, "--phase install --reason 'new management server'");
	EXPECT(lab, "pass 10.1.0.10 10.2.0.20 tcp/445", "pass 2001:db8:1::10 2001:db8:2::20 tcp/50000",
	       "pass 10.1.0.10 10.2.0.30 tcp/22", "pass 10.1.0.11 10.2.0.31 tcp/22",
	       "pass 10.1.0.11 10.2.0.21 udp/138", "pass 10.1.0.10 10.2.0.50 tcp/135",
	       "pass 10.2.0.9 10.1.0.9 udp/69", "pass 10.2.0.20 10.1.0.10 tcp/5723");
	omfwd_expect(lab, 0, "--phase run");
	expect_closed(lab);
}

/*
 * Never closed before its time, measured from when the command began, and never open a moment longer, measured from when it
 * returned: a busy machine may look seldom, but each look is right.
 */
static void expect_open_for(struct lab *lab, unsigned seconds)
{
	uint64_t began = lab_now_ms(), now;
	omfwd_expect(lab, 0, "--phase install --for %us", seconds);
	uint64_t returned = lab_now_ms(), before, length = seconds * 1000;
	do {
		before = lab_now_ms();
		bool open = is_open(lab);
		now = lab_now_ms();
		assert_true(open ? before <= returned + length : now >= began + length - GRAIN_MS);
		lab_sleep_ms(2);
	} while (now < returned + length + 300);
	expect_closed(lab);
}

static void test_kernel_keeps_the_deadline(void **state)
{
	struct lab *lab = lab_need(state);
	omfwd_apply(lab, POLICY);
	expect_open_for(lab, 2);
	/* Opening again before the end replaces the time, it does not add to it. */
	omfwd_expect(lab, 0, "--phase install --for 1h");
	expect_open_for(lab, 1);
}

static void test_scope_of_a_section(void **state)
{
	struct lab *lab = lab_need(state);
	omfwd_apply(lab, POLICY);
	omfwd_expect(lab, 0, "--phase install --section west");
	EXPECT(lab, "pass 10.1.0.11 10.2.0.21 tcp/445", "pass 10.1.0.11 10.2.0.31 tcp/22",
	       "drop 10.1.0.10 10.2.0.20 tcp/445", "drop 10.1.0.10 10.2.0.30 tcp/22",
	       "drop 10.2.0.9 10.1.0.9 udp/69");
	omfwd_expect(lab, 0, "--phase run");
	expect_closed(lab);
}

static void test_scope_of_rows(void **state)
{
	struct lab *lab = lab_need(state);
	omfwd_apply(lab, POLICY);
	omfwd_expect(lab, 0, "--phase install --rows cur-20");
	EXPECT(lab, "pass 10.1.0.10 10.2.0.30 tcp/22", "pass 10.1.0.11 10.2.0.31 tcp/22",
	       "drop 10.1.0.10 10.2.0.20 tcp/445", "drop 10.1.0.10 10.2.0.50 tcp/135",
	       "drop 10.2.0.9 10.1.0.9 udp/69");
	omfwd_expect(lab, 0, "--phase run");
	expect_closed(lab);
	omfwd_expect(lab, 0, "--phase install --section east --rows cur-01,cur-18");
	EXPECT(lab, "pass 10.1.0.10 10.2.0.20 tcp/445", "pass 10.1.0.10 10.2.0.50 tcp/135",
	       "drop 10.1.0.10 10.2.0.30 tcp/22", "drop 10.1.0.11 10.2.0.21 tcp/445");
	/* Closing one of them leaves the other. */
	omfwd_expect(lab, 0, "--phase run --section east --rows cur-18");
	EXPECT(lab, "drop 10.1.0.10 10.2.0.20 tcp/445", "pass 10.1.0.10 10.2.0.50 tcp/135");
	omfwd_expect(lab, 0, "--phase run");
	expect_closed(lab);
	/* And closing one of everything leaves everything else. */
	omfwd_expect(lab, 0, "--phase install");
	omfwd_expect(lab, 0, "--phase run --rows cur-20");
	EXPECT(lab, "drop 10.1.0.10 10.2.0.30 tcp/22", "drop 10.1.0.11 10.2.0.31 tcp/22",
	       "pass 10.1.0.10 10.2.0.20 tcp/445", "pass 10.1.0.11 10.2.0.21 tcp/445",
	       "pass 10.1.0.10 10.2.0.50 tcp/135");
}

static void test_refusals_change_nothing(void **state)
{
	struct lab *lab = lab_need(state);
	omfwd_apply(lab, POLICY);
	static const char *const wrong[] = {
	        "--phase install --for 3h",
	        "--phase install --for 2h1s",
	        "--phase install --for 0s",
	        "--phase install --for soon",
	        "--phase install --section north",
	        "--phase install --rows cur-99",
	        "--phase install --rows cur-16",
	        "--phase install --section west --rows cur-01",
	        "--phase demolish",
	        "--phase run --for 1h",
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		omfwd_expect(lab, 2, "%s", wrong[i]);
		expect_closed(lab);
	}
	omfwd_expect(lab, 0, "--phase install --for 2h");
	assert_true(is_open(lab));
}

/* Seconds the whole window has left, read with nft. */
static double window_left(struct lab *lab)
{
	struct run run;
	lab_run(lab, NS_GATEWAY, NULL, &run, "nft list set inet omfwd install_window");
	const char *at = run.code == 0 ? strstr(run.out, "expires ") : NULL;
	double left = 0, part = 0;
	char unit[3];
	int used = 0;
	for (at = at ? at + strlen("expires ") : ""; sscanf(at, "%lf%2[a-z]%n", &part, unit, &used) == 2;
	     at += used) {
		bool is_ms = unit[0] == 'm' && unit[1] == 's';
		double factor = unit[0] == 'h' ? 3600 : unit[0] == 's' ? 1 : unit[0] == 'd' ? 86400 : 60;
		left += is_ms ? part / 1000 : part * factor;
	}
	lab_run_free(&run);
	return left;
}

static void expect_left(struct lab *lab, double seconds)
{
	double left = window_left(lab);
	if (left > seconds || left < seconds - 20)
		fail_msg("the window has %.1f s left, expected %.1f", left, seconds);
}

static void test_default_and_reload(void **state)
{
	struct lab *lab = lab_need(state);
	omfwd_apply(lab, POLICY);
	omfwd_expect(lab, 0, "--phase install");
	expect_left(lab, 90 * 60);
	omfwd_expect(lab, 0, "--phase install --for 1h");
	expect_left(lab, 3600);
	lab_write("omfwd.conf", POLICY "[rows]\ncur-08 = off\n[ports]\nssh = 2222\n");
	omfwd_expect(lab, 0, "reload");
	expect_left(lab, 3600);
	EXPECT(lab, "pass 10.1.0.10 10.2.0.20 tcp/445", "pass 10.1.0.10 10.2.0.30 tcp/2222",
	       "drop 10.1.0.10 10.2.0.30 tcp/22");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_opens_and_closes_at_once), LAB_TEST(test_kernel_keeps_the_deadline),
	        LAB_TEST(test_scope_of_a_section),       LAB_TEST(test_scope_of_rows),
	        LAB_TEST(test_refusals_change_nothing),  LAB_TEST(test_default_and_reload),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

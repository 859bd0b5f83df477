/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Policies on trial, seen by packets: the one before returns by itself, whatever becomes of the client, the agent or the
 * machine.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lab/expect.h"
#include "tests/lab/program.h"

#define HEAD   "[omfwd]\ndeny_scope = everything\nlog_denied = no\n"
#define POLICY HEAD "[roles prod]\nmanagement_server = 10.1.0.10\nwindows_agent = 10.2.0.20\n"
#define LOCKED HEAD "[roles prod]\nmanagement_server = 10.1.0.99\noperations_manager_database = 10.2.0.99\n"

#define ALLOWED        "10.2.0.20 10.1.0.10 tcp/5723"
#define LOCKED_ALLOWED "10.1.0.99 10.2.0.99 tcp/1433"
#define OTHER          "10.2.0.98 10.1.0.98 udp/53"
#define INSTALL        "10.1.0.10 10.2.0.20 tcp/445"

/* Nobody listens to what it tells systemd any more: a full socket would hold it up. */
static pid_t start(struct lab *lab, const char *args)
{
	int notify;
	pid_t pid = omfwd_agent_start(lab, &notify, args);
	close(notify);
	return pid;
}

static pid_t start_with(struct lab *lab, const char *config)
{
	lab_write("omfwd.conf", config);
	return start(lab, "");
}

static bool passes(struct lab *lab, const char *src, const char *dst, uint16_t port)
{
	struct probe probe = {
	        .src = address_of(src), .dst = address_of(dst), .proto = IPPROTO_TCP, .dport = port};
	burst_run(lab, &probe, 1);
	return probe.arrived;
}

static void await_return(struct lab *lab)
{
	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS; !passes(lab, "10.2.0.20", "10.1.0.10", 5723);
	     lab_sleep_ms(20))
		if (lab_now_ms() > end)
			fail_msg("the policy before does not return");
}

static void test_returns_by_itself(void **state)
{
	struct lab *lab = lab_need(state);
	start_with(lab, POLICY);
	EXPECT(lab, "pass " ALLOWED);
	omfwd_expect(lab, 0, "--phase install --for 1h --rows cur-18 --reason 'rack move'");
	long before = nft_counter(lab, "prod.cur-16");
	assert_true(before > 0);
	lab_write("omfwd.conf", LOCKED);
	uint64_t began = lab_now_ms();
	omfwd_expect_says(lab, 0, "reload --confirm 3s", "the policy before it returns");
	await_return(lab);
	uint64_t took = lab_now_ms() - began;
	print_message("returned after %u ms\n", (unsigned)took);
	assert_true(took >= 2990);
	/* Windows and counters are as they were, also those of rows that the policy on trial did not have. */
	EXPECT(lab, "pass " INSTALL, "drop " LOCKED_ALLOWED, "drop " OTHER);
	assert_true(nft_counter(lab, "prod.cur-16") > before);
	omfwd_expect_says(lab, 1, "status", "rack move");
	omfwd_expect_says(lab, 1, "status", "degraded  the role file was not confirmed");
	omfwd_expect_says(lab, 1, "confirm", "too late");
	omfwd_expect(lab, 0, "reload");
	EXPECT(lab, "drop " ALLOWED, "pass " LOCKED_ALLOWED);
	omfwd_expect(lab, 0, "status");
}

/* Confirms in time, and waits until the trial would be over. A machine too slow for that is given twice as long. */
static void confirm_in_time(struct lab *lab)
{
	for (unsigned seconds = 1;; seconds *= 2) {
		uint64_t began = lab_now_ms();
		struct run run;
		omfwd_expect(lab, 0, "reload --confirm %us", seconds);
		uint64_t until = lab_now_ms() + seconds * 1000;
		omfwd_run(lab, &run, "confirm");
		bool confirmed = run.code == 0;
		if (!confirmed && (lab_now_ms() < began + seconds * 1000 || !strstr(run.err, "too late")))
			fail_msg("confirm: exit code %d, %s%s", run.code, run.out, run.err);
		lab_run_free(&run);
		if (!confirmed)
			continue;
		lab_sleep_until_ms(until + 500);
		return;
	}
}

static void test_confirmed(void **state)
{
	struct lab *lab = lab_need(state);
	pid_t pid = start_with(lab, POLICY);
	lab_write("omfwd.conf", LOCKED);
	confirm_in_time(lab);
	EXPECT(lab, "drop " ALLOWED, "pass " LOCKED_ALLOWED);
	omfwd_expect(lab, 0, "status");
	assert_int_equal(nft_counter(lab, "prod.cur-16"), -1);
	omfwd_expect_says(lab, 1, "confirm", "nothing is on trial");
	omfwd_agent_stop(lab, pid, SIGKILL);
	start(lab, "");
	EXPECT(lab, "drop " ALLOWED, "pass " LOCKED_ALLOWED);
}

/* Killed, started again; and after a boot: the file is what was on trial, and is not believed. */
static void test_agent_that_is_killed(void **state)
{
	struct lab *lab = lab_need(state);
	pid_t pid = start_with(lab, POLICY);
	lab_write("omfwd.conf", LOCKED);
	omfwd_expect(lab, 0, "reload --confirm 1h");
	omfwd_agent_stop(lab, pid, SIGKILL);
	EXPECT(lab, "drop " ALLOWED);
	omfwd_expect_says(lab, 1, "status", "never confirmed");
	omfwd_expect_says(lab, 3, "--phase install", "never confirmed");
	EXPECT(lab, "drop " ALLOWED);
	for (int i = 0; i < 2; i++) {
		pid = start(lab, "");
		EXPECT(lab, "pass " ALLOWED, "drop " LOCKED_ALLOWED, "drop " OTHER);
		omfwd_expect_says(lab, 1, "status", "degraded  the role file was not confirmed");
		omfwd_agent_stop(lab, pid, i ? SIGTERM : SIGKILL);
		lab_must(lab, NS_GATEWAY, "nft flush ruleset");
	}
	start(lab, "");
	EXPECT(lab, "pass " ALLOWED, "drop " LOCKED_ALLOWED);
	omfwd_expect(lab, 0, "reload");
	EXPECT(lab, "drop " ALLOWED, "pass " LOCKED_ALLOWED);
	omfwd_expect(lab, 0, "status");
}

static void test_agent_that_ends(void **state)
{
	struct lab *lab = lab_need(state);
	pid_t pid = start_with(lab, POLICY);
	omfwd_expect(lab, 0, "--phase install --for 1h --rows cur-18");
	lab_write("omfwd.conf", LOCKED);
	omfwd_expect(lab, 0, "reload --confirm 1h");
	EXPECT(lab, "drop " ALLOWED, "drop " INSTALL, "pass " LOCKED_ALLOWED);
	omfwd_expect_says(lab, 0, "status", "on trial");
	omfwd_expect_says(lab, 3, "reload", "on trial already");
	assert_int_equal(omfwd_agent_stop(lab, pid, SIGTERM), 0);
	EXPECT(lab, "pass " ALLOWED, "drop " LOCKED_ALLOWED);
}

static void test_first_start(void **state)
{
	struct lab *lab = lab_need(state);
	lab_write("omfwd.conf", POLICY);
	start(lab, "--confirm 2s");
	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS; !passes(lab, "10.2.0.20", "10.1.0.10", 22);
	     lab_sleep_ms(20))
		if (lab_now_ms() > end)
			fail_msg("the table is not taken away");
	/* everybody is let through first, and the table goes a little later */
	lab_must(lab, NS_GATEWAY, "while nft list table inet omfwd >/dev/null 2>&1; do sleep 0.1; done");
	omfwd_expect_says(lab, 1, "status", "there was no policy before it");
	omfwd_expect(lab, 0, "reload --confirm 1m");
	EXPECT(lab, "pass " ALLOWED, "drop " OTHER);
	omfwd_expect(lab, 0, "confirm");
	omfwd_expect(lab, 0, "status");
}

static void test_first_start_that_is_killed(void **state)
{
	struct lab *lab = lab_need(state);
	lab_write("omfwd.conf", POLICY);
	pid_t pid = start(lab, "--confirm 1h");
	EXPECT(lab, "pass " ALLOWED, "drop " OTHER);
	omfwd_expect_says(lab, 0, "status", "the nft table is taken away again");
	omfwd_agent_stop(lab, pid, SIGKILL);
	EXPECT(lab, "drop " OTHER);
	pid = start(lab, "--confirm 1h");
	EXPECT(lab, "pass " OTHER);
	omfwd_expect_says(lab, 1, "status", "there was no policy before it");
	omfwd_agent_stop(lab, pid, SIGTERM);
	/* With the mark and no way to serve it, the role file is what there is. */
	lab_must(lab, NS_GATEWAY, "echo > " STATE_DIR "/unconfirmed");
	start(lab, "");
	EXPECT(lab, "pass " ALLOWED, "drop " OTHER);
}

static void test_second_start_on_trial(void **state)
{
	struct lab *lab = lab_need(state);
	omfwd_agent_stop(lab, start_with(lab, POLICY), SIGTERM);
	lab_write("omfwd.conf", LOCKED);
	start(lab, "--confirm 1s");
	await_return(lab);
	EXPECT(lab, "drop " LOCKED_ALLOWED, "drop " OTHER);
}

static void test_without_an_agent(void **state)
{
	struct lab *lab = lab_need(state);
	omfwd_apply(lab, POLICY);
	lab_write("omfwd.conf", LOCKED);
	omfwd_expect_says(lab, 3, "reload --confirm 5s", "no agent runs");
	omfwd_expect_says(lab, 3, "confirm", "no agent runs");
	EXPECT(lab, "pass " ALLOWED, "drop " LOCKED_ALLOWED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_returns_by_itself),     LAB_TEST(test_confirmed),
	        LAB_TEST(test_agent_that_is_killed),  LAB_TEST(test_agent_that_ends),
	        LAB_TEST(test_first_start),           LAB_TEST(test_first_start_that_is_killed),
	        LAB_TEST(test_second_start_on_trial), LAB_TEST(test_without_an_agent),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

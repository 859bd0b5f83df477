/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The agent as systemd and an administrator meet it: notifications, signals, the control socket, exit codes. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/capability.h>
#include <linux/seccomp.h>

#include "tests/lab/expect.h"
#include "tests/lab/program.h"

#define POLICY                                                                                               \
	"[omfwd]\ndeny_scope = everything\nlog_denied = no\n[roles prod]\n"                                  \
	"management_server = 10.1.0.10, 2001:db8:1::10\nwindows_agent = 10.2.0.20, 2001:db8:2::20\n"
#define SECOND_AGENT "windows_agent = 10.2.0.21\n"
#define BROKEN       "[omfwd]\ndeny_scope = everything\n[roles prod]\nmanagement_sever = 10.1.0.10\n"

static bool passes(struct lab *lab, const char *src, const char *dst, uint16_t port)
{
	struct probe probe = {
	        .src = address_of(src), .dst = address_of(dst), .proto = IPPROTO_TCP, .dport = port};
	burst_run(lab, &probe, 1);
	return probe.arrived;
}

/* A signal has no answer: waits until the packets say that it was heeded. */
static void await_verdict(struct lab *lab, const char *src, const char *dst, uint16_t port, bool pass)
{
	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS; passes(lab, src, dst, port) != pass;
	     lab_sleep_ms(10))
		if (lab_now_ms() > end)
			fail_msg("%s -> %s tcp/%u: still %s", src, dst, port, pass ? "denied" : "passing");
}

static pid_t agent_start(struct lab *lab, const char *config, int *notify)
{
	lab_write("omfwd.conf", config);
	return omfwd_agent_start(lab, notify, "");
}

/* What a command says, both outputs together; free() it. */
static void test_notifications(void **state)
{
	struct lab *lab = lab_need(state);
	int notify;
	char message[4096];
	pid_t pid = agent_start(lab, POLICY, &notify);
	omfwd_notify_await(notify, "WATCHDOG=1", NULL, 0);
	omfwd_notify_await(notify, "WATCHDOG=1", NULL, 0);
	uint64_t asked = lab_now_ms();
	kill(pid, SIGHUP);
	omfwd_notify_await(notify, "RELOADING=1", message, sizeof(message));
	const char *usec = strstr(message, "MONOTONIC_USEC=");
	assert_non_null(usec);
	uint64_t at = strtoull(usec + strlen("MONOTONIC_USEC="), NULL, 10) / 1000;
	assert_in_range(at, asked, lab_now_ms());
	omfwd_notify_await(notify, "READY=1", NULL, 0);
	omfwd_expect(lab, 0, "--phase install");
	do
		omfwd_notify_await(notify, "STATUS=", message, sizeof(message));
	while (!strstr(message, "install"));
	assert_int_equal(omfwd_agent_stop(lab, pid, SIGTERM), 0);
	omfwd_notify_await(notify, "STOPPING=1", NULL, 0);
}

static void test_signals(void **state)
{
	struct lab *lab = lab_need(state);
	int notify;
	pid_t pid = agent_start(lab, POLICY, &notify);
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "drop 10.1.0.10 10.2.0.20 tcp/445",
	       "drop 10.2.0.21 10.1.0.10 tcp/5723");
	kill(pid, SIGUSR1);
	await_verdict(lab, "10.1.0.10", "10.2.0.20", 445, true);
	kill(pid, SIGUSR2);
	await_verdict(lab, "10.1.0.10", "10.2.0.20", 445, false);
	lab_write("omfwd.conf", POLICY SECOND_AGENT);
	kill(pid, SIGHUP);
	await_verdict(lab, "10.2.0.21", "10.1.0.10", 5723, true);
	static const int enders[] = {SIGTERM, SIGINT, SIGKILL};
	for (int i = 0; i < 3; i++) {
		assert_int_equal(omfwd_agent_stop(lab, pid, enders[i]),
		                 enders[i] == SIGKILL ? 128 + SIGKILL : 0);
		EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "pass 10.2.0.21 10.1.0.10 tcp/5723",
		       "drop 10.1.0.10 10.2.0.20 tcp/445", "drop 10.2.0.99 10.1.0.99 udp/53");
		pid = omfwd_agent_start(lab, &notify, "");
		EXPECT(lab, "pass 10.2.0.21 10.1.0.10 tcp/5723", "drop 10.2.0.99 10.1.0.99 udp/53");
	}
}

static void test_bad_file_keeps_the_policy(void **state)
{
	struct lab *lab = lab_need(state);
	int notify;
	pid_t pid = agent_start(lab, POLICY, &notify);
	lab_write("omfwd.conf", BROKEN);
	omfwd_expect_says(lab, 2, "reload", CONFIG ":4: ");
	omfwd_expect_says(lab, 0, "status", "management_sever");
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "drop 10.2.0.99 10.1.0.99 udp/53");
	kill(pid, SIGHUP);
	omfwd_notify_await(notify, "RELOADING=1", NULL, 0);
	omfwd_notify_await(notify, "READY=1", NULL, 0);
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "drop 10.2.0.99 10.1.0.99 udp/53");
	/* The phase can still be switched. */
	omfwd_expect(lab, 0, "--phase install");
	EXPECT(lab, "pass 10.1.0.10 10.2.0.20 tcp/445");
	lab_write("omfwd.conf", POLICY SECOND_AGENT);
	omfwd_expect(lab, 0, "reload");
	EXPECT(lab, "pass 10.2.0.21 10.1.0.10 tcp/5723", "pass 10.1.0.10 10.2.0.20 tcp/445");
	char *text = omfwd_said(lab, 0, "status");
	assert_null(strstr(text, "management_sever"));
	free(text);
}

static void test_second_agent_is_refused_by_name(void **state)
{
	struct lab *lab = lab_need(state);
	int notify;
	char number[16];
	pid_t pid = agent_start(lab, POLICY, &notify);
	snprintf(number, sizeof(number), "%d", pid);
	omfwd_expect_says(lab, 3, "agent", number);
	/* Directories of its own do not help: it is the table that there is one of. */
	omfwd_expect_says(lab, 3, "agent --run-dir " LAB_DIR "/run2 --state-dir " LAB_DIR "/state2", number);
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "drop 10.2.0.99 10.1.0.99 udp/53");
	omfwd_expect_says(lab, 0, "status", number);
}

static void test_window_through_the_agent(void **state)
{
	struct lab *lab = lab_need(state);
	int notify;
	pid_t pid = agent_start(lab, POLICY, &notify);
	omfwd_expect(lab, 0, "--phase install --for 1h --reason 'CHG0012345 new agent'");
	EXPECT(lab, "pass 10.1.0.10 10.2.0.20 tcp/445");
	omfwd_expect_says(lab, 0, "status", "CHG0012345 new agent");
	omfwd_expect(lab, 0, "--phase run");
	EXPECT(lab, "drop 10.1.0.10 10.2.0.20 tcp/445");
	omfwd_expect(lab, 2, "--phase install --for 30h");
	omfwd_expect(lab, 2, "--phase install --section nowhere");
	EXPECT(lab, "drop 10.1.0.10 10.2.0.20 tcp/445");
	/* The deadline needs no agent. What is looked at first has no deadline that a slow machine could miss. */
	omfwd_expect(lab, 0, "--phase install --for 1h");
	EXPECT(lab, "pass 10.1.0.10 10.2.0.20 tcp/445");
	omfwd_expect(lab, 0, "--phase install --for 2s");
	uint64_t until = lab_now_ms() + 2000;
	omfwd_agent_stop(lab, pid, SIGKILL);
	lab_sleep_until_ms(until);
	EXPECT(lab, "drop 10.1.0.10 10.2.0.20 tcp/445", "pass 10.2.0.20 10.1.0.10 tcp/5723");
}

/* Waits for a part of a second on the wall clock: where rounding of deadlines would show most. */
static void await_fraction(unsigned ms)
{
	struct timespec now;
	do
		clock_gettime(CLOCK_REALTIME, &now);
	while ((unsigned)(now.tv_nsec / 1000000) / 10 != ms / 10);
}

/* What the kernel has left of the window, ms; 0: nothing. "elements = { 1 timeout 50s expires 48s332ms" */
static unsigned window_left(struct lab *lab)
{
	struct run run;
	unsigned s = 0, ms = 0;
	lab_run(lab, NS_GATEWAY, NULL, &run, "nft list set inet omfwd install_window");
	const char *text = run.out ? strstr(run.out, "expires ") : NULL;
	if (text && sscanf(text, "expires %us%ums", &s, &ms) < 1)
		fail_msg("cannot read what is left of the window: %s", text);
	lab_run_free(&run);
	return s * 1000 + ms;
}

/* A restart adopts the window as it is; a reboot, which forgets the table, restores what was left of it. */
static void test_window_survives_restart_and_reboot(void **state)
{
	struct lab *lab = lab_need(state);
	int notify;
	pid_t pid = agent_start(lab, POLICY, &notify);
	await_fraction(520);
	uint64_t began = lab_now_ms();
	omfwd_expect(lab, 0, "--phase install --for 50s --reason 'rack move'");
	uint64_t until = lab_now_ms() + 50000;
	omfwd_agent_stop(lab, pid, SIGKILL);
	pid = omfwd_agent_start(lab, &notify, "");
	omfwd_expect_says(lab, 0, "status", "rack move");
	EXPECT(lab, "pass 10.1.0.10 10.2.0.20 tcp/445");
	omfwd_agent_stop(lab, pid, SIGKILL);
	lab_must(lab, NS_GATEWAY, "nft flush ruleset");
	await_fraction(850);
	pid = omfwd_agent_start(lab, &notify, "");
	EXPECT(lab, "pass 10.1.0.10 10.2.0.20 tcp/445", "drop 10.2.0.99 10.1.0.99 udp/53");
	omfwd_expect_says(lab, 0, "status", "rack move");
	omfwd_agent_stop(lab, pid, SIGTERM);
	uint64_t before = lab_now_ms(), left = window_left(lab);
	if (before + left > until + 100)
		fail_msg("the restored window is open %u ms longer than it was opened for",
		         (unsigned)(before + left - until));
	assert_true(lab_now_ms() + left + 2500 > began + 50000);
}

static void test_starts_in_a_phase(void **state)
{
	struct lab *lab = lab_need(state);
	int notify;
	lab_write("omfwd.conf", POLICY);
	pid_t pid = omfwd_agent_start(lab, &notify, "--phase install");
	EXPECT(lab, "pass 10.1.0.10 10.2.0.20 tcp/445", "drop 10.1.0.10 10.2.0.20 tcp/22");
	assert_int_equal(omfwd_agent_stop(lab, pid, SIGTERM), 0);
	EXPECT(lab, "pass 10.1.0.10 10.2.0.20 tcp/445");
	omfwd_agent_start(lab, &notify, "--phase run");
	EXPECT(lab, "drop 10.1.0.10 10.2.0.20 tcp/445", "pass 10.2.0.20 10.1.0.10 tcp/5723");
}

static void test_remove(void **state)
{
	struct lab *lab = lab_need(state);
	int notify;
	agent_start(lab, POLICY, &notify);
	EXPECT(lab, "drop 10.2.0.99 10.1.0.99 udp/53");
	omfwd_expect(lab, 0, "remove");
	EXPECT(lab, "pass 10.2.0.99 10.1.0.99 udp/53", "pass 10.1.0.10 10.2.0.20 tcp/445");
	lab_must(lab, NS_GATEWAY, "! nft list table inet omfwd 2>/dev/null");
	omfwd_expect(lab, 1, "status");
	omfwd_expect(lab, 0, "reload");
	EXPECT(lab, "drop 10.2.0.99 10.1.0.99 udp/53", "pass 10.2.0.20 10.1.0.10 tcp/5723");
}

static void test_without_an_agent(void **state)
{
	struct lab *lab = lab_need(state);
	lab_write("omfwd.conf", POLICY);
	omfwd_expect(lab, 3, "status");
	omfwd_expect(lab, 0, "--phase run");
	omfwd_expect(lab, 0, "status");
	EXPECT(lab, "drop 10.2.0.99 10.1.0.99 udp/53");
	lab_write("omfwd.conf", BROKEN);
	omfwd_expect_says(lab, 2, "reload", CONFIG ":4: ");
	omfwd_expect_says(lab, 2, "--phase install", CONFIG ":4: ");
	EXPECT(lab, "drop 10.2.0.99 10.1.0.99 udp/53", "drop 10.1.0.10 10.2.0.20 tcp/445",
	       "pass 10.2.0.20 10.1.0.10 tcp/5723");
	omfwd_expect(lab, 0, "remove");
	EXPECT(lab, "pass 10.2.0.99 10.1.0.99 udp/53");
	omfwd_expect(lab, 3, "status");
}

static void test_others_may_not(void **state)
{
	struct lab *lab = lab_need(state);
	struct run run;
	int notify;
	/* a copy, because nobody may not be able to look into the folder of the original */
	lab_must(lab, NS_GATEWAY, "chmod 755 /run " LAB_DIR " && install -m 755 '%s' " LAB_DIR "/omfwd",
	         lab->binary);
	for (int with_agent = 0; with_agent < 2; with_agent++) {
		if (with_agent)
			agent_start(lab, POLICY, &notify);
		else
			omfwd_apply(lab, POLICY);
		lab_run(lab, NS_GATEWAY, NULL, &run,
		        "setpriv --reuid=65534 --regid=65534 --clear-groups " LAB_DIR
		        "/omfwd --phase install --config " CONFIG " --run-dir " RUN_DIR
		        " --state-dir " STATE_DIR);
		assert_int_equal(run.code, 4);
		lab_run_free(&run);
		EXPECT(lab, "drop 10.1.0.10 10.2.0.20 tcp/445");
	}
}

/* A number of /proc/PID/status; a set of capabilities is one. */
static uint64_t status_of(pid_t pid, const char *key)
{
	char path[64], line[256];
	uint64_t number = UINT64_MAX;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, key, strlen(key)) == 0)
			number = strtoull(line + strlen(key), NULL, 16);
	fclose(file);
	return number;
}

/* Root without systemd starts it: one capability is left, none can be won back, and system calls are filtered. */
static void test_gives_up_privileges(void **state)
{
	static const char *const sets[] = {"CapPrm:", "CapEff:", "CapBnd:"};
	struct lab *lab = lab_need(state);
	int notify;
	pid_t pid = agent_start(lab, POLICY, &notify);

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		assert_int_equal(status_of(pid, sets[i]), UINT64_C(1) << CAP_NET_ADMIN);
	assert_int_equal(status_of(pid, "CapAmb:"), 0);
	assert_int_equal(status_of(pid, "NoNewPrivs:"), 1);
	assert_int_equal(status_of(pid, "Seccomp:"), SECCOMP_MODE_FILTER);
	/* and what it reads must be root's to write */
	lab_write("omfwd.conf", POLICY SECOND_AGENT);
	lab_must(lab, NS_GATEWAY, "chmod o+w " CONFIG);
	omfwd_expect_says(lab, 2, "reload", CONFIG ": everybody can write this file; chmod o-w");
	EXPECT(lab, "drop 10.2.0.21 10.1.0.10 tcp/5723", "pass 10.2.0.20 10.1.0.10 tcp/5723");
	lab_must(lab, NS_GATEWAY, "chmod o-w " CONFIG);
	omfwd_expect(lab, 0, "reload");
	EXPECT(lab, "pass 10.2.0.21 10.1.0.10 tcp/5723");
}

static void ask_from_left(struct lab *lab, const char *how, int code, const char *says)
{
	struct run run;

	lab_run(lab, NS_LEFT, NULL, &run,
	        "'%s' --phase install --config " CONFIG " --state-dir " LAB_DIR "/state-left %s 2>&1",
	        lab->binary, how);
	if (run.code != code || !strstr(run.out, says))
		fail_msg("%s: exit code %d, %s", how, run.code, run.out);
	lab_run_free(&run);
}

/* Who is in another namespace, and does not name the agent's directory, does not mean this one's table. */
static void test_is_not_asked_from_another_namespace(void **state)
{
	struct lab *lab = lab_need(state);
	int notify;

	agent_start(lab, POLICY, &notify);
	setenv("RUNTIME_DIRECTORY", RUN_DIR, 1);
	ask_from_left(lab, "", 3, "works in another network namespace");
	unsetenv("RUNTIME_DIRECTORY");
	EXPECT(lab, "drop 10.1.0.10 10.2.0.20 tcp/445");
	ask_from_left(lab, "--run-dir " RUN_DIR, 0, "install phase open");
	EXPECT(lab, "pass 10.1.0.10 10.2.0.20 tcp/445");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_notifications),
	        LAB_TEST(test_signals),
	        LAB_TEST(test_bad_file_keeps_the_policy),
	        LAB_TEST(test_second_agent_is_refused_by_name),
	        LAB_TEST(test_window_through_the_agent),
	        LAB_TEST(test_window_survives_restart_and_reboot),
	        LAB_TEST(test_starts_in_a_phase),
	        LAB_TEST(test_remove),
	        LAB_TEST(test_without_an_agent),
	        LAB_TEST(test_others_may_not),
	        LAB_TEST(test_gives_up_privileges),
	        LAB_TEST(test_is_not_asked_from_another_namespace),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

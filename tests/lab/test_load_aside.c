/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an agent does while it loads a policy that is large enough to take a moment: the phase changes, questions are
 * answered, the policy in force stays; other changes wait their turn.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "tests/lab/expect.h"
#include "tests/lab/program.h"

#define POLICY                                                                                               \
	"[omfwd]\ndeny_scope = everything\nlog_denied = no\n[roles prod]\n"                                  \
	"management_server = 10.1.0.10\nwindows_agent = 10.2.0.20\n"
#define SECOND_AGENT "windows_agent = 10.2.0.21\n"
#define MANY         150000
#define MANY_AGENTS  "windows_agent = @file:many.list\n"
#define ARGS         "--config " CONFIG " --run-dir " RUN_DIR " --state-dir " STATE_DIR

/* A list that takes a while to load, of hosts that no packet here has. */
static void write_list(void)
{
	FILE *out = fopen(LAB_DIR "/many.list", "w");

	assert_non_null(out);
	for (unsigned i = 0; i < MANY; i++)
		fprintf(out, "10.%u.%u.%u\n", 64 + (i >> 16), i >> 8 & 255, i & 255);
	assert_int_equal(fclose(out), 0);
}

static pid_t ask(struct lab *lab, const char *verb)
{
	return lab_start(lab, NS_GATEWAY, -1, "\"%s\" %s " ARGS, lab->binary, verb);
}

static pid_t start(struct lab *lab, const char *policy)
{
	int notify;

	lab_write("omfwd.conf", policy);
	return omfwd_agent_start(lab, &notify, "");
}

static void await_verdict(struct lab *lab, const char *src, const char *dst, uint16_t port, bool pass)
{
	struct probe probe = {
	        .src = address_of(src), .dst = address_of(dst), .proto = IPPROTO_TCP, .dport = port};

	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS;; lab_sleep_ms(5)) {
		burst_run(lab, &probe, 1);
		if (probe.arrived == pass)
			return;
		assert_true(lab_now_ms() < end);
	}
}

static void test_phase_and_questions(void **state)
{
	struct lab *lab = lab_need(state);
	pid_t agent = start(lab, POLICY), reload;

	write_list();
	for (int i = 0; i < 3; i++) {
		lab_write("omfwd.conf", i % 2 ? POLICY : POLICY SECOND_AGENT MANY_AGENTS);
		reload = ask(lab, "reload");
		omfwd_expect(lab, 0, "--phase install --for 1h");
		EXPECT(lab, "pass 10.1.0.10 10.2.0.20 tcp/445", "pass 10.2.0.20 10.1.0.10 tcp/5723");
		omfwd_expect_says(lab, 0, "status", "install");
		kill(agent, SIGUSR2);
		await_verdict(lab, "10.1.0.10", "10.2.0.20", 445, false);
		kill(agent, SIGUSR1);
		await_verdict(lab, "10.1.0.10", "10.2.0.20", 445, true);
		assert_int_equal(lab_wait(lab, reload), 0);
		await_verdict(lab, "10.2.0.21", "10.1.0.10", 5723, i % 2 == 0);
		omfwd_expect(lab, 0, "--phase run");
		EXPECT(lab, "drop 10.1.0.10 10.2.0.20 tcp/445", "pass 10.2.0.20 10.1.0.10 tcp/5723");
	}
	assert_int_equal(omfwd_agent_stop(lab, agent, SIGTERM), 0);
}

/* How many have connected to the agent: sockets of its path that are connected. */
static unsigned count_clients(const struct lab *lab)
{
	struct run run;

	lab_run(lab, NS_GATEWAY, NULL, &run,
	        "grep -c ' 03 *[0-9]* " RUN_DIR "/control.sock$' /proc/net/unix");
	unsigned n = (unsigned)strtoul(run.out, NULL, 10);
	lab_run_free(&run);
	return n;
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == pid;
}

/* A client that goes takes nothing with it; the others are served in the order in which they came. */
static void test_changes_wait(void **state)
{
	struct lab *lab = lab_need(state);
	pid_t agent = start(lab, POLICY), first, second, removal;

	write_list();
	lab_write("omfwd.conf", POLICY SECOND_AGENT MANY_AGENTS);
	first = ask(lab, "reload");
	second = ask(lab, "reload");
	/* the order of these and the next */
	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS; count_clients(lab) < 2 && !has_ended(second);
	     lab_sleep_ms(5))
		assert_true(lab_now_ms() < end);
	lab_sleep_ms(100);
	removal = ask(lab, "remove");
	kill(first, SIGKILL);
	lab_wait(lab, first);
	assert_int_equal(lab_wait(lab, second), 0);
	assert_int_equal(lab_wait(lab, removal), 0);
	EXPECT(lab, "pass 10.2.0.99 10.1.0.10 tcp/22");
	omfwd_expect(lab, 0, "reload");
	EXPECT(lab, "drop 10.2.0.99 10.1.0.10 tcp/22", "pass 10.2.0.21 10.1.0.10 tcp/5723");
	assert_int_equal(omfwd_agent_stop(lab, agent, SIGTERM), 0);
}

/* Who is told to end, or killed, leaves the policy before or after, and what is left of half a load is found. */
static void end_meanwhile(void **state, int signal)
{
	struct lab *lab = lab_need(state);
	pid_t agent = start(lab, POLICY), reload;

	write_list();
	lab_write("omfwd.conf", POLICY MANY_AGENTS);
	reload = ask(lab, "reload");
	lab_sleep_ms(100);
	assert_int_equal(omfwd_agent_stop(lab, agent, signal), signal == SIGKILL ? 128 + SIGKILL : 0);
	lab_wait(lab, reload);
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "drop 10.2.0.99 10.1.0.10 tcp/22");
	agent = start(lab, POLICY SECOND_AGENT);
	EXPECT(lab, "pass 10.2.0.21 10.1.0.10 tcp/5723", "drop 10.2.0.99 10.1.0.10 tcp/22");
	assert_int_equal(omfwd_agent_stop(lab, agent, SIGTERM), 0);
}

static void test_end_meanwhile(void **state)
{
	end_meanwhile(state, SIGTERM);
}

static void test_kill_meanwhile(void **state)
{
	end_meanwhile(state, SIGKILL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_phase_and_questions),
	        LAB_TEST(test_changes_wait),
	        LAB_TEST(test_end_meanwhile),
	        LAB_TEST(test_kill_meanwhile),
	};

	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

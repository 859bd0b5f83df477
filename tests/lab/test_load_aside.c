/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an agent does while it loads a policy: the role file is a pipe, so that a load lasts as long as the test wants.
 * The phase changes, questions are answered, the policy in force stays; other changes wait their turn.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lab/expect.h"
#include "tests/lab/program.h"

#define POLICY                                                                                               \
	"[omfwd]\ndeny_scope = everything\nlog_denied = no\n[roles prod]\n"                                  \
	"management_server = 10.1.0.10\nwindows_agent = 10.2.0.20\n"
#define SECOND_AGENT "windows_agent = 10.2.0.21\n"
#define THIRD_AGENT  "windows_agent = 10.2.0.22\n"
#define ARGS         "--config " CONFIG " --run-dir " RUN_DIR " --state-dir " STATE_DIR

/* The role file is a pipe from now on. */
static void make_pipe(void)
{
	assert_int_equal(mkfifo(LAB_DIR "/pipe", 0600), 0);
	assert_int_equal(rename(LAB_DIR "/pipe", CONFIG), 0);
}

/* Waits until a load reads the pipe, and returns its other end. */
static int await_reader(void)
{
	uint64_t end = lab_now_ms() + 10000;
	int fd;

	while ((fd = open(CONFIG, O_WRONLY | O_NONBLOCK | O_CLOEXEC)) < 0) {
		assert_int_equal(errno, ENXIO);
		assert_true(lab_now_ms() < end);
		lab_sleep_ms(5);
	}
	return fd;
}

static void feed(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
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

	for (uint64_t end = lab_now_ms() + 10000;; lab_sleep_ms(5)) {
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
	int fd;

	make_pipe();
	reload = ask(lab, "reload");
	fd = await_reader();
	omfwd_expect(lab, 0, "--phase install --for 1h");
	EXPECT(lab, "pass 10.1.0.10 10.2.0.20 tcp/445", "pass 10.2.0.20 10.1.0.10 tcp/5723",
	       "drop 10.2.0.21 10.1.0.10 tcp/5723");
	omfwd_expect_says(lab, 0, "status", "install");
	omfwd_expect(lab, 1, "explain 10.2.0.21 10.1.0.10 tcp/5723");
	kill(agent, SIGUSR2);
	await_verdict(lab, "10.1.0.10", "10.2.0.20", 445, false);
	kill(agent, SIGUSR1);
	await_verdict(lab, "10.1.0.10", "10.2.0.20", 445, true);
	feed(fd, POLICY SECOND_AGENT);
	assert_int_equal(lab_wait(lab, reload), 0);
	EXPECT(lab, "pass 10.2.0.21 10.1.0.10 tcp/5723", "pass 10.1.0.10 10.2.0.20 tcp/445");
	lab_write("omfwd.conf", POLICY); /* for the command that asks whether it is of this file */
	omfwd_expect(lab, 0, "--phase run");
	EXPECT(lab, "drop 10.1.0.10 10.2.0.20 tcp/445", "pass 10.2.0.21 10.1.0.10 tcp/5723");
	assert_int_equal(omfwd_agent_stop(lab, agent, SIGTERM), 0);
}

/* A client that goes takes nothing with it; the others are served in the order in which they came. */
static void test_changes_wait(void **state)
{
	struct lab *lab = lab_need(state);
	pid_t agent = start(lab, POLICY), first, second, removal;
	int fd;

	make_pipe();
	first = ask(lab, "reload");
	fd = await_reader();
	second = ask(lab, "reload");
	lab_sleep_ms(200); /* the order of the next two */
	removal = ask(lab, "remove");
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "drop 10.2.0.21 10.1.0.10 tcp/5723");
	kill(first, SIGKILL);
	lab_wait(lab, first);
	feed(fd, POLICY SECOND_AGENT);
	await_verdict(lab, "10.2.0.21", "10.1.0.10", 5723, true);
	feed(await_reader(), POLICY THIRD_AGENT);
	assert_int_equal(lab_wait(lab, second), 0);
	assert_int_equal(lab_wait(lab, removal), 0);
	EXPECT(lab, "pass 10.2.0.99 10.1.0.10 tcp/22");
	lab_write("omfwd.conf", POLICY);
	omfwd_expect(lab, 0, "reload");
	EXPECT(lab, "drop 10.2.0.99 10.1.0.10 tcp/22", "pass 10.2.0.20 10.1.0.10 tcp/5723");
	assert_int_equal(omfwd_agent_stop(lab, agent, SIGTERM), 0);
}

/* What others do meanwhile is undone when the load ends, also when that fails. */
static void test_damage_meanwhile(void **state)
{
	struct lab *lab = lab_need(state);
	pid_t reload;
	int fd;

	start(lab, POLICY);
	make_pipe();
	reload = ask(lab, "reload");
	fd = await_reader();
	lab_must(lab, NS_GATEWAY, "nft flush ruleset");
	feed(fd, "[roles prod]\nmanagement_sever = 10.1.0.10\n");
	assert_int_equal(lab_wait(lab, reload), 2);
	await_verdict(lab, "10.2.0.99", "10.1.0.10", 22, false);
	await_verdict(lab, "10.2.0.20", "10.1.0.10", 5723, true);
}

/* Who is told to end finishes the load that he has begun, and the rest is not begun. */
static void test_end_meanwhile(void **state)
{
	struct lab *lab = lab_need(state);
	pid_t agent = start(lab, POLICY), reload;
	int fd;

	make_pipe();
	reload = ask(lab, "reload");
	fd = await_reader();
	kill(agent, SIGTERM);
	lab_sleep_ms(100);
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "drop 10.2.0.99 10.1.0.10 tcp/22");
	feed(fd, POLICY SECOND_AGENT);
	assert_int_equal(lab_wait(lab, reload), 0);
	assert_int_equal(lab_wait(lab, agent), 0);
	EXPECT(lab, "pass 10.2.0.21 10.1.0.10 tcp/5723", "drop 10.2.0.99 10.1.0.10 tcp/22");
	lab_must(lab, NS_GATEWAY, "! nft list sets | grep \"set .*[46]\\.[0-9]\"");
}

/* Half a load is found by the next agent. */
static void test_kill_meanwhile(void **state)
{
	struct lab *lab = lab_need(state);
	pid_t agent = start(lab, POLICY), reload;
	int fd;

	omfwd_expect(lab, 0, "--phase install --for 1h");
	make_pipe();
	reload = ask(lab, "reload");
	fd = await_reader();
	assert_int_equal(omfwd_agent_stop(lab, agent, SIGKILL), 128 + SIGKILL);
	assert_int_equal(lab_wait(lab, reload), 3);
	close(fd);
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "pass 10.1.0.10 10.2.0.20 tcp/445",
	       "drop 10.2.0.99 10.1.0.10 tcp/22");
	start(lab, POLICY SECOND_AGENT);
	EXPECT(lab, "pass 10.2.0.21 10.1.0.10 tcp/5723", "pass 10.1.0.10 10.2.0.20 tcp/445");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_phase_and_questions), LAB_TEST(test_changes_wait),
	        LAB_TEST(test_damage_meanwhile),    LAB_TEST(test_end_meanwhile),
	        LAB_TEST(test_kill_meanwhile),
	};

	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

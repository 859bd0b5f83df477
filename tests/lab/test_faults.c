// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * System calls of the agent that fail once, and clients that behave badly. Whatever becomes of the agent, each packet
 * gets the verdict of the policy that is in the kernel, and the next agent finds everything in order.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lab/expect.h"
#include "tests/lab/program.h"
#include "util/array.h"

#define POLICY_ROLES "[roles]\nmanagement_server = 10.1.0.10\nwindows_agent = 10.2.0.20\n"
#define POLICY       "[omfwd]\ndeny_scope = everything\nlog_denied = no\n" POLICY_ROLES
#define SHARED       "[omfwd]\ndeny_scope = everything\nlog_denied = no\nown_table = no\n"
#define SECOND_AGENT "windows_agent = 10.2.0.21\n"
#define PATIENCE_MS  10000 /* the agent's, with a client that does not read */

/* Some fail while the agent starts, some never come: then the agent must simply run. */
static const char *const faults[] = {
        "capset:error=EPERM",
        "seccomp:error=EINVAL",
        "socket:error=EMFILE:when=1",
        "socket:error=ENOBUFS:when=2",
        "socket:error=EMFILE:when=3",
        "bind:error=EADDRINUSE:when=1",
        "bind:error=ENOMEM:when=3",
        "sendmsg:error=ENOBUFS:when=1",
        "sendmsg:error=EPERM:when=3",
        "sendto:error=ENOBUFS:when=2",
        "recvmsg:error=ENOBUFS:when=2",
        "recvmsg:error=EINTR:when=3",
        "epoll_create1:error=EMFILE",
        "epoll_ctl:error=ENOMEM:when=3",
        "signalfd4:error=ENFILE",
        "renameat:error=ENOSPC",
        "fsync:error=EIO",
        "timerfd_create:error=EMFILE",
        "clone:error=EAGAIN",
        "mkdir:error=EACCES",
};

static void expect_policy(struct lab *lab)
{
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "drop 10.2.0.20 10.1.0.10 tcp/5724",
	       "drop 10.1.0.10 10.2.0.20 tcp/445", "drop 10.2.0.99 10.1.0.99 udp/53");
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == pid;
}

/* Until the agent listens or is gone; true: it listens. */
static bool await_agent(pid_t pid)
{
	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS; lab_now_ms() < end; lab_sleep_ms(10)) {
		if (has_ended(pid))
			return false;
		if (omfwd_agent_listens())
			return true;
	}
	fail_msg("the agent neither listens nor ends");
	return false;
}

static pid_t start_with_fault(struct lab *lab, const char *fault)
{
	unlink(RUN_DIR "/control.sock");
	return lab_start(
	        lab, NS_GATEWAY, -1,
	        "env ASAN_OPTIONS=detect_leaks=0 strace -D -qq -o /dev/null -e trace=%.*s -e signal=none "
	        "-e inject=%s%s '%s' agent --config " CONFIG " --run-dir " RUN_DIR " --state-dir " STATE_DIR
	        " 2>>" LAB_DIR "/journal",
	        (int)strcspn(fault, ":"), fault, fault, strstr(fault, "when=") ? "" : ":when=1", lab->binary);
}

static void test_failing_calls(void **state)
{
	struct lab *lab = lab_need(state);
	int notify;

	lab_must(lab, NS_GATEWAY, "mkdir -p " RUN_DIR " " STATE_DIR);
	omfwd_apply(lab, POLICY);
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		pid_t pid = start_with_fault(lab, faults[i]);
		bool listens = await_agent(pid);

		expect_policy(lab);
		if (listens)
			kill(pid, SIGTERM);
		lab_wait(lab, pid);
		expect_policy(lab);
	}
	pid_t pid = omfwd_agent_start(lab, &notify, "");
	expect_policy(lab);
	omfwd_expect(lab, 0, "diff");
	assert_int_equal(omfwd_agent_stop(lab, pid, SIGTERM), 0);
	close(notify);
}

/* It cannot stop listening while it loads, and is told of each message of its own: all the same there is an answer. */
static void test_cannot_stop_listening(void **state)
{
	struct lab *lab = lab_need(state);
	char fault[64];

	for (int nth = 6; nth < 16; nth++) {
		lab_write("omfwd.conf", SHARED POLICY_ROLES);
		snprintf(fault, sizeof(fault), "setsockopt:error=ENOBUFS:when=%d", nth);
		pid_t pid = start_with_fault(lab, fault);
		if (await_agent(pid)) {
			lab_write("omfwd.conf", SHARED POLICY_ROLES "unix_linux_agent = 10.2.0.30\n");
			omfwd_expect(lab, 0, "reload");
			EXPECT(lab, "pass 10.1.0.10 10.2.0.30 tcp/1270");
			kill(pid, SIGTERM);
		}
		lab_wait(lab, pid);
	}
}

/* Who was told that the window is open, and why, finds that after a crash: the disk comes before the answer. */
static void test_answer_waits_for_the_disk(void **state)
{
	struct lab *lab = lab_need(state);
	int notify;

	lab_write("omfwd.conf", POLICY);
	pid_t pid = start_with_fault(lab, "fsync:delay_enter=300000:when=1+");
	assert_true(await_agent(pid));
	omfwd_expect(lab, 0, "--phase install --for 1m --reason 'rack move'");
	omfwd_agent_stop(lab, pid, SIGKILL);
	pid = omfwd_agent_start(lab, &notify, "");
	omfwd_expect_says(lab, 0, "status", "rack move");
	assert_int_equal(omfwd_agent_stop(lab, pid, SIGTERM), 0);
	close(notify);
}

/* Nobody has confirmed the policy on trial. */
static void await_return(const struct lab *lab)
{
	bool returned = false;

	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS; !returned && lab_now_ms() < end;
	     lab_sleep_ms(20)) {
		struct run run;

		omfwd_run(lab, &run, "status");
		returned = strstr(run.out, "the role file was not confirmed");
		lab_run_free(&run);
	}
	assert_true(returned);
}

/* Likewise a policy that was confirmed, or that took the place of one that was not, is not on trial any more. */
static void test_confirmation_waits_for_the_disk(void **state)
{
	static const char *const ends[][2] = {{"reload --confirm 1h", "confirm"},
	                                      {"reload --confirm 1s", "reload"}};
	struct lab *lab = lab_need(state);
	int notify;

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		lab_write("omfwd.conf", POLICY);
		pid_t pid = start_with_fault(lab, "fsync:delay_enter=300000:when=1+");
		assert_true(await_agent(pid));
		omfwd_expect(lab, 0, "%s", ends[i][0]);
		if (i == 1)
			await_return(lab);
		omfwd_expect(lab, 0, "%s", ends[i][1]);
		omfwd_agent_stop(lab, pid, SIGKILL);
		pid = omfwd_agent_start(lab, &notify, "");
		omfwd_expect(lab, 0, "status");
		assert_int_equal(omfwd_agent_stop(lab, pid, SIGTERM), 0);
		close(notify);
	}
}

static int count_descriptors(pid_t pid)
{
	char path[64];
	int n = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	DIR *dir = opendir(path);
	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* Files are still written after an answer: the count that stays for a while. */
static int settled_descriptors(pid_t pid)
{
	int last = -1, n = 0;

	for (int same = 0; same < 10; lab_sleep_ms(20), last = n) {
		n = count_descriptors(pid);
		same = n == last ? same + 1 : 0;
	}
	return n;
}

static void test_reloads_leak_no_descriptor(void **state)
{
	struct lab *lab = lab_need(state);
	int notify, before;

	lab_write("omfwd.conf", POLICY);
	pid_t pid = omfwd_agent_start(lab, &notify, "");
	omfwd_expect(lab, 0, "reload");
	before = settled_descriptors(pid);
	for (int i = 0; i < 20; i++) {
		lab_write("omfwd.conf", i % 2 ? POLICY : POLICY SECOND_AGENT);
		omfwd_expect(lab, 0, "reload");
		omfwd_expect(lab, 0, i % 2 ? "--phase run" : "--phase install");
	}
	omfwd_expect(lab, 0, "status");
	assert_int_equal(settled_descriptors(pid), before);
	expect_policy(lab);
	assert_int_equal(omfwd_agent_stop(lab, pid, SIGTERM), 0);
	close(notify);
}

/* A full queue refuses; whoever insists gets in. */
static int client(const char *bytes, size_t len)
{
	uint64_t end = lab_now_ms() + LAB_PATIENCE_MS;
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = RUN_DIR "/control.sock"};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	while (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		if (errno != EAGAIN || lab_now_ms() > end)
			fail_msg("no connection: %s", strerror(errno));
		lab_sleep_ms(1);
	}
	if (len > 0)
		(void)send(fd, bytes, len, MSG_NOSIGNAL);
	return fd;
}

/* Ten thousand who come and go, and as many silent ones as there are places; then somebody with a question. */
static void test_crowd(void **state)
{
	static const char half[] = "{\"verb\": \"sta", reload[] = "{\"verb\": \"reload\"";
	static char oversized[100 * 1024];
	struct lab *lab = lab_need(state);
	int notify, silent[40];

	lab_write("omfwd.conf", POLICY);
	pid_t pid = omfwd_agent_start(lab, &notify, "");
	int before = settled_descriptors(pid);
	memset(oversized, '{', sizeof(oversized));
	for (int i = 0; i < 10000; i += 3) {
		close(client(half, sizeof(half) - 1));
		close(client(reload, sizeof(reload) - 1));
		close(client(oversized, i % 100 ? 0 : sizeof(oversized)));
	}
	for (size_t i = 0; i < ARRAY_SIZE(silent); i++)
		silent[i] = client(NULL, 0);
	expect_policy(lab);
	for (size_t i = 0; i < ARRAY_SIZE(silent); i++)
		close(silent[i]);
	omfwd_expect(lab, 0, "status");
	omfwd_expect(lab, 0, "reload");
	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS;
	     count_descriptors(pid) > before && lab_now_ms() < end;)
		lab_sleep_ms(10);
	assert_true(count_descriptors(pid) <= before);
	assert_int_equal(omfwd_agent_stop(lab, pid, SIGTERM), 0);
	close(notify);
}

/* A role file of which every answer is longer than a socket holds. */
static void write_long_policy(void)
{
	static char text[512 * 1024];
	size_t len = (size_t)snprintf(text, sizeof(text), POLICY);

	for (int i = 0; i < 800; i++)
		len += (size_t)snprintf(
		        text + len, sizeof(text) - len,
		        "[site_rule rule-%d]\nfrom = 10.2.0.20\nto = 10.1.0.10\nprotocol = tcp\n"
		        "ports = %d\nreason = %0200d\n",
		        i, 10000 + i, i);
	lab_write("omfwd.conf", text);
}

/* Some ask for much and read nothing, some have changes made and go, some begin; everybody else is served. */
static void test_clients_that_never_read(void **state)
{
	static const char *const requests[] = {"{\"verb\":\"report\"}", "{\"verb\":\"reload\"}", "{\"verb\""};
	struct lab *lab = lab_need(state);
	int notify, deaf[6];

	write_long_policy();
	pid_t pid = omfwd_agent_start(lab, &notify, "");
	int before = settled_descriptors(pid);
	uint64_t asked = lab_now_ms();
	for (size_t i = 0; i < ARRAY_SIZE(deaf); i++) {
		const char *request = requests[i % ARRAY_SIZE(requests)];

		deaf[i] = client(request, strlen(request));
	}
	expect_policy(lab);
	omfwd_expect(lab, 0, "status");
	omfwd_expect(lab, 0, "--phase install --for 1m");
	omfwd_expect(lab, 0, "--phase run");
	omfwd_expect(lab, 0, "reload");
	/* They wait still: the answer did not fit. On a slow machine the agent has lost its patience with them. */
	assert_true(count_descriptors(pid) > before || lab_now_ms() >= asked + PATIENCE_MS);
	for (size_t i = 0; i < ARRAY_SIZE(deaf); i++)
		close(deaf[i]);
	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS;
	     count_descriptors(pid) > before && lab_now_ms() < end;)
		lab_sleep_ms(10);
	assert_true(count_descriptors(pid) <= before);
	assert_int_equal(omfwd_agent_stop(lab, pid, SIGTERM), 0);
	close(notify);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_failing_calls),
	        LAB_TEST(test_cannot_stop_listening),
	        LAB_TEST(test_answer_waits_for_the_disk),
	        LAB_TEST(test_confirmation_waits_for_the_disk),
	        LAB_TEST(test_reloads_leak_no_descriptor),
	        LAB_TEST(test_crowd),
	        LAB_TEST(test_clients_that_never_read),
	};

	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

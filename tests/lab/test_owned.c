/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A table that belongs to the agent: nobody else can change it, dead agent or not, and the next agent goes on with it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "tests/lab/expect.h"
#include "tests/lab/program.h"

#define POLICY(own)                                                                                          \
	"[omfwd]\ndeny_scope = everything\nlog_denied = no\nown_table = " own "\n[roles prod]\n"             \
	"management_server = 10.1.0.10\nwindows_agent = 10.2.0.20\n"
#define SECOND_AGENT "windows_agent = 10.2.0.21\n"

#define OMFWD_ARGS "--config " CONFIG " --run-dir " RUN_DIR " --state-dir " STATE_DIR
#define NOTIFY     LAB_DIR "/notify"

/* systemd's side of the notify socket, as far as it is about file descriptors. */
static int notify_open(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = NOTIFY};
	struct timeval patience = {.tv_sec = LAB_PATIENCE_MS / 1000};
	unlink(NOTIFY);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

static void notify_drain(int notify)
{
	char text[4096];
	while (recv(notify, text, sizeof(text), MSG_DONTWAIT) >= 0)
		;
}

/* Waits for a message that holds want; returns the descriptor that came with it, or -1. */
static int notify_await(int notify, const char *want)
{
	for (;;) {
		char text[4096], control[CMSG_SPACE(sizeof(int))];
		struct iovec iov = {.iov_base = text, .iov_len = sizeof(text) - 1};
		struct msghdr message = {.msg_iov = &iov,
		                         .msg_iovlen = 1,
		                         .msg_control = control,
		                         .msg_controllen = sizeof(control)};
		ssize_t len = recvmsg(notify, &message, 0);
		if (len < 0)
			fail_msg("the agent never notified %s", want);
		text[len] = '\0';
		struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
		int fd = -1;
		if (rights && rights->cmsg_type == SCM_RIGHTS)
			memcpy(&fd, CMSG_DATA(rights), sizeof(fd));
		if (strstr(text, want))
			return fd;
		if (fd >= 0)
			close(fd);
	}
}

/* Starts an agent as systemd would, with a descriptor from the store unless it is -1. */
static pid_t stored_agent(struct lab *lab, int stored)
{
	char prefix[256] = "";
	lab_must(lab, NS_GATEWAY, "mkdir -p " RUN_DIR " " STATE_DIR);
	if (stored >= 0)
		snprintf(prefix, sizeof(prefix), "LISTEN_FDS=1 LISTEN_FDNAMES=omfwd-netlink LISTEN_PID=$$ ");
	return lab_start(lab, NS_GATEWAY, STDERR_FILENO,
	                 "bash -c '%sNOTIFY_SOCKET=" NOTIFY " exec \"%s\" agent " OMFWD_ARGS " 3<&%d'",
	                 prefix, lab->binary, stored >= 0 ? stored : 0);
}

/* Since 6.9; who has it in an older one has taken it from there, and the status says so. */
static bool kernel_persists(struct lab *lab)
{
	struct utsname name;
	unsigned major, minor;
	assert_int_equal(uname(&name), 0);
	assert_int_equal(sscanf(name.release, "%u.%u", &major, &minor), 2);
	if (major > 6 || (major == 6 && minor >= 9))
		return true;
	char *text = omfwd_said(lab, 0, "status --json");
	bool owned = strstr(text, "\"owned\": true");
	free(text);
	return owned;
}

/* Without, the table is anybody's: the agent says so to who wants it by name, and puts back what others do. */
static void expect_anybodys(struct lab *lab)
{
	char *text = omfwd_said(lab, 0, "reload");
	if (!strstr(text, "warning: own_table = yes needs Linux 6.9; others can change the table"))
		fail_msg("reload says %s", text);
	free(text);
	omfwd_expect_says(lab, 0, "status --json", "\"owned\": false");
	lab_must(lab, NS_GATEWAY, "nft flush ruleset");
	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS; lab_now_ms() < end; lab_sleep_ms(10)) {
		text = omfwd_said(lab, 0, "status --json");
		bool repaired = strstr(text, "\"repairs\": 1");
		free(text);
		if (repaired)
			break;
	}
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "drop 10.2.0.99 10.1.0.10 tcp/22");
}

/* False where this kernel cannot keep a table for its owner; then that has been tested. */
static bool need_persist(struct lab *lab)
{
	int notify;
	lab_write("omfwd.conf", POLICY("yes"));
	pid_t pid = omfwd_agent_start(lab, &notify, "");
	bool persists = kernel_persists(lab);
	if (!persists)
		expect_anybodys(lab);
	omfwd_agent_stop(lab, pid, SIGTERM);
	close(notify);
	lab_must(lab, NS_GATEWAY, "nft delete table inet omfwd");
	return persists;
}

static void expect_untouchable(struct lab *lab)
{
	struct run run;
	lab_must(lab, NS_GATEWAY, "nft flush ruleset");
	lab_run(lab, NS_GATEWAY, NULL, &run, "nft delete table inet omfwd");
	assert_int_not_equal(run.code, 0);
	lab_run_free(&run);
	lab_run(lab, NS_GATEWAY, NULL, &run, "nft insert rule inet omfwd forward accept");
	assert_int_not_equal(run.code, 0);
	lab_run_free(&run);
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "drop 10.2.0.99 10.1.0.10 tcp/22");
}

static void test_owned_over_a_kill(void **state)
{
	struct lab *lab = lab_need(state);
	if (!need_persist(lab))
		return;
	lab_write("omfwd.conf", POLICY("auto"));
	int notify = notify_open();
	pid_t pid = stored_agent(lab, -1);
	int stored = notify_await(notify, "FDSTORE=1\nFDNAME=omfwd-netlink");
	assert_true(stored >= 0);
	notify_await(notify, "READY=1");
	expect_untouchable(lab);
	for (int i = 0; i < 3; i++) {
		omfwd_expect(lab, 0, "--phase install --for 1h");
		omfwd_agent_stop(lab, pid, SIGKILL);
		expect_untouchable(lab);
		EXPECT(lab, "pass 10.1.0.10 10.2.0.20 tcp/445");
		notify_drain(notify);
		lab_write("omfwd.conf", i % 2 ? POLICY("auto") : POLICY("auto") SECOND_AGENT);
		pid = stored_agent(lab, stored);
		notify_await(notify, "READY=1");
		expect_untouchable(lab);
		/* Only who has the socket of the first agent can change what it owns. */
		if (i % 2)
			EXPECT(lab, "drop 10.2.0.21 10.1.0.10 tcp/5723");
		else
			EXPECT(lab, "pass 10.2.0.21 10.1.0.10 tcp/5723");
		omfwd_expect(lab, 0, "--phase run");
		EXPECT(lab, "drop 10.1.0.10 10.2.0.20 tcp/445");
		omfwd_expect(lab, 0, "reload");
	}

	omfwd_expect(lab, 0, "remove");
	notify_await(notify, "FDSTOREREMOVE=1\nFDNAME=omfwd-netlink");
	EXPECT(lab, "pass 10.2.0.99 10.1.0.10 tcp/22");
}

/* A table whose owner is gone for good belongs to nobody, until the next agent claims it. */
static void test_orphan_is_claimed(void **state)
{
	struct lab *lab = lab_need(state);
	int notify;
	if (!need_persist(lab))
		return;
	lab_write("omfwd.conf", POLICY("yes"));
	omfwd_agent_stop(lab, omfwd_agent_start(lab, &notify, ""), SIGKILL);
	EXPECT(lab, "drop 10.2.0.99 10.1.0.10 tcp/22");
	lab_must(lab, NS_GATEWAY, "nft insert rule inet omfwd forward accept");
	EXPECT(lab, "pass 10.2.0.99 10.1.0.10 tcp/22");
	omfwd_agent_start(lab, &notify, "");
	expect_untouchable(lab);
}

/* A socket works in the namespace it was made in: one from elsewhere must not be used. */
static void test_stored_socket_of_another_namespace(void **state)
{
	struct lab *lab = lab_need(state);
	lab_write("omfwd.conf", POLICY("no"));
	int notify = notify_open();
	int stranger = dup(lab_socket(lab, NS_LEFT, AF_NETLINK, SOCK_RAW, 12 /* NETLINK_NETFILTER */));
	stored_agent(lab, stranger);
	notify_await(notify, "FDSTOREREMOVE=1");
	notify_await(notify, "READY=1");
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "drop 10.2.0.99 10.1.0.10 tcp/22");
	lab_must(lab, NS_LEFT, "! nft list table inet omfwd 2>/dev/null");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_owned_over_a_kill),
	        LAB_TEST(test_orphan_is_claimed),
	        LAB_TEST(test_stored_socket_of_another_namespace),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

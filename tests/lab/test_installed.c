/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a package installs, without the package: the shipped role file, an agent of a user of its own with the one
 * capability it needs, and who may ask it. User and group are written into copies of the name files, for this program
 * alone.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/expect.h"
#include "tests/lab/program.h"

#define SHIPPED TOP_SRCDIR "/etc/omfwd.conf"
#define BINARY  LAB_DIR "/omfwd"
#define AS_AGENT                                                                                             \
	"setpriv --reuid=omfwd --regid=omfwd --clear-groups --inh-caps=-all,+net_admin "                     \
	"--ambient-caps=+net_admin "
#define AS_MEMBER "setpriv --reuid=65534 --regid=65534 --groups=4242 "
#define AS_NOBODY "setpriv --reuid=65534 --regid=65534 --clear-groups "

#define POLICY "[roles]\nmanagement_server = 10.1.0.10\nwindows_agent = 10.2.0.20\n"

/* Nothing that crosses, reaches or leaves the gateway fares otherwise than without omfwd. */
static void assert_no_traffic_is_touched(struct lab *lab)
{
	EXPECT(lab, "pass 10.1.0.10 10.2.0.20 tcp/445", "pass 10.2.0.20 10.1.0.10 tcp/5723",
	       "pass 10.2.0.20 10.1.0.10 ack/22", "pass 10.1.0.10 10.2.0.20 udp/9",
	       "pass 10.1.0.10 10.2.0.20 icmp", "pass 10.1.0.10 10.2.0.20 echo-reply",
	       "pass 10.1.0.10 10.2.0.20 proto/99", "pass 10.1.0.10 10.9.0.1 tcp/22",
	       "pass 10.9.0.1 10.2.0.20 udp/53", "pass 2001:db8:2::20 2001:db8:1::10 tcp/22",
	       "pass 2001:db8:2::20 2001:db8:1::10 icmp", "pass 2001:db8:1::10 2001:db8:9::1 udp/9",
	       "pass 2001:db8:9::1 2001:db8:1::10 proto/99");
}

static void write_shipped(void)
{
	char *text = lab_read(SHIPPED);

	lab_write("omfwd.conf", text);
	free(text);
}

static void test_the_shipped_file_touches_nothing_and_says_what_is_next(void **state)
{
	struct lab *lab = lab_need(state);
	int notify;

	assert_no_traffic_is_touched(lab);
	write_shipped();
	omfwd_agent_start(lab, &notify, "");
	assert_no_traffic_is_touched(lab);
	omfwd_expect(lab, 0, "status");
	omfwd_expect_says(lab, 0, "status",
	                  "next      no roles are assigned yet: say who is who in " CONFIG
	                  ", then omfwd check and omfwd reload\n");
	lab_write("omfwd.conf", POLICY);
	omfwd_expect(lab, 0, "reload");
	EXPECT(lab, "drop 10.1.0.10 10.2.0.20 tcp/445", "pass 10.2.0.20 10.1.0.10 tcp/5723");
	char *text = omfwd_said(lab, 0, "status");
	assert_null(strstr(text, "next "));
	free(text);
}

static void test_status_says_that_a_policy_stays(void **state)
{
	struct lab *lab = lab_need(state);
	int notify;

	lab_write("omfwd.conf", POLICY);
	pid_t agent = omfwd_agent_start(lab, &notify, "");
	assert_int_equal(omfwd_agent_stop(lab, agent, SIGTERM), 0);
	omfwd_expect_says(lab, 0, "status", "the policy stays in the kernel until omfwd remove or a reboot");
	EXPECT(lab, "drop 10.1.0.10 10.2.0.20 tcp/445");
}

/* Names for the agent's user and group, as sysusers would make them. */
static void make_user(const struct lab *lab)
{
	lab_must(lab, NS_GATEWAY,
	         "umask 022; chmod 755 /run " LAB_DIR "; install -m 755 '%s' " BINARY
	         "; (grep -v ^omfwd: /etc/passwd; echo omfwd:x:4242:4242::/:/bin/false) >" LAB_DIR
	         "/passwd; (grep -v ^omfwd: /etc/group; echo omfwd:x:4242:) >" LAB_DIR
	         "/group; mount --bind " LAB_DIR "/passwd /etc/passwd; mount --bind " LAB_DIR
	         "/group /etc/group",
	         lab->binary);
}

static void forget_user(const struct lab *lab)
{
	lab_must(lab, NS_GATEWAY, "umount /etc/passwd /etc/group");
}

static int user_teardown(void **state)
{
	struct lab *lab = *state;

	if (!lab->problem)
		forget_user(lab);
	return lab_refresh(state);
}

/* The agent, as systemd would start it. It owns its directories; the role file is root's, for its group to read. */
static pid_t start_as_user(struct lab *lab, int *notify)
{
	char plain[sizeof(lab->binary)];

	lab_must(lab, NS_GATEWAY,
	         "install -d -o omfwd -g omfwd " RUN_DIR "; install -d -o omfwd -g omfwd -m 750 " STATE_DIR
	         "; chown root:omfwd " CONFIG "; chmod 640 " CONFIG
	         "; printf '#!/bin/sh\\nchown omfwd " LAB_DIR "/notify; exec " AS_AGENT BINARY
	         " \"$@\"\\n' >" LAB_DIR "/as_agent; chmod 755 " LAB_DIR "/as_agent");
	strcpy(plain, lab->binary);
	strcpy(lab->binary, LAB_DIR "/as_agent");
	pid_t pid = omfwd_agent_start(lab, notify, "");
	strcpy(lab->binary, plain);
	return pid;
}

static void expect_as(const struct lab *lab, const char *who, int code, const char *args, const char *what)
{
	struct run run;

	lab_run(lab, NS_GATEWAY, NULL, &run,
	        "%s" BINARY " --config " CONFIG " --run-dir " RUN_DIR " --state-dir " STATE_DIR " %s 2>&1",
	        who, args);
	if (run.code != code || !strstr(run.out, what))
		fail_msg("%s: exit code %d instead of %d, or no \"%s\" in: %s", args, run.code, code, what,
		         run.out);
	lab_run_free(&run);
}

static void test_the_group_may_ask_and_others_are_told_why_not(void **state)
{
	struct lab *lab = lab_need(state);
	int notify;

	make_user(lab);
	lab_write("omfwd.conf", POLICY);
	start_as_user(lab, &notify);
	expect_as(lab, AS_NOBODY, 4, "status", "only root and members of the group omfwd may ask the agent");
	expect_as(lab, AS_NOBODY, 4, "--phase install", "members of the group omfwd");
	EXPECT(lab, "drop 10.1.0.10 10.2.0.20 tcp/445");
	expect_as(lab, AS_MEMBER, 0, "status", "phase     run");
	expect_as(lab, AS_MEMBER, 0, "--phase install --for 10m", "");
	EXPECT(lab, "pass 10.1.0.10 10.2.0.20 tcp/445");
	expect_as(lab, AS_MEMBER, 0, "--phase run", "");
	EXPECT(lab, "drop 10.1.0.10 10.2.0.20 tcp/445");
	expect_as(lab, AS_MEMBER, 4, "remove", "remove is for root alone");
	expect_as(lab, AS_MEMBER, 4, "reload", "reload is for root alone");
	expect_as(lab, AS_MEMBER, 4, "confirm", "confirm is for root alone");
	EXPECT(lab, "drop 10.1.0.10 10.2.0.20 tcp/445");
	/* whoever lets others at the socket file has not let them in */
	lab_must(lab, NS_GATEWAY, "chmod 666 " RUN_DIR "/control.sock");
	expect_as(lab, AS_NOBODY, 4, "--phase install", "members of the group omfwd");
	EXPECT(lab, "drop 10.1.0.10 10.2.0.20 tcp/445");
}

static void test_a_role_file_that_the_agent_may_not_read_changes_nothing(void **state)
{
	struct lab *lab = lab_need(state);
	int notify;

	make_user(lab);
	lab_write("omfwd.conf", POLICY);
	start_as_user(lab, &notify);
	lab_must(lab, NS_GATEWAY, "chmod 600 " CONFIG);
	omfwd_expect_says(lab, 2, "reload", "make it readable (the service is the user omfwd)");
	EXPECT(lab, "drop 10.1.0.10 10.2.0.20 tcp/445", "pass 10.2.0.20 10.1.0.10 tcp/5723");
}

/* Root works without an agent, and the agent's user goes on with what root has written. */
static void test_what_root_did_is_the_agents_to_go_on_with(void **state)
{
	struct lab *lab = lab_need(state);
	int notify;

	make_user(lab);
	lab_write("omfwd.conf", POLICY);
	pid_t agent = start_as_user(lab, &notify);
	assert_int_equal(omfwd_agent_stop(lab, agent, SIGTERM), 0);
	lab_write("omfwd.conf", "[omfwd]\ndeny_scope = servers\n" POLICY);
	omfwd_expect(lab, 0, "--phase install --for 1h --reason 'rack move'");
	lab_must(lab, NS_GATEWAY, "nft delete table inet omfwd"); /* a boot */
	lab_write("omfwd.conf", "[roles]\nmanagement_sever = 10.1.0.10\n");
	start_as_user(lab, &notify);
	omfwd_expect_says(lab, 1, "status", "the last good policy of");
	omfwd_expect_says(lab, 1, "status", "rack move");
	EXPECT(lab, "pass 10.1.0.10 10.2.0.20 tcp/445", "drop 10.2.0.99 10.1.0.10 tcp/22");
	omfwd_expect(lab, 0, "--phase run");
	EXPECT(lab, "drop 10.1.0.10 10.2.0.20 tcp/445");
}

#define USER_TEST(test) cmocka_unit_test_teardown(test, user_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_the_shipped_file_touches_nothing_and_says_what_is_next),
	        LAB_TEST(test_status_says_that_a_policy_stays),
	        USER_TEST(test_the_group_may_ask_and_others_are_told_why_not),
	        USER_TEST(test_a_role_file_that_the_agent_may_not_read_changes_nothing),
	        USER_TEST(test_what_root_did_is_the_agents_to_go_on_with),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starts of the agent with and without a good file, a last good policy, and a table in the kernel. A boot is a kernel
 * without the table: the state directory is all that is left of the time before.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lab/expect.h"
#include "tests/lab/program.h"

#define HEAD "[omfwd]\ndeny_scope = everything\nlog_denied = no\n"
#define ROLES                                                                                                \
	"[roles prod]\nmanagement_server = 10.1.0.10, 2001:db8:1::10\nwindows_agent = 10.2.0.20, "           \
	"2001:db8:2::20\n"
#define POLICY HEAD ROLES
#define SECOND "windows_agent = 10.2.0.21\n"
#define BROKEN HEAD "[roles prod]\nmanagement_sever = 10.1.0.10\n"

#define LAST_GOOD STATE_DIR "/last-good"

#define ALLOWED "10.2.0.20 10.1.0.10 tcp/5723"
#define OTHER   "10.2.0.99 10.1.0.99 udp/53"
#define INSTALL "10.1.0.10 10.2.0.20 tcp/445"

/* Nobody listens to it any more: a full socket would hold it up. */
static pid_t start(struct lab *lab)
{
	int notify;
	pid_t pid = omfwd_agent_start(lab, &notify, "");
	close(notify);
	return pid;
}

static void boot(const struct lab *lab)
{
	lab_must(lab, NS_GATEWAY, "nft flush ruleset");
}

static void test_boot_with_a_bad_file(void **state)
{
	struct lab *lab = lab_need(state);
	lab_write("omfwd.conf", POLICY);
	omfwd_agent_stop(lab, start(lab), SIGTERM);
	boot(lab);
	EXPECT(lab, "pass " OTHER);
	lab_write("omfwd.conf", BROKEN);
	pid_t pid = start(lab);
	EXPECT(lab, "pass " ALLOWED, "drop " OTHER, "drop " INSTALL);
	omfwd_expect_says(lab, 1, "status", "degraded  the role file is wrong, the last good policy of ");
	omfwd_expect_says(lab, 1, "status", "management_sever");
	omfwd_expect_says(lab, 1, "status", "in step");
	omfwd_expect_says(lab, 3, "explain 10.2.0.20 10.1.0.10 tcp/5723", "compiled form");
	/* Windows work as ever, within what the policy allows. */
	omfwd_expect(lab, 2, "--phase install --for 30h");
	omfwd_expect(lab, 2, "--phase install --section nowhere");
	omfwd_expect(lab, 0, "--phase install --section prod --rows cur-18");
	EXPECT(lab, "pass " INSTALL);
	omfwd_expect(lab, 0, "--phase run");
	EXPECT(lab, "drop " INSTALL);
	/* Still bad: still degraded. Mended: no more, and nothing is read from the file that was stored. */
	omfwd_expect(lab, 2, "reload");
	omfwd_expect_says(lab, 1, "status", "degraded");
	lab_write("omfwd.conf", POLICY SECOND);
	omfwd_expect(lab, 0, "reload");
	EXPECT(lab, "pass 10.2.0.21 10.1.0.10 tcp/5723");
	char *text = omfwd_said(lab, 0, "status");
	assert_null(strstr(text, "degraded"));
	free(text);
	assert_int_equal(omfwd_agent_stop(lab, pid, SIGTERM), 0);
}

/* The kernel has a policy, whoever loads it. */
static void await_policy(struct lab *lab)
{
	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS;; lab_sleep_ms(10)) {
		struct run run;
		lab_run(lab, NS_GATEWAY, NULL, &run, "nft list chain inet omfwd forward");
		bool there = run.code == 0 && strstr(run.out, "goto");
		lab_run_free(&run);
		if (there)
			return;
		if (lab_now_ms() > end)
			fail_msg("the last good policy is not loaded");
	}
}

/* The policy is there before the role file is opened: the file is a pipe that nobody writes to. */
static void test_last_good_comes_first(void **state)
{
	struct lab *lab = lab_need(state);
	lab_write("omfwd.conf", POLICY);
	omfwd_agent_stop(lab, start(lab), SIGTERM);
	boot(lab);
	lab_must(lab, NS_GATEWAY, "rm " CONFIG " && mkfifo " CONFIG);
	pid_t pid = lab_start(lab, NS_GATEWAY, STDERR_FILENO,
	                      "'%s' agent --config " CONFIG " --run-dir " RUN_DIR " --state-dir " STATE_DIR,
	                      lab->binary);
	await_policy(lab);
	EXPECT(lab, "pass " ALLOWED, "drop " OTHER);
	omfwd_agent_stop(lab, pid, SIGKILL);
	unlink(CONFIG);
}

static void test_nothing_to_fall_back_on(void **state)
{
	struct lab *lab = lab_need(state);
	lab_write("omfwd.conf", BROKEN);
	omfwd_expect_says(lab, 2, "agent", CONFIG ":5: ");
	EXPECT(lab, "pass " OTHER);
	lab_must(lab, NS_GATEWAY, "! nft list table inet omfwd 2>/dev/null");
}

/* What is in force is watched, whatever the role file says. */
static void expect_healed(struct lab *lab)
{
	lab_must(lab, NS_GATEWAY, "nft flush ruleset");
	await_policy(lab);
	EXPECT(lab, "pass " ALLOWED, "drop " INSTALL, "drop " OTHER);
}

/* Without a file that can be read, the table is what the last good policy says, whoever changed it meanwhile. */
static void test_restart_after_drift(void **state)
{
	struct lab *lab = lab_need(state);
	lab_write("omfwd.conf", POLICY);
	omfwd_agent_stop(lab, start(lab), SIGKILL);
	lab_must(lab, NS_GATEWAY, "nft flush chain inet omfwd forward");
	lab_write("omfwd.conf", BROKEN);
	pid_t pid = start(lab);
	EXPECT(lab, "pass " ALLOWED, "drop " INSTALL, "drop " OTHER);
	omfwd_agent_stop(lab, pid, SIGTERM);
}

static void test_restart_with_a_bad_file(void **state)
{
	struct lab *lab = lab_need(state);
	lab_write("omfwd.conf", POLICY);
	pid_t pid = start(lab);
	omfwd_expect(lab, 0, "--phase install --for 1h --rows cur-18 --reason 'rack move'");
	omfwd_agent_stop(lab, pid, SIGKILL);
	lab_write("omfwd.conf", BROKEN);
	pid = start(lab);
	EXPECT(lab, "pass " ALLOWED, "pass " INSTALL, "drop " OTHER);
	omfwd_expect_says(lab, 1, "status", "degraded  the role file is wrong, the last good policy of ");
	omfwd_expect_says(lab, 1, "status", "rack move");
	omfwd_expect(lab, 0, "--phase run");
	EXPECT(lab, "drop " INSTALL);
	expect_healed(lab);
	lab_write("omfwd.conf", POLICY);
	omfwd_expect(lab, 0, "reload");
	omfwd_expect(lab, 0, "status");
	omfwd_agent_stop(lab, pid, SIGTERM);
}

/* Without a last good file the kernel's table is all there is: it stays, and what is open can be seen and closed. */
static void test_restart_with_nothing_but_the_table(void **state)
{
	struct lab *lab = lab_need(state);
	omfwd_apply(lab, POLICY);
	omfwd_expect(lab, 0, "--phase install --section prod --rows cur-18");
	lab_must(lab, NS_GATEWAY, "rm " LAST_GOOD);
	lab_write("omfwd.conf", BROKEN);
	pid_t pid = start(lab);
	EXPECT(lab, "pass " ALLOWED, "pass " INSTALL, "drop " OTHER);
	omfwd_expect_says(lab, 1, "status", "there is no last good policy");
	omfwd_expect_says(lab, 1, "status", "prod: cur-18");
	omfwd_expect_says(lab, 3, "--phase install", "nobody knows what may be opened");
	omfwd_expect(lab, 0, "--phase run");
	EXPECT(lab, "drop " INSTALL, "pass " ALLOWED, "drop " OTHER);
	omfwd_expect_says(lab, 3, "reload --confirm 5s", "could not return");
	omfwd_agent_stop(lab, pid, SIGTERM);
}

static void test_damaged_last_good(void **state)
{
	struct lab *lab = lab_need(state);
	omfwd_apply(lab, POLICY);
	lab_must(lab, NS_GATEWAY, "printf x | dd of=" LAST_GOOD " bs=1 seek=100 conv=notrunc 2>/dev/null");
	boot(lab);
	pid_t pid = start(lab);
	EXPECT(lab, "pass " ALLOWED, "drop " OTHER);
	omfwd_expect(lab, 0, "status");
	omfwd_agent_stop(lab, pid, SIGTERM);
	lab_must(lab, NS_GATEWAY, "truncate -s 300 " LAST_GOOD);
	boot(lab);
	lab_write("omfwd.conf", BROKEN);
	omfwd_expect_says(lab, 2, "agent", "cannot be used");
	EXPECT(lab, "pass " OTHER);
}

static struct stat last_good_stat(void)
{
	struct stat st;
	if (stat(LAST_GOOD, &st) < 0)
		fail_msg("there is no last good file");
	return st;
}

static void test_saved_once_and_for_root(void **state)
{
	struct lab *lab = lab_need(state);
	omfwd_apply(lab, POLICY);
	struct stat first = last_good_stat();
	assert_int_equal(first.st_mode & 07777, 0600);
	omfwd_expect(lab, 0, "reload");
	assert_int_equal(last_good_stat().st_ino, first.st_ino);
	lab_write("omfwd.conf", POLICY SECOND);
	omfwd_expect(lab, 0, "reload");
	struct stat second = last_good_stat();
	assert_int_not_equal(second.st_ino, first.st_ino);
	lab_write("omfwd.conf", BROKEN);
	omfwd_expect(lab, 2, "reload");
	assert_int_equal(last_good_stat().st_ino, second.st_ino);
}

/* Files are written after the answer. */
static void await_health(struct lab *lab)
{
	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS;; lab_sleep_ms(10)) {
		struct run run;
		omfwd_run(lab, &run, "status");
		bool healthy = run.code == 0;
		if (!healthy && lab_now_ms() > end)
			fail_msg("still degraded:\n%s", run.out);
		lab_run_free(&run);
		if (healthy)
			return;
	}
}

static void test_state_directory_that_cannot_be_written(void **state)
{
	struct lab *lab = lab_need(state);
	lab_must(lab, NS_GATEWAY,
	         "mkdir -p " STATE_DIR " && mount -t tmpfs -o size=4k,nr_inodes=2 none " STATE_DIR);
	lab_must(lab, NS_GATEWAY, "head -c 4096 /dev/zero > " STATE_DIR "/full");
	lab_write("omfwd.conf", POLICY);
	pid_t pid = start(lab);
	EXPECT(lab, "pass " ALLOWED, "drop " OTHER);
	omfwd_expect_says(lab, 1, "status", "degraded  cannot keep the last good policy");
	omfwd_expect_says(lab, 1, "status", "degraded  cannot remember windows");
	omfwd_expect(lab, 0, "--phase install");
	EXPECT(lab, "pass " INSTALL);
	omfwd_expect(lab, 0, "--phase run");
	omfwd_expect_says(lab, 0, "reload --confirm 1m", "warning: cannot write to");
	omfwd_expect_says(lab, 0, "confirm", "confirmed");
	/* Room again: the next change is the occasion. The agent may be at one more attempt just now. */
	lab_must(lab, NS_GATEWAY, "until umount " STATE_DIR "; do sleep 0.01; done");
	omfwd_expect(lab, 0, "reload");
	await_health(lab);
	last_good_stat();
	omfwd_agent_stop(lab, pid, SIGTERM);
}

static void test_remove_forgets(void **state)
{
	struct lab *lab = lab_need(state);
	lab_write("omfwd.conf", POLICY);
	pid_t pid = start(lab);
	last_good_stat();
	char *text = omfwd_said(lab, 0, "remove");
	assert_non_null(strstr(text, "whatever was denied of all that is forwarded passes"));
	assert_non_null(strstr(text, "the last good policy is forgotten"));
	free(text);
	assert_int_equal(access(LAST_GOOD, F_OK), -1);
	omfwd_agent_stop(lab, pid, SIGTERM);
	assert_int_equal(access(LAST_GOOD, F_OK), -1);
	omfwd_apply(lab, POLICY);
	omfwd_expect_says(lab, 0, "remove", "whatever was denied of all that is forwarded passes");
	assert_int_equal(access(LAST_GOOD, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_boot_with_a_bad_file),
	        LAB_TEST(test_last_good_comes_first),
	        LAB_TEST(test_nothing_to_fall_back_on),
	        LAB_TEST(test_restart_with_a_bad_file),
	        LAB_TEST(test_restart_after_drift),
	        LAB_TEST(test_restart_with_nothing_but_the_table),
	        LAB_TEST(test_damaged_last_good),
	        LAB_TEST(test_saved_once_and_for_root),
	        LAB_TEST(test_state_directory_that_cannot_be_written),
	        LAB_TEST(test_remove_forgets),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

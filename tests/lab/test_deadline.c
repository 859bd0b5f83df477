/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the agent says of a window's end, before and after; and that no restart or boot moves it. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lab/expect.h"
#include "tests/lab/program.h"

#define POLICY                                                                                               \
	"[omfwd]\ndeny_scope = everything\nlog_denied = no\n[roles prod]\n"                                  \
	"management_server = 10.1.0.10\nwindows_agent = 10.2.0.20\n"                                         \
	"[roles test]\nmanagement_server = 10.1.0.11\nwindows_agent = 10.2.0.21\n"
#define INSTALL      "10.1.0.10 10.2.0.20 tcp/445"
#define INSTALL_TEST "10.1.0.11 10.2.0.21 tcp/445"
#define JOURNAL      LAB_DIR "/journal"

#define GRAIN_MS 50 /* of deadlines: timestamps and the kernel's ticks */

/* The agent with its standard error in a file. */
static pid_t start(struct lab *lab)
{
	int out = open(JOURNAL, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	lab_must(lab, NS_GATEWAY, "mkdir -p " RUN_DIR " " STATE_DIR " && rm -f " RUN_DIR "/control.sock");
	pid_t pid = lab_start(lab, NS_GATEWAY, out,
	                      "'%s' agent --config " CONFIG " --run-dir " RUN_DIR " --state-dir " STATE_DIR,
	                      lab->binary);
	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS; !omfwd_agent_listens(); lab_sleep_ms(10))
		if (lab_now_ms() > end)
			fail_msg("the agent does not start");
	close(out);
	omfwd_expect(lab, 0, "status");
	return pid;
}

static void await_line(const char *what)
{
	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS;; lab_sleep_ms(50)) {
		char *text = lab_read(JOURNAL);
		bool there = strstr(text, what) != NULL;
		if (!there && lab_now_ms() > end)
			fail_msg("the journal does not say \"%s\":\n%s", what, text);
		free(text);
		if (there)
			return;
	}
}

static void expect_no_line(const char *what)
{
	char *text = lab_read(JOURNAL);
	if (strstr(text, what))
		fail_msg("the journal says \"%s\":\n%s", what, text);
	free(text);
}

/* What is left when it warns: a machine that is late says so. */
static void expect_minutes(void)
{
	char *text = lab_read(JOURNAL);
	if (!strstr(text, "prod.cur-18 ends in 5m\n") && !strstr(text, "prod.cur-18 ends in 4m"))
		fail_msg("the journal says:\n%s", text);
	free(text);
}

static void expect_status(const struct lab *lab, const char *what)
{
	struct run run;
	omfwd_run(lab, &run, "status");
	if (!strstr(run.out, what))
		fail_msg("the status does not say \"%s\":\n%s", what, run.out);
	lab_run_free(&run);
}

static void test_warns_five_minutes_before(void **state)
{
	struct lab *lab = lab_need(state);
	lab_write("omfwd.conf", POLICY);
	start(lab);
	uint64_t began = lab_now_ms();
	omfwd_expect(lab, 0, "--phase install --for 5m2s --section prod --rows cur-18 --reason 'rack move'");
	await_line("install window for prod.cur-18 ends in ");
	assert_true(lab_now_ms() >= began + 2000 - GRAIN_MS); /* and not before */
	expect_minutes();
	/* Extended: there will be another warning, but not now. */
	omfwd_expect(lab, 0, "--phase install --for 1h --section prod --rows cur-18");
	/* Opened for less than that: no warning is due. */
	omfwd_expect(lab, 0, "--phase install --for 2s --section test --rows cur-18");
	await_line("install window for test.cur-18 closed by the kernel, its time is up");
	expect_no_line("test.cur-18 ends in");
	expect_no_line("prod.cur-18 closed");
	EXPECT(lab, "pass " INSTALL, "drop " INSTALL_TEST);
}

static void test_status_tells_the_story(void **state)
{
	struct lab *lab = lab_need(state);
	lab_write("omfwd.conf", POLICY);
	start(lab);
	lab_must(lab, NS_GATEWAY,
	         "env SUDO_USER=alice SUDO_UID=0 SSH_CONNECTION='192.0.2.7 50000 192.0.2.1 22' '%s' --phase "
	         "install --for 1h --section prod --rows cur-18 --reason 'CHG0012345' --config " CONFIG
	         " --run-dir " RUN_DIR " --state-dir " STATE_DIR " >/dev/null",
	         lab->binary);
	EXPECT(lab, "pass " INSTALL, "drop " INSTALL_TEST);
	expect_status(lab, "prod: cur-18 until ");
	expect_status(lab, "left), opened ");
	expect_status(lab, "192.0.2.7");
	expect_status(lab, ": CHG0012345");
}

static void test_closed_by_somebody_else(void **state)
{
	struct lab *lab = lab_need(state);
	lab_write("omfwd.conf", POLICY);
	start(lab);
	omfwd_expect(lab, 0, "--phase install --for 1h");
	lab_must(lab, NS_GATEWAY, "nft flush set inet omfwd install_window");
	EXPECT(lab, "drop " INSTALL);
	expect_status(lab, "every install window is closed");
	await_line("install window for everything closed by somebody else, before its time");
}

static bool passes(struct lab *lab)
{
	struct probe probe = {.src = address_of("10.1.0.10"),
	                      .dst = address_of("10.2.0.20"),
	                      .proto = IPPROTO_TCP,
	                      .dport = 445};
	burst_run(lab, &probe, 1);
	return probe.arrived;
}

/* Every part of a second at which it may be opened and restored; never a moment longer than asked for. */
static void test_boots_never_lengthen_a_window(void **state)
{
	struct lab *lab = lab_need(state);
	lab_write("omfwd.conf", POLICY);
	for (unsigned step = 0; step < 4; step++) {
		omfwd_agent_stop(lab, start(lab), SIGTERM);
		lab_sleep_ms(step * 270);
		pid_t pid = start(lab);
		omfwd_expect(lab, 0, "--phase install --for 5s");
		uint64_t until = lab_now_ms() + 5000;
		lab_sleep_ms(step * 130);
		omfwd_agent_stop(lab, pid, step % 2 ? SIGTERM : SIGKILL);
		lab_must(lab, NS_GATEWAY, "nft flush ruleset");
		pid = start(lab);
		uint64_t now = lab_now_ms(), open_at = 0;
		for (; now < until + 3000 && passes(lab); now = lab_now_ms())
			open_at = now;
		assert_true(open_at > 0 || lab_now_ms() >= until); /* a slow machine has slept through it */
		if (open_at > until + GRAIN_MS)
			fail_msg("the restored window was open %u ms after its time",
			         (unsigned)(open_at - until));
		omfwd_agent_stop(lab, pid, SIGTERM);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_warns_five_minutes_before),
	        LAB_TEST(test_status_tells_the_story),
	        LAB_TEST(test_closed_by_somebody_else),
	        LAB_TEST(test_boots_never_lengthen_a_window),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

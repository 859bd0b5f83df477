/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `omfwd remove` when a system call fails: the policy stays or is gone, and the agent answers. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/lab/expect.h"
#include "tests/lab/program.h"

#define POLICY                                                                                               \
	"[omfwd]\ndeny_scope = everything\nlog_denied = no\nown_table = no\n"                                \
	"[roles]\nmanagement_server = 10.1.0.10\nwindows_agent = 10.2.0.20\n"

static void expect_policy(struct lab *lab)
{
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "drop 10.2.0.20 10.1.0.10 tcp/5724");
}

static bool is_traced(pid_t pid)
{
	char path[64], line[128];
	int tracer = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	FILE *status = fopen(path, "re");
	assert_non_null(status);
	while (fgets(line, sizeof(line), status) && sscanf(line, "TracerPid: %d", &tracer) != 1)
		;
	fclose(status);
	return tracer != 0;
}

/* Removes while a call of the agent fails ("sendmsg", "error=ENOBUFS:when=2..4"). */
static void remove_with_fault(struct lab *lab, pid_t agent, const char *call, const char *fault, int code,
                              const char *said)
{
	pid_t tracer =
	        lab_start(lab, NS_GATEWAY, -1,
	                  "strace -f -qq -o /dev/null -e trace=%s -e signal=none -e inject=%s:%s -p %d", call,
	                  call, fault, (int)agent);

	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS; !is_traced(agent); lab_sleep_ms(10))
		assert_true(lab_now_ms() < end);
	omfwd_expect_says(lab, code, "remove", said);
	kill(tracer, SIGTERM);
	lab_wait(lab, tracer);
}

static pid_t start(struct lab *lab)
{
	int notify;

	lab_write("omfwd.conf", POLICY);
	pid_t pid = omfwd_agent_start(lab, &notify, "");
	close(notify);
	expect_policy(lab);
	return pid;
}

/* First every chain accepts, then the table goes. When that cannot be, nobody is left with a table that accepts. */
static void test_ends_half_way(void **state)
{
	struct lab *lab = lab_need(state);
	pid_t pid = start(lab);

	remove_with_fault(lab, pid, "sendmsg", "error=ENOBUFS:when=2..4", 3, "the policy stays in force");
	expect_policy(lab);
	omfwd_expect(lab, 0, "diff");
	omfwd_expect(lab, 0, "reload");
	expect_policy(lab);
	omfwd_expect(lab, 0, "remove");
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5724");
	assert_int_equal(omfwd_agent_stop(lab, pid, SIGTERM), 0);
}

/* What it cannot leave off hearing, and nobody reads, does not keep it awake. */
static void test_goes_on_hearing(void **state)
{
	struct lab *lab = lab_need(state);
	pid_t pid = start(lab);

	remove_with_fault(lab, pid, "setsockopt", "error=ENOBUFS:when=1+", 0, "");
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5724");
	lab_must(lab, NS_GATEWAY, "nft add table inet other");
	omfwd_expect_says(lab, 1, "status", "");
	omfwd_expect(lab, 0, "reload");
	expect_policy(lab);
	lab_must(lab, NS_GATEWAY, "nft flush chain inet omfwd forward");
	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS;; lab_sleep_ms(20)) {
		struct run run;

		omfwd_run(lab, &run, "diff");
		int code = run.code;
		lab_run_free(&run);
		if (code == 0)
			break;
		assert_true(lab_now_ms() < end);
	}
	assert_int_equal(omfwd_agent_stop(lab, pid, SIGTERM), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_ends_half_way),
	        LAB_TEST(test_goes_on_hearing),
	};

	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

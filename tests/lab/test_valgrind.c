// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every command that works on the kernel, and an agent through a day of its life, under valgrind: no byte is read before
 * it was written, none after it was freed, and nothing is lost. A build with sanitizers, which valgrind cannot run, says
 * the same of itself by its exit code. Left out is what a message carries between its attributes: libmnl 1.0.4 leaves the
 * bytes that pad them as they were.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lab/expect.h"
#include "tests/lab/program.h"
#include "util/sanitized.h"

#define WRAPPER  LAB_DIR "/omfwd-under-valgrind"
#define PLAIN    LAB_DIR "/omfwd-plain"
#define BAD_CODE 99

static const char role_file[] = "[omfwd]\n"
                                "deny_scope = servers\n"
                                "[roles prod]\n"
                                "management_server = 10.2.0.11, 10.2.0.12, 2001:db8:2::11\n"
                                "operations_manager_database = 10.2.0.50\n"
                                "windows_agent = 10.1.0.0/17, 2001:db8:1::/64\n"
                                "[site_rule ping]\n"
                                "from = @prod.management_server\n"
                                "to = @prod.windows_agent\n"
                                "protocol = icmp\n"
                                "ports = echo-request\n"
                                "reason = diagnosis\n";

static const char suppressions[] =
        "{\n padding\n Memcheck:Param\n sendmsg(msg.msg_iov[0])\n fun:*sendmsg\n}\n"
        "{\n padding\n Memcheck:Param\n socketcall.sendto(msg)\n fun:*sendto\n}\n";

struct command {
	const char *args;
	int code;
};

static const struct command commands[] = {
        {"check", 0},
        {"show", 0},
        {"show --format nft", 0},
        {"show --format json", 0},
        {"--phase run", 0},
        {"diff", 0},
        {"--phase install --for 1h --reason test", 0},
        {"status", 0},
        {"status --json", 0},
        {"explain 10.1.0.5 10.2.0.11 tcp/5723", 0},
        {"explain 10.1.0.5 10.2.0.50 tcp/1433", 1},
        {"reload", 0},
        {"--phase run", 0},
        {"report --format csv", 0},
        {"report --format html", 0},
        {"metrics", 0},
        {"status --no-such-option", 2},
        {"remove", 0},
};

/* What an agent is asked; it finds another role file each time. */
static const struct command questions[] = {
        {"status", 0},
        {"reload", 0},
        {"--phase install --for 1h --reason test", 0},
        {"status --json", 0},
        {"explain 10.1.0.5 10.2.0.11 tcp/5723", 0},
        {"reload", 0},
        {"--phase run", 0},
        {"diff", 0},
        {"metrics", 0},
        {"report --format csv", 0},
        {"denied", 0},
        {"remove", 0},
        {"reload", 0},
};

/* omfwd as lab->binary, which is run by its path; without what clang tells debuggers, on which valgrind 3.19 gives up. */
static void wrap(struct lab *lab, char saved[sizeof(lab->binary)])
{
	char text[sizeof(lab->binary) + 256];

	memcpy(saved, lab->binary, sizeof(lab->binary));
	if (SANITIZED)
		return;
	snprintf(text, sizeof(text),
	         "#!/bin/sh\n"
	         "[ -e " PLAIN " ] || strip --strip-debug -o " PLAIN " '%s' || exit\n"
	         "exec valgrind -q --leak-check=full --show-leak-kinds=definite,indirect "
	         "--suppressions=" LAB_DIR "/suppressions --error-exitcode=%d " PLAIN " \"$@\"\n",
	         saved, BAD_CODE);
	lab_write("suppressions", suppressions);
	lab_write("omfwd-under-valgrind", text);
	assert_int_equal(chmod(WRAPPER, 0755), 0);
	strcpy(lab->binary, WRAPPER);
}

/* valgrind says what it found with its number, ==PID==, and ends with a code of its own. */
static void test_nothing_is_wrong_with_memory(void **state)
{
	struct lab *lab = lab_need(state);
	char saved[sizeof(lab->binary)];
	size_t wrong = 0;

	wrap(lab, saved);
	lab_write("omfwd.conf", role_file);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct run run;

		omfwd_run(lab, &run, "%s", commands[i].args);
		if (run.code != commands[i].code || strstr(run.err, "\n==") || strstr(run.err, "Sanitizer")) {
			print_error("%s: exit code %d\n%s%s", commands[i].args, run.code, run.out, run.err);
			wrong++;
		}
		lab_run_free(&run);
	}
	strcpy(lab->binary, saved);
	assert_int_equal(wrong, 0);
}

/* With a section more and without it, in turn. */
static void change_role_file(size_t i)
{
	char text[sizeof(role_file) + 128];

	snprintf(text, sizeof(text), "%s%s", role_file,
	         i % 2 ? "" : "[roles lab]\nmanagement_server = 10.9.0.1\nwindows_agent = 10.9.0.2\n");
	lab_write("omfwd.conf", text);
}

/* Packets both ways; what is denied is logged, and the agent hears of it. */
static void send_packets(struct lab *lab)
{
	bool heard = false;

	EXPECT(lab, "pass 10.1.0.5 10.2.0.11 tcp/5723", "drop 10.1.0.5 10.2.0.50 tcp/1433",
	       "drop 2001:db8:1::5 2001:db8:2::11 udp/53");
	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS; !heard; lab_sleep_ms(50)) {
		char *text = omfwd_said(lab, 0, "denied");

		heard = strstr(text, "10.2.0.50") && strstr(text, "2001:db8:2::11");
		free(text);
		if (lab_now_ms() > end)
			fail_msg("the agent does not hear of what was denied");
	}
}

/*
 * Only the agent is slow: who asks it is run as it is. What it has lost is an error at its end. It goes without its filter
 * of system calls, because valgrind 3.19 does not know how one is made.
 */
static void test_nothing_is_wrong_with_the_agent(void **state)
{
	struct lab *lab = lab_need(state);
	char saved[sizeof(lab->binary)];
	int notify;
	pid_t agent;

	lab_write("omfwd.conf", role_file);
	wrap(lab, saved);
	agent = omfwd_agent_start(lab, &notify, "");
	strcpy(lab->binary, saved);
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		change_role_file(i);
		if (strcmp(questions[i].args, "denied") == 0)
			send_packets(lab);
		omfwd_expect(lab, questions[i].code, "%s", questions[i].args);
	}
	assert_int_equal(omfwd_agent_stop(lab, agent, SIGTERM), 0);
	close(notify);
}

int main(void)
{
	const struct CMUnitTest tests[] = {LAB_TEST(test_nothing_is_wrong_with_memory),
	                                   LAB_TEST(test_nothing_is_wrong_with_the_agent)};

	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

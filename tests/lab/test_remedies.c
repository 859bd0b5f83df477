/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What explain says of a packet is what becomes of the packet, and what it advises opens it: the lines put into a file
 * of omfwd.conf.d, the commands given as they stand, with an agent and without.
 */
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/expect.h"
#include "tests/lab/program.h"

#define POLICY                                                                                               \
	"[omfwd]\ndeny_scope = everything\nlog_denied = no\n[roles prod]\n"                                  \
	"management_server = 10.1.0.10, 2001:db8:1::10\nwindows_agent = 10.2.0.20, 2001:db8:2::20\n"         \
	"operations_manager_database = 10.2.0.50\n[roles west]\nmanagement_server = 10.1.0.11\n"             \
	"[ports prod]\nsql_operations_manager_database = 1444\n[rows]\ncur-01 = off\n"

/* In this order: what one of them opens stays open for those that follow. */
static const struct question {
	const char *src, *dst, *service, *reason;
} questions[] = {
        {"10.1.0.10", "10.2.0.20", "tcp/445", "window_closed"},
        {"10.2.0.20", "10.1.0.11", "tcp/5723", "other_section"},
        {"10.1.0.10", "10.2.0.50", "tcp/135", "taken_away"},
        {"10.1.0.10", "10.2.0.50", "tcp/1433", "port_moved"},
        {"10.1.0.10", "10.2.0.20", "icmp", "known_port"},
        {"2001:db8:1::10", "2001:db8:2::20", "icmp", "known_port"},
        {"10.2.0.20", "10.2.0.50", "udp/4242", "no_line"},
        {"10.2.0.21", "10.1.0.10", "tcp/5723", "no_role"},
        {"2001:db8:1::11", "2001:db8:2::20", "tcp/445", "no_role"},
};
#define QUESTIONS (sizeof(questions) / sizeof(questions[0]))

/* The reply to a question, whose exit code must be as it says itself. */
static json_t *explain(struct lab *lab, const struct question *question, int code)
{
	struct run run;
	json_t *reply;

	omfwd_run(lab, &run, "--json explain %s %s %s", question->src, question->dst, question->service);
	reply = json_loads(run.out, 0, NULL);
	if (run.code != code || json_integer_value(json_object_get(reply, "code")) != code)
		fail_msg("%s -> %s %s: exit code %d, expected %d\n%s%s", question->src, question->dst,
		         question->service, run.code, code, run.out, run.err);
	lab_run_free(&run);
	return reply;
}

static void expect_packet(struct lab *lab, const struct question *question, const char *verdict)
{
	char line[160];

	snprintf(line, sizeof(line), "%s %s %s %s", verdict, question->src, question->dst, question->service);
	EXPECT(lab, line);
}

/* Writes the lines as a further file, read after those before it. */
static void write_lines(const json_t *lines, size_t number)
{
	char name[64], text[2048] = "";
	const json_t *line;
	size_t i;

	json_array_foreach(lines, i, line)
	{
		strncat(text, json_string_value(line), sizeof(text) - strlen(text) - 1);
		strncat(text, "\n", sizeof(text) - strlen(text) - 1);
	}
	snprintf(name, sizeof(name), "omfwd.conf.d/%02zu-remedy.conf", number);
	lab_write(name, text);
}

static void run_commands(const struct lab *lab, const json_t *commands)
{
	const json_t *command;
	size_t i;

	json_array_foreach(commands, i, command)
	{
		const char *text = json_string_value(command);

		assert_memory_equal(text, "omfwd ", strlen("omfwd "));
		omfwd_expect(lab, 0, "%s", text + strlen("omfwd "));
	}
}

static void follow_remedy(struct lab *lab, const struct question *question, size_t number)
{
	json_t *reply = explain(lab, question, 1);

	assert_string_equal(question->reason, json_string_value(json_object_get(reply, "reason")));
	expect_packet(lab, question, "drop");
	write_lines(json_object_get(reply, "remedy_lines"), number);
	run_commands(lab, json_object_get(reply, "remedy_commands"));
	json_decref(reply);
	expect_packet(lab, question, "pass");
}

static void follow_remedies(struct lab *lab)
{
	lab_must(lab, NS_GATEWAY, "mkdir -p " LAB_DIR "/omfwd.conf.d");
	for (size_t i = 0; i < QUESTIONS; i++)
		follow_remedy(lab, &questions[i], i);
}

static void test_with_agent(void **state)
{
	struct lab *lab = lab_need(state);
	int notify;
	pid_t pid;

	lab_write("omfwd.conf", POLICY);
	pid = omfwd_agent_start(lab, &notify, "");
	follow_remedies(lab);
	for (size_t i = 0; i < QUESTIONS; i++)
		json_decref(explain(lab, &questions[i], 0));
	omfwd_agent_stop(lab, pid, SIGTERM);
}

static void test_without_agent(void **state)
{
	struct lab *lab = lab_need(state);

	omfwd_apply(lab, POLICY);
	follow_remedies(lab);
}

/* What the agent lists between two ends is what passes between them. */
static void test_two_ends(void **state)
{
	static const char forth[] = "10.2.0.20 may open to 10.1.0.10:\n    tcp  5723         always";
	struct lab *lab = lab_need(state);
	int notify;
	pid_t pid;

	lab_write("omfwd.conf", POLICY);
	pid = omfwd_agent_start(lab, &notify, "");
	omfwd_expect_says(lab, 0, "explain 10.2.0.20 10.1.0.10", forth);
	omfwd_expect_says(lab, 0, "explain 10.2.0.20 10.1.0.10",
	                  "tcp  135          install  (closed) cur-18");
	omfwd_expect_says(lab, 1, "explain 10.1.0.10 10.2.0.20", "  all else     is denied");
	omfwd_expect_says(lab, 0, "explain 10.1.0.10 10.2.0.20 --phase install", "install  (open)   cur-18");
	omfwd_expect(lab, 0, "--phase install");
	omfwd_expect_says(lab, 0, "explain 10.1.0.10 10.2.0.20",
	                  "tcp  135          install  (open)   cur-18");
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "pass 10.1.0.10 10.2.0.20 tcp/135",
	       "drop 10.1.0.10 10.2.0.20 tcp/4242");
	omfwd_agent_stop(lab, pid, SIGTERM);
}

/* A packet of the gateway's own goes another way, where deny_scope = everything does not reach. */
static void test_own_address(void **state)
{
	struct lab *lab = lab_need(state);
	int notify;
	pid_t pid;

	lab_write("omfwd.conf", POLICY);
	pid = omfwd_agent_start(lab, &notify, "");
	omfwd_expect_says(lab, 1, "explain 172.16.0.1 10.1.0.10 tcp/80", "holds no role");
	omfwd_expect_says(lab, 0, "explain 127.0.0.1 10.1.0.10 tcp/80", "(one end is this machine)");
	omfwd_agent_stop(lab, pid, SIGTERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_with_agent),
	        LAB_TEST(test_without_agent),
	        LAB_TEST(test_two_ends),
	        LAB_TEST(test_own_address),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

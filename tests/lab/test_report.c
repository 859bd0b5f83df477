// SPDX-License-Identifier: GPL-2.0-or-later
/* The report of a live gateway: packets, windows, denials, what others did, and the same without an agent. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/lab/expect.h"
#include "tests/lab/program.h"
#include "util/sanitized.h"

#define HISTORY_BYTES (1000u * 1024)
#define SPARE_KB      4096

#define POLICY                                                                                               \
	"[omfwd]\ndeny_scope = everything\nown_table = no\n[roles prod]\n"                                   \
	"management_server = 10.1.0.10, 2001:db8:1::10\nwindows_agent = 10.2.0.20, 2001:db8:2::20\n"         \
	"[site_rule ping]\nfrom = @prod.management_server\nto = @prod.windows_agent\nprotocol = icmp\n"      \
	"ports = echo-request\nreason = to <see> who is there\nticket = CHG7\n"

/* The report; json_decref() it. */
static json_t *report(const struct lab *lab)
{
	char *text = omfwd_said(lab, 0, "report --format json");
	json_t *json = json_loads(text, 0, NULL);

	if (!json)
		fail_msg("no JSON: %s", text);
	free(text);
	return json;
}

/* The object of a list whose key is this text; fails the test if there is none. */
static const json_t *find(const json_t *list, const char *key, const char *text)
{
	json_t *object;
	size_t i;

	json_array_foreach(list, i, object)
	{
		const char *have = json_string_value(json_object_get(object, key));

		if (have && strcmp(have, text) == 0)
			return object;
	}
	fail_msg("there is no %s %s", key, text);
	return NULL;
}

static const json_t *row_of(const json_t *json, const char *id)
{
	const json_t *section = find(json_object_get(json, "sections"), "section", "prod");

	return find(json_object_get(section, "rows"), "id", id);
}

static void assert_text(const json_t *object, const char *key, const char *text)
{
	assert_string_equal(json_string_value(json_object_get(object, key)), text);
}

static json_int_t number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void test_rows_and_packets(void **state)
{
	struct lab *lab = lab_need(state);
	const json_t *row, *rule;
	json_t *json;
	int notify;

	lab_write("omfwd.conf", POLICY);
	omfwd_agent_start(lab, &notify, "");
	json = report(lab);
	assert_true(json_is_null(json_object_get(row_of(json, "cur-16"), "last_packet")));
	json_decref(json);
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "drop 10.2.0.20 10.1.0.10 tcp/5724");
	json = report(lab);
	row = row_of(json, "cur-16");
	assert_text(row, "status", "open");
	assert_true(number(row, "packets") > 0);
	assert_true(number(json_object_get(row, "last_packet"), "before") >= time(NULL) - 60);
	assert_true(number(json_object_get(row, "last_packet"), "after") > 0);
	assert_text(row_of(json, "cur-01"), "status", "unassigned");
	assert_true(strlen(json_string_value(json_object_get(row_of(json, "cur-01"), "why"))) > 0);
	assert_int_equal(json_array_size(json_object_get(row_of(json, "cur-18"), "counted_with")), 1);
	assert_true(number(json_object_get(json_object_get(json, "denied"), "totals"), "packets") > 0);
	rule = find(json_object_get(json, "site_rules"), "site_rule", "ping");
	assert_text(rule, "ticket", "CHG7");
	assert_int_equal(number(rule, "packets"), 0);
	json_decref(json);
}

static void test_windows(void **state)
{
	struct lab *lab = lab_need(state);
	const json_t *window;
	json_t *json;
	int notify;
	pid_t pid;

	lab_write("omfwd.conf", POLICY);
	pid = omfwd_agent_start(lab, &notify, "");
	omfwd_expect(lab, 0, "--phase install --for 1h --rows cur-18 --reason 'one & two' --ticket CHG8");
	json = report(lab);
	window = json_array_get(json_object_get(json, "windows"), 0);
	assert_text(window, "ticket", "CHG8");
	assert_text(window, "section", "prod");
	assert_int_equal(json_array_size(json_object_get(window, "rows")), 1);
	json_decref(json);
	omfwd_expect(lab, 0, "--phase run");
	omfwd_expect(lab, 0, "--phase install --for 1s");
	lab_sleep_ms(1500);
	/* the next agent knows of them */
	assert_int_equal(omfwd_agent_stop(lab, pid, SIGTERM), 0);
	omfwd_agent_start(lab, &notify, "");
	json = report(lab);
	assert_int_equal(json_array_size(json_object_get(json, "windows")), 0);
	assert_int_equal(json_array_size(json_object_get(json, "windows_past")), 2);
	assert_text(json_array_get(json_object_get(json, "windows_past"), 0), "closed_by", "deadline");
	assert_text(json_array_get(json_object_get(json, "windows_past"), 1), "closed_by", "command");
	assert_text(json_array_get(json_object_get(json, "windows_past"), 1), "reason", "one & two");
	find(json_object_get(json, "events"), "event", "reload");
	json_decref(json);
}

static void test_drift(void **state)
{
	struct lab *lab = lab_need(state);
	const json_t *event;
	json_t *json;
	int notify;

	lab_write("omfwd.conf", POLICY);
	omfwd_agent_start(lab, &notify, "");
	lab_must(lab, NS_GATEWAY, "nft flush chain inet omfwd denied");
	/* it is in the history once the repair has settled */
	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS;; lab_sleep_ms(50)) {
		json = report(lab);
		if (json_array_size(json_object_get(json, "events")) > 1 || lab_now_ms() > end)
			break;
		json_decref(json);
	}
	event = find(json_object_get(json, "events"), "event", "drift");
	assert_text(event, "process", "nft");
	assert_text(event, "outcome", "repaired");
	json_decref(json);
}

static void test_formats_and_output(void **state)
{
	struct lab *lab = lab_need(state);
	char *text;
	int notify;

	lab_write("omfwd.conf", POLICY);
	omfwd_agent_start(lab, &notify, "");
	omfwd_expect(lab, 0, "report --output " LAB_DIR "/report.html");
	text = lab_read(LAB_DIR "/report.html");
	assert_memory_equal(text, "<!DOCTYPE html>", strlen("<!DOCTYPE html>"));
	assert_non_null(strstr(text, "to &lt;see&gt; who is there"));
	assert_null(strstr(text, "No agent answers"));
	free(text);
	omfwd_expect_says(lab, 0, "report --format csv", "\"prod\",\"current\",\"cur-16\"");
	omfwd_expect_says(lab, 3, "report --output /nonexistent/report.html", "cannot write");
	omfwd_expect_says(lab, 2, "report --format nft", "html, csv or json");
}

static void test_without_an_agent(void **state)
{
	struct lab *lab = lab_need(state);
	json_t *json;

	omfwd_apply(lab, POLICY);
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723");
	json = report(lab);
	assert_true(number(row_of(json, "cur-16"), "packets") > 0);
	assert_true(json_is_null(json_object_get(json_object_get(json, "status"), "agent")));
	json_decref(json);
	omfwd_expect_says(lab, 0, "report", "No agent answers");
}

/* As much history as is kept, and nearly as much again of the year before. */
static void history_write(void)
{
	static const char line[] =
	        "{\"at\":1700000000,\"event\":\"reload\",\"user\":\"root\",\"login\":\"alice\","
	        "\"what\":\"3 members added, 2 removed\"}\n";
	char *text = malloc(HISTORY_BYTES);
	size_t len = 0;

	assert_non_null(text);
	while (len + sizeof(line) < HISTORY_BYTES)
		len += (size_t)sprintf(text + len, "%s", line);
	lab_write("history", text);
	free(text);
}

/* A report holds all of that, ten times as large; afterwards the agent has as little as before. */
static void test_memory_goes_back(void **state)
{
	struct lab *lab = lab_need(state);
	int notify;

	history_write();
	lab_must(lab, NS_GATEWAY,
	         "mkdir -p " STATE_DIR " && cp " LAB_DIR "/history " STATE_DIR "/history.jsonl && cp " LAB_DIR
	         "/history " STATE_DIR "/history.jsonl.1");
	lab_write("omfwd.conf", POLICY);
	pid_t agent = omfwd_agent_start(lab, &notify, "");
	unsigned before = lab_process_number(agent, "VmRSS"), after;
	omfwd_expect_says(lab, 0, "report", "3 members added, 2 removed");
	/* The answer comes before that; a build with sanitizers keeps what is freed, to know it when it is used. */
	for (uint64_t end = lab_now_ms() + 30000;
	     (after = lab_process_number(agent, "VmRSS")) > before + SPARE_KB && !SANITIZED; lab_sleep_ms(10))
		if (lab_now_ms() > end)
			fail_msg("the agent has %u kB, and had %u kB before a report", after, before);
	assert_int_equal(omfwd_agent_stop(lab, agent, SIGTERM), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_rows_and_packets),
	        LAB_TEST(test_windows),
	        LAB_TEST(test_drift),
	        LAB_TEST(test_formats_and_output),
	        LAB_TEST(test_without_an_agent),
	        LAB_TEST(test_memory_goes_back),
	};

	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

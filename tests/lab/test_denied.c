/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is denied is counted exactly, listed by ends and port with its reason, and followed as it comes. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/nflog.h"
#include "tests/lab/denied_list.h"
#include "tests/lab/expect.h"

#define ENFORCE "[omfwd]\n" ROLES
#define AUDIT   "[omfwd]\nmode = audit\n" ROLES

/* The entry of "SRC DST PROTO/PORT"; fails the test if there is none. */
static json_t *entry_of(const json_t *report, const char *want)
{
	json_t *entry;
	char text[256];
	size_t i;

	json_array_foreach(json_object_get(report, "entries"), i, entry)
	{
		int len = snprintf(text, sizeof(text), "%s %s %s", denied_text(entry, "source"),
		                   denied_text(entry, "destination"), denied_text(entry, "protocol"));

		if (json_object_get(entry, "port"))
			snprintf(text + len, sizeof(text) - (size_t)len, "/%ld",
			         denied_number(entry, "port"));
		if (!strcmp(text, want))
			return entry;
	}
	fail_msg("no entry %s in %s", want, json_dumps(report, JSON_INDENT(1)));
	return NULL;
}

static void assert_explained(const json_t *report, const char *want, const char *reason, const char *row)
{
	const json_t *entry = entry_of(report, want);

	assert_string_equal(denied_text(entry, "reason"), reason);
	assert_true(*denied_text(entry, "because"));
	assert_true(*denied_text(entry, "remedy"));
	if (row)
		assert_string_equal(json_string_value(json_array_get(json_object_get(entry, "rows"), 0)),
		                    row);
}

static void assert_listed(const json_t *report, const char *mode)
{
	assert_string_equal(denied_text(report, "mode"), mode);
	assert_int_equal(denied_number(json_object_get(report, "totals"), "packets"), 8);
	assert_int_equal(denied_number(report, "lost"), 0);
	assert_true(json_is_null(json_object_get(report, "problem")));
	assert_explained(report, "10.1.0.10 10.2.0.20 tcp/445", "window_closed", "cur-18");
	assert_explained(report, "10.1.0.10 10.2.0.20 tcp/5723", "opposite_direction", "cur-16");
	assert_explained(report, "10.2.0.21 10.1.0.10 udp/9", "no_line", NULL);
	assert_explained(report, "10.2.0.20 10.1.0.10 icmp", "no_line", NULL);
	assert_explained(report, "2001:db8:2::20 2001:db8:1::10 tcp/22", "no_line", NULL);
	assert_explained(report, "2001:db8:1::10 2001:db8:2::20 udp/161", "no_line", NULL);
	assert_explained(report, "2001:db8:1::10 2001:db8:2::20 icmp", "known_port", NULL);
	assert_explained(report, "10.1.0.10 10.2.0.20 99", "no_line", NULL);
	assert_string_equal(
	        json_string_value(json_array_get(
	                json_object_get(entry_of(report, "10.2.0.21 10.1.0.10 udp/9"), "source_roles"), 0)),
	        "prod.windows_agent");
}

static void test_enforce(void **state)
{
	struct lab *lab = lab_need(state);
	json_t *report;

	denied_agent_start(lab, ENFORCE);
	EXPECT(lab, "drop 10.1.0.10 10.2.0.20 tcp/445", "drop 10.1.0.10 10.2.0.20 tcp/5723",
	       "drop 10.2.0.21 10.1.0.10 udp/9", "drop 10.2.0.20 10.1.0.10 icmp",
	       "drop 2001:db8:2::20 2001:db8:1::10 tcp/22", "drop 2001:db8:1::10 2001:db8:2::20 udp/161",
	       "drop 2001:db8:1::10 2001:db8:2::20 icmp", "drop 10.1.0.10 10.2.0.20 proto/99",
	       "pass 10.2.0.20 10.1.0.10 tcp/5723", "pass 10.2.0.99 10.1.0.10 tcp/22");
	report = denied_await(lab, 8);
	assert_listed(report, "enforce");
	assert_int_equal(denied_number(report, "logged"), 8);
	json_decref(report);
	omfwd_expect_says(lab, 0, "denied",
	                  "to open it   omfwd --phase install --section prod --rows cur-18");
	omfwd_expect_says(lab, 0, "denied", "prod.windows_agent -> prod.management_server");
	omfwd_expect_says(lab, 0, "denied", "denied 8 packets");
}

static void test_audit(void **state)
{
	struct lab *lab = lab_need(state);
	json_t *report;

	denied_agent_start(lab, AUDIT);
	EXPECT(lab, "pass 10.1.0.10 10.2.0.20 tcp/445", "pass 10.1.0.10 10.2.0.20 tcp/5723",
	       "pass 10.2.0.21 10.1.0.10 udp/9", "pass 10.2.0.20 10.1.0.10 icmp",
	       "pass 2001:db8:2::20 2001:db8:1::10 tcp/22", "pass 2001:db8:1::10 2001:db8:2::20 udp/161",
	       "pass 2001:db8:1::10 2001:db8:2::20 icmp", "pass 10.1.0.10 10.2.0.20 proto/99",
	       "pass 10.2.0.20 10.1.0.10 tcp/5723");
	report = denied_await(lab, 8);
	assert_listed(report, "audit");
	json_decref(report);
	omfwd_expect_says(lab, 0, "denied", "would be denied 8 packets");
	lab_write("omfwd.conf", ENFORCE);
	omfwd_expect(lab, 0, "reload");
	omfwd_expect_says(lab, 0, "denied", "icmp, logged 1 time; passed, in audit mode\n");
}

/* A window that opens afterwards: the entry stays and tells that it would pass now. */
static void test_allowed_since(void **state)
{
	struct lab *lab = lab_need(state);
	json_t *report;

	denied_agent_start(lab, ENFORCE);
	EXPECT(lab, "drop 10.1.0.10 10.2.0.20 tcp/445");
	json_decref(denied_await(lab, 1));
	omfwd_expect(lab, 0, "--phase install --for 10m");
	omfwd_expect_says(lab, 0, "explain 10.1.0.10 10.2.0.20 tcp/445", " left)\n");
	omfwd_expect_says(lab, 0, "status", "bytes  last packet\n");
	omfwd_expect_says(lab, 0, "status", "  before 2");
	report = denied_json(lab, 0, "");
	assert_string_equal(denied_text(entry_of(report, "10.1.0.10 10.2.0.20 tcp/445"), "reason"), "none");
	assert_true(json_is_null(json_object_get(entry_of(report, "10.1.0.10 10.2.0.20 tcp/445"), "remedy")));
	json_decref(report);
}

/* A loud flow does not hide a rare one, and no packet is missing from the totals. */
static void test_burst(void **state)
{
	struct lab *lab = lab_need(state);
	static struct probe probes[5000];
	json_t *report;

	denied_agent_start(lab, ENFORCE);
	for (size_t i = 0; i < 5000; i++)
		probes[i] = (struct probe){.src = address_of("10.1.0.10"),
		                           .dst = address_of("10.2.0.20"),
		                           .proto = IPPROTO_TCP,
		                           .dport = 445};
	probes[4000].dport = 139;
	burst_run(lab, probes, 5000);
	report = denied_await(lab, 2);
	assert_int_equal(denied_number(json_object_get(report, "totals"), "packets"), 5000);
	assert_int_equal(denied_number(entry_of(report, "10.1.0.10 10.2.0.20 tcp/139"), "count"), 1);
	/* two at once, and one every ten seconds */
	assert_in_range(denied_number(entry_of(report, "10.1.0.10 10.2.0.20 tcp/445"), "count"), 2, 6);
	assert_int_equal(denied_number(report, "lost"), 0);
	json_decref(report);
}

/* The set of flows is full: totals stay exact, and the global share still logs. */
static void test_many_flows(void **state)
{
	struct lab *lab = lab_need(state);
	static struct probe probes[9000];
	json_t *report;

	denied_agent_start(lab, ENFORCE);
	for (size_t i = 0; i < 9000; i++)
		probes[i] = (struct probe){.src = address_of("10.1.0.10"),
		                           .dst = address_of("10.2.0.20"),
		                           .proto = IPPROTO_TCP,
		                           .dport = (uint16_t)(20000 + i)};
	burst_run(lab, probes, 9000);
	report = denied_await(lab, 20);
	assert_int_equal(denied_number(json_object_get(report, "totals"), "packets"), 9000);
	json_decref(report);
	/* what the kernel itself added is no drift */
	omfwd_expect_says(lab, 0, "status", "in step");
	omfwd_expect(lab, 0, "reload");
	omfwd_expect_says(lab, 0, "status", "in step");
}

/* A policy that was removed denies nothing and logs nothing, whatever the file says of log_denied. */
static void test_removed(void **state)
{
	struct lab *lab = lab_need(state);
	char *said;

	denied_agent_start(lab, ENFORCE);
	omfwd_expect(lab, 0, "remove");
	omfwd_expect_says(lab, 0, "denied", "problem  the policy was removed\n");
	said = omfwd_said(lab, 1, "status");
	assert_null(strstr(said, "denials"));
	free(said);
}

static void test_since(void **state)
{
	struct lab *lab = lab_need(state);
	json_t *report;

	denied_agent_start(lab, ENFORCE);
	EXPECT(lab, "drop 10.1.0.10 10.2.0.20 tcp/445");
	json_decref(denied_await(lab, 1));
	lab_sleep_ms(2100);
	EXPECT(lab, "drop 10.1.0.10 10.2.0.20 tcp/139");
	json_decref(denied_await(lab, 2));
	report = denied_json(lab, 0, "--since 1h");
	assert_int_equal(json_array_size(json_object_get(report, "entries")), 2);
	json_decref(report);
	lab_sleep_ms(3000);
	report = denied_json(lab, 0, "--since 1s");
	assert_int_equal(json_array_size(json_object_get(report, "entries")), 0);
	assert_int_equal(denied_number(json_object_get(report, "totals"), "packets"), 2);
	json_decref(report);
}

static void await_in_file(const char *path, const char *want)
{
	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS;; lab_sleep_ms(50)) {
		char *text = lab_read(path);
		bool found = strstr(text, want);

		free(text);
		if (found)
			return;
		if (lab_now_ms() > end)
			fail_msg("%s never said %s: %s", path, want, lab_read(path));
	}
}

static pid_t follow_start(struct lab *lab, const char *args)
{
	lab_write("follow", "");
	return lab_start(lab, NS_GATEWAY, -1,
	                 "'%s' denied --follow %s --config " CONFIG " --run-dir " RUN_DIR
	                 " --state-dir " STATE_DIR " >" LAB_DIR "/follow 2>&1",
	                 lab->binary, args);
}

static void test_follow(void **state)
{
	struct lab *lab = lab_need(state);
	pid_t agent, follow;
	int notify;

	lab_write("omfwd.conf", ENFORCE);
	agent = omfwd_agent_start(lab, &notify, "");
	EXPECT(lab, "drop 10.1.0.10 10.2.0.20 tcp/445");
	follow = follow_start(lab, "");
	await_in_file(LAB_DIR "/follow", "10.1.0.10 -> 10.2.0.20 tcp/445, logged 1 time\n");
	EXPECT(lab, "drop 2001:db8:2::20 2001:db8:1::10 udp/161");
	await_in_file(LAB_DIR "/follow", "2001:db8:2::20 -> 2001:db8:1::10 udp/161");
	kill(follow, SIGINT);
	assert_int_equal(lab_wait(lab, follow), 0);

	follow = follow_start(lab, "--json");
	await_in_file(LAB_DIR "/follow", "\"port\":445");
	assert_int_equal(omfwd_agent_stop(lab, agent, SIGTERM), 0);
	assert_int_equal(lab_wait(lab, follow), 3);
	await_in_file(LAB_DIR "/follow", "only a running agent keeps a list");
}

static void test_without_agent(void **state)
{
	struct lab *lab = lab_need(state);
	json_t *report;

	omfwd_apply(lab, ENFORCE);
	EXPECT(lab, "drop 10.1.0.10 10.2.0.20 tcp/445", "drop 10.1.0.10 10.2.0.20 tcp/139");
	report = denied_json(lab, 3, "");
	assert_int_equal(denied_number(json_object_get(report, "totals"), "packets"), 2);
	assert_null(json_object_get(report, "entries"));
	json_decref(report);
	omfwd_expect_says(lab, 3, "denied", "only a running one keeps a list");
	omfwd_expect(lab, 3, "denied --follow");
	omfwd_expect(lab, 0, "remove");
	omfwd_expect_says(lab, 3, "denied", "nothing is denied: there is no rule");
}

/* Somebody else has the group: the agent enforces all the same, says so, and has it when it is free. */
static void test_group_taken(void **state)
{
	struct lab *lab = lab_need(state);
	struct kernel_nflog *stranger;
	json_t *report;

	char *journal, *said;
	int notify;

	assert_int_equal(kernel_nflog_open(5, &stranger), 0);
	lab_write("omfwd.conf", ENFORCE);
	omfwd_agent_start(lab, &notify, "2>" LAB_DIR "/journal");
	omfwd_expect(lab, 0, "--phase install");
	omfwd_expect(lab, 0, "--phase run");
	EXPECT(lab, "drop 10.1.0.10 10.2.0.20 tcp/445");
	report = denied_json(lab, 0, "");
	assert_non_null(strstr(denied_text(report, "problem"), "another program listens to NFLOG group 5"));
	assert_int_equal(denied_number(json_object_get(report, "totals"), "packets"), 1);
	json_decref(report);
	omfwd_expect_says(lab, 0, "status", "another program listens to NFLOG group 5");
	kernel_nflog_close(stranger);
	omfwd_expect(lab, 0, "reload");
	EXPECT(lab, "drop 10.1.0.10 10.2.0.20 tcp/139");
	report = denied_await(lab, 1);
	assert_true(json_is_null(json_object_get(report, "problem")));
	json_decref(report);
	journal = lab_read(LAB_DIR "/journal"); /* whatever happened meanwhile, once */
	said = strstr(journal, "denials are counted but not listed");
	assert_non_null(said);
	assert_null(strstr(said + 1, "denials are counted but not listed"));
	free(journal);
}

/* The group that the file names is followed on reload, and none at all. */
static void test_group_changes(void **state)
{
	struct lab *lab = lab_need(state);
	json_t *report;
	char *said;

	denied_agent_start(lab, ENFORCE);
	lab_write("omfwd.conf", "[omfwd]\nlog_group = 7\n" ROLES);
	omfwd_expect(lab, 0, "reload");
	EXPECT(lab, "drop 10.1.0.10 10.2.0.20 tcp/445");
	json_decref(denied_await(lab, 1));
	lab_write("omfwd.conf", "[omfwd]\nlog_denied = no\n" ROLES);
	omfwd_expect(lab, 0, "reload");
	EXPECT(lab, "drop 10.1.0.10 10.2.0.20 tcp/139");
	report = denied_json(lab, 0, "");
	assert_string_equal(denied_text(report, "problem"), "log_denied = no: nothing is listed");
	said = omfwd_said(lab, 0, "status"); /* what the file asks for is no trouble */
	assert_null(strstr(said, "counted, not listed"));
	free(said);
	assert_int_equal(denied_number(json_object_get(report, "totals"), "packets"), 2);
	json_decref(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_enforce),     LAB_TEST(test_audit),         LAB_TEST(test_allowed_since),
	        LAB_TEST(test_burst),       LAB_TEST(test_many_flows),    LAB_TEST(test_removed),
	        LAB_TEST(test_since),       LAB_TEST(test_follow),        LAB_TEST(test_without_agent),
	        LAB_TEST(test_group_taken), LAB_TEST(test_group_changes),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

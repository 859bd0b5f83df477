/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Metrics as Prometheus gets them: judged by promtool, told by a running agent, by a file, and without either. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lab/expect.h"
#include "tests/lab/program.h"

#define METRICS LAB_DIR "/omfwd.prom"
#define ROLES                                                                                                \
	"[roles east]\nmanagement_server = 10.1.0.10, 2001:db8:1::10\nwindows_agent = 10.2.0.20, "           \
	"10.2.4.0/24\n[site_rule ping]\nfrom = 10.1.0.9\nto = 10.2.0.9\nprotocol = icmp\nreason = x\n"
#define POLICY "[omfwd]\ndeny_action = drop\nmetrics_file = " METRICS "\n" ROLES

static void skip_without_promtool(const struct lab *lab)
{
	struct run run;
	lab_run(lab, NS_GATEWAY, NULL, &run, "command -v promtool");
	bool found = run.code == 0;
	lab_run_free(&run);
	if (found)
		return;
	if (getenv("CI"))
		fail_msg("promtool is not installed; scripts/setup --ci installs it");
	print_message("[ SKIPPING ] promtool is not installed; scripts/setup --ci installs it\n");
	skip();
}

/* No complaint of any kind. */
static void expect_valid(const struct lab *lab, const char *metrics)
{
	struct run run;
	lab_run(lab, NS_GATEWAY, metrics, &run, "promtool check metrics 2>&1");
	if (run.code != 0 || *run.out)
		fail_msg("promtool: %d %s\n%s", run.code, run.out, metrics);
	lab_run_free(&run);
}

static void expect_sample(const char *metrics, const char *sample)
{
	char line[512];
	snprintf(line, sizeof(line), "\n%s\n", sample);
	if (!strstr(metrics, line))
		fail_msg("no sample \"%s\" in\n%s", sample, metrics);
}

static void expect_file(const char *sample)
{
	char *text = lab_read(METRICS);
	expect_sample(text, sample);
	free(text);
}

/* The log is heard when the kernel hands it over. */
static char *await_sample(const struct lab *lab, const char *sample)
{
	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS;; lab_sleep_ms(20)) {
		char *metrics = omfwd_said(lab, 0, "metrics");
		if (strstr(metrics, sample) || lab_now_ms() > end)
			return metrics;
		free(metrics);
	}
}

/* Everything that can be told at once is valid. */
static void test_promtool_is_content(void **state)
{
	struct lab *lab = lab_need(state);
	skip_without_promtool(lab);
	lab_write("omfwd.conf", POLICY);
	char *none = omfwd_said(lab, 0, "metrics");
	expect_valid(lab, none);
	expect_sample(none, "omfwd_phase{phase=\"none\"} 1");
	free(none);
	int notify;
	pid_t agent = omfwd_agent_start(lab, &notify, "");
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "drop 10.2.0.20 10.1.0.10 tcp/5724",
	       "drop 10.1.0.10 10.2.0.20 tcp/445", "pass 10.1.0.9 10.2.0.9 icmp");
	omfwd_expect(lab, 0, "--phase install --rows cur-18");
	lab_write("omfwd.conf", "[omfwd]\nmoed = audit\n");
	omfwd_expect(lab, 2, "reload");
	const char *logged = "omfwd_denials_logged_packets_total{source_role=\"east.windows_agent\","
	                     "destination_role=\"east.management_server\"} 1";
	char *all = await_sample(lab, logged);
	expect_sample(all, logged);
	expect_valid(lab, all);
	expect_sample(all, "omfwd_row_packets_total{section=\"east\",row=\"cur-16\"} 1");
	expect_sample(all, "omfwd_site_rule_packets_total{site_rule=\"ping\"} 1");
	expect_sample(all, "omfwd_denied_packets_total 2");
	expect_sample(all, "omfwd_denials_lost_packets_total 0");
	expect_sample(all, "omfwd_last_load_success 0");
	expect_sample(all, "omfwd_degraded 0");
	expect_sample(all, "omfwd_windows_open 1");
	expect_sample(all, "omfwd_role_members{section=\"east\",role=\"windows_agent\",family=\"ipv4\"} 2");
	free(all);
	assert_int_equal(omfwd_agent_stop(lab, agent, SIGTERM), 0);
	close(notify);
}

/* What comes after the answer to a reload takes its time. */
static void await_no_file(void)
{
	uint64_t end = lab_now_ms() + LAB_PATIENCE_MS;

	while (access(METRICS, F_OK) == 0) {
		assert_true(lab_now_ms() < end);
		lab_sleep_ms(5);
	}
}

/* The settle that updates the file tells systemd afterwards. */
static void test_agent_keeps_the_file(void **state)
{
	struct lab *lab = lab_need(state);
	struct stat st;
	int notify;
	lab_write("omfwd.conf", POLICY);
	pid_t agent = omfwd_agent_start(lab, &notify, "");
	assert_int_equal(stat(METRICS, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	expect_file("omfwd_agent_running 1");
	expect_file("omfwd_phase{phase=\"install\"} 0");
	omfwd_expect(lab, 0, "--phase install");
	omfwd_notify_await(notify, "STATUS=install", NULL, 0);
	expect_file("omfwd_phase{phase=\"install\"} 1");
	assert_int_equal(omfwd_agent_stop(lab, agent, SIGTERM), 0);
	expect_file("omfwd_agent_running 0");
	expect_file("omfwd_phase{phase=\"install\"} 1");
	close(notify);
	agent = omfwd_agent_start(lab, &notify, "");
	lab_write("omfwd.conf", ROLES);
	omfwd_notify_await(notify, "STATUS=install", NULL, 0);
	omfwd_expect(lab, 0, "reload");
	omfwd_notify_await(notify, "STATUS=install", NULL, 0);
	await_no_file(); /* one that nobody keeps is a lie */
	assert_int_equal(omfwd_agent_stop(lab, agent, SIGTERM), 0);
	close(notify);
}

/* A boot with a wrong role file is what metrics are for. */
static void test_last_good_policy_keeps_the_file(void **state)
{
	struct lab *lab = lab_need(state);
	int notify;
	omfwd_apply(lab, POLICY);
	lab_must(lab, NS_GATEWAY, "nft delete table inet omfwd");
	lab_write("omfwd.conf", "[omfwd]\nmoed = audit\n");
	pid_t agent = omfwd_agent_start(lab, &notify, "");
	expect_file("omfwd_degraded 1");
	expect_file("omfwd_last_load_success 0");
	assert_int_equal(omfwd_agent_stop(lab, agent, SIGTERM), 0);
	close(notify);
}

static size_t count_of(const char *text, const char *what)
{
	size_t n = 0;
	while ((text = strstr(text, what)))
		n++, text++;
	return n;
}

/* Told once, and nothing else changes. */
static void test_failing_is_not_fatal(void **state)
{
	struct lab *lab = lab_need(state);
	lab_must(lab, NS_GATEWAY, "mkdir -p " RUN_DIR " " STATE_DIR);
	lab_write("omfwd.conf", "[omfwd]\nmetrics_file = " LAB_DIR "/gone/omfwd.prom\n" ROLES);
	pid_t agent = lab_start(lab, NS_GATEWAY, -1,
	                        "'%s' agent --config " CONFIG " --run-dir " RUN_DIR " --state-dir " STATE_DIR
	                        " 2>" LAB_DIR "/journal",
	                        lab->binary);
	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS; !omfwd_agent_listens(); lab_sleep_ms(5))
		assert_true(lab_now_ms() < end);
	omfwd_expect(lab, 0, "--phase install");
	omfwd_expect(lab, 0, "--phase run");
	omfwd_expect_says(lab, 1, "status",
	                  "cannot write metrics to " LAB_DIR "/gone/omfwd.prom: No such file");
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "drop 10.2.0.20 10.1.0.10 tcp/5724");
	lab_must(lab, NS_GATEWAY, "mkdir " LAB_DIR "/gone");
	omfwd_expect(lab, 0, "reload");
	/* The file comes after the answer. */
	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS;
	     access(LAB_DIR "/gone/omfwd.prom", F_OK) < 0 && lab_now_ms() < end;)
		lab_sleep_ms(10);
	assert_int_equal(omfwd_agent_stop(lab, agent, SIGTERM), 0);
	char *journal = lab_read(LAB_DIR "/journal");
	assert_int_equal(count_of(journal, "cannot write metrics to"), 1);
	assert_int_equal(count_of(journal, "metrics are written to"), 1);
	free(journal);
	assert_int_equal(access(LAB_DIR "/gone/omfwd.prom", F_OK), 0);
}

static void test_output_option(void **state)
{
	struct lab *lab = lab_need(state);
	omfwd_apply(lab, ROLES);
	char *said = omfwd_said(lab, 0, "metrics --output " METRICS);
	assert_string_equal(said, "");
	free(said);
	expect_file("omfwd_agent_running 0");
	expect_file("omfwd_row_packets_total{section=\"east\",row=\"cur-16\"} 0");
	omfwd_expect_says(lab, 3, "metrics --output " LAB_DIR "/no/omfwd.prom", "cannot write");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_promtool_is_content),
	        LAB_TEST(test_agent_keeps_the_file),
	        LAB_TEST(test_last_good_policy_keeps_the_file),
	        LAB_TEST(test_failing_is_not_fatal),
	        LAB_TEST(test_output_option),
	};

	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

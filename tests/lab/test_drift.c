/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Others change an nft table that is not owned: what they do is undone at once and told with their name.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/expect.h"
#include "tests/lab/program.h"

#define POLICY                                                                                               \
	"[omfwd]\ndeny_scope = everything\nlog_denied = no\nown_table = no\n[roles prod]\n"                  \
	"management_server = 10.1.0.10, 2001:db8:1::10\nwindows_agent = 10.2.0.20, 2001:db8:2::20\n"         \
	"windows_agent = 10.2.8.0/24\n"
#define SECOND_AGENT "windows_agent = 10.2.0.21\n"

#define GRAIN_MS 50 /* of deadlines: timestamps and the kernel's ticks */

static bool passes(struct lab *lab, const char *src, const char *dst, uint16_t port)
{
	struct probe probe = {
	        .src = address_of(src), .dst = address_of(dst), .proto = IPPROTO_TCP, .dport = port};
	burst_run(lab, &probe, 1);
	return probe.arrived;
}

/* The reply to status, and its code. json_decref() it. */
static json_t *status(struct lab *lab, int *code)
{
	struct run run;
	omfwd_run(lab, &run, "status --json");
	json_t *reply = json_loads(run.out, 0, NULL);
	if (!reply)
		fail_msg("status --json says %s%s", run.out, run.err);
	*code = run.code;
	lab_run_free(&run);
	return reply;
}

static long long drift_number(struct lab *lab, const char *key)
{
	int code;
	json_t *reply = status(lab, &code);
	json_t *value = json_object_get(json_object_get(reply, "drift"), key);
	long long number = json_is_boolean(value) ? json_is_true(value) : json_integer_value(value);
	json_decref(reply);
	return number;
}

static void await_number(struct lab *lab, const char *key, long long want)
{
	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS; drift_number(lab, key) != want; lab_sleep_ms(10))
		if (lab_now_ms() > end)
			fail_msg("%s: %lld, not %lld", key, drift_number(lab, key), want);
}

/* A member of the last entry of the history, malloc'ed. */
static char *drift_last(struct lab *lab, const char *key)
{
	int code;
	json_t *reply = status(lab, &code);
	json_t *history = json_object_get(json_object_get(reply, "drift"), "history");
	json_t *last = json_array_get(history, json_array_size(history) - 1);
	const char *text = json_string_value(json_object_get(last, key));
	char *copy = strdup(text ? text : "");
	json_decref(reply);
	return copy;
}

static void expect_last(struct lab *lab, const char *key, const char *want)
{
	char *text = drift_last(lab, key);
	if (!strstr(text, want))
		fail_msg("the last change is told with %s \"%s\", not \"%s\"", key, text, want);
	free(text);
}

static pid_t watching_agent(struct lab *lab)
{
	int notify;
	lab_write("omfwd.conf", POLICY);
	return omfwd_agent_start(lab, &notify, "");
}

static void await_verdict(struct lab *lab, const char *src, const char *dst, uint16_t port, bool pass)
{
	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS; passes(lab, src, dst, port) != pass;)
		if (lab_now_ms() > end)
			fail_msg("%s -> %s tcp/%u: still %s", src, dst, port, pass ? "denied" : "passing");
}

/* A rule handle of a chain: the first one. */
#define HANDLE_OF(chain) "$(nft -a list chain inet omfwd " chain " | grep -o 'handle [0-9]*$' | sed -n 2p)"

static const struct attack {
	const char *command, *told;
} attacks[] = {
        {"nft flush ruleset", "deleted the table"},
        {"nft delete table inet omfwd", "deleted the table"},
        {"nft flush table inet omfwd", "rules"},
        {"nft add table inet omfwd '{ flags dormant; }'", "the table"},
        {"nft delete element inet omfwd prod.windows_agent.hosts4 '{ 10.2.0.20 }'",
         "prod.windows_agent.hosts4"},
        {"nft add element inet omfwd prod.windows_agent.nets4 '{ 10.2.0.99-10.2.0.100 }'",
         "prod.windows_agent.nets4"},
        {"nft delete rule inet omfwd forward " HANDLE_OF("forward"), "deleted 1 rule from chain forward"},
        {"nft insert rule inet omfwd forward accept", "added 1 rule to chain forward"},
        {"nft chain inet omfwd forward '{ policy accept; }'", "chain forward"},
        {"nft add chain inet omfwd evil '{ type filter hook forward priority -10; policy drop; }'",
         "chain evil"},
        {"nft add set inet omfwd evil '{ type ipv4_addr; }'", "set evil"},
        {"nft add quota inet omfwd evil '{ 10 mbytes; }'", "object evil"},
        {"nft 'add flowtable inet omfwd evil { hook ingress priority 0; devices = { gl, gr }; }; "
         "insert rule inet omfwd forward flow add @evil'",
         "flowtable evil"},
        {"nft list table inet omfwd >table; nft -f - <<E\ndelete table inet omfwd\n$(cat table)\nE",
         "the table"},
};
#define N_ATTACKS (sizeof(attacks) / sizeof(attacks[0]))

/* Names of sets carry a number that counts how often they were sent. */
static char *listing(struct lab *lab)
{
	struct run run;
	lab_run(lab, NS_GATEWAY, NULL, &run,
	        "nft list table inet omfwd | grep -v elements | sed -E 's/([a-z46])\\.[0-9]+\\b/\\1/g' | "
	        "sort");
	char *text = run.out;
	free(run.err);
	return text;
}

static void await_in_step(struct lab *lab, const char *before, const char *what)
{
	char *now = listing(lab);
	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS; strcmp(now, before) != 0; now = listing(lab)) {
		if (lab_now_ms() > end) {
			lab_write("before", before);
			lab_write("now", now);
			struct run run;
			lab_run(lab, NS_GATEWAY, NULL, &run, "diff " LAB_DIR "/before " LAB_DIR "/now");
			fail_msg("%s: not healed:\n%s", what, run.out);
		}
		free(now);
	}
	free(now);
}

/* Returns false when this kernel does not let anybody do it. */
static bool attack(struct lab *lab, const struct attack *attack)
{
	struct run run;
	lab_run(lab, NS_GATEWAY, NULL, &run, "cd " LAB_DIR "; %s", attack->command);
	bool done = run.code == 0;
	if (!done && !strstr(attack->command, "flowtable")) /* not every kernel has them */
		fail_msg("%s: %s", attack->command, run.err);
	lab_run_free(&run);
	return done;
}

static void test_heals_by_itself(void **state)
{
	struct lab *lab = lab_need(state);
	for (size_t i = 0; i < N_ATTACKS; i++) {
		lab_refresh(state);
		watching_agent(lab);
		char *before = listing(lab);
		if (!attack(lab, &attacks[i])) {
			free(before);
			continue;
		}
		/* Of elements the listing says nothing. */
		await_number(lab, "repairs", 1);
		await_in_step(lab, before, attacks[i].command);
		EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "pass 10.2.8.7 10.1.0.10 tcp/5723",
		       "drop 10.2.0.99 10.1.0.10 tcp/5723", "drop 10.1.0.10 10.2.0.20 tcp/445",
		       "pass 2001:db8:2::20 2001:db8:1::10 tcp/5723");
		expect_last(lab, "process", "nft");
		expect_last(lab, "did", attacks[i].told);
		expect_last(lab, "outcome", "repaired");
		assert_int_equal(drift_number(lab, "changes"), 1);
		free(before);
	}
}

static int compare_times(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* How long forbidden packets pass after the command that opened the gateway has returned. */
static void test_time_to_heal(void **state)
{
	struct lab *lab = lab_need(state);
	int times[12];
	for (int i = 0; i < 12; i++) {
		if (i % 4 == 0) {
			lab_refresh(state);
			watching_agent(lab);
		}
		lab_must(lab, NS_GATEWAY, "nft flush ruleset");
		uint64_t from = lab_now_ms();
		await_verdict(lab, "10.2.0.99", "10.1.0.10", 22, false);
		times[i] = (int)(lab_now_ms() - from);
	}
	qsort(times, 12, sizeof(times[0]), compare_times);
	print_message("denied again after nft flush ruleset returned: median %d ms, longest %d ms\n",
	              times[6], times[11]);
	await_number(lab, "repairs", 4);
}

static void test_closed_by_others_stays_closed(void **state)
{
	struct lab *lab = lab_need(state);
	watching_agent(lab);
	omfwd_expect(lab, 0, "--phase install --for 1h");
	EXPECT(lab, "pass 10.1.0.10 10.2.0.20 tcp/445");
	lab_must(lab, NS_GATEWAY, "nft flush set inet omfwd install_window; nft flush ruleset");
	await_verdict(lab, "10.2.0.99", "10.1.0.10", 22, false);
	EXPECT(lab, "drop 10.1.0.10 10.2.0.20 tcp/445", "pass 10.2.0.20 10.1.0.10 tcp/5723");
	lab_sleep_ms(100);
	EXPECT(lab, "drop 10.1.0.10 10.2.0.20 tcp/445");
	/* One protocol of it counts as all of it. */
	omfwd_expect(lab, 0, "--phase install --for 1h");
	lab_must(lab, NS_GATEWAY, "nft delete element inet omfwd install_window '{ udp }'");
	await_verdict(lab, "10.1.0.10", "10.2.0.20", 445, false);
}

static void test_opened_by_others_is_closed(void **state)
{
	struct lab *lab = lab_need(state);
	watching_agent(lab);
	lab_must(lab, NS_GATEWAY, "nft add element inet omfwd install_window '{ tcp timeout 1h }'");
	await_verdict(lab, "10.1.0.10", "10.2.0.20", 445, false);
	lab_must(lab, NS_GATEWAY, "nft add element inet omfwd prod.cur-18.window '{ tcp }'");
	await_verdict(lab, "10.1.0.10", "10.2.0.20", 445, false);
	assert_int_equal(drift_number(lab, "repairs"), 2);
	int code;
	json_t *reply = status(lab, &code);
	assert_int_equal(code, 0);
	assert_int_equal(json_array_size(json_object_get(reply, "windows")), 0);
	json_decref(reply);
}

/* Neither an extension nor a table that has to be made again gives a window more time than it was opened for. */
static void test_window_never_longer(void **state)
{
	struct lab *lab = lab_need(state);
	watching_agent(lab);
	uint64_t began = lab_now_ms();
	omfwd_expect(lab, 0, "--phase install --for 6s");
	uint64_t until = lab_now_ms() + 6000;
	lab_must(lab, NS_GATEWAY,
	         "nft 'delete element inet omfwd install_window { tcp }; "
	         "add element inet omfwd install_window { tcp timeout 5h }'");
	lab_sleep_ms(200);
	/* a slow machine may have slept through all of it */
	assert_true(passes(lab, "10.1.0.10", "10.2.0.20", 445) || lab_now_ms() >= began + 6000 - GRAIN_MS);
	lab_must(lab, NS_GATEWAY, "nft flush ruleset");
	await_verdict(lab, "10.2.0.99", "10.1.0.10", 22, false);
	assert_true(passes(lab, "10.1.0.10", "10.2.0.20", 445) || lab_now_ms() >= began + 6000 - GRAIN_MS);
	uint64_t now = lab_now_ms(), open_at = 0;
	for (; now < until + 2000 && passes(lab, "10.1.0.10", "10.2.0.20", 445); now = lab_now_ms())
		open_at = now;
	if (open_at > until + GRAIN_MS)
		fail_msg("open %u ms after its time", (unsigned)(open_at - until));
}

/* Others who mind their own tables are no drift, whatever we load meanwhile. */
static void test_other_tables(void **state)
{
	struct lab *lab = lab_need(state);
	watching_agent(lab);
	pid_t others =
	        lab_start(lab, NS_GATEWAY, -1,
	                  "sh -c 'while :; do nft add table inet others; nft delete table inet others; "
	                  "nft add table ip omfwd; nft delete table ip omfwd; done'");
	for (int i = 0; i < 10; i++) {
		lab_write("omfwd.conf", i % 2 ? POLICY : POLICY SECOND_AGENT);
		omfwd_expect(lab, 0, "reload");
		omfwd_expect(lab, 0, "--phase %s", i % 2 ? "run" : "install");
	}
	kill(others, SIGKILL);
	lab_wait(lab, others);
	assert_int_equal(drift_number(lab, "changes"), 0);
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "drop 10.2.0.21 10.1.0.10 tcp/5723");
	lab_must(lab, NS_GATEWAY, "nft flush ruleset");
	await_verdict(lab, "10.2.0.99", "10.1.0.10", 22, false);
}

/* More happens than the kernel can queue up for us, and a rule of ours is gone in between. */
static void test_lost_events(void **state)
{
	struct lab *lab = lab_need(state);
	pid_t pid = watching_agent(lab);
	kill(pid, SIGSTOP);
	for (int i = 0; i < 10; i++) /* all at once would be much for a slow machine */
		lab_must(lab, NS_GATEWAY,
		         "{ echo 'add table ip big; add set ip big s%d { type ipv4_addr . inet_service; }'; "
		         "echo 'add element ip big s%d {'; seq 30000 | awk '{ print (NR>1?\",\":\"\") "
		         "\"10.0.\" int($1/256) \".\" $1%%256 \" . 80\" }'; echo '}'; } | nft -f -",
		         i, i);
	lab_must(lab, NS_GATEWAY,
	         "nft delete element inet omfwd prod.windows_agent.hosts4 '{ 10.2.0.20 }'; "
	         "nft insert rule inet omfwd forward accept");
	EXPECT(lab, "pass 10.2.0.99 10.1.0.10 tcp/22");
	kill(pid, SIGCONT);
	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS; passes(lab, "10.2.0.99", "10.1.0.10", 22);)
		assert_true(lab_now_ms() < end);
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "drop 10.2.0.99 10.1.0.10 tcp/22");
	expect_last(lab, "did", "while nobody could listen");
	lab_must(lab, NS_GATEWAY, "nft flush ruleset");
	await_verdict(lab, "10.2.0.99", "10.1.0.10", 22, false);
	expect_last(lab, "did", "deleted the table");
}

/* Somebody who does not give up until he is told; if he was killed, the last nft that he started would go on. */
static pid_t flusher_start(struct lab *lab)
{
	return lab_start(lab, NS_GATEWAY, -1,
	                 "sh -c 'until [ -e " LAB_DIR "/enough ]; do nft flush ruleset; sleep 0.05; done'");
}

static void flusher_stop(struct lab *lab, pid_t pid)
{
	lab_write("enough", "");
	assert_int_equal(lab_wait(lab, pid), 0);
}

static void test_alarm(void **state)
{
	struct lab *lab = lab_need(state);
	watching_agent(lab);
	assert_int_equal(drift_number(lab, "alarm"), 0);
	pid_t flusher = flusher_start(lab);
	await_number(lab, "alarm", 1);
	struct run run;
	omfwd_run(lab, &run, "status");
	assert_int_equal(run.code, 1);
	assert_non_null(strstr(run.out, "ALARM"));
	lab_run_free(&run);
	/* From now on there is a repair every 10 seconds, and packets pass in between. */
	uint64_t from = lab_now_ms();
	long long repairs = drift_number(lab, "repairs");
	assert_true(repairs >= 5);
	await_verdict(lab, "10.2.0.99", "10.1.0.10", 22, true);
	lab_sleep_ms(2000);
	repairs = drift_number(lab, "repairs") - repairs;
	assert_true(repairs <= 1 + (long long)(lab_now_ms() - from) / 10000);
	/* The next repair comes by itself, and the alarm ends when nobody is at it any more. */
	flusher_stop(lab, flusher);
	await_verdict(lab, "10.2.0.99", "10.1.0.10", 22, false);
	await_number(lab, "alarm", 0);
	EXPECT(lab, "drop 10.2.0.99 10.1.0.10 tcp/22", "pass 10.2.0.20 10.1.0.10 tcp/5723");
}

static void test_reload_repairs_under_alarm(void **state)
{
	struct lab *lab = lab_need(state);
	watching_agent(lab);
	pid_t flusher = flusher_start(lab);
	await_number(lab, "alarm", 1);
	flusher_stop(lab, flusher);
	lab_must(lab, NS_GATEWAY, "nft flush ruleset");
	omfwd_expect(lab, 0, "reload");
	expect_last(lab, "outcome", "repaired");
	EXPECT(lab, "drop 10.2.0.99 10.1.0.10 tcp/22", "pass 10.2.0.20 10.1.0.10 tcp/5723");
}

static void test_removed_is_left_alone(void **state)
{
	struct lab *lab = lab_need(state);
	watching_agent(lab);
	omfwd_expect(lab, 0, "remove");
	lab_must(lab, NS_GATEWAY, "nft add table inet omfwd; nft delete table inet omfwd");
	lab_sleep_ms(100);
	lab_must(lab, NS_GATEWAY, "! nft list table inet omfwd 2>/dev/null");
	omfwd_expect(lab, 0, "reload");
	lab_must(lab, NS_GATEWAY, "nft flush ruleset");
	await_verdict(lab, "10.2.0.99", "10.1.0.10", 22, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_heals_by_itself),
	        LAB_TEST(test_time_to_heal),
	        LAB_TEST(test_closed_by_others_stays_closed),
	        LAB_TEST(test_opened_by_others_is_closed),
	        LAB_TEST(test_window_never_longer),
	        LAB_TEST(test_other_tables),
	        LAB_TEST(test_lost_events),
	        LAB_TEST(test_alarm),
	        LAB_TEST(test_reload_repairs_under_alarm),
	        LAB_TEST(test_removed_is_left_alone),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

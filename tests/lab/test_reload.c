/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * No gap and no leak: packets flow without a pause while the policy is loaded again and again under them. What every
 * version of the role file allows must always pass, what every version denies must never pass.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/lab/conn.h"
#include "tests/lab/expect.h"
#include "tests/lab/program.h"

#define BURST 240
#define MEMBERS                                                                                              \
	"[roles prod]\nmanagement_server = 10.1.0.10, 2001:db8:1::10\n"                                      \
	"windows_agent = 10.2.0.20, 2001:db8:2::20\nwindows_agent = 10.2.8.0/24, 2001:db8:2:8::/64\n"        \
	"operations_manager_database = 10.2.0.50\nunix_linux_agent = 10.2.0.30\n"
#define COMMON        "[omfwd]\ndeny_scope = everything\nlog_denied = no\n" MEMBERS
#define COMMON_SHARED "[omfwd]\ndeny_scope = everything\nlog_denied = no\nown_table = no\n" MEMBERS

/* Everything but what the probes look at: members, sections, rows, ports. */
#define OTHERS                                                                                               \
	"windows_agent = @file:" LAB_DIR                                                                     \
	"/many.list\nacs_collector = 10.1.0.10\nacs_forwarder = 10.2.0.0/26\n"                               \
	"[roles second]\nmanagement_server = 10.1.0.11\nwindows_agent = 10.2.0.21, 10.2.4.0/22\n"            \
	"[rows]\ncur-01 = both\ncur-04 = off\n[ports]\nssh = 2222\n"                                         \
	"[site_rule extra]\nfrom = 10.2.8.0/24\nto = 10.1.0.10\nprotocol = tcp\nports = 9999\nreason = "     \
	"test\n"

static const char *const allowed[][2] = {
        {"10.2.0.20", "10.1.0.10"},
        {"2001:db8:2::20", "2001:db8:1::10"},
        {"10.2.8.77", "10.1.0.10"},
        {"2001:db8:2:8::77", "2001:db8:1::10"},
};
static const char *const forbidden[][2] = {
        {"10.1.0.10", "10.2.0.20"},
        {"10.2.0.99", "10.1.0.10"},
        {"10.2.9.1", "10.1.0.99"},
        {"2001:db8:2:9::1", "2001:db8:1::10"},
};

struct tally {
	size_t sent, lost, leaked;
	char wrong[512]; /* the first few */
};

static void many_write(int parity)
{
	char path[64], *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	for (int i = 0; i < 3000; i++)
		if (i % 2 == parity || i % 7 == 0)
			fprintf(out, "10.2.%d.%d%s\n", 32 + i / 200, 2 * (i % 100), i % 5 ? "" : "/31");
	fclose(out);
	snprintf(path, sizeof(path), "many.list.%d", parity);
	lab_write(path, text);
	free(text);
}

static void versions_write(void)
{
	lab_write("a.conf", COMMON);
	lab_write("b.conf", COMMON OTHERS);
	lab_write("omfwd.conf", COMMON);
	many_write(0);
	many_write(1);
	lab_write("many.list", "10.2.32.0\n");
}

static struct probe probe_make(size_t i)
{
	const char *const *ends = i % 2 ? forbidden[i / 2 % 4] : allowed[i / 2 % 4];
	return (struct probe){.src = address_of(ends[0]),
	                      .dst = address_of(ends[1]),
	                      .proto = IPPROTO_TCP,
	                      .dport = i % 2 ? 22 : 5723};
}

static void wrong_note(struct tally *tally, const struct probe *probe)
{
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];
	size_t used = strlen(tally->wrong);
	snprintf(tally->wrong + used, sizeof(tally->wrong) - used, " [%s:%u -> %s %s after %zu]",
	         address_text(&probe->src, src), probe->sport, address_text(&probe->dst, dst),
	         probe->arrived ? "leaked" : "lost", tally->sent);
}

/* One burst, half of it allowed. */
static void tally_burst(struct lab *lab, struct tally *tally)
{
	struct probe probes[BURST];
	for (size_t i = 0; i < BURST; i++)
		probes[i] = probe_make(i);
	burst_run(lab, probes, BURST);
	for (size_t i = 0; i < BURST; i++) {
		if (probes[i].arrived != (i % 2 == 0))
			wrong_note(tally, &probes[i]);
		tally->lost += i % 2 == 0 && !probes[i].arrived;
		tally->leaked += i % 2 == 1 && probes[i].arrived;
	}
	tally->sent += BURST;
}

static void flow_once(struct lab *lab, const char *loop, struct tally *tally)
{
	pid_t pid = lab_start(lab, NS_GATEWAY, 2, "sh -ec '%s'", loop);
	siginfo_t info = {0};
	uint64_t end = lab_now_ms() + 10 * LAB_PATIENCE_MS;
	while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0) {
		tally_burst(lab, tally);
		lab_sleep_ms(
		        1); /* the kernel waits for every CPU to pause before it frees what a reload replaced */
		if (lab_now_ms() > end)
			fail_msg("the reloads do not end");
	}
	assert_int_equal(lab_wait(lab, pid), 0);
}

/* Sends until the shell loop has ended, and once more if that was too soon for so many packets. */
static struct tally flow_during(struct lab *lab, const char *loop, size_t at_least)
{
	struct tally tally = {0};
	do
		flow_once(lab, loop, &tally);
	while (tally.sent < at_least);
	return tally;
}

static void expect_clean(const struct tally *tally)
{
	print_message("%zu packets, %zu allowed lost, %zu forbidden leaked%s\n", tally->sent, tally->lost,
	              tally->leaked, tally->wrong);
	assert_int_equal(tally->lost, 0);
	assert_int_equal(tally->leaked, 0);
}

#define OMFWD_ARGS "--config " CONFIG " --run-dir " RUN_DIR " --state-dir " STATE_DIR
static const char *loop_text(const struct lab *lab, char *buf, size_t size, int times, const char *command)
{
	snprintf(buf, size,
	         "i=0; while [ $i -lt %d ]; do i=$((i + 1)); cp " LAB_DIR "/many.list.$((i %% 2)) " LAB_DIR
	         "/many.list; if [ $((i %% 3)) = 0 ]; then v=a; else v=b; fi; cp " LAB_DIR "/$v.conf " CONFIG
	         "; \"%s\" %s " OMFWD_ARGS " >/dev/null; done",
	         times, lab->binary, command);
	return buf;
}

static void test_reloads_by_the_agent(void **state)
{
	struct lab *lab = lab_need(state);
	char loop[8192];
	int notify;
	versions_write();
	pid_t pid = omfwd_agent_start(lab, &notify, "");
	const struct endpoint agent = {NS_RIGHT, "10.2.0.20", 0}, server = {NS_LEFT, "10.1.0.10", 5723};
	const struct endpoint target = {NS_RIGHT, "10.2.0.20", 445}, pusher = {NS_LEFT, "10.1.0.10", 0};
	struct conn conn, push;
	assert_true(conn_open(lab, &conn, &agent, &server, NULL));
	omfwd_expect(lab, 0, "--phase install --for 1h");
	assert_true(conn_open(lab, &push, &pusher, &target, NULL));
	long before = nft_counter(lab, "prod.cur-16");
	struct tally tally = flow_during(lab, loop_text(lab, loop, sizeof(loop), 200, "reload"), 10000);
	expect_clean(&tally);
	/* Each allowed SYN was counted once, by a counter that no reload reset. */
	assert_int_equal(nft_counter(lab, "prod.cur-16") - before, tally.sent / 2);
	assert_true(conn_is_alive(&conn));
	assert_true(conn_is_alive(&push));
	omfwd_expect(lab, 0, "--phase run");
	assert_false(conn_is_alive(&push));
	assert_true(conn_is_alive(&conn));
	assert_int_equal(omfwd_agent_stop(lab, pid, SIGTERM), 0);
}

static void test_reloads_without_an_agent(void **state)
{
	struct lab *lab = lab_need(state);
	char loop[8192];
	versions_write();
	omfwd_expect(lab, 0, "--phase run");
	struct tally tally = flow_during(lab, loop_text(lab, loop, sizeof(loop), 200, "reload"), 5000);
	expect_clean(&tally);
	assert_int_equal(nft_counter(lab, "prod.cur-16"), tally.sent / 2);
}

/* Phases come and go; the packets the two phases agree on do not notice. */
static void test_phase_changes(void **state)
{
	struct lab *lab = lab_need(state);
	char loop[8192];
	int notify;
	versions_write();
	omfwd_agent_start(lab, &notify, "");
	snprintf(loop, sizeof(loop),
	         "i=0; while [ $i -lt 40 ]; do i=$((i + 1)); if [ $((i %% 2)) = 0 ]; then p=run; else "
	         "p=install; fi; "
	         "\"%s\" --phase $p " OMFWD_ARGS " >/dev/null; done",
	         lab->binary);
	struct tally tally = flow_during(lab, loop, 5000);
	expect_clean(&tally);
}

/* Killed at any moment, started again at once. */
static void test_kills_and_restarts(void **state)
{
	struct lab *lab = lab_need(state);
	char loop[8192];
	versions_write();
	lab_must(lab, NS_GATEWAY, "mkdir -p " RUN_DIR " " STATE_DIR);
	omfwd_expect(lab, 0, "--phase run");
	snprintf(loop, sizeof(loop),
	         "exec 2>/dev/null; i=0; while [ $i -lt 40 ]; do i=$((i + 1)); cp " LAB_DIR
	         "/many.list.$((i %% 2)) " LAB_DIR "/many.list; cp " LAB_DIR "/b.conf " CONFIG "; "
	         "\"%s\" agent " OMFWD_ARGS " >/dev/null 2>&1 & p=$!; sleep 0.0$((i %% 10))$((i * 7 %% 10)); "
	         "kill -9 $p; wait $p 2>/dev/null || true; done",
	         lab->binary);
	struct tally tally = flow_during(lab, loop, 5000);
	expect_clean(&tally);
	/* and what is left is whole */
	omfwd_expect(lab, 0, "reload");
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "drop 10.2.0.99 10.1.0.10 tcp/5723",
	       "pass 10.2.0.21 10.1.0.11 tcp/5723", "pass 10.2.8.1 10.1.0.10 tcp/9999");
}

/* Who takes the policy away cuts nothing, nor does who brings it back. */
static void test_removal_loses_nothing(void **state)
{
	struct lab *lab = lab_need(state);
	char loop[16384];
	lab_write("omfwd.conf", COMMON);
	snprintf(loop, sizeof(loop),
	         "mkdir -p " RUN_DIR " " STATE_DIR "; i=0; while [ $i -lt 60 ]; do \"%s\" reload " OMFWD_ARGS
	         " >/dev/null 2>&1; \"%s\" remove " OMFWD_ARGS " >/dev/null 2>&1; i=$((i + 1)); done",
	         lab->binary, lab->binary);
	struct tally tally = flow_during(lab, loop, 1000);
	tally.leaked = 0; /* while there is no policy, all passes */
	*tally.wrong = '\0';
	expect_clean(&tally);
}

/* What a set of the model is called in the kernel just now: its name, with a number behind it after some reloads. */
#define KERNEL_NAME(set) "$(nft list table inet omfwd | grep -om1 \"" set "[.0-9]*\")"

static const char *const damages[] = {
        "nft insert rule inet omfwd forward accept",
        "nft insert rule inet omfwd forward meta l4proto tcp tcp dport { 22, 23 } accept",
        "nft flush chain inet omfwd forward",
        "nft flush chain inet omfwd denied",
        "nft add element inet omfwd " KERNEL_NAME("prod.windows_agent.hosts4") " { 10.2.0.99 }",
        "nft delete element inet omfwd " KERNEL_NAME("prod.windows_agent.hosts4") " { 10.2.0.20 }",
        "nft flush set inet omfwd " KERNEL_NAME("prod.windows_agent.hosts6"),
        "nft \"add set inet omfwd surplus { type ipv4_addr; }\"",
        "nft \"add chain inet omfwd surplus; add rule inet omfwd surplus drop\"",
        "nft \"add chain inet omfwd early { type filter hook forward priority -5; policy drop; }\"",
        "nft delete table inet omfwd",
};

/* Does the damage, reloads, and tells whether omfwd said that all is well. */
static bool reload_after(struct lab *lab, const char *damage)
{
	struct run run;
	lab_must(lab, NS_GATEWAY, "%s", damage);
	omfwd_run(lab, &run, "reload");
	bool done = run.code == 0;
	if (!done)
		fprintf(stderr, "after %s: exit code %d, %s", damage, run.code, run.err);
	lab_run_free(&run);
	return done;
}

/* Members come and go beside the ones the probes use: more hosts, other hosts, networks elsewhere. */
static const char *const toggled[] = {
        "10.2.40.1, 2001:db8:2:40::1",
        "10.2.40.1, 10.2.40.2, 10.2.10.0/25, 10.2.6.128/25, 2001:db8:2:40::1, 2001:db8:2:a::/65",
        "10.2.40.1, 2001:db8:2:40::1",
        "10.2.40.1, 10.2.40.3, 2001:db8:2:40::1, 2001:db8:2:40::3",
        "10.2.40.1, 10.2.40.4, 10.2.40.5, 2001:db8:2:40::1, 2001:db8:2:40::5",
};

/* Networks that touch those of the probes, so that the range with the probe in it is another one each time. */
static const char *const touching[] = {
        "10.2.40.5",
        "10.2.40.5, 10.2.9.0/25, 10.2.7.128/25, 2001:db8:2:9::/65, 2001:db8:2:7:8000::/65",
        "10.2.40.5, 10.2.9.0/25, 2001:db8:2:9::/65",
        "10.2.40.5, 10.2.7.128/25, 2001:db8:2:7:8000::/65",
};

/* Reloads with one text after the other, times over. */
static void toggle(struct lab *lab, const char *const *members, size_t n, int times)
{
	char loop[8192], text[4096], name[32];
	int notify;
	for (size_t i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "%swindows_agent = %s\n", COMMON_SHARED, members[i]);
		snprintf(name, sizeof(name), "toggled.%zu", i);
		lab_write(name, text);
	}
	lab_write("omfwd.conf", text);
	omfwd_agent_start(lab, &notify, "");
	omfwd_expect(lab, 0, "--phase install --for 1h");
	snprintf(loop, sizeof(loop),
	         "i=0; while [ $i -lt %d ]; do cp " LAB_DIR "/toggled.$((i %% %zu)) " CONFIG
	         "; \"%s\" reload " OMFWD_ARGS " >/dev/null; i=$((i + 1)); done",
	         times, n, lab->binary);
	struct tally tally = flow_during(lab, loop, 5000);
	expect_clean(&tally);
	assert_int_equal(nft_counter(lab, "prod.cur-16"), tally.sent / 2);
}

/* No set may be exchanged for that. */
static void test_members_toggled(void **state)
{
	struct lab *lab = lab_need(state);
	toggle(lab, toggled, sizeof(toggled) / sizeof(toggled[0]), 200);
	lab_must(lab, NS_GATEWAY, "! nft list sets | grep \"set .*[46]\\.[0-9]\"");
	EXPECT(lab, "pass 10.2.40.5 10.1.0.10 tcp/5723", "drop 10.2.40.3 10.1.0.10 tcp/5723",
	       "drop 10.2.10.1 10.1.0.10 tcp/5723", "pass 10.1.0.10 10.2.0.20 tcp/445");
}

/* However it is done: 6.1 finds nothing for a moment when a range takes the place of another in its set. */
static void test_ranges_grow_and_shrink(void **state)
{
	struct lab *lab = lab_need(state);
	toggle(lab, touching, sizeof(touching) / sizeof(touching[0]), 100);
	EXPECT(lab, "pass 10.2.40.5 10.1.0.10 tcp/5723", "drop 10.2.9.1 10.1.0.10 tcp/5723",
	       "pass 10.2.7.200 10.1.0.10 tcp/5723", "pass 10.1.0.10 10.2.0.20 tcp/445");
}

/* Whatever others did to the table, the next reload makes it ours again. */
static void test_reload_heals(void **state)
{
	struct lab *lab = lab_need(state);
	int notify, failed = 0;
	for (int with_agent = 0; with_agent < 2; with_agent++) {
		lab_write("omfwd.conf", COMMON_SHARED);
		if (with_agent)
			omfwd_agent_start(lab, &notify, "");
		for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
			omfwd_expect(lab, 0, "reload");
			if (!reload_after(lab, damages[i])) {
				lab_must(lab, NS_GATEWAY, "nft delete table inet omfwd");
				failed++;
				continue;
			}
			EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "drop 10.2.0.20 10.1.0.10 tcp/22",
			       "drop 10.2.0.99 10.1.0.10 tcp/5723", "drop 10.2.0.99 10.1.0.99 udp/53",
			       "pass 2001:db8:2::20 2001:db8:1::10 tcp/5723");
		}
		lab_refresh(state);
	}
	assert_int_equal(failed, 0);
}

/* The same flow sees the textbook way of reloading leak or lose, or it sees nothing at all. */
static void test_flow_sees_a_gap(void **state)
{
	struct lab *lab = lab_need(state);
	versions_write();
	omfwd_expect(lab, 0, "--phase run");
	struct tally tally = {0};
	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS; tally.leaked == 0 && lab_now_ms() < end;)
		flow_once(lab,
		          "nft list table inet omfwd > " LAB_DIR "/table.nft; "
		          "i=0; while [ $i -lt 20 ]; do i=$((i + 1)); nft delete table inet omfwd; "
		          "nft -f " LAB_DIR "/table.nft; done",
		          &tally);
	assert_true(tally.leaked > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_reloads_by_the_agent),   LAB_TEST(test_reloads_without_an_agent),
	        LAB_TEST(test_phase_changes),          LAB_TEST(test_kills_and_restarts),
	        LAB_TEST(test_removal_loses_nothing),  LAB_TEST(test_members_toggled),
	        LAB_TEST(test_ranges_grow_and_shrink), LAB_TEST(test_reload_heals),
	        LAB_TEST(test_flow_sees_a_gap),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

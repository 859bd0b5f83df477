/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A flowtable of another table takes connections past every rule. First it is shown that it does, or the rest would be
 * blind; then that what is no longer allowed ends all the same, and nothing else does. On a kernel that has no
 * flowtables each test says so, and asserts that omfwd sees none; test_cut_entries does there what can be done.
 */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/lab/flow.h"
#include "tests/lab/program.h"

/* The kernel gives flows up within a second of their entry's end, and looks once a second. */
#define LET_GO_MS 2500

static const char config[] = "[omfwd]\ndeny_scope = %s\nlog_denied = no\n"
                             "[roles prod]\n"
                             "management_server = 10.2.0.10, 2001:db8:2::10\n"
                             "windows_agent = 10.1.0.20, 2001:db8:1::20\n"
                             "network_device = 10.1.0.40, 2001:db8:1::40\n";

static const struct {
	const char *name;
	uint8_t proto;
	enum lab_ns from;
	const char *client, *server, *via;
	uint16_t port;
} talks[] = {
        {"tcp", IPPROTO_TCP, NS_RIGHT, "10.2.0.10", "10.1.0.20", NULL, 445},
        {"tcp over v6", IPPROTO_TCP, NS_RIGHT, "2001:db8:2::10", "2001:db8:1::20", NULL, 445},
        {"udp", IPPROTO_UDP, NS_RIGHT, "10.2.0.10", "10.1.0.20", NULL, 137},
        {"udp over v6", IPPROTO_UDP, NS_RIGHT, "2001:db8:2::10", "2001:db8:1::20", NULL, 137},
        {"tcp behind dnat", IPPROTO_TCP, NS_RIGHT, "10.2.0.10", "10.1.0.20", "10.9.0.20", 139},
#define N_DOOMED 5
        {"5723", IPPROTO_TCP, NS_LEFT, "10.1.0.20", "10.2.0.10", NULL, 5723},
        {"5723 over v6", IPPROTO_TCP, NS_LEFT, "2001:db8:1::20", "2001:db8:2::10", NULL, 5723},
        {"snmp", IPPROTO_UDP, NS_RIGHT, "10.2.0.10", "10.1.0.40", NULL, 161},
        {"snmp over v6", IPPROTO_UDP, NS_RIGHT, "2001:db8:2::10", "2001:db8:1::40", NULL, 161},
};
#define N_TALKS (sizeof(talks) / sizeof(talks[0]))

static void config_write(const char *scope)
{
	char text[2048];
	snprintf(text, sizeof(text), config, scope);
	lab_write("omfwd.conf", text);
}

/* Where nothing can be offloaded, nothing must be found. */
static void expect_no_flowtable(const struct lab *lab)
{
	struct run run;
	omfwd_expect(lab, 0, "--phase run");
	omfwd_run(lab, &run, "status --json");
	assert_int_equal(run.code, 0);
	assert_non_null(strstr(run.out, "\"flowtables\": []"));
	lab_run_free(&run);
}

/* The flowtable, before or behind us; and a translation. False where there is no such thing. */
static bool flowtable_load(const struct lab *lab, int priority)
{
	char rules[1024];
	struct run run;
	snprintf(rules, sizeof(rules),
	         "table inet fast {\nflowtable path { hook ingress priority 0; devices = { gl, gr }; }\n"
	         "chain put { type filter hook forward priority %d; meta l4proto { tcp, udp } flow add "
	         "@path\n}\n"
	         "chain pre { type nat hook prerouting priority -100; ip daddr 10.9.0.20 dnat ip to "
	         "10.1.0.20\n"
	         "}\n}\n",
	         priority);
	lab_write("fast.nft", rules);
	lab_run(lab, NS_GATEWAY, NULL, &run, "nft -f " LAB_DIR "/fast.nft");
	bool loaded = run.code == 0;
	assert_null(strstr(run.err, "syntax"));
	if (!loaded) {
		fprintf(stderr, "this kernel has no flowtables, so only that is tested: %s\n", run.err);
		expect_no_flowtable(lab);
	}
	lab_run_free(&run);
	return loaded;
}

/* Opens all of them, and talks until the kernel has offloaded them. */
static void talks_open(const struct lab *lab, struct flow *flows)
{
	for (size_t i = 0; i < N_TALKS; i++) {
		const struct endpoint client = {talks[i].from, talks[i].client, 0},
		                      server = {NS_LEFT + NS_RIGHT - talks[i].from, talks[i].server,
		                                talks[i].port},
		                      via = {NS_GATEWAY, talks[i].via, talks[i].port};
		flows[i] = (struct flow){.proto = talks[i].proto};
		if (!flow_open(lab, &flows[i], &client, &server, talks[i].via ? &via : NULL))
			fail_msg("%s: did not come about", talks[i].name);
	}
	for (int i = 0; i < 5; i++)
		flows_check(flows, N_TALKS);
}

/* Whether each is alive, but for the doomed ones if they are to be dead. */
static void talks_expect(struct flow *flows, bool cut)
{
	size_t wrong = 0;
	flows_check(flows, N_TALKS);
	for (size_t i = 0; i < N_TALKS; i++) {
		if (flows[i].alive == (!cut || i >= N_DOOMED))
			continue;
		fprintf(stderr, "%s: %s\n", talks[i].name, flows[i].alive ? "still alive" : "dead");
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static bool is_any_doomed_alive(const struct flow *flows)
{
	for (size_t i = 0; i < N_DOOMED; i++)
		if (flows[i].alive)
			return true;
	return false;
}

/* Keeps talking while the kernel lets go, which takes a busy one longer: what is allowed must not even pause. */
static void talks_expect_cut(struct flow *flows)
{
	uint64_t begun = lab_now_ms();
	for (uint64_t now = begun;
	     now < begun + LET_GO_MS || (is_any_doomed_alive(flows) && now < begun + LAB_PATIENCE_MS);
	     now = lab_now_ms()) {
		flows_check(flows, N_TALKS);
		for (size_t i = N_DOOMED; i < N_TALKS; i++)
			if (!flows[i].alive)
				fail_msg("%s: paused", talks[i].name);
	}
	talks_expect(flows, true);
	for (size_t i = 0; i < N_TALKS; i++)
		flow_close(&flows[i]);
}

/* Without this the other tests would prove nothing: a closed window alone does not end what is offloaded. */
static void test_rules_alone_cut_nothing(void **state)
{
	struct lab *lab = lab_need(state);
	struct flow flows[N_TALKS];
	config_write("roles");
	if (!flowtable_load(lab, 10))
		return;
	omfwd_expect(lab, 0, "--phase install");
	talks_open(lab, flows);
	lab_must(lab, NS_GATEWAY, "nft flush set inet omfwd install_window");
	lab_sleep_ms(LET_GO_MS);
	talks_expect(flows, false);
	omfwd_expect(lab, 0, "--phase run"); /* no agent: the command does it */
	talks_expect_cut(flows);
}

static void status_expect(const struct lab *lab, const char *want)
{
	struct run run;
	omfwd_run(lab, &run, "status");
	if (!strstr(run.out, want))
		fail_msg("status does not say \"%s\":\n%s", want, run.out);
	lab_run_free(&run);
}

static void test_closing_cuts(void **state)
{
	static const int priorities[] = {10, -10};
	struct lab *lab = lab_need(state);
	for (size_t i = 0; i < 2; i++) {
		struct flow flows[N_TALKS];
		int notify;
		config_write(i ? "everything" : "roles");
		if (!flowtable_load(lab, priorities[i]))
			return;
		pid_t agent = omfwd_agent_start(lab, &notify, "--phase install");
		talks_open(lab, flows);
		talks_expect(flows, false);
		status_expect(lab, "flowtable inet fast path carries connections past every rule");
		omfwd_expect(lab, 0, "--phase run");
		talks_expect_cut(flows);
		status_expect(lab, "cut so far: 5 connections");
		assert_int_equal(omfwd_agent_stop(lab, agent, SIGTERM), 0);
		lab_refresh(state);
	}
}

static void test_expiry_cuts(void **state)
{
	struct lab *lab = lab_need(state);
	struct flow flows[N_TALKS];
	int notify;
	config_write("roles");
	if (!flowtable_load(lab, 10))
		return;
	omfwd_agent_start(lab, &notify, "");
	omfwd_expect(lab, 0, "--phase install --for 1h");
	talks_open(lab, flows);
	talks_expect(flows, false);
	omfwd_expect(lab, 0, "--phase install --for 2s"); /* takes the place of what is left */
	uint64_t latest = lab_now_ms() + 2000;
	lab_sleep_until_ms(latest);
	talks_expect_cut(flows);
}

/* An agent that died meanwhile makes up for it when it comes back. */
static void test_expiry_while_dead_is_made_up_for(void **state)
{
	struct lab *lab = lab_need(state);
	struct flow flows[N_TALKS];
	int notify;
	config_write("roles");
	if (!flowtable_load(lab, 10))
		return;
	pid_t agent = omfwd_agent_start(lab, &notify, "");
	omfwd_expect(lab, 0, "--phase install --for 1h");
	talks_open(lab, flows);
	omfwd_expect(lab, 0, "--phase install --for 6s"); /* takes the place of what is left */
	uint64_t latest = lab_now_ms() + 6000;
	omfwd_agent_stop(lab, agent, SIGKILL);
	lab_sleep_until_ms(latest + 500);
	talks_expect(flows, false);
	omfwd_agent_start(lab, &notify, "");
	talks_expect_cut(flows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_rules_alone_cut_nothing),
	        LAB_TEST(test_closing_cuts),
	        LAB_TEST(test_expiry_cuts),
	        LAB_TEST(test_expiry_while_dead_is_made_up_for),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

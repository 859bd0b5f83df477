/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections that live: answers pass, what the policy no longer allows is cut at once, and nothing else is. */
#include <stdio.h>
#include <unistd.h>

#include "tests/lab/conn.h"
#include "tests/lab/expect.h"
#include "tests/lab/program.h"

#define MEMBERS                                                                                              \
	"[roles prod]\nmanagement_server = 10.2.0.10, 2001:db8:2::10\nnetwork_device = 10.1.0.40, "          \
	"2001:db8:1::40\n"
#define AGENTS "windows_agent = 10.1.0.20, 10.1.0.21, 2001:db8:1::20\n"

static const struct endpoint agent = {NS_LEFT, "10.1.0.20", 445};
static const struct endpoint agent6 = {NS_LEFT, "2001:db8:1::20", 445};
static const struct endpoint other_agent = {NS_LEFT, "10.1.0.21", 445};
static const struct endpoint server = {NS_RIGHT, "10.2.0.10", 5723};
static const struct endpoint server6 = {NS_RIGHT, "2001:db8:2::10", 5723};

static void policy_apply(struct lab *lab, const char *roles, const char *rest)
{
	char config[2048];
	snprintf(config, sizeof(config), "[omfwd]\ndeny_scope = everything\nlog_denied = no\n%s%s", roles,
	         rest);
	omfwd_apply(lab, config);
}

static void test_answers_pass(void **state)
{
	struct lab *lab = lab_need(state);
	policy_apply(lab, MEMBERS AGENTS, "");
	struct conn conn, conn6, denied;
	assert_true(conn_open(lab, &conn, &agent, &server, NULL));
	assert_true(conn_open(lab, &conn6, &agent6, &server6, NULL));
	assert_true(conn_push(&conn, 300000));
	assert_true(conn_push(&conn6, 300000));
	const struct endpoint listener = {NS_LEFT, "10.1.0.20", 5723};
	assert_false(conn_open(lab, &denied, &server, &listener, NULL));
	conn_close(&denied);
	conn_close(&conn);
	conn_close(&conn6);
	const struct endpoint device = {NS_LEFT, "10.1.0.40", 161},
	                      device6 = {NS_LEFT, "2001:db8:1::40", 161};
	assert_true(conn_udp_exchange(lab, &server, &device));
	assert_true(conn_udp_exchange(lab, &server6, &device6));
}

/* What only the install phase allows ends with it; 5723 does not even notice. */
static void test_closing_the_window_cuts(void **state)
{
	struct lab *lab = lab_need(state);
	policy_apply(lab, MEMBERS AGENTS, "");
	struct conn always, push, push6;
	assert_true(conn_open(lab, &always, &agent, &server, NULL));
	omfwd_expect(lab, 0, "--phase install");
	assert_true(conn_open(lab, &push, &server, &agent, NULL));
	assert_true(conn_open(lab, &push6, &server6, &agent6, NULL));
	omfwd_expect(lab, 0, "--phase run");
	assert_false(conn_is_alive(&push));
	assert_false(conn_is_alive(&push6));
	assert_true(conn_is_alive(&always));
	conn_close(&push);
	conn_close(&push6);
	conn_close(&always);
}

static void test_expiry_cuts(void **state)
{
	struct lab *lab = lab_need(state);
	policy_apply(lab, MEMBERS AGENTS, "");
	struct conn always, push;
	assert_true(conn_open(lab, &always, &agent, &server, NULL));
	omfwd_expect(lab, 0, "--phase install --for 1h");
	assert_true(conn_open(lab, &push, &server, &agent, NULL));
	omfwd_expect(lab, 0, "--phase install --for 2s"); /* takes the place of what is left */
	uint64_t latest = lab_now_ms() + 2000;
	lab_sleep_until_ms(latest);
	assert_false(conn_is_alive(&push));
	assert_true(conn_is_alive(&always));
	conn_close(&push);
	conn_close(&always);
}

static void test_removed_member_is_cut(void **state)
{
	struct lab *lab = lab_need(state);
	policy_apply(lab, MEMBERS AGENTS, "");
	struct conn removed, kept;
	assert_true(conn_open(lab, &removed, &agent, &server, NULL));
	const struct endpoint second = {NS_RIGHT, "10.2.0.11", 5723};
	policy_apply(lab, MEMBERS AGENTS, "management_server = 10.2.0.11\n");
	assert_true(conn_is_alive(&removed));
	assert_true(conn_open(lab, &kept, &other_agent, &second, NULL));
	policy_apply(lab, MEMBERS, "windows_agent = 10.1.0.21\nmanagement_server = 10.2.0.11\n");
	assert_false(conn_is_alive(&removed));
	assert_true(conn_is_alive(&kept));
	policy_apply(lab, MEMBERS AGENTS,
	             "management_server = 10.2.0.11\n[rows]\ncur-16 = off\ncur-18 = off\n");
	assert_false(conn_is_alive(&kept));
	conn_close(&removed);
	conn_close(&kept);
}

/* Connections that conntrack meets in the middle go on, even when the server speaks first. */
static void test_connections_older_than_the_policy(void **state)
{
	struct lab *lab = lab_need(state);
	struct conn conn, conn6, denied;
	const struct endpoint ssh = {NS_RIGHT, "10.2.0.10", 22};
	assert_true(conn_open(lab, &conn, &agent, &server, NULL));
	assert_true(conn_open(lab, &conn6, &agent6, &server6, NULL));
	assert_true(conn_open(lab, &denied, &agent, &ssh, NULL));
	policy_apply(lab, MEMBERS AGENTS, "");
	struct conn turned = {.client = conn.server, .server = conn.client, .listener = -1};
	struct conn turned6 = {.client = conn6.server, .server = conn6.client, .listener = -1};
	for (int i = 0; i < 2; i++) {
		conntrack_flush(lab);
		assert_true(conn_is_alive(&turned));
		assert_true(conn_is_alive(&turned6));
		conntrack_flush(lab);
		assert_true(conn_is_alive(&conn));
		assert_true(conn_is_alive(&conn6));
	}
	assert_false(conn_is_alive(&denied));
}

/* A server cannot open anything by sending from the port that it listens on. */
static void test_source_port_opens_nothing(void **state)
{
	struct lab *lab = lab_need(state);
	policy_apply(lab, MEMBERS AGENTS, "");
	static const uint8_t flags[] = {TCP_SYN, TCP_SYN | TCP_FIN, TCP_ACK, TCP_SYN};
	struct probe probes[8];
	for (int i = 0; i < 8; i++)
		probes[i] = (struct probe){.src = address_of(i % 2 ? "2001:db8:2::10" : "10.2.0.10"),
		                           .dst = address_of(i % 2 ? "2001:db8:1::20" : "10.1.0.20"),
		                           .proto = IPPROTO_TCP,
		                           .sport = 5723,
		                           .dport = 445,
		                           .tcp_flags = flags[i / 2]};
	burst_run(lab, probes, 8);
	for (int i = 0; i < 8; i++)
		if (probes[i].tcp_flags & TCP_SYN)
			assert_false(probes[i].arrived);
}

static void nat_load(struct lab *lab, const char *rules)
{
	lab_write("nat.nft", rules);
	lab_must(lab, NS_GATEWAY, "nft -f " LAB_DIR "/nat.nft");
}

/* The server's own address and port count, whatever the client was told to connect to. */
static void test_dnat(void **state)
{
	struct lab *lab = lab_need(state);
	policy_apply(lab, MEMBERS AGENTS, "");
	nat_load(lab, "table inet nat { chain pre { type nat hook prerouting priority -100;\n"
	              "ip daddr 10.9.0.77 tcp dport 15723 dnat ip to 10.2.0.10:5723\n"
	              "ip daddr 10.9.0.78 tcp dport 5723 dnat ip to 10.2.0.10:22\n"
	              "ip6 daddr 2001:db8:9::77 tcp dport 15723 dnat ip6 to [2001:db8:2::10]:5723\n}\n}\n");
	const struct endpoint vip = {NS_GATEWAY, "10.9.0.77", 15723}, trick = {NS_GATEWAY, "10.9.0.78", 5723};
	const struct endpoint vip6 = {NS_GATEWAY, "2001:db8:9::77", 15723};
	const struct endpoint ssh = {NS_RIGHT, "10.2.0.10", 22}, stranger = {NS_LEFT, "10.1.0.99", 0};
	struct conn good, good6, wrong_port, wrong_client;
	assert_true(conn_open(lab, &good, &agent, &server, &vip));
	assert_true(conn_open(lab, &good6, &agent6, &server6, &vip6));
	assert_false(conn_open(lab, &wrong_port, &agent, &ssh, &trick));
	conn_close(&good);
	assert_false(conn_open(lab, &wrong_client, &stranger, &server, &vip));
	conn_close(&good6);
	conn_close(&wrong_port);
	conn_close(&wrong_client);
	lab_must(lab, NS_GATEWAY, "nft delete table inet nat");
}

/* The client's own address counts, whatever the server gets to see. */
static void test_snat(void **state)
{
	struct lab *lab = lab_need(state);
	policy_apply(lab, MEMBERS AGENTS, "");
	nat_load(lab, "table inet nat { chain post { type nat hook postrouting priority 100;\n"
	              "ip saddr 10.1.0.20 snat ip to 10.9.0.99\n"
	              "ip saddr 10.1.0.99 snat ip to 10.1.0.21\n"
	              "ip6 saddr 2001:db8:1::20 snat ip6 to 2001:db8:9::99\n}\n}\n");
	const struct endpoint stranger = {NS_LEFT, "10.1.0.99", 0};
	struct conn good, good6, bad;
	assert_true(conn_open(lab, &good, &agent, &server, NULL));
	assert_true(conn_open(lab, &good6, &agent6, &server6, NULL));
	conn_close(&good);
	assert_false(conn_open(lab, &bad, &stranger, &server, NULL));
	conn_close(&good6);
	conn_close(&bad);
	lab_must(lab, NS_GATEWAY, "nft delete table inet nat");
}

/* The gateway's own link address holds a role and everything is denied: neighbours still find each other. */
static void test_neighbour_discovery(void **state)
{
	struct lab *lab = lab_need(state);
	policy_apply(lab,
	             "[roles prod]\nmanagement_server = 2001:db8:1:ffff::1, 2001:db8:2::10\n"
	             "windows_agent = 2001:db8:1:ffff::2, 2001:db8:1::20\n",
	             "");
	lab_must(lab, NS_GATEWAY, "ip neigh del 2001:db8:1:ffff::2 dev gl");
	lab_must(lab, NS_LEFT, "ip neigh del 2001:db8:1:ffff::1 dev l0");
	const struct endpoint held = {NS_GATEWAY, "2001:db8:1:ffff::1", 5723};
	const struct endpoint on_link = {NS_LEFT, "2001:db8:1:ffff::2", 0};
	struct conn local, forwarded;
	bool passed = conn_open(lab, &local, &on_link, &held, NULL);
	passed = conn_open(lab, &forwarded, &agent6, &server6, NULL) && passed;
	lab_must(lab, NS_LEFT,
	         "ip neigh replace 2001:db8:1:ffff::1 lladdr 02:00:00:00:01:01 dev l0 nud permanent");
	lab_must(lab, NS_GATEWAY,
	         "ip neigh replace 2001:db8:1:ffff::2 lladdr 02:00:00:00:01:02 dev gl nud permanent");
	assert_true(passed);
	conn_close(&local);
	conn_close(&forwarded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_answers_pass),
	        LAB_TEST(test_closing_the_window_cuts),
	        LAB_TEST(test_expiry_cuts),
	        LAB_TEST(test_removed_member_is_cut),
	        LAB_TEST(test_connections_older_than_the_policy),
	        LAB_TEST(test_source_port_opens_nothing),
	        LAB_TEST(test_dnat),
	        LAB_TEST(test_snat),
	        LAB_TEST(test_neighbour_discovery),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

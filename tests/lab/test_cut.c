/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is taken away cuts exactly the connections concerned. Each change is held against conversations over TCP, UDP
 * and ICMP, v4 and v6, plain, to an address the gateway translates, and from one it hides; beside them run others of
 * every such kind that must not notice, and two on 5723 of which no packet may be lost.
 */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/lab/flow.h"
#include "tests/lab/program.h"

/* Hosts: the number of the first of three, one for each way. Management servers are on the right, the rest left. */
enum host {
	MS = 10,
	AGENT = 20,
	OTHER_AGENT = 24,
	DATABASE = 50,
	WAREHOUSE = 60,
	DEVICE = 40,
	OTHER_DEVICE = 44
};
#define PUMP 77

/* Three numbers, both families, of a side. */
#define HOSTS(side, a, b, c)                                                                                 \
	"10." #side ".0." #a ", 10." #side ".0." #b ", 10." #side ".0." #c ", 2001:db8:" #side "::" #a       \
	", 2001:db8:" #side "::" #b ", 2001:db8:" #side "::" #c
#define PUMP_HOST(side) "10." #side ".0.77, 2001:db8:" #side "::77"

static const char settings[] = "deny_scope = everything\nlog_denied = no\n";
static const char roles[] =
        "[roles prod]\n"
        "management_server = " HOSTS(2, 10, 11, 12) ", " PUMP_HOST(
                2) "\n"
                   "windows_agent = " HOSTS(1, 24, 25, 26) ", " PUMP_HOST(
                           1) "\n"
                              "operations_manager_database = " HOSTS(
                                      1, 50, 51, 52) "\n"
                                                     "reporting_data_warehouse = " HOSTS(
                                                             1, 60, 61, 62) "\n"
                                                                            "network_device = " HOSTS(
                                                                                    1, 44, 45, 46) "\n";
static const char members[] =
        "windows_agent = " HOSTS(1, 20, 21, 22) "\n"
                                                "network_device = " HOSTS(1, 40, 41, 42) "\n";
static const char pings[] = "[site_rule ping-to-install]\n"
                            "from = @prod.management_server\nto = @prod.windows_agent\n"
                            "protocol = icmp\nphase = install\nreason = test\n"
                            "[site_rule ping-always]\n"
                            "from = @prod.management_server\nto = @prod.reporting_data_warehouse\n"
                            "protocol = icmp\nreason = test\n";

/* A conversation in every family and way: three hosts at either end. */
struct kind {
	bool doomed;
	uint8_t proto;
	enum host client, server;
	uint16_t port;
};

enum way { PLAIN, DNAT, SNAT, WAY_MAX };
static const char *const way_names[WAY_MAX] = {"plain", "behind dnat", "behind snat"};

#define KINDS_MAX 8
#define FLOWS_MAX (KINDS_MAX * 2 * WAY_MAX)

struct scene {
	struct lab *lab;
	const struct kind *kinds;
	size_t n_kinds, n;
	struct flow flows[FLOWS_MAX];
	bool doomed[FLOWS_MAX];
	struct pump pump;
};

static void config_write(const char *more_settings, const char *more_members, const char *rest)
{
	char config[8192];
	snprintf(config, sizeof(config), "[omfwd]\n%s%s%s%s%s%s", settings, more_settings, roles,
	         more_members, pings, rest);
	lab_write("omfwd.conf", config);
}

static int host_side(enum host host)
{
	return host == MS ? 2 : 1;
}

static void address_write(bool v6, int side, unsigned host, char *buf, size_t size)
{
	snprintf(buf, size, v6 ? "2001:db8:%d::%u" : "10.%d.0.%u", side, host);
}

/* The address and port that the gateway translates into a server's. */
static void via_write(bool v6, const struct kind *kind, char *buf, size_t size, uint16_t *port)
{
	snprintf(buf, size, v6 ? "2001:db8:9:%d::%u" : "10.9.%d.%u", host_side(kind->server),
	         (unsigned)kind->server + DNAT);
	*port = kind->proto == IPPROTO_ICMP ? 0 : (uint16_t)(kind->port + 10000);
}

static size_t dnat_write(bool v6, const struct kind *kind, char *buf, size_t size)
{
	const char *ip = v6 ? "ip6" : "ip";
	char via[64], server[64];
	uint16_t port;
	via_write(v6, kind, via, sizeof(via), &port);
	address_write(v6, host_side(kind->server), (unsigned)kind->server + DNAT, server, sizeof(server));
	if (kind->proto == IPPROTO_ICMP)
		return (size_t)snprintf(buf, size, "%s daddr %s meta l4proto %s dnat %s to %s\n", ip, via,
		                        v6 ? "icmpv6" : "icmp", ip, server);
	return (size_t)snprintf(buf, size, "%s daddr %s %s dport %u dnat %s to %s%s%s:%u\n", ip, via,
	                        kind->proto == IPPROTO_TCP ? "tcp" : "udp", port, ip, v6 ? "[" : "", server,
	                        v6 ? "]" : "", kind->port);
}

static size_t snat_write(bool v6, const struct kind *kind, char *buf, size_t size)
{
	const char *ip = v6 ? "ip6" : "ip";
	char client[64], hidden[64];
	address_write(v6, host_side(kind->client), (unsigned)kind->client + SNAT, client, sizeof(client));
	snprintf(hidden, sizeof(hidden), v6 ? "2001:db8:9::1:%u" : "10.9.200.%u", (unsigned)kind->client);
	return (size_t)snprintf(buf, size, "%s saddr %s snat %s to %s\n", ip, client, ip, hidden);
}

static void nat_load(const struct scene *scene)
{
	char rules[16384];
	size_t used = (size_t)snprintf(rules, sizeof(rules),
	                               "table inet nat {\nchain pre { type nat hook "
	                               "prerouting priority -100;\n");
	for (size_t i = 0; i < scene->n_kinds * 2; i++)
		used += dnat_write(i % 2, &scene->kinds[i / 2], rules + used, sizeof(rules) - used);
	used += (size_t)snprintf(rules + used, sizeof(rules) - used,
	                         "}\nchain post { type nat hook postrouting priority 100;\n");
	for (size_t i = 0; i < scene->n_kinds * 2; i++)
		used += snat_write(i % 2, &scene->kinds[i / 2], rules + used, sizeof(rules) - used);
	snprintf(rules + used, sizeof(rules) - used, "}\n}\n");
	lab_write("nat.nft", rules);
	lab_must(scene->lab, NS_GATEWAY, "nft -f " LAB_DIR "/nat.nft");
}

static void scene_open_flow(struct scene *scene, const struct kind *kind, bool v6, enum way way)
{
	struct flow *flow = &scene->flows[scene->n];
	int client_side = host_side(kind->client), server_side = host_side(kind->server);
	char from[64], to[64], via_address[64];
	uint16_t via_port;
	address_write(v6, client_side, (unsigned)kind->client + way, from, sizeof(from));
	address_write(v6, server_side, (unsigned)kind->server + way, to, sizeof(to));
	via_write(v6, kind, via_address, sizeof(via_address), &via_port);
	const struct endpoint client = {client_side == 1 ? NS_LEFT : NS_RIGHT, from, 0},
	                      server = {server_side == 1 ? NS_LEFT : NS_RIGHT, to, kind->port},
	                      via = {NS_GATEWAY, via_address, via_port};
	*flow = (struct flow){.proto = kind->proto};
	snprintf(flow->name, sizeof(flow->name), "%s -> %s, protocol %u port %u, %s", from, to, kind->proto,
	         kind->port, way_names[way]);
	scene->doomed[scene->n++] = kind->doomed;
	if (!flow_open(scene->lab, flow, &client, &server, way == DNAT ? &via : NULL))
		fail_msg("%s: did not come about", flow->name);
}

/* Opens everything; the policy and the phase that allow it are there already. */
static void scene_open(struct scene *scene, struct lab *lab, const struct kind *kinds, size_t n_kinds)
{
	scene->lab = lab;
	scene->kinds = kinds;
	scene->n_kinds = n_kinds;
	scene->n = 0;
	nat_load(scene);
	for (size_t i = 0; i < n_kinds; i++)
		for (int v6 = 0; v6 < 2; v6++)
			for (enum way way = PLAIN; way < WAY_MAX; way++)
				scene_open_flow(scene, &kinds[i], v6, way);
	pump_start(lab, &scene->pump, PUMP);
}

static void scene_expect_all(struct scene *scene)
{
	flows_check(scene->flows, scene->n);
	for (size_t i = 0; i < scene->n; i++)
		if (!scene->flows[i].alive)
			fail_msg("%s: cut before its time", scene->flows[i].name);
}

/* The doomed ones are dead, the others alive, 5723 lost nothing. */
static void scene_expect_cut(struct scene *scene)
{
	size_t wrong = 0;
	flows_check(scene->flows, scene->n);
	pump_stop(scene->lab, &scene->pump);
	for (size_t i = 0; i < scene->n; i++) {
		if (scene->flows[i].alive != scene->doomed[i])
			continue;
		fprintf(stderr, "%s: %s\n", scene->flows[i].name, scene->doomed[i] ? "still alive" : "cut");
		wrong++;
	}
	for (size_t i = 0; i < scene->n; i++)
		flow_close(&scene->flows[i]);
	if (wrong > 0)
		fail_msg("%zu of %zu conversations were treated wrongly", wrong, scene->n);
}

#define SCENE(scene, lab, kinds) scene_open((scene), (lab), (kinds), sizeof(kinds) / sizeof((kinds)[0]))

/* What only an install window lets in, and what it has nothing to do with. */
static const struct kind window_kinds[] = {
        {true, IPPROTO_TCP, MS, AGENT, 445},   {true, IPPROTO_UDP, MS, AGENT, 137},
        {true, IPPROTO_ICMP, MS, AGENT, 0},    {false, IPPROTO_TCP, AGENT, MS, 5723},
        {false, IPPROTO_UDP, MS, DEVICE, 161}, {false, IPPROTO_ICMP, MS, DEVICE, 0},
};

static void test_closing_the_window(void **state)
{
	struct lab *lab = lab_need(state);
	struct scene scene;
	int notify;
	config_write("", members, "");
	pid_t agent = omfwd_agent_start(lab, &notify, "--phase install");
	SCENE(&scene, lab, window_kinds);
	scene_expect_all(&scene);
	omfwd_expect(lab, 0, "--phase run");
	scene_expect_cut(&scene);
	assert_int_equal(omfwd_agent_stop(lab, agent, SIGTERM), 0);
}

static void test_expiry_with_the_agent_dead(void **state)
{
	struct lab *lab = lab_need(state);
	struct scene scene;
	int notify;
	config_write("deny_action = reject\n", members, "");
	pid_t agent = omfwd_agent_start(lab, &notify, "");
	omfwd_expect(lab, 0, "--phase install --for 1h");
	SCENE(&scene, lab, window_kinds);
	scene_expect_all(&scene);
	omfwd_expect(lab, 0, "--phase install --for 2s"); /* takes the place of what is left */
	uint64_t latest = lab_now_ms() + 2000;
	omfwd_agent_stop(lab, agent, SIGKILL);
	lab_sleep_until_ms(latest);
	scene_expect_cut(&scene);
}

static void test_removing_members(void **state)
{
	static const struct kind kinds[] = {
	        {true, IPPROTO_TCP, AGENT, MS, 5723},        {true, IPPROTO_UDP, MS, DEVICE, 161},
	        {true, IPPROTO_ICMP, MS, DEVICE, 0},         {false, IPPROTO_TCP, OTHER_AGENT, MS, 5723},
	        {false, IPPROTO_UDP, MS, OTHER_DEVICE, 161}, {false, IPPROTO_ICMP, MS, OTHER_DEVICE, 0},
	};
	struct lab *lab = lab_need(state);
	struct scene scene;
	int notify;
	config_write("", members, "");
	pid_t agent = omfwd_agent_start(lab, &notify, "");
	SCENE(&scene, lab, kinds);
	scene_expect_all(&scene);
	config_write("", "", "");
	omfwd_expect(lab, 0, "reload");
	scene_expect_cut(&scene);
	assert_int_equal(omfwd_agent_stop(lab, agent, SIGTERM), 0);
}

static void test_turning_rows_off(void **state)
{
	static const struct kind kinds[] = {
	        {true, IPPROTO_TCP, MS, DATABASE, 1433},   {true, IPPROTO_UDP, MS, DATABASE, 1434},
	        {true, IPPROTO_UDP, DEVICE, MS, 162},      {true, IPPROTO_ICMP, MS, DEVICE, 0},
	        {false, IPPROTO_TCP, MS, WAREHOUSE, 1433}, {false, IPPROTO_UDP, MS, WAREHOUSE, 1434},
	        {false, IPPROTO_ICMP, MS, WAREHOUSE, 0},
	};
	struct lab *lab = lab_need(state);
	struct scene scene;
	config_write("deny_action = reject\n", members, "");
	omfwd_expect(lab, 0, "reload");
	SCENE(&scene, lab, kinds);
	scene_expect_all(&scene);
	config_write("deny_action = reject\n", members, "[rows]\ncur-01 = off\ncur-04 = off\n");
	omfwd_expect(lab, 0, "reload");
	scene_expect_cut(&scene);
}

static void test_moving_ports(void **state)
{
	static const struct kind kinds[] = {
	        {true, IPPROTO_TCP, MS, DATABASE, 1433},  {true, IPPROTO_UDP, MS, DATABASE, 1434},
	        {true, IPPROTO_UDP, MS, WAREHOUSE, 1434}, {false, IPPROTO_TCP, MS, WAREHOUSE, 1433},
	        {false, IPPROTO_UDP, MS, DEVICE, 161},    {false, IPPROTO_ICMP, MS, DEVICE, 0},
	};
	struct lab *lab = lab_need(state);
	struct scene scene;
	int notify;
	config_write("", members, "");
	pid_t agent = omfwd_agent_start(lab, &notify, "");
	SCENE(&scene, lab, kinds);
	scene_expect_all(&scene);
	config_write("", members, "[ports]\nsql_operations_manager_database = 1444\nsql_browser = 1435\n");
	kill(agent, SIGHUP);
	omfwd_notify_await(notify, "RELOADING=1", NULL, 0);
	omfwd_notify_await(notify, "READY=1", NULL, 0);
	scene_expect_cut(&scene);
	assert_int_equal(omfwd_agent_stop(lab, agent, SIGTERM), 0);
}

/* Another program that writes marks, at every hook and before and behind us. */
static void marks_load(const struct lab *lab, const char *mark)
{
	static const char *const chains[] = {"prerouting priority -250", "prerouting priority -150",
	                                     "forward priority -10", "forward priority 10",
	                                     "postrouting priority 50"};
	char rules[4096];
	size_t used = (size_t)snprintf(rules, sizeof(rules), "table inet marks {\n");
	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++)
		used += (size_t)snprintf(
		        rules + used, sizeof(rules) - used,
		        "chain c%zu { type filter hook %s;\nct mark set %s\nmeta mark set %s\n"
		        "ct label set 1\n}\n",
		        i, chains[i], mark, mark);
	snprintf(rules + used, sizeof(rules) - used, "}\n");
	lab_write("marks.nft", rules);
	lab_must(lab, NS_GATEWAY, "nft -f " LAB_DIR "/marks.nft");
}

static void test_marks_keep_nothing_alive(void **state)
{
	static const char *const marks[] = {"0xffffffff", "0x00000100", "0"};
	struct lab *lab = lab_need(state);
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		struct scene scene;
		marks_load(lab, marks[i]);
		config_write("accept_mark = 0x100/0xff00\n", members, "");
		omfwd_expect(lab, 0, "--phase install");
		SCENE(&scene, lab, window_kinds);
		scene_expect_all(&scene);
		omfwd_expect(lab, 0, "--phase run");
		scene_expect_cut(&scene);
		lab_refresh(state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_closing_the_window), LAB_TEST(test_expiry_with_the_agent_dead),
	        LAB_TEST(test_removing_members),   LAB_TEST(test_turning_rows_off),
	        LAB_TEST(test_moving_ports),       LAB_TEST(test_marks_keep_nothing_alive),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

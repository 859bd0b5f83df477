/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Other firewalls as they really are, beside omfwd. Each is shown to drop what omfwd accepts; the doctor must say so, and
 * its own words must cure it: the line for the role file and the command for the shell are taken from its answer and done
 * as they stand, and then the packets pass.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/expect.h"
#include "tests/lab/program.h"

#define DATA TOP_SRCDIR "/tests/lab/data/firewalls/"

static const char roles[] = "[roles prod]\n"
                            "management_server = 10.2.0.10, 2001:db8:2::10\n"
                            "windows_agent = 10.1.0.20, 2001:db8:1::20\n";

static void config_write(const char *settings)
{
	char text[1024];
	snprintf(text, sizeof(text), "[omfwd]\n%s\n%s", settings, roles);
	lab_write("omfwd.conf", text);
}

/* What check --system finds; its exit code must be this. */
static json_t *findings(const struct lab *lab, int code)
{
	struct run run;
	omfwd_run(lab, &run, "check --system --json");
	if (run.code != code)
		fail_msg("check --system: exit code %d instead of %d:\n%s%s", run.code, code, run.out,
		         run.err);
	json_t *reply = json_loads(run.out, 0, NULL);
	assert_non_null(reply);
	json_t *list = json_incref(json_object_get(reply, "findings"));
	assert_true(json_is_array(list));
	assert_true(json_is_true(json_object_get(reply, "netfilter")));
	json_decref(reply);
	lab_run_free(&run);
	return list;
}

static size_t count(const json_t *list, const char *id)
{
	size_t n = 0, i;
	const json_t *finding;
	json_array_foreach(list, i, finding) n +=
	        !strcmp(json_string_value(json_object_get(finding, "id")), id);
	return n;
}

/* Exactly one finding of this kind, with these words. */
static void expect_finding(const struct lab *lab, int code, const char *id, const char *words)
{
	json_t *list = findings(lab, code);
	char *text = json_dumps(list, 0);
	if (count(list, id) != 1 || !strstr(text, words))
		fail_msg("no %s about \"%s\" in %s", id, words, text);
	free(text);
	json_decref(list);
}

static void expect_nothing_wrong(const struct lab *lab)
{
	omfwd_expect_says(lab, 0, "check --system", "nothing wrong");
}

static const struct {
	const char *name, *load;
	const char *refusal4, *refusal6; /* what becomes of a packet; NULL: it passes */
	const char *words;               /* in the remedy */
} firewalls[] = {
        {"firewalld", "nft -f " DATA "firewalld-1.3.nft", "prohibited", "prohibited",
         "firewall-cmd --permanent --new-policy omfwd"},
        {"ufw",
         "iptables-nft-restore <" DATA "ufw-0.36.iptables && ip6tables-nft-restore <" DATA
         "ufw-0.36.ip6tables",
         "drop", "drop", "/etc/ufw/before6.rules"},
        {"Docker 20", "iptables-nft-restore <" DATA "docker-20.iptables", "drop", NULL, "DOCKER-USER"},
        {"Docker 28", "iptables-nft-restore <" DATA "docker-28.iptables", "drop", NULL, "DOCKER-USER"},
        {"ufw and Docker",
         "iptables-nft-restore <" DATA "ufw-0.36.iptables && "
         "iptables-nft-restore --noflush <" DATA "docker-28.iptables",
         "drop", NULL, "DOCKER-USER"},
        {"iptables",
         "iptables-nft -P FORWARD DROP && iptables-nft -A FORWARD -p tcp -m tcp --dport 22 -j ACCEPT && "
         "ip6tables-nft -A FORWARD -m state --state NEW -m comment --comment late -j REJECT "
         "--reject-with icmp6-adm-prohibited",
         "drop", "prohibited", "/etc/iptables/rules.v6"},
        {"nft",
         "nft 'table inet mine {\nset admins { type ipv4_addr; flags interval; elements = { 192.0.2.0/24 "
         "}\n}\n"
         "map ports { type inet_service : verdict; elements = { 22 : accept, 5723 : jump agents }\n}\n"
         "chain agents { ip saddr @admins accept\n}\n"
         "chain forward { type filter hook forward priority filter; policy drop; ct state established "
         "accept\n"
         "tcp dport vmap @ports\n}\n}'",
         "drop", "drop", "/etc/nftables.conf"},
};

#define FLOW4 "10.1.0.20 10.2.0.10 tcp/5723"
#define FLOW6 "2001:db8:1::20 2001:db8:2::10 tcp/5723"

static void expect_flows(struct lab *lab, const char *verdict4, const char *verdict6)
{
	char line4[128], line6[128];
	snprintf(line4, sizeof(line4), "%s %s", verdict4 ? verdict4 : "pass", FLOW4);
	snprintf(line6, sizeof(line6), "%s %s", verdict6 ? verdict6 : "pass", FLOW6);
	EXPECT(lab, line4, line6);
}

/* The role file's lines go into the role file, then every command is run. */
static void do_as_told(struct lab *lab, const json_t *list)
{
	size_t i, k;
	const json_t *finding, *line;
	char settings[256] = "";
	json_array_foreach(list, i, finding)
	        json_array_foreach(json_object_get(finding, "role_file"), k, line)
	                snprintf(settings, sizeof(settings), "%s", json_string_value(line));
	assert_string_not_equal(settings, "");
	config_write(settings);
	omfwd_expect(lab, 0, "reload");
	json_array_foreach(list, i, finding) json_array_foreach(json_object_get(finding, "commands"), k, line)
	        lab_must(lab, NS_GATEWAY, "%s", json_string_value(line));
}

static void test_printed_lines_cure(void **state)
{
	struct lab *lab = lab_need(state);
	for (size_t i = 0; i < sizeof(firewalls) / sizeof(firewalls[0]); i++) {
		fprintf(stderr, "%s\n", firewalls[i].name);
		config_write("");
		omfwd_expect(lab, 0, "--phase run");
		expect_flows(lab, NULL, NULL);
		expect_nothing_wrong(lab);
		lab_must(lab, NS_GATEWAY, "%s", firewalls[i].load);
		expect_flows(lab, firewalls[i].refusal4, firewalls[i].refusal6);

		json_t *list = findings(lab, 1);
		char *text = json_dumps(list, 0);
		if (!strstr(text, firewalls[i].words))
			fail_msg("nothing about %s in %s", firewalls[i].words, text);
		free(text);
		do_as_told(lab, list);
		json_decref(list);

		expect_flows(lab, NULL, NULL);
		expect_nothing_wrong(lab);
		lab_refresh(state);
	}
}

/* What omfwd does not accept carries no mark: the other firewall decides as ever. */
static void test_mark_opens_nothing_else(void **state)
{
	struct lab *lab = lab_need(state);
	config_write("accept_mark = 0x8000000/0x8000000");
	omfwd_expect(lab, 0, "--phase run");
	lab_must(lab, NS_GATEWAY, "%s", firewalls[3].load);
	lab_must(lab, NS_GATEWAY, "iptables -I DOCKER-USER -m mark --mark 0x8000000/0x8000000 -j ACCEPT");
	EXPECT(lab, "pass 10.1.0.20 10.2.0.10 tcp/5723", "drop 10.1.0.20 10.2.0.10 tcp/22",
	       "drop 10.1.0.99 10.2.0.99 tcp/5723");
}

/* firewalld's own way to leave it to omfwd, which check --system names to stay. */
static void test_firewalld_policy_is_no_obstacle(void **state)
{
	struct lab *lab = lab_need(state);
	config_write("deny_scope = everything");
	omfwd_expect(lab, 0, "--phase run");
	lab_must(lab, NS_GATEWAY, "nft -f " DATA "firewalld-1.3-policy.nft");
	expect_flows(lab, NULL, NULL);
	EXPECT(lab, "drop 10.1.0.20 10.2.0.10 tcp/22");
	expect_nothing_wrong(lab);
}

/* A chain before omfwd's never sees a mark: nothing may pretend that it does. */
static void test_earlier_chain_cannot_be_marked(void **state)
{
	struct lab *lab = lab_need(state);
	config_write("accept_mark = 0x10/0x10");
	omfwd_expect(lab, 0, "--phase run");
	lab_must(lab, NS_GATEWAY,
	         "nft 'table ip first { chain f { type filter hook forward priority -10; meta mark 0x10 "
	         "accept\n"
	         "tcp dport 5723 drop comment \"not here\"\n}\n}'");
	expect_flows(lab, "drop", NULL);
	expect_finding(lab, 1, "chain_drops", "comes before omfwd's");
	expect_finding(lab, 1, "chain_drops", "not here");
}

/* What depends on what nobody can know is a note, and no alarm. */
static void test_uncertainty_is_a_note(void **state)
{
	struct lab *lab = lab_need(state);
	config_write("");
	omfwd_expect(lab, 0, "--phase run");
	lab_must(lab, NS_GATEWAY,
	         "nft 'table inet limits { chain f { type filter hook forward priority 10; policy drop; "
	         "limit rate 100/second accept\n}\n}'");
	expect_finding(lab, 0, "chain_may_drop", "might drop it");
}

static void test_untracked_packets_are_told(void **state)
{
	struct lab *lab = lab_need(state);
	config_write("");
	omfwd_expect(lab, 0, "--phase run");
	lab_must(lab, NS_GATEWAY, "iptables-nft -t raw -A PREROUTING -p tcp -j CT --notrack");
	expect_finding(lab, 1, "chain_untracks", "table ip raw, chain PREROUTING");
	lab_must(lab, NS_GATEWAY, "iptables-nft -t raw -F");
	lab_must(lab, NS_GATEWAY,
	         "nft 'table ip6 raw6 { chain p { type filter hook prerouting priority raw; udp dport 137 "
	         "notrack\n"
	         "}\n}'");
	expect_finding(lab, 1, "chain_untracks", "udp/137 from 2001:db8:2::10");
}

/* Each by itself, and gone when it is put right. */
static void test_settings(void **state)
{
	static const struct {
		const char *spoil, *id, *words, *repair;
		int code;
	} cases[] = {
	        {"sysctl -qw net.ipv4.ip_forward=0", "forwarding_off", "IPv4 forwarding is off",
	         "sysctl -qw net.ipv4.ip_forward=1", 1},
	        {"sysctl -qw net.ipv6.conf.all.forwarding=0", "forwarding_off", "IPv6 forwarding is off",
	         "sysctl -qw net.ipv6.conf.all.forwarding=1", 1},
	        {"sysctl -qw net.ipv4.conf.gl.forwarding=0", "forwarding_off", "on gl IPv4",
	         "sysctl -qw net.ipv4.conf.gl.forwarding=1", 1},
	        {"ip route del 10.2.0.0/16", "no_route",
	         "no route leads to 10.2.0.10 (management_server in prod)",
	         "ip route add 10.2.0.0/16 via 10.2.255.2", 1},
	        {"ip addr add 10.2.0.10/32 dev lo", "own_address", "10.2.0.10 (management_server in prod)",
	         "ip addr del 10.2.0.10/32 dev lo", 0},
	        {"ip route replace 10.2.0.10/32 dev gl; ip route replace 10.1.0.20/32 dev gl", "one_side",
	         "neighbours behind gl", "ip route del 10.2.0.10/32; ip route del 10.1.0.20/32", 0},
	        {"ip route replace 10.2.0.0/16 nexthop via 10.2.255.2 nexthop via 10.1.255.2; "
	         "sysctl -qw net.ipv4.conf.all.rp_filter=1",
	         "reverse_path", "rp_filter is strict",
	         "ip route replace 10.2.0.0/16 via 10.2.255.2; sysctl -qw net.ipv4.conf.all.rp_filter=0", 1},
	        {"chmod o+w " CONFIG, "writable_by_others", "everybody can write " CONFIG,
	         "chmod o-w " CONFIG, 1},
	        {"chown 12345 " CONFIG, "writable_by_others", "belongs to user 12345", "chown 0 " CONFIG, 1},
	        {"nft 'table bridge frames { chain f { type filter hook forward priority 0; policy drop; "
	         "}\n}'",
	         "chain_not_looked_into", "table bridge frames, chain f", "nft delete table bridge frames",
	         0},
	};
	struct lab *lab = lab_need(state);
	config_write("");
	omfwd_expect(lab, 0, "--phase run");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fprintf(stderr, "%s\n", cases[i].spoil);
		lab_must(lab, NS_GATEWAY, "%s", cases[i].spoil);
		expect_finding(lab, cases[i].code, cases[i].id, cases[i].words);
		lab_must(lab, NS_GATEWAY, "%s", cases[i].repair);
		json_t *list = findings(lab, 0);
		assert_int_equal(json_array_size(list), 0);
		json_decref(list);
	}
}

/* The Internet is a member too: what stands for it must be an address that could be there. */
static void test_the_internet_is_behind_the_default_route(void **state)
{
	struct lab *lab = lab_need(state);
	lab_write("omfwd.conf", "[omfwd]\ncatalog_dynamic_ports = reply_only\n[roles]\noperations_console = "
	                        "10.1.0.20, 2001:db8:1::20\n"
	                        "management_pack_catalog = 0.0.0.0/0, ::/0\n");
	expect_finding(lab, 1, "no_route", "no route leads to 1.0.0.1 (management_pack_catalog in default)");
	lab_must(lab, NS_GATEWAY,
	         "ip route add default via 10.2.255.2; ip route add default via 2001:db8:2:ffff::2");
	expect_nothing_wrong(lab);
	lab_must(lab, NS_GATEWAY, "ip route del default; ip -6 route del default");
}

/* On a kernel that has no flowtables there is none to be told. */
static void test_flowtable_is_told(void **state)
{
	struct lab *lab = lab_need(state);
	struct run run;
	config_write("");
	lab_run(lab, NS_GATEWAY, NULL, &run,
	        "nft 'table inet fast { flowtable path { hook ingress priority 0; devices = { gl, gr }; "
	        "}\n}'");
	if (run.code == 0)
		expect_finding(lab, 1, "flowtable", "inet fast path");
	else
		expect_nothing_wrong(lab);
	lab_run_free(&run);
}

static void test_long_window_is_noted(void **state)
{
	struct lab *lab = lab_need(state);
	config_write("install_window = 1h");
	omfwd_expect(lab, 0, "--phase install");
	expect_nothing_wrong(lab);
	omfwd_expect(lab, 0, "--phase install --for 9h");
	expect_finding(lab, 0, "window_open", "omfwd --phase run");
}

/* The agent and the command without one say the same; where omfwd denies, others do not matter. */
static void test_explain_looks_elsewhere(void **state)
{
	struct lab *lab = lab_need(state);
	int notify;
	config_write("");
	omfwd_agent_start(lab, &notify, "");
	omfwd_expect_says(lab, 0, "explain " FLOW4 " --json", "\"elsewhere\": []");
	lab_must(lab, NS_GATEWAY, "%s", firewalls[0].load);
	for (int phase = 0; phase < 2; phase++) {
		char args[128];
		snprintf(args, sizeof(args), "explain %s%s", FLOW4, phase ? " --phase run" : "");
		omfwd_expect_says(
		        lab, 0, args,
		        "  elsewhere    table inet firewalld, chain filter_FORWARD (in filter_FWD_public), "
		        "would reject it (rule handle ");
	}
	omfwd_expect_says(lab, 1, "explain 10.1.0.20 10.2.0.10 tcp/22 --json", "\"elsewhere\": null");
	omfwd_expect_says(lab, 0, "explain " FLOW4 " --phase run --json", "\"answer\": \"rejects\"");
}

/* Of a set too large to look into nothing is claimed, and what is listed behind it is read all the same. */
static void test_large_set_is_not_looked_into(void **state)
{
	struct lab *lab = lab_need(state);
	struct run run;
	config_write("");
	lab_must(lab, NS_GATEWAY,
	         "{ echo 'table ip blocklist { set bad { type ipv4_addr; elements = {'; "
	         "seq 70000 | awk '{ printf \"11.%%d.%%d.%%d,\", $1 / 65536, $1 / 256 %% 256, $1 %% 256 }'; "
	         "echo '} }'; "
	         "echo 'chain f { type filter hook forward priority 1; ip saddr @bad drop; }'; echo '}'; "
	         "echo 'table ip mine { set few { type ipv4_addr; elements = { 10.1.0.20 } }'; "
	         "echo 'chain f { type filter hook forward priority 2; ip saddr @few drop; }'; "
	         "echo '}'; "
	         "echo 'table ip both { chain f { type filter hook forward priority 3; tcp dport != 10-20 "
	         "ip saddr . tcp dport { 10.1.0.16-10.1.0.31 . 5000-5723 } drop; }; }'; "
	         "echo 'table ip neither { chain f { type filter hook forward priority 4; "
	         "ip saddr . tcp dport { 10.1.0.16-10.1.0.31 . 5000-5722 } drop; "
	         "tcp dport != 5000-6000 drop; }; }'; } | nft -f -");
	omfwd_run(lab, &run, "explain " FLOW4);
	if (!strstr(run.out, "table ip blocklist, chain f, might drop it, which cannot be told from here") ||
	    !strstr(run.out, "table ip mine, chain f, would drop it") ||
	    !strstr(run.out, "table ip both, chain f, would drop it") || strstr(run.out, "table ip neither"))
		fail_msg("%s%s", run.out, run.err);
	lab_run_free(&run);
}

static void test_wrong_file_is_no_machine(void **state)
{
	struct lab *lab = lab_need(state);
	config_write("mode = audti");
	omfwd_expect_says(lab, 2, "check --system", CONFIG ":2: ");
	omfwd_expect_says(lab, 2, "check --system --json", "\"diagnostics\": [\n");
}

static void test_without_privilege_it_is_said(void **state)
{
	struct lab *lab = lab_need(state);
	struct run run;
	config_write("");
	lab_run(lab, NS_GATEWAY, NULL, &run,
	        "setpriv --reuid 65534 --clear-groups --bounding-set -all --inh-caps -all %s --config " CONFIG
	        " check --system 2>&1; echo code $?",
	        lab->binary);
	if (!strstr(run.out, "not looked at: netfilter") || !strstr(run.out, "nothing wrong in what") ||
	    !strstr(run.out, "code 0"))
		fail_msg("%s", run.out);
	lab_run_free(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_printed_lines_cure),
	        LAB_TEST(test_mark_opens_nothing_else),
	        LAB_TEST(test_firewalld_policy_is_no_obstacle),
	        LAB_TEST(test_earlier_chain_cannot_be_marked),
	        LAB_TEST(test_uncertainty_is_a_note),
	        LAB_TEST(test_untracked_packets_are_told),
	        LAB_TEST(test_settings),
	        LAB_TEST(test_the_internet_is_behind_the_default_route),
	        LAB_TEST(test_flowtable_is_told),
	        LAB_TEST(test_long_window_is_noted),
	        LAB_TEST(test_explain_looks_elsewhere),
	        LAB_TEST(test_large_set_is_not_looked_into),
	        LAB_TEST(test_wrong_file_is_no_machine),
	        LAB_TEST(test_without_privilege_it_is_said),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

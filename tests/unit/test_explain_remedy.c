// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The remedy of every reason: its sentence, its lines and its commands, as people read them; and that the packet passes
 * once the lines are in the file and the windows are open. The same for random role files is test_explain_random.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "policy/known_ports.h"
#include "tests/unit/apply_remedy.h"
#include "util/array.h"

#define NOW 1000000000 /* in 2001 */

static const char role_file[] = "[omfwd]\n"
                                "deny_scope = everything\n"
                                "[roles]\n"
                                "management_server = 10.0.1.1, 2001:db8::1:1\n"
                                "operations_manager_database = 10.0.2.1\n"
                                "windows_agent = 10.0.3.0/24, 2001:db8::3:0/112\n"
                                "domain_controller = 10.0.4.1\n"
                                "ceip_client = 10.0.5.1\n"
                                "ceip_endpoint = 10.0.5.2\n"
                                "unix_linux_agent = 10.0.6.1\n"
                                "gateway_server = 10.0.9.1\n"
                                "operations_console = 10.0.10.1\n"
                                "management_pack_catalog = 10.64.0.0/10\n"
                                "web_console_browser = 10.0.11.1\n"
                                "web_console_server = 10.0.11.2\n"
                                "sql_reporting_services = 10.0.12.1\n"
                                "catalog_dynamic_ports = reply_only\n"
                                "authentication = certificate\n"
                                "[roles old]\n"
                                "table = 2016\n"
                                "management_server = 10.9.1.1\n"
                                "windows_agent = 10.9.3.0/24\n"
                                "unix_linux_agent = 10.9.6.1\n"
                                "gateway_server = 10.9.9.1\n"
                                "web_console_browser = 10.9.11.1\n"
                                "web_console_server = 10.9.11.2\n"
                                "[roles far]\n"
                                "domain_controller = 10.8.4.1\n"
                                "omed_service = 10.8.1.5\n"
                                "[ports]\n"
                                "sql_operations_manager_database = 1444\n"
                                "rpc_dynamic = 50000-51000\n"
                                "[rows]\n"
                                "cur-03 = off\n"
                                "cur-18 = off\n"
                                "cur-21 = reverse\n"
                                "cur-25 = off\n"
                                "2016-03 = install\n"
                                "[site_rule tcp-4242]\n"
                                "from = 10.0.8.1\n"
                                "to = @default.management_server\n"
                                "protocol = tcp\n"
                                "ports = 10000-10010\n"
                                "phase = install\n"
                                "reason = nightly backup\n"
                                "[site_rule ended]\n"
                                "from = 10.0.8.2\n"
                                "to = 10.0.1.1\n"
                                "protocol = udp\n"
                                "ports = 69\n"
                                "expires = 2000-12-31\n"
                                "reason = images\n";

struct expected {
	const char *src, *dst, *proto, *port;
	enum denial_reason reason;
	const char *because; /* part of the sentence */
	const char *remedy;  /* likewise */
	const char *lines, *commands;
};

#define RELOAD "omfwd reload\n"

static const struct expected cases[] = {
        {"10.0.1.1", "10.0.2.1", "tcp", "135", REASON_WINDOW_CLOSED, "window is closed",
         "omfwd --phase install --section default --rows cur-01", "",
         "omfwd --phase install --section default --rows cur-01\n"},
        {"10.0.8.1", "10.0.1.1", "tcp", "10010", REASON_WINDOW_CLOSED, "site rule tcp-4242 opens it",
         "omfwd --phase install --rows tcp-4242", "", "omfwd --phase install --rows tcp-4242\n"},
        {"10.0.8.2", "10.0.1.1", "udp", "69", REASON_RULE_EXPIRED, "expired after 2000-12-31",
         "expires = YYYY-MM-DD, a day to come, under [site_rule ended] (", "", RELOAD},
        {"10.0.3.7", "10.0.1.1", "udp", "5723", REASON_OTHER_PROTOCOL, "opens tcp here, not udp",
         "nothing should; the documents name tcp alone", "", ""},
        {"10.0.8.1", "10.0.1.1", "udp", "10010", REASON_OTHER_PROTOCOL,
         "site rule tcp-4242 opens tcp here, not udp", "a site rule of its own",
         "[site_rule udp-10010]\nfrom = 10.0.8.1\nto = 10.0.1.1\nprotocol = udp\nports = 10010\n"
         "phase = install\nreason = nightly backup\n",
         RELOAD "omfwd --phase install --rows udp-10010\n"},
        {"10.0.1.1", "10.0.2.1", "tcp", "1434", REASON_OTHER_PROTOCOL,
         "opens udp here, not tcp; tcp 1434 is SQL Server's dedicated administrator connection",
         "nothing should", "", ""},
        {"10.0.1.1", "10.0.3.7", "tcp", "5723", REASON_OPPOSITE_DIRECTION, "from the other end",
         "nothing should; answers pass", "", ""},
        {"10.0.3.7", "10.9.1.1", "tcp", "5723", REASON_OTHER_SECTION,
         "windows_agent is in default and management_server in old",
         "windows_agent = 10.0.3.7 under [roles old] (", "[roles old]\nwindows_agent = 10.0.3.7\n", RELOAD},
        {"10.9.3.7", "10.0.1.1", "tcp", "5723", REASON_OTHER_SECTION, "inside one section; here",
         "windows_agent = 10.9.3.7 under [roles] (", "[roles]\nwindows_agent = 10.9.3.7\n", RELOAD},
        /* As omed_service it would push out the management servers, which act for that role there. */
        {"10.8.1.5", "10.0.6.1", "tcp", "8886", REASON_OTHER_SECTION,
         "omed_service is in far and unix_linux_agent in default",
         "management_server = 10.8.1.5 under [roles] (", "[roles]\nmanagement_server = 10.8.1.5\n", RELOAD},
        /* Footnote 3 waits for a remote domain, so being in that section would open nothing. */
        {"10.0.3.7", "10.8.4.1", "tcp", "88", REASON_NO_LINE, "no row opens tcp 88 between", "a site rule",
         "[site_rule tcp-88]\nfrom = 10.0.3.7\nto = 10.8.4.1\nprotocol = tcp\nports = 88\n"
         "reason = write here why it is needed\n",
         RELOAD},
        {"10.9.11.1", "10.9.11.2", "tcp", "443", REASON_OTHER_TABLE, "row cur-12 of the other document",
         "table = current under [roles old] (",
         "[site_rule tcp-443]\nfrom = 10.9.11.1\nto = 10.9.11.2\nprotocol = tcp\nports = 443\n"
         "reason = row cur-12 of the current document\n",
         RELOAD},
        {"10.9.1.1", "10.9.6.1", "tcp", "1270", REASON_OTHER_TABLE,
         "row cur-19 of the other document would open it, but section old has table = 2016",
         "table = current under [roles old] (",
         "[site_rule tcp-1270]\nfrom = 10.9.1.1\nto = 10.9.6.1\nprotocol = tcp\nports = 1270\n"
         "reason = row cur-19 of the current document\n",
         RELOAD},
        {"10.9.1.1", "10.9.6.1", "tcp", "22", REASON_OTHER_TABLE, "row cur-20", "else a site rule",
         "[site_rule tcp-22]\nfrom = 10.9.1.1\nto = 10.9.6.1\nprotocol = tcp\nports = 22\n"
         "phase = install\nreason = row cur-20 of the current document\n",
         RELOAD "omfwd --phase install --rows tcp-22\n"},
        {"10.0.11.1", "10.0.11.2", "tcp", "51908", REASON_OTHER_TABLE, "row 2016-09",
         "table = 2016 under [roles] (",
         "[site_rule tcp-51908]\nfrom = 10.0.11.1\nto = 10.0.11.2\nprotocol = tcp\nports = 51908\n"
         "reason = row 2016-09 of the 2016 document\n",
         RELOAD},
        {"10.0.1.1", "10.0.2.1", "tcp", "1433", REASON_PORT_MOVED,
         "sql_operations_manager_database moved its port to 1444 (", "else connect to 1444",
         "[ports default]\nsql_operations_manager_database = 1433\n", RELOAD},
        {"10.0.1.1", "10.0.2.1", "tcp", "60000", REASON_PORT_MOVED, "moved its port to 50000-51000 (",
         "else connect to 50000-51000", "[ports default]\nrpc_dynamic = 49152-65535\n",
         RELOAD "omfwd --phase install --section default --rows cur-01\n"},
        {"10.0.5.1", "10.0.5.2", "tcp", "51907", REASON_TAKEN_AWAY, "the row is off (",
         "cur-25 = on under [rows default] (", "[rows default]\ncur-25 = on\n", RELOAD},
        /* Off, of the install phase, and by its parent's line. */
        {"10.0.1.1", "10.0.4.1", "tcp", "445", REASON_TAKEN_AWAY, "the row is off (", "cur-18-dc = on under",
         "[rows default]\ncur-18-dc = on\n",
         RELOAD "omfwd --phase install --section default --rows cur-18-dc\n"},
        /* Three things in a row: off, moved, of the install phase. */
        {"10.0.9.1", "10.0.3.7", "tcp", "60000", REASON_TAKEN_AWAY, "the row is off (",
         "cur-18 = on under [rows default] (",
         "[rows default]\ncur-18 = on\n[ports default]\nrpc_dynamic = 49152-65535\n",
         RELOAD "omfwd --phase install --section default --rows cur-18\n"},
        {"10.0.1.1", "10.0.4.1", "udp", "88", REASON_TAKEN_AWAY, "the row is off (",
         "cur-03 = on under [rows default] (",
         "[rows default]\ncur-03 = on\n[roles]\nauthentication = kerberos\n", RELOAD},
        /* The loader would refuse the setting for a catalog as wide as this. */
        {"10.0.10.1", "10.64.0.1", "tcp", "50000", REASON_TAKEN_AWAY,
         "catalog_dynamic_ports = reply_only leaves it out", "nothing should; answers pass", "", ""},
        {"10.0.1.1", "10.0.4.1", "tcp", "636", REASON_KNOWN_PORT, "does not support LDAP over SSL",
         "nothing should; what the documents open is 389", "", ""},
        {"10.0.1.1", "172.16.0.1", "tcp", "636", REASON_KNOWN_PORT, "tcp 636 is LDAP over SSL",
         "nothing should", "", ""},
        {"10.0.1.1", "10.0.4.1", "tcp", "3268", REASON_KNOWN_PORT, "global catalog", "a site rule",
         "[site_rule tcp-3268]\nfrom = 10.0.1.1\nto = 10.0.4.1\nprotocol = tcp\nports = 3268\n"
         "reason = Active Directory's global catalog\n",
         RELOAD},
        {"10.0.1.1", "10.0.3.7", "icmp", NULL, REASON_KNOWN_PORT, "heartbeats fail", "a site rule",
         "[site_rule icmp]\nfrom = 10.0.1.1\nto = 10.0.3.7\nprotocol = icmp\nports = echo-request\n"
         "reason = ping to a monitored host\n",
         RELOAD},
        {"10.0.10.1", "10.0.12.1", "tcp", "443", REASON_KNOWN_PORT, "Reporting Services over HTTPS",
         "a site rule",
         "[site_rule tcp-443]\nfrom = 10.0.10.1\nto = 10.0.12.1\nprotocol = tcp\nports = 443\n"
         "reason = SQL Reporting Services over HTTPS\n",
         RELOAD},
        {"10.0.1.1", "10.0.6.1", "tcp", "5986", REASON_KNOWN_PORT, "on 1270", "nothing should", "", ""},
        {"10.0.1.1", "10.0.3.7", "tcp", "5985", REASON_KNOWN_PORT, "WinRM", "a site rule",
         "[site_rule tcp-5985]\nfrom = 10.0.1.1\nto = 10.0.3.7\nprotocol = tcp\nports = 5985\n"
         "reason = Windows Remote Management (WinRM)\n",
         RELOAD},
        /* Who may is told beside. A rule of the obvious name is there already, and would be widened. */
        {"10.0.3.7", "10.0.2.1", "tcp", "1444", REASON_NO_LINE,
         "to this destination it is for management_server, web_console_application_diagnostics",
         "nothing in the documents; a site rule",
         "[site_rule tcp-1444]\nfrom = 10.0.3.7\nto = 10.0.2.1\nprotocol = tcp\nports = 1444\n"
         "reason = write here why it is needed\n",
         RELOAD},
        {"10.0.3.7", "10.0.1.1", "tcp", "4242", REASON_NO_LINE, "no row opens tcp 4242", "a site rule",
         "[site_rule tcp-4242-2]\nfrom = 10.0.3.7\nto = 10.0.1.1\nprotocol = tcp\nports = 4242\n"
         "reason = write here why it is needed\n",
         RELOAD},
        {"2001:db8::4:7", "2001:db8::1:1", "tcp", "5723", REASON_NO_ROLE,
         "nearest to 2001:db8::4:7 is 2001:db8::3:0/112, windows_agent in default (",
         "windows_agent = 2001:db8::4:7 under [roles] (", "[roles]\nwindows_agent = 2001:db8::4:7\n", RELOAD},
        {"10.0.1.1", "10.0.2.9", "tcp", "1444", REASON_NO_ROLE,
         "nearest to 10.0.2.9 is 10.0.2.1, operations_manager_database in default (",
         "operations_manager_database = 10.0.2.9 under [roles] (",
         "[roles]\noperations_manager_database = 10.0.2.9\n", RELOAD},
        /* Two rows say the same; the one that needs no window is the one. */
        {"10.9.9.2", "10.9.1.1", "tcp", "5723", REASON_NO_ROLE, "is 10.9.9.1, gateway_server in old",
         "gateway_server = 10.9.9.2 under [roles old] (", "[roles old]\ngateway_server = 10.9.9.2\n", RELOAD},
        {"10.0.1.1", "10.0.6.2", "tcp", "22", REASON_NO_ROLE, "10.0.6.2 holds no role",
         "unix_linux_agent =", "[roles]\nunix_linux_agent = 10.0.6.2\n",
         RELOAD "omfwd --phase install --section default --rows cur-20\n"},
        {"172.16.0.1", "172.16.0.2", "tcp", "80", REASON_NO_ROLE, "neither end holds a role", "a site rule",
         "[site_rule tcp-80]\nfrom = 172.16.0.1\nto = 172.16.0.2\nprotocol = tcp\nports = 80\n"
         "reason = write here why it is needed\n",
         RELOAD},
        {"10.0.1.1", "239.1.1.1", "udp", "5000", REASON_NO_ROLE, "239.1.1.1 holds no role",
         "nothing can; 239.1.1.1", "", ""},
};

static char path[] = "/tmp/test_remedy_XXXXXX";

static int write_role_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	if (fd < 0 || write(fd, role_file, strlen(role_file)) < 0)
		return -1;
	return close(fd);
}

static int remove_role_file(void **state)
{
	(void)state;
	return unlink(path);
}

static struct policy *load(void)
{
	struct diag_list diags = {0};
	struct policy *policy = policy_load(path, NOW, &diags);

	if (!policy)
		diag_print(&diags, stderr);
	assert_non_null(policy);
	diag_clear(&diags);
	return policy;
}

static void check_words(const struct explained *about, const struct expected *expected)
{
	struct remedy remedy;
	char *because = explain_because(about);

	assert_true(explain_remedy_new(about, &remedy));
	print_message("%s -> %s %s/%s: %s, %s; %s\n", expected->src, expected->dst, expected->proto,
	              expected->port ? expected->port : "", denial_reason_name(about->explanation->reason),
	              because, remedy.sentence);
	assert_string_equal(denial_reason_name(expected->reason),
	                    denial_reason_name(about->explanation->reason));
	assert_non_null(strstr(because, expected->because));
	assert_non_null(strstr(remedy.sentence, expected->remedy));
	assert_string_equal(expected->lines, remedy.lines);
	assert_string_equal(expected->commands, remedy.commands);
	explain_remedy_clear(&remedy);
	free(because);
}

static void check_case(const struct policy *policy, const struct lines *lines,
                       const struct expected *expected)
{
	struct explanation explanation;
	struct query query;
	struct explained about = {policy, &query, &explanation, "a test"};
	char error[EXPLAIN_ERROR_MAX];

	assert_int_equal(0, query_parse(expected->src, expected->dst, expected->proto, expected->port, &query,
	                                error, sizeof(error)));
	policy_explain(policy, lines, &query, NULL, NULL, &explanation);
	assert_int_equal(VERDICT_DENIED, explanation.verdict);
	check_words(&about, expected);
	if (expected->reason != REASON_RULE_EXPIRED && (expected->lines[0] || expected->commands[0]))
		assert_int_equal(VERDICT_ALLOWED,
		                 verdict_after(path, expected->lines, expected->commands, NOW, &query));
}

static void test_remedies(void **state)
{
	struct policy *policy = load();
	struct lines lines = policy_compile(policy);
	bool seen[REASON_MAX] = {[REASON_NONE] = true};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_case(policy, &lines, &cases[i]);
		seen[cases[i].reason] = true;
	}
	for (enum denial_reason reason = 0; reason < REASON_MAX; reason++)
		assert_true(seen[reason]);
	policy_free(policy);
}

/* The remedies that name something for people to fill in or to choose, filled in and chosen. */
static void test_decisions(void **state)
{
	static const struct {
		const char *src, *dst, *proto, *port, *lines;
	} decided[] = {
	        {"10.0.8.2", "10.0.1.1", "udp", "69", "[site_rule ended]\nexpires = 2001-12-31\n"},
	        {"10.9.1.1", "10.9.6.1", "tcp", "1270", "[roles old]\ntable = current\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(decided); i++) {
		char error[EXPLAIN_ERROR_MAX];
		struct query query;

		assert_int_equal(0, query_parse(decided[i].src, decided[i].dst, decided[i].proto,
		                                decided[i].port, &query, error, sizeof(error)));
		assert_int_equal(VERDICT_DENIED, verdict_after(path, "", "", NOW, &query));
		assert_int_equal(VERDICT_ALLOWED, verdict_after(path, decided[i].lines, "", NOW, &query));
	}
}

/* True when the document has a line that says what the known port is said to be left out of. */
static bool is_documented(const struct known_port *known, enum port_table table)
{
	role_mask anybody = ~(role_mask)0;
	size_t n;
	const struct table_line *lines = table_lines(table, &n);

	for (size_t i = 0; i < n; i++)
		if (lines[i].proto == known->proto && lines[i].ports.lo <= known->ports.hi &&
		    known->ports.lo <= lines[i].ports.hi && (lines[i].from & (known->from ?: anybody)) &&
		    (lines[i].to & (known->to ?: anybody)))
			return true;
	return false;
}

static bool is_clause(const char *text)
{
	return text[0] && text[strlen(text) - 1] != '.' && !strchr(text, '\n');
}

/* No known port is one that a row opens between the same roles, and each is found by what it is about. */
static void test_known_ports(void **state)
{
	const struct known_port *known, *found;

	(void)state;
	for (size_t i = 0; (known = known_port_at(i)); i++) {
		print_message("%s\n", known->name);
		assert_false(is_documented(known, TABLE_CURRENT));
		assert_false(is_documented(known, TABLE_2016));
		assert_true(is_clause(known->name) && is_clause(known->why));
		assert_true(!known->advice || is_clause(known->advice));
		found = known_port_find(known->from ?: ROLE_BIT(ROLE_AEM_CLIENT),
		                        known->to ?: ROLE_BIT(ROLE_AEM_CLIENT), known->proto,
		                        known->ports.hi);
		assert_ptr_equal(known, found);
		assert_null(known_port_find(0, 0, known->proto, known->ports.lo));
	}
	assert_null(known_port_find(ROLE_BIT(ROLE_WINDOWS_AGENT), ROLE_BIT(ROLE_MANAGEMENT_SERVER),
	                            PROTO_ICMP, 0));
	assert_null(known_port_find(ROLE_BIT(ROLE_MANAGEMENT_SERVER), ROLE_BIT(ROLE_WINDOWS_AGENT), PROTO_UDP,
	                            636));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_remedies), cmocka_unit_test(test_decisions),
	                                   cmocka_unit_test(test_known_ports)};

	return cmocka_run_group_tests(tests, write_role_file, remove_role_file);
}

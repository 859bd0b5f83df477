// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Explanations of single packets: the verdict, the nearest reason, the row named, and the words for it, in a role file
 * written to have one case of each.
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

#include "words/explain_text.h"
#include "words/words.h"
#include "policy/explain.h"
#include "util/array.h"

static const char role_file[] = "[roles prod]\n"
                                "management_server = 10.0.1.1, 2001:db8::1:1\n"
                                "operations_manager_database = 10.0.2.1\n"
                                "windows_agent = 10.0.3.0/24, 2001:db8::3:1\n"
                                "domain_controller = 10.0.4.1\n"
                                "ceip_client = 10.0.5.1\n"
                                "ceip_endpoint = 10.0.5.2\n"
                                "unix_linux_agent = 10.0.6.1\n"
                                "network_device = 10.0.7.1\n"
                                "gateway_server = 10.0.9.1\n"
                                "[roles dmz]\n"
                                "management_server = 10.9.1.1\n"
                                "authentication = certificate\n"
                                "domain_controller = 10.9.4.1\n"
                                "operations_manager_database = 10.9.2.1\n"
                                "[ports]\n"
                                "sql_operations_manager_database = 1444\n"
                                "[ports dmz]\n"
                                "sql_browser = off\n"
                                "[rows]\n"
                                "cur-25 = off\n"
                                "cur-05 = install\n"
                                "cur-22 = install\n"
                                "[site_rule backup]\n"
                                "from = 10.0.8.1\n"
                                "to = @prod.management_server\n"
                                "protocol = tcp\n"
                                "ports = 10000-10010\n"
                                "phase = install\n"
                                "reason = nightly backup\n";

struct fixture {
	struct policy *policy;
	struct lines lines;
};

static struct policy *load(const char *settings)
{
	char path[] = "/tmp/test_explain_XXXXXX";
	struct diag_list diags = {0};
	struct policy *policy;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	dprintf(fd, "[omfwd]\n%s%s", settings, role_file);
	close(fd);
	policy = policy_load(path, 0, &diags);
	if (!policy)
		diag_print(&diags, stderr);
	assert_non_null(policy);
	unlink(path);
	diag_clear(&diags);
	return policy;
}

static struct fixture *fixture_new(const char *settings)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	fixture->policy = load(settings);
	fixture->lines = policy_compile(fixture->policy);
	return fixture;
}

static void fixture_free(struct fixture *fixture)
{
	policy_free(fixture->policy);
	free(fixture);
}

/* The only open window. */
static bool is_the_gate(const char *gate, void *data)
{
	return !strcmp(gate, data);
}

struct expected {
	const char *src, *dst, *proto, *port;
	const char *open; /* gate with an open window, or NULL */
	enum verdict verdict;
	enum denial_reason reason;
	const char *row;     /* of the line, "" for none */
	const char *because; /* part of the sentence, NULL: any */
	const char *remedy;
};

static void check(const struct fixture *fixture, enum packet_path path, const struct expected *expected)
{
	struct explanation explanation;
	struct query query;
	struct explained about = {fixture->policy, &query, &explanation, "a test"};
	char error[EXPLAIN_ERROR_MAX], ids[ROW_IDS_MAX] = "";
	char *because, *remedy;

	assert_int_equal(0, query_parse(expected->src, expected->dst, expected->proto, expected->port, &query,
	                                error, sizeof(error)));
	query.path = path;
	policy_explain(fixture->policy, &fixture->lines, &query, expected->open ? is_the_gate : NULL,
	               (void *)expected->open, &explanation);
	because = explain_because(&about);
	remedy = explain_remedy(&about);
	if (explanation.line)
		line_row_ids(explanation.line, ids, sizeof(ids));
	print_message("%s -> %s %s/%s: %s, %s (%s; %s)\n", expected->src, expected->dst, expected->proto,
	              expected->port ? expected->port : "", verdict_name(explanation.verdict), ids, because,
	              remedy ? remedy : "");
	assert_string_equal(verdict_name(expected->verdict), verdict_name(explanation.verdict));
	assert_string_equal(denial_reason_name(expected->reason), denial_reason_name(explanation.reason));
	assert_string_equal(expected->row ? expected->row : "", ids);
	assert_true(!expected->because || strstr(because, expected->because));
	assert_true(!expected->remedy || (remedy && strstr(remedy, expected->remedy)));
	assert_int_equal(explanation.reason == REASON_NONE, remedy == NULL);
	free(because);
	free(remedy);
}

static void check_all(const char *settings, enum packet_path path, const struct expected *expected, size_t n)
{
	struct fixture *fixture = fixture_new(settings);

	for (size_t i = 0; i < n; i++)
		check(fixture, path, &expected[i]);
	fixture_free(fixture);
}

static void test_allowed(void **state)
{
	static const struct expected cases[] = {
	        {"10.0.3.7", "10.0.1.1", "tcp", "5723", NULL, VERDICT_ALLOWED, REASON_NONE, "cur-16, cur-18",
	         "in either phase", NULL},
	        {"2001:db8::3:1", "2001:db8::1:1", "tcp", "5723", NULL, VERDICT_ALLOWED, REASON_NONE,
	         "cur-16, cur-18", NULL, NULL},
	        {"10.0.1.1", "10.0.2.1", "tcp", "1444", NULL, VERDICT_ALLOWED, REASON_NONE, "cur-01", NULL,
	         NULL},
	        {"10.0.1.1", "10.0.7.1", "icmp", NULL, NULL, VERDICT_ALLOWED, REASON_NONE, "cur-04", NULL,
	         NULL},
	        {"10.0.1.1", "10.0.3.255", "udp", "138", "prod.cur-18", VERDICT_ALLOWED, REASON_NONE,
	         "cur-18", "window is open", NULL},
	        /* Two rows say the same, and each has a window of its own. */
	        {"10.0.9.1", "10.0.1.1", "tcp", "5723", "prod.cur-22", VERDICT_ALLOWED, REASON_NONE, "cur-22",
	         NULL, NULL},
	        {"10.0.9.1", "10.0.1.1", "tcp", "5723", "prod.cur-05", VERDICT_ALLOWED, REASON_NONE, "cur-05",
	         NULL, NULL},
	        {"10.0.8.1", "10.0.1.1", "tcp", "10010", "site.backup", VERDICT_ALLOWED, REASON_NONE,
	         "backup", "site rule backup", NULL},
	};

	(void)state;
	check_all("", PATH_FORWARD, cases, ARRAY_SIZE(cases));
}

static void test_denied(void **state)
{
	static const struct expected cases[] = {
	        {"10.0.1.1", "10.0.2.1", "tcp", "135", "prod.cur-06", VERDICT_DENIED, REASON_WINDOW_CLOSED,
	         "cur-01", "window is closed", "omfwd --phase install --section prod --rows cur-01"},
	        {"10.0.1.1", "10.0.2.1", "udp", "1444", NULL, VERDICT_DENIED, REASON_OTHER_PROTOCOL, "cur-01",
	         "opens tcp here, not udp", "nothing should"},
	        {"10.0.1.1", "10.0.3.7", "tcp", "138", NULL, VERDICT_DENIED, REASON_OTHER_PROTOCOL, "cur-18",
	         "in the install phase", NULL},
	        {"10.0.1.1", "10.0.3.7", "tcp", "5723", NULL, VERDICT_DENIED, REASON_OPPOSITE_DIRECTION,
	         "cur-16, cur-18", "from the other end", "nothing should"},
	        {"10.0.3.7", "10.9.1.1", "tcp", "5723", NULL, VERDICT_DENIED, REASON_OTHER_SECTION, "",
	         "windows_agent is in prod and management_server in dmz",
	         "windows_agent = 10.0.3.7 under [roles dmz]"},
	        {"10.0.3.7", "10.0.2.1", "tcp", "1444", NULL, VERDICT_DENIED, REASON_NO_LINE, "",
	         "no row opens tcp 1444 between the roles the two ends hold; to this destination it is for "
	         "management_server",
	         "a site rule"},
	        {"10.0.3.7", "10.0.2.1", "tcp", "445", NULL, VERDICT_DENIED, REASON_NO_LINE, "",
	         "to this destination it is for management_server (in the install phase)", "a site rule"},
	        {"10.0.1.1", "10.0.3.7", "icmp", NULL, NULL, VERDICT_DENIED, REASON_KNOWN_PORT, "",
	         "icmp echo-request is ping to a monitored host", "a site rule"},
	};

	(void)state;
	check_all("", PATH_FORWARD, cases, ARRAY_SIZE(cases));
}

/* The documents would open it, the role file does not; and what the documents never open. */
static void test_taken_away(void **state)
{
	static const struct expected cases[] = {
	        {"10.0.5.1", "10.0.5.2", "tcp", "51907", NULL, VERDICT_DENIED, REASON_TAKEN_AWAY, "",
	         "row cur-25 would open it, but the row is off", "cur-25 = on under [rows prod]"},
	        {"10.9.1.1", "10.9.4.1", "udp", "88", NULL, VERDICT_DENIED, REASON_TAKEN_AWAY, "",
	         "authentication = certificate leaves it out", "authentication = kerberos under [roles dmz]"},
	        {"10.9.1.1", "10.9.2.1", "udp", "1434", NULL, VERDICT_DENIED, REASON_TAKEN_AWAY, "",
	         "sql_browser is off", "sql_browser = 1434 under [ports dmz]"},
	        {"10.0.1.1", "10.0.2.1", "tcp", "1433", NULL, VERDICT_DENIED, REASON_PORT_MOVED, "",
	         "sql_operations_manager_database moved its port to 1444",
	         "sql_operations_manager_database = 1433 under [ports prod]"},
	        {"10.0.1.1", "10.0.4.1", "tcp", "636", NULL, VERDICT_DENIED, REASON_KNOWN_PORT, "",
	         "does not support LDAP over SSL", "nothing should"},
	};

	(void)state;
	check_all("", PATH_FORWARD, cases, ARRAY_SIZE(cases));
}

/* The same rule, whose window would else be closed. */
static void test_expired_rule(void **state)
{
	static const struct expected cases[] = {
	        {"10.0.8.1", "10.0.1.1", "tcp", "10010", NULL, VERDICT_DENIED, REASON_RULE_EXPIRED, "",
	         "site rule backup would open it, but it expired after 1970-01-0",
	         "expires = YYYY-MM-DD, a day to come, under [site_rule backup]"},
	        {"10.0.8.1", "10.0.1.1", "tcp", "10011", NULL, VERDICT_DENIED, REASON_NO_ROLE, "", NULL,
	         NULL},
	        {"10.0.8.1", "10.0.1.1", "udp", "10010", NULL, VERDICT_DENIED, REASON_NO_ROLE, "", NULL,
	         NULL},
	        {"10.0.8.2", "10.0.1.1", "tcp", "10010", NULL, VERDICT_DENIED, REASON_NO_ROLE, "", NULL,
	         NULL},
	};
	struct fixture fixture = {.policy = load("deny_scope = servers\n")};
	struct site_rule *rule = &fixture.policy->site_rules[0];

	(void)state;
	rule->expires = 3 * 24 * 3600;
	rule->expired = true;
	fixture.lines = policy_compile(fixture.policy);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check(&fixture, PATH_FORWARD, &cases[i]);
	policy_free(fixture.policy);
}

/* A server with a stranger; two agents; a stranger with a stranger. */
static const char *const pairs[][2] = {
        {"10.0.1.1", "172.16.0.1"}, {"10.0.3.7", "10.0.6.1"}, {"172.16.0.1", "172.16.0.2"}};

static void check_scope(const char *settings, enum packet_path path, const enum verdict verdicts[3])
{
	struct fixture *fixture = fixture_new(settings);

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		bool denied = verdicts[i] == VERDICT_DENIED, both_held = i == 1;
		struct expected expected = {.src = pairs[i][0],
		                            .dst = pairs[i][1],
		                            .proto = "tcp",
		                            .port = "4242",
		                            .verdict = verdicts[i],
		                            .reason = !denied     ? REASON_NONE
		                                      : both_held ? REASON_NO_LINE
		                                                  : REASON_NO_ROLE};

		check(fixture, path, &expected);
	}
	fixture_free(fixture);
}

static void test_scopes(void **state)
{
	(void)state;
	check_scope("deny_scope = none\n", PATH_FORWARD,
	            (enum verdict[]){VERDICT_NOT_JUDGED, VERDICT_NOT_JUDGED, VERDICT_NOT_JUDGED});
	check_scope("deny_scope = roles\n", PATH_FORWARD,
	            (enum verdict[]){VERDICT_NOT_JUDGED, VERDICT_NOT_JUDGED, VERDICT_NOT_JUDGED});
	check_scope("deny_scope = servers\n", PATH_FORWARD,
	            (enum verdict[]){VERDICT_DENIED, VERDICT_NOT_JUDGED, VERDICT_NOT_JUDGED});
	check_scope("deny_scope = everything\n", PATH_FORWARD,
	            (enum verdict[]){VERDICT_DENIED, VERDICT_DENIED, VERDICT_DENIED});
	check_scope("deny_scope = everything\n", PATH_LOCAL,
	            (enum verdict[]){VERDICT_NOT_JUDGED, VERDICT_NOT_JUDGED, VERDICT_NOT_JUDGED});
}

static void test_not_judged(void **state)
{
	static const struct expected roles[] = {
	        {"10.0.1.1", "172.16.0.1", "tcp", "80", NULL, VERDICT_NOT_JUDGED, REASON_NONE, "",
	         "deny_scope = roles leaves it alone; 172.16.0.1 holds no role", NULL},
	        {"10.0.3.7", "10.0.6.1", "tcp", "80", NULL, VERDICT_NOT_JUDGED, REASON_NONE, "",
	         "leaves it alone; neither end is a server", NULL},
	};
	static const struct expected servers = {
	        "10.0.3.7",  "172.16.0.1", "tcp",
	        "80",        NULL,         VERDICT_NOT_JUDGED,
	        REASON_NONE, "",           "servers leaves it alone; neither end is a server",
	        NULL};
	static const struct expected local = {
	        "172.16.0.1", "10.0.1.1", "tcp",
	        "80",         NULL,       VERDICT_NOT_JUDGED,
	        REASON_NONE,  "",         "because it is not forwarded; 172.16.0.1 holds no role",
	        NULL};
	static const struct expected none = {"10.0.3.7",  "10.0.1.1", "tcp",
	                                     "80",        NULL,       VERDICT_NOT_JUDGED,
	                                     REASON_NONE, "",         "deny_scope = none leaves it alone",
	                                     NULL};

	(void)state;
	check_all("", PATH_FORWARD, roles, ARRAY_SIZE(roles));
	check_all("deny_scope = servers\n", PATH_FORWARD, &servers, 1);
	check_all("deny_scope = everything\n", PATH_LOCAL, &local, 1);
	check_all("deny_scope = none\n", PATH_FORWARD, &none, 1);
}

static void test_lenience(void **state)
{
	static const struct expected audited = {
	        "10.0.1.1",      "10.0.2.1",           "tcp",    "135", NULL,
	        VERDICT_AUDITED, REASON_WINDOW_CLOSED, "cur-01", NULL,  "omfwd --phase install"};
	static const struct expected managed = {"10.0.1.1",  "10.0.2.1", "tcp",
	                                        "135",       NULL,       VERDICT_NEVER_DENY,
	                                        REASON_NONE, "",         "10.0.2.1 is in never_deny",
	                                        NULL};
	static const struct expected still_allowed = {"10.0.1.1",      "10.0.2.1",  "tcp",    "1444", NULL,
	                                              VERDICT_ALLOWED, REASON_NONE, "cur-01", NULL,   NULL};

	(void)state;
	check_all("mode = audit\n", PATH_FORWARD, &audited, 1);
	check_all("never_deny = 10.0.2.1\n", PATH_FORWARD, &managed, 1);
	check_all("never_deny = 10.0.2.1\n", PATH_FORWARD, &still_allowed, 1);
	check_all("mode = audit\nnever_deny = 10.0.2.0/24\n", PATH_FORWARD, &managed, 1);
}

static void test_held_roles(void **state)
{
	struct fixture *fixture = fixture_new("");
	struct explanation explanation;
	struct query query;
	char error[EXPLAIN_ERROR_MAX], place[PLACE_MAX];

	(void)state;
	assert_int_equal(0, query_parse("10.0.3.9", "172.16.0.1", "tcp", "80", &query, error, sizeof(error)));
	policy_explain(fixture->policy, &fixture->lines, &query, NULL, NULL, &explanation);
	/* push_target falls back to windows_agent in the lines, but nobody holds it. */
	assert_int_equal(1, explanation.n_src_roles);
	assert_int_equal(ROLE_WINDOWS_AGENT, explanation.src_roles[0].role);
	assert_string_equal("prod", explanation.src_roles[0].section->name);
	words_place(fixture->policy, explanation.src_roles[0].loc, place, sizeof(place));
	assert_string_equal(":5", strrchr(place, ':'));
	assert_int_equal(0, explanation.n_dst_roles);
	fixture_free(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_allowed),    cmocka_unit_test(test_denied),
	        cmocka_unit_test(test_taken_away), cmocka_unit_test(test_expired_rule),
	        cmocka_unit_test(test_scopes),     cmocka_unit_test(test_not_judged),
	        cmocka_unit_test(test_lenience),   cmocka_unit_test(test_held_roles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* From role files to policies: what the grammar means. What is wrong with files is tested in tests/golden. */
#include "tests/unit/role_file.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "policy/keys.h"

/* The ports of a section's key as "80 443 5000-5010". */
static const char *ports_text(const struct port_list *list)
{
	static char text[512];
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < list->n; i++) {
		used += (size_t)snprintf(text + used, sizeof(text) - used, i ? " %u" : "%u",
		                         list->ranges[i].lo);
		if (list->ranges[i].hi != list->ranges[i].lo)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "-%u", list->ranges[i].hi);
	}
	return text;
}

static const char *addrs_text(const struct addr_set *set)
{
	static char text[4096];
	char buf[ADDR_TEXT_MAX];

	text[0] = '\0';
	for (size_t i = 0; i < set->n4; i++)
		strcat(strcat(text, text[0] ? " " : ""), addr_format4(&set->v4[i], buf, sizeof(buf)));
	for (size_t i = 0; i < set->n6; i++)
		strcat(strcat(text, text[0] ? " " : ""), addr_format6(&set->v6[i], buf, sizeof(buf)));
	return text;
}

static void test_defaults(void **state)
{
	struct policy *policy = load_text("");
	const struct settings *settings = &policy->settings;

	(void)state;
	assert_int_equal(settings->table, TABLE_CURRENT);
	assert_int_equal(settings->mode, MODE_ENFORCE);
	assert_int_equal(settings->deny_scope, DENY_ROLES);
	assert_int_equal(settings->deny_action, DENY_DROP);
	assert_int_equal(settings->install_window, 4 * 3600);
	assert_int_equal(settings->install_window_max, 24 * 3600);
	assert_true(settings->log_denied);
	assert_int_equal(settings->log_group, 5);
	assert_int_equal(settings->log_rate, 20);
	assert_int_equal(settings->log_rate_unit, 1);
	assert_false(settings->accept_mark_set);
	assert_int_equal(policy->n_sections, 0);
	assert_non_null(strstr(messages, "warning: no section assigns roles, so nothing is denied; write "));
	policy_free(policy);
}

static void test_settings(void **state)
{
	struct policy *policy =
	        load_text("[omfwd]\ntable=2016\nmode = audit\ndeny_scope = servers\ninstall_window = 1h30m\n"
	                  "log_denied = off\nlog_rate = 7/day\naccept_mark = 0x10/0xf0\nown_table = no\n"
	                  "never_deny = 10.0.0.1,\n  2001:db8::1\nnever_deny = 10.0.0.2\n"
	                  "[roles a]\ntable = current\nsnmp = purpose\n[roles b]\n");
	const struct settings *settings = &policy->settings;

	(void)state;
	assert_int_equal(settings->mode, MODE_AUDIT);
	assert_int_equal(settings->deny_scope, DENY_SERVERS);
	assert_int_equal(settings->install_window, 5400);
	assert_false(settings->log_denied);
	assert_int_equal(settings->log_rate, 7);
	assert_int_equal(settings->log_rate_unit, 86400);
	assert_true(settings->accept_mark_set);
	assert_int_equal(settings->accept_mark_value, 0x10);
	assert_int_equal(settings->accept_mark_mask, 0xf0);
	assert_int_equal(settings->own_table, OWN_TABLE_NO);
	assert_string_equal(addrs_text(&policy->never_deny), "10.0.0.1 10.0.0.2 2001:db8::1");
	assert_int_equal(policy_section(policy, "a")->table, TABLE_CURRENT);
	assert_int_equal(policy_section(policy, "a")->snmp, SNMP_PURPOSE);
	assert_int_equal(policy_section(policy, "b")->table, TABLE_2016);
	assert_int_equal(policy_section(policy, "b")->snmp, SNMP_BIDIRECTIONAL);
	assert_null(policy_section(policy, "c"));
	policy_free(policy);
}

/* The texts of the table of keys say what the port tables say. */
static void test_default_ports_are_the_tables(void **state)
{
	struct policy *policy = load_text("[roles cur]\n[roles old]\ntable = 2016\n");

	(void)state;
	for (size_t s = 0; s < policy->n_sections; s++) {
		const struct section *section = &policy->sections[s];
		size_t n;
		const struct table_line *lines = table_lines(section->table, &n);

		for (size_t i = 0; i < n; i++) {
			const struct port_list *list;
			bool found = lines[i].key == PORT_FIXED;

			list = found ? NULL : &section->ports[lines[i].key];
			for (size_t j = 0; list && j < list->n; j++)
				found = found || (list->ranges[j].lo == lines[i].ports.lo &&
				                  list->ranges[j].hi == lines[i].ports.hi);
			if (!found)
				fail_msg("%s: the default of its key is another", lines[i].row);
		}
	}
	policy_free(policy);
}

static void test_ports(void **state)
{
	struct policy *policy = load_text(
	        "[ports]\nssh = 2222, 22\nssh = 2200-2230\nsql_browser = off\nrpc_dynamic = 50000-50100\n"
	        "[ports b]\nssh = 22\nsql_browser = 1434\n[roles a]\n[roles b]\n[roles c]\ntable = 2016\n");
	const struct section *a = policy_section(policy, "a"), *b = policy_section(policy, "b");

	(void)state;
	assert_string_equal(ports_text(&a->ports[PORT_SSH]), "22 2200-2230");
	assert_string_equal(ports_text(&b->ports[PORT_SSH]), "22");
	assert_int_equal(a->ports[PORT_SQL_BROWSER].n, 0);
	assert_string_equal(ports_text(&b->ports[PORT_SQL_BROWSER]), "1434");
	assert_string_equal(ports_text(&b->ports[PORT_RPC_DYNAMIC]), "50000-50100");
	assert_string_equal(ports_text(&a->ports[PORT_WEB_CONSOLE]), "80 443");
	assert_int_equal(a->ports[PORT_WEB_CONSOLE].loc, 0);
	assert_string_equal(ports_text(&policy_section(policy, "c")->ports[PORT_WEB_CONSOLE]), "51908");
	policy_free(policy);
}

static void test_rows(void **state)
{
	struct policy *policy =
	        load_text("[rows]\ncur-18 = off\ncur-25 = both\ncur-28 = reverse\n[rows b]\ncur-18-dc = on\n"
	                  "cur-25 = install\n[roles a]\n[roles b]\n");
	const struct section *a = policy_section(policy, "a"), *b = policy_section(policy, "b");

	(void)state;
	assert_int_equal(a->rows[row_find("cur-18")].state, ROW_OFF);
	assert_int_equal(a->rows[row_find("cur-18-dc")].state, ROW_OFF);
	assert_int_equal(b->rows[row_find("cur-18")].state, ROW_OFF);
	assert_int_equal(b->rows[row_find("cur-18-dc")].state, ROW_ON);
	assert_int_equal(a->rows[row_find("cur-25")].state, ROW_BOTH);
	assert_int_equal(b->rows[row_find("cur-25")].state, ROW_INSTALL);
	assert_int_equal(b->rows[row_find("cur-28")].state, ROW_REVERSE);
	assert_int_equal(a->rows[row_find("cur-01")].loc, 0);
	policy_free(policy);
}

static void test_references(void **state)
{
	struct policy *policy =
	        load_text("[roles]\nagent = @dmz.push_target, 10.0.0.0/24\npush_target = @windows_agent\n"
	                  "windows_agent = 10.0.1.0/24\n"
	                  "[roles dmz]\npush_target = @acs_forwarder\nacs_forwarder = 192.0.2.1, "
	                  "192.0.2.0/28, 2001:db8::1\n"
	                  "[omfwd]\nnever_deny = @agent\n");

	(void)state;
	assert_string_equal(addrs_text(&policy_section(policy, "default")->roles[ROLE_PUSH_TARGET].addrs),
	                    "10.0.0.0/23 192.0.2.0/28 2001:db8::1");
	assert_string_equal(addrs_text(&policy->never_deny), "10.0.0.0/23 192.0.2.0/28 2001:db8::1");
	assert_string_equal(messages, "");
	policy_free(policy);
}

static void test_acting_roles(void **state)
{
	struct policy *policy =
	        load_text("[roles a]\nwindows_agent = 10.0.0.1\nmanagement_server = 10.0.0.2\n"
	                  "[roles b]\npush_target = 10.0.0.1\nomed_service = 10.0.0.3\nssrs = 10.0.0.4\n");
	const struct section *a = policy_section(policy, "a"), *b = policy_section(policy, "b");

	(void)state;
	assert_true(section_acting_roles(a, ROLE_PUSH_TARGET) == ROLE_BIT(ROLE_WINDOWS_AGENT));
	assert_true(section_acting_roles(a, ROLE_OMED_SERVICE) ==
	            (ROLE_BIT(ROLE_MANAGEMENT_SERVER) | ROLE_BIT(ROLE_GATEWAY_SERVER)));
	assert_true(section_acting_roles(a, ROLE_SQL_REPORTING_SERVICES) == ROLE_BIT(ROLE_REPORTING_SERVER));
	assert_true(section_acting_roles(b, ROLE_PUSH_TARGET) == ROLE_BIT(ROLE_PUSH_TARGET));
	assert_true(section_acting_roles(b, ROLE_OMED_SERVICE) == ROLE_BIT(ROLE_OMED_SERVICE));
	assert_true(section_acting_roles(b, ROLE_SQL_REPORTING_SERVICES) ==
	            ROLE_BIT(ROLE_SQL_REPORTING_SERVICES));
	assert_true(section_acting_roles(a, ROLE_WINDOWS_AGENT) == ROLE_BIT(ROLE_WINDOWS_AGENT));
	policy_free(policy);
}

static void test_site_rules(void **state)
{
	struct policy *policy = load_text(
	        "[roles prod]\nmanagement_server = 10.0.0.1\nagent = 10.0.0.2\n"
	        "[site_rule ping]\nfrom = @management_server\nto = @prod.agent, 10.0.0.3\nprotocol = icmp\n"
	        "ports = echo-request\nreason = heartbeat # 7 diagnosis\nticket = CHG0012345\nexpires = "
	        "2026-11-21\n"
	        "[site_rule web]\nfrom = 10.0.0.1\nto = 10.0.0.2,\n  2001:db8::1\nprotocol = tcp\nports = "
	        "443, 80\n"
	        "phase = install\nreason = x\nexpires = 2026-11-20\n");
	const struct site_rule *ping = &policy->site_rules[0], *web = &policy->site_rules[1];

	(void)state;
	assert_int_equal(policy->n_site_rules, 2);
	assert_string_equal(ping->name, "ping");
	assert_ptr_equal(ping->from_section, policy_section(policy, "prod"));
	assert_int_equal(ping->from_role, ROLE_MANAGEMENT_SERVER);
	assert_string_equal(addrs_text(&ping->from), "10.0.0.1");
	assert_null(ping->to_section);
	assert_string_equal(ping->to_text, "@prod.agent, 10.0.0.3");
	assert_string_equal(addrs_text(&ping->to), "10.0.0.2 10.0.0.3");
	assert_int_equal(ping->proto, PROTO_ICMP);
	assert_int_equal(ping->ports.n, 0);
	assert_int_equal(ping->phase, PHASE_ALWAYS);
	assert_string_equal(ping->reason, "heartbeat # 7 diagnosis");
	assert_string_equal(ping->ticket, "CHG0012345");
	assert_int_equal(ping->expires, NOW + 86400);
	assert_false(ping->expired);
	assert_string_equal(ports_text(&web->ports), "80 443");
	assert_int_equal(web->phase, PHASE_INSTALL);
	assert_string_equal(web->to_text, "10.0.0.2, 2001:db8::1");
	assert_null(web->ticket);
	assert_true(web->expired);
	assert_non_null(strstr(messages, "main:20: warning: [site_rule web] expired after 2026-11-20"));
	policy_free(policy);
}

static void test_drop_ins(void **state)
{
	struct policy *policy;

	(void)state;
	assert_int_equal(mkdir(path_of("main.d"), 0700), 0);
	write_file("main.d/20.conf",
	           "[omfwd]\nmode = enforce\n[roles]\nagent = 10.0.0.3\n[ports]\nssh = 24\nssh = 25\n");
	write_file("main.d/10.conf",
	           "[omfwd]\nmode = audit\nnever_deny = 10.1.0.2\n[roles]\nwindows_agent = 10.0.0.2\n"
	           "[ports]\nssh = 23\n[site_rule x]\nto = 10.2.0.2\nticket = T\nports = 2\n");
	write_file("main.d/30.conf.off", "[nonsense\n");
	write_file("main.d/.hidden.conf", "[nonsense\n");
	policy = load_text(
	        "[omfwd]\nmode = enforce\nnever_deny = 10.1.0.1\n[roles]\nagent = 10.0.0.1\n[ports]\nssh = "
	        "22\n"
	        "[site_rule x]\nfrom = 10.2.0.0\nto = 10.2.0.1\nprotocol = tcp\nports = 1\nreason = r\n");
	assert_int_equal(policy->settings.mode, MODE_ENFORCE);
	assert_string_equal(addrs_text(&policy->never_deny), "10.1.0.1 10.1.0.2");
	assert_string_equal(addrs_text(&policy->sections[0].roles[ROLE_WINDOWS_AGENT].addrs),
	                    "10.0.0.1 10.0.0.2 10.0.0.3");
	assert_string_equal(ports_text(&policy->sections[0].ports[PORT_SSH]), "24 25");
	assert_string_equal(addrs_text(&policy->site_rules[0].to), "10.2.0.1 10.2.0.2");
	assert_string_equal(ports_text(&policy->site_rules[0].ports), "2");
	assert_string_equal(policy->site_rules[0].ticket, "T");
	policy_free(policy);
	unlink(path_of("main.d/10.conf"));
	unlink(path_of("main.d/20.conf"));
	unlink(path_of("main.d/30.conf.off"));
	unlink(path_of("main.d/.hidden.conf"));
	assert_int_equal(rmdir(path_of("main.d")), 0);
}

/* Daylight saving: the day after is not always 24 hours away. */
static void test_last_day(void **state)
{
	time_t when = 1;

	(void)state;
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	assert_int_equal(value_parse_last_day("2026-10-25", &when), 0);
	assert_int_equal(when, 1792969200); /* 2026-10-25 23:00 UTC */
	assert_int_equal(value_parse_last_day("2026-02-29", &when), -22);
	assert_int_equal(value_parse_last_day("2026-13-01", &when), -22);
	assert_int_equal(value_parse_last_day("1026-01-31", &when), -22);
	assert_int_equal(value_parse_last_day("2026-1-01", &when), -22);
	assert_int_equal(value_parse_last_day("2026-01-01 ", &when), -22);
	assert_int_equal(value_parse_last_day("2028-02-29", &when), 0);
	setenv("TZ", "UTC", 1);
	tzset();
}

static void test_nearest_word(void **state)
{
	static const char *const words[] = {"mode", "table", "management_server", NULL};

	(void)state;
	assert_string_equal(nearest_word("modee", words), "mode");
	assert_string_equal(nearest_word("tbale", words), "table");
	assert_string_equal(nearest_word("mangement_sever", words), "management_server");
	assert_null(nearest_word("xyz", words));
	assert_null(nearest_word("", words));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_defaults),
	        cmocka_unit_test(test_settings),
	        cmocka_unit_test(test_default_ports_are_the_tables),
	        cmocka_unit_test(test_ports),
	        cmocka_unit_test(test_rows),
	        cmocka_unit_test(test_references),
	        cmocka_unit_test(test_acting_roles),
	        cmocka_unit_test(test_site_rules),
	        cmocka_unit_test(test_drop_ins),
	        cmocka_unit_test(test_last_day),
	        cmocka_unit_test(test_nearest_word),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

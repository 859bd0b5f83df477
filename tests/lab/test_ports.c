/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keys of [ports]: each one moves its port in every row that names it, closes the documented one there, and leaves
 * the others alone. All in the install phase, so that rpc_dynamic is seen too.
 */
#include <stdio.h>
#include <string.h>

#include "tests/lab/expect.h"
#include "tests/lab/program.h"
#include "tests/lab/sweep.h"

#define OPSDB "operations_manager_database"
#define DW    "reporting_data_warehouse"

/* One row of the document that a key moves: open on every port of open, closed on every port of closed. */
struct moved {
	const char *from, *to;
	uint8_t proto;
};

struct port_key_case {
	const struct expected_table *table;
	const char *setting;
	int open[4], closed[4]; /* ended by 0 */
	struct moved moved[7];  /* ended by no name */
};

static const struct port_key_case cases[] = {
        {&expected_current,
         "sql_operations_manager_database = 14330, 14340-14342",
         {14330, 14340, 14342},
         {1433, 14331, 14343},
         {{"management_server", OPSDB, IPPROTO_TCP},
          {"web_console_application_diagnostics", OPSDB, IPPROTO_TCP}}},
        {&expected_current,
         "sql_reporting_data_warehouse = 14330",
         {14330},
         {1433, 14329, 14331},
         {{"management_server", DW, IPPROTO_TCP},
          {"web_console_application_advisor", DW, IPPROTO_TCP},
          {"reporting_server", DW, IPPROTO_TCP}}},
        {&expected_current,
         "sql_acs_database = 2433",
         {2433},
         {1433},
         {{"acs_collector", "acs_database", IPPROTO_TCP}}},
        {&expected_current,
         "sql_browser = 2434",
         {2434},
         {1434},
         {{"management_server", OPSDB, IPPROTO_UDP},
          {"management_server", DW, IPPROTO_UDP},
          {"web_console_application_diagnostics", OPSDB, IPPROTO_UDP},
          {"web_console_application_advisor", DW, IPPROTO_UDP},
          {"reporting_server", DW, IPPROTO_UDP},
          {"acs_collector", "acs_database", IPPROTO_UDP}}},
        {&expected_current,
         "sql_browser = off",
         {0},
         {1434},
         {{"management_server", OPSDB, IPPROTO_UDP},
          {"management_server", DW, IPPROTO_UDP},
          {"web_console_application_diagnostics", OPSDB, IPPROTO_UDP},
          {"web_console_application_advisor", DW, IPPROTO_UDP},
          {"reporting_server", DW, IPPROTO_UDP},
          {"acs_collector", "acs_database", IPPROTO_UDP}}},
        {&expected_current,
         "health_service = 6723",
         {6723},
         {5723},
         {{"management_server", "management_server", IPPROTO_TCP},
          {"gateway_server", "management_server", IPPROTO_TCP},
          {"reporting_server", "management_server", IPPROTO_TCP},
          {"windows_agent", "management_server", IPPROTO_TCP},
          {"windows_agent", "gateway_server", IPPROTO_TCP}}},
        {&expected_current,
         "web_console = 8443",
         {8443},
         {80, 443},
         {{"web_console_browser", "web_console_server", IPPROTO_TCP}}},
        {&expected_current,
         "ssh = 2222",
         {2222},
         {22},
         {{"management_server", "unix_linux_agent", IPPROTO_TCP},
          {"gateway_server", "unix_linux_agent", IPPROTO_TCP}}},
        {&expected_current,
         "omed = 9886",
         {9886},
         {8886},
         {{"unix_linux_agent", "omed_service", IPPROTO_TCP}}},
        {&expected_current, "acs = 5909", {5909}, {51909}, {{"acs_forwarder", "acs_collector", IPPROTO_TCP}}},
        {&expected_current, "aem = 5906", {5906}, {51906}, {{"aem_client", "aem_file_share", IPPROTO_TCP}}},
        {&expected_current, "ceip = 5907", {5907}, {51907}, {{"ceip_client", "ceip_endpoint", IPPROTO_TCP}}},
        {&expected_current,
         "rpc_dynamic = 50000-50100",
         {50000, 50050, 50100},
         {49152, 49999, 50101},
         {{"management_server", OPSDB, IPPROTO_TCP},
          {"management_server", DW, IPPROTO_TCP},
          {"management_server", "push_target", IPPROTO_TCP},
          {"gateway_server", "domain_controller", IPPROTO_TCP}}},
        /* The catalog's range is the client's own and has another key. */
        {&expected_current,
         "rpc_dynamic = 50000-50100",
         {49152, 50000, 65535},
         {49151},
         {{"operations_console", "management_pack_catalog", IPPROTO_TCP}}},
        {&expected_2016,
         "sql_operations_manager_database = 14330",
         {14330},
         {1433},
         {{"management_server", OPSDB, IPPROTO_TCP}}},
        {&expected_2016,
         "sql_reporting_data_warehouse = 14330",
         {14330},
         {1433},
         {{"management_server", DW, IPPROTO_TCP}, {"reporting_server", DW, IPPROTO_TCP}}},
        {&expected_2016,
         "web_console = 8443",
         {8443},
         {51908, 80, 443},
         {{"web_console_browser", "web_console_server", IPPROTO_TCP}}},
        {&expected_2016,
         "web_console_to_management_server = 6724",
         {6724},
         {5724},
         {{"web_console_server", "management_server", IPPROTO_TCP}}},
        /* One key moves the listener of the operations console as little as any other 5724. */
        {&expected_2016,
         "web_console_to_management_server = 6724",
         {5724},
         {6724},
         {{"operations_console", "management_server", IPPROTO_TCP},
          {"reporting_server", "management_server", IPPROTO_TCP}}},
        {&expected_2016,
         "health_service = 6723",
         {6723},
         {5723},
         {{"management_server", "management_server", IPPROTO_TCP},
          {"gateway_server", "management_server", IPPROTO_TCP},
          {"reporting_server", "management_server", IPPROTO_TCP},
          {"windows_agent", "management_server", IPPROTO_TCP},
          {"windows_agent", "gateway_server", IPPROTO_TCP}}},
};

/* Both families at once: v4 to the right, v6 to the left. */
static size_t probes_add(struct probe *probes, const struct moved *moved, int port)
{
	int from = expected_role(moved->from), to = expected_role(moved->to);
	probes[0] = (struct probe){.src = sweep_address(from, 1, AF_INET),
	                           .dst = sweep_address(to, 2, AF_INET),
	                           .proto = moved->proto,
	                           .dport = (uint16_t)port};
	probes[1] = probes[0];
	probes[1].src = sweep_address(from, 2, AF_INET6);
	probes[1].dst = sweep_address(to, 1, AF_INET6);
	return 2;
}

static size_t case_add(const struct port_key_case *each, bool open, struct probe *probes)
{
	const int *ports = open ? each->open : each->closed;
	size_t n = 0;
	for (const struct moved *moved = each->moved; moved->from; moved++)
		for (int i = 0; i < 4 && ports[i]; i++)
			n += probes_add(probes + n, moved, ports[i]);
	return n;
}

static void case_expect(struct lab *lab, const struct port_key_case *each)
{
	struct probe probes[128];
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN], what[32];
	size_t open = case_add(each, true, probes);
	size_t n = open + case_add(each, false, probes + open);
	burst_run(lab, probes, n);
	for (size_t i = 0; i < n; i++)
		if (probes[i].arrived != (i < open))
			fail_msg("table %s, %s: %s -> %s %s %s", each->table->name, each->setting,
			         address_text(&probes[i].src, src), address_text(&probes[i].dst, dst),
			         probe_text(&probes[i], what), i < open ? "was denied" : "passed");
}

static void case_apply(struct lab *lab, const struct port_key_case *each, const char *heading)
{
	struct expected_policy policy = {.table = each->table, .scope = SCOPE_EVERYTHING};
	for (int role = 0; role < EXPECTED_ROLES; role++)
		policy.assigned[role] = true;
	char extra[256];
	snprintf(extra, sizeof(extra), "%s\n%s\n", heading, each->setting);
	sweep_config_write(&policy, extra);
	omfwd_expect(lab, 0, "--phase install");
}

static void test_port_keys(void **state)
{
	struct lab *lab = lab_need(state);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		case_apply(lab, &cases[i], "[ports]");
		case_expect(lab, &cases[i]);
	}
}

static void test_port_keys_of_a_section(void **state)
{
	struct lab *lab = lab_need(state);
	case_apply(lab, &cases[0], "[ports]\nsql_operations_manager_database = 999\n[ports prod]");
	case_expect(lab, &cases[0]);
	struct port_key_case overridden = cases[0];
	overridden.closed[3] = 999;
	case_expect(lab, &overridden);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_port_keys),
	        LAB_TEST(test_port_keys_of_a_section),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

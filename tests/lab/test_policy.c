/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a role file can say, one thing at a time: sections, members, rows, narrowing roles, site rules. */
#include <stdio.h>
#include <time.h>

#include "tests/lab/expect.h"
#include "tests/lab/program.h"

#define EVERYTHING "[omfwd]\ndeny_scope = everything\nlog_denied = no\n"
#define ROLES      "[omfwd]\ndeny_scope = roles\nlog_denied = no\n"

static void test_sections_do_not_talk(void **state)
{
	struct lab *lab = lab_need(state);
	omfwd_apply(lab, ROLES "[roles east]\nmanagement_server = 10.1.0.10, 2001:db8:1::10\n"
	                       "windows_agent = 10.2.0.20, 2001:db8:2::20\n"
	                       "[roles west]\nmanagement_server = 10.1.0.11, 2001:db8:1::11\n"
	                       "windows_agent = 10.2.0.21, 2001:db8:2::21\n");
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "pass 10.2.0.21 10.1.0.11 tcp/5723",
	       "drop 10.2.0.20 10.1.0.11 tcp/5723", "drop 10.2.0.21 10.1.0.10 tcp/5723",
	       "pass 2001:db8:2::20 2001:db8:1::10 tcp/5723", "pass 2001:db8:2::21 2001:db8:1::11 tcp/5723",
	       "drop 2001:db8:2::20 2001:db8:1::11 tcp/5723", "drop 2001:db8:2::21 2001:db8:1::10 tcp/5723");
	omfwd_expect(lab, 0, "--phase install");
	EXPECT(lab, "pass 10.1.0.10 10.2.0.20 tcp/135", "drop 10.1.0.10 10.2.0.21 tcp/135",
	       "pass 10.1.0.11 10.2.0.21 tcp/50000", "drop 10.1.0.11 10.2.0.20 tcp/50000");
}

/* The management server of both sections talks to the agents of both; roles on one host add up. */
static void test_host_with_several_roles(void **state)
{
	struct lab *lab = lab_need(state);
	omfwd_apply(lab, EVERYTHING
	            "[roles east]\nmanagement_server = 10.1.0.10\nacs_collector = 10.1.0.10\n"
	            "windows_agent = 10.2.0.20\nacs_forwarder = 10.2.0.20\n"
	            "operations_manager_database = 10.2.0.50\nreporting_data_warehouse = 10.2.0.50\n"
	            "reporting_server = 10.1.0.12\nacs_database = 10.2.0.50\n"
	            "[roles west]\nmanagement_server = 10.1.0.10, 10.1.0.11\n"
	            "unix_linux_agent = 10.2.0.20\nwindows_agent = 10.2.0.21\n");
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "pass 10.2.0.20 10.1.0.10 tcp/51909",
	       "pass 10.1.0.10 10.2.0.20 tcp/1270", "pass 10.1.0.11 10.2.0.20 tcp/1270",
	       "pass 10.2.0.21 10.1.0.10 tcp/5723", "pass 10.2.0.21 10.1.0.11 tcp/5723",
	       "drop 10.2.0.20 10.1.0.11 tcp/5723", "drop 10.2.0.20 10.1.0.11 tcp/51909",
	       "pass 10.1.0.10 10.2.0.50 tcp/1433", "pass 10.1.0.12 10.2.0.50 tcp/1433",
	       "pass 10.1.0.10 10.2.0.50 udp/1434", "drop 10.1.0.11 10.2.0.50 tcp/1433",
	       "drop 10.2.0.21 10.1.0.10 tcp/51909");
}

static void test_members_of_every_kind(void **state)
{
	struct lab *lab = lab_need(state);
	lab_write("agents.list",
	          "# agents of the branch\n10.2.1.7\n10.2.1.8/30  # four of them\n2001:db8:2:1::7\n");
	omfwd_apply(lab, EVERYTHING "[roles prod]\n"
	                            "management_server = 10.1.0.10\n  2001:db8:1::10\n"
	                            "windows_agent = 10.2.64.0/18, 10.2.0.100-10.2.0.110, 10.2.0.111\n"
	                            "windows_agent = @file:" LAB_DIR "/agents.list, @other.windows_agent\n"
	                            "windows_agent = 2001:db8:2:40::/64, 2001:db8:2::100-2001:db8:2::1ff\n"
	                            "gateway_server = @management_server\n"
	                            "[roles other]\nwindows_agent = 10.2.2.1, 10.2.64.5\n");
	EXPECT(lab, "pass 10.2.64.0 10.1.0.10 tcp/5723", "pass 10.2.64.5 10.1.0.10 tcp/5723",
	       "pass 10.2.127.255 10.1.0.10 tcp/5723", "drop 10.2.63.255 10.1.0.10 tcp/5723",
	       "drop 10.2.128.0 10.1.0.10 tcp/5723", "drop 10.2.0.99 10.1.0.10 tcp/5723",
	       "pass 10.2.0.100 10.1.0.10 tcp/5723", "pass 10.2.0.110 10.1.0.10 tcp/5723",
	       "pass 10.2.0.111 10.1.0.10 tcp/5723", "drop 10.2.0.112 10.1.0.10 tcp/5723",
	       "pass 10.2.1.7 10.1.0.10 tcp/5723", "pass 10.2.1.8 10.1.0.10 tcp/5723",
	       "pass 10.2.1.11 10.1.0.10 tcp/5723", "drop 10.2.1.12 10.1.0.10 tcp/5723",
	       "drop 10.2.1.6 10.1.0.10 tcp/5723", "pass 10.2.2.1 10.1.0.10 tcp/5723",
	       "pass 2001:db8:2:1::7 2001:db8:1::10 tcp/5723",
	       "pass 2001:db8:2:40::1 2001:db8:1::10 tcp/5723",
	       "pass 2001:db8:2:40:ffff:ffff:ffff:ffff 2001:db8:1::10 tcp/5723",
	       "drop 2001:db8:2:41:: 2001:db8:1::10 tcp/5723", "drop 2001:db8:2::ff 2001:db8:1::10 tcp/5723",
	       "pass 2001:db8:2::100 2001:db8:1::10 tcp/5723", "pass 2001:db8:2::1ff 2001:db8:1::10 tcp/5723",
	       "drop 2001:db8:2::200 2001:db8:1::10 tcp/5723", "drop 10.2.64.0 10.1.0.11 tcp/5723");
}

#define ROW_ROLES                                                                                            \
	"[roles prod]\nmanagement_server = 10.1.0.10\ngateway_server = 10.1.0.30\nwindows_agent = "          \
	"10.2.0.20\n"                                                                                        \
	"domain_controller = 10.2.0.40\noperations_manager_database = 10.2.0.50\nacs_collector = "           \
	"10.1.0.60\n"                                                                                        \
	"acs_database = 10.2.0.61\nconnector_framework_source = 10.2.0.70\nceip_client = 10.2.0.80\n"        \
	"ceip_endpoint = 10.1.0.81\noperations_console = 10.2.0.90\n"

static void test_rows_overridden(void **state)
{
	struct lab *lab = lab_need(state);
	omfwd_apply(lab, EVERYTHING ROW_ROLES
	            "[rows]\ncur-25 = off\ncur-01 = both\ncur-10 = install\ncur-28 = reverse\n"
	            "cur-08 = off\ncur-18-dc = off\n[rows prod]\ncur-08 = on\n");
	EXPECT(lab, "drop 10.2.0.80 10.1.0.81 tcp/51907", "pass 10.1.0.10 10.2.0.50 tcp/1433",
	       "pass 10.1.0.10 10.2.0.50 tcp/135", "pass 10.1.0.10 10.2.0.50 tcp/49152",
	       "pass 10.1.0.10 10.2.0.50 udp/137", "drop 10.2.0.70 10.1.0.10 tcp/51905",
	       "drop 10.1.0.60 10.2.0.61 tcp/1433", "drop 10.1.0.60 10.2.0.61 udp/1434",
	       "pass 10.2.0.61 10.1.0.60 tcp/1433", "pass 10.2.0.61 10.1.0.60 udp/1434",
	       "pass 10.2.0.90 10.1.0.10 tcp/5724", "drop 10.1.0.10 10.2.0.20 tcp/445");
	omfwd_expect(lab, 0, "--phase install");
	EXPECT(lab, "drop 10.2.0.80 10.1.0.81 tcp/51907", "pass 10.2.0.70 10.1.0.10 tcp/51905",
	       "pass 10.1.0.10 10.2.0.50 tcp/135", "pass 10.1.0.10 10.2.0.20 tcp/445",
	       "drop 10.1.0.10 10.2.0.40 tcp/445", "pass 10.1.0.10 10.2.0.40 tcp/389",
	       "drop 10.1.0.60 10.2.0.61 tcp/1433");
}

/* A line that several rows open stays as long as one of them is on; turning a row off takes its half with it. */
static void test_rows_that_share_a_line(void **state)
{
	struct lab *lab = lab_need(state);
	omfwd_apply(lab, EVERYTHING ROW_ROLES "[rows]\ncur-05 = off\ncur-18 = off\n");
	EXPECT(lab, "pass 10.1.0.30 10.1.0.10 tcp/5723", "pass 10.2.0.20 10.1.0.10 tcp/5723");
	omfwd_expect(lab, 0, "--phase install");
	EXPECT(lab, "drop 10.1.0.10 10.2.0.20 tcp/135", "drop 10.1.0.10 10.2.0.40 tcp/135");
	omfwd_apply(lab, EVERYTHING ROW_ROLES "[rows]\ncur-05 = off\ncur-22 = off\n");
	EXPECT(lab, "drop 10.1.0.30 10.1.0.10 tcp/5723");
	omfwd_apply(lab, EVERYTHING ROW_ROLES "[rows]\ncur-16 = off\ncur-18 = off\n");
	EXPECT(lab, "drop 10.2.0.20 10.1.0.10 tcp/5723", "pass 10.2.0.20 10.1.0.30 tcp/5723");
}

static void test_authentication_certificate(void **state)
{
	struct lab *lab = lab_need(state);
	static const char roles[] =
	        "[roles prod]\nmanagement_server = 10.1.0.10\ndomain_controller = 10.2.0.40\n"
	        "remote_domain_controller = 10.2.0.41\nwindows_agent = 10.1.0.20\n";
	char config[1024];
	snprintf(config, sizeof(config), "%sauthentication = certificate\n%s", EVERYTHING, roles);
	omfwd_apply(lab, config);
	EXPECT(lab, "pass 10.1.0.10 10.2.0.40 tcp/53", "pass 10.1.0.10 10.2.0.40 udp/389",
	       "drop 10.1.0.10 10.2.0.40 tcp/88", "drop 10.1.0.10 10.2.0.40 udp/88",
	       "drop 10.1.0.10 10.2.0.41 tcp/389", "drop 10.1.0.20 10.2.0.40 tcp/53",
	       "drop 10.1.0.20 10.2.0.40 udp/88");
	/* A section may say it for itself. */
	snprintf(config, sizeof(config), "%sauthentication = certificate\n%sauthentication = kerberos\n",
	         EVERYTHING, roles);
	omfwd_apply(lab, config);
	EXPECT(lab, "pass 10.1.0.10 10.2.0.40 tcp/88", "pass 10.1.0.10 10.2.0.41 tcp/389",
	       "pass 10.1.0.20 10.2.0.40 udp/88", "drop 10.2.0.40 10.1.0.10 tcp/88");
}

static void test_snmp_purpose(void **state)
{
	struct lab *lab = lab_need(state);
	omfwd_apply(lab, EVERYTHING "snmp = purpose\n[roles prod]\n"
	                            "management_server = 10.1.0.10, 2001:db8:1::10\n"
	                            "network_device = 10.2.0.40, 2001:db8:2::40\n");
	EXPECT(lab, "pass 10.1.0.10 10.2.0.40 udp/161", "drop 10.1.0.10 10.2.0.40 udp/162",
	       "pass 10.2.0.40 10.1.0.10 udp/162", "drop 10.2.0.40 10.1.0.10 udp/161",
	       "pass 10.1.0.10 10.2.0.40 icmp", "pass 10.2.0.40 10.1.0.10 icmp",
	       "pass 2001:db8:1::10 2001:db8:2::40 icmp", "pass 2001:db8:2::40 2001:db8:1::10 icmp",
	       "pass 2001:db8:2::40 2001:db8:1::10 udp/162", "drop 2001:db8:2::40 2001:db8:1::10 udp/161",
	       "drop 10.1.0.10 10.2.0.40 echo-reply", "drop 2001:db8:1::10 2001:db8:2::40 echo-reply",
	       "drop 10.1.0.10 10.2.0.40 tcp/161");
}

static void test_catalog_reply_only(void **state)
{
	struct lab *lab = lab_need(state);
	omfwd_apply(lab, EVERYTHING "catalog_dynamic_ports = reply_only\n[roles prod]\n"
	                            "operations_console = 10.1.0.10\nmanagement_pack_catalog = 0.0.0.0/0\n");
	EXPECT(lab, "pass 10.1.0.10 10.2.0.40 tcp/443", "pass 10.1.0.10 10.2.77.40 tcp/80",
	       "drop 10.2.0.40 10.1.0.10 tcp/50000", "drop 10.1.0.10 10.2.0.40 tcp/50000",
	       "drop 10.1.0.11 10.2.0.40 tcp/443", "drop 10.2.0.40 10.1.0.10 tcp/443");
}

static void test_narrowing_roles(void **state)
{
	struct lab *lab = lab_need(state);
	omfwd_apply(lab, EVERYTHING "[roles prod]\nmanagement_server = 10.1.0.10, 10.1.0.11\n"
	                            "windows_agent = 10.2.0.20, 10.2.0.21\npush_target = 10.2.0.21\n"
	                            "unix_linux_agent = 10.2.0.30\nomed_service = 10.1.0.11\n");
	omfwd_expect(lab, 0, "--phase install");
	EXPECT(lab, "pass 10.1.0.10 10.2.0.21 tcp/135", "drop 10.1.0.10 10.2.0.20 tcp/135",
	       "pass 10.2.0.20 10.1.0.10 tcp/5723", "pass 10.2.0.21 10.1.0.10 tcp/5723",
	       "pass 10.2.0.30 10.1.0.11 tcp/8886", "drop 10.2.0.30 10.1.0.10 tcp/8886");
}

/* today + days, as the role file writes dates. */
static const char *date_text(int days, char *buf, size_t size)
{
	time_t at = time(NULL) + days * 86400;
	strftime(buf, size, "%Y-%m-%d", localtime(&at));
	return buf;
}

static void test_site_rules(void **state)
{
	struct lab *lab = lab_need(state);
	char config[2048], yesterday[16], tomorrow[16];
	snprintf(config, sizeof(config),
	         "%s[roles prod]\nmanagement_server = 10.1.0.10, 2001:db8:1::10\nwindows_agent = 10.2.0.20, "
	         "2001:db8:2::20\n"
	         "[site_rule ping]\nfrom = @prod.management_server\nto = @prod.windows_agent\nprotocol = "
	         "icmp\n"
	         "ports = echo-request\nphase = both\nreason = diagnosis\n"
	         "[site_rule backup]\nfrom = 10.2.9.0/24\nto = @prod.management_server\nprotocol = tcp\n"
	         "ports = 10123, 5000-5002\nreason = backup\nexpires = %s\n"
	         "[site_rule setup]\nfrom = 10.2.9.1\nto = 10.1.0.10\nprotocol = udp\nports = 69\nphase = "
	         "install\n"
	         "reason = boot\n"
	         "[site_rule old]\nfrom = 10.2.9.1\nto = 10.1.0.10\nprotocol = tcp\nports = 99\nreason = "
	         "gone\n"
	         "expires = %s\n",
	         EVERYTHING, date_text(1, tomorrow, sizeof(tomorrow)),
	         date_text(-1, yesterday, sizeof(yesterday)));
	omfwd_apply(lab, config);
	EXPECT(lab, "pass 10.1.0.10 10.2.0.20 icmp", "pass 2001:db8:1::10 2001:db8:2::20 icmp",
	       "drop 10.2.0.20 10.1.0.10 icmp", "pass 10.2.9.1 10.1.0.10 tcp/10123",
	       "pass 10.2.9.255 10.1.0.10 tcp/5002", "drop 10.2.9.1 10.1.0.10 tcp/5003",
	       "drop 10.2.9.1 10.1.0.10 tcp/4999", "drop 10.2.10.0 10.1.0.10 tcp/10123",
	       "drop 10.2.9.1 10.1.0.10 udp/69", "drop 10.2.9.1 10.1.0.10 tcp/99",
	       "drop 10.2.9.1 10.1.0.10 udp/5000");
	assert_int_equal(nft_counter(lab, "site.backup"), 2);
	omfwd_expect(lab, 0, "--phase install");
	EXPECT(lab, "pass 10.2.9.1 10.1.0.10 udp/69", "drop 10.2.9.2 10.1.0.10 udp/69",
	       "drop 10.2.9.1 10.1.0.10 tcp/99", "pass 10.2.9.1 10.1.0.10 tcp/10123");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_sections_do_not_talk),   LAB_TEST(test_host_with_several_roles),
	        LAB_TEST(test_members_of_every_kind),  LAB_TEST(test_rows_overridden),
	        LAB_TEST(test_rows_that_share_a_line), LAB_TEST(test_authentication_certificate),
	        LAB_TEST(test_snmp_purpose),           LAB_TEST(test_catalog_reply_only),
	        LAB_TEST(test_narrowing_roles),        LAB_TEST(test_site_rules),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

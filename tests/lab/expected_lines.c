/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The transcription. One entry for each port of a row, in the order of the document ("Configuring a Firewall for
 * Operations Manager", editions 1801 to 2025, and 2016). Where the page names no protocol it is TCP, but for 1434 (SQL
 * Browser, UDP) and SNMP. Arrows "<---" mean that feature B opens the connection, except where the listener is
 * known to be feature B (the ACS database) or the UNIX/Linux agent opens it (OMED).
 */
#include "tests/lab/expected_lines.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TCP  IPPROTO_TCP
#define UDP  IPPROTO_UDP
#define ECHO IPPROTO_ICMP

#define MS          "management_server"
#define GW          "gateway_server"
#define MS_GW       "management_server gateway_server"
#define OPSDB       "operations_manager_database"
#define DW          "reporting_data_warehouse"
#define REPORTING   "reporting_server"
#define CONSOLE     "operations_console"
#define CATALOG     "management_pack_catalog"
#define AGENT       "windows_agent"
#define DC          "domain_controller"
#define REMOTE_DC   "remote_domain_controller"
#define DEVICE      "network_device"
#define UNIX_AGENT  "unix_linux_agent"
#define DIAGNOSTICS "web_console_application_diagnostics"
#define ADVISOR     "web_console_application_advisor"
#define LOCAL_MS    "connected_management_server_local"
#define CONNECTED   "connected_management_server"

const struct expected_role expected_roles[EXPECTED_ROLES] = {
        {MS, true, NULL},
        {GW, true, NULL},
        {OPSDB, true, NULL},
        {DW, true, NULL},
        {REPORTING, true, NULL},
        {"sql_reporting_services", true, REPORTING},
        {CONSOLE, false, NULL},
        {CATALOG, false, NULL},
        {"connector_framework_source", true, NULL},
        {"web_console_server", true, NULL},
        {"web_console_browser", false, NULL},
        {DIAGNOSTICS, true, NULL},
        {ADVISOR, true, NULL},
        {LOCAL_MS, true, NULL},
        {CONNECTED, true, NULL},
        {AGENT, false, NULL},
        {"push_target", false, AGENT},
        {UNIX_AGENT, false, NULL},
        {"omed_service", true, MS_GW},
        {DC, false, NULL},
        {REMOTE_DC, false, NULL},
        {DEVICE, false, NULL},
        {"acs_forwarder", false, NULL},
        {"acs_collector", true, NULL},
        {"acs_database", true, NULL},
        {"aem_client", false, NULL},
        {"aem_file_share", true, NULL},
        {"ceip_client", false, NULL},
        {"ceip_endpoint", true, NULL},
};

static const struct expected_line lines_current[] = {
        {"cur-01", MS, OPSDB, TCP, 1433, 1433, ALWAYS, NULL},
        {"cur-01", MS, OPSDB, UDP, 1434, 1434, ALWAYS, NULL},
        {"cur-01", MS, OPSDB, TCP, 135, 135, SETUP, NULL},
        {"cur-01", MS, OPSDB, UDP, 137, 137, SETUP, NULL},
        {"cur-01", MS, OPSDB, TCP, 445, 445, SETUP, NULL},
        {"cur-01", MS, OPSDB, TCP, 49152, 65535, SETUP, NULL},
        {"cur-02", MS, MS, TCP, 5723, 5723, ALWAYS, NULL},
        {"cur-02", MS, MS, TCP, 5724, 5724, SETUP, NULL},
        {"cur-03", MS_GW, DC, TCP, 53, 53, ALWAYS, NULL},
        {"cur-03", MS_GW, DC, UDP, 53, 53, ALWAYS, NULL},
        {"cur-03", MS_GW, DC, TCP, 88, 88, ALWAYS, NULL},
        {"cur-03", MS_GW, DC, UDP, 88, 88, ALWAYS, NULL},
        {"cur-03", MS_GW, DC, TCP, 389, 389, ALWAYS, NULL},
        {"cur-03", MS_GW, DC, UDP, 389, 389, ALWAYS, NULL},
        {"cur-04", MS, DEVICE, UDP, 161, 162, ALWAYS, NULL},
        {"cur-04", DEVICE, MS, UDP, 161, 162, ALWAYS, NULL},
        {"cur-04", MS, DEVICE, ECHO, 0, 0, ALWAYS, NULL},
        {"cur-04", DEVICE, MS, ECHO, 0, 0, ALWAYS, NULL},
        {"cur-05", GW, MS, TCP, 5723, 5723, ALWAYS, NULL},
        {"cur-06", MS, DW, TCP, 1433, 1433, ALWAYS, NULL},
        {"cur-06", MS, DW, UDP, 1434, 1434, ALWAYS, NULL},
        {"cur-06", MS, DW, TCP, 135, 135, SETUP, NULL},
        {"cur-06", MS, DW, UDP, 137, 137, SETUP, NULL},
        {"cur-06", MS, DW, TCP, 445, 445, SETUP, NULL},
        {"cur-06", MS, DW, TCP, 49152, 65535, SETUP, NULL},
        {"cur-07", REPORTING, MS, TCP, 5723, 5723, ALWAYS, NULL},
        {"cur-07", REPORTING, MS, TCP, 5724, 5724, SETUP, NULL},
        {"cur-08", CONSOLE, MS, TCP, 5724, 5724, ALWAYS, NULL},
        {"cur-09", CONSOLE, CATALOG, TCP, 80, 80, ALWAYS, NULL},
        {"cur-09", CONSOLE, CATALOG, TCP, 443, 443, ALWAYS, NULL},
        {"cur-09", CONSOLE, CATALOG, TCP, 49152, 65535, ALWAYS, NULL},
        {"cur-09", CATALOG, CONSOLE, TCP, 49152, 65535, ALWAYS, NULL},
        {"cur-10", "connector_framework_source", MS, TCP, 51905, 51905, ALWAYS, NULL},
        {"cur-11", "web_console_server", MS, TCP, 5724, 5724, ALWAYS, NULL},
        {"cur-12", "web_console_browser", "web_console_server", TCP, 80, 80, ALWAYS, NULL},
        {"cur-12", "web_console_browser", "web_console_server", TCP, 443, 443, ALWAYS, NULL},
        {"cur-13", DIAGNOSTICS, OPSDB, TCP, 1433, 1433, ALWAYS, NULL},
        {"cur-13", DIAGNOSTICS, OPSDB, UDP, 1434, 1434, ALWAYS, NULL},
        {"cur-14", ADVISOR, DW, TCP, 1433, 1433, ALWAYS, NULL},
        {"cur-14", ADVISOR, DW, UDP, 1434, 1434, ALWAYS, NULL},
        {"cur-15", LOCAL_MS, CONNECTED, TCP, 5724, 5724, ALWAYS, NULL},
        {"cur-16", AGENT, MS, TCP, 5723, 5723, ALWAYS, NULL},
        {"cur-17", AGENT, GW, TCP, 5723, 5723, ALWAYS, NULL},
        {"cur-18", AGENT, MS_GW, TCP, 5723, 5723, ALWAYS, NULL},
        {"cur-18", MS_GW, "push_target", TCP, 135, 135, SETUP, NULL},
        {"cur-18", MS_GW, "push_target", UDP, 137, 138, SETUP, NULL},
        {"cur-18", MS_GW, "push_target", TCP, 139, 139, SETUP, NULL},
        {"cur-18", MS_GW, "push_target", TCP, 445, 445, SETUP, NULL},
        {"cur-18", MS_GW, "push_target", TCP, 49152, 65535, SETUP, NULL},
        {"cur-18-dc", MS_GW, DC, TCP, 135, 135, SETUP, NULL},
        {"cur-18-dc", MS_GW, DC, UDP, 137, 138, SETUP, NULL},
        {"cur-18-dc", MS_GW, DC, TCP, 139, 139, SETUP, NULL},
        {"cur-18-dc", MS_GW, DC, TCP, 445, 445, SETUP, NULL},
        {"cur-18-dc", MS_GW, DC, TCP, 49152, 65535, SETUP, NULL},
        {"cur-19", MS_GW, UNIX_AGENT, TCP, 1270, 1270, ALWAYS, NULL},
        {"cur-20", MS_GW, UNIX_AGENT, TCP, 22, 22, SETUP, NULL},
        {"cur-21", UNIX_AGENT, "omed_service", TCP, 8886, 8886, ALWAYS, NULL},
        {"cur-22", GW, MS, TCP, 5723, 5723, ALWAYS, NULL},
        {"cur-23", "acs_forwarder", "acs_collector", TCP, 51909, 51909, ALWAYS, NULL},
        {"cur-24", "aem_client", "aem_file_share", TCP, 51906, 51906, ALWAYS, NULL},
        {"cur-25", "ceip_client", "ceip_endpoint", TCP, 51907, 51907, ALWAYS, NULL},
        {"cur-26", CONSOLE, "sql_reporting_services", TCP, 80, 80, ALWAYS, NULL},
        {"cur-27", REPORTING, DW, TCP, 1433, 1433, ALWAYS, NULL},
        {"cur-27", REPORTING, DW, UDP, 1434, 1434, ALWAYS, NULL},
        {"cur-28", "acs_collector", "acs_database", TCP, 1433, 1433, ALWAYS, NULL},
        {"cur-28", "acs_collector", "acs_database", UDP, 1434, 1434, ALWAYS, NULL},
        {"cur-fn3", MS_GW, REMOTE_DC, TCP, 389, 389, ALWAYS, REMOTE_DC},
        {"cur-fn3", MS_GW, REMOTE_DC, UDP, 389, 389, ALWAYS, REMOTE_DC},
        {"cur-fn3", MS_GW, REMOTE_DC, TCP, 88, 88, ALWAYS, REMOTE_DC},
        {"cur-fn3", MS_GW, REMOTE_DC, UDP, 88, 88, ALWAYS, REMOTE_DC},
        {"cur-fn3", MS_GW, REMOTE_DC, TCP, 53, 53, ALWAYS, REMOTE_DC},
        {"cur-fn3", MS_GW, REMOTE_DC, UDP, 53, 53, ALWAYS, REMOTE_DC},
        {"cur-fn3", AGENT, DC, TCP, 389, 389, ALWAYS, REMOTE_DC},
        {"cur-fn3", AGENT, DC, UDP, 389, 389, ALWAYS, REMOTE_DC},
        {"cur-fn3", AGENT, DC, TCP, 88, 88, ALWAYS, REMOTE_DC},
        {"cur-fn3", AGENT, DC, UDP, 88, 88, ALWAYS, REMOTE_DC},
        {"cur-fn3", AGENT, DC, TCP, 53, 53, ALWAYS, REMOTE_DC},
        {"cur-fn3", AGENT, DC, UDP, 53, 53, ALWAYS, REMOTE_DC},
        {"cur-fn3", DC, REMOTE_DC, TCP, 389, 389, ALWAYS, REMOTE_DC},
        {"cur-fn3", DC, REMOTE_DC, UDP, 389, 389, ALWAYS, REMOTE_DC},
        {"cur-fn3", DC, REMOTE_DC, TCP, 88, 88, ALWAYS, REMOTE_DC},
        {"cur-fn3", DC, REMOTE_DC, UDP, 88, 88, ALWAYS, REMOTE_DC},
        {"cur-fn3", DC, REMOTE_DC, TCP, 53, 53, ALWAYS, REMOTE_DC},
        {"cur-fn3", DC, REMOTE_DC, UDP, 53, 53, ALWAYS, REMOTE_DC},
        {"cur-fn3", REMOTE_DC, DC, TCP, 389, 389, ALWAYS, REMOTE_DC},
        {"cur-fn3", REMOTE_DC, DC, UDP, 389, 389, ALWAYS, REMOTE_DC},
        {"cur-fn3", REMOTE_DC, DC, TCP, 88, 88, ALWAYS, REMOTE_DC},
        {"cur-fn3", REMOTE_DC, DC, UDP, 88, 88, ALWAYS, REMOTE_DC},
        {"cur-fn3", REMOTE_DC, DC, TCP, 53, 53, ALWAYS, REMOTE_DC},
        {"cur-fn3", REMOTE_DC, DC, UDP, 53, 53, ALWAYS, REMOTE_DC},
};

static const struct expected_line lines_2016[] = {
        {"2016-01", MS, OPSDB, TCP, 1433, 1433, ALWAYS, NULL},
        {"2016-02", MS, MS, TCP, 5723, 5723, ALWAYS, NULL},
        {"2016-02", MS, MS, TCP, 5724, 5724, SETUP, NULL},
        {"2016-03", GW, MS, TCP, 5723, 5723, ALWAYS, NULL},
        {"2016-04", MS, DW, TCP, 1433, 1433, ALWAYS, NULL},
        {"2016-05", REPORTING, MS, TCP, 5723, 5723, ALWAYS, NULL},
        {"2016-05", REPORTING, MS, TCP, 5724, 5724, SETUP, NULL},
        {"2016-06", CONSOLE, MS, TCP, 5724, 5724, ALWAYS, NULL},
        {"2016-07", "connector_framework_source", MS, TCP, 51905, 51905, ALWAYS, NULL},
        {"2016-08", "web_console_server", MS, TCP, 5724, 5724, ALWAYS, NULL},
        {"2016-09", "web_console_browser", "web_console_server", TCP, 51908, 51908, ALWAYS, NULL},
        {"2016-10", LOCAL_MS, CONNECTED, TCP, 5724, 5724, ALWAYS, NULL},
        {"2016-11", AGENT, MS, TCP, 5723, 5723, ALWAYS, NULL},
        {"2016-12", AGENT, GW, TCP, 5723, 5723, ALWAYS, NULL},
        {"2016-13", GW, MS, TCP, 5723, 5723, ALWAYS, NULL},
        {"2016-14", "acs_forwarder", "acs_collector", TCP, 51909, 51909, ALWAYS, NULL},
        {"2016-15", "aem_client", "aem_file_share", TCP, 51906, 51906, ALWAYS, NULL},
        {"2016-16", "ceip_client", "ceip_endpoint", TCP, 51907, 51907, ALWAYS, NULL},
        {"2016-17", CONSOLE, "sql_reporting_services", TCP, 80, 80, ALWAYS, NULL},
        {"2016-18", REPORTING, DW, TCP, 1433, 1433, ALWAYS, NULL},
        {"2016-19", "acs_collector", "acs_database", TCP, 1433, 1433, ALWAYS, NULL},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
const struct expected_table expected_current = {"current", lines_current, COUNT(lines_current)};
const struct expected_table expected_2016 = {"2016", lines_2016, COUNT(lines_2016)};

int expected_role(const char *name)
{
	for (int i = 0; i < EXPECTED_ROLES; i++)
		if (strcmp(expected_roles[i].name, name) == 0)
			return i;
	fprintf(stderr, "the test names no role: %s\n", name);
	abort();
}

static bool word_is_in(const char *word, const char *words)
{
	size_t len = strlen(word);
	for (const char *at = words; (at = strstr(at, word)); at += len)
		if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
			return true;
	return false;
}

bool expected_acts(const struct expected_policy *policy, int role, const char *names)
{
	if (word_is_in(expected_roles[role].name, names))
		return true;
	for (int i = 0; i < EXPECTED_ROLES; i++) {
		const struct expected_role *absent = &expected_roles[i];
		if (!policy->assigned[i] && absent->stood_in && word_is_in(absent->name, names) &&
		    word_is_in(expected_roles[role].name, absent->stood_in))
			return true;
	}
	return false;
}

const struct expected_line *expected_opens(const struct expected_policy *policy, int from, int to,
                                           uint8_t proto, uint16_t port)
{
	if (from == NO_ROLE || to == NO_ROLE)
		return NULL;
	for (size_t i = 0; i < policy->table->n; i++) {
		const struct expected_line *line = &policy->table->lines[i];
		if (line->proto != proto || (proto != ECHO && (port < line->low || port > line->high)))
			continue;
		if (line->when == SETUP && !policy->installing)
			continue;
		if (line->needs && !policy->assigned[expected_role(line->needs)])
			continue;
		if (expected_acts(policy, from, line->from) && expected_acts(policy, to, line->to))
			return line;
	}
	return NULL;
}

static bool is_server(int role)
{
	return role != NO_ROLE && expected_roles[role].server;
}

bool expected_passes(const struct expected_policy *policy, int from, int to, uint8_t proto, uint16_t port)
{
	if (expected_opens(policy, from, to, proto, port))
		return true;
	bool server = is_server(from) || is_server(to);
	switch (policy->scope) {
	case SCOPE_NONE:
		return true;
	case SCOPE_ROLES:
		return !(server && from != NO_ROLE && to != NO_ROLE);
	case SCOPE_SERVERS:
		return !server;
	case SCOPE_EVERYTHING:
		return false;
	}
	return false;
}

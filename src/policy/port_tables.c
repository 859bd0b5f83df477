// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The port tables. One source line is one line of a row, so that this file can be read beside the documents: row, who
 * opens, to whom, protocol, ports, phase, what moves the port. Where a document leaves something open, the decision
 * and its reason stand at the line.
 */
#include "policy/port_tables.h"

#include <string.h>

#include "util/array.h"

#define MS      ROLE_BIT(ROLE_MANAGEMENT_SERVER)
#define GW      ROLE_BIT(ROLE_GATEWAY_SERVER)
#define OPSDB   ROLE_BIT(ROLE_OPERATIONS_MANAGER_DATABASE)
#define DW      ROLE_BIT(ROLE_REPORTING_DATA_WAREHOUSE)
#define RS      ROLE_BIT(ROLE_REPORTING_SERVER)
#define SSRS    ROLE_BIT(ROLE_SQL_REPORTING_SERVICES)
#define CONSOLE ROLE_BIT(ROLE_OPERATIONS_CONSOLE)
#define CATALOG ROLE_BIT(ROLE_MANAGEMENT_PACK_CATALOG)
#define CFS     ROLE_BIT(ROLE_CONNECTOR_FRAMEWORK_SOURCE)
#define WEB     ROLE_BIT(ROLE_WEB_CONSOLE_SERVER)
#define BROWSER ROLE_BIT(ROLE_WEB_CONSOLE_BROWSER)
#define APPDIAG ROLE_BIT(ROLE_WEB_CONSOLE_APPLICATION_DIAGNOSTICS)
#define APPADV  ROLE_BIT(ROLE_WEB_CONSOLE_APPLICATION_ADVISOR)
#define CMS_LOC ROLE_BIT(ROLE_CONNECTED_MANAGEMENT_SERVER_LOCAL)
#define CMS     ROLE_BIT(ROLE_CONNECTED_MANAGEMENT_SERVER)
#define AGENT   ROLE_BIT(ROLE_WINDOWS_AGENT)
#define PUSH    ROLE_BIT(ROLE_PUSH_TARGET)
#define UNIX    ROLE_BIT(ROLE_UNIX_LINUX_AGENT)
#define OMED_SV ROLE_BIT(ROLE_OMED_SERVICE)
#define DC      ROLE_BIT(ROLE_DOMAIN_CONTROLLER)
#define RDC     ROLE_BIT(ROLE_REMOTE_DOMAIN_CONTROLLER)
#define DEVICE  ROLE_BIT(ROLE_NETWORK_DEVICE)
#define ACS_FWD ROLE_BIT(ROLE_ACS_FORWARDER)
#define ACS_COL ROLE_BIT(ROLE_ACS_COLLECTOR)
#define ACS_DB  ROLE_BIT(ROLE_ACS_DATABASE)
#define AEM_CL  ROLE_BIT(ROLE_AEM_CLIENT)
#define AEM_FS  ROLE_BIT(ROLE_AEM_FILE_SHARE)
#define CEIP_CL ROLE_BIT(ROLE_CEIP_CLIENT)
#define CEIP_EP ROLE_BIT(ROLE_CEIP_ENDPOINT)

#define ALWAYS  PHASE_ALWAYS
#define INSTALL PHASE_INSTALL

#define LINE_IF(row_id, opens, to_roles, protocol, first, last, when, moves, needs)                          \
	{                                                                                                    \
		.row = (row_id), .from = (opens), .to = (to_roles), .proto = PROTO_##protocol,               \
		.ports = {.lo = (first), .hi = (last)}, .key = PORT_##moves, .phase = (when),                \
		.condition = LINE_##needs                                                                    \
	}
#define LINE(row_id, opens, to_roles, protocol, port, when, moves)                                           \
	LINE_IF(row_id, opens, to_roles, protocol, port, port, when, moves, UNCONDITIONAL)
#define DYNAMIC(row_id, opens, to_roles) /* second leg of the DCOM call on 135 */                            \
	LINE_IF(row_id, opens, to_roles, TCP, 49152, 65535, INSTALL, RPC_DYNAMIC, UNCONDITIONAL)
#define ECHO(row_id, opens, to_roles)                                                                        \
	LINE_IF(row_id, opens, to_roles, ICMP, 0, 0, ALWAYS, FIXED, UNCONDITIONAL)

static const struct table_line lines_current[] = {
        LINE("cur-01", MS, OPSDB, TCP, 1433, ALWAYS, SQL_OPERATIONS_MANAGER_DATABASE),
        LINE("cur-01", MS, OPSDB, UDP, 1434, ALWAYS, SQL_BROWSER),
        LINE("cur-01", MS, OPSDB, TCP, 135, INSTALL, FIXED),
        LINE("cur-01", MS, OPSDB, UDP, 137, INSTALL, FIXED),
        LINE("cur-01", MS, OPSDB, TCP, 445, INSTALL, FIXED),
        DYNAMIC("cur-01", MS, OPSDB),

        /* "No" here, "Yes (Setup)" in rows 16 and 22: it is one listener per server, so one key moves it everywhere. */
        LINE("cur-02", MS, MS, TCP, 5723, ALWAYS, HEALTH_SERVICE),
        LINE("cur-02", MS, MS, TCP, 5724, INSTALL, FIXED),

        /* The row names no protocol; its footnote 3 says TCP/UDP. */
        LINE("cur-03", MS | GW, DC, TCP, 53, ALWAYS, FIXED),
        LINE("cur-03", MS | GW, DC, UDP, 53, ALWAYS, FIXED),
        LINE_IF("cur-03", MS | GW, DC, TCP, 88, 88, ALWAYS, FIXED, KERBEROS),
        LINE_IF("cur-03", MS | GW, DC, UDP, 88, 88, ALWAYS, FIXED, KERBEROS),
        LINE("cur-03", MS | GW, DC, TCP, 389, ALWAYS, FIXED),
        LINE("cur-03", MS | GW, DC, UDP, 389, ALWAYS, FIXED),

        /* The note asks for SNMP both ways; its purpose needs requests (161) out and traps (162) in. */
        LINE("cur-04", MS, DEVICE, UDP, 161, ALWAYS, FIXED),
        LINE("cur-04", DEVICE, MS, UDP, 162, ALWAYS, FIXED),
        LINE_IF("cur-04", MS, DEVICE, UDP, 162, 162, ALWAYS, FIXED, SNMP_BIDIRECTIONAL),
        LINE_IF("cur-04", DEVICE, MS, UDP, 161, 161, ALWAYS, FIXED, SNMP_BIDIRECTIONAL),
        ECHO("cur-04", MS, DEVICE),
        ECHO("cur-04", DEVICE, MS),

        LINE("cur-05", GW, MS, TCP, 5723, ALWAYS, HEALTH_SERVICE),

        LINE("cur-06", MS, DW, TCP, 1433, ALWAYS, SQL_REPORTING_DATA_WAREHOUSE),
        LINE("cur-06", MS, DW, UDP, 1434, ALWAYS, SQL_BROWSER),
        LINE("cur-06", MS, DW, TCP, 135, INSTALL, FIXED),
        LINE("cur-06", MS, DW, UDP, 137, INSTALL, FIXED),
        LINE("cur-06", MS, DW, TCP, 445, INSTALL, FIXED),
        DYNAMIC("cur-06", MS, DW),

        LINE("cur-07", RS, MS, TCP, 5723, ALWAYS, HEALTH_SERVICE),
        LINE("cur-07", RS, MS, TCP, 5724, INSTALL, FIXED),

        LINE("cur-08", CONSOLE, MS, TCP, 5724, ALWAYS, FIXED),

        LINE("cur-09", CONSOLE, CATALOG, TCP, 80, ALWAYS, FIXED),
        LINE("cur-09", CONSOLE, CATALOG, TCP, 443, ALWAYS, FIXED),
        LINE_IF("cur-09", CONSOLE, CATALOG, TCP, 49152, 65535, ALWAYS, FIXED, CATALOG_DYNAMIC),
        LINE_IF("cur-09", CATALOG, CONSOLE, TCP, 49152, 65535, ALWAYS, FIXED, CATALOG_DYNAMIC),

        LINE("cur-10", CFS, MS, TCP, 51905, ALWAYS, FIXED),
        LINE("cur-11", WEB, MS, TCP, 5724, ALWAYS, FIXED),
        LINE("cur-12", BROWSER, WEB, TCP, 80, ALWAYS, WEB_CONSOLE), /* the key's default is 80, 443 */

        LINE("cur-13", APPDIAG, OPSDB, TCP, 1433, ALWAYS, SQL_OPERATIONS_MANAGER_DATABASE),
        LINE("cur-13", APPDIAG, OPSDB, UDP, 1434, ALWAYS, SQL_BROWSER),
        LINE("cur-14", APPADV, DW, TCP, 1433, ALWAYS, SQL_REPORTING_DATA_WAREHOUSE),
        LINE("cur-14", APPADV, DW, UDP, 1434, ALWAYS, SQL_BROWSER),

        LINE("cur-15", CMS_LOC, CMS, TCP, 5724, ALWAYS, FIXED),
        LINE("cur-16", AGENT, MS, TCP, 5723, ALWAYS, HEALTH_SERVICE),
        LINE("cur-17", AGENT, GW, TCP, 5723, ALWAYS, HEALTH_SERVICE),

        /* No arrow and no feature B: the row's note says servers open to the targets and to domain controllers. */
        LINE("cur-18", AGENT, MS | GW, TCP, 5723, ALWAYS, HEALTH_SERVICE),
        LINE("cur-18", MS | GW, PUSH, TCP, 135, INSTALL, FIXED),
        LINE("cur-18", MS | GW, PUSH, UDP, 137, INSTALL, FIXED),
        LINE("cur-18", MS | GW, PUSH, UDP, 138, INSTALL, FIXED),
        LINE("cur-18", MS | GW, PUSH, TCP, 139, INSTALL, FIXED),
        LINE("cur-18", MS | GW, PUSH, TCP, 445, INSTALL, FIXED),
        DYNAMIC("cur-18", MS | GW, PUSH),
        LINE("cur-18-dc", MS | GW, DC, TCP, 135, INSTALL, FIXED),
        LINE("cur-18-dc", MS | GW, DC, UDP, 137, INSTALL, FIXED),
        LINE("cur-18-dc", MS | GW, DC, UDP, 138, INSTALL, FIXED),
        LINE("cur-18-dc", MS | GW, DC, TCP, 139, INSTALL, FIXED),
        LINE("cur-18-dc", MS | GW, DC, TCP, 445, INSTALL, FIXED),
        DYNAMIC("cur-18-dc", MS | GW, DC),

        /* Drawn "<---": the server polls the agent. */
        LINE("cur-19", MS | GW, UNIX, TCP, 1270, ALWAYS, FIXED),
        LINE("cur-20", MS | GW, UNIX, TCP, 22, INSTALL, SSH),
        /* Drawn "<---" too, but OMED runs on the servers and the agent opens to it. */
        LINE("cur-21", UNIX, OMED_SV, TCP, 8886, ALWAYS, OMED),

        LINE("cur-22", GW, MS, TCP, 5723, ALWAYS, HEALTH_SERVICE),
        LINE("cur-23", ACS_FWD, ACS_COL, TCP, 51909, ALWAYS, ACS),
        LINE("cur-24", AEM_CL, AEM_FS, TCP, 51906, ALWAYS, AEM),
        LINE("cur-25", CEIP_CL, CEIP_EP, TCP, 51907, ALWAYS, CEIP),
        LINE("cur-26", CONSOLE, SSRS, TCP, 80, ALWAYS, FIXED),
        LINE("cur-27", RS, DW, TCP, 1433, ALWAYS, SQL_REPORTING_DATA_WAREHOUSE),
        LINE("cur-27", RS, DW, UDP, 1434, ALWAYS, SQL_BROWSER),
        /* Drawn "<---" since 2018, "--->" in the 2016 document: the database is the listener. */
        LINE("cur-28", ACS_COL, ACS_DB, TCP, 1433, ALWAYS, SQL_ACS_DATABASE),
        LINE("cur-28", ACS_COL, ACS_DB, UDP, 1434, ALWAYS, SQL_BROWSER),

#define ACROSS(opens, to_roles, port)                                                                        \
	LINE_IF("cur-fn3", opens, to_roles, TCP, port, port, ALWAYS, FIXED, KERBEROS_ACROSS),                \
	        LINE_IF("cur-fn3", opens, to_roles, UDP, port, port, ALWAYS, FIXED, KERBEROS_ACROSS)
        ACROSS(MS | GW | DC, RDC, 53),
        ACROSS(MS | GW | DC, RDC, 88),
        ACROSS(MS | GW | DC, RDC, 389),
        ACROSS(AGENT | RDC, DC, 53),
        ACROSS(AGENT | RDC, DC, 88),
        ACROSS(AGENT | RDC, DC, 389),
};

static const struct table_line lines_2016[] = {
        LINE("2016-01", MS, OPSDB, TCP, 1433, ALWAYS, SQL_OPERATIONS_MANAGER_DATABASE),
        LINE("2016-02", MS, MS, TCP, 5723, ALWAYS, HEALTH_SERVICE),
        LINE("2016-02", MS, MS, TCP, 5724, INSTALL, FIXED),
        LINE("2016-03", GW, MS, TCP, 5723, ALWAYS, HEALTH_SERVICE),
        LINE("2016-04", MS, DW, TCP, 1433, ALWAYS, SQL_REPORTING_DATA_WAREHOUSE),
        LINE("2016-05", RS, MS, TCP, 5723, ALWAYS, HEALTH_SERVICE),
        LINE("2016-05", RS, MS, TCP, 5724, INSTALL, FIXED),
        LINE("2016-06", CONSOLE, MS, TCP, 5724, ALWAYS, FIXED),
        LINE("2016-07", CFS, MS, TCP, 51905, ALWAYS, FIXED),
        /* "Web site port" is all the document says: the service it reaches listens on 5724. */
        LINE("2016-08", WEB, MS, TCP, 5724, ALWAYS, WEB_CONSOLE_TO_MANAGEMENT_SERVER),
        LINE("2016-09", BROWSER, WEB, TCP, 51908, ALWAYS, WEB_CONSOLE),
        LINE("2016-10", CMS_LOC, CMS, TCP, 5724, ALWAYS, FIXED),
        LINE("2016-11", AGENT, MS, TCP, 5723, ALWAYS, HEALTH_SERVICE),
        LINE("2016-12", AGENT, GW, TCP, 5723, ALWAYS, HEALTH_SERVICE),
        LINE("2016-13", GW, MS, TCP, 5723, ALWAYS, HEALTH_SERVICE),
        LINE("2016-14", ACS_FWD, ACS_COL, TCP, 51909, ALWAYS, ACS),
        LINE("2016-15", AEM_CL, AEM_FS, TCP, 51906, ALWAYS, AEM),
        LINE("2016-16", CEIP_CL, CEIP_EP, TCP, 51907, ALWAYS, CEIP),
        LINE("2016-17", CONSOLE, SSRS, TCP, 80, ALWAYS, FIXED),
        LINE("2016-18", RS, DW, TCP, 1433, ALWAYS, SQL_REPORTING_DATA_WAREHOUSE),
        LINE("2016-19", ACS_COL, ACS_DB, TCP, 1433, ALWAYS, SQL_ACS_DATABASE),
};

#define ROW(table_of, row_id, what, where)                                                                   \
	{                                                                                                    \
		.id = (row_id), .table = (table_of), .feature = (what), .document = (where)                  \
	}
#define CUR(n, what)   ROW(TABLE_CURRENT, "cur-" n, what, "Port assignments, row " n)
#define Y2016(n, what) ROW(TABLE_2016, "2016-" n, what, "Port assignments, row " n)

const struct table_row table_rows[ROW_COUNT] = {
        CUR("01", "management server to the Operations Manager database"),
        CUR("02", "management server to management server"),
        CUR("03", "management and gateway servers to domain controllers: DNS, Kerberos, LDAP"),
        CUR("04", "SNMP and ping between management servers and network devices"),
        CUR("05", "gateway server to management server"),
        CUR("06", "management server to the Reporting data warehouse"),
        CUR("07", "Reporting server to management server"),
        CUR("08", "Operations console to management server"),
        CUR("09", "Operations console to the Management Pack Catalog web service"),
        CUR("10", "connector framework source to management server"),
        CUR("11", "web console server to management server"),
        CUR("12", "web console browser to web console server"),
        CUR("13", "web console for Application Diagnostics to the Operations Manager database"),
        CUR("14", "web console for Application Advisor to the Reporting data warehouse"),
        CUR("15", "connected management server: local group to connected group"),
        CUR("16", "Windows agent to management server"),
        CUR("17", "Windows agent to gateway server"),
        CUR("18", "push installation, repair and update of Windows agents"),
        {.id = "cur-18-dc",
         .table = TABLE_CURRENT,
         .parent = "cur-18",
         .feature = "push installation: management and gateway servers to domain controllers",
         .document = "Port assignments, row 18 (note)"},
        CUR("19", "discovery and monitoring of UNIX and Linux agents"),
        CUR("20", "installing, upgrading and removing UNIX and Linux agents over SSH"),
        CUR("21", "UNIX and Linux agent to the OMED service"),
        CUR("22", "gateway server to management server (port set at setup)"),
        CUR("23", "Audit Collection Services forwarder to collector"),
        CUR("24", "Agentless Exception Monitoring client to file share"),
        CUR("25", "Customer Experience Improvement Program client to endpoint"),
        CUR("26", "Operations console (reports) to SQL Reporting Services"),
        CUR("27", "Reporting server to the Reporting data warehouse"),
        CUR("28", "Audit Collection Services collector to its database"),
        ROW(TABLE_CURRENT, "cur-fn3", "Kerberos authentication across domains",
            "Port assignments, footnote 3"),
        Y2016("01", "management server to the Operations Manager database"),
        Y2016("02", "management server to management server"),
        Y2016("03", "gateway server to management server"),
        Y2016("04", "management server to the Reporting data warehouse"),
        Y2016("05", "Reporting server to management server"),
        Y2016("06", "Operations console to management server"),
        Y2016("07", "connector framework source to management server"),
        Y2016("08", "web console server to management server"),
        Y2016("09", "web console browser to web console server"),
        Y2016("10", "connected management server: local group to connected group"),
        Y2016("11", "Windows agent to management server"),
        Y2016("12", "Windows agent to gateway server"),
        Y2016("13", "gateway server to management server (port set at setup)"),
        Y2016("14", "Audit Collection Services forwarder to collector"),
        Y2016("15", "Agentless Exception Monitoring client to file share"),
        Y2016("16", "Customer Experience Improvement Program client to endpoint"),
        Y2016("17", "Operations console (reports) to SQL Reporting Services"),
        Y2016("18", "Reporting server to the Reporting data warehouse"),
        Y2016("19", "Audit Collection Services collector to its database"),
};

/* What people may try to move, and the row that says "No". Role names and the bare numbers count as well. */
static const struct fixed_port fixed_ports[] = {
        {"operations_console", "5724", "cur-08"},
        {"sdk", "5724", "cur-08"},
        {"data_access_service", "5724", "cur-08"},
        {"web_console_server", "5724", "cur-11"},
        {"connected_management_server", "5724", "cur-15"},
        {"5724", "5724", "cur-08"},
        {"unix_linux_agent", "1270", "cur-19"},
        {"wsman", "1270", "cur-19"},
        {"omi", "1270", "cur-19"},
        {"1270", "1270", "cur-19"},
        {"network_device", "161, 162", "cur-04"},
        {"snmp", "161, 162", "cur-04"},
        {"snmp_trap", "161, 162", "cur-04"},
        {"161", "161, 162", "cur-04"},
        {"162", "161, 162", "cur-04"},
        {"connector_framework", "51905", "cur-10"},
        {"connector_framework_source", "51905", "cur-10"},
        {"51905", "51905", "cur-10"},
        {"sql_reporting_services", "80", "cur-26"},
        {"ssrs", "80", "cur-26"},
        {"management_pack_catalog", "80, 443", "cur-09"},
        {"domain_controller", "53, 88, 389", "cur-03"},
        {"dns", "53", "cur-03"},
        {"kerberos", "88", "cur-03"},
        {"ldap", "389", "cur-03"},
        {"53", "53", "cur-03"},
        {"88", "88", "cur-03"},
        {"389", "389", "cur-03"},
        {"rpc", "135", "cur-18"},
        {"dcom", "135", "cur-18"},
        {"rpc_endpoint_mapper", "135", "cur-18"},
        {"netbios", "137, 138, 139", "cur-18"},
        {"smb", "445", "cur-18"},
        {"135", "135", "cur-18"},
        {"137", "137", "cur-18"},
        {"138", "138", "cur-18"},
        {"139", "139", "cur-18"},
        {"445", "445", "cur-18"},
};

static const char *const port_key_names[PORT_KEY_MAX] = {
        [PORT_SQL_OPERATIONS_MANAGER_DATABASE] = "sql_operations_manager_database",
        [PORT_SQL_REPORTING_DATA_WAREHOUSE] = "sql_reporting_data_warehouse",
        [PORT_SQL_ACS_DATABASE] = "sql_acs_database",
        [PORT_SQL_BROWSER] = "sql_browser",
        [PORT_HEALTH_SERVICE] = "health_service",
        [PORT_WEB_CONSOLE] = "web_console",
        [PORT_WEB_CONSOLE_TO_MANAGEMENT_SERVER] = "web_console_to_management_server",
        [PORT_SSH] = "ssh",
        [PORT_OMED] = "omed",
        [PORT_ACS] = "acs",
        [PORT_AEM] = "aem",
        [PORT_CEIP] = "ceip",
        [PORT_RPC_DYNAMIC] = "rpc_dynamic",
};

const struct table_line *table_lines(enum port_table table, size_t *n)
{
	*n = table == TABLE_CURRENT ? ARRAY_SIZE(lines_current) : ARRAY_SIZE(lines_2016);
	return table == TABLE_CURRENT ? lines_current : lines_2016;
}

int row_find(const char *id)
{
	for (int i = 0; i < ROW_COUNT; i++)
		if (!strcmp(table_rows[i].id, id))
			return i;
	return -1;
}

const char *port_table_name(enum port_table table)
{
	static const char *const names[TABLE_MAX] = {[TABLE_CURRENT] = "current", [TABLE_2016] = "2016"};

	return names[table];
}

const char *proto_name(enum proto proto)
{
	static const char *const names[PROTO_MAX] = {
	        [PROTO_TCP] = "tcp",
	        [PROTO_UDP] = "udp",
	        [PROTO_ICMP] = "icmp",
	};

	return names[proto];
}

const char *port_key_name(enum port_key key)
{
	return key == PORT_FIXED ? NULL : port_key_names[key];
}

int port_key_find(const char *name)
{
	for (int key = 0; key < PORT_KEY_MAX; key++)
		if (!strcmp(port_key_names[key], name))
			return key;
	return -1;
}

role_mask table_roles(enum port_table table)
{
	size_t n;
	const struct table_line *line = table_lines(table, &n);
	role_mask roles = 0;

	for (size_t i = 0; i < n; i++)
		roles |= line[i].from | line[i].to;
	return roles;
}

const struct fixed_port *fixed_port_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(fixed_ports); i++)
		if (!strcmp(fixed_ports[i].name, name))
			return &fixed_ports[i];
	return NULL;
}

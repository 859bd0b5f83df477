// SPDX-License-Identifier: GPL-2.0-or-later
/* Role names, their aliases, and which of them are servers. Aliases are read everywhere and never written. */
#include "policy/roles.h"

#include <string.h>

#include "util/array.h"

static const char *const role_names[ROLE_MAX] = {
        [ROLE_MANAGEMENT_SERVER] = "management_server",
        [ROLE_GATEWAY_SERVER] = "gateway_server",
        [ROLE_OPERATIONS_MANAGER_DATABASE] = "operations_manager_database",
        [ROLE_REPORTING_DATA_WAREHOUSE] = "reporting_data_warehouse",
        [ROLE_REPORTING_SERVER] = "reporting_server",
        [ROLE_SQL_REPORTING_SERVICES] = "sql_reporting_services",
        [ROLE_OPERATIONS_CONSOLE] = "operations_console",
        [ROLE_MANAGEMENT_PACK_CATALOG] = "management_pack_catalog",
        [ROLE_CONNECTOR_FRAMEWORK_SOURCE] = "connector_framework_source",
        [ROLE_WEB_CONSOLE_SERVER] = "web_console_server",
        [ROLE_WEB_CONSOLE_BROWSER] = "web_console_browser",
        [ROLE_WEB_CONSOLE_APPLICATION_DIAGNOSTICS] = "web_console_application_diagnostics",
        [ROLE_WEB_CONSOLE_APPLICATION_ADVISOR] = "web_console_application_advisor",
        [ROLE_CONNECTED_MANAGEMENT_SERVER_LOCAL] = "connected_management_server_local",
        [ROLE_CONNECTED_MANAGEMENT_SERVER] = "connected_management_server",
        [ROLE_WINDOWS_AGENT] = "windows_agent",
        [ROLE_PUSH_TARGET] = "push_target",
        [ROLE_UNIX_LINUX_AGENT] = "unix_linux_agent",
        [ROLE_OMED_SERVICE] = "omed_service",
        [ROLE_DOMAIN_CONTROLLER] = "domain_controller",
        [ROLE_REMOTE_DOMAIN_CONTROLLER] = "remote_domain_controller",
        [ROLE_NETWORK_DEVICE] = "network_device",
        [ROLE_ACS_FORWARDER] = "acs_forwarder",
        [ROLE_ACS_COLLECTOR] = "acs_collector",
        [ROLE_ACS_DATABASE] = "acs_database",
        [ROLE_AEM_CLIENT] = "aem_client",
        [ROLE_AEM_FILE_SHARE] = "aem_file_share",
        [ROLE_CEIP_CLIENT] = "ceip_client",
        [ROLE_CEIP_ENDPOINT] = "ceip_endpoint",
};

static const struct role_alias {
	const char *name;
	enum role role;
} role_aliases[] = {
        {"operational_database", ROLE_OPERATIONS_MANAGER_DATABASE},
        {"opsdb", ROLE_OPERATIONS_MANAGER_DATABASE},
        {"data_warehouse", ROLE_REPORTING_DATA_WAREHOUSE},
        {"dw", ROLE_REPORTING_DATA_WAREHOUSE},
        {"ssrs", ROLE_SQL_REPORTING_SERVICES},
        {"agent", ROLE_WINDOWS_AGENT},
};

static const bool role_servers[ROLE_MAX] = {
        [ROLE_MANAGEMENT_SERVER] = true,
        [ROLE_GATEWAY_SERVER] = true,
        [ROLE_OPERATIONS_MANAGER_DATABASE] = true,
        [ROLE_REPORTING_DATA_WAREHOUSE] = true,
        [ROLE_REPORTING_SERVER] = true,
        [ROLE_SQL_REPORTING_SERVICES] = true,
        [ROLE_CONNECTOR_FRAMEWORK_SOURCE] = true,
        [ROLE_WEB_CONSOLE_SERVER] = true,
        [ROLE_WEB_CONSOLE_APPLICATION_DIAGNOSTICS] = true,
        [ROLE_WEB_CONSOLE_APPLICATION_ADVISOR] = true,
        [ROLE_CONNECTED_MANAGEMENT_SERVER_LOCAL] = true,
        [ROLE_CONNECTED_MANAGEMENT_SERVER] = true,
        [ROLE_OMED_SERVICE] = true,
        [ROLE_ACS_COLLECTOR] = true,
        [ROLE_ACS_DATABASE] = true,
        [ROLE_AEM_FILE_SHARE] = true,
        [ROLE_CEIP_ENDPOINT] = true,
};

const char *role_name(enum role role)
{
	return role_names[role];
}

int role_find(const char *name)
{
	for (int role = 0; role < ROLE_MAX; role++)
		if (!strcmp(role_names[role], name))
			return role;
	for (size_t i = 0; i < ARRAY_SIZE(role_aliases); i++)
		if (!strcmp(role_aliases[i].name, name))
			return (int)role_aliases[i].role;
	return -1;
}

bool role_is_server(enum role role)
{
	return role_servers[role];
}

const char *role_name_at(unsigned index)
{
	if (index < ROLE_MAX)
		return role_names[index];
	index -= ROLE_MAX;
	return index < ARRAY_SIZE(role_aliases) ? role_aliases[index].name : NULL;
}

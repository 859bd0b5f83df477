/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The features of Operations Manager that addresses are assigned to, by the names of the two documents. */
#ifndef OMFWD_ROLES_H
#define OMFWD_ROLES_H

#include <stdbool.h>
#include <stdint.h>

enum role {
	ROLE_MANAGEMENT_SERVER,
	ROLE_GATEWAY_SERVER,
	ROLE_OPERATIONS_MANAGER_DATABASE,
	ROLE_REPORTING_DATA_WAREHOUSE,
	ROLE_REPORTING_SERVER,
	ROLE_SQL_REPORTING_SERVICES,
	ROLE_OPERATIONS_CONSOLE,
	ROLE_MANAGEMENT_PACK_CATALOG,
	ROLE_CONNECTOR_FRAMEWORK_SOURCE,
	ROLE_WEB_CONSOLE_SERVER,
	ROLE_WEB_CONSOLE_BROWSER,
	ROLE_WEB_CONSOLE_APPLICATION_DIAGNOSTICS,
	ROLE_WEB_CONSOLE_APPLICATION_ADVISOR,
	ROLE_CONNECTED_MANAGEMENT_SERVER_LOCAL,
	ROLE_CONNECTED_MANAGEMENT_SERVER,
	ROLE_WINDOWS_AGENT,
	ROLE_PUSH_TARGET,
	ROLE_UNIX_LINUX_AGENT,
	ROLE_OMED_SERVICE,
	ROLE_DOMAIN_CONTROLLER,
	ROLE_REMOTE_DOMAIN_CONTROLLER,
	ROLE_NETWORK_DEVICE,
	ROLE_ACS_FORWARDER,
	ROLE_ACS_COLLECTOR,
	ROLE_ACS_DATABASE,
	ROLE_AEM_CLIENT,
	ROLE_AEM_FILE_SHARE,
	ROLE_CEIP_CLIENT,
	ROLE_CEIP_ENDPOINT,
	ROLE_MAX
};

/* A set of roles, one bit each. */
typedef uint64_t role_mask;
#define ROLE_BIT(role) ((role_mask)1 << (role))

/* The full name, as in the role file ("operations_manager_database"). */
const char *role_name(enum role role);

/* Finds a role by full name or alias (operational_database, opsdb, data_warehouse, dw, ssrs, agent); -1 if unknown. */
int role_find(const char *name);

/* True for the roles whose traffic deny_scope = roles and servers protects ("Server roles" of the port tables). */
bool role_is_server(enum role role);

/* Names for error messages: full names first, then aliases; NULL past the end. */
const char *role_name_at(unsigned index);

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ports that are asked about again and again although no row has them: what they are, why the documents leave them
 * out, and whether anything should open them. The first entry that fits counts, so narrow ones stand before wide ones.
 */
#include "policy/known_ports.h"

#include "util/array.h"

#define BIT(role) ROLE_BIT(ROLE_##role)
#define SERVERS   (BIT(MANAGEMENT_SERVER) | BIT(GATEWAY_SERVER))
#define AGENTS    (BIT(WINDOWS_AGENT) | BIT(PUSH_TARGET))
#define DOMAIN    (BIT(DOMAIN_CONTROLLER) | BIT(REMOTE_DOMAIN_CONTROLLER))
#define DATABASES (BIT(OPERATIONS_MANAGER_DATABASE) | BIT(REPORTING_DATA_WAREHOUSE) | BIT(ACS_DATABASE))
#define REPORTING (BIT(SQL_REPORTING_SERVICES) | BIT(REPORTING_SERVER))
#define ANYBODY   ((role_mask)0)

#define KNOWN(opens, to_roles, protocol, first, last)                                                        \
	.from = (opens), .to = (to_roles), .proto = PROTO_##protocol, .ports = {.lo = (first), .hi = (last)}

#define LDAP_ADVICE "what the documents open is 389"

static const struct known_port known_ports[] = {
        {KNOWN(ANYBODY, ANYBODY, TCP, 636, 636), .name = "LDAP over SSL",
         .why = "Operations Manager does not support LDAP over SSL", .advice = LDAP_ADVICE},
        {KNOWN(ANYBODY, ANYBODY, TCP, 3269, 3269), .name = "the global catalog over SSL",
         .why = "Operations Manager does not support LDAP over SSL", .advice = LDAP_ADVICE},
        {KNOWN(ANYBODY, ANYBODY, TCP, 3268, 3268), .name = "Active Directory's global catalog",
         .why = "the documents ask for LDAP on 389 alone; searches across a forest use the global catalog"},
        {KNOWN(ANYBODY, DOMAIN, TCP, 464, 464), .name = "Kerberos password change",
         .why = "the documents ask for 53, 88 and 389; members of a domain change passwords on 464"},
        {KNOWN(ANYBODY, DOMAIN, UDP, 464, 464), .name = "Kerberos password change",
         .why = "the documents ask for 53, 88 and 389; members of a domain change passwords on 464"},
        {KNOWN(ANYBODY, DOMAIN, UDP, 123, 123), .name = "time synchronisation (NTP)",
         .why = "no row is about clocks, although Kerberos refuses those that are minutes apart"},

        {KNOWN(SERVERS, BIT(UNIX_LINUX_AGENT), TCP, 5985, 5986), .name = "WinRM, WS-Management of Windows",
         .why = "UNIX and Linux agents answer WS-Management on 1270",
         .advice = "servers poll such agents on 1270, row cur-19"},
        {KNOWN(ANYBODY, ANYBODY, TCP, 5985, 5986), .name = "Windows Remote Management (WinRM)",
         .why = "agents are installed over RPC and SMB and report on 5723; no row uses WinRM, though "
                "scripts and management packs may"},
        {KNOWN(ANYBODY, ANYBODY, TCP, 3389, 3389), .name = "Remote Desktop",
         .why = "Remote Desktop is how people reach a server, and no part of Operations Manager"},

        {KNOWN(ANYBODY, DATABASES, TCP, 1434, 1434),
         .name = "SQL Server's dedicated administrator connection",
         .why = "no part of Operations Manager uses it; SQL Server Browser answers on 1434 of udp",
         .advice = "it is meant for use on the database server itself"},
        {KNOWN(DATABASES, DATABASES, TCP, 5022, 5022),
         .name = "the usual endpoint of an Always On availability group",
         .why = "replicas keep in step on it; the documents are about clients of the database alone"},

        {KNOWN(SERVERS, AGENTS | SERVERS | BIT(UNIX_LINUX_AGENT), ICMP, 0, 0),
         .name = "ping to a monitored host",
         .why = "a server pings an agent whose heartbeats fail, to tell a dead host from a dead agent; the "
                "documents have no row for it, and without it every such agent counts as unreachable"},
        {KNOWN(BIT(NETWORK_DEVICE) | BIT(UNIX_LINUX_AGENT), SERVERS | AGENTS, UDP, 514, 514),
         .name = "syslog",
         .why = "syslog rules have the agent on the receiving host listen there; no row is about them"},

        {KNOWN(BIT(OPERATIONS_CONSOLE), REPORTING, TCP, 443, 443),
         .name = "SQL Reporting Services over HTTPS",
         .why = "the documents know the report server's site on 80 alone; with a certificate it is on 443"},
        {KNOWN(BIT(WEB_CONSOLE_BROWSER) | SERVERS, REPORTING, TCP, 80, 80), .name = "SQL Reporting Services",
         .why = "the documents open the report server's site to Operations consoles alone"},
        {KNOWN(BIT(WEB_CONSOLE_BROWSER) | SERVERS, REPORTING, TCP, 443, 443),
         .name = "SQL Reporting Services over HTTPS",
         .why = "the documents open the report server's site to Operations consoles alone, on 80"},
};

static bool is_meant(role_mask wanted, role_mask held)
{
	return !wanted || (wanted & held);
}

const struct known_port *known_port_find(role_mask from, role_mask to, enum proto proto, uint16_t port)
{
	for (size_t i = 0; i < ARRAY_SIZE(known_ports) && (from | to); i++) {
		const struct known_port *known = &known_ports[i];

		if (known->proto == proto && known->ports.lo <= port && port <= known->ports.hi &&
		    is_meant(known->from, from) && is_meant(known->to, to))
			return known;
	}
	return NULL;
}

const struct known_port *known_port_at(size_t index)
{
	return index < ARRAY_SIZE(known_ports) ? &known_ports[index] : NULL;
}

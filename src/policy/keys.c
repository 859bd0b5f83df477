// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of keys. The parser, its messages, the man page and the completion all come from here. */
#include "policy/keys.h"

#include <string.h>

#include "policy/settings_words.h"
#include "policy/values.h"
#include "util/array.h"

const char *const section_kind_words[] = {
        [SECTION_OMFWD] = "omfwd", [SECTION_PORTS] = "ports",         [SECTION_ROLES] = "roles",
        [SECTION_ROWS] = "rows",   [SECTION_SITE_RULE] = "site_rule", [SECTION_KIND_MAX] = NULL,
};

#define SETTING(field)  .section = SECTION_OMFWD, .name = #field, .offset = offsetof(struct settings, field)
#define OF_ROLES(field) .section = SECTION_ROLES, .name = #field, .offset = offsetof(struct section, field)
#define OF_SITE_RULE(field)                                                                                  \
	.section = SECTION_SITE_RULE, .name = #field, .offset = offsetof(struct site_rule, field)
#define PORT(key)                                                                                            \
	.section = SECTION_PORTS, .name = #key, .form = KEY_PORTS,                                           \
	.right = "ports and ranges from 1 to 65535, as in 80, 443, 5000-5010"

const struct key keys[] = {
        {SETTING(table), .words = port_table_words, .default_text = "current",
         .help = "The document whose port table holds, for sections that do not set their own."},
        {SETTING(mode), .words = policy_mode_words, .default_text = "enforce",
         .help = "enforce denies; audit judges and counts, and denies nothing."},
        {SETTING(deny_scope), .words = deny_scope_words, .default_text = "roles",
         .help = "What is denied when no line allows it: nothing, traffic between a server role and another "
                 "role, anything to or from a server role, or whatever is forwarded."},
        {SETTING(deny_action), .words = deny_action_words, .default_text = "drop",
         .help = "Whether denied packets are dropped in silence or answered."},
        {SETTING(install_window), .parse = value_parse_duration, .default_text = "4h",
         .right = "a duration, as in 90s, 30m, 4h, 1d or 1h30m",
         .help = "How long --phase install lasts when nobody says."},
        {SETTING(install_window_max), .parse = value_parse_duration, .default_text = "24h",
         .right = "a duration, as in 90s, 30m, 4h, 1d or 1h30m",
         .help = "The longest install phase that may be asked for."},
        {SETTING(authentication), .words = authentication_words, .default_text = "kerberos",
         .help = "certificate closes port 88 and the Kerberos lines of footnote 3."},
        {SETTING(snmp), .words = snmp_mode_words, .default_text = "bidirectional",
         .help = "bidirectional opens 161 and 162 both ways as the document asks; purpose opens requests out "
                 "and traps in."},
        {SETTING(catalog_dynamic_ports), .words = catalog_mode_words, .default_text = "bidirectional",
         .help = "Whether the catalog may open connections to consoles on 49152-65535 (as documented), or "
                 "only answer."},
        {SETTING(log_denied), .parse = value_parse_yes_no, .default_text = "yes", .right = "yes or no",
         .help = "Whether denied packets are logged."},
        {SETTING(log_group), .parse = value_parse_uint16, .default_text = "5",
         .right = "a number from 0 to 65535", .help = "The NFLOG group that denied packets go to."},
        {.section = SECTION_OMFWD,
         .name = "log_rate",
         .parse = value_parse_log_rate,
         .default_text = "20/second",
         .right = "a number from 1 on and its unit, as in 20/second, 5/minute, 1/hour or 1/day",
         .help = "How many denied packets are logged."},
        {.section = SECTION_OMFWD,
         .name = "accept_mark",
         .parse = value_parse_mark,
         .default_text = "none",
         .right = "none, or VALUE/MASK as in 0x10/0xff, with the value inside the mask and the mask not 0",
         .help = "A packet mark set on what is accepted, for other firewalls to honour."},
        {SETTING(own_table), .words = own_table_words, .default_text = "auto",
         .help = "Whether the kernel lets nobody else change the nft table."},
        {.section = SECTION_OMFWD,
         .name = "never_deny",
         .form = KEY_MEMBERS,
         .right = "addresses",
         .help = "Addresses whose traffic is never denied: management stations."},
        {SETTING(metrics_file), .form = KEY_TEXT, .default_text = "none",
         .right = "none, or an absolute path that ends in .prom",
         .help = "Where the agent writes metrics for node_exporter's textfile collector."},

        {PORT(sql_operations_manager_database), .default_text = "1433",
         .help = "SQL Server of the Operations Manager database."},
        {PORT(sql_reporting_data_warehouse), .default_text = "1433",
         .help = "SQL Server of the Reporting data warehouse."},
        {PORT(sql_acs_database), .default_text = "1433", .help = "SQL Server of the ACS database."},
        {.section = SECTION_PORTS,
         .name = "sql_browser",
         .form = KEY_PORTS,
         .default_text = "1434",
         .right = "off alone, or ports and ranges from 1 to 65535",
         .help = "SQL Server Browser, UDP; off where every instance has a port of its own."},
        {PORT(health_service), .default_text = "5723",
         .help = "The channel of agents, gateways and management servers."},
        {PORT(web_console), .default_text = "80, 443", .default_2016 = "51908",
         .help = "The web console's site, for browsers."},
        {PORT(web_console_to_management_server), .default_text = "5724",
         .help = "From the web console to the management server; table 2016 only."},
        {PORT(ssh), .default_text = "22", .help = "SSH of UNIX and Linux agents, for their installation."},
        {PORT(omed), .default_text = "8886", .help = "The OMED service."},
        {PORT(acs), .default_text = "51909", .help = "Audit Collection Services, forwarder to collector."},
        {PORT(aem), .default_text = "51906", .help = "Agentless Exception Monitoring."},
        {PORT(ceip), .default_text = "51907", .help = "Customer Experience Improvement Program."},
        {.section = SECTION_PORTS,
         .name = "rpc_dynamic",
         .form = KEY_PORTS,
         .default_text = "49152-65535",
         .right = "one range within 49152-65535",
         .help = "Dynamic RPC ports in the install phase, for hosts with restricted RPC."},

        {OF_ROLES(table), .words = port_table_words, .help = "The port table of this section."},
        {OF_ROLES(authentication), .words = authentication_words, .help = "As in [omfwd], for this section."},
        {OF_ROLES(snmp), .words = snmp_mode_words, .help = "As in [omfwd], for this section."},
        {OF_ROLES(catalog_dynamic_ports), .words = catalog_mode_words,
         .help = "As in [omfwd], for this section."},

        {OF_SITE_RULE(from), .form = KEY_MEMBERS, .right = "addresses", .help = "Who opens the connection."},
        {OF_SITE_RULE(to), .form = KEY_MEMBERS, .right = "addresses", .help = "To whom."},
        {.section = SECTION_SITE_RULE,
         .name = "protocol",
         .words = proto_words,
         .offset = offsetof(struct site_rule, proto),
         .help = "tcp, udp, or icmp (ICMPv6 follows)."},
        {OF_SITE_RULE(ports), .form = KEY_PORTS,
         .right = "ports and ranges from 1 to 65535, as in 80, 443, 5000-5010",
         .help = "The ports that are opened; echo-request for icmp."},
        {OF_SITE_RULE(phase), .words = site_phase_words, .default_text = "both",
         .help = "Whether the rule holds in both phases or in the install phase alone."},
        {OF_SITE_RULE(reason), .form = KEY_TEXT, .right = "why the rule is there",
         .help = "Why the rule is there."},
        {OF_SITE_RULE(ticket), .form = KEY_TEXT, .right = "the ticket's number",
         .help = "The change it belongs to."},
        {OF_SITE_RULE(expires), .parse = value_parse_last_day,
         .right = "the last day it holds, as in 2027-01-31", .help = "The last day on which the rule holds."},
};

_Static_assert(ARRAY_SIZE(keys) == KEY_COUNT, "KEY_COUNT is the length of the table");

int key_find(enum section_kind section, const char *name)
{
	int index = -1;

	for (int id = 0; id < KEY_COUNT; id++)
		if (keys[id].section == section && !strcmp(keys[id].name, name))
			return id;
	if (section == SECTION_ROLES && (index = role_find(name)) >= 0)
		return KEY_ROLE_BASE + index;
	if (section == SECTION_ROWS && (index = row_find(name)) >= 0)
		return KEY_ROW_BASE + index;
	return -1;
}

const char *key_name(int id)
{
	if (id >= KEY_ROW_BASE)
		return table_rows[id - KEY_ROW_BASE].id;
	if (id >= KEY_ROLE_BASE)
		return role_name((enum role)(id - KEY_ROLE_BASE));
	return keys[id].name;
}

enum key_form key_form(int id)
{
	if (id >= KEY_ROW_BASE)
		return KEY_SCALAR;
	return id >= KEY_ROLE_BASE ? KEY_MEMBERS : keys[id].form;
}

int key_of_port(enum port_key port)
{
	return key_find(SECTION_PORTS, port_key_name(port));
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Enums and their words in the role file: one table each, read by the parser and by everything that prints. */
#include "policy/settings_words.h"

#include <stddef.h>

#include "policy/policy.h"

const char *const policy_mode_words[] = {[MODE_ENFORCE] = "enforce", [MODE_AUDIT] = "audit", NULL};

const char *const deny_scope_words[] = {
        [DENY_NONE] = "none",
        [DENY_ROLES] = "roles",
        [DENY_SERVERS] = "servers",
        [DENY_EVERYTHING] = "everything",
        NULL,
};

const char *const deny_action_words[] = {[DENY_DROP] = "drop", [DENY_REJECT] = "reject", NULL};

const char *const authentication_words[] = {
        [AUTHENTICATION_KERBEROS] = "kerberos",
        [AUTHENTICATION_CERTIFICATE] = "certificate",
        NULL,
};

const char *const snmp_mode_words[] = {
        [SNMP_BIDIRECTIONAL] = "bidirectional",
        [SNMP_PURPOSE] = "purpose",
        NULL,
};

const char *const catalog_mode_words[] = {
        [CATALOG_BIDIRECTIONAL] = "bidirectional",
        [CATALOG_REPLY_ONLY] = "reply_only",
        NULL,
};

const char *const own_table_words[] = {
        [OWN_TABLE_AUTO] = "auto",
        [OWN_TABLE_YES] = "yes",
        [OWN_TABLE_NO] = "no",
        NULL,
};

const char *const row_state_words[] = {
        [ROW_ON] = "on",           [ROW_OFF] = "off",         [ROW_BOTH] = "both",
        [ROW_INSTALL] = "install", [ROW_REVERSE] = "reverse", NULL,
};

const char *const port_table_words[] = {[TABLE_CURRENT] = "current", [TABLE_2016] = "2016", NULL};

const char *const proto_words[] = {
        [PROTO_TCP] = "tcp",
        [PROTO_UDP] = "udp",
        [PROTO_ICMP] = "icmp",
        NULL,
};

const char *const site_phase_words[] = {[PHASE_ALWAYS] = "both", [PHASE_INSTALL] = "install", NULL};

const char *policy_mode_name(enum policy_mode mode)
{
	return policy_mode_words[mode];
}

const char *deny_scope_name(enum deny_scope scope)
{
	return deny_scope_words[scope];
}

const char *deny_action_name(enum deny_action action)
{
	return deny_action_words[action];
}

const char *authentication_name(enum authentication authentication)
{
	return authentication_words[authentication];
}

const char *snmp_mode_name(enum snmp_mode mode)
{
	return snmp_mode_words[mode];
}

const char *catalog_mode_name(enum catalog_mode mode)
{
	return catalog_mode_words[mode];
}

const char *own_table_name(enum own_table own)
{
	return own_table_words[own];
}

const char *row_state_name(enum row_state state)
{
	return row_state_words[state];
}

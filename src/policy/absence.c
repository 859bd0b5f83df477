// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A compiled policy has no trace of what it leaves out. This file looks at a line of the documents from the other
 * side: what keeps it from opening something in this section. Order matters: a row that is off is off whoever is
 * assigned, so members come last.
 */
#include "policy/absence.h"

role_mask section_acting_mask(const struct section *section, role_mask mask)
{
	role_mask acting = 0;

	for (enum role role = 0; role < ROLE_MAX; role++)
		if (mask & ROLE_BIT(role))
			acting |= section_acting_roles(section, role);
	return acting;
}

struct port_list section_line_ports(const struct section *section, const struct table_line *line,
                                    struct port_range *own_range)
{
	if (line->key != PORT_FIXED)
		return section->ports[line->key];
	*own_range = line->ports;
	return (struct port_list){.ranges = own_range, .n = 1};
}

bool port_list_has(const struct port_list *ports, uint16_t port)
{
	for (size_t i = 0; i < ports->n; i++)
		if (ports->ranges[i].lo <= port && port <= ports->ranges[i].hi)
			return true;
	return false;
}

static const struct {
	const char *setting, *instead;
} settings[] = {
        [LINE_KERBEROS] = {"authentication = certificate", "authentication = kerberos"},
        [LINE_KERBEROS_ACROSS] = {"authentication = certificate", "authentication = kerberos"},
        [LINE_SNMP_BIDIRECTIONAL] = {"snmp = purpose", "snmp = bidirectional"},
        [LINE_CATALOG_DYNAMIC] = {"catalog_dynamic_ports = reply_only",
                                  "catalog_dynamic_ports = bidirectional"},
};

static bool setting_is_against(const struct section *section, enum line_condition condition)
{
	switch (condition) {
	case LINE_UNCONDITIONAL:
		break;
	case LINE_KERBEROS:
	case LINE_KERBEROS_ACROSS:
		return section->authentication == AUTHENTICATION_CERTIFICATE;
	case LINE_SNMP_BIDIRECTIONAL:
		return section->snmp == SNMP_PURPOSE;
	case LINE_CATALOG_DYNAMIC:
		return section->catalog_dynamic_ports == CATALOG_REPLY_ONLY;
	}
	return false;
}

static bool anybody_acts(const struct section *section, role_mask mask)
{
	role_mask acting = section_acting_mask(section, mask);

	for (enum role role = 0; role < ROLE_MAX; role++)
		if ((acting & ROLE_BIT(role)) && !addr_set_is_empty(&section->roles[role].addrs))
			return true;
	return false;
}

/* The roles of both ends, as far as an end has nobody at all. */
static role_mask missing_ends(const struct section *section, const struct table_line *line)
{
	/* Footnote 3 is about the remote domain: all of its lines wait for that role, whatever their own ends are. */
	if (line->condition == LINE_KERBEROS_ACROSS &&
	    !section->roles[ROLE_REMOTE_DOMAIN_CONTROLLER].assigned)
		return ROLE_BIT(ROLE_REMOTE_DOMAIN_CONTROLLER);
	return (anybody_acts(section, line->from) ? 0 : line->from) |
	       (anybody_acts(section, line->to) ? 0 : line->to);
}

void line_absence(const struct section *section, const struct table_line *line, struct absence *ret)
{
	const struct row_override *row = &section->rows[row_find(line->row)];
	struct port_range own_range;

	*ret = (struct absence){.reason = ABSENT_NOT};
	if (row->state == ROW_OFF) {
		ret->reason = ABSENT_ROW_OFF;
		ret->loc = row->loc;
	} else if (setting_is_against(section, line->condition)) {
		ret->reason = ABSENT_BY_SETTING;
		ret->setting = settings[line->condition].setting;
		ret->instead = settings[line->condition].instead;
	} else if (section_line_ports(section, line, &own_range).n == 0) {
		ret->reason = ABSENT_PORT_OFF;
		ret->loc = section->ports[line->key].loc;
	} else if ((ret->missing = missing_ends(section, line))) {
		ret->reason = ABSENT_UNASSIGNED;
	}
}

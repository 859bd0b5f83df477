/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a line of the documents opens nothing in a section: what `show` prints beside it and `explain` falls back on. */
#ifndef OMFWD_ABSENCE_H
#define OMFWD_ABSENCE_H

#include "policy/policy.h"

enum absence_reason {
	ABSENT_NOT,        /* the line is in force */
	ABSENT_ROW_OFF,    /* [rows] turns its row off */
	ABSENT_BY_SETTING, /* a setting takes it away */
	ABSENT_PORT_OFF,   /* its port key is off */
	ABSENT_UNASSIGNED, /* an end has no members */
	ABSENT_MAX
};

struct absence {
	enum absence_reason reason;
	const char *setting; /* ABSENT_BY_SETTING: "authentication = certificate" ... */
	const char *instead; /* ... and what would leave it: "authentication = kerberos" */
	role_mask missing;   /* ABSENT_UNASSIGNED: the roles at an end that has nobody */
	loc_t loc;           /* the place in the role file to look at, 0 if none */
};

/* Fills in why the line, one of the section's table, is not in force; the first reason in the order above. */
void line_absence(const struct section *section, const struct table_line *line, struct absence *ret);

/* The roles that act for those of the mask; see section_acting_roles(). */
role_mask section_acting_mask(const struct section *section, role_mask mask);

/* The ports the line means in the section: those of its key, or its own. *own_range is storage for the latter. */
struct port_list section_line_ports(const struct section *section, const struct table_line *line,
                                    struct port_range *own_range);

/* True when one of the ranges holds the port. */
bool port_list_has(const struct port_list *ports, uint16_t port);

#endif

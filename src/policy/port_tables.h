/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two documents' port tables as data ("Configuring a Firewall for Operations Manager", editions 1801 to 2025 and
 * 2016): rows, and for each row the lines it opens. What the tables say is here; what a role file makes of them is
 * in compile.c.
 */
#ifndef OMFWD_PORT_TABLES_H
#define OMFWD_PORT_TABLES_H

#include <stddef.h>
#include <stdint.h>

#include "policy/roles.h"

enum port_table { TABLE_CURRENT, TABLE_2016, TABLE_MAX };

enum proto { PROTO_TCP, PROTO_UDP, PROTO_ICMP /* and ICMPv6: echo-request */, PROTO_MAX };

/* Inclusive; a single port has lo == hi. For PROTO_ICMP both are 0 and mean echo-request. */
struct port_range {
	uint16_t lo, hi;
};

/* Keys of [ports]. */
enum port_key {
	PORT_SQL_OPERATIONS_MANAGER_DATABASE,
	PORT_SQL_REPORTING_DATA_WAREHOUSE,
	PORT_SQL_ACS_DATABASE,
	PORT_SQL_BROWSER,
	PORT_HEALTH_SERVICE,
	PORT_WEB_CONSOLE,
	PORT_WEB_CONSOLE_TO_MANAGEMENT_SERVER,
	PORT_SSH,
	PORT_OMED,
	PORT_ACS,
	PORT_AEM,
	PORT_CEIP,
	PORT_RPC_DYNAMIC,
	PORT_KEY_MAX,
	PORT_FIXED = PORT_KEY_MAX /* the document says "No": no key moves it */
};

enum line_phase { PHASE_ALWAYS, PHASE_INSTALL };

/* Settings that take a line away. */
enum line_condition {
	LINE_UNCONDITIONAL,
	LINE_KERBEROS,           /* not with authentication = certificate */
	LINE_SNMP_BIDIRECTIONAL, /* only with snmp = bidirectional */
	LINE_CATALOG_DYNAMIC,    /* only with catalog_dynamic_ports = bidirectional */
	LINE_KERBEROS_ACROSS,    /* footnote 3: needs remote_domain_controller, and Kerberos */
};

/* A row, or the half of a row that can be overridden by itself ("cur-18-dc", parent "cur-18"). */
struct table_row {
	const char *id;
	enum port_table table;
	const char *parent;   /* NULL: a row of the document */
	const char *feature;  /* what it is for, in the document's terms */
	const char *document; /* where in the document: "Port assignments, row 1" */
};

/* One line of a row: every role of from may open proto/ports to every role of to. */
struct table_line {
	const char *row; /* id of a table_row */
	role_mask from, to;
	enum proto proto;
	struct port_range ports; /* default */
	enum port_key key;       /* what moves it, or PORT_FIXED */
	enum line_phase phase;
	enum line_condition condition;
};

#define ROW_COUNT 49 /* rows of both tables and their halves; checked by port_tables.c */

extern const struct table_row table_rows[ROW_COUNT];

/* The lines of one table, in the document's order. */
const struct table_line *table_lines(enum port_table table, size_t *n);

/* The index in table_rows of an id, or -1. Case matters. */
int row_find(const char *id);

/* "current", "2016". */
const char *port_table_name(enum port_table table);
/* "tcp", "udp", "icmp". */
const char *proto_name(enum proto proto);
/* The name of a [ports] key; NULL for PORT_FIXED. */
const char *port_key_name(enum port_key key);
/* Index by name, or -1. */
int port_key_find(const char *name);

/* The roles that some line of the table names, defaults (push_target, omed_service) included. */
role_mask table_roles(enum port_table table);

/*
 * A port the documents call fixed, by a name an administrator may try ("snmp", "ldap", "135", "operations_console"):
 * the ports and the row that says "No". NULL if name is no such thing.
 */
struct fixed_port {
	const char *name;
	const char *ports; /* "161, 162" */
	const char *row;   /* "cur-04" */
};
const struct fixed_port *fixed_port_find(const char *name);

#endif

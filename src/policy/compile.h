/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the role file to lines: which role may open which ports to which role of the same section, when, and by which
 * rows. Pure. A line here is one (section, from, to, protocol, port range, phase); rows that open the same line share
 * it and keep all their ids.
 */
#ifndef OMFWD_COMPILE_H
#define OMFWD_COMPILE_H

#include "policy/policy.h"

#define LINE_ROWS_MAX 4

struct line {
	const struct section *section;     /* NULL: a site rule */
	const struct site_rule *site_rule; /* NULL: a line of the documents */
	enum role from, to;                /* of section, when section is set */
	const struct addr_set *from_addrs; /* never empty */
	const struct addr_set *to_addrs;
	enum proto proto;
	struct port_range ports; /* 0-0 for PROTO_ICMP: echo-request */
	enum line_phase phase;
	int rows[LINE_ROWS_MAX]; /* indices in table_rows; the first one counts the packets */
	unsigned n_rows;         /* 0 for a site rule */
	enum port_key key;       /* what moved or can move the port; PORT_FIXED */
	loc_t key_loc;           /* where the key was set, 0 if it was not */
};

struct lines {
	struct line *items;
	size_t n;
};

/*
 * Compiles the policy: section by section in the order of the file, rows in the document's order, site rules last.
 * Lines with an empty end are left out. Lives in the policy's arena.
 */
struct lines policy_compile(const struct policy *policy);

/* When the line, one of the section's table, is open there: as documented, unless its row is overridden. */
enum line_phase table_line_phase(const struct section *section, const struct table_line *line);

/* "prod.cur-16", or "site.NAME": the name of the counter (and of the install gate) the line belongs to. */
const char *line_gate_name(const struct line *line, char *buf, size_t size);
#define GATE_NAME_MAX 80

/* "cur-05, cur-22" or the site rule's name. */
const char *line_row_ids(const struct line *line, char *buf, size_t size);
#define ROW_IDS_MAX 96

#endif

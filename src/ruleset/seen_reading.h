/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What seen.c and seen_lines.c share while a table is read; nobody else includes it. */
#ifndef OMFWD_SEEN_READING_H
#define OMFWD_SEEN_READING_H

#include "ruleset/seen.h"

struct seen_reading {
	const struct seen_table *table;
	struct openings *ret;
	bool *used; /* by index of the rule */
	enum proto proto;
	struct port_range ports;     /* of the service whose rules are read */
	const struct addr_set *keys; /* whose chain is read: one end of the connection */
	bool of_server;              /* which end */
	struct addr_set judged_from,
	        judged_to; /* keys whose packets end in the chain "judged"; on the heap */
	bool judged;       /* that chain has been read */
};

/* Takes in one rule; whether it is one of ours. */
typedef bool seen_reader(struct seen_reading *in, const struct seen_rule *rule);

/* Calls read() for each rule of the chain, and marks those it knows. */
void seen_read_chain(struct seen_reading *in, const char *chain, seen_reader *read);

/* The set of that name; an empty one if there is none. */
const struct seen_set *seen_find_set(const struct seen_table *table, const char *name);

/*
 * meta l4proto tcp ct reply proto-src vmap @tcp_services
 * meta l4proto tcp ct reply proto-src 49152-65535 jump tcp_49152_65535
 * meta l4proto icmp jump judge_icmp
 */
seen_reader seen_read_judge;

/* ct reply ip saddr vmap @to4; ct original ip saddr vmap @from4 */
seen_reader seen_read_ends;

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a policy opens, and whom it denies the rest: all that matters to a packet, whether it was read from a role file or
 * from the kernel. Two of them can be compared, see opening_diff.h. Pure.
 */
#ifndef OMFWD_OPENINGS_H
#define OMFWD_OPENINGS_H

#include "policy/compile.h"

/* One line: every address of from may open these ports to every address of to of the same family. */
struct opening {
	const char *section;   /* NULL: a site rule */
	const char *from_name; /* "windows_agent"; NULL where only addresses are known */
	const char *to_name;
	const char *rows;                 /* "cur-05, cur-22"; the name of the site rule */
	const struct addr_set *from, *to; /* canonical */
	enum proto proto;
	struct port_range ports; /* 0-0 for echo-request */
	enum line_phase phase;
};

struct openings {
	struct arena *arena; /* of what hangs off it, addresses read from a role file aside */
	struct opening *items;
	size_t n, cap; /* items is on the heap */
	/* whom deny_scope reaches; see opening_diff.c */
	enum deny_scope scope;
	struct addr_set servers, members, never_deny;
	/* the rest of what the kernel is told */
	enum policy_mode mode;
	enum deny_action action;
	bool log_denied;
	uint16_t log_group;
	uint32_t log_rate, log_rate_unit;
	bool mark_set;
	uint32_t mark_value, mark_mask;
};

/* What the policy opens; refers to it and must not outlive it. Clear it with openings_clear(). */
void openings_of_policy(const struct policy *policy, const struct lines *lines, struct openings *ret);

/*
 * Leaves out what the kernel is not told, before the two are compared: addresses that meet nobody of their family, and
 * what there is to say of denials where nothing is denied.
 */
void openings_narrow(struct openings *openings);

void openings_clear(struct openings *openings);

/* Appends an opening. */
void openings_add(struct openings *openings, const struct opening *opening);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What plan.c (the rows) and plan_lines.c (the packets of one line) share. */
#ifndef OMFWD_PROVE_PLANNER_H
#define OMFWD_PROVE_PLANNER_H

#include "prove/plan.h"

struct planner {
	struct plan *plan;
	struct samples (*roles)[ROLE_MAX]; /* by section */
	size_t nobody[FAMILY_MAX];
	bool has_nobody[FAMILY_MAX];
	size_t row; /* the one under way */
};

/* One line of a row between two roles, or a site rule. */
struct plan_line {
	const struct samples *from, *to;
	enum proto proto;
	const struct port_range *ports; /* not read for icmp */
	size_t n_ports;
	uint16_t documented; /* the port the document names, 0: none */
	size_t section;      /* SECTION_NONE: a site rule */
	enum role from_role, to_role;
};
#define SECTION_NONE SIZE_MAX

/* Adds one packet and what is expected of it; nothing when both ends are one address. */
void planner_add(struct planner *planner, size_t src, size_t dst, enum proto proto, unsigned port);

/* Adds the packets that a line opens, and its neighbours. */
void planner_add_line(struct planner *planner, const struct plan_line *line);

#define PROBES_MAX 40000 /* more, and the next depth is taken; the last one goes as far as it must */
#define DEPTHS     4

extern const struct plan_depth plan_depths[DEPTHS];

/* Whether this depth has turned out to be too much. */
bool planner_is_full(const struct planner *planner);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections as boxes: from these addresses, to those, at these ports. Exact, and as large as the policy's own lists. */
#ifndef OMFWD_BOXES_H
#define OMFWD_BOXES_H

#include "policy/explain.h"
#include "util/arena.h"

/* A box of connections: from one set to another, of one protocol and port range. */
struct box {
	struct addr_set from, to;
	bool any; /* every protocol and port: proto and ports do not count */
	enum proto proto;
	struct port_range ports;
};

/* Boxes; items is on the heap. */
struct boxes {
	struct box *items;
	size_t n, cap;
};

/* Adds the box, less a family that has one end only; nothing if it is empty. */
void boxes_add(struct boxes *boxes, struct box box);
void boxes_add_all(struct boxes *boxes, const struct boxes *others);

/* Cuts every box of cover out of boxes; what was cut goes to inside, if that is not NULL. */
void boxes_cut(struct arena *arena, struct boxes *boxes, const struct boxes *cover, struct boxes *inside);

void boxes_clear(struct boxes *boxes);

/* Whether a connection is in the box; port is 0 for icmp. */
bool box_has(const struct box *box, const struct query *query);

#endif

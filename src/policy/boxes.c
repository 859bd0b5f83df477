// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Boxes cut out of boxes. Cutting one out of another leaves at most four, and none that overlap:
 *
 *   F x T x P  without  F' x T' x P'  =  (F-F') x T x P,  (F&F') x (T-T') x P,  (F&F') x (T&T') x (P-P')
 *
 * Sets of addresses are cut as a whole, so that a thousand agents that gain a port are one box.
 */
#include "policy/boxes.h"

#include <stdlib.h>

#include "policy/addr_algebra.h"
#include "util/array.h"

static bool ports_empty(const struct box *box)
{
	return !box->any && box->ports.lo > box->ports.hi;
}

/* A family that has only one end says nothing; without it, ends are what they seem. */
static bool box_trim(struct box *box)
{
	if (!box->from.n4 || !box->to.n4)
		box->from.n4 = box->to.n4 = 0;
	if (!box->from.n6 || !box->to.n6)
		box->from.n6 = box->to.n6 = 0;
	return !addr_set_is_empty(&box->from) && !ports_empty(box);
}

void boxes_add(struct boxes *boxes, struct box box)
{
	if (box_trim(&box))
		*ARRAY_PUSH(boxes->items, boxes->n, boxes->cap) = box;
}

static bool ports_meet(const struct box *a, const struct box *b)
{
	if (a->any || b->any)
		return true;
	return a->proto == b->proto && a->ports.lo <= b->ports.hi && b->ports.lo <= a->ports.hi;
}

static bool boxes_meet(const struct box *a, const struct box *b)
{
	return ports_meet(a, b) && addr_set_overlaps(&a->from, &b->from) && addr_set_overlaps(&a->to, &b->to);
}

/* The ports of a box that b has not: below and above its own. Neither has any when b has every port. */
static void add_other_ports(struct boxes *out, struct box shared, const struct box *a, const struct box *b)
{
	if (b->any)
		return;
	if (a->ports.lo < b->ports.lo) {
		shared.ports = (struct port_range){a->ports.lo, (uint16_t)(b->ports.lo - 1)};
		boxes_add(out, shared);
	}
	if (a->ports.hi > b->ports.hi) {
		shared.ports = (struct port_range){(uint16_t)(b->ports.hi + 1), a->ports.hi};
		boxes_add(out, shared);
	}
}

static struct port_range shared_ports(const struct box *a, const struct box *b)
{
	struct port_range ports = a->ports;

	if (b->any)
		return ports;
	if (a->any)
		return b->ports;
	if (ports.lo < b->ports.lo)
		ports.lo = b->ports.lo;
	if (ports.hi > b->ports.hi)
		ports.hi = b->ports.hi;
	return ports;
}

/*
 * What b leaves of a goes to outside, what they share to inside, which may be NULL. A box of every port is never cut by
 * one that has only some: lines do not decide who is judged.
 */
static void box_split(struct arena *arena, const struct box *a, const struct box *b, struct boxes *outside,
                      struct boxes *inside)
{
	struct box part = *a;
	struct addr_set from;

	if (!boxes_meet(a, b)) {
		boxes_add(outside, *a);
		return;
	}
	part.from = addr_set_minus(arena, &a->from, &b->from);
	boxes_add(outside, part);
	from = part.from = addr_set_common(arena, &a->from, &b->from);
	part.to = addr_set_minus(arena, &a->to, &b->to);
	boxes_add(outside, part);
	part.from = from;
	part.to = addr_set_common(arena, &a->to, &b->to);
	add_other_ports(outside, part, a, b);
	part.any = a->any && b->any;
	part.proto = a->any ? b->proto : a->proto;
	part.ports = shared_ports(a, b);
	if (inside)
		boxes_add(inside, part);
}

void boxes_clear(struct boxes *boxes)
{
	free(boxes->items);
	*boxes = (struct boxes){.n = 0};
}

/* Cuts every box of cover out of boxes; what was cut goes to inside, if that is not NULL. */
void boxes_cut(struct arena *arena, struct boxes *boxes, const struct boxes *cover, struct boxes *inside)
{
	for (size_t i = 0; i < cover->n && boxes->n; i++) {
		struct boxes left = {.n = 0};

		for (size_t j = 0; j < boxes->n; j++)
			box_split(arena, &boxes->items[j], &cover->items[i], &left, inside);
		boxes_clear(boxes);
		*boxes = left;
	}
}

void boxes_add_all(struct boxes *boxes, const struct boxes *others)
{
	for (size_t i = 0; i < others->n; i++)
		boxes_add(boxes, others->items[i]);
}

bool box_has(const struct box *box, const struct query *query)
{
	if (!box->any &&
	    (box->proto != query->proto || query->port < box->ports.lo || query->port > box->ports.hi))
		return false;
	return addr_set_find(&box->from, &query->src) >= 0 && addr_set_find(&box->to, &query->dst) >= 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What one policy has and the other has not: of every line the box is taken, the boxes of the other policy are cut out
 * of it, and what is left is the change. The phases are two questions: in the run phase only lines of PHASE_ALWAYS are
 * open, in the install phase all are. What a change means for packets depends on whether the policy without the line
 * denies them, so that changes are cut along that border too.
 */
#include "policy/opening_diff.h"

#include <stdlib.h>

#include "policy/addr_algebra.h"
#include "util/array.h"
#include "util/text.h"

/* One policy's lines of one or both phases as boxes, and those denied what no line opens. */
struct side {
	const struct openings *openings;
	struct boxes run, install; /* what is open in that phase */
	struct boxes reach, never; /* denied is what is in reach and not in never */
};

static struct box box_of_opening(const struct opening *opening)
{
	return (struct box){
	        .from = *opening->from,
	        .to = *opening->to,
	        .proto = opening->proto,
	        .ports = opening->ports,
	};
}

static struct addr_set everybody(struct arena *arena)
{
	struct addr_set all = {.n4 = 1, .n6 = 1};

	all.v4 = ARENA_NEW(arena, struct range4);
	all.v6 = ARENA_NEW(arena, struct range6);
	all.v4->hi = UINT32_MAX;
	all.v6->hi = ~(u128)0;
	return all;
}

static void add_both_ways(struct boxes *boxes, const struct addr_set *a, const struct addr_set *b)
{
	boxes_add(boxes, (struct box){.from = *a, .to = *b, .any = true});
	boxes_add(boxes, (struct box){.from = *b, .to = *a, .any = true});
}

/* Of forwarded packets: what deny_scope says of them, see ruleset/deny.c. */
static void side_reach(struct arena *arena, struct side *side)
{
	const struct openings *openings = side->openings;
	struct addr_set all = everybody(arena);

	switch (openings->scope) {
	case DENY_NONE:
		break;
	case DENY_ROLES:
		add_both_ways(&side->reach, &openings->servers, &openings->members);
		break;
	case DENY_SERVERS:
		add_both_ways(&side->reach, &openings->servers, &all);
		break;
	case DENY_EVERYTHING:
		boxes_add(&side->reach, (struct box){.from = all, .to = all, .any = true});
		break;
	}
	add_both_ways(&side->never, &openings->never_deny, &all);
}

static struct side side_new(struct arena *arena, const struct openings *openings)
{
	struct side side = {.openings = openings};

	for (size_t i = 0; i < openings->n; i++) {
		struct box box = box_of_opening(&openings->items[i]);

		boxes_add(&side.install, box);
		if (openings->items[i].phase == PHASE_ALWAYS)
			boxes_add(&side.run, box);
	}
	side_reach(arena, &side);
	return side;
}

static void side_clear(struct side *side)
{
	boxes_clear(&side->run);
	boxes_clear(&side->install);
	boxes_clear(&side->reach);
	boxes_clear(&side->never);
}

struct change_list {
	struct opening_change *items;
	size_t n, cap;
};

static void add_changes(struct change_list *list, const struct opening_change *pattern,
                        const struct boxes *boxes, bool judged)
{
	for (size_t i = 0; i < boxes->n; i++) {
		struct opening_change *change = ARRAY_PUSH(list->items, list->n, list->cap);

		*change = *pattern;
		change->box = boxes->items[i];
		change->judged = judged;
	}
}

/* Splits boxes along what the side without the line denies. Takes the boxes. */
static void add_by_reach(struct arena *arena, struct change_list *list, const struct opening_change *pattern,
                         struct boxes *boxes, const struct side *without)
{
	struct boxes inside = {.n = 0}, spared = {.n = 0};

	boxes_cut(arena, boxes, &without->reach, &inside);
	boxes_cut(arena, &inside, &without->never, &spared);
	add_changes(list, pattern, &inside, true);
	add_changes(list, pattern, boxes, false);
	add_changes(list, pattern, &spared, false);
	boxes_clear(&inside);
	boxes_clear(&spared);
	boxes_clear(boxes);
}

/* What of the line is not told yet and not open in `without`; told grows by it. */
static void add_line(struct arena *arena, struct change_list *list, const struct opening *line,
                     const struct side *without, struct boxes *told)
{
	struct opening_change pattern = {.line = line, .phase = line->phase};
	struct boxes left = {.n = 0}, install = {.n = 0};

	boxes_add(&left, box_of_opening(line));
	boxes_cut(arena, &left, told, NULL);
	boxes_cut(arena, &left, line->phase == PHASE_ALWAYS ? &without->run : &without->install, NULL);
	boxes_add_all(told, &left);
	if (line->phase == PHASE_ALWAYS) {
		boxes_cut(arena, &left, &without->install, &install);
		pattern.in_install = true;
		add_by_reach(arena, list, &pattern, &install, without);
		pattern.in_install = false;
	}
	add_by_reach(arena, list, &pattern, &left, without);
}

/*
 * The lines of `with` that `without` has not. Those of both phases come first: what they open is told when it comes to
 * install lines that open the same.
 */
static struct change_list changes_new(struct arena *arena, const struct side *with,
                                      const struct side *without)
{
	struct change_list list = {.n = 0};
	struct boxes told = {.n = 0};

	for (enum line_phase phase = PHASE_ALWAYS; phase <= PHASE_INSTALL; phase++) {
		for (size_t i = 0; i < with->openings->n; i++)
			if (with->openings->items[i].phase == phase)
				add_line(arena, &list, &with->openings->items[i], without, &told);
		boxes_add_all(&told, &with->run);
	}
	boxes_clear(&told);
	return list;
}

/* What `with` denies, lines aside, and `without` does not. */
static void reach_difference(struct arena *arena, const struct side *with, const struct side *without,
                             struct boxes *ret)
{
	struct boxes denied = {.n = 0}, spared = {.n = 0};

	boxes_add_all(&denied, &with->reach);
	boxes_cut(arena, &denied, &with->never, NULL);
	boxes_cut(arena, &denied, &without->reach, &spared);
	boxes_add_all(ret, &denied);
	boxes_clear(&denied);
	/* of what both reach, that which only `without` spares */
	boxes_cut(arena, &spared, &without->never, ret);
	boxes_clear(&spared);
}

void opening_diff(const struct openings *before, const struct openings *after, struct opening_diff *ret)
{
	struct arena *arena = arena_new();
	struct side old = side_new(arena, before), new = side_new(arena, after);
	struct change_list opens = changes_new(arena, &new, &old), closes = changes_new(arena, &old, &new);

	*ret = (struct opening_diff){
	        .arena = arena,
	        .opens = opens.items,
	        .n_opens = opens.n,
	        .cap_opens = opens.cap,
	        .closes = closes.items,
	        .n_closes = closes.n,
	        .cap_closes = closes.cap,
	};
	reach_difference(arena, &old, &new, &ret->released);
	reach_difference(arena, &new, &old, &ret->captured);
	side_clear(&old);
	side_clear(&new);
}

static bool are_parts_of_one(const struct opening *a, const struct opening *b)
{
	return a->proto == b->proto && a->ports.lo == b->ports.lo && a->ports.hi == b->ports.hi &&
	       a->phase == b->phase && text_same(a->section, b->section) && text_same(a->rows, b->rows) &&
	       text_same(a->from_name, b->from_name) && text_same(a->to_name, b->to_name);
}

/* The box around all parts of the opening; left is what of it they do not fill. */
static struct box box_around(struct openings *openings, size_t first, struct boxes *left)
{
	struct box around = box_of_opening(&openings->items[first]);
	struct boxes parts = {.n = 0};

	for (size_t i = first; i < openings->n; i++) {
		if (!are_parts_of_one(&openings->items[first], &openings->items[i]))
			continue;
		around.from = addr_set_both(openings->arena, &around.from, openings->items[i].from);
		around.to = addr_set_both(openings->arena, &around.to, openings->items[i].to);
		boxes_add(&parts, box_of_opening(&openings->items[i]));
	}
	boxes_add(left, around);
	boxes_cut(openings->arena, left, &parts, NULL);
	boxes_clear(&parts);
	return around;
}

static const struct addr_set *keep_set(struct arena *arena, const struct addr_set *set)
{
	struct addr_set *kept = ARENA_NEW(arena, struct addr_set);

	*kept = *set;
	return kept;
}

static void drop_other_parts(struct openings *openings, size_t first)
{
	size_t n = first + 1;

	for (size_t i = first + 1; i < openings->n; i++)
		if (!are_parts_of_one(&openings->items[first], &openings->items[i]))
			openings->items[n++] = openings->items[i];
	openings->n = n;
}

void openings_merge(struct openings *openings)
{
	for (size_t i = 0; i < openings->n; i++) {
		struct boxes left = {.n = 0};
		struct box around = box_around(openings, i, &left);

		if (!left.n) {
			drop_other_parts(openings, i);
			openings->items[i].from = keep_set(openings->arena, &around.from);
			openings->items[i].to = keep_set(openings->arena, &around.to);
		}
		boxes_clear(&left);
	}
}

void opening_diff_clear(struct opening_diff *diff)
{
	free(diff->opens);
	free(diff->closes);
	boxes_clear(&diff->released);
	boxes_clear(&diff->captured);
	arena_free(diff->arena);
	*diff = (struct opening_diff){.arena = NULL};
}

bool opening_diff_is_empty(const struct opening_diff *diff)
{
	return !diff->n_opens && !diff->n_closes && !diff->released.n && !diff->captured.n;
}

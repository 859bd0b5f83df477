// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Union, difference and intersection of sorted, disjoint ranges: one walk over both lists. The two families differ in
 * nothing but the width of their numbers, so that one macro writes the walks for each.
 */
#include "policy/addr_algebra.h"

#include <string.h>

#include "util/array.h"

/* minus4(), common4() and the like append to ret, which is on the heap. */
#define DEFINE_WALKS(family)                                                                                 \
	static void push##family(struct addr_set *ret, struct range##family range)                           \
	{                                                                                                    \
		*ARRAY_PUSH(ret->v##family, ret->n##family, ret->cap##family) = range;                       \
	}                                                                                                    \
                                                                                                             \
	/* What b leaves of one range; j: the first range of b that can matter. */                           \
	static void cut##family(struct range##family rest, const struct addr_set *b, size_t j,               \
	                        struct addr_set *ret)                                                        \
	{                                                                                                    \
		for (; j < b->n##family && b->v##family[j].lo <= rest.hi; j++) {                             \
			struct range##family left = rest;                                                    \
                                                                                                             \
			if (b->v##family[j].lo > rest.lo) {                                                  \
				left.hi = b->v##family[j].lo - 1;                                            \
				push##family(ret, left);                                                     \
			}                                                                                    \
			if (b->v##family[j].hi >= rest.hi)                                                   \
				return;                                                                      \
			rest.lo = b->v##family[j].hi + 1;                                                    \
		}                                                                                            \
		push##family(ret, rest);                                                                     \
	}                                                                                                    \
                                                                                                             \
	static void minus##family(const struct addr_set *a, const struct addr_set *b, struct addr_set *ret)  \
	{                                                                                                    \
		size_t j = 0;                                                                                \
                                                                                                             \
		for (size_t i = 0; i < a->n##family; i++) {                                                  \
			while (j < b->n##family && b->v##family[j].hi < a->v##family[i].lo)                  \
				j++;                                                                         \
			cut##family(a->v##family[i], b, j, ret);                                             \
		}                                                                                            \
	}                                                                                                    \
                                                                                                             \
	static void common##family(const struct addr_set *a, const struct addr_set *b, struct addr_set *ret) \
	{                                                                                                    \
		size_t i = 0, j = 0;                                                                         \
                                                                                                             \
		while (i < a->n##family && j < b->n##family) {                                               \
			struct range##family left = a->v##family[i], right = b->v##family[j];                \
			struct range##family shared = left;                                                  \
                                                                                                             \
			shared.lo = left.lo > right.lo ? left.lo : right.lo;                                 \
			shared.hi = left.hi < right.hi ? left.hi : right.hi;                                 \
			if (shared.lo <= shared.hi)                                                          \
				push##family(ret, shared);                                                   \
			if (left.hi < right.hi)                                                              \
				i++;                                                                         \
			else                                                                                 \
				j++;                                                                         \
		}                                                                                            \
	}

DEFINE_WALKS(4)
DEFINE_WALKS(6)

/* Moves a set from the heap into the arena. */
static struct addr_set keep(struct arena *arena, struct addr_set *set)
{
	struct addr_set kept = {.n4 = set->n4, .n6 = set->n6};

	kept.v4 = ARENA_ARRAY(arena, struct range4, set->n4);
	kept.v6 = ARENA_ARRAY(arena, struct range6, set->n6);
	if (set->n4)
		memcpy(kept.v4, set->v4, set->n4 * sizeof(*set->v4));
	if (set->n6)
		memcpy(kept.v6, set->v6, set->n6 * sizeof(*set->v6));
	addr_set_free(set);
	return kept;
}

struct addr_set addr_set_minus(struct arena *arena, const struct addr_set *a, const struct addr_set *b)
{
	struct addr_set left = {0};

	minus4(a, b, &left);
	minus6(a, b, &left);
	return keep(arena, &left);
}

struct addr_set addr_set_common(struct arena *arena, const struct addr_set *a, const struct addr_set *b)
{
	struct addr_set shared = {0};

	common4(a, b, &shared);
	common6(a, b, &shared);
	return keep(arena, &shared);
}

struct addr_set addr_set_both(struct arena *arena, const struct addr_set *a, const struct addr_set *b)
{
	struct addr_set all = {0};

	addr_set_add_set(&all, a);
	addr_set_add_set(&all, b);
	addr_set_canonicalize(&all);
	return keep(arena, &all);
}

static bool has_all(const struct addr_set *a, const struct addr_set *b)
{
	struct addr_set left = {0};
	bool none;

	minus4(b, a, &left);
	minus6(b, a, &left);
	none = addr_set_is_empty(&left);
	addr_set_free(&left);
	return none;
}

bool addr_set_equal(const struct addr_set *a, const struct addr_set *b)
{
	return has_all(a, b) && has_all(b, a);
}

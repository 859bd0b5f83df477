/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of addresses, cut with each other. Arguments are canonical, and so, but for ranges that touch, are results. */
#ifndef OMFWD_ADDR_ALGEBRA_H
#define OMFWD_ADDR_ALGEBRA_H

#include "policy/addr.h"
#include "util/arena.h"

/* What of a is not in b; ranges keep the place of a. Lives in the arena. */
struct addr_set addr_set_minus(struct arena *arena, const struct addr_set *a, const struct addr_set *b);

/* What a and b share; ranges keep the place of a. Lives in the arena. */
struct addr_set addr_set_common(struct arena *arena, const struct addr_set *a, const struct addr_set *b);

/* What is in any of the two. Lives in the arena. */
struct addr_set addr_set_both(struct arena *arena, const struct addr_set *a, const struct addr_set *b);

/* Whether they hold the same addresses, however these are written. */
bool addr_set_equal(const struct addr_set *a, const struct addr_set *b);

#endif

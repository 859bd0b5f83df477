/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one generation of the model must become to be the next, and whether that can be done without new sets. */
#ifndef OMFWD_DIFFERENCE_H
#define OMFWD_DIFFERENCE_H

#include "ruleset/ruleset.h"

enum ruleset_change {
	CHANGE_NONE,
	CHANGE_MEMBERS, /* elements of sets that stay: in place, in one batch */
	CHANGE_RULES,   /* anything else: new sets, and rules that change over to them */
	CHANGE_MAX
};

/* The elements of one set that go and come. A range that grows goes and comes as a whole. */
struct set_difference {
	const struct nft_set *before, *after;
	struct addr_set removed, added; /* sorted; removed ones have no place in the role file */
};

struct ruleset_difference {
	enum ruleset_change change;
	struct set_difference
	        *sets; /* the sets that differ, in the order in which they may change; CHANGE_MEMBERS alone */
	size_t n, cap;
};

/* Compares one set of addresses with its next generation. */
void set_difference(const struct nft_set *before, const struct nft_set *after, struct set_difference *ret);

/*
 * What leads from before to after. The size of a set of before is the one in force in the kernel. Clear *ret in any
 * case.
 */
void ruleset_difference(const struct ruleset *before, const struct ruleset *after,
                        struct ruleset_difference *ret);
void ruleset_difference_clear(struct ruleset_difference *difference);

#endif

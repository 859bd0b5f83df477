/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Logged denials by the roles at both ends, for metrics: sums that only grow, whatever becomes of the list. */
#ifndef OMFWD_DENIAL_PAIRS_H
#define OMFWD_DENIAL_PAIRS_H

#include <jansson.h>

#include "agent/denials.h"

#define DENIAL_PAIRS_MAX  256 /* the rest counts as one pair, "other" */
#define DENIAL_PAIR_ROLES 128 /* bytes of the roles of one end: "prod.windows_agent,prod.push_target" */

struct denial_pair {
	char source[DENIAL_PAIR_ROLES], destination[DENIAL_PAIR_ROLES];
	uint64_t packets;
};

struct denial_pairs {
	struct denial_pair *items;
	size_t n, cap;
	uint64_t cursor; /* what was touched up to here has been counted */
};

/* Adds what the list has heard of since the last time, by the roles that the ends have now. */
void denial_pairs_tally(struct denial_pairs *pairs, struct denials *denials, const struct policy *policy);
void denial_pairs_clear(struct denial_pairs *pairs);

/* [{"source_role", "destination_role", "packets"}] */
json_t *denial_pairs_to_json(const struct denial_pairs *pairs);

#endif

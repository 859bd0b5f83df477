/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Three answers side by side: what must happen to a packet (expect.c), what happened (run.c), and what `omfwd explain`
 * says about it. Pure.
 */
#ifndef OMFWD_PROVE_TALLY_H
#define OMFWD_PROVE_TALLY_H

#include "prove/run.h"

struct difference {
	size_t probe;
	enum step step;
	bool passed;     /* what the packet did; as expected when explain alone is of another opinion */
	bool explained;  /* explain lets it pass */
	bool by_packet;  /* the packet did not do as expected */
	bool by_explain; /* explain does not say as expected */
};

struct row_tally {
	struct {
		size_t sent, right;
	} by[EXPECT_MAX];
	size_t first_difference, n_differences; /* in the tally's list */
};

struct tally {
	struct row_tally *rows;         /* by row of the plan */
	struct row_tally all;           /* the sum */
	struct difference *differences; /* row by row */
	size_t n_differences, cap;
	size_t n_by_packet, n_by_explain;
};

/* policy and lines are what explain works on: those of the plan. Free with tally_free(). */
struct tally *tally_new(const struct plan *plan, const struct lines *lines, const struct run_result *result);
void tally_free(struct tally *tally);

#endif

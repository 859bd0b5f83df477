/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The torture test: traffic flows without a pause while a driver does to omfwd whatever can happen to it, at random and
 * by a seed. It notes each packet that fared otherwise than every policy of the run says, each window that was open for
 * longer than asked, and each table that is not what the role file says.
 */
#ifndef LAB_TORTURE_H
#define LAB_TORTURE_H

#include "tests/lab/torture_traffic.h"

struct torture_options {
	uint64_t seed;
	unsigned seconds;            /* ends after so long, */
	unsigned kills;              /* or after so many SIGKILLs; 0: no limit */
	unsigned packets_per_second; /* sent */
	bool own_table;              /* own_table = yes; else the table is anybody's */
};

#define TORTURE_STEPS_MAX 48

struct torture_result {
	unsigned steps, kills, faults, loads, windows, comparisons;
	unsigned failures; /* printed as they happen */
	uint64_t ms;       /* that it took */
	uint64_t allowed, forbidden, window_passed;
	int64_t lost, leaked;
	bool two_commits;       /* of the positive control */
	unsigned repairs;       /* of what was changed by hand */
	uint64_t repair_leaked; /* forbidden packets that passed until then */
	uint64_t repair_ms_max; /* the longest time without a policy */
	struct {
		const char *name;
		unsigned times;
	} by_step[TORTURE_STEPS_MAX];
};

/* The torture itself; the lab must be fresh. */
void torture_run(struct lab *lab, const struct torture_options *options, struct torture_result *ret);

/* Commits to another table for a while: what the traffic loses and leaks when nobody touches omfwd. */
void torture_control(struct lab *lab, unsigned packets_per_second, unsigned ms, struct torture_result *ret);

/*
 * Deletes and makes the table anew, in a loop, until the traffic has seen it (ms at most): proof that it can. In one
 * commit; in two once half of the time is over, since an emulated machine commits too seldom to meet so short a gap.
 */
void torture_positive_control(struct lab *lab, unsigned packets_per_second, unsigned ms,
                              struct torture_result *ret);

#endif

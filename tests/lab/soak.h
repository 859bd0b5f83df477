/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The soak test: an administrator's working life under traffic, at random and by a seed. Where the torture kills and
 * lies, the soak asks: role files good, wrong and half written, windows, trials, questions, restarts, audit mode, a
 * removal. Besides packets it watches what only time shows: the agent's memory, descriptors and threads, its journal,
 * the files it keeps.
 */
#ifndef LAB_SOAK_H
#define LAB_SOAK_H

#include "tests/lab/torture.h"

struct soak_options {
	struct torture_options traffic; /* kills: not used */
	unsigned cpu_percent;           /* of one CPU, for all together; 0: as much as there is */
	bool each_once;                 /* ends when every action has been done once */
};

struct soak_result {
	struct torture_result traffic;
	unsigned lives;            /* agents, one after the other */
	unsigned questions;        /* commands that were run and judged */
	unsigned looks;            /* at the agent when it has nothing to do */
	unsigned rss_kb_warm;      /* the most memory of a life's first looks, */
	unsigned rss_kb;           /* and of all */
	unsigned fds_min, fds_max; /* descriptors of the agent */
	unsigned threads_max;      /* when it has nothing to do */
	unsigned journal_lines;
	uint64_t open_passed; /* forbidden packets that passed in audit mode and while there was no table */
	uint64_t cpu_ms;      /* that all of it took */
};

/* The lab must be fresh. */
void soak_run(struct lab *lab, const struct soak_options *options, struct soak_result *ret);

#endif

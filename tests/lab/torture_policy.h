/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random role files, all of which say the same about the torture's traffic. */
#ifndef LAB_TORTURE_POLICY_H
#define LAB_TORTURE_POLICY_H

#include "tests/lab/lab.h"

/* Random numbers that a seed repeats. */
struct dice {
	uint64_t state;
};

/* 0 .. n - 1 */
unsigned dice_roll(struct dice *dice, unsigned n);

/* Writes a new role file (and the list it names) over the old one. */
void policy_edit(struct dice *dice, bool own_table);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's side of a difference: what it enforces, and what of that no role file can have made. */
#ifndef OMFWD_KERNEL_SIDE_H
#define OMFWD_KERNEL_SIDE_H

#include "ruleset/ruleset.h"
#include "ruleset/seen.h"
#include "util/exit_code.h"
#include "words/diff.h"

struct kernel_side {
	struct seen_table table;
	struct openings openings;
	struct diff_side side;
	size_t *strange; /* rules of others, indices in table.rules */
	size_t n_strange;
};

/* Reads the kernel. Says on standard error why it cannot; close in any case. */
enum exit_code kernel_side_open(struct kernel_side *ret);
void kernel_side_close(struct kernel_side *side);

/*
 * Adds to a difference what only the kernel's side can tell: that there is no table, rules of others ("strange"), and
 * rules that are missing although nothing else differs. ruleset is what the role file would make.
 */
void kernel_side_add(const struct kernel_side *side, const struct ruleset *ruleset,
                     const struct opening_diff *diff, json_t *json);

/* Adds "cut": how many connections that are alive lose their line. */
void kernel_side_add_cut(const struct opening_diff *diff, json_t *json);

#endif

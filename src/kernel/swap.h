/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A whole policy, new sets first and then the rules; for the files of src/kernel alone. */
#ifndef OMFWD_SWAP_H
#define OMFWD_SWAP_H

#include "kernel/generation.h"

struct load {
	struct kernel *kernel;
	struct ruleset *ruleset;
	const struct ruleset *previous; /* sets of it that did not change are kept; or NULL */
	struct table_names there;       /* what the kernel has before */
	bool rules_known;               /* the kernel has the rules of previous, too */
	bool claim;                     /* the table is or becomes owned and persistent */
	bool begun;                     /* swap.c: the kernel has something of it */
	char **names_before;            /* swap.c: of the sets of the ruleset */
};

/* Loads the ruleset. Nothing has changed when it fails, in the kernel or in the ruleset. */
int swap_commit(struct load *load);

/*
 * Reads what is there and loads everything but the sets of intact (or NULL), which the caller vouches for. The session
 * knows again what the kernel holds. Lives in apply.c.
 */
int swap_from_scratch(struct kernel *kernel, struct ruleset *ruleset, const struct ruleset *intact, bool own);

/* Validates the ruleset and commits nothing. */
int swap_check(struct load *load);

#endif

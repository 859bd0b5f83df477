/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the whole nft table back, as it is and whoever made it. */
#ifndef OMFWD_SEE_H
#define OMFWD_SEE_H

#include "kernel/kernel.h"
#include "ruleset/seen.h"

struct nlmsghdr;

/*
 * Reads rules, and the elements of address sets and service maps, between two commits of anybody. ret->exists is false
 * when there is no table. Returns 0 or -errno (-EBUSY: somebody changes the rules all the time); clear ret in any case.
 */
int kernel_see(struct kernel *kernel, struct seen_table *ret);

/* see_rule.c: takes a rule's message apart. */
void see_rule(const struct nlmsghdr *message, struct arena *arena, struct seen_rule *ret);

#endif

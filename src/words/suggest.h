/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines for the role file that would allow what was denied, for a person to judge. Pure. suggest.c decides what to make of each
 * flow, suggest_rules.c makes few site rules of many flows.
 */
#ifndef OMFWD_SUGGEST_H
#define OMFWD_SUGGEST_H

#include <stdio.h>

#include "policy/explain.h"

/* One flow that was denied. */
struct denied_flow {
	struct query query;
	uint64_t count; /* packets that were logged */
};

/*
 * A file of omfwd.conf.d that `omfwd check` takes: members for roles where an address lacks one, site rules for the rest, and comments
 * on what should not be opened or opens by a window. Flows that pass by now are left out. now_open as in policy_explain(). To
 * be freed.
 */
char *suggest_text(const struct policy *policy, const struct lines *lines, gate_is_open_fn now_open,
                   void *data, const struct denied_flow *flows, size_t n);

/* Appends a [site_rule] for each group of the flows; returns how many. */
size_t suggest_rules_print(const struct policy *policy, const struct denied_flow *flows, size_t n, FILE *out);

#endif

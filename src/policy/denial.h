/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two halves of policy_explain(): the verdict (explain.c), and why it is a denial (denial.c). Internal to them. */
#ifndef OMFWD_DENIAL_H
#define OMFWD_DENIAL_H

#include "policy/explain.h"

struct gates {
	gate_is_open_fn now_open;
	void *data;
};

enum openness { OPEN_CLOSED, OPEN_NOW, OPEN_ALWAYS };

/* Whether the line is about the query's ends, protocol and port. */
bool line_matches(const struct line *line, const struct query *query);

/* The most open of the lines that match, the first of equals; NULL if none does. */
const struct line *find_line(const struct lines *lines, const struct query *query, const struct gates *gates);

/* Adds the nearest reason to an explanation whose verdict and roles are known, and what belongs to the reason. */
void denial_find_reason(const struct policy *policy, const struct lines *lines, const struct query *query,
                        const struct gates *gates, struct explanation *ret);

/* Fills in ret->near and ret->offer for the ends that hold no role. */
void nearest_find(const struct policy *policy, const struct query *query, struct explanation *ret);

#endif

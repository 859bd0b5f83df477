/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Install windows, planned: from what is open and what is asked for to the changes for the kernel. Pure.
 *
 * A gate is one row of one section that has install lines (or one site rule of the install phase). It is open while
 * its own window set or the set of everything, "install_window", has elements. Times are milliseconds left: 0 is
 * closed.
 */
#ifndef OMFWD_WINDOWS_H
#define OMFWD_WINDOWS_H

#include <stddef.h>
#include <stdint.h>

#include "kernel/kernel.h"
#include "ruleset/ruleset.h"

enum wanted_phase { WANT_NOTHING, WANT_INSTALL, WANT_RUN, WANT_MAX };

/* "install", "run"; NULL for WANT_NOTHING. */
const char *wanted_phase_name(enum wanted_phase phase);
/* WANT_NOTHING for any other word. */
enum wanted_phase wanted_phase_find(const char *word);

struct window_request {
	enum wanted_phase phase;
	const char *const *sections; /* none: all of them */
	size_t n_sections;
	const char *const *rows; /* none: all of them */
	size_t n_rows;
	uint64_t seconds; /* 0: what the file says */
};

/* What the kernel has open. */
struct window_state {
	uint64_t everything_ms;   /* left of install_window */
	const uint64_t *gates_ms; /* left of each gate's own window, by index in ruleset->gates */
};

struct window_plan {
	struct window_change *changes; /* set names belong to the ruleset */
	size_t n, cap;
};

/* Whether the request speaks of everything; then planning needs no window_state. */
bool window_request_is_global(const struct window_request *request);

/* Whether the request's scope holds the gate. */
bool window_request_matches(const struct window_request *request, const struct gate *gate);

/*
 * Whether the policy has what the request names, and allows so long a window. Returns 0, or -EINVAL with a sentence in
 * error.
 */
int window_request_check(const struct window_request *request, const struct policy *policy,
                         const struct ruleset *ruleset, char *error, size_t size);

/*
 * Plans the request. Opening replaces the time of a window. Closing some gates while everything is open closes
 * install_window and hands its remaining time to the other gates' own windows.
 * Returns 0, or -EINVAL with a sentence in error (unknown section or row, nothing to open in this scope, longer than
 * install_window_max). state may be NULL for a global request. Free the plan with window_plan_clear().
 */
int window_plan_request(const struct window_request *request, const struct policy *policy,
                        const struct ruleset *ruleset, const struct window_state *state,
                        struct window_plan *ret, char *error, size_t size);
void window_plan_clear(struct window_plan *plan);

#endif

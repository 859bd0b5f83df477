/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who asks for a phase names sections and rows; the kernel knows window sets. Between them stand the gates of the
 * ruleset. A plan never leaves a gate open longer than it was asked for or had left before, and it is one batch, so
 * that closing some gates of a window over everything has no instant in which the others are closed.
 */
#include "agent/windows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/duration.h"

#define MS_PER_SECOND 1000u

static const char *const wanted_phase_names[WANT_MAX] = {
        [WANT_INSTALL] = "install",
        [WANT_RUN] = "run",
};

const char *wanted_phase_name(enum wanted_phase phase)
{
	return wanted_phase_names[phase];
}

enum wanted_phase wanted_phase_find(const char *word)
{
	for (enum wanted_phase phase = WANT_INSTALL; phase < WANT_MAX; phase++)
		if (strcmp(word, wanted_phase_names[phase]) == 0)
			return phase;
	return WANT_NOTHING;
}

bool window_request_is_global(const struct window_request *request)
{
	return request->n_sections == 0 && request->n_rows == 0;
}

static bool list_holds(const char *const *words, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

/* The halves of a row ("cur-18-dc") come with the row. */
static bool rows_hold(const struct window_request *request, const char *row)
{
	int index = row_find(row);

	if (list_holds(request->rows, request->n_rows, row))
		return true;
	return index >= 0 && table_rows[index].parent &&
	       list_holds(request->rows, request->n_rows, table_rows[index].parent);
}

bool window_request_matches(const struct window_request *request, const struct gate *gate)
{
	if (request->n_sections > 0 &&
	    !(gate->section && list_holds(request->sections, request->n_sections, gate->section)))
		return false;
	return request->n_rows == 0 || rows_hold(request, gate->row);
}

static int refuse(char *error, size_t size, const char *what, const char *word, const char *near)
{
	if (near)
		snprintf(error, size, "there is no %s '%s'; did you mean %s?", what, word, near);
	else
		snprintf(error, size, "there is no %s '%s'; see omfwd show", what, word);
	return -EINVAL;
}

static const char *section_nearest(const struct policy *policy, const char *word)
{
	const char **names = calloc(policy->n_sections + 1, sizeof(*names));
	const char *near;

	if (!names)
		abort();
	for (size_t i = 0; i < policy->n_sections; i++)
		names[i] = policy->sections[i].name;
	near = nearest_word(word, names);
	free(names);
	return near;
}

static const char *row_nearest(const char *word)
{
	const char *ids[ROW_COUNT + 1] = {NULL};

	for (int i = 0; i < ROW_COUNT; i++)
		ids[i] = table_rows[i].id;
	return nearest_word(word, ids);
}

static bool is_site_rule(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->n_site_rules; i++)
		if (strcmp(policy->site_rules[i].name, name) == 0)
			return true;
	return false;
}

static int check_words(const struct window_request *request, const struct policy *policy, char *error,
                       size_t size)
{
	for (size_t i = 0; i < request->n_sections; i++)
		if (!policy_section(policy, request->sections[i]))
			return refuse(error, size, "section", request->sections[i],
			              section_nearest(policy, request->sections[i]));
	for (size_t i = 0; i < request->n_rows; i++)
		if (row_find(request->rows[i]) < 0 && !is_site_rule(policy, request->rows[i]))
			return refuse(error, size, "row", request->rows[i], row_nearest(request->rows[i]));
	return 0;
}

static int check_scope(const struct window_request *request, const struct ruleset *ruleset, char *error,
                       size_t size)
{
	for (size_t i = 0; i < ruleset->n_gates; i++)
		if (window_request_matches(request, &ruleset->gates[i]))
			return 0;
	snprintf(error, size,
	         "nothing in this scope waits for the install phase; omfwd show lists what does");
	return -EINVAL;
}

static uint64_t window_request_seconds(const struct window_request *request, const struct policy *policy)
{
	return request->seconds ? request->seconds : policy->settings.install_window;
}

static int check_time(uint64_t seconds, const struct settings *settings, char *error, size_t size)
{
	char asked[DURATION_TEXT_MAX], most[DURATION_TEXT_MAX];

	if (seconds <= settings->install_window_max)
		return 0;
	snprintf(error, size, "%s is longer than install_window_max allows; ask for at most %s",
	         duration_format(seconds, asked, sizeof(asked)),
	         duration_format(settings->install_window_max, most, sizeof(most)));
	return -EINVAL;
}

static void plan_add(struct window_plan *plan, const struct nft_set *set, uint64_t timeout_ms)
{
	*ARRAY_PUSH(plan->changes, plan->n, plan->cap) =
	        (struct window_change){.set = set->name, .timeout_ms = timeout_ms};
}

/* One timeout for everything the request speaks of. */
static void plan_open(const struct window_request *request, const struct ruleset *ruleset,
                      uint64_t timeout_ms, struct window_plan *plan)
{
	if (window_request_is_global(request)) {
		plan_add(plan, ruleset->install_window, timeout_ms);
		return;
	}
	for (size_t i = 0; i < ruleset->n_gates; i++)
		if (window_request_matches(request, &ruleset->gates[i]))
			plan_add(plan, ruleset->gates[i].window, timeout_ms);
}

/* Closing what is closed is no error, so that this needs no look at the kernel first. */
static void plan_close_everything(const struct ruleset *ruleset, struct window_plan *plan)
{
	plan_add(plan, ruleset->install_window, 0);
	for (size_t i = 0; i < ruleset->n_gates; i++)
		plan_add(plan, ruleset->gates[i].window, 0);
}

static void plan_close_some(const struct window_request *request, const struct ruleset *ruleset,
                            const struct window_state *state, struct window_plan *plan)
{
	if (state->everything_ms > 0)
		plan_add(plan, ruleset->install_window, 0);
	for (size_t i = 0; i < ruleset->n_gates; i++) {
		const struct gate *gate = &ruleset->gates[i];

		if (window_request_matches(request, gate))
			plan_add(plan, gate->window, 0);
		else if (state->everything_ms > state->gates_ms[i])
			plan_add(plan, gate->window, state->everything_ms);
	}
}

int window_request_check(const struct window_request *request, const struct policy *policy,
                         const struct ruleset *ruleset, char *error, size_t size)
{
	if (!window_request_is_global(request) &&
	    (check_words(request, policy, error, size) < 0 || check_scope(request, ruleset, error, size) < 0))
		return -EINVAL;
	if (request->phase == WANT_INSTALL)
		return check_time(window_request_seconds(request, policy), &policy->settings, error, size);
	return 0;
}

int window_plan_request(const struct window_request *request, const struct policy *policy,
                        const struct ruleset *ruleset, const struct window_state *state,
                        struct window_plan *ret, char *error, size_t size)
{
	*ret = (struct window_plan){.n = 0};
	if (window_request_check(request, policy, ruleset, error, size) < 0)
		return -EINVAL;
	if (request->phase == WANT_INSTALL)
		plan_open(request, ruleset, window_request_seconds(request, policy) * MS_PER_SECOND, ret);
	else if (window_request_is_global(request))
		plan_close_everything(ruleset, ret);
	else
		plan_close_some(request, ruleset, state, ret);
	return 0;
}

void window_plan_clear(struct window_plan *plan)
{
	free(plan->changes);
	*plan = (struct window_plan){.n = 0};
}

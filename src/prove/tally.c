// SPDX-License-Identifier: GPL-2.0-or-later
/* Counting. A packet that was never due, because its connection got nowhere, is in no count. */
#include "prove/tally.h"

#include <stdlib.h>

#include "policy/explain.h"
#include "util/array.h"

struct counter {
	const struct plan *plan;
	const struct lines *lines;
	const struct run_result *result;
	struct tally *tally;
};

static bool every_gate_is_open(const char *gate, void *data)
{
	(void)gate;
	(void)data;
	return true;
}

/* Explain knows connections, not their packets: it is asked about the one that opens them. */
static bool explain_lets_pass(const struct counter *counter, const struct probe *probe, enum step step)
{
	const struct host *hosts = counter->plan->hosts.items;
	struct query query = {
	        .src = hosts[probe->src].addr,
	        .dst = hosts[probe->dst].addr,
	        .proto = probe->proto,
	        .port = probe->port,
	        .path = PATH_FORWARD,
	};
	enum verdict verdict = policy_judge(counter->plan->policy, counter->lines, &query,
	                                    step_is_install(step) ? every_gate_is_open : NULL, NULL);

	return verdict != VERDICT_DENIED && verdict != VERDICT_AUDITED;
}

static void count_step(struct counter *counter, size_t i, enum step step, bool explained)
{
	const struct probe *probe = &counter->plan->probes[i];
	const struct outcome *outcome = &counter->result->outcomes[i];
	struct row_tally *row = &counter->tally->rows[probe->row];
	enum expectation expected = probe_expectation(probe, step);
	bool passes = expected != EXPECT_SHUT;
	struct difference difference = {
	        .probe = i,
	        .step = step,
	        .passed = outcome->seen & (1u << step),
	        .explained = explained,
	};

	if (!(outcome->sent & (1u << step)))
		return;
	difference.by_packet = difference.passed != passes;
	difference.by_explain = (step == STEP_RUN || step == STEP_INSTALL) && explained != passes;
	row->by[expected].sent++;
	row->by[expected].right += !difference.by_packet;
	if (!difference.by_packet && !difference.by_explain)
		return;
	*ARRAY_PUSH(counter->tally->differences, counter->tally->n_differences, counter->tally->cap) =
	        difference;
	row->n_differences++;
	counter->tally->n_by_packet += difference.by_packet;
	counter->tally->n_by_explain += difference.by_explain;
}

static void count_probe(struct counter *counter, size_t i)
{
	const struct probe *probe = &counter->plan->probes[i];
	bool run = explain_lets_pass(counter, probe, STEP_RUN);
	bool install = explain_lets_pass(counter, probe, STEP_INSTALL);

	for (enum step step = 0; step < STEP_MAX; step++)
		count_step(counter, i, step, step_is_install(step) ? install : run);
}

static void add_up(struct tally *tally, size_t n_rows)
{
	size_t at = 0;

	for (size_t i = 0; i < n_rows; i++) {
		for (enum expectation e = 0; e < EXPECT_MAX; e++) {
			tally->all.by[e].sent += tally->rows[i].by[e].sent;
			tally->all.by[e].right += tally->rows[i].by[e].right;
		}
		tally->rows[i].first_difference = at;
		at += tally->rows[i].n_differences;
	}
	tally->all.n_differences = at;
}

/* Stable by row: the probes of a row may have been planned in pieces. */
static int by_row(const void *a, const void *b, void *data)
{
	const struct plan *plan = data;
	const struct difference *x = a, *y = b;
	size_t row_x = plan->probes[x->probe].row, row_y = plan->probes[y->probe].row;

	if (row_x != row_y)
		return row_x < row_y ? -1 : 1;
	if (x->probe != y->probe)
		return x->probe < y->probe ? -1 : 1;
	return (int)x->step - (int)y->step;
}

struct tally *tally_new(const struct plan *plan, const struct lines *lines, const struct run_result *result)
{
	struct tally *tally = calloc(1, sizeof(*tally));
	struct counter counter = {.plan = plan, .lines = lines, .result = result, .tally = tally};

	if (!tally)
		abort();
	tally->rows = calloc(plan->n_rows + 1, sizeof(*tally->rows));
	if (!tally->rows)
		abort();
	for (size_t i = 0; i < plan->n_probes; i++)
		count_probe(&counter, i);
	if (tally->n_differences > 0)
		qsort_r(tally->differences, tally->n_differences, sizeof(*tally->differences), by_row,
		        (void *)plan);
	add_up(tally, plan->n_rows);
	return tally;
}

void tally_free(struct tally *tally)
{
	if (!tally)
		return;
	free(tally->rows);
	free(tally->differences);
	free(tally);
}

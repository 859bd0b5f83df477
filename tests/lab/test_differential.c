// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random role files, and four who say what becomes of a packet by them: the kernel, which is sent it (src/prove/run.c);
 * `omfwd explain`; src/prove/expect.c, from the rows of the documents and the role file as it was read; and the plainest
 * evaluator, which never saw the role file but wrote it. All must agree, about what the plan of a proof sends and about
 * random packets.
 *
 * OMFWD_DIFFERENTIAL_SECONDS and OMFWD_DIFFERENTIAL_SEED say for how long, and from where: scripts/fuzz differential.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "prove/planner.h"
#include "prove/proof.h"
#include "tests/lab/lab.h"
#include "tests/lab/plain_opinion.h"
#include "tests/lab/program.h"

#define FILES_MIN      6 /* whatever the time */
#define RANDOM_PACKETS 4000
#define NOW            1000000000 /* in 2001: what the writer calls expired is */

/* One role file, and all that was made of it. */
struct trial {
	unsigned seed;
	struct plain_opinion *opinion;
	struct policy *policy;
	struct lines lines;
	struct plan *plan;
};

/* Of all trials. */
struct totals {
	unsigned files;
	uint64_t probes, packets;
	uint64_t by[EXPECT_MAX]; /* probes in the run phase */
};

static struct trial trial_new(unsigned seed)
{
	struct diag_list diags = {0};
	struct trial trial = {.seed = seed};
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	srandom(seed);
	assert_non_null(out);
	trial.opinion = plain_opinion_new(out);
	fclose(out);
	lab_write("omfwd.conf", text);
	free(text);
	trial.policy = policy_load(CONFIG, NOW, &diags);
	if (!trial.policy) {
		diag_print(&diags, stderr);
		fail_msg("seed %u: the file should be right", seed);
	}
	diag_clear(&diags);
	trial.policy->settings.mode = MODE_ENFORCE; /* as `omfwd prove` does */
	trial.lines = policy_compile(trial.policy);
	trial.plan = plan_new(trial.policy, NULL, 0);
	return trial;
}

static void trial_free(struct trial *trial)
{
	plan_free(trial->plan);
	policy_free(trial->policy);
	plain_opinion_free(trial->opinion);
}

/* Any address of the file to any other, under the first row of the plan. */
static void add_random_packets(struct plan *plan)
{
	struct planner planner = {.plan = plan};

	for (unsigned i = 0; plan->n_rows && i < RANDOM_PACKETS; i++) {
		bool v6 = random() % 3 == 0;
		struct addr ends[2] = {plain_addr(v6, (unsigned)random() % PLAIN_ADDRESSES),
		                       plain_addr(v6, (unsigned)random() % PLAIN_ADDRESSES)};
		enum proto proto = (enum proto)(random() % PROTO_MAX);
		size_t src = hosts_add(&plan->hosts, &ends[0]), dst = hosts_add(&plan->hosts, &ends[1]);

		planner_add(&planner, src, dst, proto, proto == PROTO_ICMP ? 0 : plain_port());
	}
}

static enum expectation expectation_of(enum verdict verdict)
{
	if (verdict == VERDICT_ALLOWED)
		return EXPECT_OPEN;
	return verdict == VERDICT_NOT_JUDGED || verdict == VERDICT_NEVER_DENY ? EXPECT_LEFT : EXPECT_SHUT;
}

/* What the two evaluators say of a packet. */
static void compare_opinions(const struct trial *trial, const struct probe *probe, bool install)
{
	struct query query = {
	        .src = trial->plan->hosts.items[probe->src].addr,
	        .dst = trial->plan->hosts.items[probe->dst].addr,
	        .proto = probe->proto,
	        .port = probe->port,
	        .path = PATH_FORWARD,
	};
	enum expectation said = install ? probe->install : probe->run;
	enum verdict verdict = plain_opinion_of(trial->opinion, &query, install);

	if (expectation_of(verdict) != said)
		fail_msg(
		        "seed %u: host %zu to %zu, %s/%u, %s phase: the plain evaluator says %s, expect.c %d",
		        trial->seed, probe->src, probe->dst, proto_name(probe->proto), probe->port,
		        install ? "install" : "run", verdict_name(verdict), said);
}

/* What the kernel and explain say, held against the evaluators. */
static void prove(const struct trial *trial, struct totals *totals)
{
	struct ruleset *ruleset = ruleset_build(trial->policy, &trial->lines);
	struct run_result *result = prove_run(trial->plan, ruleset);

	if (result->code != CODE_DONE)
		fail_msg("seed %u: %s", trial->seed, result->error);
	struct tally *tally = tally_new(trial->plan, &trial->lines, result);
	struct proof proof = {trial->plan, result, tally, false};
	if (tally->n_differences) {
		proof_print(&proof, stderr);
		fail_msg("seed %u: %zu differences", trial->seed, tally->n_differences);
	}
	totals->packets += result->packets;
	tally_free(tally);
	run_result_free(result);
	ruleset_free(ruleset);
}

static void try_file(unsigned seed, struct totals *totals)
{
	struct trial trial = trial_new(seed);

	add_random_packets(trial.plan);
	for (size_t i = 0; i < trial.plan->n_probes; i++) {
		compare_opinions(&trial, &trial.plan->probes[i], false);
		compare_opinions(&trial, &trial.plan->probes[i], true);
		totals->by[trial.plan->probes[i].run]++;
	}
	prove(&trial, totals);
	totals->files++;
	totals->probes += trial.plan->n_probes;
	trial_free(&trial);
}

static unsigned number_from(const char *variable, unsigned otherwise)
{
	const char *text = getenv(variable);

	return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static void test_all_agree(void **state)
{
	unsigned seconds = number_from("OMFWD_DIFFERENTIAL_SECONDS", 0);
	unsigned seed = number_from("OMFWD_DIFFERENTIAL_SEED", 1);
	struct totals totals = {0};

	lab_need(state);
	for (uint64_t end = lab_now_ms() + seconds * 1000u; totals.files < FILES_MIN || lab_now_ms() < end;
	     seed++)
		try_file(seed, &totals);
	print_message("%u role files, next seed %u: %lu questions (%lu open, %lu left alone, %lu shut), %lu "
	              "packets\n",
	              totals.files, seed, totals.probes, totals.by[EXPECT_OPEN], totals.by[EXPECT_LEFT],
	              totals.by[EXPECT_SHUT], totals.packets);
	for (enum expectation expectation = 0; expectation < EXPECT_MAX; expectation++)
		assert_true(totals.by[expectation] > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {LAB_TEST(test_all_agree)};

	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The torture in short, as every change has to stand it: the same events each time, unless TORTURE_SEED says others.
 * scripts/torture is the long one, with others each time. How many packets and kills fit in depends on the machine, and
 * is no matter here.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/lab/torture.h"

#define PACKETS_PER_SECOND 20000
#define SECONDS            14
#define CONTROL_MS         1500
#define POSITIVE_MS        60000
#define SEED               20261121
#define PACKETS_MIN        500

static uint64_t seed_choose(void)
{
	const char *seed = getenv("TORTURE_SEED");
	return seed ? strtoull(seed, NULL, 0) : SEED;
}

/* Commits to other tables alone: what is lost or leaks then is the test's own fault. */
static void test_others_alone(void **state)
{
	struct torture_result result;
	torture_control(lab_need(state), PACKETS_PER_SECOND, CONTROL_MS, &result);
	assert_int_equal(result.failures, 0);
	assert_true(result.steps > 0);
	assert_true(result.allowed > PACKETS_MIN && result.forbidden > PACKETS_MIN);
}

/* The textbook way of loading a table is seen to fail, or the torture sees nothing. */
static void test_delete_and_recreate(void **state)
{
	struct torture_result result;
	torture_positive_control(lab_need(state), PACKETS_PER_SECOND, POSITIVE_MS, &result);
	print_message("%u times deleted and made anew, at last in %s: %lld lost, %lld leaked\n", result.steps,
	              result.two_commits ? "two commits" : "one commit", (long long)result.lost,
	              (long long)result.leaked);
	assert_true(result.lost > 0 || result.leaked > 0);
}

static void torture_expect(struct lab *lab, bool own_table)
{
	struct torture_result result;
	struct torture_options options = {.seed = seed_choose(),
	                                  .seconds = SECONDS,
	                                  .packets_per_second = PACKETS_PER_SECOND,
	                                  .own_table = own_table};
	print_message("TORTURE_SEED=%llu\n", (unsigned long long)options.seed);
	torture_run(lab, &options, &result);
	print_message("%u steps, %u kills, %u faults; %llu allowed packets, %lld lost; %llu forbidden, %lld "
	              "leaked\n",
	              result.steps, result.kills, result.faults, (unsigned long long)result.allowed,
	              (long long)result.lost, (unsigned long long)result.forbidden, (long long)result.leaked);
	assert_int_equal(result.failures, 0);
	assert_true(result.kills > 0);
	assert_true(result.allowed > PACKETS_MIN && result.forbidden > PACKETS_MIN);
}

static void test_anybodys_table(void **state)
{
	torture_expect(lab_need(state), false);
}

static void test_owned_table(void **state)
{
	torture_expect(lab_need(state), true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_others_alone),
	        LAB_TEST(test_delete_and_recreate),
	        LAB_TEST(test_anybodys_table),
	        LAB_TEST(test_owned_table),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

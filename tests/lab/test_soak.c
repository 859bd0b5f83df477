/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The soak in short: every action once, with and without an owner of the table. scripts/soak is the long one. */
#include <stdio.h>

#include "tests/lab/soak.h"

#define PACKETS_PER_SECOND 1000
#define SEED               7

static void soak_expect(struct lab *lab, bool own_table)
{
	struct soak_result result;
	struct soak_options options = {
	        .traffic = {.seed = SEED, .packets_per_second = PACKETS_PER_SECOND, .own_table = own_table},
	        .each_once = true,
	};

	soak_run(lab, &options, &result);
	print_message(
	        "%u actions, %u commands; %llu allowed packets, %lld lost; %llu forbidden, %lld leaked\n",
	        result.traffic.steps, result.questions, (unsigned long long)result.traffic.allowed,
	        (long long)result.traffic.lost, (unsigned long long)result.traffic.forbidden,
	        (long long)result.traffic.leaked);
	assert_int_equal(result.traffic.failures, 0);
	assert_true(result.traffic.allowed > 0 && result.traffic.forbidden > 0);
	assert_true(result.open_passed > 0 && result.traffic.window_passed > 0);
	assert_true(result.lives > 1 && result.traffic.comparisons > 0);
	assert_int_equal(result.threads_max, 1);
}

static void test_anybodys_table(void **state)
{
	soak_expect(lab_need(state), false);
}

static void test_owned_table(void **state)
{
	soak_expect(lab_need(state), true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {LAB_TEST(test_anybodys_table), LAB_TEST(test_owned_table)};

	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

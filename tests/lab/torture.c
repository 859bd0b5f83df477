/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The long torture: tests/lab/torture [--kills N] [--seconds N] [--rate PPS] [--seed N] [--own]; see scripts/torture. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/lab/torture.h"

#define EXIT_USAGE 2

static struct torture_options options = {.packets_per_second = 20000};

static void result_print(const struct torture_result *result)
{
	printf("%u steps in %llu s: %u kills, %u faults injected, %u loads, %u windows, %u comparisons\n",
	       result->steps, (unsigned long long)result->ms / 1000, result->kills, result->faults,
	       result->loads, result->windows, result->comparisons);
	for (size_t i = 0; i < TORTURE_STEPS_MAX; i++)
		if (result->by_step[i].times)
			printf("  %-24s %6u\n", result->by_step[i].name, result->by_step[i].times);
	printf("%llu allowed packets: %lld lost\n%llu forbidden packets: %lld passed\n",
	       (unsigned long long)result->allowed, (long long)result->lost,
	       (unsigned long long)result->forbidden, (long long)result->leaked);
	printf("%llu packets through open windows\n", (unsigned long long)result->window_passed);
	printf("%u changes by hand repaired, the slowest after %llu ms; %llu forbidden packets passed until "
	       "then\n",
	       result->repairs, (unsigned long long)result->repair_ms_max,
	       (unsigned long long)result->repair_leaked);
	printf("%u failures\n", result->failures);
}

static void test_torture(void **state)
{
	struct torture_result result;
	torture_run(lab_need(state), &options, &result);
	result_print(&result);
	assert_int_equal(result.failures, 0);
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
	        {"kills", required_argument, NULL, 'k'}, {"seconds", required_argument, NULL, 's'},
	        {"rate", required_argument, NULL, 'r'},  {"seed", required_argument, NULL, 'S'},
	        {"own", no_argument, NULL, 'o'},         {0},
	};
	options.seed = (uint64_t)time(NULL);
	for (int opt; (opt = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
		if (opt == 'k')
			options.kills = (unsigned)strtoul(optarg, NULL, 10);
		else if (opt == 's')
			options.seconds = (unsigned)strtoul(optarg, NULL, 10);
		else if (opt == 'r')
			options.packets_per_second = (unsigned)strtoul(optarg, NULL, 10);
		else if (opt == 'S')
			options.seed = strtoull(optarg, NULL, 0);
		else if (opt == 'o')
			options.own_table = true;
		else
			return EXIT_USAGE;
	}
	if (optind < argc) {
		fprintf(stderr, "%s: %s is no option; --kills, --seconds, --rate, --seed and --own are\n",
		        argv[0], argv[optind]);
		return EXIT_USAGE;
	}
	if (!options.kills && !options.seconds)
		options.kills = 10000;
	printf("seed %llu\n", (unsigned long long)options.seed);
	const struct CMUnitTest tests[] = {LAB_TEST(test_torture)};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The long soak: tests/lab/soak SECONDS [--seed N] [--rate PPS] [--cpu PERCENT] [--own]; see scripts/soak. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/lab/soak.h"

#define EXIT_USAGE 2

static struct soak_options options = {.traffic.packets_per_second = 500, .cpu_percent = 10};

static void actions_print(const struct torture_result *result)
{
	printf("%u actions in %llu s\n", result->steps, (unsigned long long)result->ms / 1000);
	for (size_t i = 0; i < TORTURE_STEPS_MAX; i++)
		if (result->by_step[i].times)
			printf("  %-24s %6u\n", result->by_step[i].name, result->by_step[i].times);
}

static void result_print(const struct soak_result *result)
{
	const struct torture_result *traffic = &result->traffic;

	actions_print(traffic);
	printf("%llu allowed packets: %lld lost\n%llu forbidden packets: %lld passed\n",
	       (unsigned long long)traffic->allowed, (long long)traffic->lost,
	       (unsigned long long)traffic->forbidden, (long long)traffic->leaked);
	printf("%llu passed as they had to, in audit mode and while there was no table\n",
	       (unsigned long long)result->open_passed);
	printf("%llu packets through %u open windows\n", (unsigned long long)traffic->window_passed,
	       traffic->windows);
	printf("%u changes by hand repaired; %llu forbidden packets passed until then\n", traffic->repairs,
	       (unsigned long long)traffic->repair_leaked);
	printf("%u comparisons of kernel, role file and counters\n", traffic->comparisons);
	printf("%u agents, looked at %u times: at most %u kB of memory (%u kB when warm), %u to %u "
	       "descriptors, %u thread(s)\n",
	       result->lives, result->looks, result->rss_kb, result->rss_kb_warm, result->fds_min,
	       result->fds_max, result->threads_max);
	printf("%u commands judged, %u lines of the journal\n", result->questions, result->journal_lines);
	printf("%llu s of CPU time\n%u failures\n", (unsigned long long)result->cpu_ms / 1000,
	       traffic->failures);
}

static void test_soak(void **state)
{
	struct soak_result result;

	soak_run(lab_need(state), &options, &result);
	result_print(&result);
	assert_int_equal(result.traffic.failures, 0);
}

static int options_parse(int argc, char **argv)
{
	static const struct option long_options[] = {
	        {"seed", required_argument, NULL, 'S'},
	        {"rate", required_argument, NULL, 'r'},
	        {"cpu", required_argument, NULL, 'c'},
	        {"own", no_argument, NULL, 'o'},
	        {0},
	};
	for (int opt; (opt = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
		if (opt == 'S')
			options.traffic.seed = strtoull(optarg, NULL, 0);
		else if (opt == 'r')
			options.traffic.packets_per_second = (unsigned)strtoul(optarg, NULL, 10);
		else if (opt == 'c')
			options.cpu_percent = (unsigned)strtoul(optarg, NULL, 10);
		else if (opt == 'o')
			options.traffic.own_table = true;
		else
			return -1;
	}
	if (optind + 1 != argc)
		return -1;
	options.traffic.seconds = (unsigned)strtoul(argv[optind], NULL, 10);
	return options.traffic.seconds > 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {LAB_TEST(test_soak)};

	options.traffic.seed = (uint64_t)time(NULL);
	if (options_parse(argc, argv) < 0) {
		fprintf(stderr, "usage: %s SECONDS [--seed N] [--rate PPS] [--cpu PERCENT] [--own]\n",
		        argv[0]);
		return EXIT_USAGE;
	}
	printf("seed %llu\n", (unsigned long long)options.traffic.seed);
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

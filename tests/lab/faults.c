// SPDX-License-Identifier: GPL-2.0-or-later
/* The long runs: tests/lab/faults calls|memory|replies [DUTY [EVERY]], or reloads N; see scripts/faults. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/faults_internal.h"

#define EXIT_USAGE 2

static const char *const kinds[FAULTS_KIND_MAX] = {
        [FAULTS_OF_CALLS] = "calls",
        [FAULTS_OF_MEMORY] = "memory",
        [FAULTS_OF_REPLIES] = "replies",
};

static struct faults_options options = {.every = 1, .all_known = true};
static unsigned reloads;

static void test_faults(void **state)
{
	struct faults_result result;

	faults_run(lab_need(state), &options, &result);
	faults_print(kinds[options.kind], &result);
	assert_int_equal(result.failures, 0);
	assert_true(result.struck > 0 || result.cases == 0);
}

static void test_reloads(void **state)
{
	faults_reloads(lab_need(state), reloads);
}

/* "all" is every duty; a word that is none of them would try nothing, and find nothing wrong. */
static bool read_duty(const char *word)
{
	size_t i = 0;

	if (!word || strcmp(word, "all") == 0)
		return true;
	while (i < n_duties && strcmp(word, duties[i].name) != 0)
		i++;
	options.duty = word;
	return i < n_duties;
}

static bool read_arguments(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "reloads") == 0) {
		reloads = (unsigned)strtoul(argv[2], NULL, 10);
		return reloads > 0;
	}
	if (argc > 4 || !read_duty(argc > 2 ? argv[2] : NULL))
		return false;
	if (argc > 3)
		options.every = (unsigned)strtoul(argv[3], NULL, 10);
	options.verbose = getenv("FAULTS_VERBOSE") != NULL;
	for (int i = 0; argc > 1 && i < FAULTS_KIND_MAX; i++) {
		options.kind = (enum faults_kind)i;
		if (strcmp(argv[1], kinds[i]) == 0)
			return options.every > 0;
	}
	return false;
}

int main(int argc, char **argv)
{
	if (!read_arguments(argc, argv)) {
		fprintf(stderr,
		        "usage: faults calls|memory|replies [DUTY|all [EVERY]] | reloads N; the duties are");
		for (size_t i = 0; i < n_duties; i++)
			fprintf(stderr, " %s", duties[i].name);
		fputc('\n', stderr);
		return EXIT_USAGE;
	}
	const struct CMUnitTest faults[] = {LAB_TEST(test_faults)}, many[] = {LAB_TEST(test_reloads)};
	return reloads ? cmocka_run_group_tests(many, lab_setup, lab_teardown)
	               : cmocka_run_group_tests(faults, lab_setup, lab_teardown);
}

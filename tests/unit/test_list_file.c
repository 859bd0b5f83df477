/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Role files with very many members, from list files and on a line, and what is no list file. */
#include "tests/unit/role_file.h"

#include <sys/stat.h>

#define MANY 100000

static void check_many(const struct policy *policy, enum role role)
{
	const struct addr_set *set = &policy->sections[0].roles[role].addrs;

	assert_int_equal(set->n4, MANY);
	for (uint32_t i = 0; i < MANY; i++) {
		assert_int_equal(set->v4[i].lo, 0x0a000001 + 2 * i);
		assert_int_equal(set->v4[i].hi, set->v4[i].lo);
	}
}

/* In falling order, so that they have to be sorted. */
static void test_many_members_in_a_list_file(void **state)
{
	FILE *file = fopen(path_of("many.list"), "w");
	struct policy *policy;
	unsigned line;

	(void)state;
	assert_non_null(file);
	for (uint32_t i = MANY; i-- > 0;) {
		uint32_t addr = 0x0a000001 + 2 * i;

		fprintf(file, "%u.%u.%u.%u%s\n", addr >> 24, addr >> 16 & 255, addr >> 8 & 255, addr & 255,
		        i % 7 ? "" : "  # a comment");
	}
	fclose(file);
	policy = load_text("[roles]\nwindows_agent = @file:many.list\npush_target = @file:many.list\n");
	check_many(policy, ROLE_WINDOWS_AGENT);
	check_many(policy, ROLE_PUSH_TARGET);
	source_file(policy->sources, policy->sections[0].roles[ROLE_WINDOWS_AGENT].addrs.v4[0].loc, &line);
	assert_int_equal(line, MANY);
	policy_free(policy);
	unlink(path_of("many.list"));
}

/* Nobody writes to it: who reads waits for ever. */
static void test_a_pipe_is_no_list_file(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(path_of("pipe.list"), 0600), 0);
	write_file("main", "[roles]\nwindows_agent = @file:pipe.list\npush_target = @file:/dev/zero\n");
	assert_null(load());
	assert_non_null(strstr(messages, "main:2: "));
	assert_non_null(strstr(messages, "pipe.list\" is a pipe or a device; name a file"));
	assert_non_null(strstr(messages, "main:3: \"/dev/zero\" is a pipe or a device"));
	unlink(path_of("pipe.list"));
}

/* One line holds 1 MiB: that is about 80,000 members, so they take two keys. */
static void test_many_members_on_a_line(void **state)
{
	FILE *file = fopen(path_of("main"), "w");
	struct policy *policy;

	(void)state;
	assert_non_null(file);
	fprintf(file, "[roles]\nwindows_agent = ");
	for (uint32_t i = 0; i < MANY; i++) {
		uint32_t addr = 0x0a000001 + 2 * i;

		fprintf(file, "%s%u.%u.%u.%u",
		        i == MANY / 2 ? "\nwindows_agent = "
		        : i           ? ", "
		                      : "",
		        addr >> 24, addr >> 16 & 255, addr >> 8 & 255, addr & 255);
	}
	fclose(file);
	policy = load();
	if (!policy)
		fail_msg("%.2000s", messages);
	check_many(policy, ROLE_WINDOWS_AGENT);
	policy_free(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_many_members_in_a_list_file),
	        cmocka_unit_test(test_a_pipe_is_no_list_file),
	        cmocka_unit_test(test_many_members_on_a_line),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

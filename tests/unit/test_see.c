// SPDX-License-Identifier: GPL-2.0-or-later
/* What was applied is read back from the real kernel, in a network namespace of its own, as itself. */
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "kernel/see.h"
#include "tests/unit/hand_policy.h"
#include "util/array.h"

static void assert_prints(const struct ruleset *ruleset, const char *statement)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	ruleset_print_nft(ruleset, out);
	fclose(out);
	if (!strstr(text, statement))
		fail_msg("\"%s\" is not in: %s", statement, text);
	free(text);
}

static void assert_seen(struct kernel *kernel, const struct settings *settings)
{
	struct seen_table table;
	struct openings openings;
	size_t *strange, n_strange;

	assert_int_equal(kernel_see(kernel, &table), 0);
	seen_openings(&table, &openings, &strange, &n_strange);
	assert_int_equal(n_strange, 0);
	assert_true(openings.n > 0);
	assert_int_equal(openings.mark_set, settings->accept_mark_set);
	assert_int_equal(openings.mark_value, settings->accept_mark_value);
	assert_int_equal(openings.mark_mask, settings->accept_mark_mask);
	free(strange);
	openings_clear(&openings);
	seen_table_clear(&table);
}

/* All 32 bits are set as they are; of less, the others stay. */
static void test_marks(void **state)
{
	static const struct {
		uint32_t value, mask;
		const char *statement; /* as nft prints it */
	} marks[] = {
	        {0x10, 0xf0, " meta mark set meta mark & 0xffffff0f | 0x00000010 accept"},
	        {0, 0xf0, " meta mark set meta mark & 0xffffff0f accept"},
	        {0x80000001, UINT32_MAX, " meta mark set 0x80000001 accept"},
	        {0, UINT32_MAX, " meta mark set 0x00000000 accept"},
	        {0, 0, " accept"},
	};
	const char *error;
	struct kernel *kernel;

	(void)state;
	assert_int_equal(kernel_open(&kernel, &error), 0);
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		struct fixture *f = fixture_new();

		add_member(f, ROLE_MANAGEMENT_SERVER, "10.20.1.11");
		add_member(f, ROLE_WINDOWS_AGENT, "10.20.64.0/18");
		f->policy.settings.accept_mark_set = marks[i].mask;
		f->policy.settings.accept_mark_value = marks[i].value;
		f->policy.settings.accept_mark_mask = marks[i].mask;
		if (kernel_apply(kernel, fixture_build(f), NULL, false))
			fail_msg("%s: %s", marks[i].statement, kernel_error(kernel));
		assert_prints(f->ruleset, marks[i].statement);
		assert_seen(kernel, &f->policy.settings);
		fixture_free(f);
	}
	kernel_close(kernel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_marks),
	};

	if (unshare(CLONE_NEWNET) < 0) {
		fprintf(stderr, "test_see: SKIPPED: needs root for a network namespace of its own\n");
		return getenv("CI") ? 1 : 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

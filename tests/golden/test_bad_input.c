// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Golden tests of the role file: bad/NAME.conf must give exactly the messages of bad/NAME.expected (a NAME without
 * .conf is a file that does not exist), good/NAME.conf must load with the warnings of
 * good/NAME.expected, or none if there is no such file. Messages are compared as omfwd check prints them; paths are
 * relative to this directory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/policy.h"
#include "util/file.h"

#define NOW ((time_t)1795219200) /* 2026-11-21 */

/* Loads path; returns what is printed, to be freed. */
static char *messages_of(const char *path, bool *loaded)
{
	struct diag_list diags = {0};
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct policy *policy = policy_load(path, NOW, &diags);

	assert_non_null(out);
	diag_print(&diags, out);
	fclose(out);
	*loaded = policy != NULL;
	assert_int_equal(*loaded, diags.n_errors == 0);
	policy_free(policy);
	if (!policy)
		policy_load_free_sources(&diags);
	diag_clear(&diags);
	return text;
}

static bool ends_with(const char *name, const char *suffix)
{
	size_t len = strlen(name), suffix_len = strlen(suffix);

	return len > suffix_len && !strcmp(name + len - suffix_len, suffix);
}

static int is_expected(const struct dirent *entry)
{
	return ends_with(entry->d_name, ".expected");
}

static int is_conf(const struct dirent *entry)
{
	return ends_with(entry->d_name, ".conf");
}

static void check_bad(const char *expected_name)
{
	char conf[300], expected[300], *want, *got;
	size_t len;
	bool loaded;

	snprintf(expected, sizeof(expected), "bad/%s", expected_name);
	snprintf(conf, sizeof(conf), "bad/%.*s.conf", (int)(strlen(expected_name) - strlen(".expected")),
	         expected_name);
	assert_int_equal(file_read(expected, &want, &len), 0);
	got = messages_of(conf, &loaded);
	if (strcmp(got, want))
		fail_msg("%s: wanted\n%s--- got\n%s", conf, want, got);
	assert_true(strlen(got) > 0);
	free(got);
	free(want);
}

static void test_bad(void **state)
{
	struct dirent **names;
	int n = scandir("bad", &names, is_expected, alphasort);

	(void)state;
	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		check_bad(names[i]->d_name);
		free(names[i]);
	}
	free(names);
}

/* A bad file without expectations would be a test that cannot fail. */
static void test_every_bad_file_is_expected(void **state)
{
	struct dirent **names;
	int n = scandir("bad", &names, is_conf, alphasort);

	(void)state;
	for (int i = 0; i < n; i++) {
		char expected[300];

		snprintf(expected, sizeof(expected), "bad/%.*s.expected", (int)(strlen(names[i]->d_name) - 5),
		         names[i]->d_name);
		if (access(expected, R_OK) < 0)
			fail_msg("%s is missing", expected);
		free(names[i]);
	}
	free(names);
}

static void check_good(const char *name)
{
	char conf[300], expected[300], *want = NULL, *got;
	size_t len;
	bool loaded;

	snprintf(conf, sizeof(conf), "good/%s", name);
	snprintf(expected, sizeof(expected), "good/%.*s.expected", (int)(strlen(name) - strlen(".conf")),
	         name);
	if (access(expected, F_OK) == 0)
		assert_int_equal(file_read(expected, &want, &len), 0);
	got = messages_of(conf, &loaded);
	if (!loaded || strcmp(got, want ? want : ""))
		fail_msg("%s: wanted\n%s--- got\n%s", conf, want ? want : "", got);
	free(got);
	free(want);
}

static void test_good(void **state)
{
	struct dirent **names;
	int n = scandir("good", &names, is_conf, alphasort);

	(void)state;
	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		check_good(names[i]->d_name);
		free(names[i]);
	}
	free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_bad),
	        cmocka_unit_test(test_every_bad_file_is_expected),
	        cmocka_unit_test(test_good),
	};

	setenv("TZ", "UTC", 1);
	if (chdir(TOP_SRCDIR "/tests/golden") < 0) {
		perror(TOP_SRCDIR "/tests/golden");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

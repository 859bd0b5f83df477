/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The role files that people start from: every example is right, and the shipped file shows every key with the default
 * that the table of keys has, and touches nothing as long as it is all comment. The man page leaves no key out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "policy/compile.h"
#include "policy/keys.h"

#define SHIPPED_FILE TOP_SRCDIR "/etc/omfwd.conf"
#define MAN_PAGE     TOP_SRCDIR "/man/omfwd.conf.5"
#define EXAMPLES     TOP_SRCDIR "/etc/examples/"

/* Some day on which the examples' site rules hold. */
#define NOW 1800000000

/* Loads a file that must give no diagnostic at all, warnings included, and returns how many lines it compiles to. */
static size_t count_lines_of(const char *path)
{
	struct diag_list diags = {0};
	struct policy *policy = policy_load(path, NOW, &diags);
	size_t n_lines;

	diag_print(&diags, stderr);
	assert_non_null(policy);
	assert_int_equal(diags.n, 0);
	n_lines = policy_compile(policy).n;
	policy_free(policy);
	diag_clear(&diags);
	return n_lines;
}

static void every_example_is_right(void **state)
{
	static const char *const examples[] = {
	        EXAMPLES "certificate-only.conf",
	        EXAMPLES "dual-stack.conf",
	        EXAMPLES "lab.conf",
	        EXAMPLES "large-two-groups.conf",
	        EXAMPLES "two-management-servers-dmz.conf",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++)
		assert_true(count_lines_of(examples[i]) > 0);
}

static void the_shipped_file_opens_and_denies_nothing(void **state)
{
	struct diag_list diags = {0};
	struct policy *policy = policy_load(SHIPPED_FILE, NOW, &diags);

	(void)state;
	assert_non_null(policy);
	assert_int_equal(diags.n, 1);
	assert_non_null(strstr(diags.items[0].text, "nothing is denied"));
	assert_int_equal(policy->n_sections, 0);
	assert_int_equal(policy->n_site_rules, 0);
	assert_true(addr_set_is_empty(&policy->never_deny));
	policy_free(policy);
	diag_clear(&diags);
}

/* The whole file as one string, to be freed. */
static char *read_text(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	assert_non_null(file);
	assert_true(getdelim(&text, &size, '\0', file) > 0);
	fclose(file);
	return text;
}

/* A whole line ";NAME = VALUE", or ";NAME =" and anything when value is NULL. */
static void assert_shown(const char *text, const char *name, const char *value)
{
	char line[256];

	snprintf(line, sizeof(line), "\n;%s =%s%s%s", name, value ? " " : "", value ? value : "",
	         value ? "\n" : "");
	if (!strstr(text, line))
		fail_msg("etc/omfwd.conf has no line%s", line);
}

static void the_shipped_file_shows_every_key_and_its_default(void **state)
{
	char *text = read_text(SHIPPED_FILE);

	(void)state;
	for (size_t i = 0; i < KEY_COUNT; i++)
		if (keys[i].section != SECTION_ROLES)
			assert_shown(text, keys[i].name, keys[i].default_text);
	for (enum role role = 0; role < ROLE_MAX; role++)
		assert_shown(text, role_name(role), NULL);
	free(text);
}

static void assert_named(const char *text, const char *name)
{
	if (!strstr(text, name))
		fail_msg("man/omfwd.conf.5 does not speak of %s", name);
}

static void the_man_page_names_every_key_and_role(void **state)
{
	char *text = read_text(MAN_PAGE);

	(void)state;
	for (size_t i = 0; i < KEY_COUNT; i++)
		assert_named(text, keys[i].name);
	for (unsigned i = 0; role_name_at(i); i++)
		assert_named(text, role_name_at(i));
	free(text);
}

/* What is shown as a comment must be right once the semicolon is gone. */
static void the_shipped_file_loads_with_every_key_uncommented(void **state)
{
	char path[] = "/tmp/omfwd-test-XXXXXX", *text = read_text(SHIPPED_FILE), *rest = text, *line;
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");
	struct diag_list diags = {0};
	struct policy *policy;

	(void)state;
	assert_non_null(file);
	while ((line = strsep(&rest, "\n")))
		fprintf(file, "%s\n", *line == ';' ? line + 1 : line);
	fclose(file);
	free(text);
	policy = policy_load(path, NOW, &diags);
	unlink(path);
	if (!policy)
		diag_print(&diags, stderr);
	assert_non_null(policy);
	assert_int_equal(policy->n_sections, 1);
	assert_int_equal(policy->n_site_rules, 1);
	policy_free(policy);
	diag_clear(&diags);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_example_is_right),
	        cmocka_unit_test(the_shipped_file_opens_and_denies_nothing),
	        cmocka_unit_test(the_shipped_file_shows_every_key_and_its_default),
	        cmocka_unit_test(the_man_page_names_every_key_and_role),
	        cmocka_unit_test(the_shipped_file_loads_with_every_key_uncommented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

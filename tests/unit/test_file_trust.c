// SPDX-License-Identifier: GPL-2.0-or-later
/* Whose files become policy: a role file, its drop-in and its list, each with the owner or the mode of the wrong one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "policy/policy.h"
#include "util/array.h"

#define ROLES   "[roles]\nmanagement_server = 10.1.0.1\nwindows_agent = @file:%s/agents.list\n"
#define DROP_IN "[rows]\ncur-18 = off\n"
#define NOBODY  65534

static char dir[] = "/tmp/omfwd-trust.XXXXXX";

enum part { PART_MAIN, PART_DROP_IN, PART_LIST, PART_MAX };

static const char *const names[PART_MAX] = {"omfwd.conf", "omfwd.conf.d/10.conf", "agents.list"};

static const char *path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void write_file(const char *name, const char *text)
{
	FILE *out = fopen(path_of(name), "we");

	assert_non_null(out);
	fprintf(out, text, dir);
	assert_int_equal(fchmod(fileno(out), 0644), 0);
	assert_int_equal(fclose(out), 0);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	assert_non_null(mkdtemp(dir));
	assert_int_equal(mkdir(path_of("omfwd.conf.d"), 0755), 0);
	write_file(names[PART_MAIN], ROLES);
	write_file(names[PART_DROP_IN], DROP_IN);
	write_file(names[PART_LIST], "10.2.0.1\n");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (int part = 0; part < PART_MAX; part++)
		unlink(path_of(names[part]));
	rmdir(path_of("omfwd.conf.d"));
	return rmdir(dir);
}

/* Loads it as the agent does; what is complained of, "" when nothing is. */
static const char *complaint(bool trusted)
{
	static char text[1024];
	struct diag_list diags = {.sources = NULL};
	char path[256];
	struct policy *policy;

	snprintf(path, sizeof(path), "%s", path_of(names[PART_MAIN]));
	policy = trusted ? policy_load_trusted(path, 0, &diags) : policy_load(path, 0, &diags);
	*text = '\0';
	for (size_t i = 0; i < diags.n; i++)
		if (diags.items[i].level == DIAG_ERROR)
			diag_format(&diags, &diags.items[i], text, sizeof(text));
	assert_int_equal(policy == NULL, *text != '\0');
	if (policy)
		policy_free(policy);
	else
		policy_load_free_sources(&diags);
	diag_clear(&diags);
	return text;
}

static void expect_refused(const char *name, const char *what)
{
	const char *text = complaint(true);

	if (!strstr(text, name) || !strstr(text, what))
		fail_msg("not \"%s: %s\" but \"%s\"", name, what, text);
	/* To look at it is no crime. */
	assert_string_equal(complaint(false), "");
}

static void test_modes(void **state)
{
	(void)state;
	assert_string_equal(complaint(true), "");
	for (int part = 0; part < PART_MAX; part++) {
		assert_int_equal(chmod(path_of(names[part]), 0646), 0);
		expect_refused(names[part], "everybody can write this file; chmod o-w");
		/* Root's group is root's business, and the caller's the caller's. */
		assert_int_equal(chmod(path_of(names[part]), 0664), 0);
		assert_string_equal(complaint(true), "");
		assert_int_equal(chmod(path_of(names[part]), 0640), 0);
		assert_string_equal(complaint(true), "");
	}
}

/* Only root can give files away, and then must not believe them. */
static void test_owners(void **state)
{
	(void)state;
	for (int part = 0; part < PART_MAX; part++) {
		if (chown(path_of(names[part]), NOBODY, NOBODY) < 0) {
			assert_int_not_equal(geteuid(), 0);
			assert_string_equal(complaint(true), "");
			continue;
		}
		expect_refused(names[part], "belongs to user 65534");
		/* Who calls through sudo may use his own. */
		setenv("SUDO_UID", "65534", 1);
		setenv("SUDO_GID", "65534", 1);
		assert_int_equal(chmod(path_of(names[part]), 0664), 0);
		assert_string_equal(complaint(true), "");
		assert_int_equal(chmod(path_of(names[part]), 0640), 0);
		unsetenv("SUDO_UID");
		unsetenv("SUDO_GID");
		assert_int_equal(chown(path_of(names[part]), 0, NOBODY), 0);
		assert_string_equal(complaint(true), "");
		assert_int_equal(chmod(path_of(names[part]), 0664), 0);
		expect_refused(names[part], "group 65534 can write");
		assert_int_equal(chown(path_of(names[part]), 0, 0), 0);
		assert_string_equal(complaint(true), "");
	}
}

static void test_directories(void **state)
{
	(void)state;
	assert_int_equal(chmod(dir, 0777), 0);
	expect_refused(names[PART_MAIN], "everybody can replace this file");
	assert_int_equal(chmod(dir, 01777), 0);
	assert_string_equal(complaint(true), "");
	assert_int_equal(chmod(dir, 0700), 0);
	assert_int_equal(chmod(path_of("omfwd.conf.d"), 0757), 0);
	expect_refused(names[PART_DROP_IN], "everybody can replace this file");
}

/* Who may rename in the directory can put another file of root's in the place of this one: an older policy, say. */
static void test_directories_of_others(void **state)
{
	(void)state;
	if (chown(dir, 0, NOBODY) < 0) {
		assert_int_not_equal(geteuid(), 0);
		return;
	}
	assert_int_equal(chmod(dir, 0755), 0);
	assert_string_equal(complaint(true), "");
	assert_int_equal(chmod(dir, 0775), 0);
	expect_refused(names[PART_MAIN], "group 65534 can replace this file");
	assert_int_equal(chmod(dir, 01775), 0);
	assert_string_equal(complaint(true), "");
	assert_int_equal(chown(dir, NOBODY, 0), 0);
	expect_refused(names[PART_MAIN], "user 65534 can replace this file");
	assert_int_equal(chown(dir, 0, 0), 0);
	assert_int_equal(chmod(dir, 0775), 0);
	assert_string_equal(complaint(true), "");
}

/* A pipe that nobody writes into would hold the agent for ever. */
static void test_pipes(void **state)
{
	(void)state;
	for (int part = 0; part < PART_MAX; part++) {
		assert_int_equal(unlink(path_of(names[part])), 0);
		assert_int_equal(mkfifo(path_of(names[part]), 0644), 0);
		assert_non_null(strstr(complaint(true), "is a pipe or a device"));
		assert_int_equal(unlink(path_of(names[part])), 0);
		write_file(names[part], part == PART_MAIN   ? ROLES
		                        : part == PART_LIST ? "10.2.0.1\n"
		                                            : DROP_IN);
		assert_string_equal(complaint(true), "");
	}
}

#define TRUST_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TRUST_TEST(test_modes),       TRUST_TEST(test_owners),
	        TRUST_TEST(test_directories), TRUST_TEST(test_directories_of_others),
	        TRUST_TEST(test_pipes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A directory with a role file "main" and what else a test puts beside it, and what loading it says. Included once by a program. */
#ifndef UNIT_ROLE_FILE_H
#define UNIT_ROLE_FILE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/values.h"

#define NOW ((time_t)1795219200) /* 2026-11-21 00:00 UTC */

static char dir[] = "/tmp/omfwd-test-role-file-XXXXXX";
static char messages[65536];

static const char *path_of(const char *name)
{
	static char path[300];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

/* Loads the file main; what was said is in messages. */
static struct policy *load(void)
{
	struct diag_list diags = {0};
	struct policy *policy = policy_load(path_of("main"), NOW, &diags);
	FILE *out = fmemopen(messages, sizeof(messages), "w");

	assert_non_null(out);
	messages[0] = '\0';
	diag_print(&diags, out);
	fclose(out);
	if (!policy)
		policy_load_free_sources(&diags);
	diag_clear(&diags);
	return policy;
}

static struct policy *load_text(const char *text)
{
	struct policy *policy;

	write_file("main", text);
	policy = load();
	if (!policy)
		fail_msg("%s", messages);
	return policy;
}

/* Of the group of tests. */
static int setup(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path_of("main"));
	return rmdir(dir);
}

#endif

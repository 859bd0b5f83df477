// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Golden files: for every role file in tests/golden/show, what `omfwd show` prints as table, JSON and nft text, compared
 * byte for byte with the file beside it. After a change that is meant, `OMFWD_GOLDEN=write` makes the test write the
 * expected files anew; read the difference before committing it.
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

#include "words/show.h"
#include "words/words.h"
#include "ruleset/ruleset.h"
#include "util/array.h"
#include "util/file.h"

#define DIRECTORY TOP_SRCDIR "/tests/golden/show"
#define NOW       1780315200 /* 2026-06-01 12:00 UTC: one site rule of the files has expired, one has not */

struct role_file {
	struct policy *policy;
	struct lines lines;
};

static void print_json(const struct role_file *file, FILE *out)
{
	json_t *json = show_to_json(file->policy, &file->lines);

	json_dumpf(json, out, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	fputc('\n', out);
	json_decref(json);
}

static void print_table(const struct role_file *file, FILE *out)
{
	show_print_table(file->policy, &file->lines, out);
}

static void print_nft(const struct role_file *file, FILE *out)
{
	struct ruleset *ruleset = ruleset_build(file->policy, &file->lines);

	ruleset_print_nft(ruleset, out);
	ruleset_free(ruleset);
}

static const struct {
	const char *suffix;
	void (*print)(const struct role_file *file, FILE *out);
} formats[] = {{"table", print_table}, {"json", print_json}, {"nft", print_nft}};

static struct role_file load(const char *name)
{
	struct role_file file;
	struct diag_list diags = {0};
	char path[64];

	/* A relative name, so that no expected text holds the place of the sources. */
	snprintf(path, sizeof(path), "%s.conf", name);
	file.policy = policy_load(path, NOW, &diags);
	diag_print(&diags, stderr);
	assert_non_null(file.policy);
	diag_clear(&diags);
	file.lines = policy_compile(file.policy);
	return file;
}

static void write_golden(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

/* Fails with the first line that differs. */
static void compare(const char *path, const char *expected, const char *got)
{
	unsigned line = 1;
	size_t i = 0, start = 0;

	for (; expected[i] && expected[i] == got[i]; i++)
		if (expected[i] == '\n') {
			line++;
			start = i + 1;
		}
	if (expected[i] != got[i])
		fail_msg("%s:%u: expected\n%.*s\nbut it is\n%.*s", path, line,
		         (int)strcspn(expected + start, "\n"), expected + start,
		         (int)strcspn(got + start, "\n"), got + start);
}

static void check_format(const char *name, size_t format, const struct role_file *file)
{
	char path[64];
	char *got, *expected;
	size_t size;
	FILE *out = words_begin(&got, &size);

	formats[format].print(file, out);
	words_end(out, &got);
	snprintf(path, sizeof(path), "%s.%s", name, formats[format].suffix);
	if (getenv("OMFWD_GOLDEN") && !strcmp(getenv("OMFWD_GOLDEN"), "write"))
		write_golden(path, got);
	assert_int_equal(0, file_read(path, &expected, &size));
	compare(path, expected, got);
	free(expected);
	free(got);
}

static void check_file(void **state)
{
	const char *name = *state;
	struct role_file file = load(name);

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		check_format(name, i, &file);
	policy_free(file.policy);
}

/* Every line of a table fits into a wide terminal. */
static void check_width(void **state)
{
	struct role_file file = load(*state);
	char *text;
	size_t size;
	FILE *out = words_begin(&text, &size);

	show_print_table(file.policy, &file.lines, out);
	words_end(out, &text);
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
		if (strcspn(line, "\n") > 110)
			fail_msg("over 110 columns: %.*s", (int)strcspn(line, "\n"), line);
	free(text);
	policy_free(file.policy);
}

#define FILE_TEST(name)                                                                                      \
	{"show " name, check_file, NULL, NULL, (void *)(uintptr_t)name},                                     \
	{                                                                                                    \
		"width " name, check_width, NULL, NULL, (void *)(uintptr_t)name                              \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        FILE_TEST("nothing"), FILE_TEST("minimal"),  FILE_TEST("current"),
	        FILE_TEST("2016"),    FILE_TEST("sections"), FILE_TEST("overrides"),
	};

	setenv("TZ", "UTC", 1); /* a site rule ends at midnight, local time */
	if (chdir(DIRECTORY) < 0) {
		perror(DIRECTORY);
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

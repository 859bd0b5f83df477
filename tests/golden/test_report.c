// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The report rendered: tests/golden/report/small.json, gathered once and made hostile where an administrator writes, as
 * page and as CSV, byte for byte. OMFWD_GOLDEN=write writes the expected files anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report/report.h"
#include "util/file.h"
#include "words/words.h"

#define DIRECTORY TOP_SRCDIR "/tests/golden/report/"

static char *render(const char *name, void (*print)(const json_t *report, FILE *out))
{
	char path[512];
	json_t *report;
	char *text;
	size_t size;
	FILE *out;

	snprintf(path, sizeof(path), DIRECTORY "%s.json", name);
	report = json_load_file(path, 0, NULL);
	assert_non_null(report);
	out = words_begin(&text, &size);
	print(report, out);
	words_end(out, &text);
	json_decref(report);
	return text;
}

static void check_golden(const char *path, const char *got)
{
	char *expected;
	size_t size;

	if (getenv("OMFWD_GOLDEN") && strcmp(getenv("OMFWD_GOLDEN"), "write") == 0) {
		FILE *out = fopen(path, "w");

		assert_non_null(out);
		fputs(got, out);
		fclose(out);
	}
	assert_int_equal(file_read(path, &expected, &size), 0);
	assert_string_equal(got, expected);
	free(expected);
}

static void test_html(void **state)
{
	char *text = render("small", report_print_html);

	(void)state;
	check_golden(DIRECTORY "small.html", text);
	free(text);
}

static void test_csv(void **state)
{
	char *text = render("small", report_print_csv);

	(void)state;
	check_golden(DIRECTORY "small.csv", text);
	free(text);
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *at = strstr(text, what); at; at = strstr(at + 1, what))
		n++;
	return n;
}

/* Whoever writes a reason writes no markup, and the page fetches nothing. */
static void test_hostile_text(void **state)
{
	char *text = render("small", report_print_html);

	(void)state;
	assert_true(count(text, "&lt;script&gt;alert(1)") > 5);
	assert_int_equal(count(text, "<script"), 0);
	assert_int_equal(count(text, "</style>"), 1);
	assert_int_equal(count(text, "nft<b>"), 0);
	assert_int_equal(count(text, "http"), 0);
	assert_int_equal(count(text, "src="), 0);
	free(text);
}

/* Every line has as many fields as the head, by the rules of RFC 4180, and none is a formula. */
static void check_csv(const char *text)
{
	size_t fields = 0, expected = 0;
	bool quoted = false;

	for (const char *c = text; *c; c++) {
		if (*c == '"') {
			if (!quoted)
				assert_null(strchr("=+-@\t\r", c[1]));
			quoted = !quoted;
		}
		if (quoted)
			continue;
		fields += *c == ',';
		if (*c != '\n')
			continue;
		assert_int_equal(c[-1], '\r');
		expected = expected ? expected : fields;
		assert_int_equal(fields, expected);
		fields = 0;
	}
	assert_false(quoted);
	assert_int_equal(expected, 20);
}

static void test_csv_is_safe(void **state)
{
	static const char *const names[] = {"small", "full", "two"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char *text = render(names[i], report_print_csv);

		check_csv(text);
		if (i == 0)
			assert_non_null(strstr(text, "\"'=cmd|x\""));
		free(text);
	}
}

/* A report of nothing, as when the role file is wrong and there never was another. */
static void test_empty(void **state)
{
	json_t *report = json_object();
	char *text;
	size_t size;
	FILE *out = words_begin(&text, &size);

	(void)state;
	report_print_html(report, out);
	report_print_csv(report, out);
	words_end(out, &text);
	assert_non_null(strstr(text, "The rows are not known"));
	assert_non_null(strstr(text, "</html>"));
	json_decref(report);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_html),         cmocka_unit_test(test_csv),
	        cmocka_unit_test(test_hostile_text), cmocka_unit_test(test_csv_is_safe),
	        cmocka_unit_test(test_empty),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

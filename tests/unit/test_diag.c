// SPDX-License-Identifier: GPL-2.0-or-later
/* Diagnostics: order, form, escaping; and the numbering of lines behind them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "util/diag.h"
#include "util/text.h"

static char *print(const struct diag_list *diags)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	diag_print(diags, out);
	fclose(out);
	return text;
}

static void test_order_and_form(void **state)
{
	struct arena *arena = arena_new();
	struct source_map *map = source_map_new(arena);
	struct diag_list diags = {.sources = map};
	loc_t a_whole, a7, b2;
	char *text;

	(void)state;
	source_begin(map, "a.conf");
	a_whole = source_loc(map, 0);
	a7 = source_loc(map, 7);
	source_begin(map, "b.conf");
	b2 = source_loc(map, 2);
	diag_warning(&diags, b2, "b is odd; write c");
	diag_error(&diags, a7, "%s; %d", "first of line 7", 1);
	diag_error(&diags, a7, "second of line 7");
	diag_error(&diags, a_whole, "the file");
	diag_error(&diags, 0, "nowhere");
	assert_int_equal(diags.n_errors, 4);
	text = print(&diags);
	assert_string_equal(text, "nowhere\n"
	                          "a.conf: the file\n"
	                          "a.conf:7: first of line 7; 1\n"
	                          "a.conf:7: second of line 7\n"
	                          "b.conf:2: warning: b is odd; write c\n");
	free(text);
	diag_clear(&diags);
	assert_int_equal(diags.n, 0);
	arena_free(arena);
}

static void test_control_characters(void **state)
{
	struct diag_list diags = {0};
	char *text;

	(void)state;
	diag_error(&diags, 0, "a\x1b[31m\n\x7f\xff \xc2\x9b \xc3\xa4 %s", "\xe2\x82\xac");
	text = print(&diags);
	assert_string_equal(text, "a\\x1b[31m\\x0a\\x7f\\xff \\xc2\\x9b \xc3\xa4 \xe2\x82\xac\n");
	free(text);
	diag_clear(&diags);
}

static void test_quote(void **state)
{
	char quoted[TEXT_QUOTE_MAX], word[200];

	(void)state;
	memset(word, 'x', sizeof(word));
	text_quote(word, 60, quoted, sizeof(quoted));
	assert_int_equal(strlen(quoted), 62);
	text_quote(word, 61, quoted, sizeof(quoted));
	assert_int_equal(strlen(quoted), 62);
	assert_string_equal(quoted + 57, "x...\"");
	memset(word, 1, sizeof(word));
	text_quote(word, 60, quoted, sizeof(quoted));
	assert_int_equal(strlen(quoted), 60 * 4 + 2);
	text_quote("\xc3", 1, quoted, sizeof(quoted));
	assert_string_equal(quoted, "\"\\xc3\"");
}

static void test_utf8(void **state)
{
	(void)state;
	assert_int_equal(text_char_len("a", 1), 1);
	assert_int_equal(text_char_len("\t", 1), 0);
	assert_int_equal(text_char_len("\xc3\xa4", 2), 2);
	assert_int_equal(text_char_len("\xc3\xa4", 1), 0);
	assert_int_equal(text_char_len("\xf0\x9f\x90\x98", 4), 4);
	assert_int_equal(text_char_len("\xc0\xaf", 2), 0);         /* '/' the long way */
	assert_int_equal(text_char_len("\xed\xa0\x80", 3), 0);     /* half a surrogate pair */
	assert_int_equal(text_char_len("\xf4\x90\x80\x80", 4), 0); /* beyond Unicode */
}

static void test_sources(void **state)
{
	struct arena *arena = arena_new();
	struct source_map *map = source_map_new(arena);
	unsigned line;
	loc_t first, last, other;

	(void)state;
	source_begin(map, "empty");
	source_begin(map, "long");
	first = source_loc(map, 1);
	last = source_loc(map, 1000000);
	source_begin(map, "next");
	other = source_loc(map, 0);
	assert_null(source_file(map, 0, &line));
	assert_string_equal(source_file(map, first, &line), "long");
	assert_int_equal(line, 1);
	assert_string_equal(source_file(map, last, &line), "long");
	assert_int_equal(line, 1000000);
	assert_string_equal(source_file(map, other, &line), "next");
	assert_int_equal(line, 0);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_order_and_form), cmocka_unit_test(test_control_characters),
	        cmocka_unit_test(test_quote),          cmocka_unit_test(test_utf8),
	        cmocka_unit_test(test_sources),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

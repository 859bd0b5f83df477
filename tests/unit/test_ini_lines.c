// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The reader between a role file and inih: each trap of the inih that distributions ship is a test here, and one test
 * shows that the trap is real by asking inih alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/ini_lines.h"

/* What came out: "LINE[section]", "LINE key=value", "LINE +key=value", a line each; then the messages. */
struct recording {
	struct arena *arena;
	struct source_map *map;
	struct diag_list diags;
	FILE *out;
	char *text;
	size_t len;
};

static unsigned line_of(struct recording *recording, loc_t loc)
{
	unsigned line = 0;

	source_file(recording->map, loc, &line);
	return line;
}

static void on_section(void *data, const char *name, loc_t loc)
{
	struct recording *recording = data;

	fprintf(recording->out, "%u[%s]\n", line_of(recording, loc), name);
}

static void on_value(void *data, const char *key, const char *value, loc_t loc, bool is_continuation)
{
	struct recording *recording = data;

	fprintf(recording->out, "%u %s%s=%s\n", line_of(recording, loc), is_continuation ? "+" : "", key,
	        value);
}

static bool is_text(const char *key)
{
	return !strcmp(key, "reason");
}

/* Reads len bytes; the recording is freed by the next call, with NULL at the end. */
static const char *record_bytes(const char *text, size_t len)
{
	static struct recording recording;
	const struct ini_sink sink = {on_section, on_value, is_text, &recording};

	free(recording.text);
	recording = (struct recording){0};
	if (!text)
		return NULL;
	recording.arena = arena_new();
	recording.map = source_map_new(recording.arena);
	recording.diags.sources = recording.map;
	recording.out = open_memstream(&recording.text, &recording.len);
	source_begin(recording.map, "f");
	ini_lines_parse(text, len, recording.map, &recording.diags, &sink);
	diag_print(&recording.diags, recording.out);
	fclose(recording.out);
	diag_clear(&recording.diags);
	arena_free(recording.arena);
	return recording.text;
}

static const char *record(const char *text)
{
	return record_bytes(text, strlen(text));
}

static void test_plain(void **state)
{
	(void)state;
	assert_string_equal(
	        record("; c\n# c\n\n[roles  prod] ; c\nagent = 10.0.0.1 ,  10.0.0.2\t; c\n   10.0.0.3 # c\n"
	               "empty =\nnospace=x;y#z\n"),
	        "4[roles prod]\n5 agent=10.0.0.1 , 10.0.0.2\n6 +agent=10.0.0.3\n7 empty=\n"
	        "8 nospace=x;y#z\n");
	assert_string_equal(record(""), "");
	assert_string_equal(record("[a]\nk = v"), "1[a]\n2 k=v\n");
	assert_string_equal(record("\xef\xbb\xbf[a]\r\nk = v\r\n\r\n"), "1[a]\n2 k=v\n");
	assert_string_equal(record("[a]\nreason = 1 # 2 ; 3\nother = 1 # 2 ; 3\n"),
	                    "1[a]\n2 reason=1 # 2\n3 other=1\n");
	assert_string_equal(record("[a]\nk = ; nothing\nk = [x]\nk =;x\nk = a=b:c\n"),
	                    "1[a]\n2 k=\n3 k=[x]\n4 k=;x\n5 k=a=b:c\n");
}

static int count_values(void *user, const char *section, const char *name, const char *value)
{
	(void)section;
	(void)name;
	(void)value;
	++*(unsigned *)user;
	return 1;
}

/* If inih ever loses these traps, this reader could go. */
static void test_the_trap_is_real(void **state)
{
	char text[600];
	unsigned n = 0;

	(void)state;
	snprintf(text, sizeof(text), "[a]\n;%*s k = from a comment\n", 220, "");
	ini_parse_string(text, count_values, &n);
	if (n == 0)
		skip();
	assert_string_equal(record(text), "1[a]\n");
}

/* The value of a line whose parts are joined by glue; the same value must come out. */
static void check_long_value(size_t want, const char *part)
{
	size_t part_len = strlen(part), len = 0;
	char *value = malloc(want + part_len + 1), *text = malloc(want + part_len + 64);
	char *expected = malloc(want + part_len + 64);

	if (!value || !text || !expected)
		abort();

	while (len < want) {
		memcpy(value + len, part, part_len + 1);
		len += part_len;
	}
	while (value[len - 1] == ' ')
		len--;
	value[len] = '\0';
	sprintf(text, "[a]\nsome_key =%s\nnext = 1\n", value);
	sprintf(expected, "1[a]\n2 some_key=%s\n3 next=1\n", value);
	if (strcmp(record(text), expected))
		fail_msg("%zu bytes of \"%s\" did not come back", want, part);
	free(expected);
	free(text);
	free(value);
}

static void test_long_lines_arrive_whole(void **state)
{
	static const char *const parts[] = {
	        "10.13.0.0/16, ", "10.13.0.0/16,", "x", "a ", "ab ", ";", "[", "#", "= ", "\xc3\xa4 ", "=:[",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		for (size_t len = 150; len < 450; len++)
			check_long_value(len, parts[i]);
		check_long_value(100000, parts[i]);
	}
	check_long_value(INI_LINE_MAX - 40, "10.13.0.0/16, ");
}

static void test_line_of_1_mib(void **state)
{
	size_t len = INI_LINE_MAX + 100;
	char *text = malloc(len);

	(void)state;
	memset(text, 'x', len);
	memcpy(text, "[a]\nk = ", 8);
	text[4 + INI_LINE_MAX] = '\n';
	assert_int_equal(strlen(record_bytes(text, 4 + INI_LINE_MAX + 1)),
	                 strlen("1[a]\n2 k=\n") + INI_LINE_MAX - 4);
	text[4 + INI_LINE_MAX] = 'x';
	text[4 + INI_LINE_MAX + 1] = '\n';
	memcpy(text + 4 + INI_LINE_MAX + 2, "  y\nl = 2\n", 10);
	assert_string_equal(
	        record_bytes(text, 4 + INI_LINE_MAX + 2 + 10),
	        "1[a]\n4 l=2\nf:2: this line is longer than 1 MiB; repeat the key, continue on indented "
	        "lines, or use @file:PATH\n");
	free(text);
}

static void test_long_comments_are_comments(void **state)
{
	char text[2000];

	(void)state;
	for (int width = 150; width < 420; width++) {
		snprintf(text, sizeof(text), "[a]\n; %*s = 1\nk = 1 ; %*s = 2\n# %*s [b]\n", width, "mode",
		         width, "mode", width, "x");
		assert_string_equal(record(text), "1[a]\n3 k=1\n");
	}
}

static void test_long_names(void **state)
{
	char text[300], want[300], name[60];

	(void)state;
	memset(name, 'n', sizeof(name));
	name[49] = '\0';
	snprintf(text, sizeof(text), "[%s]\n%s = 1\n", name, name);
	snprintf(want, sizeof(want), "1[%s]\n2 %s=1\n", name, name);
	assert_string_equal(record(text), want);
	name[49] = 'n';
	name[50] = '\0';
	snprintf(text, sizeof(text), "[%s]\nk = 1\n[b]\n%s = 1\n  2\nl = 2\n", name, name);
	snprintf(want, sizeof(want),
	         "3[b]\n6 l=2\nf:1: the section name \"%s\" is 50 bytes long; at most 49 are possible\n"
	         "f:4: the key name \"%s\" is 50 bytes long; at most 49 are possible\n",
	         name, name);
	assert_string_equal(record(text), want);
}

static void test_indented_lines(void **state)
{
	(void)state;
	assert_string_equal(
	        record("[a]\nlist = 1,\n  2\n; c\n\n\t3\nmode = x\n  other = 5\n   6\n"),
	        "1[a]\n2 list=1,\n3 +list=2\n6 +list=3\n7 mode=x\nf:8: \"other = 5\" is indented and would "
	        "continue the value above; remove the blanks before it\n");
	assert_string_equal(
	        record("[a]\n  1\n  2\nk = 1\n[b]\n  [c]\n"),
	        "1[a]\n4 k=1\n5[b]\nf:2: \"1\" is indented, and there is no key above that it could "
	        "continue; "
	        "write key = value, without blanks before it\n"
	        "f:6: \"[c]\" is indented and would continue the value above; remove the blanks before it\n");
}

static void test_bytes(void **state)
{
	static const char nul[] = "[a]\nk = 1\0; x = 2\nl = 2\n";

	(void)state;
	assert_string_equal(record_bytes(nul, sizeof(nul) - 1),
	                    "1[a]\n3 l=2\nf:2: this line holds a NUL byte; write plain text\n");
	assert_string_equal(
	        record("[a]\nk = \x01\n ; \xff\nl\t=\t1\rm\n"),
	        "1[a]\nf:2: \"\\x01\" holds a control character or is no UTF-8; write plain UTF-8 text\n"
	        "f:3: \"\\xff\" holds a control character or is no UTF-8; write plain UTF-8 text\n"
	        "f:4: \"\\x0dm\" holds a control character or is no UTF-8; write plain UTF-8 text\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_plain),
	        cmocka_unit_test(test_the_trap_is_real),
	        cmocka_unit_test(test_long_lines_arrive_whole),
	        cmocka_unit_test(test_line_of_1_mib),
	        cmocka_unit_test(test_long_comments_are_comments),
	        cmocka_unit_test(test_long_names),
	        cmocka_unit_test(test_indented_lines),
	        cmocka_unit_test(test_bytes),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	record_bytes(NULL, 0);
	return failed;
}

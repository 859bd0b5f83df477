// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Golden files of the scripts that `omfwd verify-script` prints, and what can be told of them without a Windows: no byte
 * that PowerShell 5.1 would read in another way, brackets and quotes that match, and nothing of the administrator's that
 * could end a quotation. OMFWD_GOLDEN=write makes the test write the expected files anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/file.h"
#include "words/verify_script.h"
#include "words/words.h"

#define DIRECTORY TOP_SRCDIR "/tests/golden/verify_script"
#define ROLE_FILE TOP_SRCDIR "/tests/golden/show/sections.conf"
#define NOW       1780315200 /* 2026-06-01 12:00 UTC */

struct role_file {
	struct policy *policy;
	struct lines lines;
};

static void load(struct role_file *file)
{
	struct diag_list diags = {0};

	file->policy = policy_load(ROLE_FILE, NOW, &diags);
	assert_non_null(file->policy);
	diag_clear(&diags);
	file->policy->path = "omfwd.conf"; /* the same wherever the sources are */
	file->lines = policy_compile(file->policy);
}

static char *print(const struct role_file *file, const char *section, enum role role,
                   void (*print_script)(const struct script *script, FILE *out))
{
	struct script script;
	char *text;
	size_t size;
	FILE *out = words_begin(&text, &size);

	script_new(file->policy, &file->lines, policy_section(file->policy, section), role, &script);
	assert_true(script.n > 0);
	print_script(&script, out);
	return words_end(out, &text);
}

static void compare(const char *name, const char *text)
{
	const char *mode = getenv("OMFWD_GOLDEN");
	char path[512], *expected = NULL;
	size_t len = 0;
	FILE *file;

	snprintf(path, sizeof(path), DIRECTORY "/%s", name);
	if (mode && strcmp(mode, "write") == 0) {
		file = fopen(path, "w");
		assert_non_null(file);
		fputs(text, file);
		fclose(file);
		return;
	}
	file = fopen(path, "r");
	if (!file)
		fail_msg("there is no %s; OMFWD_GOLDEN=write makes it", path);
	assert_true(getdelim(&expected, &len, '\0', file) > 0);
	fclose(file);
	assert_string_equal(expected, text);
	free(expected);
}

/* Quotes and brackets, with '' in a quotation and comments taken into account. */
static void check_powershell(const char *text)
{
	int round = 0, curly = 0, square = 0;
	bool quoted = false, comment = false;

	for (const char *c = text; *c; c++) {
		assert_true(*c == '\n' || (*c >= ' ' && *c <= '~'));
		if (*c == '\n') {
			assert_false(quoted);
			comment = false;
		} else if (*c == '\'' && !comment) {
			quoted = !quoted;
		} else if (*c == '#' && !quoted) {
			comment = true;
		}
		if (quoted || comment)
			continue;
		assert_true(*c != '"' && *c != '`');
		round += (*c == '(') - (*c == ')');
		curly += (*c == '{') - (*c == '}');
		square += (*c == '[') - (*c == ']');
		assert_true(round >= 0 && curly >= 0 && square >= 0);
	}
	assert_int_equal(0, round);
	assert_int_equal(0, curly);
	assert_int_equal(0, square);
}

static void test_scripts(void **state)
{
	struct role_file file;
	char *text;

	(void)state;
	load(&file);
	text = print(&file, file.policy->sections[0].name, ROLE_MANAGEMENT_SERVER, script_print_powershell);
	check_powershell(text);
	compare("management_server.ps1", text);
	free(text);
	text = print(&file, file.policy->sections[0].name, ROLE_MANAGEMENT_SERVER, script_print_sh);
	compare("management_server.sh", text);
	free(text);
	policy_free(file.policy);
}

static void test_words(void **state)
{
	char *text;
	size_t size;
	FILE *out = words_begin(&text, &size);

	(void)state;
	script_print_word("/etc/it's $(x) `y`\n\"; \xe2\x80\x99 rm -rf ~/.conf", out);
	assert_string_equal("/etc/it_s __x_ _y____ ___ rm -rf _/.conf", words_end(out, &text));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_scripts),
	        cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

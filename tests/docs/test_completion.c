/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The completions, in the shells they are for: each is loaded by its shell and asked what it offers for a few dozen lines.
 * A shell that is not there is skipped loudly.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/option_table.h"
#include "util/array.h"

#define SCRIPTS TOP_SRCDIR "/tests/docs/complete."
#define BUILT   TOP_BUILDDIR "/etc/completion/"

struct shell {
	const char *name, *completion;
};

static const struct shell shells[] = {
        {"bash", BUILT "omfwd.bash"},
        {"zsh", BUILT "_omfwd"},
        {"fish", BUILT "omfwd.fish"},
};

/* What is offered for a line, and what is not. A path may be offered by its last part alone. */
static const struct {
	const char *line, *offered, *missing;
} cases[] = {
        {"omfwd sta", "status", "show"},
        {"omfwd --json sta", "status", "--json"},
        {"omfwd --config /etc/status sho", "show", "status"},
        {"omfwd --phase ", "install", "status"},
        {"omfwd --phase i", "install", "run"},
        {"omfwd show --format ", "nft", "csv"},
        {"omfwd report --format ", "csv", "nft"},
        {"omfwd verify-script win", "windows_agent", "domain_controller"},
        {"omfwd show --format=js", "json", "nft"},
        {"omfwd --phase install --rows cur-0", "cur-01", "cur-18"},
        {"omfwd --phase install --rows cur-01,cur-18", "cur-18-dc", "cur-01,"},
        {"omfwd --phase install --for ", "2h", "install"},
        {"omfwd --phase install --r", "--reason", "--confirm"},
        {"omfwd agent --", "--confirm", "--rows"},
        {"omfwd --config " TOP_SRCDIR "/READ", "README.md", "HACKING.md"},
        {"omfwd status --run-dir " TOP_SRCDIR "/ma", "man", "README.md"},
        {"omfwd check " TOP_SRCDIR "/README", "README.md", "HACKING.md"},
        {"omfwd explain 10.0.0.1 10.0.0.2 t", "tcp/", "udp/"},
        {"omfwd status ", NULL, "agent"},
};

static void run_shell(const struct shell *shell, const char *lines, char *output, size_t size)
{
	char input[] = "/tmp/omfwd-complete-XXXXXX", command[1024];
	int fd = mkstemp(input);
	FILE *out;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, lines, strlen(lines)), strlen(lines));
	close(fd);
	snprintf(command, sizeof(command), "timeout 120 %s%s %s%s %s <%s", shell->name,
	         strcmp(shell->name, "fish") == 0 ? " --no-config" : "", SCRIPTS, shell->name,
	         shell->completion, input);
	out = popen(command, "r");
	assert_non_null(out);
	output[fread(output, 1, size - 1, out)] = '\0';
	assert_int_equal(pclose(out), 0);
	unlink(input);
}

/* Whether a word of the answer to line is, or ends with, what is wanted; a directory may have its slash. */
static bool is_offered(const char *output, const char *line, const char *wanted)
{
	char mark[512];
	const char *at;

	snprintf(mark, sizeof(mark), "> %s\n", line);
	at = strstr(output, mark);
	if (!at)
		fail_msg("no answer to \"%s\" in\n%s", line, output);
	for (at += strlen(mark); *at && strncmp(at, "> ", 2) != 0;) {
		size_t len = strcspn(at, "\n"), n = strlen(wanted);

		while (len > n && (at[len - 1] == ' ' || at[len - 1] == '/'))
			len--;
		if (len >= n && strncmp(at + len - n, wanted, n) == 0)
			return true;
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	return false;
}

static const char *line_of(enum command command, char *buf, size_t size)
{
	const char *word = command == COMMAND_PHASE ? "--phase run" : command_specs[command].name;

	snprintf(buf, size, "omfwd %s%s--", word ? word : "", word ? " " : "");
	return buf;
}

/* Every line that is asked, in one text. */
static char *all_lines(void)
{
	char *text = NULL, line[128];
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		fprintf(out, "%s\n", cases[i].line);
	fputs("omfwd \n", out);
	for (enum command command = COMMAND_NONE; command < COMMAND_MAX; command++)
		fprintf(out, "%s\n", line_of(command, line, sizeof(line)));
	fclose(out);
	return text;
}

static void expect_cases(const struct shell *shell, const char *output)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (cases[i].offered && !is_offered(output, cases[i].line, cases[i].offered))
			fail_msg("%s does not offer %s for \"%s\"\n%s", shell->name, cases[i].offered,
			         cases[i].line, output);
		if (is_offered(output, cases[i].line, cases[i].missing))
			fail_msg("%s offers %s for \"%s\"", shell->name, cases[i].missing, cases[i].line);
	}
}

/* Every command; and every option where it belongs, and nowhere else. --phase alone is given already. */
static void expect_tables(const struct shell *shell, const char *output)
{
	char line[128];

	for (enum command command = COMMAND_NONE; command < COMMAND_MAX; command++) {
		if (command_specs[command].name && !is_offered(output, "omfwd ", command_specs[command].name))
			fail_msg("%s does not offer %s", shell->name, command_specs[command].name);
		for (size_t i = 0; i < OPTION_COUNT; i++) {
			bool wanted = option_specs[i].commands & COMMAND_BIT(command);

			if (command == COMMAND_PHASE && option_specs[i].kind == VALUE_PHASE)
				continue;
			if (is_offered(output, line_of(command, line, sizeof(line)), option_specs[i].name) !=
			    wanted)
				fail_msg("%s %s %s for \"%s\"", shell->name,
				         wanted ? "does not offer" : "offers", option_specs[i].name, line);
		}
	}
}

static void test_shell(const struct shell *shell)
{
	static char output[256 * 1024];
	char command[64], *lines;

	snprintf(command, sizeof(command), "command -v %s >/dev/null", shell->name);
	if (system(command) != 0) {
		if (getenv("CI"))
			fail_msg("%s is not installed; scripts/setup --ci installs it", shell->name);
		print_message("[ SKIPPING ] %s is not installed; scripts/setup --ci installs it\n",
		              shell->name);
		skip();
	}
	lines = all_lines();
	run_shell(shell, lines, output, sizeof(output));
	free(lines);
	expect_cases(shell, output);
	expect_tables(shell, output);
}

static void test_bash(void **state)
{
	(void)state;
	test_shell(&shells[0]);
}

static void test_zsh(void **state)
{
	(void)state;
	test_shell(&shells[1]);
}

static void test_fish(void **state)
{
	(void)state;
	test_shell(&shells[2]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_bash),
	        cmocka_unit_test(test_zsh),
	        cmocka_unit_test(test_fish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

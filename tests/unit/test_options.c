/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line: options before and after the command, lists, and a sentence for everything that is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/option_table.h"
#include "util/array.h"

#define WORDS_MAX 20

static char error[512];

/* Parses "omfwd" and the words, which are separated by single spaces; the line must outlive the options. */
static int parse(char *line, struct options *ret)
{
	char *argv[WORDS_MAX] = {(char *)"omfwd"}, *rest = NULL;
	int argc = 1;

	for (char *word = strtok_r(line, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		assert_true(argc < WORDS_MAX - 1);
		argv[argc++] = word;
	}
	error[0] = '\0';
	return options_parse(argc, argv, ret, error, sizeof(error));
}

static void test_defaults(void **state)
{
	char line[] = "status";
	struct options options;

	(void)state;
	unsetenv("RUNTIME_DIRECTORY");
	unsetenv("STATE_DIRECTORY");
	assert_int_equal(parse(line, &options), 0);
	assert_int_equal(options.command, COMMAND_STATUS);
	assert_string_equal(options.config, DEFAULT_CONFIG);
	assert_string_equal(options.run_dir, DEFAULT_RUN_DIR);
	assert_string_equal(options.state_dir, DEFAULT_STATE_DIR);
	assert_false(options.json);
	options_free(&options);
}

static void test_directories_of_systemd(void **state)
{
	char line[] = "status", given[] = "status --run-dir /d";
	struct options options;

	(void)state;
	setenv("RUNTIME_DIRECTORY", "/run/a:/run/b", 1);
	setenv("STATE_DIRECTORY", "/var/lib/c", 1);
	assert_int_equal(parse(line, &options), 0);
	assert_string_equal(options.run_dir, "/run/a");
	assert_string_equal(options.state_dir, "/var/lib/c");
	options_free(&options);
	assert_int_equal(parse(given, &options), 0);
	assert_string_equal(options.run_dir, "/d");
	options_free(&options);
	unsetenv("RUNTIME_DIRECTORY");
	unsetenv("STATE_DIRECTORY");
}

static void test_phase_command(void **state)
{
	char line[] =
	        "--json --phase install --for=1h30m --section prod,lab --rows cur-01 --rows cur-18,cur-02 "
	        "--reason because --ticket CHG0012345";
	struct options options;

	(void)state;
	assert_int_equal(parse(line, &options), 0);
	assert_int_equal(options.command, COMMAND_PHASE);
	assert_int_equal(options.phase, WANT_INSTALL);
	assert_int_equal(options.for_seconds, 5400);
	assert_int_equal(options.sections.n, 2);
	assert_string_equal(options.sections.items[1], "lab");
	assert_int_equal(options.rows.n, 3);
	assert_string_equal(options.rows.items[0], "cur-01");
	assert_string_equal(options.rows.items[2], "cur-02");
	assert_string_equal(options.reason, "because");
	assert_string_equal(options.ticket, "CHG0012345");
	assert_true(options.json);
	options_free(&options);
}

static void test_options_around_the_command(void **state)
{
	char line[] = "--config /a explain 10.0.0.1 --phase run 10.0.0.2 tcp/443 --json";
	struct options options;

	(void)state;
	assert_int_equal(parse(line, &options), 0);
	assert_int_equal(options.command, COMMAND_EXPLAIN);
	assert_int_equal(options.phase, WANT_RUN);
	assert_string_equal(options.config, "/a");
	assert_int_equal(options.args.n, 3);
	assert_string_equal(options.args.items[2], "tcp/443");
	assert_true(options.json);
	options_free(&options);
}

static void test_agent_takes_a_phase(void **state)
{
	char line[] = "agent --phase install";
	struct options options;

	(void)state;
	assert_int_equal(parse(line, &options), 0);
	assert_int_equal(options.command, COMMAND_AGENT);
	assert_int_equal(options.phase, WANT_INSTALL);
	options_free(&options);
}

static void test_double_dash_ends_options(void **state)
{
	char line[] = "check -- --config";
	struct options options;

	(void)state;
	assert_int_equal(parse(line, &options), 0);
	assert_string_equal(options.args.items[0], "--config");
	options_free(&options);
}

static void test_refused(void **state)
{
	static const struct {
		const char *line, *error;
	} cases[] = {
	        {"", "no command given; see omfwd --help"},
	        {"stauts", "there is no command 'stauts'; did you mean status?"},
	        {"status --jsn", "there is no option --jsn; did you mean --json?"},
	        {"status --jsn=yes", "there is no option --jsn; did you mean --json?"},
	        {"status --json=yes", "--json takes no value; write it alone"},
	        {"status --config", "--config needs a value; write --config FILE"},
	        {"status --config=", "--config is empty; write --config FILE"},
	        {"status extra", "'extra' is one word too many; write omfwd status"},
	        {"status --rows cur-01", "--rows does not belong to status; it goes with --phase"},
	        {"--rows cur-01 agent", "--rows does not belong to agent; it goes with --phase"},
	        {"--phase instal", "--phase does not know 'instal'; did you mean install?"},
	        {"--phase install --for 5",
	         "--for '5' is no duration; write something like 30m, 4h or 1h30m"},
	        {"--phase install --for 4000d",
	         "--for 4000d is too long; write something like 30m, 4h or 1h30m"},
	        {"--phase install --rows ,", "--rows names nothing; write --rows ID,..."},
	        {"--phase run --for 1h",
	         "--for does not belong to --phase run; it goes with --phase install"},
	        {"explain 10.0.0.1", "explain needs more words; write omfwd explain SRC DST [PROTO[/PORT]] "
	                             "[--phase install|run]"},
	        {"show --format html", "--format does not know 'html'; it takes table, nft or json"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *line = strdup(cases[i].line);
		struct options options;

		assert_int_equal(parse(line, &options), -EINVAL);
		assert_string_equal(error, cases[i].error);
		options_free(&options);
		free(line);
	}
}

static void test_refused_in_one_line(void **state)
{
	char line[] = "sta\ntus";
	struct options options;

	(void)state;
	assert_int_equal(parse(line, &options), -EINVAL);
	assert_non_null(strstr(error, "'sta\\x0atus'"));
	options_free(&options);
}

static void test_help_wins(void **state)
{
	char line[] = "status --rows x --help", version[] = "--version";
	struct options options;

	(void)state;
	assert_int_equal(parse(line, &options), 0);
	assert_true(options.help);
	assert_int_equal(options.command, COMMAND_STATUS);
	options_free(&options);
	assert_int_equal(parse(version, &options), 0);
	assert_true(options.version);
	options_free(&options);
}

/* Every command and every option that belongs to one is in its help. */
static void test_help_is_complete(void **state)
{
	(void)state;
	for (enum command command = COMMAND_NONE; command < COMMAND_MAX; command++) {
		char *text = NULL;
		size_t size = 0;
		FILE *out = open_memstream(&text, &size);

		options_print_help(command, out);
		fclose(out);
		assert_non_null(strstr(text, command_specs[command].synopsis));
		for (size_t i = 0; i < OPTION_COUNT; i++)
			if (option_specs[i].commands & COMMAND_BIT(command))
				assert_non_null(strstr(text, option_specs[i].name));
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_defaults),
	        cmocka_unit_test(test_directories_of_systemd),
	        cmocka_unit_test(test_phase_command),
	        cmocka_unit_test(test_options_around_the_command),
	        cmocka_unit_test(test_agent_takes_a_phase),
	        cmocka_unit_test(test_double_dash_ends_options),
	        cmocka_unit_test(test_refused),
	        cmocka_unit_test(test_refused_in_one_line),
	        cmocka_unit_test(test_help_wins),
	        cmocka_unit_test(test_help_is_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walks argv once and collects, by the tables of option_table.c. Only then is it checked whether the options belong to
 * the command, because they may stand before it.
 */
#include "cmd/option_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"
#include "util/array.h"
#include "util/duration.h"
#include "util/text.h"

#define FORMATS_MAX 128

struct parser {
	struct options *options;
	bool given[OPTION_COUNT];
	bool only_args; /* after "--" */
	char *error;
	size_t size;
};

#define ERROR_MAX 512

#define FAIL(parser, ...) (snprintf((parser)->error, (parser)->size, __VA_ARGS__), -EINVAL)

const char *command_name(enum command command)
{
	return command_specs[command].name ? command_specs[command].name : "--phase";
}

static enum command command_find(const char *word)
{
	for (enum command command = COMMAND_NONE + 1; command < COMMAND_MAX; command++)
		if (command_specs[command].name && strcmp(command_specs[command].name, word) == 0)
			return command;
	return COMMAND_NONE;
}

static const char *command_nearest(const char *word)
{
	const char *words[COMMAND_MAX + 1];
	size_t n = 0;

	for (enum command command = COMMAND_NONE; command < COMMAND_MAX; command++)
		if (command_specs[command].name)
			words[n++] = command_specs[command].name;
	words[n] = NULL;
	return nearest_word(word, words);
}

static const char *option_nearest(const char *name)
{
	const char *words[OPTION_COUNT + 1];

	for (size_t i = 0; i < OPTION_COUNT; i++)
		words[i] = option_specs[i].name;
	words[OPTION_COUNT] = NULL;
	return nearest_word(name, words);
}

static void word_list_add(struct word_list *list, const char *word)
{
	*ARRAY_PUSH(list->items, list->n, list->cap) = word;
}

/* A copy that lives as long as the options. */
static char *options_own(struct options *options, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		abort();
	word_list_add(&options->owned, copy);
	return copy;
}

static int set_list(struct parser *parser, const struct option_spec *spec, const char *value)
{
	struct word_list *list = (void *)((char *)parser->options + spec->offset);
	size_t before = list->n;
	char *rest = NULL;

	for (char *word = strtok_r(options_own(parser->options, value), ", \t", &rest); word;
	     word = strtok_r(NULL, ", \t", &rest))
		word_list_add(list, word);
	if (list->n == before)
		return FAIL(parser, "%s names nothing; write %s %s", spec->name, spec->name, spec->value);
	return 0;
}

static int set_word(struct parser *parser, const struct option_spec *spec, const char *value)
{
	const char *near = nearest_word(value, spec->words);

	for (const char *const *word = spec->words; *word; word++)
		if (strcmp(*word, value) == 0) {
			if (spec->kind == VALUE_PHASE)
				parser->options->phase = wanted_phase_find(value);
			else
				*(const char **)((char *)parser->options + spec->offset) = value;
			return 0;
		}
	if (near)
		return FAIL(parser, "%s does not know '%s'; did you mean %s?", spec->name, value, near);
	return FAIL(parser, "%s does not know '%s'; it takes %s", spec->name, value, spec->help);
}

static int set_duration(struct parser *parser, const struct option_spec *spec, const char *value)
{
	uint64_t seconds;
	int r = duration_parse(value, &seconds);

	if (r == -ERANGE)
		return FAIL(parser, "%s %s is too long; write something like 30m, 4h or 1h30m", spec->name,
		            value);
	if (r < 0)
		return FAIL(parser, "%s '%s' is no duration; write something like 30m, 4h or 1h30m",
		            spec->name, value);
	*(uint64_t *)((char *)parser->options + spec->offset) = seconds;
	return 0;
}

static int set_text(struct parser *parser, const struct option_spec *spec, const char *value)
{
	if (!*value)
		return FAIL(parser, "%s is empty; write %s %s", spec->name, spec->name, spec->value);
	*(const char **)((char *)parser->options + spec->offset) = value;
	return 0;
}

static int set_value(struct parser *parser, const struct option_spec *spec, const char *value)
{
	parser->given[spec - option_specs] = true;
	switch (spec->kind) {
	case VALUE_NONE:
		*(bool *)((char *)parser->options + spec->offset) = true;
		return 0;
	case VALUE_TEXT:
		return set_text(parser, spec, value);
	case VALUE_LIST:
		return set_list(parser, spec, value);
	case VALUE_DURATION:
		return set_duration(parser, spec, value);
	case VALUE_WORD:
	case VALUE_PHASE:
		return set_word(parser, spec, value);
	}
	return -EINVAL;
}

static const struct option_spec *option_find(const char *word, size_t len)
{
	if (len == 2 && strncmp(word, "-h", len) == 0)
		return option_find("--help", strlen("--help"));
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (strlen(option_specs[i].name) == len && strncmp(option_specs[i].name, word, len) == 0)
			return &option_specs[i];
	return NULL;
}

/* Takes the option at *i, and the word after it when that is its value. */
static int take_option(struct parser *parser, int argc, char *const argv[], int *i)
{
	const char *word = argv[*i], *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word) : strlen(word);
	const struct option_spec *spec = option_find(word, len);

	if (!spec) {
		char *name = options_own(parser->options, word);
		const char *near;

		name[len] = '\0';
		near = option_nearest(name);
		/* The options own it. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
		return near ? FAIL(parser, "there is no option %s; did you mean %s?", name, near)
		            : FAIL(parser, "there is no option %s; see omfwd --help", name);
	}
	if (!spec->value && equals)
		return FAIL(parser, "%s takes no value; write it alone", spec->name);
	if (!spec->value)
		return set_value(parser, spec, "");
	if (equals)
		return set_value(parser, spec, equals + 1);
	if (*i + 1 >= argc)
		return FAIL(parser, "%s needs a value; write %s %s", spec->name, spec->name, spec->value);
	return set_value(parser, spec, argv[++*i]);
}

static int take_word(struct parser *parser, const char *word)
{
	struct options *options = parser->options;
	const char *near;

	if (options->command != COMMAND_NONE) {
		word_list_add(&options->args, word);
		return 0;
	}
	options->command = command_find(word);
	if (options->command != COMMAND_NONE)
		return 0;
	near = command_nearest(word);
	return near ? FAIL(parser, "there is no command '%s'; did you mean %s?", word, near)
	            : FAIL(parser, "there is no command '%s'; see omfwd --help", word);
}

/* The commands an option goes with, for a message: "--phase", "agent". */
static const char *option_home(const struct option_spec *spec)
{
	for (enum command command = COMMAND_NONE + 1; command < COMMAND_MAX; command++)
		if (spec->commands & COMMAND_BIT(command))
			return command_name(command);
	return "no command";
}

/* A format is known before its command is: now that both are, they must go together. */
static int check_format(struct parser *parser)
{
	const char *const *formats = command_specs[parser->options->command].formats;
	char known[FORMATS_MAX] = "";
	size_t n = 0, len = 0;

	if (!formats || !parser->options->format)
		return 0;
	while (formats[n])
		if (strcmp(formats[n++], parser->options->format) == 0)
			return 0;
	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(known + len, sizeof(known) - len, "%s%s",
		                        i == 0       ? ""
		                        : i + 1 == n ? " or "
		                                     : ", ",
		                        formats[i]);
	return FAIL(parser, "--format does not know '%s'; it takes %s", parser->options->format, known);
}

static int check_options(struct parser *parser)
{
	const struct options *options = parser->options;
	const char *name = command_name(options->command);

	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (parser->given[i] && !(option_specs[i].commands & COMMAND_BIT(options->command)))
			return FAIL(parser, "%s does not belong to %s; it goes with %s", option_specs[i].name,
			            options->command == COMMAND_NONE ? "this" : name,
			            option_home(&option_specs[i]));
	if (options->command == COMMAND_PHASE && options->phase == WANT_RUN && options->for_seconds)
		return FAIL(parser, "--for does not belong to --phase run; it goes with --phase install");
	if (options->follow && options->suggest)
		return FAIL(parser, "--follow and --suggest do not go together; give one of them");
	return check_format(parser);
}

static int check_args(struct parser *parser)
{
	const struct options *options = parser->options;
	const struct command_spec *spec = &command_specs[options->command];

	if (options->command == COMMAND_NONE)
		return FAIL(parser, "no command given; see omfwd --help");
	if (options->args.n > spec->max_args)
		return FAIL(parser, "'%s' is one word too many; write omfwd %s",
		            options->args.items[spec->max_args], spec->synopsis);
	if (options->args.n < spec->min_args)
		return FAIL(parser, "%s needs more words; write omfwd %s", spec->name, spec->synopsis);
	return 0;
}

/* systemd may name several directories, separated by colons; the first is ours. */
static const char *directory_default(struct options *options, const char *variable, const char *fallback)
{
	const char *value = getenv(variable);
	char *copy;

	if (!value || !*value)
		return fallback;
	copy = options_own(options, value);
	copy[strcspn(copy, ":")] = '\0';
	return copy;
}

static void set_defaults(struct options *options)
{
	if (options->command == COMMAND_NONE && options->phase != WANT_NOTHING)
		options->command = COMMAND_PHASE;
	if (!options->config)
		options->config = DEFAULT_CONFIG;
	options->run_dir_named = options->run_dir != NULL;
	if (!options->run_dir)
		options->run_dir = directory_default(options, "RUNTIME_DIRECTORY", DEFAULT_RUN_DIR);
	if (!options->state_dir)
		options->state_dir = directory_default(options, "STATE_DIRECTORY", DEFAULT_STATE_DIR);
}

static int parse_words(struct parser *parser, int argc, char *const argv[])
{
	int r = 0;

	for (int i = 1; i < argc && r == 0; i++) {
		const char *word = argv[i];

		if (!parser->only_args && strcmp(word, "--") == 0)
			parser->only_args = true;
		else if (!parser->only_args && word[0] == '-' && word[1])
			r = take_option(parser, argc, argv, &i);
		else
			r = take_word(parser, word);
	}
	return r;
}

static int parse_and_check(struct parser *parser, int argc, char *const argv[])
{
	struct options *options = parser->options;
	int r = parse_words(parser, argc, argv);

	set_defaults(options);
	if (r < 0 || options->help || options->version)
		return r;
	r = check_options(parser);
	return r < 0 ? r : check_args(parser);
}

/* The sentence repeats words of the command line, which may hold anything; it is one line all the same. */
int options_parse(int argc, char *const argv[], struct options *ret, char *error, size_t size)
{
	char plain[ERROR_MAX];
	struct parser parser = {.options = ret, .error = plain, .size = sizeof(plain)};
	int r;

	*ret = (struct options){.command = COMMAND_NONE};
	r = parse_and_check(&parser, argc, argv);
	if (r < 0)
		text_escape(plain, strlen(plain), error, size);
	return r;
}

void options_free(struct options *options)
{
	for (size_t i = 0; i < options->owned.n; i++)
		free((char *)options->owned.items[i]);
	free(options->owned.items);
	free(options->sections.items);
	free(options->rows.items);
	free(options->args.items);
	*options = (struct options){.command = COMMAND_NONE};
}

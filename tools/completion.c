/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the three completions have in common. What a value is follows from what the help calls it, and what an argument is
 * from the command's synopsis, so that a new command or option completes without anything being said here.
 */
#include <ctype.h>
#include <string.h>

#include "policy/port_tables.h"
#include "tools/docs.h"
#include "util/array.h"

static const struct {
	const char *value;
	enum completion kind;
} values[] = {
        {"FILE", COMPLETE_FILES},      {"DIR", COMPLETE_DIRECTORIES}, {"TIME", COMPLETE_TIMES},
        {"NAME", COMPLETE_SECTIONS},   {"ID,...", COMPLETE_ROWS},     {"ROLE", COMPLETE_ROLES},
        {"PROTO", COMPLETE_PROTOCOLS},
};

/* "[FILE]", "PROTO[/PORT]": by the word in capitals that it begins with. */
static enum completion completion_of_word(const char *word, size_t len)
{
	while (len > 0 && *word == '[')
		word++, len--;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		size_t n = strlen(values[i].value);

		if (len >= n && strncmp(word, values[i].value, n) == 0 &&
		    (len == n || !isupper((unsigned char)word[n])))
			return values[i].kind;
	}
	return COMPLETE_NOTHING;
}

enum completion completion_of_option(const struct option_spec *option)
{
	if (option->words)
		return COMPLETE_WORDS;
	return option->value ? completion_of_word(option->value, strlen(option->value)) : COMPLETE_NOTHING;
}

/* Options and their values are the words from the first "--" or "[--" on; arguments stand before. */
enum completion completion_of_argument(enum command command, unsigned index)
{
	const struct command_spec *spec = &command_specs[command];
	const char *word = spec->name ? spec->synopsis + strlen(spec->name) : "";

	if (index >= spec->max_args)
		return COMPLETE_NOTHING;
	for (;; index--) {
		word += strspn(word, " ");
		if (!*word || strncmp(word, "--", 2) == 0 || strncmp(word, "[--", 3) == 0)
			return COMPLETE_NOTHING;
		if (index == 0)
			return completion_of_word(word, strcspn(word, " "));
		word += strcspn(word, " ");
	}
}

const char *const *completion_words_of(const struct option_spec *option, enum command command)
{
	const char *const *formats = command_specs[command].formats;

	return option->kind == VALUE_WORD && formats ? formats : option->words;
}

void completion_print_words(const char *const *words, FILE *out)
{
	for (const char *const *word = words; *word; word++)
		fprintf(out, "%s%s", word == words ? "" : " ", *word);
}

void completion_print_rows(FILE *out)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		fprintf(out, "%s%s", i == 0 ? "" : " ", table_rows[i].id);
}

void completion_print_roles(FILE *out)
{
	for (enum role role = 0; role < ROLE_MAX; role++)
		fprintf(out, "%s%s", role == 0 ? "" : " ", role_name(role));
}

void completion_print_help(const char *help, FILE *out)
{
	for (; *help && *help != ';'; help++)
		if (*help != '\'' && *help != '[' && *help != ']')
			fputc(*help == ':' ? ',' : *help, out);
}

bool completion_goes_with(const struct option_spec *option, enum command command)
{
	return option->commands & COMMAND_BIT(command);
}

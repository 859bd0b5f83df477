/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Both formats become blocks of lines with a language, and a block becomes steps. Nothing in a block is left out: a line is
 * a command, part of one, its answer, or a comment.
 */
#include "tests/docs/document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/docs/page.h"
#include "util/array.h"
#include "util/file.h"

#define FENCE    "```"
#define PROMPT   "# "
#define ANYTHING "..."

/* text with a line added; replaces text. */
static char *append_line(char *text, const char *line)
{
	char *joined;

	if (asprintf(&joined, "%s%s\n", text ? text : "", line) < 0)
		abort();
	free(text);
	return joined;
}

static struct step *add_step(struct document *document, enum step_kind kind, const char *text)
{
	struct step *step = ARRAY_PUSH(document->steps, document->n, document->cap);

	*step = (struct step){.kind = kind, .text = strdup(text)};
	return step;
}

/* "omfwd status    # how it is": a comment has two blanks before it. */
static void cut_comment(char *command)
{
	char *comment = strstr(command, "  #");

	if (comment)
		*comment = '\0';
	for (size_t n = strlen(command); n > 0 && command[n - 1] == ' '; n--)
		command[n - 1] = '\0';
}

/* Adds a command, or goes on with one that ended in a backslash. */
static void add_command(struct document *document, const char *line, bool *continued)
{
	struct step *last = *continued ? &document->steps[document->n - 1] : NULL;
	size_t len;

	if (last) {
		char *joined;

		if (asprintf(&joined, "%s%s", last->text, line + strspn(line, " ")) < 0)
			abort();
		free(last->text);
		last->text = joined;
	} else {
		last = add_step(document, STEP_COMMAND, line);
	}
	len = strlen(last->text);
	*continued = len > 0 && last->text[len - 1] == '\\';
	if (*continued)
		last->text[len - 1] = '\0';
	else
		cut_comment(last->text);
}

static void take_shell(struct document *document, char *text)
{
	bool continued = false;
	char *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (continued || *line != '#')
			add_command(document, line, &continued);
}

static void take_console(struct document *document, char *text)
{
	bool continued = false;
	char *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (continued || strncmp(line, PROMPT, strlen(PROMPT)) == 0) {
			add_command(document, line + (continued ? 0 : strlen(PROMPT)), &continued);
		} else {
			if (document->n == 0)
				fail_msg("%s: \"%s\" answers no command", document->path, line);
			struct step *last = &document->steps[document->n - 1];

			last->output = append_line(last->output, line);
		}
}

static void take_block(struct document *document, const char *language, char *text)
{
	if (strcmp(language, "sh") == 0)
		take_shell(document, text);
	else if (strcmp(language, "console") == 0)
		take_console(document, text);
	else if (strcmp(language, "ini") == 0)
		add_step(document, STEP_ROLE_FILE, text);
	else
		fail_msg("%s has a block of kind \"%s\"; write sh, console or ini, which are checked",
		         document->path, language);
}

static char *read_text(const char *path)
{
	char *text;
	size_t len;

	if (file_read(path, &text, &len) < 0)
		fail_msg("cannot read %s", path);
	return text;
}

void document_open_markdown(const char *path, struct document *ret)
{
	char *text = read_text(path), *rest = text, *line, *block = NULL, language[32] = "";
	bool inside = false;

	*ret = (struct document){.path = path};
	while ((line = strsep(&rest, "\n"))) {
		if (strncmp(line, FENCE, strlen(FENCE)) != 0) {
			block = inside ? append_line(block, line) : block;
			continue;
		}
		inside = !inside;
		if (inside)
			snprintf(language, sizeof(language), "%s", line + strlen(FENCE));
		else if (block)
			take_block(ret, language, block);
		free(inside ? NULL : block);
		block = NULL;
	}
	assert_false(inside);
	free(text);
}

void document_open_man(const char *path, struct document *ret)
{
	struct page page;
	char *block = NULL;
	bool inside = false;

	*ret = (struct document){.path = path};
	page_open(path, path, &page);
	for (size_t i = 0; i < page.n; i++) {
		const struct page_line *line = &page.lines[i];

		if (strcmp(line->macro, "EX") == 0) {
			inside = true;
		} else if (strcmp(line->macro, "EE") == 0) {
			take_block(ret,
			           block && strncmp(block, PROMPT, strlen(PROMPT)) == 0 ? "console" : "ini",
			           block);
			free(block);
			block = NULL;
			inside = false;
		} else if (inside) {
			block = append_line(block, line->text);
		}
	}
	page_close(&page);
}

void document_close(struct document *document)
{
	for (size_t i = 0; i < document->n; i++) {
		free(document->steps[i].text);
		free(document->steps[i].output);
	}
	free(document->steps);
}

/* shown[0..n) against a line: the pieces between dots follow each other. */
static bool line_matches(const char *shown, size_t n, const char *line, size_t len)
{
	const char *dots = memmem(shown, n, ANYTHING, strlen(ANYTHING));

	if (!dots)
		return n == len && memcmp(shown, line, n) == 0;
	size_t before = (size_t)(dots - shown), after = n - before - strlen(ANYTHING);

	if (len < before || memcmp(shown, line, before) != 0)
		return false;
	for (size_t at = before; at <= len; at++)
		if (line_matches(dots + strlen(ANYTHING), after, line + at, len - at))
			return true;
	return false;
}

static size_t line_length(const char *text)
{
	size_t len = strcspn(text, "\n");

	while (len > 0 && text[len - 1] == ' ')
		len--;
	return len;
}

static const char *next_line(const char *text)
{
	text += strcspn(text, "\n");
	return *text ? text + 1 : text;
}

static bool output_matches(const char *shown, const char *output)
{
	while (*shown) {
		size_t n = line_length(shown);

		if (n == strlen(ANYTHING) && strncmp(shown, ANYTHING, n) == 0) {
			if (output_matches(next_line(shown), output))
				return true;
			if (!*output)
				return false;
			output = next_line(output);
			continue;
		}
		if (!*output || !line_matches(shown, n, output, line_length(output)))
			return false;
		shown = next_line(shown);
		output = next_line(output);
	}
	return !*output;
}

/* A copy with one moment for all, and without empty lines, as those of a document's blocks are lost in strtok(). */
static char *normalise(const char *text)
{
	static const char moment[] = "0000-00-00 00:00:00";
	char *copy = calloc(strlen(text) + 1, 1), *to = copy;

	for (const char *line = text; *line; line = next_line(line))
		if (*line != '\n')
			to = mempcpy(to, line, (size_t)(next_line(line) - line));
	for (to = copy; strlen(to) >= strlen(moment); to++) {
		size_t n = 0;

		while (moment[n] && (moment[n] == '0' ? to[n] >= '0' && to[n] <= '9' : to[n] == moment[n]))
			n++;
		if (!moment[n])
			memcpy(to, moment, n);
	}
	return copy;
}

int document_output_matches(const char *shown, const char *output)
{
	char *wanted = normalise(shown), *got = normalise(output);
	bool matches = output_matches(wanted, got);

	free(wanted);
	free(got);
	return matches;
}

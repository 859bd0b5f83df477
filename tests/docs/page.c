/* SPDX-License-Identifier: GPL-2.0-or-later */
/* As much of man(7) as our pages use: macros that alternate fonts join their words, the others keep them apart. */
#include "tests/docs/page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/file.h"

static const struct {
	const char *escape, *text;
} escapes[] = {
        {"\\-", "-"},    {"\\~", " "},   {"\\ ", " "},   {"\\&", ""},     {"\\e", "\\"},  {"\\fB", ""},
        {"\\fI", ""},    {"\\fR", ""},   {"\\fP", ""},   {"\\(dq", "\""}, {"\\(->", ">"}, {"\\(lq", "\""},
        {"\\(rq", "\""}, {"\\(en", "-"}, {"\\(oq", "'"}, {"\\(cq", "'"},
};

/* One escape at *from, or one character, to *to. */
static void copy_one(const char **from, char **to)
{
	for (size_t i = 0; i < ARRAY_SIZE(escapes); i++) {
		size_t len = strlen(escapes[i].escape);

		if (strncmp(*from, escapes[i].escape, len) != 0)
			continue;
		*to = stpcpy(*to, escapes[i].text);
		*from += len;
		return;
	}
	*(*to)++ = *(*from)++;
}

/* .BR, .IB ...: two letters out of B, I, R. */
static bool is_alternating(const char *macro)
{
	return strlen(macro) == 2 && strchr("BIR", macro[0]) && strchr("BIR", macro[1]);
}

/* The words of a macro's line, quotes taken off. */
static void copy_arguments(const char *from, bool joined, char *to)
{
	bool quoted = false;

	while (*from)
		if (*from == '"') {
			quoted = !quoted;
			from++;
		} else if (*from == ' ' && !quoted && joined) {
			from++;
		} else {
			copy_one(&from, &to);
		}
	*to = '\0';
}

static struct page_line line_of(const char *source)
{
	struct page_line line = {.text = calloc(strlen(source) + 1, 1)};
	char *to = line.text;

	if (*source != '.') {
		while (*source)
			copy_one(&source, &to);
		return line;
	}
	size_t len = strcspn(source + 1, " ");
	snprintf(line.macro, sizeof(line.macro), "%.*s", (int)len, source + 1);
	source += 1 + len;
	copy_arguments(source + strspn(source, " "), is_alternating(line.macro), line.text);
	return line;
}

void page_open(const char *path, const char *name, struct page *ret)
{
	char *text, *rest = NULL;
	size_t len;

	*ret = (struct page){.name = strdup(name)};
	if (file_read(path, &text, &len) < 0)
		fail_msg("cannot read %s", path);
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		*ARRAY_PUSH(ret->lines, ret->n, ret->cap) = line_of(line);
	free(text);
}

void page_close(struct page *page)
{
	for (size_t i = 0; i < page->n; i++)
		free(page->lines[i].text);
	free(page->lines);
	free(page->name);
}

size_t page_section(const struct page *page, const char *title, size_t *end)
{
	size_t first = page->n;

	*end = page->n;
	for (size_t i = 0; i < page->n; i++) {
		if (strcmp(page->lines[i].macro, "SH") != 0)
			continue;
		if (first < page->n) {
			*end = i;
			break;
		}
		if (strcmp(page->lines[i].text, title) == 0)
			first = i + 1;
	}
	return first;
}

bool page_has_entry(const struct page *page, const char *title, const char *words)
{
	size_t end, len = strlen(words);

	for (size_t i = page_section(page, title, &end); i + 1 < end; i++) {
		const char *tag = page->lines[i + 1].text;

		if (strcmp(page->lines[i].macro, "TP") == 0 && strncmp(tag, words, len) == 0 &&
		    (!tag[len] || strchr(" ,[=", tag[len])))
			return true;
	}
	return false;
}

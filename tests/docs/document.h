/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a reader of the documentation would type: role files, and command lines with what they answer. From README.md those
 * of fenced blocks, from man pages those of examples (.EX).
 */
#ifndef TESTS_DOCUMENT_H
#define TESTS_DOCUMENT_H

#include <stddef.h>

enum step_kind {
	STEP_COMMAND,   /* a line of a sh block; "# " of a console block or an example */
	STEP_ROLE_FILE, /* an ini block */
};

struct step {
	enum step_kind kind;
	char *text;   /* the command, continued lines joined, comment taken off; or the file */
	char *output; /* what the document shows below it; NULL: nothing */
};

struct document {
	const char *path;
	struct step *steps;
	size_t n, cap;
};

/* Ends the test if the file cannot be read, or has a block of a kind that nobody checks. */
void document_open_markdown(const char *path, struct document *ret);
void document_open_man(const char *path, struct document *ret);
void document_close(struct document *document);

/*
 * Whether the output is what is shown, line by line: "..." in a shown line stands for anything, and a line of nothing
 * else for any lines. Blanks at the end, empty lines and moments (2026-11-20 09:12:40) do not matter.
 */
int document_output_matches(const char *shown, const char *output);

#endif

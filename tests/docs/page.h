/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A man page's source as plain text, for tests that compare it with the program. */
#ifndef TESTS_PAGE_H
#define TESTS_PAGE_H

#include <stdbool.h>
#include <stddef.h>

/* One line of a page: what its macro was ("" for text), and what remains without fonts and escapes. */
struct page_line {
	char macro[8];
	char *text;
};

struct page {
	char *name; /* "man/omfwd.8" */
	struct page_line *lines;
	size_t n, cap;
};

/* Reads a page; ends the test if it cannot. */
void page_open(const char *path, const char *name, struct page *ret);
void page_close(struct page *page);

/* The index of the first line of a section (.SH), or n; and the one after its last line. */
size_t page_section(const struct page *page, const char *title, size_t *end);

/* Whether a section has an entry (.TP, and the line after it) that begins with these words. */
bool page_has_entry(const struct page *page, const char *title, const char *words);

#endif

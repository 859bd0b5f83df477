/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Diagnostics: everything wrong with the administrator's input, collected and printed at the end, one a line, as
 * "FILE:LINE: what is wrong; what would be right". Warnings are printed as "FILE:LINE: warning: ...".
 */
#ifndef OMFWD_DIAG_H
#define OMFWD_DIAG_H

#include <stdio.h>

#include "util/source.h"

enum diag_level { DIAG_ERROR, DIAG_WARNING };

struct diag {
	enum diag_level level;
	loc_t loc;
	char *text;
};

struct diag_list {
	const struct source_map *sources; /* set once the map exists; may be NULL */
	struct diag *items;
	size_t n, cap;
	size_t n_errors;
};

/* The text says what is wrong, a semicolon, and what would be right. */
void diag_error(struct diag_list *list, loc_t loc, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));
void diag_warning(struct diag_list *list, loc_t loc, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));

/* Prints all, in the order of the files and lines they speak of. Control characters are shown as \xNN. */
void diag_print(const struct diag_list *list, FILE *out);

/* Writes "FILE:LINE: [warning: ]text" of one item into buf, always terminated. */
void diag_format(const struct diag_list *list, const struct diag *item, char *buf, size_t size);

/* Frees the items; the list itself belongs to the caller. */
void diag_clear(struct diag_list *list);

#endif

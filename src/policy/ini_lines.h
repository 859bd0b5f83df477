/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reader between a role file and inih. It understands physical lines and hands inih short ones only, so that lines
 * of any length arrive whole, with their line numbers, whatever limits the installed inih was built with.
 */
#ifndef OMFWD_INI_LINES_H
#define OMFWD_INI_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "util/diag.h"

#define INI_LINE_MAX ((size_t)1 << 20) /* bytes of one physical line */
#define INI_NAME_MAX 49                /* what inih holds of a section or key */

struct ini_sink {
	/* A [name] line; the values that follow belong to it. */
	void (*section)(void *data, const char *name, loc_t loc);
	/*
	 * One physical line of a key, whole, blanks at its ends removed, runs of blanks made one, comment removed.
	 * is_continuation: an indented line below the key's own.
	 */
	void (*value)(void *data, const char *key, const char *value, loc_t loc, bool is_continuation);
	/* True for keys whose value is free text, in which '#' begins no comment. */
	bool (*is_text)(const char *key);
	void *data;
};

/*
 * Reads a role file of len bytes, whose source was begun in sources, into the sink. Lines that are malformed go to
 * diags instead.
 */
void ini_lines_parse(const char *text, size_t len, struct source_map *sources, struct diag_list *diags,
                     const struct ini_sink *sink);

#endif

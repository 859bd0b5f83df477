/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of a physical line of a role file. Pure. */
#ifndef OMFWD_INI_SPLIT_H
#define OMFWD_INI_SPLIT_H

#include <stdbool.h>
#include <stddef.h>

/* A part of the file, not terminated. */
struct ini_text {
	const char *at;
	size_t len;
};

/* The line that *next points at, without its end (LF or CRLF); moves *next. False at the end of the file. */
bool ini_next_line(const char **next, const char *end, struct ini_text *ret);

/* Without blanks at either end. */
struct ini_text ini_trim(struct ini_text text);

/* Where the first byte stands that is no part of plain UTF-8 text (tabs are fine); text.len if there is none. */
size_t ini_find_bad_byte(struct ini_text text);

/* "[name] rest": false if the bracket does not close. A comment is no rest. */
bool ini_split_section(struct ini_text line, struct ini_text *name, struct ini_text *rest);

/* "key = value" at the first '='; false if there is none before a comment. The value keeps its comment. */
bool ini_split_key(struct ini_text line, struct ini_text *key, struct ini_text *value);

/* True for one or more letters, digits, '_' and '-'. */
bool ini_is_word(struct ini_text text);

/* True for one or more such words with blanks between them. */
bool ini_is_words(struct ini_text text);

/* The text up to a blank followed by ';', or by '#' if hash is true. */
struct ini_text ini_strip_comment(struct ini_text text, bool hash);

/* Copies text into to (room for text.len) with blanks at the ends removed and runs of blanks made one; the length. */
size_t ini_collapse(struct ini_text text, char *to);

#endif

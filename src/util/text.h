/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text that others wrote, on its way into a message: nothing in it may speak to the reader's terminal. */
#ifndef OMFWD_TEXT_H
#define OMFWD_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The length of the character that text begins with (1 to 4 bytes of well-formed UTF-8), or 0 if it is a control
 * character or no UTF-8. len is at least 1.
 */
size_t text_char_len(const char *text, size_t len);

/* Copies text into buf with everything unprintable as \xNN; always terminated, cut if it does not fit. */
char *text_escape(const char *text, size_t len, char *buf, size_t size);

/* The same in double quotes, and shortened with "..." beyond TEXT_QUOTE_CHARS bytes. buf of TEXT_QUOTE_MAX. */
char *text_quote(const char *text, size_t len, char *buf, size_t size);
#define TEXT_QUOTE_CHARS 60
#define TEXT_QUOTE_MAX   (TEXT_QUOTE_CHARS * 4 + 6)

/* Whether both are the same text, or both NULL. */
bool text_same(const char *a, const char *b);

#endif

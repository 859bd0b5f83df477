// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is printable: well-formed UTF-8 without control characters (C0, DEL, and C1, which terminals obey too).
 * Everything else is shown byte by byte.
 */
#include <stdint.h>
#include <string.h>

#include "util/text.h"

/* Shape of a lead byte: how long the character is, and the lowest code point that needs that length. */
static const struct utf8_lead {
	uint8_t mask, bits;
	unsigned len;
	uint32_t min;
} utf8_leads[] = {
        {0x80, 0x00, 1, 0x20},
        {0xe0, 0xc0, 2, 0xa0},
        {0xf0, 0xe0, 3, 0x800},
        {0xf8, 0xf0, 4, 0x10000},
};

static size_t lead_char_len(const struct utf8_lead *lead, const char *text, size_t len)
{
	uint32_t code = (uint8_t)text[0] & (uint8_t)~lead->mask;

	if (lead->len > len)
		return 0;
	for (size_t i = 1; i < lead->len; i++) {
		if (((uint8_t)text[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | ((uint8_t)text[i] & 0x3f);
	}
	if (code < lead->min || code == 0x7f || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return lead->len;
}

size_t text_char_len(const char *text, size_t len)
{
	for (size_t i = 0; i < sizeof(utf8_leads) / sizeof(utf8_leads[0]); i++) {
		if (((uint8_t)text[0] & utf8_leads[i].mask) == utf8_leads[i].bits)
			return lead_char_len(&utf8_leads[i], text, len);
	}
	return 0;
}

/* Appends one character or one escaped byte at *to; returns how much of text it took, 0 if there is no room. */
static size_t escape_one(const char *text, size_t len, char **to, const char *end)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = text_char_len(text, len);
	size_t need = n ? n : 4;

	if ((size_t)(end - *to) < need)
		return 0;
	if (n) {
		memcpy(*to, text, n);
	} else {
		memcpy(*to, "\\x", 2);
		(*to)[2] = digits[(uint8_t)text[0] >> 4];
		(*to)[3] = digits[(uint8_t)text[0] & 15];
	}
	*to += need;
	return n ? n : 1;
}

char *text_escape(const char *text, size_t len, char *buf, size_t size)
{
	char *to = buf;

	for (size_t i = 0, n; i < len; i += n) {
		n = escape_one(text + i, len - i, &to, buf + size - 1);
		if (!n)
			break;
	}
	*to = '\0';
	return buf;
}

char *text_quote(const char *text, size_t len, char *buf, size_t size)
{
	bool cut = len > TEXT_QUOTE_CHARS;
	size_t used;

	if (cut) {
		/* not in the middle of a character */
		for (len = TEXT_QUOTE_CHARS - 3; len > 0 && ((uint8_t)text[len] & 0xc0) == 0x80;)
			len--;
	}
	buf[0] = '"';
	text_escape(text, len, buf + 1, size - 5);
	used = strlen(buf);
	strcpy(buf + used, cut ? "...\"" : "\"");
	return buf;
}

bool text_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

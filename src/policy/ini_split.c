// SPDX-License-Identifier: GPL-2.0-or-later
/* Splits lines. A blank is a space or a tab; nothing else that isspace() likes gets past ini_find_bad_byte(). */
#include "policy/ini_split.h"

#include <string.h>

#include "util/text.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool ini_next_line(const char **next, const char *end, struct ini_text *ret)
{
	const char *start = *next, *newline;

	if (start == end)
		return false;
	newline = memchr(start, '\n', (size_t)(end - start));
	*next = newline ? newline + 1 : end;
	ret->at = start;
	ret->len = (size_t)((newline ? newline : end) - start);
	if (ret->len && start[ret->len - 1] == '\r')
		ret->len--;
	return true;
}

struct ini_text ini_trim(struct ini_text text)
{
	while (text.len && is_blank(text.at[0])) {
		text.at++;
		text.len--;
	}
	while (text.len && is_blank(text.at[text.len - 1]))
		text.len--;
	return text;
}

size_t ini_find_bad_byte(struct ini_text text)
{
	size_t i = 0, n;

	while (i < text.len) {
		n = text.at[i] == '\t' ? 1 : text_char_len(text.at + i, text.len - i);
		if (!n)
			break;
		i += n;
	}
	return i;
}

bool ini_split_section(struct ini_text line, struct ini_text *name, struct ini_text *rest)
{
	const char *close = memchr(line.at, ']', line.len);

	if (!close)
		return false;
	*name = ini_trim((struct ini_text){line.at + 1, (size_t)(close - line.at) - 1});
	rest->at = close + 1;
	rest->len = line.len - (size_t)(rest->at - line.at);
	*rest = ini_trim(ini_strip_comment(*rest, true));
	return true;
}

bool ini_split_key(struct ini_text line, struct ini_text *key, struct ini_text *value)
{
	const char *equals = memchr(line.at, '=', line.len);
	struct ini_text before;

	if (!equals)
		return false;
	before = (struct ini_text){line.at, (size_t)(equals - line.at)};
	if (ini_strip_comment(before, true).len != before.len)
		return false;
	*key = ini_trim(before);
	value->at = equals + 1;
	value->len = line.len - before.len - 1;
	return true;
}

static bool is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
	       c == '-';
}

bool ini_is_word(struct ini_text text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_word_char(text.at[i]))
			return false;
	return text.len > 0;
}

bool ini_is_words(struct ini_text text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_word_char(text.at[i]) && !is_blank(text.at[i]))
			return false;
	return text.len > 0;
}

struct ini_text ini_strip_comment(struct ini_text text, bool hash)
{
	for (size_t i = 1; i < text.len; i++) {
		if (is_blank(text.at[i - 1]) && (text.at[i] == ';' || (hash && text.at[i] == '#')))
			text.len = i - 1;
	}
	return text;
}

size_t ini_collapse(struct ini_text text, char *to)
{
	size_t len = 0;

	text = ini_trim(text);
	for (size_t i = 0; i < text.len; i++) {
		if (!is_blank(text.at[i]))
			to[len++] = text.at[i];
		else if (to[len - 1] != ' ')
			to[len++] = ' ';
	}
	return len;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Every length is held against what is left before it is believed. */
#include "ruleset/store_reader.h"

#include <string.h>

#include "ruleset/store_format.h"

static size_t left(const struct reader *in)
{
	return in->bad ? 0 : (size_t)(in->end - in->at);
}

const unsigned char *take_bytes(struct reader *in, size_t len)
{
	const unsigned char *bytes = in->at;

	if (len > left(in)) {
		in->bad = true;
		return NULL;
	}
	in->at += len;
	return bytes;
}

uint64_t take_number(struct reader *in, unsigned bytes)
{
	const unsigned char *from = take_bytes(in, bytes);
	uint64_t value = 0;

	for (unsigned i = 0; from && i < bytes; i++)
		value |= (uint64_t)from[i] << (8 * i);
	return value;
}

uint64_t take_up_to(struct reader *in, unsigned bytes, uint64_t max)
{
	uint64_t value = take_number(in, bytes);

	if (value <= max)
		return value;
	in->bad = true;
	return 0;
}

size_t take_count(struct reader *in, size_t item_size)
{
	uint64_t n = take_number(in, 4);

	if (n <= left(in) / item_size)
		return (size_t)n;
	in->bad = true;
	return 0;
}

const char *take_text(struct reader *in, size_t max)
{
	size_t len = (size_t)take_number(in, 2);
	const unsigned char *bytes = in->bad || len == STORE_NO_TEXT ? NULL : take_bytes(in, len);

	if (!bytes)
		return NULL;
	if (len <= max && !memchr(bytes, '\0', len))
		return arena_strndup(in->arena, (const char *)bytes, len);
	in->bad = true;
	return NULL;
}

const char *take_name(struct reader *in, size_t max)
{
	const char *text = take_text(in, max);

	if (text && *text)
		return text;
	in->bad = true;
	return "";
}

size_t take_word(struct reader *in, const char *const *words, size_t n)
{
	const char *text = take_name(in, STORE_NAME_MAX);

	for (size_t i = 0; i < n && !in->bad; i++)
		if (words[i] && !strcmp(text, words[i]))
			return i;
	in->bad = true;
	return 0;
}

u128 take_address6(struct reader *in)
{
	u128 low = take_number(in, 8);

	return low | (u128)take_number(in, 8) << 64;
}

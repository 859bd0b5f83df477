/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Taking values off bytes that may be damaged. The first thing that is wrong makes the reader bad; from then on every
 * value is 0 or NULL, so that callers need to look only where they would loop or allocate.
 */
#ifndef OMFWD_STORE_READER_H
#define OMFWD_STORE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/addr.h"
#include "util/arena.h"

struct reader {
	const unsigned char *at, *end;
	struct arena *arena; /* where texts go */
	bool bad;
};

uint64_t take_number(struct reader *in, unsigned bytes);
/* An IPv6 address, the low half first. */
u128 take_address6(struct reader *in);
/* A number up to max. */
uint64_t take_up_to(struct reader *in, unsigned bytes, uint64_t max);
/* The length of a list whose items take at least item_size bytes each: never more than can follow. */
size_t take_count(struct reader *in, size_t item_size);
/* The next len bytes, or NULL. */
const unsigned char *take_bytes(struct reader *in, size_t len);
/* A text of at most max bytes in the arena, or NULL when there is none. */
const char *take_text(struct reader *in, size_t max);
/* A text that must be there and not be empty; "" when bad. */
const char *take_name(struct reader *in, size_t max);
/* The index of the text in a list of n words; 0 and bad when it is none of them. */
size_t take_word(struct reader *in, const char *const *words, size_t n);

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets as NFLOG hands them on, and the list of what was denied that is made of them. A packet of the input is a byte
 * of how (path, time that passes), two of length and the packet. The list stays within its bound, newest first, and no
 * packet is lost from its counts.
 */
#include "tests/fuzz/fuzz.h"

#include "agent/denials.h"

#define ENTRIES 8 /* few, so that they give way */
#define NOW     ((time_t)1790000000)

static void check_list(struct denials *denials, uint64_t added)
{
	const struct denials_counts *counts = denials_counts(denials);
	uint64_t told = 0, touched = UINT64_MAX;
	struct query query;
	size_t n = 0;

	for (const struct denial *d = denials_newest(denials); d; d = denials_next(denials, d)) {
		FUZZ_HOLDS(d->touched < touched && d->first <= d->last && d->count > 0);
		FUZZ_HOLDS(!denial_query(&d->key, &query) || query.src.is_v6 == query.dst.is_v6);
		touched = d->touched;
		told += denials_tell(denials, d);
		n++;
	}
	FUZZ_HOLDS(n <= ENTRIES && counts->logged + counts->unreadable >= added && told <= added);
	FUZZ_HOLDS(counts->evicted > 0 || told + counts->unreadable == added);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct denials *denials = denials_new(ENTRIES, NOW);
	const uint8_t *at = data, *end = data + size;
	uint64_t n = 0;
	time_t now = NOW;

	while (end - at >= 3) {
		size_t left = (size_t)(end - at) - 3, len = (size_t)at[1] << 8 | at[2];

		len = len < left ? len : left;
		now += at[0] >> 1;
		denials_add(denials, at + 3, len, at[0] & 1 ? PATH_LOCAL : PATH_FORWARD, now);
		at += 3 + len;
		n++;
	}
	check_list(denials, n);
	denials_free(denials);
	return 0;
}

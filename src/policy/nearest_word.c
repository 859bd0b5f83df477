// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The nearest known word: fewest edits, where an edit is one letter inserted, left out or replaced, or two neighbours
 * swapped. One edit in three letters is a misspelling, more is another word.
 */
#include "policy/policy.h"

#include <string.h>

#define WORD_MAX 64

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned min = a < b ? a : b;

	return min < c ? min : c;
}

/* The edit distance; three rows of the matrix are enough: this one, the one above, and the one above that. */
static unsigned word_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned rows[3][WORD_MAX + 1];

	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned *row = rows[i % 3];
		const unsigned *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			unsigned same = a[i - 1] == b[j - 1] ? 0 : 1;

			row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + same);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = min3(row[j], before[j - 2] + 1, row[j]);
		}
	}
	return rows[a_len % 3][b_len];
}

const char *nearest_word(const char *word, const char *const *candidates)
{
	size_t len = strlen(word);
	unsigned best = (len < 3 ? 1 : (unsigned)len / 3) + 1;
	const char *nearest = NULL;

	if (!len || len > WORD_MAX)
		return NULL;
	for (; *candidates; candidates++) {
		size_t candidate_len = strlen(*candidates);
		unsigned distance;

		if (candidate_len > WORD_MAX)
			continue;
		distance = word_distance(word, len, *candidates, candidate_len);
		if (distance < best) {
			best = distance;
			nearest = *candidates;
		}
	}
	return nearest;
}

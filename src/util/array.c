// SPDX-License-Identifier: GPL-2.0-or-later
/* Arrays grow by doubling, so that a million appends cost a million stores and twenty copies. */
#include <stdint.h>
#include <stdlib.h>

#include "util/array.h"

#define FIRST_CAPACITY 8

void *array_reserve(void *items, size_t *cap, size_t want, size_t size)
{
	size_t grown = *cap ? *cap : FIRST_CAPACITY;

	if (want <= *cap)
		return items;
	while (grown < want)
		grown = grown > SIZE_MAX / 2 ? want : grown * 2;
	items = reallocarray(items, grown, size);
	if (!items)
		abort();
	*cap = grown;
	return items;
}

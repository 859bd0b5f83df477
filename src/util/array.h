/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Growing arrays outside an arena: plain pointers, a count and a capacity. Out of memory aborts. */
#ifndef OMFWD_ARRAY_H
#define OMFWD_ARRAY_H

#include <stddef.h>

/* Returns an array (old one moved if needed) with room for at least want items of size bytes; updates *cap. */
void *array_reserve(void *items, size_t *cap, size_t want, size_t size);

/* Makes room for one more item at the end of ARRAY (count N, capacity CAP) and evaluates to a pointer to it. */
#define ARRAY_PUSH(array, n, cap)                                                                            \
	((n) < (cap) ? (void)0                                                                               \
	             : (void)((array) = array_reserve((array), &(cap), (n) + 1, sizeof(*(array)))),          \
	 &(array)[(n)++])

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif

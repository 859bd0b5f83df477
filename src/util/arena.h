/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An arena holds everything that belongs to one generation of the policy and is freed at once.
 * Memory is zeroed and aligned for any type. Running out of memory aborts: the policy stays in the kernel.
 */
#ifndef OMFWD_ARENA_H
#define OMFWD_ARENA_H

#include <stddef.h>

struct arena;

/* Returns a new, empty arena; release with arena_free(). */
struct arena *arena_new(void);

/* Frees the arena and everything allocated from it. NULL is allowed. */
void arena_free(struct arena *arena);

/* Returns size zeroed bytes that live as long as the arena. */
void *arena_alloc(struct arena *arena, size_t size);

/* Return a NUL-terminated copy in the arena. */
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t len);
char *arena_printf(struct arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define ARENA_NEW(arena, type)      ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, n) ((type *)arena_alloc((arena), sizeof(type) * (n)))

#endif

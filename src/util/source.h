/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where something in the policy was written. A loc_t names one line of one file in 32 bits, so that every member
 * of a role can carry its own: files are laid end to end in one numbering, in the order they were read.
 */
#ifndef OMFWD_SOURCE_H
#define OMFWD_SOURCE_H

#include <stdint.h>

#include "util/arena.h"

typedef uint32_t loc_t; /* 0: nowhere (a default) */

struct source_map;

/* The map lives in the arena. */
struct source_map *source_map_new(struct arena *arena);

/* The arena the map lives in. */
struct arena *source_map_arena(const struct source_map *map);

/*
 * Starts the next file; its lines are numbered by source_loc() until the next source_begin(). Files are read one
 * after the other, never nested.
 */
void source_begin(struct source_map *map, const char *path);

/* The place of line (from 1; 0 stands for the file as a whole) in the file begun last. */
loc_t source_loc(struct source_map *map, unsigned line);

/* The file and line behind loc. *line is 0 for the file as a whole. Returns NULL for loc 0. */
const char *source_file(const struct source_map *map, loc_t loc, unsigned *line);

#endif

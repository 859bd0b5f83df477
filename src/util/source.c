// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files end to end: each file owns the numbers from its base (the file as a whole) to its base + its last line. The
 * newest file stands first in the list.
 */
#include "util/source.h"

struct source {
	struct source *older;
	const char *path;
	loc_t base;
	unsigned last_line;
};

struct source_map {
	struct arena *arena;
	struct source *newest;
};

struct source_map *source_map_new(struct arena *arena)
{
	struct source_map *map = ARENA_NEW(arena, struct source_map);

	map->arena = arena;
	return map;
}

struct arena *source_map_arena(const struct source_map *map)
{
	return map->arena;
}

void source_begin(struct source_map *map, const char *path)
{
	struct source *source = ARENA_NEW(map->arena, struct source);
	const struct source *older = map->newest;

	source->older = map->newest;
	source->path = arena_strdup(map->arena, path);
	source->base = older ? older->base + older->last_line + 1 : 1;
	map->newest = source;
}

loc_t source_loc(struct source_map *map, unsigned line)
{
	struct source *source = map->newest;

	if (line > source->last_line)
		source->last_line = line;
	return source->base + line;
}

const char *source_file(const struct source_map *map, loc_t loc, unsigned *line)
{
	const struct source *source = loc ? map->newest : NULL;

	while (source && source->base > loc)
		source = source->older;
	if (!source)
		return NULL;
	*line = loc - source->base;
	return source->path;
}

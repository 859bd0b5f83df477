/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files that make up the engine share. */
#ifndef OMFWD_ENGINE_INTERNAL_H
#define OMFWD_ENGINE_INTERNAL_H

#include "agent/engine.h"

void generation_clear(struct generation *generation);

/* Reads the role file; the baton is lent meanwhile. On an error there is nothing to clear. */
enum exit_code generation_from_file(const struct engine_config *config, struct generation *ret,
                                    json_t *reply);

/*
 * Takes away what site rules open that have expired by now. Returns false when there was nothing to do. When the
 * ruleset is another one afterwards, *old is the one before, to be freed with ruleset_free().
 */
bool generation_expire(struct generation *generation, time_t now, struct ruleset **old);

/* Puts a generation into the kernel; the engine believes in the old one until it is told otherwise. */
enum exit_code engine_apply_generation(struct engine *engine, const struct generation *next, json_t *reply);

/* Replaces the current generation; applied: the kernel has it. */
void engine_adopt(struct engine *engine, const struct generation *next, bool applied);

/* Remembers for status why a load failed; forgets it after one that did not. */
void engine_note_failure(struct engine *engine, enum exit_code code, const json_t *reply);

#endif

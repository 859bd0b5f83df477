/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an engine falls back on when there is no role file it could follow: the last good policy, stored compiled, or
 * what the kernel has.
 */
#ifndef OMFWD_FALLBACK_H
#define OMFWD_FALLBACK_H

#include "agent/engine.h"

/*
 * Makes the stored policy the current one; the kernel stays as it is. Returns 0, -ENOENT when none is stored, or
 * another -errno when it is of no use.
 */
int fallback_read(struct engine *engine);

/* Forgets it again, when the kernel does not want it. */
void fallback_forget(struct engine *engine);

/* Makes the current one what can be told from the kernel's table: its windows, so that they can be seen and closed. */
int fallback_adopt_kernel(struct engine *engine);

/* Takes away what site rules of the current policy open that have expired. */
enum exit_code engine_expire(struct engine *engine, time_t now, json_t *reply);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OMFWD_DRIFT_NOTE_H
#define OMFWD_DRIFT_NOTE_H

#include <stdbool.h>

#include "agent/engine.h"
#include "kernel/monitor.h"

/*
 * Takes in what somebody else has committed: into the history, and as distrust of what it touched. Returns whether windows
 * may be among that; sets and rules the engine knows by itself then.
 */
bool drift_note(struct engine *engine, const struct monitor_group *group);

#endif

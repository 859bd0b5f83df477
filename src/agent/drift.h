/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps others from changing the nft table for longer than it takes to put it back. A table that we own nobody else can
 * change; its socket is kept by systemd from one life to the next. Any other is listened to and repaired. All calls
 * take NULL for an agent that cannot listen, and do nothing then.
 */
#ifndef OMFWD_DRIFT_H
#define OMFWD_DRIFT_H

#include <systemd/sd-event.h>

#include "agent/engine.h"

struct drift;

/* settle is enabled after every repair. Returns 0 or -errno. */
int drift_open(struct engine *engine, sd_event *event, sd_event_source *settle, struct drift **ret);
void drift_close(struct drift *drift);

/* Hears what has happened up to now and repairs it, so that what is asked of the kernel next is not outdated. */
void drift_look(struct drift *drift);

/*
 * Around everything by which we change the table. In between nobody listens, since the kernel would tell us of each
 * element that we load; whether somebody else came between is found out afterwards. What waits for its repair is repaired
 * first. loaded: it may have been more than windows. A pause may lie within another, as when a window is changed while
 * a policy is being loaded; then only the outer one counts.
 */
void drift_pause(struct drift *drift);
void drift_resume(struct drift *drift, bool loaded);

/*
 * The same around a change of windows and of nothing else, which must not wait: it goes on listening, since a window has few
 * elements to be told of.
 */
void drift_begin_windows(struct drift *drift);
void drift_end_windows(struct drift *drift);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When each named counter last grew. The kernel counts and keeps no times, so the counters are looked at now and then:
 * a packet that came between two looks is known to have come after the one and before the other. STATEDIR/activity.json
 * keeps it from one life of the agent to the next.
 */
#ifndef OMFWD_ACTIVITY_H
#define OMFWD_ACTIVITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "kernel/kernel.h"

struct counter_activity {
	char name[96];
	uint64_t packets; /* at the last look */
	time_t before;    /* the last packet came before this look; 0: there was none */
	time_t after;     /* ... and after this one; 0: nobody looked before */
};

struct activity {
	struct counter_activity *items;
	size_t n, cap;
	time_t looked; /* last */
	bool changed;  /* since it was saved */
	time_t saved;
	int error; /* why it could not be saved: -errno */
};

/* What was seen just now. */
void activity_note(struct activity *activity, const struct counter_value *values, size_t n, time_t now);

/* NULL for a counter nobody has seen. */
const struct counter_activity *activity_find(const struct activity *activity, const char *name);

/* Reads the file in dir, if there is one that can be read: what is not known is learnt anew. */
void activity_load(struct activity *activity, const char *dir);

/* Replaces it, when anything changed; the result is in activity->error. */
void activity_save(struct activity *activity, const char *dir);

void activity_clear(struct activity *activity);

#endif

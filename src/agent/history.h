/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * STATEDIR/history.jsonl: what was done to the policy and by whom, one JSON object a line, only ever appended to. Past
 * 1 MiB it becomes history.jsonl.1, and the one before that goes. Events wait in memory until the state is saved; what
 * cannot be written waits on, and nothing else does.
 */
#ifndef OMFWD_HISTORY_H
#define OMFWD_HISTORY_H

#include <jansson.h>
#include <stddef.h>
#include <time.h>

struct history {
	json_t *pending; /* events not yet in the file; NULL: none */
	int error;       /* why they could not be written: -errno */
	time_t hour;     /* drift is noted so often in an hour, so that it does not push the rest out */
	unsigned n_drift;
};

/* Adds an event, an object that belongs to the history from then on. */
void history_add(struct history *history, json_t *event);

/* Appends what waits, in one write. Remembers in history->error how that went. */
void history_flush(struct history *history, const char *dir);

void history_clear(struct history *history);

/*
 * Every event of both files that can be read, oldest first, and those that still wait; a new list. Lines that are no
 * events of ours are left out: the last one may be torn.
 */
json_t *history_read(const struct history *history, const char *dir);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file of metrics, replaced as a whole. */
#ifndef OMFWD_METRICS_FILE_H
#define OMFWD_METRICS_FILE_H

#include <systemd/sd-event.h>

#include "agent/engine.h"

/*
 * Writes text beside path and renames it: readers see the old or the new one, readable for everybody. A symbolic link at
 * path is replaced, not followed. Returns 0 or -errno, and then leaves nothing behind. Nothing is synced to disk: after a
 * crash there are newer figures.
 */
int metrics_file_write(const char *path, const char *text);

/* Forgets what was written: the file is of the past. */
void metrics_file_remove(const char *path);

/* What the agent keeps of its metrics_file. */
struct metrics_file {
	struct engine *engine;
	sd_event_source *timer;
	char *path; /* what was written last; NULL: nothing */
};

/* From now on the file that the policy names is written at intervals. Returns 0 or -errno. */
int metrics_file_attach(struct metrics_file *file, struct engine *engine, sd_event *event);

/* After any change: writes it now. What fails is kept in the engine for status, and told in the journal once. */
void metrics_file_update(struct metrics_file *file);

/* The last word: no agent any more. */
void metrics_file_end(struct metrics_file *file);

#endif

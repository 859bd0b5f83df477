/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What others did to the nft table, and what became of it: the last entries, and how many there were. */
#ifndef OMFWD_DRIFT_HISTORY_H
#define OMFWD_DRIFT_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "kernel/monitor.h"

enum drift_outcome {
	DRIFT_WAITING,  /* for its repair */
	DRIFT_REPAIRED, /* undone */
	DRIFT_LEFT,     /* nothing to undo: a window was closed */
	DRIFT_FAILED,   /* the kernel refused the repair; it is tried again */
	DRIFT_OUTCOME_MAX
};

/* "waiting", "repaired" ... */
const char *drift_outcome_name(enum drift_outcome outcome);

struct drift_entry {
	time_t at;
	uint32_t pid;     /* 0: unknown */
	char process[32]; /* "": unknown */
	char did[200];    /* "deleted the table" */
	enum drift_outcome outcome;
	uint64_t took_us; /* from hearing of it to its repair */
	enum drift_outcome
	        noted; /* the one the history knows of; DRIFT_WAITING: it does not know of it at all */
};

#define DRIFT_ENTRIES 16

struct drift_history {
	uint64_t changes, repairs; /* ever, by this agent */
	bool alarm;                /* somebody keeps changing the table; it is repaired at intervals only */
	bool watching;             /* others can change the table, and are listened to */
	struct drift_entry entries[DRIFT_ENTRIES];
	size_t first, n; /* a ring: the oldest, and how many */
};

/* The entry of index i, 0 being the oldest. */
struct drift_entry *drift_history_at(struct drift_history *history, size_t i);

/* A new entry, waiting. group: who and what; NULL: unknown. */
struct drift_entry *drift_history_add(struct drift_history *history, const struct monitor_group *group);

/*
 * Gives every entry that has no repair yet this outcome, and the journal a line for each. Returns whether there was
 * one.
 */
bool drift_tell_outcome(struct drift_history *history, enum drift_outcome outcome, uint64_t took_us);

/* Tells the journal, at the level of an alert, that the table is not repaired at once any more, and why. */
void drift_tell_alarm(struct drift_history *history, const char *why);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * STATEDIR/windows.json: for each open window its deadline, and who opened it from where and why. The kernel is the
 * truth for what is open; the file adds the names, and survives a reboot.
 */
#ifndef OMFWD_STATE_H
#define OMFWD_STATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "agent/state_dir.h"
#include "agent/windows.h"

/* Who asked, as far as it can be known. */
#define ORIGIN_TEXT_MAX 256
struct origin {
	uid_t uid;                    /* the kernel's word */
	char user[64];                /* its name, or the number; "": not looked up yet, see origin_name() */
	char login[64];               /* who became root (sudo, loginuid); "" if nobody did */
	char from[ORIGIN_TEXT_MAX];   /* address or terminal; "" if unknown */
	char reason[ORIGIN_TEXT_MAX]; /* "" if none was given */
	char ticket[ORIGIN_TEXT_MAX]; /* likewise */
};

struct window_record {
	char set[GATE_NAME_MAX + 16]; /* "install_window", "prod.cur-01.window" */
	time_t opened, deadline; /* CLOCK_REALTIME seconds; opened for the last time, if it was extended */
	time_t since;            /* opened for the first time */
	uint64_t end_ms;         /* the deadline by CLOCK_BOOTTIME, 0: not known; not saved */
	bool warned;             /* that it is about to end; not saved */
	struct origin origin;
};

struct window_records {
	struct window_record *items;
	size_t n, cap;
	time_t seen; /* when they were saved last */
};

/* The same moment by CLOCK_REALTIME, which may be set, and by CLOCK_BOOTTIME, which runs on until the next boot. */
struct moment {
	uint64_t real_ms, boot_ms;
};

/* The record of a set, or NULL. */
struct window_record *window_records_find(const struct window_records *records, const char *set);
/* Returns the record of a set, new and empty if there was none. */
struct window_record *window_records_get(struct window_records *records, const char *set);
void window_records_remove(struct window_records *records, const char *set);
void window_records_clear(struct window_records *records);

/*
 * How many milliseconds a window may be opened again for after a reboot: what is left until the deadline, never more than
 * was left when the records were saved last, nor than the window was opened for, nor than max_seconds. So a clock that
 * went backwards gains nobody time.
 */
uint64_t window_record_left(const struct window_record *record, time_t seen, uint64_t now_ms,
                            uint64_t max_seconds);

/*
 * Brings a record in line with what the kernel has left of its window, which no clock can change. Where only the clock
 * was set, the record moves along as a whole; where somebody changed the window, its end alone. Returns whether anything
 * that is saved changed.
 */
bool window_record_follow(struct window_record *record, uint64_t left_ms, const struct moment *now);

/*
 * Reads the file in dir. Returns 0 (also when there is none), -EBADMSG when it is no state of ours, -ENOTDIR when
 * there is no such directory, or another -errno; ret is empty then.
 */
int state_load(const char *dir, struct window_records *ret);

/* Replaces the file, with seen as it is. Returns 0 or -errno. */
int state_save(const char *dir, const struct window_records *records);

/* An origin as JSON members of object, and back; what is missing or no text stays empty. */
void origin_to_json(const struct origin *origin, json_t *object);
void origin_from_json(const json_t *object, struct origin *ret);

#endif

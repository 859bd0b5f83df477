/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One at a time changes the table of a network namespace. The lock is an abstract socket name: those belong to the
 * network namespace, as the table does, and vanish with their process.
 */
#ifndef OMFWD_LOCK_H
#define OMFWD_LOCK_H

#include <stdbool.h>
#include <stddef.h>

enum lock_kind {
	LOCK_AGENT,   /* held for life */
	LOCK_COMMAND, /* held while a command works */
};

struct lock {
	int change_fd; /* the name whoever changes the table holds */
	int agent_fd;  /* the name an agent holds besides; -1 for a command */
};

#define LOCK_NONE ((struct lock){.change_fd = -1, .agent_fd = -1})

/*
 * Takes the lock, waiting up to 5 seconds for a command that holds it. Returns 0; -EEXIST when an agent lives in this
 * network namespace; -EBUSY when a command did not finish; or another -errno. On failure error is a sentence.
 * A name held by a user who is neither root, nor us, nor the user omfwd is no lock: then *stranger says who,
 * and the work goes on without ("" otherwise).
 */
int lock_take(enum lock_kind kind, struct lock *ret, char *error, size_t size, char *stranger,
              size_t stranger_size);
/* The agent of this network namespace, if one lives: "pid 123 (omfwd)" into buf. */
bool lock_agent_lives(char *buf, size_t size);

void lock_release(struct lock *lock);

#endif

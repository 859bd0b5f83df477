/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two threads that take turns: whoever holds the baton may touch what both know, the other waits. The loop has
 * precedence. A worker in the middle of something long offers the baton, which costs nothing while nobody wants it, or
 * lends it while it does what the other need not know of.
 *
 * Offering and lending are for the worker: when the loop does the same work itself, or there is no baton (NULL), they do
 * nothing.
 */
#ifndef OMFWD_BATON_H
#define OMFWD_BATON_H

#include <pthread.h>
#include <stdbool.h>

enum baton_holder { BATON_FREE, BATON_LOOP, BATON_WORKER };

struct baton {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	enum baton_holder holder;
	bool loop_waits;
};

#define BATON_INIT                                                                                           \
	{                                                                                                    \
		.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER,                     \
		.holder = BATON_FREE                                                                         \
	}

/* Waits for the baton and gives it back. */
void baton_take(struct baton *baton, enum baton_holder who);
void baton_give(struct baton *baton);

/* The loop, if it waits, has its turn now. */
void baton_offer(struct baton *baton);

/* Returns whether it was lent, for baton_reclaim(). */
bool baton_lend(struct baton *baton);
void baton_reclaim(struct baton *baton, bool lent);

#endif

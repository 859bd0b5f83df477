/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A mutex alone is not fair: a worker that unlocks and locks again would win every time against a thread that has to be
 * woken first. So the loop says that it waits, and then the worker waits too.
 *
 * To say so it needs a processor, which may be the one that the worker keeps busy: an offer lets others run first.
 */
#include "util/baton.h"

#include <sched.h>

static bool is_due(const struct baton *baton, enum baton_holder who)
{
	return baton->holder == BATON_FREE && (who == BATON_LOOP || !baton->loop_waits);
}

void baton_take(struct baton *baton, enum baton_holder who)
{
	pthread_mutex_lock(&baton->mutex);
	baton->loop_waits = baton->loop_waits || who == BATON_LOOP;
	while (!is_due(baton, who))
		pthread_cond_wait(&baton->changed, &baton->mutex);
	baton->holder = who;
	if (who == BATON_LOOP)
		baton->loop_waits = false;
	pthread_mutex_unlock(&baton->mutex);
}

void baton_give(struct baton *baton)
{
	pthread_mutex_lock(&baton->mutex);
	baton->holder = BATON_FREE;
	pthread_cond_broadcast(&baton->changed);
	pthread_mutex_unlock(&baton->mutex);
}

static bool is_wanted(struct baton *baton)
{
	bool wanted;

	pthread_mutex_lock(&baton->mutex);
	wanted = baton->loop_waits;
	pthread_mutex_unlock(&baton->mutex);
	return wanted;
}

void baton_offer(struct baton *baton)
{
	if (!baton || baton->holder != BATON_WORKER)
		return;
	sched_yield();
	if (!is_wanted(baton))
		return;
	baton_give(baton);
	baton_take(baton, BATON_WORKER);
}

bool baton_lend(struct baton *baton)
{
	if (!baton || baton->holder != BATON_WORKER)
		return false;
	baton_give(baton);
	return true;
}

void baton_reclaim(struct baton *baton, bool lent)
{
	if (lent)
		baton_take(baton, BATON_WORKER);
}

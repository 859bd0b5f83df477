/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who has the baton, and that the loop never loses it to a worker that comes back at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

#include "util/baton.h"

#define ROUNDS 1000

static struct baton baton = BATON_INIT;
static int counter; /* touched by the holder alone: the thread sanitizer and an odd sum would tell */
static bool stop;

static void *work(void *data)
{
	int *offers = data;

	baton_take(&baton, BATON_WORKER);
	while (!stop) {
		counter++;
		baton_offer(&baton);
		++*offers;
	}
	baton_give(&baton);
	return NULL;
}

/* The worker never gives it away for good; the loop has it whenever it asks. */
static void test_offers(void **state)
{
	pthread_t thread;
	int offers = 0, before;

	(void)state;
	stop = false;
	baton_take(&baton, BATON_LOOP);
	assert_int_equal(pthread_create(&thread, NULL, work, &offers), 0);
	for (int i = 0; i < ROUNDS; i++) {
		baton_give(&baton);
		baton_take(&baton, BATON_LOOP);
		before = counter;
		counter += 2;
		assert_int_equal(counter, before + 2);
	}
	stop = true;
	baton_give(&baton);
	pthread_join(thread, NULL);
	assert_int_equal(counter, offers + 2 * ROUNDS);
}

static void *lend(void *data)
{
	bool lent;

	baton_take(&baton, BATON_WORKER);
	lent = baton_lend(&baton);
	assert_true(lent);
	pthread_barrier_wait(data); /* the loop has it meanwhile */
	pthread_barrier_wait(data);
	baton_reclaim(&baton, lent);
	counter = -1;
	baton_give(&baton);
	return NULL;
}

static void test_lends(void **state)
{
	pthread_barrier_t barrier;
	pthread_t thread;

	(void)state;
	pthread_barrier_init(&barrier, NULL, 2);
	assert_int_equal(pthread_create(&thread, NULL, lend, &barrier), 0);
	pthread_barrier_wait(&barrier);
	baton_take(&baton, BATON_LOOP);
	counter = 0;
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < ROUNDS; i++)
		assert_int_equal(counter, 0);
	baton_give(&baton);
	pthread_join(thread, NULL);
	assert_int_equal(counter, -1);
	pthread_barrier_destroy(&barrier);
}

/* Who does a worker's work himself keeps what he has. */
static void test_loop_keeps_it(void **state)
{
	(void)state;
	baton_take(&baton, BATON_LOOP);
	baton_offer(&baton);
	assert_false(baton_lend(&baton));
	baton_reclaim(&baton, false);
	assert_int_equal(baton.holder, BATON_LOOP);
	baton_give(&baton);
	baton_offer(NULL);
	assert_false(baton_lend(NULL));
	baton_reclaim(NULL, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_offers),
	        cmocka_unit_test(test_lends),
	        cmocka_unit_test(test_loop_keeps_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Some of the faults that scripts/faults lets happen one after the other (faults.h), the same ones each time. */
#include <stdio.h>

#include "tests/lab/faults.h"
#include "util/sanitized.h"

static void expect_survival(struct lab *lab, const char *name, const struct faults_options *options)
{
	struct faults_result result;

	faults_run(lab, options, &result);
	faults_print(name, &result);
	assert_int_equal(result.failures, 0);
	assert_true(result.struck > 0);
}

static void test_calls(void **state)
{
	expect_survival(lab_need(state), "system calls",
	                &(struct faults_options){.kind = FAULTS_OF_CALLS, .every = 600});
}

/* One thread wakes the other by a write(). */
static void test_writes(void **state)
{
	expect_survival(lab_need(state), "writes",
	                &(struct faults_options){
	                        .kind = FAULTS_OF_CALLS, .call = "write", .duty = "reload", .every = 1});
}

static void test_memory(void **state)
{
	expect_survival(lab_need(state), "memory",
	                &(struct faults_options){.kind = FAULTS_OF_MEMORY, .every = 450});
	lab_refresh(state);
	/* An agent that lives on without what it wanted to say would never say it. */
	expect_survival(lab_need(state), "memory, open",
	                &(struct faults_options){.kind = FAULTS_OF_MEMORY, .duty = "open", .every = 25});
	if (SANITIZED) /* it ends at the first refusal, whoever would have gone on */
		return;
	lab_refresh(state);
	/* A message without what there was no memory for says something else: delete not a chain's rules, but all. */
	expect_survival(lab_need(state), "memory, reload",
	                &(struct faults_options){.kind = FAULTS_OF_MEMORY, .duty = "reload", .every = 15});
}

/* Whoever believed a stranger would say yes to what was not done, or no to what was. */
static void test_strangers(void **state)
{
	expect_survival(lab_need(state), "strangers",
	                &(struct faults_options){.kind = FAULTS_OF_REPLIES,
	                                         .fault = SHIM_REPLY_OF_STRANGER,
	                                         .duty = "reload",
	                                         .every = 1});
}

/* Each fault at least once; a reply that is lost is waited for a while. */
static void test_replies(void **state)
{
	expect_survival(lab_need(state), "replies",
	                &(struct faults_options){.kind = FAULTS_OF_REPLIES, .every = 31});
}

/* A few hundred of the hundred thousand. */
static void test_reloads(void **state)
{
	faults_reloads(lab_need(state), 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_calls),     LAB_TEST(test_writes),  LAB_TEST(test_memory),
	        LAB_TEST(test_strangers), LAB_TEST(test_replies), LAB_TEST(test_reloads),
	};

	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

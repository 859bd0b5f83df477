// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reload by difference, against the real kernel in a network namespace of its own: what is sent, and what happens when
 * the kernel turns out to hold something else.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "kernel/generation.h"
#include "tests/unit/kernel_elements.h"
#include "util/array.h"

#define AGENT  ROLE_WINDOWS_AGENT
#define SERVER ROLE_MANAGEMENT_SERVER

static int open_session(void **state)
{
	const char *error;

	return unshare(CLONE_NEWNET) < 0 ? -1 : kernel_open((struct kernel **)state, &error);
}

static int close_session(void **state)
{
	kernel_close(*state);
	return 0;
}

static void assert_held(const struct ruleset *ruleset)
{
	struct mnl_socket *reader = mnl_socket_open(NETLINK_NETFILTER);
	const struct nft_set *wrong = find_wrong_set(reader, ruleset);

	mnl_socket_close(reader);
	if (wrong)
		fail_msg("the kernel's %s is not the model's", wrong->kernel_name);
}

static void test_one_host_is_one_small_batch(void **state)
{
	static const struct member more[] = {{AGENT, "10.9.0.8"}, {0}};
	struct kernel *kernel = *state;
	struct fixture *f = policy_of(NULL), *g = policy_of(more);
	struct kernel_statistics before;
	const struct kernel_statistics *now = kernel_statistics(kernel);

	assert_int_equal(kernel_apply(kernel, f->ruleset, NULL, false), 0);
	before = *now;
	assert_int_equal(kernel_apply(kernel, g->ruleset, f->ruleset, false), 0);
	assert_int_equal(now->batches, before.batches + 1);
	assert_in_range(now->messages - before.messages, 1, 2);
	assert_in_range(now->bytes - before.bytes, 100, 300);
	assert_int_equal(now->reads, before.reads);
	assert_held(g->ruleset);
	fixture_free(f);
	fixture_free(g);
}

/* The size a set was made with is a cap; growing beyond it is foreseen and takes a new set, with a new size. */
static void test_a_set_that_grows_too_much(void **state)
{
	struct kernel *kernel = *state;
	struct fixture *now = policy_of_many(0, 40), *next;
	size_t size = find_set(now->ruleset, "prod.windows_agent.hosts4")->size;
	uint64_t reads;

	assert_int_equal(kernel_apply(kernel, now->ruleset, NULL, false), 0);
	reads = kernel_statistics(kernel)->reads;
	for (uint32_t n = 41; n < 80; n++) {
		const struct nft_set *set;

		next = policy_of_many(0, n);
		assert_int_equal(kernel_apply(kernel, next->ruleset, now->ruleset, false), 0);
		set = find_set(next->ruleset, "prod.windows_agent.hosts4");
		if (n + 1 <= size)
			assert_int_equal(set->size, size);
		else
			assert_true(set->size > size && strstr(set->kernel_name, ".2"));
		assert_held(next->ruleset);
		fixture_free(now);
		now = next;
	}
	assert_int_equal(kernel_statistics(kernel)->reads, reads);
	fixture_free(now);
}

/* What somebody else does to a set, by a session of his own. */
static void meddle(uint16_t type, const struct nft_set *set, const char *member)
{
	struct addr_set addrs = {0};
	struct addr_range range;
	struct nft_set part = *set;
	struct kernel *other;
	const char *error;
	size_t next = 0;

	assert_int_equal(kernel_open(&other, &error), 0);
	assert_int_equal(addr_parse(member, strlen(member), &range), ADDR_OK);
	addr_set_add(&addrs, &range);
	part.addrs = &addrs;
	kernel_begin(other, 0);
	encode_elements(other, type, &part, &next);
	if (kernel_commit(other, false))
		fail_msg("%s: %s", member, kernel_error(other));
	addr_set_free(&addrs);
	kernel_close(other);
}

/* The caller vouched for what is not so. The kernel says so, and gets everything. */
static void test_a_wrong_word_is_noticed(void **state)
{
	static const struct {
		uint16_t type;
		const char *set, *member;
		struct member before[2], after[2];
	} meddlings[] = {
	        {NFT_MSG_DELSETELEM,
	         "prod.windows_agent.hosts4",
	         "10.9.0.8",
	         {{AGENT, "10.9.0.8"}},
	         {{0}}}, /* ENOENT */
	        {NFT_MSG_NEWSETELEM,
	         "prod.windows_agent.nets4",
	         "10.8.0.0/25",
	         {{0}},
	         {{AGENT, "10.8.0.0/24"}}}, /* EEXIST */
	        {NFT_MSG_DELSETELEM,
	         "prod.management_server.nets4",
	         "10.20.3.0/28",
	         {{0}},
	         {{SERVER, "10.20.3.0/27"}}}, /* ENOENT */
	};
	struct kernel *kernel = *state;

	for (size_t i = 0; i < ARRAY_SIZE(meddlings); i++) {
		struct fixture *f = policy_of(meddlings[i].before), *g = policy_of(meddlings[i].after);

		assert_int_equal(kernel_apply(kernel, f->ruleset, NULL, false), 0);
		meddle(meddlings[i].type, find_set(f->ruleset, meddlings[i].set), meddlings[i].member);
		if (kernel_apply(kernel, g->ruleset, f->ruleset, false))
			fail_msg("%s: %s", meddlings[i].member, kernel_error(kernel));
		assert_held(g->ruleset);
		fixture_free(f);
		fixture_free(g);
	}
}

/* The size of a set is used up by others. */
static void test_a_full_set_is_noticed(void **state)
{
	static const struct member more[] = {{AGENT, "10.9.0.8"}, {0}};
	struct kernel *kernel = *state;
	struct fixture *f = policy_of(NULL), *g = policy_of(more);
	const struct nft_set *set = find_set(f->ruleset, "prod.windows_agent.hosts4");

	assert_int_equal(kernel_apply(kernel, f->ruleset, NULL, false), 0);
	for (size_t i = set->n_elements; i < set->size; i++) {
		char text[32];

		snprintf(text, sizeof(text), "10.99.0.%zu", i);
		meddle(NFT_MSG_NEWSETELEM, set, text);
	}
	assert_int_equal(kernel_apply(kernel, g->ruleset, f->ruleset, false), 0);
	assert_held(g->ruleset);
	fixture_free(f);
	fixture_free(g);
}

static void test_who_else_committed(void **state)
{
	struct kernel *kernel = *state;
	struct window_change window = {INSTALL_WINDOW, 60000};
	struct fixture *f = policy_of(NULL);
	uint32_t generation;

	assert_int_equal(kernel_apply(kernel, f->ruleset, NULL, false), 0);
	assert_true(kernel_holds(kernel));
	assert_int_equal(kernel_windows_set(kernel, &window, 1), 0);
	assert_int_equal(kernel_check(kernel, f->ruleset), 0);
	assert_true(kernel_holds(kernel));
	meddle(NFT_MSG_NEWSETELEM, find_set(f->ruleset, "prod.windows_agent.hosts4"), "10.9.0.99");
	assert_false(kernel_holds(kernel));
	assert_int_equal(generation_read(kernel, &generation), 0);
	kernel_others_harmless(kernel, generation);
	assert_true(kernel_holds(kernel));
	meddle(NFT_MSG_DELSETELEM, find_set(f->ruleset, "prod.windows_agent.hosts4"), "10.9.0.99");
	/* what we commit after them does not make them unseen */
	assert_int_equal(kernel_windows_set(kernel, &window, 1), 0);
	assert_false(kernel_holds(kernel));
	assert_int_equal(kernel_apply(kernel, f->ruleset, NULL, false), 0);
	assert_true(kernel_holds(kernel));
	fixture_free(f);
}

#define KERNEL_TEST(test) cmocka_unit_test_setup_teardown(test, open_session, close_session)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        KERNEL_TEST(test_one_host_is_one_small_batch), KERNEL_TEST(test_a_set_that_grows_too_much),
	        KERNEL_TEST(test_a_wrong_word_is_noticed),     KERNEL_TEST(test_a_full_set_is_noticed),
	        KERNEL_TEST(test_who_else_committed),
	};

	if (unshare(CLONE_NEWNET) < 0) {
		fprintf(stderr, "test_delta: SKIPPED: needs root for a network namespace of its own\n");
		return getenv("CI") ? 1 : 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

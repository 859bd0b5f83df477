// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * src/kernel against the real kernel, in a network namespace of its own: what is loaded is there, what fails leaves
 * nothing behind, windows and counters survive a load, errors name their object.
 */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "kernel/kernel.h"
#include "tests/unit/hand_policy.h"
#include "util/array.h"

static struct fixture *fixture_with_members(void)
{
	struct fixture *f = fixture_new();

	add_member(f, ROLE_MANAGEMENT_SERVER, "10.20.1.11");
	add_member(f, ROLE_MANAGEMENT_SERVER, "2001:db8:20::11");
	add_member(f, ROLE_OPERATIONS_MANAGER_DATABASE, "10.20.2.50");
	add_member(f, ROLE_WINDOWS_AGENT, "10.20.64.0/18");
	add_member(f, ROLE_WINDOWS_AGENT, "10.9.0.7");
	return f;
}

static int open_session(void **state)
{
	const char *error;

	return kernel_open((struct kernel **)state, &error);
}

static int close_session(void **state)
{
	bool existed;

	kernel_remove(*state, &existed);
	kernel_close(*state);
	return 0;
}

static size_t count_chains(const struct ruleset *ruleset)
{
	return ruleset->n_chains;
}

static void assert_in_kernel(struct kernel *kernel, const struct ruleset *ruleset)
{
	struct table_state table;
	size_t rules = 0;

	for (size_t i = 0; i < ruleset->n_chains; i++)
		rules += ruleset->chains[i]->n;
	assert_int_equal(kernel_table_state(kernel, &table), 0);
	assert_true(table.exists);
	assert_int_equal(table.n_sets, ruleset->n_sets);
	assert_int_equal(table.n_chains, count_chains(ruleset));
	assert_int_equal(table.n_rules, rules);
}

static void test_apply_again_and_remove(void **state)
{
	struct kernel *kernel = *state;
	struct fixture *f = fixture_with_members(), *g = fixture_with_members();
	struct table_state table;
	bool existed;

	if (kernel_apply(kernel, fixture_build(f), NULL, false))
		fail_msg("%s", kernel_error(kernel));
	assert_in_kernel(kernel, f->ruleset);
	add_member(g, ROLE_WINDOWS_AGENT, "10.9.0.8");
	if (kernel_apply(kernel, fixture_build(g), f->ruleset, false))
		fail_msg("%s", kernel_error(kernel));
	assert_in_kernel(kernel, g->ruleset);
	assert_int_equal(kernel_remove(kernel, &existed), 0);
	assert_true(existed);
	assert_int_equal(kernel_remove(kernel, &existed), 0);
	assert_false(existed);
	assert_int_equal(kernel_table_state(kernel, &table), 0);
	assert_false(table.exists);
	fixture_free(f);
	fixture_free(g);
}

/* Members that change in place keep their sets; with the rules, changed sets change and others stay. */
static void test_only_changed_sets_are_renamed(void **state)
{
	struct kernel *kernel = *state;
	struct fixture *f = fixture_with_members(), *g = fixture_with_members(), *h = fixture_with_members();

	assert_int_equal(kernel_apply(kernel, fixture_build(f), NULL, false), 0);
	add_member(h, ROLE_WINDOWS_AGENT, "10.9.0.8");
	assert_int_equal(kernel_apply(kernel, fixture_build(h), f->ruleset, false), 0);
	assert_string_equal(find_set(h->ruleset, "prod.windows_agent.hosts4")->kernel_name,
	                    "prod.windows_agent.hosts4");
	assert_in_kernel(kernel, h->ruleset);
	add_member(g, ROLE_WINDOWS_AGENT, "10.9.0.9");
	g->policy.settings.log_denied = false;
	assert_int_equal(kernel_apply(kernel, fixture_build(g), h->ruleset, false), 0);
	assert_string_equal(find_set(g->ruleset, "prod.windows_agent.hosts4")->kernel_name,
	                    "prod.windows_agent.hosts4.2");
	assert_string_equal(find_set(g->ruleset, "prod.windows_agent.nets4")->kernel_name,
	                    "prod.windows_agent.nets4");
	assert_string_equal(find_set(g->ruleset, INSTALL_WINDOW)->kernel_name, INSTALL_WINDOW);
	assert_in_kernel(kernel, g->ruleset);
	fixture_free(f);
	fixture_free(g);
	fixture_free(h);
}

static void test_window_opens_and_survives_a_load(void **state)
{
	struct kernel *kernel = *state;
	struct fixture *f = fixture_with_members(), *g = fixture_with_members();
	struct window_change changes[] = {{INSTALL_WINDOW, 60000}, {"prod.cur-01.window", 0}};
	int64_t left;

	assert_int_equal(kernel_apply(kernel, fixture_build(f), NULL, false), 0);
	assert_int_equal(kernel_window_left(kernel, INSTALL_WINDOW), 0);
	assert_int_equal(kernel_windows_set(kernel, changes, ARRAY_SIZE(changes)), 0);
	left = kernel_window_left(kernel, INSTALL_WINDOW);
	assert_in_range(left, 50000, 60000);
	add_member(g, ROLE_WINDOWS_AGENT, "10.9.0.8");
	assert_int_equal(kernel_apply(kernel, fixture_build(g), f->ruleset, false), 0);
	assert_in_range(kernel_window_left(kernel, INSTALL_WINDOW), 50000, (uintmax_t)left);
	changes[0].timeout_ms = 5000; /* shorter than what is left: re-opening replaces the time */
	assert_int_equal(kernel_windows_set(kernel, changes, 1), 0);
	assert_in_range(kernel_window_left(kernel, INSTALL_WINDOW), 4000, 5000);
	changes[0].timeout_ms = 0;
	assert_int_equal(kernel_windows_set(kernel, changes, 1), 0);
	assert_int_equal(kernel_window_left(kernel, INSTALL_WINDOW), 0);
	assert_int_equal(kernel_window_left(kernel, "no.such.window"), -ENOENT);
	fixture_free(f);
	fixture_free(g);
}

static void test_unknown_window_is_refused_and_named(void **state)
{
	struct kernel *kernel = *state;
	struct fixture *f = fixture_with_members();
	struct window_change changes[] = {{INSTALL_WINDOW, 60000}, {"prod.cur-99.window", 60000}};

	assert_int_equal(kernel_apply(kernel, fixture_build(f), NULL, false), 0);
	assert_int_equal(kernel_windows_set(kernel, changes, ARRAY_SIZE(changes)), -ENOENT);
	assert_non_null(strstr(kernel_error(kernel), "prod.cur-99.window"));
	assert_int_equal(kernel_window_left(kernel, INSTALL_WINDOW), 0);
	fixture_free(f);
}

/* A role that appears concerns the servers it talks to: the rules of all others stay where they are. */
static void test_other_chains_stay(void **state)
{
	static const struct member members[] = {
	        {ROLE_MANAGEMENT_SERVER, "10.1.0.1"},
	        {ROLE_OPERATIONS_MANAGER_DATABASE, "10.1.0.2"},
	        {ROLE_REPORTING_DATA_WAREHOUSE, "10.1.0.3"},
	        {ROLE_REPORTING_SERVER, "10.1.0.4"},
	        {ROLE_WEB_CONSOLE_SERVER, "10.1.0.5"},
	        {ROLE_ACS_COLLECTOR, "10.1.0.6"},
	        {ROLE_ACS_DATABASE, "10.1.0.7"},
	        {ROLE_ACS_FORWARDER, "10.2.0.1"},
	        {ROLE_WEB_CONSOLE_BROWSER, "10.2.0.2"},
	        {ROLE_OPERATIONS_CONSOLE, "10.2.0.3"},
	};
	struct kernel *kernel = *state;
	struct fixture *f = fixture_new(), *g = fixture_new();
	size_t all, changed;

	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		add_member(f, members[i].role, members[i].text);
		add_member(g, members[i].role, members[i].text);
	}
	add_member(g, ROLE_CEIP_ENDPOINT, "10.1.0.9");
	assert_int_equal(kernel_apply(kernel, fixture_build(f), NULL, false), 0);
	all = kernel_statistics(kernel)->messages;
	assert_int_equal(kernel_apply(kernel, fixture_build(g), f->ruleset, false), 0);
	changed = kernel_statistics(kernel)->messages - all;
	assert_true(changed > 0 && changed < all / 2);
	assert_in_kernel(kernel, g->ruleset);
	fixture_free(f);
	fixture_free(g);
}

static void test_unchanged_policy_sends_nothing(void **state)
{
	struct kernel *kernel = *state;
	struct fixture *f = fixture_with_members(), *g = fixture_with_members();
	struct kernel_statistics before;
	const struct nft_set *set;

	assert_int_equal(kernel_apply(kernel, fixture_build(f), NULL, false), 0);
	before = *kernel_statistics(kernel);
	assert_true(before.batches > 0 && before.messages > 0 && before.bytes > 0 && before.reads > 0);
	assert_int_equal(kernel_apply(kernel, fixture_build(g), f->ruleset, false), 0);
	assert_memory_equal(kernel_statistics(kernel), &before, sizeof(before));
	set = find_set(g->ruleset, "resumed_tcp_services");
	assert_string_equal(set->kernel_name, "resumed_tcp_services");
	assert_in_kernel(kernel, g->ruleset);
	fixture_free(f);
	fixture_free(g);
}

static void test_failed_load_leaves_what_was_there(void **state)
{
	struct kernel *kernel = *state;
	struct fixture *f = fixture_with_members(), *g = fixture_with_members();
	struct nft_set *set;

	assert_int_equal(kernel_apply(kernel, fixture_build(f), NULL, false), 0);
	add_member(g, ROLE_WINDOWS_AGENT, "10.9.0.8");
	fixture_build(g);
	set = (struct nft_set *)find_set(g->ruleset, "prod.windows_agent.hosts4");
	set->size = 1; /* two members */
	set->loc = 0;
	assert_int_equal(kernel_apply(kernel, g->ruleset, NULL, false), -ENFILE);
	assert_non_null(strstr(kernel_error(kernel), "prod.windows_agent.hosts4"));
	assert_in_kernel(kernel, f->ruleset);
	fixture_free(f);
	fixture_free(g);
}

static void test_failed_first_load_leaves_no_table(void **state)
{
	struct kernel *kernel = *state;
	struct fixture *f = fixture_with_members();
	struct table_state table;

	fixture_build(f);
	((struct nft_set *)find_set(f->ruleset, "prod.management_server.hosts4"))->size = 1;
	add_member(f, ROLE_MANAGEMENT_SERVER, "10.20.1.12");
	assert_int_equal(kernel_apply(kernel, f->ruleset, NULL, false), -ENFILE);
	assert_int_equal(kernel_table_state(kernel, &table), 0);
	assert_false(table.exists);
	fixture_free(f);
}

/* Agents with lines: 10.9.0.7 100, 10.20.64.0/18 101, 10.30.0.1 102 ...; 2001:db8:8::/64 200, 2001:db8:9::1 201 ... */
static struct fixture *fixture_with_lines(void)
{
	struct fixture *f = fixture_with_members();
	struct addr_set *agents = &f->section.roles[ROLE_WINDOWS_AGENT].addrs;

	add_member(f, ROLE_WINDOWS_AGENT, "2001:db8:8::/64");
	for (unsigned i = 0; i < 5; i++) {
		char text[32];

		snprintf(text, sizeof(text), "10.30.0.%u", i + 1);
		add_member(f, ROLE_WINDOWS_AGENT, text);
		snprintf(text, sizeof(text), "2001:db8:9::%u", i + 1);
		add_member(f, ROLE_WINDOWS_AGENT, text);
	}
	for (size_t i = 0; i < agents->n4; i++)
		agents->v4[i].loc = (loc_t)(100 + i);
	for (size_t i = 0; i < agents->n6; i++)
		agents->v6[i].loc = (loc_t)(200 + i);
	fixture_build(f);
	return f;
}

/* The kernel names a byte of a message; we name the line of the member. */
static void test_refused_member_is_told_by_its_line(void **state)
{
	static const struct {
		const char *set;
		loc_t loc; /* of the fourth host */
	} sets[] = {{"prod.windows_agent.hosts4", 104}, {"prod.windows_agent.hosts6", 204}};
	struct kernel *kernel = *state;

	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		struct fixture *f = fixture_with_lines();

		((struct nft_set *)find_set(f->ruleset, sets[i].set))->size = 3;
		assert_int_equal(kernel_apply(kernel, f->ruleset, NULL, false), -ENFILE);
		assert_int_equal(kernel_error_loc(kernel), sets[i].loc);
		fixture_free(f);
	}
}

static void test_check_commits_nothing(void **state)
{
	struct kernel *kernel = *state;
	struct fixture *f = fixture_with_members();
	struct table_state table;

	assert_int_equal(kernel_check(kernel, fixture_build(f)), 0);
	assert_int_equal(kernel_table_state(kernel, &table), 0);
	assert_false(table.exists);
	fixture_free(f);
}

static void test_many_members_in_chunks(void **state)
{
	struct kernel *kernel = *state;
	struct fixture *f = fixture_with_members();
	struct addr_set *agents = &f->section.roles[ROLE_WINDOWS_AGENT].addrs;

	for (uint32_t i = 0; i < 20000; i++) {
		struct addr_range host = {.v4 = {0x0b000000 + 2 * i, 0x0b000000 + 2 * i, 0}};
		struct addr_range net = {.v4 = {0x0c000000 + 256 * i, 0x0c000000 + 256 * i + 15, 0}};

		addr_set_add(agents, &host);
		addr_set_add(agents, &net);
	}
	addr_set_canonicalize(agents);
	if (kernel_apply(kernel, fixture_build(f), NULL, false))
		fail_msg("%s", kernel_error(kernel));
	assert_in_kernel(kernel, f->ruleset);
	fixture_free(f);
}

static void test_counters_are_listed(void **state)
{
	struct kernel *kernel = *state;
	struct fixture *f = fixture_with_members();
	struct counter_value *values = NULL;
	size_t n;

	assert_int_equal(kernel_counters(kernel, &values, &n), -ENOENT);
	assert_int_equal(kernel_apply(kernel, fixture_build(f), NULL, false), 0);
	assert_int_equal(kernel_counters(kernel, &values, &n), 0);
	assert_int_equal(n, f->ruleset->n_counters);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(values[i].packets, 0);
	free(values);
	fixture_free(f);
}

static void test_probe_finds_this_kernel_supported(void **state)
{
	struct kernel_features features;
	struct table_state table;

	assert_int_equal(kernel_probe(*state, &features), 0);
	if (!features.supported)
		fail_msg("missing: %s", features.missing);
	assert_int_equal(kernel_table_state(*state, &table), 0);
	assert_false(table.exists);
}

static void test_owned_table_refuses_others(void **state)
{
	struct kernel *kernel = *state, *other;
	struct kernel_features features;
	struct fixture *f = fixture_with_members();
	struct table_state table;
	const char *error;

	assert_int_equal(kernel_probe(kernel, &features), 0);
	if (!features.persist) {
		fixture_free(f);
		skip();
	}
	assert_int_equal(kernel_apply(kernel, fixture_build(f), NULL, true), 0);
	assert_int_equal(kernel_table_state(kernel, &table), 0);
	assert_true(table.owned_by_us);
	assert_int_equal(kernel_open(&other, &error), 0);
	assert_int_equal(kernel_apply(other, f->ruleset, NULL, false), -EPERM);
	kernel_close(other);
	fixture_free(f);
}

#define KERNEL_TEST(test) cmocka_unit_test_setup_teardown(test, open_session, close_session)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        KERNEL_TEST(test_apply_again_and_remove),
	        KERNEL_TEST(test_only_changed_sets_are_renamed),
	        KERNEL_TEST(test_window_opens_and_survives_a_load),
	        KERNEL_TEST(test_unknown_window_is_refused_and_named),
	        KERNEL_TEST(test_other_chains_stay),
	        KERNEL_TEST(test_unchanged_policy_sends_nothing),
	        KERNEL_TEST(test_failed_load_leaves_what_was_there),
	        KERNEL_TEST(test_failed_first_load_leaves_no_table),
	        KERNEL_TEST(test_refused_member_is_told_by_its_line),
	        KERNEL_TEST(test_check_commits_nothing),
	        KERNEL_TEST(test_many_members_in_chunks),
	        KERNEL_TEST(test_counters_are_listed),
	        KERNEL_TEST(test_probe_finds_this_kernel_supported),
	        KERNEL_TEST(test_owned_table_refuses_others),
	};

	if (unshare(CLONE_NEWNET) < 0) {
		fprintf(stderr, "test_kernel: SKIPPED: needs root for a network namespace of its own\n");
		return getenv("CI") ? 1 : 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

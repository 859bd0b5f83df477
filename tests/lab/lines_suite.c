/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every line of both documents with real packets: in its phases, beside its port, with the other protocol, in reverse
 * and from strangers; and every pair of roles with every port. One program for each document runs all of it.
 */
#include "tests/lab/lines_suite.h"

#include "tests/lab/program.h"
#include "tests/lab/sweep.h"

static const struct expected_table *table;

/* The roles that stand in for others when those are not assigned. */
static const char *const narrowing_roles[] = {"push_target", "omed_service", "sql_reporting_services"};
#define REMOTE "remote_domain_controller"

static struct expected_policy policy_full(enum expected_scope scope)
{
	struct expected_policy policy = {.table = table, .scope = scope};
	for (int role = 0; role < EXPECTED_ROLES; role++)
		policy.assigned[role] = true;
	return policy;
}

static void expect_both_phases(struct lab *lab, struct expected_policy *policy,
                               void (*add)(struct sweep *, const struct expected_policy *))
{
	sweep_config_write(policy, "");
	omfwd_expect(lab, 0, "--phase run");
	policy->installing = false;
	sweep_expect(lab, policy, add);
	omfwd_expect(lab, 0, "--phase install");
	policy->installing = true;
	sweep_expect(lab, policy, add);
	omfwd_expect(lab, 0, "--phase run");
	policy->installing = false;
	sweep_expect(lab, policy, add);
}

static void test_lines_scope_everything(void **state)
{
	struct lab *lab = lab_need(state);
	struct expected_policy policy = policy_full(SCOPE_EVERYTHING);
	expect_both_phases(lab, &policy, sweep_add_lines);
}

static void test_lines_scope_roles(void **state)
{
	struct lab *lab = lab_need(state);
	struct expected_policy policy = policy_full(SCOPE_ROLES);
	expect_both_phases(lab, &policy, sweep_add_lines);
}

static void test_lines_scope_servers(void **state)
{
	struct lab *lab = lab_need(state);
	struct expected_policy policy = policy_full(SCOPE_SERVERS);
	expect_both_phases(lab, &policy, sweep_add_lines);
}

/* push_target, omed_service and sql_reporting_services fall back; footnote 3 sleeps. */
static void test_lines_with_stand_ins(void **state)
{
	struct lab *lab = lab_need(state);
	struct expected_policy policy = policy_full(SCOPE_EVERYTHING);
	for (size_t i = 0; i < sizeof(narrowing_roles) / sizeof(narrowing_roles[0]); i++)
		policy.assigned[expected_role(narrowing_roles[i])] = false;
	policy.assigned[expected_role(REMOTE)] = false;
	expect_both_phases(lab, &policy, sweep_add_lines);
}

static void test_pairs_scope_everything(void **state)
{
	struct lab *lab = lab_need(state);
	struct expected_policy policy = policy_full(SCOPE_EVERYTHING);
	expect_both_phases(lab, &policy, sweep_add_pairs);
}

static void test_pairs_scope_roles(void **state)
{
	struct lab *lab = lab_need(state);
	struct expected_policy policy = policy_full(SCOPE_ROLES);
	expect_both_phases(lab, &policy, sweep_add_pairs);
}

int lines_suite_run(const struct expected_table *document)
{
	table = document;
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_lines_scope_everything), LAB_TEST(test_lines_scope_roles),
	        LAB_TEST(test_lines_scope_servers),    LAB_TEST(test_lines_with_stand_ins),
	        LAB_TEST(test_pairs_scope_everything), LAB_TEST(test_pairs_scope_roles),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

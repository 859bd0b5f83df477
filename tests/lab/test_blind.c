/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lab can fail: with one rule taken out behind omfwd's back, the sweep names that line and nothing else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/program.h"
#include "tests/lab/sweep.h"

#define ROW "cur-10"

/* Deletes each IPv4 rule that has the row in its comment. */
static void rules_delete(const struct lab *lab, const char *row)
{
	json_t *list = nft_list(lab, NS_GATEWAY), *item;
	size_t i, n = 0;
	json_array_foreach(list, i, item)
	{
		json_t *rule = json_object_get(item, "rule");
		const char *comment = json_string_value(json_object_get(rule, "comment"));
		char *text = json_dumps(rule, JSON_COMPACT);
		if (comment && strstr(comment, row) && strstr(text, "\"ip saddr\"")) {
			lab_must(lab, NS_GATEWAY, "nft delete rule inet omfwd '%s' handle %ld",
			         json_string_value(json_object_get(rule, "chain")),
			         (long)json_integer_value(json_object_get(rule, "handle")));
			n++;
		}
		free(text);
	}
	json_decref(list);
	if (n == 0)
		fail_msg("no IPv4 rule has %s in its comment", row);
}

static void test_missing_rule_is_seen(void **state)
{
	struct lab *lab = lab_need(state);
	struct expected_policy policy = {.table = &expected_current, .scope = SCOPE_EVERYTHING};
	for (int role = 0; role < EXPECTED_ROLES; role++)
		policy.assigned[role] = true;
	sweep_config_write(&policy, "own_table = no\n");
	omfwd_expect(lab, 0, "--phase run");
	sweep_expect(lab, &policy, sweep_add_pairs);
	rules_delete(lab, ROW);

	struct sweep sweep = {0};
	sweep_add_pairs(&sweep, &policy);
	sweep_run(lab, &sweep, false);
	size_t missing = 0;
	for (size_t i = 0; i < sweep.n; i++) {
		const struct expected_line *line = sweep.trials[i].line;
		bool touched = line && strcmp(line->row, ROW) == 0 && sweep.probes[i].src.family == AF_INET;
		assert_int_equal(sweep_is_wrong(&sweep, i), touched);
		missing += touched;
	}
	assert_int_equal(missing, 2); /* left to right and back */
	assert_int_equal(sweep.wrong, missing);
	sweep_free(&sweep);
}

/* And the other way round: a rule too many. */
static void test_extra_rule_is_seen(void **state)
{
	struct lab *lab = lab_need(state);
	struct expected_policy policy = {.table = &expected_2016, .scope = SCOPE_ROLES};
	policy.assigned[expected_role("management_server")] = true;
	policy.assigned[expected_role("operations_manager_database")] = true;
	sweep_config_write(&policy, "own_table = no\n");
	omfwd_expect(lab, 0, "--phase run");
	sweep_expect(lab, &policy, sweep_add_pairs);
	lab_must(lab, NS_GATEWAY,
	         "nft insert rule inet omfwd forward ip saddr 10.1.0.2 tcp dport 1432 accept");
	struct sweep sweep = {0};
	sweep_add_pairs(&sweep, &policy);
	sweep_run(lab, &sweep, false);
	assert_int_equal(sweep.wrong, 2); /* to the database, and to the other management server */
	sweep_free(&sweep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_missing_rule_is_seen),
	        LAB_TEST(test_extra_rule_is_seen),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

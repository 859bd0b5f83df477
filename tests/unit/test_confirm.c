/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policies on trial and stored ones, on a kernel that can be made to fail: what returns, what stays, what is on disk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <unistd.h>

#include "agent/confirm.h"
#include "agent/fallback.h"
#include "agent/last_good.h"
#include "tests/unit/fake_engine.h"

#define HOUR_MS 3600000u
#define DAY     86400

static const char first_file[] = "[roles prod]\nmanagement_server = 10.0.1.11\nwindows_agent = 10.1.0.0/16\n";
static const char second_file[] =
        "[roles prod]\nmanagement_server = 10.0.1.11\nweb_console_server = 10.0.3.1\n";
static const char expiring_file[] = "[roles prod]\nmanagement_server = 10.0.1.11\n"
                                    "[site_rule visit]\nfrom = 10.7.0.1\nto = @prod.management_server\n"
                                    "protocol = tcp\nports = 99\nphase = both\nreason = audit\n"
                                    "expires = 2090-01-01\n";

static const struct origin alice = {.uid = 0, .user = "root", .login = "alice"};

static enum exit_code run(enum verb verb, const char *request)
{
	return fake_engine_ask(verb, request, &alice, NULL);
}

static enum exit_code give_back(void)
{
	json_t *reply = reply_new();
	enum exit_code code = confirm_return(&engine, reply);

	json_decref(reply);
	engine_state_save(&engine);
	return code;
}

/* As after a start: what was remembered is known again. */
static void open_engine(void)
{
	fake_engine_open();
	engine_state_load(&engine);
}

static int setup(void **state)
{
	(void)state;
	if (fake_engine_new(first_file) < 0)
		return -1;
	engine_state_load(&engine);
	return 0;
}

/* Whether the model that the kernel was given last has a counter, and a rule that counts with it. */
static bool kernel_counts(const char *counter)
{
	for (size_t i = 0; i < fake.last->n_counters; i++)
		if (strcmp(fake.last->counters[i], counter) == 0)
			return true;
	return false;
}

static bool kernel_lets_in_by(const char *counter)
{
	for (size_t i = 0; i < fake.last->n_chains; i++) {
		const struct nft_chain *chain = fake.last->chains[i];

		for (size_t j = 0; j < chain->n; j++)
			for (unsigned k = 0; k < chain->rules[j].n; k++)
				if (chain->rules[j].stmts[k].kind == STMT_COUNTER &&
				    strcmp(chain->rules[j].stmts[k].name, counter) == 0)
					return true;
	}
	return false;
}

static void test_trial_returns(void **state)
{
	(void)state;
	assert_int_equal(run(VERB_RELOAD, "{}"), CODE_DONE);
	assert_int_equal(run(VERB_PHASE, "{\"phase\": \"install\", \"for\": 3600, \"rows\": [\"cur-18\"]}"),
	                 CODE_DONE);
	write_config(second_file);
	assert_int_equal(run(VERB_RELOAD, "{\"confirm\": 60}"), CODE_DONE);
	assert_true(engine.trial.pending);
	assert_in_range(confirm_left_ms(&engine), 50000, 60000);
	assert_int_equal(trial_mark_get(dir), MARK_BEFORE_LAST_GOOD);
	/* the row is not in this policy; counter and window wait for the one before */
	assert_true(kernel_counts("prod.cur-18"));
	assert_false(kernel_lets_in_by("prod.cur-18"));
	assert_true(kernel_lets_in_by("prod.cur-10") || kernel_lets_in_by("prod.cur-11"));
	assert_int_equal(fake_window("prod.cur-18.window")->left_ms, HOUR_MS);
	assert_string_equal(window_records_find(&engine.records, "prod.cur-18.window")->origin.login,
	                    "alice");
	assert_int_equal(give_back(), CODE_DONE);
	assert_false(engine.trial.pending);
	assert_true(kernel_lets_in_by("prod.cur-18"));
	assert_int_equal(fake_window("prod.cur-18.window")->left_ms, HOUR_MS);
	assert_int_equal(run(VERB_STATUS, "{}"), CODE_NO);
	/* the file is still that policy: the mark stays until somebody wants it */
	assert_int_equal(trial_mark_get(dir), MARK_BEFORE_LAST_GOOD);
	assert_int_equal(run(VERB_CONFIRM, "{}"), CODE_NO);
	assert_int_equal(run(VERB_RELOAD, "{}"), CODE_DONE);
	assert_int_equal(trial_mark_get(dir), MARK_NONE);
	assert_int_equal(run(VERB_STATUS, "{}"), CODE_DONE);
}

static bool has_set(const struct ruleset *ruleset, const char *name)
{
	for (size_t i = 0; i < ruleset->n_sets; i++)
		if (strcmp(ruleset->sets[i]->name, name) == 0)
			return true;
	return false;
}

static void test_trial_is_confirmed(void **state)
{
	json_t *reply = reply_new();
	struct stored stored;

	(void)state;
	assert_int_equal(run(VERB_RELOAD, "{}"), CODE_DONE);
	write_config(second_file);
	assert_int_equal(run(VERB_RELOAD, "{\"confirm\": 60}"), CODE_DONE);
	/* put back into the kernel meanwhile, it is no better than before */
	assert_int_equal(engine_apply(&engine, reply), CODE_DONE);
	json_decref(reply);
	engine_state_save(&engine);
	assert_int_equal(last_good_load(dir, &stored), 0);
	assert_true(has_set(stored.ruleset, "prod.windows_agent.nets4"));
	ruleset_free(stored.ruleset);
	policy_free(stored.policy);
	assert_int_equal(run(VERB_CONFIRM, "{}"), CODE_DONE);
	assert_false(engine.trial.pending);
	assert_false(kernel_counts("prod.cur-18"));
	assert_int_equal(trial_mark_get(dir), MARK_NONE);
	assert_int_equal(last_good_load(dir, &stored), 0);
	assert_false(has_set(stored.ruleset, "prod.windows_agent.nets4"));
	assert_int_equal(stored.ruleset->n_counters, engine.current.ruleset->n_counters);
	ruleset_free(stored.ruleset);
	policy_free(stored.policy);
	assert_int_equal(run(VERB_STATUS, "{}"), CODE_DONE);
	assert_int_equal(run(VERB_CONFIRM, "{}"), CODE_NO);
}

static void test_one_at_a_time(void **state)
{
	size_t applied;

	(void)state;
	assert_int_equal(run(VERB_RELOAD, "{}"), CODE_DONE);
	assert_int_equal(run(VERB_RELOAD, "{\"confirm\": 60}"), CODE_DONE);
	applied = fake.n_applied;
	assert_int_equal(run(VERB_RELOAD, "{\"confirm\": 60}"), CODE_UNAVAILABLE);
	assert_int_equal(run(VERB_RELOAD, "{}"), CODE_UNAVAILABLE);
	assert_int_equal(fake.n_applied, applied);
	assert_true(engine.trial.pending);
	assert_int_equal(run(VERB_REMOVE, "{}"), CODE_DONE);
	assert_false(engine.trial.pending);
	assert_int_equal(trial_mark_get(dir), MARK_NONE);
	assert_int_equal(run(VERB_RELOAD, "{\"confirm\": 86401}"), CODE_BAD_INPUT);
}

static void test_first_policy_on_trial(void **state)
{
	(void)state;
	assert_int_equal(run(VERB_RELOAD, "{\"confirm\": 60}"), CODE_DONE);
	assert_int_equal(trial_mark_get(dir), MARK_BEFORE_NOTHING);
	assert_true(fake.exists);
	assert_int_equal(give_back(), CODE_DONE);
	assert_false(fake.exists);
	assert_true(engine.removed);
	assert_int_equal(run(VERB_STATUS, "{}"), CODE_NO);
	assert_int_equal(run(VERB_RELOAD, "{}"), CODE_DONE);
	assert_int_equal(trial_mark_get(dir), MARK_NONE);
}

static void test_trial_that_does_not_begin(void **state)
{
	const struct policy *before;

	(void)state;
	assert_int_equal(run(VERB_RELOAD, "{}"), CODE_DONE);
	before = engine.current.policy;
	fake.fail = -ENOBUFS;
	assert_int_equal(run(VERB_RELOAD, "{\"confirm\": 60}"), CODE_UNAVAILABLE);
	write_config("[omfwd]\nbad = 1\n");
	assert_int_equal(run(VERB_RELOAD, "{\"confirm\": 60}"), CODE_BAD_INPUT);
	assert_ptr_equal(engine.current.policy, before);
	assert_false(engine.trial.pending);
	assert_int_equal(trial_mark_get(dir), MARK_NONE);
	engine.config.watched = false;
	write_config(first_file);
	assert_int_equal(run(VERB_RELOAD, "{\"confirm\": 60}"), CODE_UNAVAILABLE);
	assert_int_equal(run(VERB_CONFIRM, "{}"), CODE_UNAVAILABLE);
	assert_ptr_equal(engine.current.policy, before);
}

/* A kernel that refuses is asked again: the trial does not end by itself. */
static void test_return_that_fails(void **state)
{
	(void)state;
	assert_int_equal(run(VERB_RELOAD, "{}"), CODE_DONE);
	write_config(second_file);
	assert_int_equal(run(VERB_RELOAD, "{\"confirm\": 60}"), CODE_DONE);
	fake.fail = -ENOBUFS;
	assert_int_equal(give_back(), CODE_UNAVAILABLE);
	assert_true(engine.trial.pending);
	assert_int_equal(trial_mark_get(dir), MARK_BEFORE_LAST_GOOD);
	assert_int_equal(give_back(), CODE_DONE);
	assert_true(kernel_lets_in_by("prod.cur-18"));
}

/* Closing everything closes what would return as well. */
static void test_phase_on_trial(void **state)
{
	(void)state;
	assert_int_equal(run(VERB_RELOAD, "{}"), CODE_DONE);
	assert_int_equal(run(VERB_PHASE, "{\"phase\": \"install\", \"rows\": [\"cur-18\"]}"), CODE_DONE);
	write_config(second_file);
	assert_int_equal(run(VERB_RELOAD, "{\"confirm\": 60}"), CODE_DONE);
	assert_int_equal(run(VERB_PHASE, "{\"phase\": \"run\"}"), CODE_DONE);
	assert_int_equal(give_back(), CODE_DONE);
	assert_int_equal(fake_window("prod.cur-18.window")->left_ms, 0);
}

static void test_stored_policy(void **state)
{
	(void)state;
	assert_int_equal(fallback_read(&engine), -ENOENT);
	assert_int_equal(run(VERB_RELOAD, "{}"), CODE_DONE);
	engine_close(&engine);
	fake.last = NULL;
	open_engine();
	assert_int_equal(fallback_read(&engine), 0);
	assert_int_equal(engine.current.source, FROM_LAST_GOOD);
	assert_in_range(engine.current.saved, time(NULL) - 60, time(NULL));
	assert_int_equal(run(VERB_EXPLAIN, "{}"), CODE_UNAVAILABLE);
	assert_int_equal(run(VERB_STATUS, "{}"), CODE_NO);
	assert_int_equal(run(VERB_PHASE, "{\"phase\": \"install\", \"for\": 90000}"), CODE_BAD_INPUT);
	assert_int_equal(run(VERB_PHASE, "{\"phase\": \"install\", \"sections\": [\"prod\"]}"), CODE_DONE);
	assert_in_range(fake_window("prod.cur-18.window")->left_ms, 1, 4 * HOUR_MS);
	/* on trial from here: the stored one returns */
	write_config(second_file);
	assert_int_equal(run(VERB_RELOAD, "{\"confirm\": 60}"), CODE_DONE);
	assert_int_equal(give_back(), CODE_DONE);
	assert_int_equal(engine.current.source, FROM_LAST_GOOD);
	assert_true(kernel_lets_in_by("prod.cur-18"));
}

static time_t visit_ends(void)
{
	return engine.current.policy->site_rules[0].expires;
}

static void test_site_rules_expire(void **state)
{
	json_t *reply = reply_new();

	(void)state;
	write_config(expiring_file);
	assert_int_equal(run(VERB_RELOAD, "{}"), CODE_DONE);
	assert_int_equal(engine_expire(&engine, visit_ends() - 1, reply), CODE_DONE);
	assert_true(kernel_lets_in_by("site.visit"));
	/* a refusal is not the end of it */
	fake.fail = -ENOBUFS;
	assert_int_equal(engine_expire(&engine, visit_ends(), reply), CODE_UNAVAILABLE);
	reply_set_code(reply, CODE_DONE);
	write_config("[omfwd]\nbad = 1\n"); /* nobody reads it for this */
	assert_int_equal(engine_expire(&engine, visit_ends(), reply), CODE_DONE);
	assert_false(kernel_lets_in_by("site.visit"));
	assert_true(engine.current.policy->site_rules[0].expired);
	json_decref(reply);
}

static void test_stored_site_rules_expire(void **state)
{
	json_t *reply = reply_new();

	(void)state;
	write_config(expiring_file);
	assert_int_equal(run(VERB_RELOAD, "{}"), CODE_DONE);
	assert_int_equal(fallback_read(&engine), 0);
	assert_int_equal(engine_apply(&engine, reply), CODE_DONE);
	assert_true(kernel_lets_in_by("site.visit"));
	assert_int_equal(engine_expire(&engine, visit_ends(), reply), CODE_DONE);
	assert_false(kernel_lets_in_by("site.visit"));
	assert_null(fake.previous);
	assert_int_equal(engine_expire(&engine, visit_ends() + DAY, reply), CODE_DONE);
	json_decref(reply);
}

/* What is saved is a rule that has a day; when that has passed while nobody ran, it is gone with the boot. */
static void test_expired_while_down(void **state)
{
	time_t past = time(NULL) - DAY;
	struct stored stored;

	(void)state;
	write_config(expiring_file);
	assert_int_equal(run(VERB_RELOAD, "{}"), CODE_DONE);
	engine.current.policy->site_rules[0].expires = past;
	assert_int_equal(last_good_save(dir, engine.current.policy, engine.current.ruleset, past), 0);
	assert_int_equal(last_good_load(dir, &stored), 0);
	assert_int_equal(stored.policy->site_rules[0].expires, past);
	ruleset_free(stored.ruleset);
	policy_free(stored.policy);
	assert_int_equal(fallback_read(&engine), 0);
	assert_true(engine.current.policy->site_rules[0].expired);
	fake.last = engine.current.ruleset;
	assert_false(kernel_lets_in_by("site.visit"));
}

static void test_unknown_table(void **state)
{
	json_t *reply = reply_new();

	(void)state;
	assert_int_equal(run(VERB_RELOAD, "{}"), CODE_DONE);
	assert_int_equal(run(VERB_PHASE, "{\"phase\": \"install\", \"rows\": [\"cur-18\"]}"), CODE_DONE);
	fake.last = NULL;
	assert_int_equal(fallback_adopt_kernel(&engine), 0);
	assert_int_equal(engine.current.source, FROM_KERNEL);
	assert_int_equal(run(VERB_STATUS, "{}"), CODE_NO);
	assert_non_null(window_records_find(&engine.records, "prod.cur-18.window"));
	assert_int_equal(run(VERB_PHASE, "{\"phase\": \"install\"}"), CODE_UNAVAILABLE);
	assert_int_equal(run(VERB_RELOAD, "{\"confirm\": 60}"), CODE_UNAVAILABLE);
	assert_int_equal(engine_apply(&engine, reply), CODE_UNAVAILABLE);
	json_decref(reply);
	assert_int_equal(run(VERB_PHASE, "{\"phase\": \"run\"}"), CODE_DONE);
	assert_int_equal(fake_window("prod.cur-18.window")->left_ms, 0);
}

#define CONFIRM_TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_engine_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        CONFIRM_TEST(test_trial_returns),
	        CONFIRM_TEST(test_trial_is_confirmed),
	        CONFIRM_TEST(test_one_at_a_time),
	        CONFIRM_TEST(test_first_policy_on_trial),
	        CONFIRM_TEST(test_trial_that_does_not_begin),
	        CONFIRM_TEST(test_return_that_fails),
	        CONFIRM_TEST(test_phase_on_trial),
	        CONFIRM_TEST(test_stored_policy),
	        CONFIRM_TEST(test_site_rules_expire),
	        CONFIRM_TEST(test_stored_site_rules_expire),
	        CONFIRM_TEST(test_expired_while_down),
	        CONFIRM_TEST(test_unknown_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

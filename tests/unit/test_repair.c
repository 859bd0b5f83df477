/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is sent again after others changed the nft table, what is kept, and what becomes of windows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/fake_engine.h"
#include "util/timestamp.h"

#define HOUR_MS 3600000u

static const char role_file[] = "[omfwd]\nown_table = no\n[roles prod]\nmanagement_server = 10.0.1.11\n"
                                "windows_agent = 10.1.0.0/16, 10.2.0.1\n";
static const struct origin nobody = {.user = "root"};

static int setup(void **state)
{
	int code;

	(void)state;
	code = fake_engine_load(role_file);
	for (size_t i = 0; code == CODE_DONE && i < engine.current.ruleset->n_sets; i++) {
		struct nft_set *set = engine.current.ruleset->sets[i];

		free(set->kernel_name);
		set->kernel_name = strdup(set->name);
	}
	engine.guarded = true;
	return code;
}

static void run(enum verb verb, const char *request)
{
	assert_int_equal(fake_engine_ask(verb, request, &nobody, NULL), CODE_DONE);
}

static enum exit_code repair(void)
{
	json_t *reply = reply_new();
	enum exit_code code = engine_repair(&engine, reply);

	json_decref(reply);
	return code;
}

static void test_nothing_is_vouched_for_after_drift(void **state)
{
	(void)state;
	run(VERB_RELOAD, "{}");
	assert_non_null(fake.previous);
	engine_distrust(&engine, "");
	run(VERB_RELOAD, "{}");
	assert_null(fake.previous);
	assert_false(engine.drifted);
	run(VERB_RELOAD, "{}");
	assert_non_null(fake.previous);
}

static void test_sets_nobody_touched_are_kept(void **state)
{
	size_t n = engine.current.ruleset->n_sets;

	(void)state;
	engine_distrust(&engine, "");
	assert_int_equal(repair(), CODE_DONE);
	assert_int_equal(fake.n_intact, n);
	engine_distrust(&engine, "prod.windows_agent.nets4");
	engine_distrust(&engine, "somebody's own set");
	assert_int_equal(repair(), CODE_DONE);
	assert_int_equal(fake.n_intact, n - 1);
	engine_distrust(&engine, NULL);
	assert_int_equal(repair(), CODE_DONE);
	assert_int_equal(fake.n_intact, 0);
	engine_distrust(&engine, "");
	assert_int_equal(repair(), CODE_DONE);
	assert_int_equal(fake.n_intact, n);
}

/* Once refused, the table is made from nothing; refused again, everything stays to be done. */
static void test_refused_repair(void **state)
{
	(void)state;
	engine_distrust(&engine, NULL);
	fake.fail = -EBUSY;
	assert_int_equal(repair(), CODE_DONE);
	assert_false(engine.drifted);
	engine_distrust(&engine, NULL);
	fake.fail = -EPERM;
	assert_int_equal(repair(), CODE_FORBIDDEN);
	assert_true(engine.drifted);
}

static uint64_t left(const char *set)
{
	return (uint64_t)kernel_window_left(engine.kernel, set);
}

static size_t hold(void)
{
	size_t n;

	assert_int_equal(engine_windows_hold(&engine, &n), 0);
	return n;
}

static void test_opened_by_others_is_closed(void **state)
{
	(void)state;
	assert_int_equal(hold(), 0);
	fake_window("install_window")->left_ms = HOUR_MS;
	assert_int_equal(hold(), 1);
	assert_int_equal(left("install_window"), 0);
	assert_int_equal(hold(), 0);
}

static void test_extended_by_others_is_set_back(void **state)
{
	(void)state;
	run(VERB_PHASE, "{\"phase\": \"install\", \"for\": 3600}");
	assert_int_equal(hold(), 0);
	fake_window("install_window")->left_ms = 5 * HOUR_MS;
	assert_int_equal(hold(), 1);
	assert_in_range(left("install_window"), HOUR_MS - 5000, HOUR_MS);
	/* A shorter one is not lengthened. */
	fake_window("install_window")->left_ms = 1000;
	assert_int_equal(hold(), 0);
}

static void test_closed_by_others_stays_closed(void **state)
{
	(void)state;
	run(VERB_PHASE, "{\"phase\": \"install\", \"for\": 3600}");
	engine_window_closed(&engine, "install_window");
	assert_int_equal(hold(), 1);
	assert_int_equal(left("install_window"), 0);
}

/* No record believes in what somebody else has opened; without a guard, as at the start, it is adopted. */
static void test_adoption(void **state)
{
	struct window_state windows;

	(void)state;
	for (int guarded = 1; guarded >= 0; guarded--) {
		engine.guarded = guarded;
		fake_window("install_window")->left_ms = HOUR_MS;
		assert_int_equal(engine_windows_read(&engine, &windows), 0);
		engine_windows_adopt(&engine, &windows);
		free((void *)windows.gates_ms);
		assert_int_equal(engine.records.n, guarded ? 0 : 1);
	}
	engine.guarded = true;
	assert_int_equal(hold(), 0);
}

static void test_history_is_a_ring(void **state)
{
	struct drift_history history = {.n = 0};
	struct monitor_group group = {.n = 0};

	(void)state;
	for (uint32_t pid = 1; pid <= DRIFT_ENTRIES + 3; pid++) {
		group.pid = pid;
		drift_history_add(&history, &group);
	}
	assert_int_equal(history.n, DRIFT_ENTRIES);
	assert_int_equal(history.changes, DRIFT_ENTRIES + 3);
	assert_int_equal(drift_history_at(&history, 0)->pid, 4);
	assert_int_equal(drift_history_at(&history, DRIFT_ENTRIES - 1)->pid, DRIFT_ENTRIES + 3);
	assert_true(drift_tell_outcome(&history, DRIFT_REPAIRED, 5));
	assert_false(drift_tell_outcome(&history, DRIFT_LEFT, 5));
	assert_int_equal(drift_history_at(&history, 3)->outcome, DRIFT_REPAIRED);
}

#define REPAIR_TEST(test) cmocka_unit_test_setup_teardown(test, setup, fake_engine_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        REPAIR_TEST(test_nothing_is_vouched_for_after_drift),
	        REPAIR_TEST(test_sets_nobody_touched_are_kept),
	        REPAIR_TEST(test_refused_repair),
	        REPAIR_TEST(test_opened_by_others_is_closed),
	        REPAIR_TEST(test_extended_by_others_is_set_back),
	        REPAIR_TEST(test_closed_by_others_stays_closed),
	        REPAIR_TEST(test_adoption),
	        cmocka_unit_test(test_history_is_a_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

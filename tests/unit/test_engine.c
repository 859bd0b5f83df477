/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine and its verbs on a kernel that can be made to fail: what stays, what is said, what is remembered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/fake_engine.h"

#define HOUR_MS 3600000u

static const char good_file[] = "[omfwd]\n"
                                "own_table = yes\n"
                                "[roles prod]\n"
                                "management_server = 10.0.1.11\n"
                                "operations_manager_database = 10.0.2.50\n"
                                "windows_agent = 10.1.0.0/16\n";

static const struct origin alice = {.uid = 0, .user = "root", .login = "alice"};

/* Runs a verb with a request in JSON and returns its code; ret may be NULL. */
static enum exit_code run(enum verb verb, const char *request, json_t **ret)
{
	return fake_engine_ask(verb, request, &alice, ret);
}

static int setup(void **state)
{
	(void)state;
	return fake_engine_load(good_file);
}

static void test_load_and_reload(void **state)
{
	const struct ruleset *first = fake.last;

	(void)state;
	assert_int_equal(fake.n_applied, 1);
	assert_null(fake.previous);
	assert_true(fake.own);
	assert_int_equal(run(VERB_RELOAD, "{}", NULL), CODE_DONE);
	assert_int_equal(fake.n_applied, 2);
	assert_ptr_equal(fake.previous, first);
}

static void test_reload_after_somebody_took_the_table(void **state)
{
	(void)state;
	fake.exists = false;
	assert_int_equal(run(VERB_RELOAD, "{}", NULL), CODE_DONE);
	assert_null(fake.previous);
}

static void test_bad_file_changes_nothing(void **state)
{
	const struct policy *before = engine.current.policy;
	json_t *reply;

	(void)state;
	write_config("[omfwd]\nbad = 1\n");
	assert_int_equal(run(VERB_RELOAD, "{}", &reply), CODE_BAD_INPUT);
	assert_int_equal(json_array_size(json_object_get(reply, "diagnostics")), 1);
	json_decref(reply);
	assert_int_equal(fake.n_applied, 1);
	assert_ptr_equal(engine.current.policy, before);
	assert_int_equal(run(VERB_STATUS, "{}", &reply), CODE_DONE);
	assert_int_equal(json_array_size(json_object_get(json_object_get(reply, "last_error"), "lines")), 1);
	json_decref(reply);
	write_config(good_file);
	assert_int_equal(run(VERB_RELOAD, "{}", NULL), CODE_DONE);
	assert_int_equal(run(VERB_STATUS, "{}", &reply), CODE_DONE);
	assert_null(json_object_get(reply, "last_error"));
	json_decref(reply);
}

static void test_kernel_that_refuses(void **state)
{
	const struct policy *before = engine.current.policy;

	(void)state;
	fake.fail = -EPERM;
	assert_int_equal(run(VERB_RELOAD, "{}", NULL), CODE_FORBIDDEN);
	assert_ptr_equal(engine.current.policy, before);
	fake.fail = -ENOBUFS;
	assert_int_equal(run(VERB_RELOAD, "{}", NULL), CODE_UNAVAILABLE);
	/* no record of a window that the kernel did not open */
	fake.fail = -ENOBUFS;
	assert_int_equal(run(VERB_PHASE, "{\"phase\": \"install\"}", NULL), CODE_UNAVAILABLE);
	assert_int_equal(engine.records.n, 0);
}

static void test_window_is_remembered(void **state)
{
	const struct window_record *record;
	struct window_records read;

	(void)state;
	assert_int_equal(run(VERB_PHASE, "{\"phase\": \"install\", \"for\": 3600}", NULL), CODE_DONE);
	assert_int_equal(fake_window("install_window")->left_ms, HOUR_MS);
	engine_state_save(&engine);
	assert_int_equal(state_load(dir, &read), 0);
	record = window_records_find(&read, "install_window");
	assert_non_null(record);
	assert_in_range(record->deadline - record->opened, 3600, 3601);
	assert_string_equal(record->origin.login, "alice");
	window_records_clear(&read);
	assert_int_equal(run(VERB_PHASE, "{\"phase\": \"run\"}", NULL), CODE_DONE);
	assert_int_equal(fake_window("install_window")->left_ms, 0);
	assert_int_equal(engine.records.n, 0);
}

/* No name service stands between a request and the kernel. */
static void test_names_come_after_the_kernel(void **state)
{
	const struct window_request request = {.phase = WANT_INSTALL};
	const char *root = getpwuid(0) ? getpwuid(0)->pw_name : "0";
	struct origin who = {.uid = 0};
	struct window_plan plan;
	json_t *reply = reply_new();

	(void)state;
	fake.fail = -ENOBUFS;
	assert_int_equal(engine_windows_change(&engine, &request, &who, &plan, reply), CODE_UNAVAILABLE);
	window_plan_clear(&plan);
	assert_string_equal(who.user, "");
	json_decref(reply);
	reply = reply_new();
	assert_int_equal(engine_windows_change(&engine, &request, &who, &plan, reply), CODE_DONE);
	window_plan_clear(&plan);
	json_decref(reply);
	assert_string_equal(who.user, root);
	assert_string_equal(window_records_find(&engine.records, "install_window")->origin.user, root);
}

/* Who opened everything is who opened what is left of it. */
static void test_handed_over_windows_keep_their_story(void **state)
{
	(void)state;
	assert_int_equal(run(VERB_PHASE, "{\"phase\": \"install\", \"for\": 3600}", NULL), CODE_DONE);
	assert_int_equal(run(VERB_PHASE, "{\"phase\": \"run\", \"rows\": [\"cur-01\"]}", NULL), CODE_DONE);
	assert_null(window_records_find(&engine.records, "install_window"));
	assert_null(window_records_find(&engine.records, "prod.cur-01.window"));
	assert_int_equal(fake_window("prod.cur-18.window")->left_ms, HOUR_MS);
	assert_string_equal(window_records_find(&engine.records, "prod.cur-18.window")->origin.login,
	                    "alice");
}

static void test_remove_stays_removed(void **state)
{
	json_t *reply;

	(void)state;
	assert_int_equal(run(VERB_REMOVE, "{}", NULL), CODE_DONE);
	assert_false(fake.exists);
	assert_int_equal(run(VERB_PHASE, "{\"phase\": \"install\"}", NULL), CODE_UNAVAILABLE);
	assert_int_equal(run(VERB_STATUS, "{}", &reply), CODE_NO);
	assert_string_equal(json_string_value(json_object_get(reply, "phase")), "removed");
	json_decref(reply);
	assert_int_equal(run(VERB_REMOVE, "{}", NULL), CODE_DONE);
	assert_int_equal(run(VERB_RELOAD, "{}", NULL), CODE_DONE);
	assert_null(fake.previous);
	assert_int_equal(run(VERB_STATUS, "{}", NULL), CODE_DONE);
}

static void test_drift_is_seen(void **state)
{
	json_t *reply;

	(void)state;
	fake.drift.n_rules = 1;
	assert_int_equal(run(VERB_STATUS, "{}", &reply), CODE_NO);
	assert_non_null(strstr(json_string_value(json_object_get(reply, "text")), "drifted"));
	json_decref(reply);
	fake.exists = false;
	assert_int_equal(run(VERB_STATUS, "{}", NULL), CODE_NO);
}

static void test_flowtables_in_the_status(void **state)
{
	const char *text;
	json_t *reply;

	(void)state;
	assert_int_equal(run(VERB_STATUS, "{}", &reply), CODE_DONE);
	assert_null(strstr(json_string_value(json_object_get(reply, "text")), "flowtable"));
	json_decref(reply);
	fake.flowtable = "inet fast path";
	assert_int_equal(run(VERB_STATUS, "{}", &reply), CODE_DONE);
	text = json_string_value(json_object_get(reply, "text"));
	assert_non_null(strstr(text, "flowtable inet fast path carries connections past every rule\n"));
	assert_null(strstr(text, "cut so far"));
	json_decref(reply);
	engine.cut =
	        (struct cut_result){.at = 1, .deleted = 2, .left = 1, .error = -EBUSY, .deleted_ever = 7};
	assert_int_equal(run(VERB_STATUS, "{}", &reply), CODE_DONE);
	text = json_string_value(json_object_get(reply, "text"));
	assert_non_null(strstr(text, "cut so far: 7 connections, 2 of them after the last change\n"));
	assert_non_null(strstr(text, "not cut although no longer allowed: 1, "));
	json_decref(reply);
}

static void test_counters_in_the_status(void **state)
{
	json_t *reply, *counter;
	size_t i, denied = 0;

	(void)state;
	assert_int_equal(run(VERB_STATUS, "{}", &reply), CODE_DONE);
	json_array_foreach(
	        json_object_get(reply, "counters"), i,
	        counter) if (strcmp(json_string_value(json_object_get(counter, "name")), "denied") == 0)
	        denied = (size_t)json_integer_value(json_object_get(counter, "packets"));
	assert_int_equal(denied, 7);
	json_decref(reply);
}

static void test_windows_found_open_are_adopted(void **state)
{
	struct window_state open;
	time_t before = time(NULL);

	(void)state;
	fake_window("prod.cur-18.window")->left_ms = HOUR_MS;
	window_records_get(&engine.records, "prod.cur-01.window")->deadline = time(NULL);
	window_records_get(&engine.records, "gone.cur-01.window")->deadline = time(NULL) + 60;
	assert_int_equal(engine_windows_read(&engine, &open), 0);
	engine_windows_adopt(&engine, &open);
	free((void *)open.gates_ms);
	assert_int_equal(engine.records.n, 1);
	assert_in_range(window_records_find(&engine.records, "prod.cur-18.window")->deadline, before + 3599,
	                time(NULL) + 3601);
	assert_true(engine.records_changed);
}

/* After a boot: what is left, not more than the file allows now, and nothing of gates that are no more. */
static void test_windows_are_restored(void **state)
{
	time_t now = time(NULL);
	json_t *reply = reply_new();
	static const struct {
		const char *set;
		time_t opened, deadline;
	} saved[] = {
	        {"prod.cur-01.window", -3600, 3600},
	        {"prod.cur-18.window", -7200, -1},
	        {"install_window", -3600, 30 * 86400},
	        {"gone.cur-01.window", -3600, 3600},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(saved) / sizeof(saved[0]); i++) {
		struct window_record *record = window_records_get(&engine.records, saved[i].set);

		record->opened = now + saved[i].opened;
		record->deadline = now + saved[i].deadline;
	}
	assert_int_equal(engine_windows_restore(&engine, reply), CODE_DONE);
	json_decref(reply);
	assert_in_range(fake_window("prod.cur-01.window")->left_ms, HOUR_MS - 2000, HOUR_MS);
	assert_int_equal(fake_window("prod.cur-18.window")->left_ms, 0);
	assert_int_equal(fake_window("install_window")->left_ms, 24 * HOUR_MS);
	assert_int_equal(fake_window("gone.cur-01.window")->left_ms, 0);
}

static void test_bad_phase_requests(void **state)
{
	(void)state;
	assert_int_equal(run(VERB_PHASE, "{}", NULL), CODE_BAD_INPUT);
	assert_int_equal(run(VERB_PHASE, "{\"phase\": \"upgrade\"}", NULL), CODE_BAD_INPUT);
	assert_int_equal(run(VERB_PHASE, "{\"phase\": \"install\", \"for\": 90000}", NULL), CODE_BAD_INPUT);
	assert_int_equal(run(VERB_PHASE, "{\"phase\": \"install\", \"for\": 9223372036854775807}", NULL),
	                 CODE_BAD_INPUT);
	assert_int_equal(run(VERB_PHASE, "{\"phase\": \"install\", \"sections\": [\"x\"]}", NULL),
	                 CODE_BAD_INPUT);
	assert_int_equal(fake_window("install_window")->left_ms, 0);
}

#define ENGINE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_engine_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        ENGINE_TEST(test_load_and_reload),
	        ENGINE_TEST(test_reload_after_somebody_took_the_table),
	        ENGINE_TEST(test_bad_file_changes_nothing),
	        ENGINE_TEST(test_kernel_that_refuses),
	        ENGINE_TEST(test_window_is_remembered),
	        ENGINE_TEST(test_names_come_after_the_kernel),
	        ENGINE_TEST(test_handed_over_windows_keep_their_story),
	        ENGINE_TEST(test_remove_stays_removed),
	        ENGINE_TEST(test_drift_is_seen),
	        ENGINE_TEST(test_flowtables_in_the_status),
	        ENGINE_TEST(test_counters_in_the_status),
	        ENGINE_TEST(test_windows_found_open_are_adopted),
	        ENGINE_TEST(test_windows_are_restored),
	        ENGINE_TEST(test_bad_phase_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

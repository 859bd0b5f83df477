// SPDX-License-Identifier: GPL-2.0-or-later
/* What is remembered of windows, reloads and drift, how its file is kept, and when counters last grew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/history_events.h"
#include "tests/unit/fake_engine.h"
#include "util/array.h"

static const char good_file[] = "[roles prod]\n"
                                "management_server = 10.0.1.11\n"
                                "operations_manager_database = 10.0.2.50\n"
                                "windows_agent = 10.1.0.0/16\n";

static const struct origin alice = {
        .user = "root", .login = "alice", .from = "192.0.2.7", .reason = "SP1", .ticket = "CHG1"};

static int setup(void **state)
{
	(void)state;
	return fake_engine_load(good_file);
}

static enum exit_code run(enum verb verb, const char *request)
{
	return fake_engine_ask(verb, request, &alice, NULL);
}

static const json_t *last_event(json_t **events, const char *kind)
{
	const json_t *event;

	*events = history_read(&engine.history, dir);
	assert_true(json_array_size(*events) > 0);
	event = json_array_get(*events, json_array_size(*events) - 1);
	assert_string_equal(json_string_value(json_object_get(event, "event")), kind);
	return event;
}

static void assert_text(const json_t *event, const char *key, const char *text)
{
	assert_string_equal(json_string_value(json_object_get(event, key)), text);
}

static void test_window_by_command(void **state)
{
	const json_t *event;
	json_t *events;

	(void)state;
	assert_int_equal(run(VERB_PHASE, "{\"phase\": \"install\", \"for\": 3600, \"rows\": [\"cur-18\"]}"),
	                 CODE_DONE);
	event = last_event(&events, "window-opened");
	assert_text(event, "section", "prod");
	assert_text(event, "row", "cur-18");
	assert_text(event, "login", "alice");
	assert_text(event, "ticket", "CHG1");
	assert_int_equal(json_integer_value(json_object_get(event, "planned")), 3600);
	json_decref(events);
	assert_int_equal(run(VERB_PHASE, "{\"phase\": \"install\", \"for\": 7200, \"rows\": [\"cur-18\"]}"),
	                 CODE_DONE);
	last_event(&events, "window-extended");
	json_decref(events);
	assert_int_equal(run(VERB_PHASE, "{\"phase\": \"run\"}"), CODE_DONE);
	event = last_event(&events, "window-closed");
	assert_text(event, "row", "cur-18");
	assert_text(event, "closed_by", "command");
	assert_text(event, "reason", "SP1");
	assert_text(json_object_get(event, "closer"), "login", "alice");
	json_decref(events);
}

/* The kernel closes windows by itself; whether in time or before tells who did it. */
static void close_in_kernel(time_t deadline, const char *by)
{
	struct window_state none = {.everything_ms = 0};
	struct window_record *record;
	const json_t *event;
	json_t *events;

	assert_int_equal(run(VERB_PHASE, "{\"phase\": \"install\", \"for\": 3600}"), CODE_DONE);
	record = window_records_find(&engine.records, INSTALL_WINDOW);
	record->end_ms = 0;
	record->deadline = deadline;
	none.gates_ms = calloc(engine.current.ruleset->n_gates + 1, sizeof(*none.gates_ms));
	engine_windows_adopt(&engine, &none);
	free((void *)none.gates_ms);
	engine_state_save(&engine);
	event = last_event(&events, "window-closed");
	assert_text(event, "closed_by", by);
	assert_true(json_is_null(json_object_get(event, "row")));
	json_decref(events);
}

static void test_window_by_deadline_and_others(void **state)
{
	(void)state;
	close_in_kernel(time(NULL) - 1, "deadline");
	close_in_kernel(time(NULL) + 3000, "others");
}

static void test_reload_and_removal(void **state)
{
	const json_t *event;
	json_t *events;
	size_t n;

	(void)state;
	write_config("[roles prod]\nmanagement_server = 10.0.1.11\nwindows_agent = 10.1.0.0/16\n");
	assert_int_equal(run(VERB_RELOAD, "{}"), CODE_DONE);
	event = last_event(&events, "reload");
	assert_non_null(strstr(json_string_value(json_object_get(event, "what")), "2 members (1 fewer)"));
	json_decref(events);
	write_config("nonsense");
	assert_int_equal(run(VERB_RELOAD, "{}"), CODE_BAD_INPUT);
	last_event(&events, "reload-failed");
	json_decref(events);
	assert_int_equal(run(VERB_PHASE, "{\"phase\": \"install\"}"), CODE_DONE);
	assert_int_equal(run(VERB_REMOVE, "{}"), CODE_DONE);
	last_event(&events, "removed");
	n = json_array_size(events);
	assert_text(json_array_get(events, n - 2), "closed_by", "removal");
	json_decref(events);
}

static void test_drift_is_noted_once(void **state)
{
	const json_t *event;
	json_t *events;
	size_t n;

	(void)state;
	drift_history_add(&engine.drift, NULL);
	engine_state_save(&engine);
	assert_null(engine.history.pending);
	drift_tell_outcome(&engine.drift, DRIFT_REPAIRED, 10);
	engine_state_save(&engine);
	engine_state_save(&engine);
	event = last_event(&events, "drift");
	assert_text(event, "outcome", "repaired");
	n = json_array_size(events);
	json_decref(events);
	assert_int_equal(n, 1);
	for (int i = 0; i < 300; i++) {
		drift_history_add(&engine.drift, NULL);
		drift_tell_outcome(&engine.drift, DRIFT_REPAIRED, 10);
		engine_state_save(&engine);
	}
	events = history_read(&engine.history, dir);
	assert_int_equal(json_array_size(events), 60);
	json_decref(events);
}

static json_t *numbered(int i)
{
	return json_pack("{s:I, s:s, s:i}", "at", (json_int_t)1, "event", "x", "i", i);
}

static void test_torn_and_foreign_lines(void **state)
{
	struct history history = {.error = 0};
	json_t *events;

	(void)state;
	fake_engine_write("history.jsonl", "{\"at\": 1, \"event\": \"x\"}\nno json\n[]\n{\"at\": 2, \"eve");
	history_add(&history, numbered(3));
	history_flush(&history, dir);
	assert_int_equal(history.error, 0);
	events = history_read(&history, dir);
	assert_int_equal(json_array_size(events), 2);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(events, 1), "i")), 3);
	json_decref(events);
}

/* What a file system leaves at the end of a file when the power goes: zeros. What is written behind them counts. */
static void test_zeros_hide_nothing(void **state)
{
	static const char zeros[64];
	struct history history = {.error = 0};
	json_t *events;
	FILE *file;

	(void)state;
	fake_engine_write("history.jsonl", "{\"at\": 1, \"event\": \"x\"}\n");
	file = fopen(fake_engine_path("history.jsonl"), "a");
	assert_non_null(file);
	assert_int_equal(fwrite(zeros, 1, sizeof(zeros), file), sizeof(zeros));
	assert_int_equal(fclose(file), 0);
	history_add(&history, numbered(3));
	history_flush(&history, dir);
	assert_int_equal(history.error, 0);
	events = history_read(&history, dir);
	assert_int_equal(json_array_size(events), 2);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(events, 1), "i")), 3);
	json_decref(events);
}

static void test_bounded_with_a_predecessor(void **state)
{
	struct history history = {.error = 0};
	json_t *events;
	struct stat st;

	(void)state;
	for (int i = 0; i < 9000; i++) {
		json_t *event = numbered(i);

		json_object_set_new(event, "padding", json_sprintf("%0300d", i));
		history_add(&history, event);
		if (i % 100 == 99)
			history_flush(&history, dir);
	}
	assert_int_equal(stat(fake_engine_path("history.jsonl"), &st), 0);
	assert_true(st.st_size <= 1024 * 1024);
	assert_int_equal(stat(fake_engine_path("history.jsonl.1"), &st), 0);
	assert_true(st.st_size <= 1024 * 1024);
	events = history_read(&history, dir);
	assert_int_equal(
	        json_integer_value(json_object_get(json_array_get(events, json_array_size(events) - 1), "i")),
	        8999);
	json_decref(events);
}

static void test_events_wait_for_a_directory(void **state)
{
	struct history history = {.error = 0};
	json_t *events;
	char gone[96];

	(void)state;
	snprintf(gone, sizeof(gone), "%s/gone", dir);
	history_add(&history, numbered(1));
	history_flush(&history, gone);
	assert_int_equal(history.error, -ENOTDIR);
	history_flush(&history, dir);
	assert_int_equal(history.error, 0);
	events = history_read(&history, dir);
	assert_int_equal(json_array_size(events), 1);
	json_decref(events);
}

static void look(struct activity *activity, uint64_t packets, time_t now)
{
	struct counter_value value = {.name = "prod.cur-16", .packets = packets};

	activity_note(activity, &value, 1, now);
}

static void assert_seen(const struct activity *activity, time_t before, time_t after)
{
	const struct counter_activity *seen = activity_find(activity, "prod.cur-16");

	assert_non_null(seen);
	assert_int_equal(seen->before, before);
	assert_int_equal(seen->after, after);
}

static void test_last_packet(void **state)
{
	struct activity activity = {.n = 0}, later;

	(void)state;
	look(&activity, 0, 100);
	assert_seen(&activity, 0, 0);
	look(&activity, 5, 130);
	assert_seen(&activity, 130, 100);
	look(&activity, 5, 160);
	assert_seen(&activity, 130, 100);
	activity_save(&activity, dir);
	assert_int_equal(activity.error, 0);
	activity_load(&later, dir);
	look(&later, 5, 500);
	assert_seen(&later, 130, 100);
	look(&later, 2, 530); /* made anew, and has counted since */
	assert_seen(&later, 530, 500);
	look(&later, 0, 560); /* made anew: what is known of the last packet stays */
	assert_seen(&later, 530, 500);
	activity_clear(&activity);
	activity_clear(&later);
}

/* What could not be written is written with the next thing that is, and not ten minutes later. */
static void test_activity_is_tried_again(void **state)
{
	char gone[96];

	(void)state;
	snprintf(gone, sizeof(gone), "%s/gone", dir);
	look(&engine.activity, 1, 100);
	activity_save(&engine.activity, gone);
	assert_true(engine.activity.error < 0);
	assert_int_equal(run(VERB_RELOAD, "{}"), CODE_DONE);
	assert_int_equal(engine.activity.error, 0);
	assert_int_equal(access(fake_engine_path("activity.json"), F_OK), 0);
}

static void test_counter_that_was_there_first(void **state)
{
	struct activity activity = {.looked = 50};

	(void)state;
	look(&activity, 7, 100);
	assert_seen(&activity, 100, 0);
	activity_clear(&activity);
}

#define HISTORY_TEST(test) cmocka_unit_test_setup_teardown(test, setup, fake_engine_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        HISTORY_TEST(test_window_by_command),
	        HISTORY_TEST(test_window_by_deadline_and_others),
	        HISTORY_TEST(test_reload_and_removal),
	        HISTORY_TEST(test_drift_is_noted_once),
	        HISTORY_TEST(test_torn_and_foreign_lines),
	        HISTORY_TEST(test_zeros_hide_nothing),
	        HISTORY_TEST(test_bounded_with_a_predecessor),
	        HISTORY_TEST(test_events_wait_for_a_directory),
	        HISTORY_TEST(test_last_packet),
	        HISTORY_TEST(test_activity_is_tried_again),
	        HISTORY_TEST(test_counter_that_was_there_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state file: what is written is read back, what makes no sense is not believed, a reboot gains nobody time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/state.h"
#include "agent/state_dir.h"

static char dir[64];

static char *file_path(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/test_state.XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	unlink(file_path("windows.json"));
	unlink(file_path("windows.json.new"));
	return rmdir(dir);
}

static void write_state(const char *text)
{
	FILE *out = fopen(file_path("windows.json"), "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static void test_round_trip(void **state)
{
	struct window_records records = {.n = 0}, read;
	struct window_record *record = window_records_get(&records, "install_window");
	struct stat st;

	(void)state;
	record->opened = 1000;
	record->deadline = 4600;
	record->origin = (struct origin){.uid = 0,
	                                 .user = "root",
	                                 .login = "alice",
	                                 .from = "192.0.2.7",
	                                 .reason = "püsh \"it\"",
	                                 .ticket = "CHG0012345"};
	window_records_get(&records, "prod.cur-01.window")->opened = 7;
	window_records_get(&records, "prod.cur-01.window")->deadline = 8;
	records.seen = 77;
	assert_int_equal(state_save(dir, &records), 0);
	assert_int_equal(stat(file_path("windows.json"), &st), 0);
	assert_int_equal(st.st_mode & 07027, 0);
	assert_int_equal(access(file_path("windows.json.new"), F_OK), -1);
	assert_int_equal(state_load(dir, &read), 0);
	assert_int_equal(read.n, 2);
	assert_int_equal(read.seen, 77);
	record = window_records_find(&read, "install_window");
	assert_non_null(record);
	assert_int_equal(record->opened, 1000);
	assert_int_equal(record->deadline, 4600);
	assert_string_equal(record->origin.user, "root");
	assert_string_equal(record->origin.login, "alice");
	assert_string_equal(record->origin.from, "192.0.2.7");
	assert_string_equal(record->origin.reason, "püsh \"it\"");
	assert_string_equal(record->origin.ticket, "CHG0012345");
	window_records_clear(&records);
	window_records_clear(&read);
}

static void test_absent(void **state)
{
	struct window_records records;

	(void)state;
	assert_int_equal(state_load(dir, &records), 0);
	assert_int_equal(records.n, 0);
	state_dir_make("/nonexistent/omfwd");
	assert_int_equal(state_load("/nonexistent/omfwd", &records), -ENOTDIR);
	assert_int_equal(state_save("/nonexistent/omfwd", &records), -ENOTDIR);
}

static void test_nonsense(void **state)
{
	static const char *const texts[] = {
	        "", "{", "[]", "{\"version\": 2, \"windows\": []}", "{\"windows\": []}", "null"};
	struct window_records records;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		write_state(texts[i]);
		assert_int_equal(state_load(dir, &records), -EBADMSG);
		assert_int_equal(records.n, 0);
	}
}

/* Good records survive beside bad ones; what they say cannot speak to a terminal. */
static void test_bad_records(void **state)
{
	struct window_records records;

	(void)state;
	write_state("{\"version\": 1, \"windows\": ["
	            "{\"set\": \"a\", \"opened\": 5, \"deadline\": 5},"
	            "{\"set\": \"b\", \"opened\": \"1\", \"deadline\": 9},"
	            "{\"opened\": 1, \"deadline\": 9}, 17,"
	            "{\"set\": \"good\", \"opened\": 1, \"deadline\": 9, \"reason\": \"x\\u001b[2J\", "
	            "\"from\": 3}]}");
	assert_int_equal(state_load(dir, &records), 0);
	assert_int_equal(records.n, 1);
	assert_string_equal(records.items[0].set, "good");
	assert_string_equal(records.items[0].origin.reason, "x\\x1b[2J");
	assert_string_equal(records.items[0].origin.from, "");
	window_records_clear(&records);
}

static void test_no_link_is_followed(void **state)
{
	struct window_records records;

	(void)state;
	assert_int_equal(symlink("/etc/passwd", file_path("windows.json")), 0);
	assert_int_equal(state_load(dir, &records), -ELOOP);
}

/* What root writes without an agent must be the agent's; what somebody has put in the way is not written through. */
static void test_files_belong_to_the_owner_of_the_directory(void **state)
{
	uid_t agent = geteuid() == 0 ? 65534 : geteuid();
	struct window_records records = {.n = 0};
	struct stat st;

	(void)state;
	assert_int_equal(chown(dir, agent, (gid_t)-1), 0);
	assert_int_equal(symlink("somewhere", file_path("windows.json.new")), 0);
	assert_int_equal(state_save(dir, &records), 0);
	assert_int_equal(lstat(file_path("windows.json"), &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_uid, agent);
	assert_int_equal(access(file_path("somewhere"), F_OK), -1);
}

static void test_left_after_a_reboot(void **state)
{
	struct window_record record = {.opened = 1000, .deadline = 4600};

	(void)state;
	assert_int_equal(window_record_left(&record, 1000, 1000000, 100000), 3600000);
	assert_int_equal(window_record_left(&record, 1000, 4000001, 100000), 599999);
	assert_int_equal(window_record_left(&record, 1000, 4599999, 100000), 1);
	assert_int_equal(window_record_left(&record, 1000, 4600000, 100000), 0);
	assert_int_equal(window_record_left(&record, 1000, 99999000, 100000), 0);
	assert_int_equal(window_record_left(&record, 1000, 4000000, 500), 500000);
	/* a clock that was set back gives no more than was left when it was last seen, nor than the whole */
	assert_int_equal(window_record_left(&record, 4000, 10000, 100000), 600000);
	assert_int_equal(window_record_left(&record, 5000, 10000, 100000), 0);
	assert_int_equal(window_record_left(&record, 0, 10000, 100000), 3600000);
}

/* The clock is set, forth and back; the kernel goes on counting. */
static void test_clock_steps(void **state)
{
	struct window_record record = {.opened = 1000};
	struct moment now = {.real_ms = 1000500, .boot_ms = 50000};

	(void)state;
	assert_true(window_record_follow(&record, 3600000, &now));
	assert_int_equal(record.deadline, 4600);
	now = (struct moment){.real_ms = 1010500, .boot_ms = 60000};
	assert_false(window_record_follow(&record, 3590000, &now));
	now.real_ms += 86400000;
	assert_true(window_record_follow(&record, 3590000, &now));
	assert_int_equal(record.deadline, 4600 + 86400);
	assert_int_equal(record.opened, 1000 + 86400);
	now = (struct moment){.real_ms = 900000, .boot_ms = 70000};
	assert_true(window_record_follow(&record, 3580000, &now));
	assert_int_equal(record.deadline - record.opened, 3600);
	assert_int_equal(window_record_left(&record, 0, now.real_ms, 100000), 3580000);
	/* somebody shortens it: the end moves alone */
	assert_true(window_record_follow(&record, 60000, &now));
	assert_int_equal(record.deadline, 960);
	assert_int_equal(record.opened, 880);
	/* slow drift of one clock against the other is nobody's change */
	for (int i = 0; i < 100; i++) {
		now.real_ms += 500;
		now.boot_ms += 400;
		window_record_follow(&record, 60000 - 400u * (unsigned)(i + 1), &now);
	}
	assert_int_equal(record.deadline - record.opened, 80);
}

static void test_records(void **state)
{
	struct window_records records = {.n = 0};

	(void)state;
	window_records_get(&records, "a")->opened = 1;
	window_records_get(&records, "b")->opened = 2;
	window_records_get(&records, "c")->opened = 3;
	assert_int_equal(window_records_get(&records, "b")->opened, 2);
	assert_int_equal(records.n, 3);
	window_records_remove(&records, "a");
	window_records_remove(&records, "zzz");
	assert_null(window_records_find(&records, "a"));
	assert_int_equal(window_records_find(&records, "b")->opened, 2);
	assert_int_equal(window_records_find(&records, "c")->opened, 3);
	window_records_clear(&records);
}

#define DIR_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        DIR_TEST(test_round_trip),
	        DIR_TEST(test_absent),
	        DIR_TEST(test_nonsense),
	        DIR_TEST(test_bad_records),
	        DIR_TEST(test_no_link_is_followed),
	        DIR_TEST(test_files_belong_to_the_owner_of_the_directory),
	        cmocka_unit_test(test_left_after_a_reboot),
	        cmocka_unit_test(test_clock_steps),
	        cmocka_unit_test(test_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

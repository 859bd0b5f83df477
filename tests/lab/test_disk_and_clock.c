// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A disk without room, and a calendar that jumps by a day (shim.h). The kernel has the policy and the window's end; neither
 * a file that cannot be written nor a clock that lies moves a packet.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lab/expect.h"
#include "tests/lab/faults.h"

#define POLICY                                                                                               \
	"[omfwd]\ndeny_scope = everything\nlog_denied = no\n[roles]\nmanagement_server = 10.1.0.10\n"        \
	"windows_agent = 10.2.0.20\n"
#define MORE    "windows_agent = 10.2.0.21\n"
#define WRAPPER LAB_DIR "/omfwd-with-shim"
#define DAY     (24 * 60 * 60)
#define PAGES   4

static void expect_phase(struct lab *lab, bool open)
{
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "drop 10.2.0.99 10.1.0.10 tcp/5723",
	       open ? "pass 10.1.0.10 10.2.0.20 tcp/445" : "drop 10.1.0.10 10.2.0.20 tcp/445");
}

/* What is left of the install window by the kernel, in seconds that have begun; 0: it is shut. */
static json_int_t window_left(struct lab *lab)
{
	json_t *list = nft_list(lab, NS_GATEWAY), *item, *elem;
	json_int_t left = 0;
	size_t i, j;

	json_array_foreach(list, i, item)
	{
		json_t *set = json_object_get(item, "set");
		const char *name = json_string_value(json_object_get(set, "name"));

		if (!name || strcmp(name, "install_window") != 0)
			continue;
		json_array_foreach(json_object_get(set, "elem"), j, elem)
		{
			json_t *expires = json_object_get(json_object_get(elem, "elem"), "expires");

			left = json_integer_value(expires) + 1;
		}
	}
	json_decref(list);
	return left;
}

static pid_t agent_start(struct lab *lab)
{
	int notify;
	pid_t pid = omfwd_agent_start(lab, &notify, "");

	close(notify);
	return pid;
}

/* No half of a file, under no name; an agent may be writing one just now. */
static void expect_no_leftovers(void)
{
	uint64_t end = lab_now_ms() + LAB_PATIENCE_MS;
	DIR *dir = opendir(STATE_DIR);

	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		while (strstr(entry->d_name, ".new") && faccessat(dirfd(dir), entry->d_name, F_OK, 0) == 0) {
			if (lab_now_ms() > end)
				fail_msg("%s stays behind", entry->d_name);
			lab_sleep_ms(10);
		}
	closedir(dir);
}

/* Takes all room of the state directory but so many pages. */
static void fill_disk(size_t pages_left)
{
	static const char page[4096];
	int fd = open(STATE_DIR "/filler", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	for (size_t n = pages_left; n < PAGES; n++)
		assert_int_equal(write(fd, page, sizeof(page)), sizeof(page));
	close(fd);
}

/* The exit code says no wherever the text says degraded, and nowhere else. */
static void expect_status(const struct lab *lab, const char *says)
{
	struct run run;

	omfwd_run(lab, &run, "status");
	assert_non_null(strstr(run.out, says));
	assert_int_equal(run.code, strstr(run.out, "degraded ") ? 1 : 0);
	lab_run_free(&run);
}

/* The disk is full to the last page, or to the last but some: so each file in its turn is the one that does not fit. */
static void live_on_full_disk(struct lab *lab, size_t pages_left)
{
	lab_must(lab, NS_GATEWAY, "rm -f " STATE_DIR "/*; nft flush ruleset");
	fill_disk(pages_left);
	lab_write("omfwd.conf", POLICY);
	pid_t pid = agent_start(lab);
	expect_phase(lab, false);
	lab_write("omfwd.conf", POLICY MORE);
	omfwd_expect(lab, 0, "reload");
	EXPECT(lab, "pass 10.2.0.21 10.1.0.10 tcp/5723");
	omfwd_expect(lab, 0, "--phase install --for 1h --reason disk");
	expect_phase(lab, true);
	expect_no_leftovers();
	expect_status(lab, pages_left == 0 ? "No space left on device" : "disk");
	assert_int_equal(omfwd_agent_stop(lab, pid, SIGKILL), 128 + SIGKILL);
	pid = agent_start(lab);
	expect_phase(lab, true);
	assert_in_range(window_left(lab), 1, 3601);
	unlink(STATE_DIR "/filler");
	omfwd_expect(lab, 0, "--phase run");
	omfwd_expect(lab, 0, "reload");
	expect_phase(lab, false);
	omfwd_expect(lab, 0, "diff");
	assert_int_equal(omfwd_agent_stop(lab, pid, SIGTERM), 0);
	expect_no_leftovers();
}

static void test_full_disk(void **state)
{
	struct lab *lab = lab_need(state);

	lab_must(lab, NS_GATEWAY, "mkdir -p " RUN_DIR " " STATE_DIR);
	assert_int_equal(mount("none", STATE_DIR, "tmpfs", 0, "size=16k,mode=755"), 0);
	for (size_t pages = 0; pages < PAGES; pages++)
		live_on_full_disk(lab, pages);
}

static int unmount(void **state)
{
	umount2(STATE_DIR, MNT_DETACH);
	return lab_refresh(state);
}

static char plain[sizeof(((struct lab *)NULL)->binary)];

/* omfwd as lab->binary, agent and commands, with a calendar of its own. */
static struct shim *calendar_new(struct lab *lab)
{
	static char text[sizeof(lab->binary) + 8192];
	struct shim *shim = faults_shim_new();

	snprintf(text, sizeof(text), "#!/bin/sh\nexec env %s '%s' \"$@\"\n", faults_shim_environment(),
	         lab->binary);
	lab_write("omfwd-with-shim", text);
	assert_int_equal(chmod(WRAPPER, 0755), 0);
	strcpy(plain, lab->binary);
	strcpy(lab->binary, WRAPPER);
	lab_write("omfwd.conf", POLICY);
	return shim;
}

static int calendar_end(void **state)
{
	struct lab *lab = *state;

	if (*plain)
		strcpy(lab->binary, plain);
	return lab_refresh(state);
}

/* The one record of the status: its end, by the calendar of whoever asks. */
static json_int_t deadline(struct lab *lab)
{
	char *text = omfwd_said(lab, 0, "status --json");
	json_t *root = json_loads(text, 0, NULL);
	json_t *window = json_array_get(json_object_get(root, "windows"), 0);
	json_int_t end = json_integer_value(json_object_get(window, "deadline"));

	json_decref(root);
	free(text);
	return end;
}

/* Within a minute: the machine is slow now and then. */
static void expect_near(json_int_t what, json_int_t wanted)
{
	if (what < wanted - 60 || what > wanted + 60)
		fail_msg("%lld, and it should be about %lld", (long long)what, (long long)wanted);
}

/* The calendar is set while the window is open: its end moves along, what is left of it does not. */
static void jump_with_window(struct lab *lab, struct shim *shim, int64_t ahead)
{
	pid_t pid = agent_start(lab);

	omfwd_expect(lab, 0, "--phase install --for 1h --reason clock");
	json_int_t first = deadline(lab);
	shim->ahead = ahead;
	expect_near(deadline(lab), first + ahead);
	omfwd_expect_says(lab, 0, "status", "clock");
	json_int_t left = window_left(lab);
	expect_phase(lab, true);
	omfwd_agent_stop(lab, pid, SIGKILL);
	pid = agent_start(lab);
	expect_near(deadline(lab), first + ahead);
	assert_in_range(window_left(lab), 1, left);
	omfwd_expect(lab, 0, "report --format json");
	omfwd_expect(lab, 0, "--phase run");
	expect_phase(lab, false);
	omfwd_agent_stop(lab, pid, SIGKILL);
	shim->ahead = 0;
}

static void test_window_while_calendar_jumps(void **state)
{
	struct lab *lab = lab_need(state);
	struct shim *shim = calendar_new(lab);

	omfwd_expect(lab, 0, "--phase run");
	jump_with_window(lab, shim, DAY);
	jump_with_window(lab, shim, -DAY);
	munmap(shim, sizeof(*shim));
}

/* It closes by itself, whatever the calendar says, and nobody opens it again. */
static void test_window_that_ends_in_another_day(void **state)
{
	struct lab *lab = lab_need(state);
	struct shim *shim = calendar_new(lab);

	pid_t pid = agent_start(lab);
	omfwd_expect(lab, 0, "--phase install --for 3s");
	assert_in_range(window_left(lab), 0, 4);
	shim->ahead = -DAY;
	omfwd_expect(lab, 0, "status");
	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS; window_left(lab) > 0 && lab_now_ms() < end;)
		lab_sleep_ms(50);
	omfwd_agent_stop(lab, pid, SIGKILL);
	expect_phase(lab, false);
	pid = agent_start(lab);
	expect_phase(lab, false);
	/* as after a boot */
	omfwd_agent_stop(lab, pid, SIGKILL);
	lab_must(lab, NS_GATEWAY, "nft delete table inet omfwd");
	pid = agent_start(lab);
	expect_phase(lab, false);
	assert_int_equal(omfwd_agent_stop(lab, pid, SIGTERM), 0);
	munmap(shim, sizeof(*shim));
}

/* A boot with the clock a day off: a window that was open gets what was left of it, or nothing. */
static void boot_with_calendar(struct lab *lab, struct shim *shim, int64_t ahead)
{
	pid_t pid = agent_start(lab);

	omfwd_expect(lab, 0, "--phase install --for 1h");
	omfwd_agent_stop(lab, pid, SIGKILL);
	lab_must(lab, NS_GATEWAY, "nft delete table inet omfwd");
	shim->ahead = ahead;
	pid = agent_start(lab);
	assert_in_range(window_left(lab), ahead > 0 ? 0 : 1, ahead > 0 ? 0 : 3601);
	expect_phase(lab, ahead < 0);
	omfwd_expect(lab, 0, "--phase run");
	omfwd_agent_stop(lab, pid, SIGKILL);
	shim->ahead = 0;
}

static void test_boot_on_another_day(void **state)
{
	struct lab *lab = lab_need(state);
	struct shim *shim = calendar_new(lab);

	boot_with_calendar(lab, shim, DAY);
	boot_with_calendar(lab, shim, -DAY);
	munmap(shim, sizeof(*shim));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_teardown(test_full_disk, unmount),
	        cmocka_unit_test_teardown(test_window_while_calendar_jumps, calendar_end),
	        cmocka_unit_test_teardown(test_window_that_ends_in_another_day, calendar_end),
	        cmocka_unit_test_teardown(test_boot_on_another_day, calendar_end),
	};

	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

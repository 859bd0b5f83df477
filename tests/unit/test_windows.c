/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plans for install windows: what changes in the kernel for what is asked, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/windows.h"

static const char role_file[] = "[omfwd]\n"
                                "install_window = 2h\n"
                                "install_window_max = 8h\n"
                                "[roles prod]\n"
                                "management_server = 10.0.1.11\n"
                                "operations_manager_database = 10.0.2.50\n"
                                "windows_agent = 10.1.0.0/16\n"
                                "domain_controller = 10.0.3.1\n"
                                "[roles lab]\n"
                                "management_server = 10.9.1.11\n"
                                "windows_agent = 10.8.0.0/16\n"
                                "[site_rule bootstrap]\n"
                                "from = 10.0.9.1\n"
                                "to = @prod.windows_agent\n"
                                "protocol = tcp\n"
                                "ports = 8080\n"
                                "phase = install\n"
                                "reason = test\n";

#define HOUR_MS   3600000u
#define GATES_MAX 32

struct world {
	struct policy *policy;
	struct lines lines;
	struct ruleset *ruleset;
	uint64_t gates_ms[GATES_MAX];
	struct window_state open;
	struct window_plan plan;
	char error[256];
};

static int setup(void **state)
{
	char path[] = "/tmp/test_windows.XXXXXX";
	struct world *world = calloc(1, sizeof(*world));
	struct diag_list diags = {.sources = NULL};
	int fd = mkstemp(path);

	if (!world || fd < 0 || write(fd, role_file, strlen(role_file)) != (ssize_t)strlen(role_file))
		return -1;
	close(fd);
	world->policy = policy_load(path, time(NULL), &diags);
	unlink(path);
	diag_clear(&diags);
	if (!world->policy)
		return -1;
	world->lines = policy_compile(world->policy);
	world->ruleset = ruleset_build(world->policy, &world->lines);
	world->open.gates_ms = world->gates_ms;
	*state = world;
	return world->ruleset->n_gates <= GATES_MAX ? 0 : -1;
}

static int teardown(void **state)
{
	struct world *world = *state;

	ruleset_free(world->ruleset);
	policy_free(world->policy);
	free(world);
	return 0;
}

static int plan(struct world *world, const struct window_request *request)
{
	window_plan_clear(&world->plan);
	world->error[0] = '\0';
	return window_plan_request(request, world->policy, world->ruleset, &world->open, &world->plan,
	                           world->error, sizeof(world->error));
}

/* What the plan does to a set: its timeout, or -1 when the set is not touched. Fails when it is touched twice. */
static int64_t planned(const struct world *world, const char *set)
{
	int64_t found = -1;

	for (size_t i = 0; i < world->plan.n; i++)
		if (strcmp(world->plan.changes[i].set, set) == 0) {
			assert_int_equal(found, -1);
			found = (int64_t)world->plan.changes[i].timeout_ms;
		}
	return found;
}

static void set_open(struct world *world, const char *gate, uint64_t left_ms)
{
	for (size_t i = 0; i < world->ruleset->n_gates; i++)
		if (strcmp(world->ruleset->gates[i].name, gate) == 0) {
			world->gates_ms[i] = left_ms;
			return;
		}
	fail_msg("no gate %s", gate);
}

static void test_open_everything(void **state)
{
	struct world *world = *state;
	struct window_request request = {.phase = WANT_INSTALL};

	assert_int_equal(plan(world, &request), 0);
	assert_int_equal(world->plan.n, 1);
	assert_int_equal(planned(world, "install_window"), 2 * HOUR_MS);
	request.seconds = 60;
	assert_int_equal(plan(world, &request), 0);
	assert_int_equal(planned(world, "install_window"), 60000);
	window_plan_clear(&world->plan);
}

static void test_open_a_section(void **state)
{
	static const char *const sections[] = {"lab"};
	struct world *world = *state;
	struct window_request request = {.phase = WANT_INSTALL, .sections = sections, .n_sections = 1};

	assert_int_equal(plan(world, &request), 0);
	assert_int_equal(planned(world, "lab.cur-18.window"), 2 * HOUR_MS);
	assert_int_equal(planned(world, "install_window"), -1);
	for (size_t i = 0; i < world->plan.n; i++)
		assert_memory_equal(world->plan.changes[i].set, "lab.", 4);
	window_plan_clear(&world->plan);
}

/* A row of the document means its halves too, in every section that has them. */
static void test_open_a_row(void **state)
{
	static const char *const rows[] = {"cur-18"};
	struct world *world = *state;
	struct window_request request = {.phase = WANT_INSTALL, .rows = rows, .n_rows = 1};

	assert_int_equal(plan(world, &request), 0);
	assert_int_equal(world->plan.n, 3);
	assert_int_equal(planned(world, "prod.cur-18.window"), 2 * HOUR_MS);
	assert_int_equal(planned(world, "prod.cur-18-dc.window"), 2 * HOUR_MS);
	assert_int_equal(planned(world, "lab.cur-18.window"), 2 * HOUR_MS);
	window_plan_clear(&world->plan);
}

static void test_open_half_a_row_of_a_section(void **state)
{
	static const char *const rows[] = {"cur-18-dc"}, *const sections[] = {"prod"};
	struct world *world = *state;
	struct window_request request = {
	        .phase = WANT_INSTALL, .rows = rows, .n_rows = 1, .sections = sections, .n_sections = 1};

	assert_int_equal(plan(world, &request), 0);
	assert_int_equal(world->plan.n, 1);
	assert_int_equal(planned(world, "prod.cur-18-dc.window"), 2 * HOUR_MS);
	window_plan_clear(&world->plan);
}

static void test_open_a_site_rule(void **state)
{
	static const char *const rows[] = {"bootstrap"};
	struct world *world = *state;
	struct window_request request = {.phase = WANT_INSTALL, .rows = rows, .n_rows = 1};

	assert_int_equal(plan(world, &request), 0);
	assert_int_equal(world->plan.n, 1);
	assert_int_equal(planned(world, "site.bootstrap.window"), 2 * HOUR_MS);
	window_plan_clear(&world->plan);
}

/* Needs no look at the kernel: what is closed is closed again. */
static void test_close_everything(void **state)
{
	struct world *world = *state;
	struct window_request request = {.phase = WANT_RUN};

	assert_int_equal(window_plan_request(&request, world->policy, world->ruleset, NULL, &world->plan,
	                                     world->error, sizeof(world->error)),
	                 0);
	assert_int_equal(world->plan.n, world->ruleset->n_gates + 1);
	assert_int_equal(planned(world, "install_window"), 0);
	assert_int_equal(planned(world, "prod.cur-01.window"), 0);
	assert_int_equal(planned(world, "site.bootstrap.window"), 0);
	window_plan_clear(&world->plan);
}

static void test_close_some_while_some_are_open(void **state)
{
	static const char *const sections[] = {"lab"};
	struct world *world = *state;
	struct window_request request = {.phase = WANT_RUN, .sections = sections, .n_sections = 1};

	set_open(world, "prod.cur-01", HOUR_MS);
	assert_int_equal(plan(world, &request), 0);
	assert_int_equal(planned(world, "lab.cur-18.window"), 0);
	assert_int_equal(planned(world, "prod.cur-01.window"), -1);
	assert_int_equal(planned(world, "install_window"), -1);
	window_plan_clear(&world->plan);
}

/* The rest of the window over everything goes to the gates that were not meant; a longer one of theirs stays. */
static void test_close_some_while_everything_is_open(void **state)
{
	static const char *const rows[] = {"cur-18"};
	struct world *world = *state;
	struct window_request request = {.phase = WANT_RUN, .rows = rows, .n_rows = 1};

	world->open.everything_ms = HOUR_MS;
	set_open(world, "prod.cur-01", 2 * HOUR_MS);
	set_open(world, "prod.cur-02", 1000);
	assert_int_equal(plan(world, &request), 0);
	assert_int_equal(planned(world, "install_window"), 0);
	assert_int_equal(planned(world, "prod.cur-18.window"), 0);
	assert_int_equal(planned(world, "prod.cur-18-dc.window"), 0);
	assert_int_equal(planned(world, "lab.cur-18.window"), 0);
	assert_int_equal(planned(world, "prod.cur-01.window"), -1);
	assert_int_equal(planned(world, "prod.cur-02.window"), HOUR_MS);
	assert_int_equal(planned(world, "site.bootstrap.window"), HOUR_MS);
	window_plan_clear(&world->plan);
}

static void assert_refused(struct world *world, const struct window_request *request, const char *error)
{
	assert_int_equal(plan(world, request), -EINVAL);
	assert_string_equal(world->error, error);
	assert_int_equal(world->plan.n, 0);
}

static void test_refused(void **state)
{
	static const char *const words[] = {"prodd", "cur-81", "cur-16"};
	struct world *world = *state;

	assert_refused(world,
	               &(struct window_request){.phase = WANT_INSTALL, .sections = words, .n_sections = 1},
	               "there is no section 'prodd'; did you mean prod?");
	assert_refused(world, &(struct window_request){.phase = WANT_RUN, .sections = words, .n_sections = 1},
	               "there is no section 'prodd'; did you mean prod?");
	assert_int_equal(
	        plan(world, &(struct window_request){.phase = WANT_INSTALL, .rows = &words[1], .n_rows = 1}),
	        -EINVAL);
	assert_memory_equal(world->error, "there is no row 'cur-81'; ", 26);
	assert_refused(world, &(struct window_request){.phase = WANT_INSTALL, .rows = &words[2], .n_rows = 1},
	               "nothing in this scope waits for the install phase; omfwd show lists what does");
	assert_refused(world, &(struct window_request){.phase = WANT_INSTALL, .seconds = 8 * 3600 + 1},
	               "8h1s is longer than install_window_max allows; ask for at most 8h");
	assert_int_equal(plan(world, &(struct window_request){.phase = WANT_INSTALL, .seconds = 8 * 3600}),
	                 0);
	window_plan_clear(&world->plan);
}

static void test_phase_words(void **state)
{
	(void)state;
	assert_int_equal(wanted_phase_find("install"), WANT_INSTALL);
	assert_int_equal(wanted_phase_find("run"), WANT_RUN);
	assert_int_equal(wanted_phase_find("Run"), WANT_NOTHING);
	assert_null(wanted_phase_name(WANT_NOTHING));
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        WORLD_TEST(test_open_everything),
	        WORLD_TEST(test_open_a_section),
	        WORLD_TEST(test_open_a_row),
	        WORLD_TEST(test_open_half_a_row_of_a_section),
	        WORLD_TEST(test_open_a_site_rule),
	        WORLD_TEST(test_close_everything),
	        WORLD_TEST(test_close_some_while_some_are_open),
	        WORLD_TEST(test_close_some_while_everything_is_open),
	        WORLD_TEST(test_refused),
	        cmocka_unit_test(test_phase_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

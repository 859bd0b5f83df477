// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Drives one engine through what an administrator does with a large role file, and says what each step sent to the
 * kernel. `guard_steps DIR lists MEMBERS` writes the files, `guard_steps DIR load reload` takes the steps. bench/guard
 * runs it under callgrind and holds counts against bounds; the time at the end of a line is for bench/run. It enforces a policy in the network namespace
 * it is in; bench/guard gives it one of its own.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/engine.h"
#include "util/array.h"
#include "util/reply.h"

#define FIRST_AGENT  0x0a000000u /* 10.0.0.0 */
#define AGENT_STRIDE 32u

static char config[512], list[512];
static struct engine engine;

static FILE *open_file(const char *path)
{
	FILE *out = fopen(path, "w");

	if (!out) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	return out;
}

static void write_role_file(void)
{
	FILE *out = open_file(config);

	fprintf(out, "[roles bench]\n"
	             "management_server = 192.0.2.11, 192.0.2.12\n"
	             "gateway_server = 192.0.2.21\n"
	             "operations_manager_database = 192.0.2.31\n"
	             "windows_agent = @file:agents.list\n");
	fclose(out);
}

/* Agents 0 to n - 1; the first `moved` of them have another address than the rest would. */
static void write_list(unsigned n, unsigned moved)
{
	FILE *out = open_file(list);

	for (unsigned i = 0; i < n; i++) {
		unsigned address = FIRST_AGENT + i * AGENT_STRIDE + (i < moved);

		fprintf(out, "%u.%u.%u.%u\n", address >> 24, address >> 16 & 255, address >> 8 & 255,
		        address & 255);
	}
	fclose(out);
}

/* Which of the members have moved, one in so many; each step has a list of its own. */
static const struct {
	const char *name;
	unsigned moved_of;
} steps[] = {
        {"load", 0},      /* the file for the first time */
        {"reload", 0},    /* the same again */
        {"percent", 100}, /* one member in a hundred has another address */
        {"host", 20000},  /* one member in 20,000 */
};

static void write_lists(const char *dir, unsigned members)
{
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		snprintf(list, sizeof(list), "%s/%s.list", dir, steps[i].name);
		write_list(members, steps[i].moved_of ? members / steps[i].moved_of : 0);
	}
}

/* The role file names agents.list, which is the list of the step. */
static void take_list(const char *dir, const char *step)
{
	char from[512];

	snprintf(from, sizeof(from), "%s.list", step);
	snprintf(list, sizeof(list), "%s/agents.list", dir);
	unlink(list);
	if (symlink(from, list) < 0) {
		perror(list);
		exit(EXIT_FAILURE);
	}
}

static void fail(const char *step, const json_t *reply)
{
	json_t *complaints = reply_complaints(reply), *line;
	size_t i;

	fprintf(stderr, "guard_steps: %s failed\n", step);
	json_array_foreach(complaints, i, line) fprintf(stderr, "%s\n", json_string_value(line));
	exit(EXIT_FAILURE);
}

static void run_step(const char *dir, const char *name)
{
	struct kernel_statistics before = *kernel_statistics(engine.kernel);
	const struct kernel_statistics *after = kernel_statistics(engine.kernel);
	json_t *reply = reply_new();
	struct timespec begun, done;

	take_list(dir, name);
	clock_gettime(CLOCK_MONOTONIC, &begun);
	if (engine_load(&engine, reply) != CODE_DONE)
		fail(name, reply);
	clock_gettime(CLOCK_MONOTONIC, &done);
	engine_state_save(&engine); /* the last good policy, as the agent does next */
	printf("%s %" PRIu64 " batches %" PRIu64 " messages %" PRIu64 " bytes %" PRIu64 " reads %.3f ms\n",
	       name, after->batches - before.batches, after->messages - before.messages,
	       after->bytes - before.bytes, after->reads - before.reads,
	       (double)(done.tv_sec - begun.tv_sec) * 1e3 + (double)(done.tv_nsec - begun.tv_nsec) / 1e6);
	json_decref(reply);
}

int main(int argc, char **argv)
{
	struct engine_config engine_config = {.config = config, .watched = true};
	json_t *reply = reply_new();

	if (argc < 3) {
		fputs("usage: guard_steps DIR lists MEMBERS\n       guard_steps DIR load|reload|percent|host "
		      "...\n",
		      stderr);
		return EXIT_FAILURE;
	}
	engine_config.state_dir = argv[1];
	snprintf(config, sizeof(config), "%s/omfwd.conf", argv[1]);
	if (argc == 4 && !strcmp(argv[2], "lists")) {
		write_role_file();
		write_lists(argv[1], (unsigned)strtoul(argv[3], NULL, 10));
		return EXIT_SUCCESS;
	}
	if (engine_open(&engine, &engine_config, reply) != CODE_DONE)
		fail("open", reply);
	for (int i = 2; i < argc; i++)
		run_step(argv[1], argv[i]);
	engine_close(&engine);
	json_decref(reply);
	return EXIT_SUCCESS;
}

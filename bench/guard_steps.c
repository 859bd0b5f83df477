// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Drives one engine through what an administrator does with a large role file, and says what each step sent to the
 * kernel. `guard_steps DIR lists MEMBERS` writes the files, `guard_steps DIR load reload` takes the steps. bench/guard
 * runs it under callgrind and holds counts against bounds; the times at the end of a line, of the whole step and of its batches in
 * the kernel, are for bench/run. It enforces a policy in the network namespace it is in; bench/guard gives it one of its own.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "agent/engine.h"
#include "util/array.h"
#include "util/reply.h"

#define FIRST_AGENT  0x0a000000u /* 10.0.0.0 */
#define AGENT_STRIDE 32u

static char config[512], list[512];
static struct engine engine;
static double
        in_kernel_us; /* CPU time of sendmsg(), which sends batches and returns when they are committed */

static double now_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* Takes the place of libc's. */
ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	double begun = now_us(CLOCK_THREAD_CPUTIME_ID);
	ssize_t sent = syscall(SYS_sendmsg, fd, message, flags);

	in_kernel_us += now_us(CLOCK_THREAD_CPUTIME_ID) - begun;
	return sent;
}

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

/* How many of the members have moved, one in so many; each step has a list of its own. */
static const struct {
	const char *name;
	unsigned moved_of; /* 0: none */
} steps[] = {
        {"load", 0},        /* the file for the first time */
        {"reload", 0},      /* the same again */
        {"half", 2},        /* every other member has another address */
        {"percent", 100},   /* one member in a hundred */
        {"host", UINT_MAX}, /* one member */
};

static void write_lists(const char *dir, unsigned members)
{
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		snprintf(list, sizeof(list), "%s/%s.list", dir, steps[i].name);
		write_list(members, steps[i].moved_of ? (members - 1) / steps[i].moved_of + 1 : 0);
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

static void drop_old(void)
{
	kernel_leave_old(engine.kernel, false);
	if (!kernel_has_old(engine.kernel))
		return;
	kernel_await_packets();
	kernel_drop_old(engine.kernel);
}

static void run_step(const char *dir, const char *name)
{
	struct kernel_statistics before = *kernel_statistics(engine.kernel);
	const struct kernel_statistics *after = kernel_statistics(engine.kernel);
	json_t *reply = reply_new();
	double begun, done, in_kernel;

	take_list(dir, name);
	in_kernel_us = 0;
	kernel_leave_old(engine.kernel, true);
	begun = now_us(CLOCK_MONOTONIC);
	if (engine_load(&engine, reply) != CODE_DONE)
		fail(name, reply);
	done = now_us(CLOCK_MONOTONIC);
	in_kernel = in_kernel_us;
	drop_old(); /* and the last good policy: as the agent does when it has answered */
	engine_state_save(&engine);
	printf("%s %" PRIu64 " batches %" PRIu64 " messages %" PRIu64 " bytes %" PRIu64
	       " reads %.3f ms %.0f us in the kernel\n",
	       name, after->batches - before.batches, after->messages - before.messages,
	       after->bytes - before.bytes, after->reads - before.reads, (done - begun) / 1e3, in_kernel);
	json_decref(reply);
}

int main(int argc, char **argv)
{
	struct engine_config engine_config = {.config = config, .watched = true};
	json_t *reply = reply_new();

	if (argc < 3) {
		fputs("usage: guard_steps DIR lists MEMBERS\n       guard_steps DIR "
		      "load|reload|half|percent|host "
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

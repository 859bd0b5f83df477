// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How something goes wrong: strace fails a system call, and what it noted tells whether it did; the preloaded library
 * (shim.h) does the rest and counts for itself.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/lab/faults_internal.h"
#include "util/sanitized.h"

#define PAGE_FILE   LAB_DIR "/shim"
#define LIBRARY     "/tests/lab/shim.so"
#define ATTACHED_MS 10000

struct shim *faults_shim_new(void)
{
	int fd = open(PAGE_FILE, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	struct shim *page = MAP_FAILED;

	if (fd >= 0 && ftruncate(fd, sizeof(*page)) == 0)
		page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		fail_msg("%s: %s", PAGE_FILE, strerror(errno));
	close(fd);
	return page;
}

/* The sanitizer's own library would be the first. */
const char *faults_shim_environment(void)
{
	static char text[4096];
	const char *dir = getenv("TOP_BUILDDIR");

	snprintf(text, sizeof(text),
	         "ASAN_OPTIONS=detect_leaks=0:verify_asan_link_order=0 " SHIM_VARIABLE "=" PAGE_FILE
	         " LD_PRELOAD=%s" LIBRARY,
	         dir ? dir : TOP_BUILDDIR);
	return text;
}

static bool is_traced(const struct injection *injection)
{
	return injection && injection->fault == SHIM_NOTHING;
}

/* Without a call: notes all of them, and nothing goes wrong. */
static void expression(const struct injection *injection, char *buf, size_t size)
{
	if (!injection->call)
		snprintf(buf, size, "-e trace=all");
	else
		snprintf(buf, size, "-e trace=%s -e inject=%s:error=%s:when=%u", injection->call,
		         injection->call, injection->error, injection->nth);
}

const char *faults_strace(const struct injection *injection, char *buf, size_t size)
{
	char what[128];

	*buf = '\0';
	if (!is_traced(injection))
		return buf;
	expression(injection, what, sizeof(what));
	snprintf(buf, size, "strace -D -f -qq -o " FAULTS_TRACE " -e signal=none %s ", what);
	return buf;
}

static bool has_tracer(pid_t pid)
{
	char path[64], line[256];
	int tracer = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	FILE *file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file) && sscanf(line, "TracerPid: %d", &tracer) != 1)
		;
	if (file)
		fclose(file);
	return tracer != 0;
}

void faults_inject(struct faults *faults, const struct injection *injection)
{
	char what[128];

	if (!is_traced(injection)) {
		faults->shim->seen = faults->shim->struck = 0;
		faults->shim->left = (int)injection->nth;
		faults->shim->fault = (int)injection->fault;
		return;
	}
	unlink(FAULTS_TRACE);
	if (!faults->agent)
		return; /* strace will start it */
	expression(injection, what, sizeof(what));
	faults->tracer = lab_start(faults->lab, NS_GATEWAY, -1,
	                           "strace -f -qq -o " FAULTS_TRACE " -e signal=none %s -p %d", what,
	                           (int)faults->agent);
	for (uint64_t end = lab_now_ms() + ATTACHED_MS; !has_tracer(faults->agent);) {
		if (lab_now_ms() > end)
			fail_msg("strace does not attach");
		lab_sleep_ms(1);
	}
}

static unsigned count_injected(void)
{
	FILE *file = fopen(FAULTS_TRACE, "re");
	char line[4096];
	unsigned n = 0;

	while (file && fgets(line, sizeof(line), file))
		n += strstr(line, "(INJECTED)") != NULL;
	if (file)
		fclose(file);
	return n;
}

unsigned faults_relent(struct faults *faults, const struct injection *injection)
{
	if (!is_traced(injection)) {
		faults->shim->fault = SHIM_NOTHING;
		return (unsigned)faults->shim->struck;
	}
	if (faults->tracer) {
		kill(faults->tracer, SIGTERM);
		lab_wait(faults->lab, faults->tracer);
		faults->tracer = 0;
	}
	return count_injected();
}

static void count_call(struct call_count *calls, size_t *n, size_t max, const char *name)
{
	size_t i = 0;

	while (i < *n && strcmp(calls[i].name, name) != 0)
		i++;
	if (i == max)
		fail_msg("the agent makes too many different system calls");
	if (i == *n) {
		snprintf(calls[i].name, sizeof(calls[i].name), "%s", name);
		calls[i].times = 0;
		(*n)++;
	}
	calls[i].times++;
}

/* Lines are "PID name(...". */
size_t faults_count_calls(struct call_count *ret, size_t max)
{
	FILE *file = fopen(FAULTS_TRACE, "re");
	char *line = NULL, name[32], after;
	size_t n = 0, size = 0;

	while (file && getline(&line, &size, file) > 0)
		if (sscanf(line, "%*d %31[a-z0-9_]%c", name, &after) == 2 && after == '(')
			count_call(ret, &n, max, name);
	if (file)
		fclose(file);
	free(line);
	return n;
}

int faults_count_descriptors(pid_t pid)
{
	char path[64];
	int n = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	DIR *dir = opendir(path);
	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

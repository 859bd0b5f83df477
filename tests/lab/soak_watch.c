/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What only time shows. Every life of an agent has some looks to get warm, in which it meets long lists, floods and
 * windows; after them its memory stays within a bound. Descriptors and threads have to come back to what they were,
 * whatever happened; a client that has just gone may take the agent a moment.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/last_good.h"
#include "agent/state.h"
#include "tests/lab/soak_internal.h"
#include "util/sanitized.h"

#define WARM_LOOKS  60
#define GROWTH_KB   8192  /* of a warm agent: longer lists, twice the denials */
#define MUCH_KB     12288 /* more than a policy of the soak needs */
#define FDS_SPREAD  2     /* between policies: one that logs listens, one that is owned does not */
#define HISTORY_MAX (1 << 20)

static unsigned fds_count(pid_t pid)
{
	char path[64];
	unsigned n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	for (struct dirent *entry; dir && (entry = readdir(dir));)
		n += isdigit((unsigned char)entry->d_name[0]) != 0;
	if (dir)
		closedir(dir);
	return n;
}

/* Waits until there are so few as ever, and one thread. */
static void fds_judge(struct soak *soak, pid_t pid)
{
	struct soak_result *result = soak->result;
	unsigned fds, threads;
	uint64_t end = lab_now_ms() + SOAK_WAIT;

	while ((fds = fds_count(pid), threads = lab_process_number(pid, "Threads")) > 1 ||
	       (result->fds_min && fds > result->fds_min + FDS_SPREAD)) {
		if (lab_now_ms() > end) {
			torture_fail(&soak->torture, "the agent has %u descriptors (at first %u), %u threads",
			             fds, result->fds_min, threads);
			break;
		}
		lab_sleep_ms(10);
	}
	if (!result->fds_min || fds < result->fds_min)
		result->fds_min = fds;
	result->fds_max = fds > result->fds_max ? fds : result->fds_max;
	result->threads_max = threads > result->threads_max ? threads : result->threads_max;
}

/* What an answer was made of is given back when that has been sent; a sanitizer keeps it for a while. */
static void memory_judge(struct soak *soak, pid_t pid)
{
	struct soak_life *life = &soak->life;
	struct soak_result *result = soak->result;
	unsigned rss_kb;
	uint64_t end = lab_now_ms() + SOAK_WAIT;

	while ((rss_kb = lab_process_number(pid, "VmRSS")) > MUCH_KB && !SANITIZED && lab_now_ms() < end)
		lab_sleep_ms(10);
	if (life->looks <= WARM_LOOKS)
		life->rss_kb_warm = rss_kb > life->rss_kb_warm ? rss_kb : life->rss_kb_warm;
	else if (!SANITIZED && rss_kb > life->rss_kb_warm + GROWTH_KB)
		torture_fail(&soak->torture, "the agent has grown from %u to %u kB", life->rss_kb_warm,
		             rss_kb);
	if (life->rss_kb_warm > result->rss_kb_warm)
		result->rss_kb_warm = life->rss_kb_warm;
	result->rss_kb = rss_kb > result->rss_kb ? rss_kb : result->rss_kb;
}

void watch_agent(struct soak *soak)
{
	pid_t pid = soak->torture.agent;

	if (!pid || agent_reap(&soak->torture)) {
		torture_fail(&soak->torture, "there is no agent any more");
		agent_need(&soak->torture);
		return;
	}
	if (pid != soak->life.pid) {
		soak->life = (struct soak_life){.pid = pid};
		soak->result->lives++;
	}
	soak->life.looks++;
	soak->result->looks++;
	fds_judge(soak, pid);
	memory_judge(soak, pid);
}

static const char *const known_files[] = {"last-good",     "windows.json",    "history.jsonl",
                                          "activity.json", "history.jsonl.1", "unconfirmed"};

/* The agent may be at writing a file just now, which has another name until it is whole. */
static bool stays(const char *path)
{
	uint64_t end = lab_now_ms() + SOAK_WAIT;

	while (access(path, F_OK) == 0 && lab_now_ms() < end)
		lab_sleep_ms(10);
	return access(path, F_OK) == 0;
}

static void name_judge(struct torture *torture, const char *name)
{
	char path[512];
	struct stat about;

	snprintf(path, sizeof(path), SOAK_STATE "/%s", name);
	for (size_t i = 0; i < sizeof(known_files) / sizeof(known_files[0]); i++) {
		if (strcmp(known_files[i], name) != 0)
			continue;
		if (stat(path, &about) == 0 && (about.st_mode & 0007 || about.st_size > HISTORY_MAX))
			torture_fail(torture, "%s: mode %o, %lld bytes", path, (unsigned)about.st_mode,
			             (long long)about.st_size);
		return;
	}
	if (stays(path))
		torture_fail(torture, "the state directory has a file %s", name);
}

static void names_judge(struct torture *torture)
{
	DIR *dir = opendir(SOAK_STATE);

	for (struct dirent *entry; dir && (entry = readdir(dir));)
		if (entry->d_name[0] != '.' || strlen(entry->d_name) > 2)
			name_judge(torture, entry->d_name);
	if (dir)
		closedir(dir);
}

static void history_judge(struct torture *torture)
{
	char *text = lab_read(SOAK_STATE "/history.jsonl"), *end;

	for (char *line = text; (end = strchr(line, '\n')); line = end + 1) {
		json_t *event = json_loadb(line, (size_t)(end - line), 0, NULL);

		if (!json_is_string(json_object_get(event, "event")))
			torture_fail(torture, "the history has a line %.*s", (int)(end - line), line);
		json_decref(event);
	}
	free(text);
}

void watch_state(struct soak *soak)
{
	struct torture *torture = &soak->torture;
	struct window_records records = {0};
	struct stored stored;
	int r = state_load(SOAK_STATE, &records);

	window_records_clear(&records);
	if (r < 0)
		torture_fail(torture, "windows.json cannot be read: %s", state_strerror(r));
	r = last_good_load(SOAK_STATE, &stored);
	if (r < 0) {
		torture_fail(torture, "last-good cannot be read: %s", state_strerror(r));
	} else {
		ruleset_free(stored.ruleset);
		policy_free(stored.policy);
	}
	if (trial_mark_get(SOAK_STATE) != MARK_NONE)
		torture_fail(torture, "a policy is marked as on trial");
	names_judge(torture);
	history_judge(torture);
}

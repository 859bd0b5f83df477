/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * node_exporter reads the file whenever it likes and shows what is there for as long as it is there. So it is replaced by
 * rename, says at the end that no agent runs, and goes when the role file names it no more.
 */
#include "agent/metrics_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/metrics.h"
#include "util/log.h"
#include "util/reply.h"

#define INTERVAL_USEC (15 * 1000000ull)
#define ACCURACY_USEC 1000000ull
#define FILE_MODE     0644

static int write_whole(int fd, const char *text)
{
	size_t len = strlen(text);

	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Never through a link, and never into a file that somebody else has put there. */
static int create(const char *aside)
{
	int fd;

	unlink(aside);
	fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
	return fd < 0 ? -errno : fd;
}

int metrics_file_write(const char *path, const char *text)
{
	char *aside;
	int fd, r;

	if (asprintf(&aside, "%s.new", path) < 0)
		abort();
	fd = create(aside);
	r = fd < 0 ? fd : write_whole(fd, text);
	if (fd >= 0 && r == 0 && fchmod(fd, FILE_MODE) < 0) /* whatever the umask */
		r = -errno;
	if (fd >= 0 && close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(aside, path) < 0)
		r = -errno;
	if (fd >= 0 && r < 0)
		unlink(aside);
	free(aside);
	return r;
}

void metrics_file_remove(const char *path)
{
	unlink(path);
}

/* ends: when this is read, we are gone. */
static int write_now(struct metrics_file *file, const char *path, bool ends)
{
	json_t *reply = reply_new();
	const char *text;
	int r = -EIO;

	metrics_report(file->engine, reply);
	if (ends && reply_code(reply) == CODE_DONE) {
		json_object_set_new(reply, "agent", json_null());
		metrics_say(reply);
	}
	text = json_string_value(json_object_get(reply, "text"));
	if (reply_code(reply) == CODE_DONE && text)
		r = metrics_file_write(path, text);
	json_decref(reply);
	return r;
}

/* Once for every new trouble, and once when it is over. */
static void note(struct engine *engine, const char *path, int r)
{
	if (r != engine->metrics_error && r < 0)
		log_warning("cannot write metrics to %s: %s", path, strerror(-r));
	if (engine->metrics_error < 0 && r == 0)
		log_info("metrics are written to %s again", path);
	engine->metrics_error = r;
}

/* The file that is to be written; NULL: none. */
static const char *wanted(const struct engine *engine)
{
	return engine->current.policy ? engine->current.policy->settings.metrics_file : NULL;
}

static void follow_path(struct metrics_file *file, const char *path)
{
	if (file->path && path && strcmp(file->path, path) == 0)
		return;
	if (file->path)
		metrics_file_remove(file->path);
	free(file->path);
	file->path = path ? strdup(path) : NULL;
	file->engine->metrics_error = 0;
}

void metrics_file_update(struct metrics_file *file)
{
	const char *path = wanted(file->engine);

	follow_path(file, path);
	if (!path) {
		sd_event_source_set_enabled(file->timer, SD_EVENT_OFF);
		return;
	}
	note(file->engine, path, write_now(file, path, false));
	sd_event_source_set_time_relative(file->timer, INTERVAL_USEC);
	sd_event_source_set_enabled(file->timer, SD_EVENT_ONESHOT);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	(void)source;
	(void)usec;
	metrics_file_update(data);
	return 0;
}

int metrics_file_attach(struct metrics_file *file, struct engine *engine, sd_event *event)
{
	int r;

	file->engine = engine;
	r = sd_event_add_time(event, &file->timer, CLOCK_MONOTONIC, 0, ACCURACY_USEC, on_timer, file);
	if (r >= 0)
		r = sd_event_source_set_priority(file->timer, SD_EVENT_PRIORITY_IDLE);
	return r < 0 ? r : sd_event_source_set_enabled(file->timer, SD_EVENT_OFF);
}

void metrics_file_end(struct metrics_file *file)
{
	if (file->path)
		write_now(file, file->path, true);
	free(file->path);
	file->path = NULL;
	sd_event_source_disable_unref(file->timer);
	file->timer = NULL;
}

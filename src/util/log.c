/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One door for everything that is logged. Whether standard error is the journal is decided as systemd documents it:
 * JOURNAL_STREAM holds device and inode of the stream. Fields go as an iovec; the sentence comes first.
 */
#include "util/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

static const char *const field_names[LOG_FIELD_MAX] = {
        [LOG_FIELD_EVENT] = "OMFWD_EVENT",     [LOG_FIELD_PHASE] = "OMFWD_PHASE",
        [LOG_FIELD_SECTION] = "OMFWD_SECTION", [LOG_FIELD_ROW] = "OMFWD_ROW",
        [LOG_FIELD_USER] = "OMFWD_USER",       [LOG_FIELD_FROM] = "OMFWD_FROM",
        [LOG_FIELD_REASON] = "OMFWD_REASON",   [LOG_FIELD_CONFIG] = "OMFWD_CONFIG",
        [LOG_FIELD_CULPRIT] = "OMFWD_CULPRIT", [LOG_FIELD_TICKET] = "OMFWD_TICKET",
};

static const char *const message_ids[LOG_ID_MAX] = {
        [LOG_ID_STARTED] = "c267eae63ff947079940b066208e7bd7",
        [LOG_ID_LOADED] = "b6edf5203e0c4337acecb917e70b3d00",
        [LOG_ID_LOAD_FAILED] = "e03b7b5e4bbc4531a76687dfc3159aa9",
        [LOG_ID_WINDOW_OPENED] = "4c72a4a5aec641019d6859043c96ddbb",
        [LOG_ID_WINDOW_ENDING] = "f07254f4dfc943c3a7cbdc987ec69277",
        [LOG_ID_WINDOW_CLOSED] = "99ba277ffca242a29a0d929e0d015e54",
        [LOG_ID_FLOWTABLE] = "ce9cd5b168e84d8f9cee2893356e0498",
        [LOG_ID_CUT] = "31a409e36f744953b69e0aa6352b2ed3",
        [LOG_ID_DEGRADED] = "fd954bf4079e413980a082f88f049420",
        [LOG_ID_CONFIRMED] = "0aa3c238aa144dcfa6425b22013634e9",
        [LOG_ID_RETURNED] = "d2b175439d7345778a548adca4e748f2",
        [LOG_ID_DRIFT] = "9ce5f27317d74042b84145beda5c824b",
        [LOG_ID_DRIFT_ALARM] = "08ab6630e1da4e72ac58acd5f9abe12f",
        [LOG_ID_REMOVED] = "b6d5fd2e8ea3416baddb69edd7e7da63",
        [LOG_ID_STOPPED] = "42150283dd204fe68846a31502e87727",
};

#define MESSAGE_MAX 1024
#define FIXED_MAX   4 /* MESSAGE, PRIORITY, SYSLOG_IDENTIFIER, MESSAGE_ID */

static enum {
	SINK_STDERR,
	SINK_JOURNAL,
} sink;

static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

void log_open(enum log_target target)
{
	sink = target == LOG_TO_JOURNAL || stderr_is_journal() ? SINK_JOURNAL : SINK_STDERR;
}

/* Pieces of a journal entry; the texts live until they are sent. */
struct entry {
	struct iovec iov[FIXED_MAX + LOG_FIELD_MAX];
	int n;
	char *texts[FIXED_MAX + LOG_FIELD_MAX];
};

static void entry_add(struct entry *entry, const char *name, const char *value)
{
	char *text;
	int len = asprintf(&text, "%s=%s", name, value);

	if (len < 0)
		abort();
	entry->texts[entry->n] = text;
	entry->iov[entry->n++] = (struct iovec){.iov_base = text, .iov_len = (size_t)len};
}

static void journal_send(const struct log_event *event, const char *message)
{
	struct entry entry = {.n = 0};
	char priority[12];

	snprintf(priority, sizeof(priority), "%d", event->priority);
	entry_add(&entry, "MESSAGE", message);
	entry_add(&entry, "PRIORITY", priority);
	entry_add(&entry, "SYSLOG_IDENTIFIER", "omfwd");
	if (event->id != LOG_ID_NONE)
		entry_add(&entry, "MESSAGE_ID", message_ids[event->id]);
	for (int i = 0; i < LOG_FIELD_MAX; i++)
		if (event->fields[i] && *event->fields[i])
			entry_add(&entry, field_names[i], event->fields[i]);
	sd_journal_sendv(entry.iov, entry.n);
	for (int i = 0; i < entry.n; i++)
		free(entry.texts[i]);
}

void log_event(const struct log_event *event, const char *fmt, ...)
{
	char message[MESSAGE_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	if (sink == SINK_JOURNAL)
		journal_send(event, message);
	else
		fprintf(stderr, "omfwd: %s\n", message);
}

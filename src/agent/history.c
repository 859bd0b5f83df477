// SPDX-License-Identifier: GPL-2.0-or-later
/* The file and its lines; what stands in them is the business of history_events.c. */
#include "agent/history.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/state_dir.h"

#define HISTORY_FILE  "history.jsonl"
#define HISTORY_OLD   HISTORY_FILE ".1"
#define HISTORY_MODE  0640
#define HISTORY_BYTES (1024u * 1024)
#define PENDING_MAX   512 /* beyond that the oldest is lost */

void history_add(struct history *history, json_t *event)
{
	if (!history->pending)
		history->pending = json_array();
	if (json_array_size(history->pending) >= PENDING_MAX)
		json_array_remove(history->pending, 0);
	json_array_append_new(history->pending, event);
}

static char *lines_of(const json_t *events, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);
	json_t *event;
	size_t i;

	if (!out)
		abort();
	json_array_foreach(events, i, event)
	{
		json_dumpf(event, out, JSON_COMPACT | JSON_PRESERVE_ORDER);
		fputc('\n', out);
	}
	fclose(out);
	return text;
}

void history_flush(struct history *history, const char *dir)
{
	size_t len;
	char *text;

	if (!history->pending)
		return;
	text = lines_of(history->pending, &len);
	history->error =
	        state_dir_append(dir, HISTORY_FILE, HISTORY_OLD, HISTORY_BYTES, text, len, HISTORY_MODE);
	free(text);
	if (history->error == 0)
		history_clear(history);
}

void history_clear(struct history *history)
{
	json_decref(history->pending);
	history->pending = NULL;
}

static void read_file(const char *dir, const char *name, json_t *events)
{
	char *text, *rest = NULL;
	size_t len;

	if (state_dir_read(dir, name, &text, &len) < 0)
		return;
	for (size_t i = 0; i < len; i++) /* zeros after a crash must not end the reading */
		if (!text[i])
			text[i] = '\n';
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		json_t *event = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

		if (json_is_string(json_object_get(event, "event")) &&
		    json_is_integer(json_object_get(event, "at")))
			json_array_append(events, event);
		json_decref(event);
	}
	free(text);
}

json_t *history_read(const struct history *history, const char *dir)
{
	json_t *events = json_array();

	read_file(dir, HISTORY_OLD, events);
	read_file(dir, HISTORY_FILE, events);
	json_array_extend(events, history->pending);
	return events;
}

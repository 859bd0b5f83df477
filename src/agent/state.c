/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file is ours, and is read with suspicion all the same: a record that does not make sense is left out, because a
 * window that is not restored costs a command and one that is restored wrongly opens a gateway.
 */
#include "agent/state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/state_dir.h"
#include "util/array.h"
#include "util/text.h"

#define STATE_FILE    "windows.json"
#define STATE_MODE    0640
#define STATE_VERSION 1
#define MS_PER_SECOND 1000u
#define GRAIN_MS      1000u /* by which two readings of one deadline may differ */

struct window_record *window_records_find(const struct window_records *records, const char *set)
{
	for (size_t i = 0; i < records->n; i++)
		if (strcmp(records->items[i].set, set) == 0)
			return &records->items[i];
	return NULL;
}

struct window_record *window_records_get(struct window_records *records, const char *set)
{
	struct window_record *record = window_records_find(records, set);

	if (record)
		return record;
	record = ARRAY_PUSH(records->items, records->n, records->cap);
	*record = (struct window_record){.opened = 0};
	snprintf(record->set, sizeof(record->set), "%s", set);
	return record;
}

void window_records_remove(struct window_records *records, const char *set)
{
	struct window_record *record = window_records_find(records, set);

	if (record)
		*record = records->items[--records->n];
}

void window_records_clear(struct window_records *records)
{
	free(records->items);
	*records = (struct window_records){.n = 0};
}

uint64_t window_record_left(const struct window_record *record, time_t seen, uint64_t now_ms,
                            uint64_t max_seconds)
{
	time_t latest = seen > record->opened ? seen : record->opened;
	uint64_t deadline_ms = (uint64_t)record->deadline * MS_PER_SECOND;
	uint64_t from_ms = (uint64_t)latest * MS_PER_SECOND, left_ms;

	if (now_ms > from_ms)
		from_ms = now_ms;
	if (from_ms >= deadline_ms)
		return 0;
	left_ms = deadline_ms - from_ms;
	return left_ms < max_seconds * MS_PER_SECOND ? left_ms : max_seconds * MS_PER_SECOND;
}

static bool same_time(uint64_t a_ms, uint64_t b_ms)
{
	return (a_ms > b_ms ? a_ms - b_ms : b_ms - a_ms) <= GRAIN_MS;
}

/* Deadlines are rounded down: what people are told is never later than the end. */
bool window_record_follow(struct window_record *record, uint64_t left_ms, const struct moment *now)
{
	time_t deadline = (time_t)((now->real_ms + left_ms) / MS_PER_SECOND);
	uint64_t end_ms = now->boot_ms + left_ms;
	bool end_stays = record->end_ms && same_time(record->end_ms, end_ms);

	record->end_ms = end_ms;
	if (same_time((uint64_t)record->deadline * MS_PER_SECOND, (uint64_t)deadline * MS_PER_SECOND))
		return false;
	if (end_stays) {
		record->opened += deadline - record->deadline;
		record->since += deadline - record->deadline;
	}
	record->deadline = deadline;
	return true;
}

void origin_to_json(const struct origin *origin, json_t *object)
{
	json_object_set_new(object, "uid", json_integer(origin->uid));
	json_object_set_new(object, "user", json_string(origin->user));
	if (*origin->login)
		json_object_set_new(object, "login", json_string(origin->login));
	if (*origin->from)
		json_object_set_new(object, "from", json_string(origin->from));
	if (*origin->reason)
		json_object_set_new(object, "reason", json_string(origin->reason));
	if (*origin->ticket)
		json_object_set_new(object, "ticket", json_string(origin->ticket));
}

/* Nothing in it may speak to the terminal of whoever reads the status. */
static void copy_text(const json_t *object, const char *key, char *buf, size_t size)
{
	const char *text = json_string_value(json_object_get(object, key));

	text_escape(text ? text : "", text ? strlen(text) : 0, buf, size);
}

void origin_from_json(const json_t *object, struct origin *ret)
{
	*ret = (struct origin){.uid = (uid_t)json_integer_value(json_object_get(object, "uid"))};
	copy_text(object, "user", ret->user, sizeof(ret->user));
	copy_text(object, "login", ret->login, sizeof(ret->login));
	copy_text(object, "from", ret->from, sizeof(ret->from));
	copy_text(object, "reason", ret->reason, sizeof(ret->reason));
	copy_text(object, "ticket", ret->ticket, sizeof(ret->ticket));
}

static void record_from_json(const json_t *object, struct window_records *records)
{
	const char *set = json_string_value(json_object_get(object, "set"));
	json_int_t opened = json_integer_value(json_object_get(object, "opened"));
	json_int_t deadline = json_integer_value(json_object_get(object, "deadline"));
	json_int_t since = json_integer_value(json_object_get(object, "since"));
	struct window_record *record;

	if (!set || strlen(set) >= sizeof(record->set) || opened <= 0 || deadline <= opened)
		return;
	record = window_records_get(records, set);
	record->opened = (time_t)opened;
	record->deadline = (time_t)deadline;
	record->since = since > 0 && since < opened ? (time_t)since : record->opened;
	origin_from_json(object, &record->origin);
}

static json_t *record_to_json(const struct window_record *record)
{
	json_t *object = json_pack("{s:s, s:I, s:I}", "set", record->set, "opened",
	                           (json_int_t)record->opened, "deadline", (json_int_t)record->deadline);

	if (record->since && record->since != record->opened)
		json_object_set_new(object, "since", json_integer(record->since));
	origin_to_json(&record->origin, object);
	return object;
}

int state_load(const char *dir, struct window_records *ret)
{
	json_t *root, *object;
	size_t len, i;
	char *text;
	int r;

	*ret = (struct window_records){.n = 0};
	r = state_dir_read(dir, STATE_FILE, &text, &len);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	free(text);
	if (json_integer_value(json_object_get(root, "version")) != STATE_VERSION) {
		json_decref(root);
		return -EBADMSG;
	}
	ret->seen = (time_t)json_integer_value(json_object_get(root, "seen"));
	json_array_foreach(json_object_get(root, "windows"), i, object) record_from_json(object, ret);
	json_decref(root);
	return 0;
}

static char *records_format(const struct window_records *records)
{
	json_t *windows = json_array(), *root;
	char *text, *line;

	for (size_t i = 0; i < records->n; i++)
		json_array_append_new(windows, record_to_json(&records->items[i]));
	root = json_pack("{s:i, s:I, s:o}", "version", STATE_VERSION, "seen", (json_int_t)records->seen,
	                 "windows", windows);
	text = json_dumps(root, JSON_INDENT(2));
	json_decref(root);
	if (!text || asprintf(&line, "%s\n", text) < 0)
		abort();
	free(text);
	return line;
}

int state_save(const char *dir, const struct window_records *records)
{
	char *text = records_format(records);
	int r = state_dir_replace(dir, STATE_FILE, text, strlen(text), STATE_MODE);

	free(text);
	return r;
}

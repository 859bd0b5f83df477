// SPDX-License-Identifier: GPL-2.0-or-later
/* A counter that became smaller was made anew: what it counts has come since the last look. */
#include "agent/activity.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/state_dir.h"
#include "util/array.h"
#include "util/reply.h"

#define ACTIVITY_FILE    "activity.json"
#define ACTIVITY_MODE    0640
#define ACTIVITY_VERSION 1
#define COUNTERS_MAX     16384 /* names that come and go do not grow it for ever */

/* Counters come in the same order every time: the search begins behind the one found last. */
static struct counter_activity *find_from(const struct activity *activity, const char *name, size_t hint)
{
	for (size_t i = 0; i < activity->n; i++) {
		struct counter_activity *item = &activity->items[(hint + i) % activity->n];

		if (strcmp(item->name, name) == 0)
			return item;
	}
	return NULL;
}

const struct counter_activity *activity_find(const struct activity *activity, const char *name)
{
	return find_from(activity, name, 0);
}

static struct counter_activity *add(struct activity *activity, const char *name)
{
	struct counter_activity *item;

	if (activity->n >= COUNTERS_MAX)
		activity->n = 0;
	item = ARRAY_PUSH(activity->items, activity->n, activity->cap);
	*item = (struct counter_activity){.packets = 0};
	snprintf(item->name, sizeof(item->name), "%s", name);
	return item;
}

static void note_one(struct activity *activity, struct counter_activity *item, uint64_t packets, time_t now)
{
	if (packets == item->packets)
		return;
	if (packets > 0) {
		item->before = now;
		item->after = activity->looked <= now ? activity->looked : 0;
	}
	item->packets = packets;
	activity->changed = true;
}

void activity_note(struct activity *activity, const struct counter_value *values, size_t n, time_t now)
{
	size_t hint = 0;

	for (size_t i = 0; i < n; i++) {
		struct counter_activity *item = find_from(activity, values[i].name, hint);

		if (item) {
			hint = (size_t)(item - activity->items) + 1;
			note_one(activity, item, values[i].packets, now);
			continue;
		}
		item = add(activity, values[i].name);
		note_one(activity, item, values[i].packets, now);
		item->after = 0; /* it may have counted for long before anybody looked */
	}
	activity->looked = now;
}

static void load_one(struct activity *activity, const char *name, const json_t *object)
{
	json_int_t packets = json_integer_value(json_object_get(object, "packets"));
	struct counter_activity *item;

	if (packets < 0 || strlen(name) >= sizeof(item->name))
		return;
	item = add(activity, name);
	item->packets = (uint64_t)packets;
	item->before = (time_t)json_integer_value(json_object_get(object, "before"));
	item->after = (time_t)json_integer_value(json_object_get(object, "after"));
}

void activity_load(struct activity *activity, const char *dir)
{
	const char *name;
	json_t *root, *object;
	char *text;
	size_t len;

	*activity = (struct activity){.n = 0};
	if (state_dir_read(dir, ACTIVITY_FILE, &text, &len) < 0)
		return;
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	free(text);
	if (json_integer_value(json_object_get(root, "version")) == ACTIVITY_VERSION) {
		activity->looked = (time_t)json_integer_value(json_object_get(root, "looked"));
		json_object_foreach(json_object_get(root, "counters"), name, object)
		        load_one(activity, name, object);
	}
	json_decref(root);
}

static char *format(const struct activity *activity)
{
	json_t *counters = json_object(), *root;
	char *text;

	for (size_t i = 0; i < activity->n; i++) {
		const struct counter_activity *item = &activity->items[i];

		json_object_set_new(counters, item->name,
		                    json_pack("{s:I, s:I, s:I}", "packets", (json_int_t)item->packets,
		                              "before", (json_int_t)item->before, "after",
		                              (json_int_t)item->after));
	}
	root = json_pack("{s:i, s:I, s:o}", "version", ACTIVITY_VERSION, "looked",
	                 (json_int_t)activity->looked, "counters", counters);
	text = json_dumps(root, JSON_INDENT(1));
	json_decref(root);
	if (!text)
		abort();
	return text;
}

void activity_save(struct activity *activity, const char *dir)
{
	char *text;

	if (!activity->changed)
		return;
	text = format(activity);
	activity->error = state_dir_replace(dir, ACTIVITY_FILE, text, strlen(text), ACTIVITY_MODE);
	activity->changed = activity->error < 0;
	activity->saved = activity->looked;
	free(text);
}

void activity_clear(struct activity *activity)
{
	free(activity->items);
	*activity = (struct activity){.n = 0};
}

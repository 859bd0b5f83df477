/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of the status that is about what others did to the nft table. Only an agent can know. */
#include "agent/status.h"

#include "util/reply.h"
#include "util/timestamp.h"

#define US_PER_MS 1000.0

static json_t *entry_to_json(const struct drift_entry *entry)
{
	json_t *object = json_pack("{s:I, s:o, s:o, s:s}", "at", (json_int_t)entry->at, "process",
	                           *entry->process ? reply_string(entry->process) : json_null(), "did",
	                           reply_string(entry->did), "outcome", drift_outcome_name(entry->outcome));

	json_object_set_new(object, "pid", entry->pid ? json_integer(entry->pid) : json_null());
	if (entry->outcome == DRIFT_REPAIRED)
		json_object_set_new(object, "took_ms", json_real((double)entry->took_us / US_PER_MS));
	return object;
}

void status_drift_report(struct engine *engine, json_t *reply)
{
	struct drift_history *history = &engine->drift;
	json_t *entries;

	if (!engine->config.watched)
		return;
	entries = json_array();
	for (size_t i = 0; i < history->n; i++)
		json_array_append_new(entries, entry_to_json(drift_history_at(history, i)));
	json_object_set_new(reply, "drift",
	                    json_pack("{s:b, s:b, s:I, s:I, s:o}", "watching", history->watching, "alarm",
	                              history->alarm, "changes", (json_int_t)history->changes, "repairs",
	                              (json_int_t)history->repairs, "history", entries));
}

static void print_entry(const json_t *entry, FILE *out)
{
	char at[TIMESTAMP_MAX];

	fprintf(out, "  %s ", timestamp_format((time_t)reply_number(entry, "at"), at, sizeof(at)));
	if (json_is_null(json_object_get(entry, "pid")))
		fputs("somebody", out);
	else
		fprintf(out, "%s (pid %lld)", reply_text(entry, "process"), reply_number(entry, "pid"));
	fprintf(out, " %s: %s", reply_text(entry, "did"), reply_text(entry, "outcome"));
	if (json_object_get(entry, "took_ms"))
		fprintf(out, " after %.1f ms", json_real_value(json_object_get(entry, "took_ms")));
	fputc('\n', out);
}

void status_drift_print(const json_t *reply, FILE *out)
{
	const json_t *drift = json_object_get(reply, "drift");
	json_t *entry;
	size_t i;

	if (reply_number(drift, "changes") == 0)
		return;
	if (json_is_true(json_object_get(drift, "alarm")))
		fputs("ALARM     somebody keeps changing the nft table; it is repaired every 10 seconds "
		      "only\n",
		      out);
	fprintf(out, "drift     changes to the nft table by others: %lld, repairs: %lld\n",
	        reply_number(drift, "changes"), reply_number(drift, "repairs"));
	json_array_foreach(json_object_get(drift, "history"), i, entry) print_entry(entry, out);
}

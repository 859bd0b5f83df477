/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory of a fixed size, whatever others do to us. */
#include "agent/drift_history.h"

#include <stdio.h>

#include "util/log.h"

static const char *const outcome_names[DRIFT_OUTCOME_MAX] = {
        [DRIFT_WAITING] = "waiting",
        [DRIFT_REPAIRED] = "repaired",
        [DRIFT_LEFT] = "left",
        [DRIFT_FAILED] = "failed",
};

const char *drift_outcome_name(enum drift_outcome outcome)
{
	return outcome_names[outcome];
}

struct drift_entry *drift_history_at(struct drift_history *history, size_t i)
{
	return &history->entries[(history->first + i) % DRIFT_ENTRIES];
}

struct drift_entry *drift_history_add(struct drift_history *history, const struct monitor_group *group)
{
	struct drift_entry *entry;

	if (history->n == DRIFT_ENTRIES)
		history->first = (history->first + 1) % DRIFT_ENTRIES;
	else
		history->n++;
	history->changes++;
	entry = drift_history_at(history, history->n - 1);
	*entry = (struct drift_entry){.at = time(NULL), .outcome = DRIFT_WAITING};
	if (!group) {
		snprintf(entry->did, sizeof(entry->did), "changed the table while nobody could listen");
		return entry;
	}
	entry->pid = group->pid;
	snprintf(entry->process, sizeof(entry->process), "%s", group->process);
	monitor_group_describe(group, entry->did, sizeof(entry->did));
	return entry;
}

#define WHO_MAX 64

/* "nft (pid 4711)" */
static const char *who_of(const struct drift_entry *entry, char buf[WHO_MAX])
{
	if (!entry->pid)
		return "somebody";
	snprintf(buf, WHO_MAX, "%s (pid %u)", *entry->process ? entry->process : "a process", entry->pid);
	return buf;
}

static const struct {
	int priority;
	const char *sentence;
} tellings[DRIFT_OUTCOME_MAX] = {
        [DRIFT_WAITING] = {LOG_WARNING, "not repaired yet"},
        [DRIFT_REPAIRED] = {LOG_WARNING, "repaired"},
        [DRIFT_LEFT] = {LOG_NOTICE, "left as it is"},
        [DRIFT_FAILED] = {LOG_ERR, "the repair failed"},
};

bool drift_tell_outcome(struct drift_history *history, enum drift_outcome outcome, uint64_t took_us)
{
	bool any = false;

	for (size_t i = 0; i < history->n; i++) {
		struct drift_entry *entry = drift_history_at(history, i);
		char who[WHO_MAX];

		if (entry->outcome != DRIFT_WAITING && entry->outcome != DRIFT_FAILED)
			continue;
		any = true;
		entry->outcome = outcome;
		entry->took_us = took_us;
		log_event(&(const struct log_event){.priority = tellings[outcome].priority,
		                                    .id = LOG_ID_DRIFT,
		                                    .fields[LOG_FIELD_EVENT] = "drift",
		                                    .fields[LOG_FIELD_CULPRIT] = entry->process},
		          "%s %s: %s", who_of(entry, who), entry->did, tellings[outcome].sentence);
	}
	return any;
}

void drift_tell_alarm(struct drift_history *history, const char *why)
{
	const struct drift_entry *last = history->n ? drift_history_at(history, history->n - 1) : NULL;
	char who[WHO_MAX];

	log_event(&(const struct log_event){.priority = LOG_ALERT,
	                                    .id = LOG_ID_DRIFT_ALARM,
	                                    .fields[LOG_FIELD_EVENT] = "drift-alarm",
	                                    .fields[LOG_FIELD_CULPRIT] = last ? last->process : NULL},
	          "%s, last by %s: it is tried again every 10 s, and until then packets may pass that should "
	          "not",
	          why, last ? who_of(last, who) : "nobody known");
}

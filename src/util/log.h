/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the agent tells the journal: a sentence for people and fields to search by. Where standard error is not the
 * journal, the sentence alone goes there.
 */
#ifndef OMFWD_LOG_H
#define OMFWD_LOG_H

#include <syslog.h>

enum log_target {
	LOG_TO_STDERR, /* the agent: standard error, with all fields when that is the journal */
	LOG_TO_JOURNAL, /* commands, which talk to people themselves: the journal if there is one, or nothing */
};

/* Decides once where everything goes; until it is called, to standard error. */
void log_open(enum log_target target);

enum log_field {
	LOG_FIELD_EVENT,   /* OMFWD_EVENT: what happened, one word */
	LOG_FIELD_PHASE,   /* install, run */
	LOG_FIELD_SECTION, /* of a scoped window */
	LOG_FIELD_ROW,
	LOG_FIELD_USER, /* who asked */
	LOG_FIELD_FROM,
	LOG_FIELD_REASON,
	LOG_FIELD_TICKET,
	LOG_FIELD_CONFIG,
	LOG_FIELD_CULPRIT, /* the name of the process that changed the nft table */
	LOG_FIELD_MAX
};

/* Events that programs may wait for; each has its MESSAGE_ID. */
enum log_id {
	LOG_ID_NONE,
	LOG_ID_STARTED,
	LOG_ID_LOADED,
	LOG_ID_LOAD_FAILED,
	LOG_ID_WINDOW_OPENED,
	LOG_ID_WINDOW_ENDING,
	LOG_ID_WINDOW_CLOSED,
	LOG_ID_FLOWTABLE,
	LOG_ID_CUT,
	LOG_ID_DEGRADED,
	LOG_ID_CONFIRMED,
	LOG_ID_RETURNED,
	LOG_ID_DRIFT,
	LOG_ID_DRIFT_ALARM,
	LOG_ID_REMOVED,
	LOG_ID_STOPPED,
	LOG_ID_MAX
};

struct log_event {
	int priority; /* LOG_ERR ... LOG_DEBUG */
	enum log_id id;
	const char *fields[LOG_FIELD_MAX]; /* NULL or "": not sent */
};

void log_event(const struct log_event *event, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_info(...)    log_event(&(const struct log_event){.priority = LOG_INFO}, __VA_ARGS__)
#define log_warning(...) log_event(&(const struct log_event){.priority = LOG_WARNING}, __VA_ARGS__)
#define log_error(...)   log_event(&(const struct log_event){.priority = LOG_ERR}, __VA_ARGS__)

#endif

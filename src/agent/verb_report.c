// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Gathers the report. Nothing is found out here that status and show do not know already, but what the history tells:
 * their objects are taken as they are, and each row gets its counter and one word for what it is.
 */
#include "agent/verb_report.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "agent/denials.h"
#include "agent/status.h"
#include "ruleset/hash.h"
#include "util/array.h"
#include "util/reply.h"
#include "words/show.h"

#define MEMBERS_SHOWN 20
#define PAST_SHOWN    1000
#define EVENTS_SHOWN  1000
#define HASH_TEXT_MAX 24

static const char *const source_names[] = {
        [FROM_FILE] = "file",
        [FROM_LAST_GOOD] = "last_good",
        [FROM_KERNEL] = "kernel",
};

static const json_t *counter_find(const json_t *status, const char *name)
{
	json_t *counter;
	size_t i;

	json_array_foreach(json_object_get(status, "counters"), i, counter)
	{
		if (strcmp(reply_text(counter, "name"), name) == 0)
			return counter;
	}
	return NULL;
}

/* "packets", "bytes" and "last_packet" of a counter, if there is one. */
static void copy_counter(const json_t *status, const char *name, json_t *object)
{
	static const char *const keys[] = {"packets", "bytes", "last_packet"};
	const json_t *counter = counter_find(status, name);

	for (size_t i = 0; counter && i < ARRAY_SIZE(keys); i++)
		json_object_set(object, keys[i], json_object_get(counter, keys[i]));
}

/* A counter stands for one row of the section; lines that rows share are counted by the first of them. */
static void add_counters(const json_t *status, const char *section, json_t *row)
{
	json_t *others = json_array(), *line, *other;
	char own[GATE_NAME_MAX];
	size_t i, j;

	snprintf(own, sizeof(own), "%s.%s", section, reply_text(row, "id"));
	copy_counter(status, own, row);
	json_array_foreach(json_object_get(row, "lines"), i, line)
	{
		const char *counter = reply_text(line, "counter");
		bool known = strcmp(counter, own) == 0 || !strchr(counter, '.');

		json_array_foreach(others, j, other) known =
		        known || strcmp(json_string_value(other), strrchr(counter, '.') + 1) == 0;
		if (!known)
			json_array_append_new(others, json_string(strrchr(counter, '.') + 1));
	}
	if (json_array_size(others) > 0)
		json_object_set(row, "counted_with", others);
	json_decref(others);
}

static void add_status(json_t *row)
{
	const json_t *inert = json_array_get(json_object_get(row, "inert"), 0);
	const char *status = "install";
	json_t *line;
	size_t i;

	if (json_array_size(json_object_get(row, "lines")) == 0)
		status = strcmp(reply_text(row, "state"), "off") == 0 ? "off" : reply_text(inert, "reason");
	json_array_foreach(json_object_get(row, "lines"), i, line)
	{
		if (strcmp(reply_text(line, "phase"), "always") == 0)
			status = "open";
	}
	if (strcmp(status, "row_off") == 0)
		status = "off";
	json_object_set_new(row, "status", json_string(status));
	if (inert && json_array_size(json_object_get(row, "lines")) == 0)
		json_object_set(row, "why", json_object_get(inert, "why"));
}

/* A large role would drown the report: its first members stand for it. */
static void shorten_members(json_t *role)
{
	json_t *members = json_object_get(role, "members");
	size_t n = json_array_size(members);

	json_object_set_new(role, "n_members", json_integer((json_int_t)n));
	while (json_array_size(members) > MEMBERS_SHOWN)
		json_array_remove(members, json_array_size(members) - 1);
}

static void complete_section(const json_t *status, json_t *section)
{
	json_t *role, *row;
	size_t i;

	json_array_foreach(json_object_get(section, "roles"), i, role) shorten_members(role);
	json_array_foreach(json_object_get(section, "rows"), i, row)
	{
		add_counters(status, reply_text(section, "section"), row);
		add_status(row);
	}
}

static void complete_site_rule(const json_t *status, json_t *rule)
{
	char counter[GATE_NAME_MAX];

	snprintf(counter, sizeof(counter), "site.%s", reply_text(rule, "site_rule"));
	copy_counter(status, counter, rule);
	shorten_members(json_object_get(rule, "from"));
	shorten_members(json_object_get(rule, "to"));
}

static void report_policy(const struct engine *engine, const json_t *status, json_t *report)
{
	const struct generation *current = &engine->current;
	json_t *shown, *item;
	size_t i;

	if (!current->policy)
		return;
	json_object_set_new(report, "source", json_string(source_names[current->source]));
	if (current->source != FROM_FILE)
		return;
	shown = show_to_json(current->policy, &current->lines);
	json_array_foreach(json_object_get(shown, "sections"), i, item) complete_section(status, item);
	json_array_foreach(json_object_get(shown, "site_rules"), i, item) complete_site_rule(status, item);
	json_object_update(report, shown);
	json_decref(shown);
}

/* Windows that were opened and closed together are told once, with all their rows. */
static bool is_one_window(const json_t *a, const json_t *b)
{
	static const char *const keys[] = {"at",    "event", "section", "since", "deadline",
	                                   "login", "from",  "reason",  "user",  "ticket"};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const json_t *left = json_object_get(a, keys[i]), *right = json_object_get(b, keys[i]);

		if (left != right && !json_equal(left, right))
			return false;
	}
	return true;
}

static void append_window(json_t *windows, json_t *window)
{
	json_t *last = json_array_get(windows, json_array_size(windows) - 1);

	if (last && is_one_window(last, window)) {
		json_array_append(json_object_get(last, "rows"), json_object_get(window, "row"));
		return;
	}
	window = json_copy(window);
	json_object_set_new(window, "rows",
	                    json_is_null(json_object_get(window, "row"))
	                            ? json_array()
	                            : json_pack("[O]", json_object_get(window, "row")));
	json_object_del(window, "row");
	json_object_del(window, "set");
	json_array_append_new(windows, window);
}

static void report_history(const struct engine *engine, json_t *report)
{
	json_t *history = history_read(&engine->history, engine->config.state_dir);
	json_t *windows = json_array(), *events = json_array();

	for (size_t i = json_array_size(history); i-- > 0;) {
		json_t *event = json_array_get(history, i);
		const char *kind = reply_text(event, "event");

		if (strcmp(kind, "window-closed") == 0 && json_array_size(windows) < PAST_SHOWN)
			append_window(windows, event);
		else if (strncmp(kind, "window-", strlen("window-")) != 0 &&
		         json_array_size(events) < EVENTS_SHOWN)
			json_array_append(events, event);
	}
	json_object_set_new(report, "windows_past", windows);
	json_object_set_new(report, "events", events);
	json_decref(history);
}

static void report_windows(const json_t *status, json_t *report)
{
	json_t *windows = json_array(), *window;
	size_t i;

	json_array_foreach(json_object_get(status, "windows"), i, window) append_window(windows, window);
	json_object_set_new(report, "windows", windows);
}

static void report_header(const struct engine *engine, json_t *report)
{
	char hash[HASH_TEXT_MAX] = "";
	struct utsname uts;

	if (engine->current.ruleset && engine->current.source != FROM_KERNEL)
		snprintf(hash, sizeof(hash), "%016llx",
		         (unsigned long long)ruleset_hash(engine->current.ruleset));
	uname(&uts);
	json_object_update_new(
	        report, json_pack("{s:I, s:o, s:o, s:s, s:o}", "generated", (json_int_t)time(NULL), "host",
	                          reply_string(uts.nodename), "kernel", reply_string(uts.release), "omfwd",
	                          PACKAGE_VERSION, "hash", *hash ? json_string(hash) : json_null()));
}

/* What has its own place in the report, or is for others to see. */
static json_t *status_of(struct engine *engine, json_t *reply)
{
	static const char *const elsewhere[] = {"text", "code", "errors", "diagnostics"};
	json_t *status = reply_new();

	status_report(engine, status);
	if (reply_code(status) != CODE_DONE && !json_object_get(status, "nft_table")) {
		json_object_update(reply, status);
		json_decref(status);
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(elsewhere); i++)
		json_object_del(status, elsewhere[i]);
	return status;
}

void verb_report_answer(struct engine *engine, const json_t *request, const struct origin *origin,
                        json_t *reply)
{
	json_t *status = status_of(engine, reply), *report;

	(void)request;
	(void)origin;
	if (!status)
		return;
	report = json_object();
	report_header(engine, report);
	report_policy(engine, status, report);
	report_windows(status, report);
	report_history(engine, report);
	json_object_set_new(report, "denied", denials_report(engine, &(struct denials_filter){.since = 0}));
	json_object_del(status, "windows");
	json_object_del(status, "counters");
	json_object_set_new(report, "status", status);
	json_object_set_new(reply, "report", report);
}

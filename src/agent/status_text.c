/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The status for people, from the JSON alone, so that both always say the same. One thing a line, the most pressing
 * first; windows that were opened together are one entry.
 */
#include "agent/status.h"

#include <stdlib.h>
#include <string.h>

#include "agent/origin.h"
#include "util/duration.h"
#include "util/reply.h"
#include "util/timestamp.h"

static time_t time_of(const json_t *object, const char *key)
{
	return (time_t)json_integer_value(json_object_get(object, key));
}

/* Opened in one go: the same section, moments and origin. */
static bool windows_are_one(const json_t *a, const json_t *b)
{
	static const char *const keys[] = {"section", "opened", "deadline", "user",
	                                   "login",   "from",   "reason",   "ticket"};

	if (json_is_null(json_object_get(a, "row")) || json_is_null(json_object_get(b, "row")))
		return false;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const json_t *left = json_object_get(a, keys[i]), *right = json_object_get(b, keys[i]);

		if (left != right && !json_equal(left, right))
			return false;
	}
	return true;
}

/* Prints "prod: cur-01, cur-18" for windows from index on; returns the index after them. */
static size_t print_scope(const json_t *windows, size_t index, FILE *out)
{
	const json_t *first = json_array_get(windows, index), *window = first;

	if (json_is_null(json_object_get(first, "row"))) {
		fputs("  everything", out);
		return index + 1;
	}
	if (*reply_text(first, "section"))
		fprintf(out, "  %s: ", reply_text(first, "section"));
	else
		fputs("  site rule ", out);
	do {
		fprintf(out, "%s%s", window == first ? "" : ", ", reply_text(window, "row"));
		window = json_array_get(windows, ++index);
	} while (window && windows_are_one(first, window));
	return index;
}

static size_t print_window(const json_t *windows, size_t index, time_t now, FILE *out)
{
	const json_t *window = json_array_get(windows, index);
	time_t deadline = time_of(window, "deadline");
	char until[TIMESTAMP_MAX], opened[TIMESTAMP_MAX], left[DURATION_TEXT_MAX], who[ORIGIN_FORMAT_MAX];
	struct origin origin;

	origin_from_json(window, &origin);
	index = print_scope(windows, index, out);
	fprintf(out, " until %s (%s left), opened %s by %s", timestamp_format(deadline, until, sizeof(until)),
	        duration_format(deadline > now ? (uint64_t)(deadline - now) : 0, left, sizeof(left)),
	        timestamp_format(time_of(window, "opened"), opened, sizeof(opened)),
	        origin_format(&origin, who, sizeof(who)));
	if (*origin.reason)
		fprintf(out, ": %s", origin.reason);
	if (*origin.ticket)
		fprintf(out, " (ticket %s)", origin.ticket);
	fputc('\n', out);
	return index;
}

static void print_phase(const json_t *reply, time_t now, FILE *out)
{
	static const char *const sentences[][2] = {
	        {"run", "run: every install window is closed"},
	        {"install", "install: open are"},
	        {"removed", "none: the policy was removed, nothing is denied; omfwd reload puts it back"},
	        {"none", "none: there is no nft table, nothing is denied"},
	};
	const json_t *windows = json_object_get(reply, "windows");
	const char *phase = reply_text(reply, "phase");

	for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++)
		if (strcmp(sentences[i][0], phase) == 0)
			fprintf(out, "phase     %s\n", sentences[i][1]);
	if (strcmp(phase, "install") == 0)
		for (size_t i = 0; i < json_array_size(windows);)
			i = print_window(windows, i, now, out);
}

static void print_policy(const json_t *reply, FILE *out)
{
	char loaded[TIMESTAMP_MAX];

	fprintf(out, "file      %s", reply_text(reply, "config"));
	if (json_object_get(reply, "loaded"))
		fprintf(out, ", loaded %s",
		        timestamp_format(time_of(reply, "loaded"), loaded, sizeof(loaded)));
	fputc('\n', out);
	if (json_object_get(reply, "mode"))
		fprintf(out, "policy    port table %s, mode %s, deny_scope %s\n",
		        reply_text(reply, "port_table"), reply_text(reply, "mode"),
		        reply_text(reply, "deny_scope"));
	if (json_object_get(reply, "next"))
		fprintf(out, "next      %s\n", reply_text(reply, "next"));
}

static void print_counts(const char *who, const json_t *counts, FILE *out)
{
	fprintf(out, "%s %lld sets, %lld chains and %lld rules", who, reply_number(counts, "sets"),
	        reply_number(counts, "chains"), reply_number(counts, "rules"));
}

static void print_table(const json_t *reply, FILE *out)
{
	const json_t *table = json_object_get(reply, "nft_table");

	if (!json_is_true(json_object_get(table, "exists"))) {
		fputs("nft table inet omfwd is not there\n", out);
		return;
	}
	fprintf(out, "nft table inet omfwd%s, ",
	        json_is_true(json_object_get(table, "owned")) ? ", owned" : "");
	if (json_is_true(json_object_get(table, "in_step"))) {
		fputs("in step\n", out);
		return;
	}
	if (json_object_get(table, "expected")) {
		print_counts("drifted: it has", json_object_get(table, "found"), out);
		print_counts(", the policy makes", json_object_get(table, "expected"), out);
	} else {
		print_counts("with", json_object_get(table, "found"), out);
	}
	fputc('\n', out);
}

static void print_agent(const json_t *reply, FILE *out)
{
	const json_t *agent = json_object_get(reply, "agent");

	if (json_object_get(agent, "elsewhere"))
		fprintf(out, "agent     %s, which does not answer in this --run-dir\n",
		        reply_text(agent, "elsewhere"));
	else if (json_is_object(agent))
		fprintf(out, "agent     pid %lld\n", reply_number(agent, "pid"));
	else if (json_is_true(json_object_get(json_object_get(reply, "nft_table"), "exists")))
		fputs("agent     not running: the policy stays in the kernel until omfwd remove or a reboot, "
		      "and "
		      "nothing watches it\n",
		      out);
	else
		fputs("agent     not running, nothing watches\n", out);
}

/* "2026-11-21 12:17:10"; "before ..." where nobody had looked earlier. The moment is that of the look. */
static void print_last_packet(const json_t *last, FILE *out)
{
	char before[TIMESTAMP_MAX];

	if (json_is_object(last))
		fprintf(out, "  %s%s", json_is_integer(json_object_get(last, "after")) ? "" : "before ",
		        timestamp_format((time_t)reply_number(last, "before"), before, sizeof(before)));
	fputc('\n', out);
}

static void print_counters(const json_t *reply, FILE *out)
{
	const json_t *counters = json_object_get(reply, "counters");
	json_t *counter;
	size_t i;

	if (json_array_size(counters) == 0)
		return;
	fprintf(out, "\n%-40s %12s %15s  %s\n", "row", "packets", "bytes", "last packet");
	json_array_foreach(counters, i, counter)
	{
		fprintf(out, "%-40s %12lld %15lld", reply_text(counter, "name"),
		        reply_number(counter, "packets"), reply_number(counter, "bytes"));
		print_last_packet(json_object_get(counter, "last_packet"), out);
	}
}

char *status_text(const json_t *reply, time_t now)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	print_phase(reply, now, out);
	print_policy(reply, out);
	print_table(reply, out);
	print_agent(reply, out);
	status_drift_print(reply, out);
	status_flowtables_print(reply, out);
	status_troubles_print(reply, out);
	print_counters(reply, out);
	fclose(out);
	return text;
}

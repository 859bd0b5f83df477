/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One table of metrics, and a few functions that take samples for them out of the facts: a number at a place, or one for
 * each item of a list. HELP and TYPE are written with the first sample, so that a metric nobody knows a value of does not
 * appear. Units are seconds, bytes and packets. A counter is never made of anything that can become less.
 */
#include "words/metrics_text.h"

#include <stdbool.h>
#include <string.h>

#include "policy/port_tables.h"
#include "util/array.h"
#include "util/reply.h"

#define SITE_PREFIX "site."
#define LABEL_MAX   128 /* of a section's name, which has 32 */

struct label {
	const char *name, *value;
};

struct metric;

/* One metric on its way out. */
struct printer {
	const json_t *facts;
	const struct metric *metric;
	time_t now;
	FILE *out;
	bool headed;
};

struct metric {
	const char *name;
	const char *type;
	void (*print)(struct printer *printer);
	const char *place[2]; /* where in the facts; the second may be NULL */
	const char *item;     /* the number in an item of a list */
	const char *help;
	const char *counter; /* print_total: its name */
};

/* A backslash, a quote and a line's end are the three that a label has to escape. */
static void print_label(const struct label *label, FILE *out)
{
	fprintf(out, "%s=\"", label->name);
	for (const char *c = label->value; *c; c++)
		if (*c == '\n')
			fputs("\\n", out);
		else
			fprintf(out, "%s%c", *c == '\\' || *c == '"' ? "\\" : "", *c);
	fputc('"', out);
}

static void print_head(struct printer *printer)
{
	const struct metric *metric = printer->metric;

	if (!printer->headed)
		fprintf(printer->out, "# HELP %s %s\n# TYPE %s %s\n", metric->name, metric->help,
		        metric->name, metric->type);
	printer->headed = true;
}

/* value: a number or a truth; anything else is no sample. */
static void print_sample(struct printer *printer, const json_t *value, const struct label *labels, size_t n)
{
	if (!json_is_number(value) && !json_is_boolean(value))
		return;
	print_head(printer);
	fputs(printer->metric->name, printer->out);
	for (size_t i = 0; i < n; i++) {
		fputc(i == 0 ? '{' : ',', printer->out);
		print_label(&labels[i], printer->out);
	}
	fputs(n > 0 ? "} " : " ", printer->out);
	if (json_is_real(value))
		fprintf(printer->out, "%.6f\n", json_real_value(value));
	else
		fprintf(printer->out, "%lld\n",
		        json_is_true(value) ? 1LL : (long long)json_integer_value(value));
}

static void print_integer(struct printer *printer, long long number, const struct label *labels, size_t n)
{
	json_t *value = json_integer(number);

	print_sample(printer, value, labels, n);
	json_decref(value);
}

/* What stands at the metric's place, or NULL. */
static json_t *at_place(const struct printer *printer)
{
	json_t *value = json_object_get(printer->facts, printer->metric->place[0]);

	return printer->metric->place[1] ? json_object_get(value, printer->metric->place[1]) : value;
}

static void print_number(struct printer *printer)
{
	print_sample(printer, at_place(printer), NULL, 0);
}

static void print_existence(struct printer *printer)
{
	const json_t *value = at_place(printer);

	print_integer(printer, value && !json_is_null(value), NULL, 0);
}

static void print_absence(struct printer *printer)
{
	print_integer(printer, !at_place(printer), NULL, 0);
}

static void print_length(struct printer *printer)
{
	const json_t *list = at_place(printer);

	if (list)
		print_integer(printer, (long long)json_array_size(list), NULL, 0);
}

static void print_build(struct printer *printer)
{
	const struct label label = {"version", reply_text(printer->facts, "version")};

	print_integer(printer, 1, &label, 1);
}

static void print_policy(struct printer *printer)
{
	static const char *const keys[] = {"mode", "port_table", "deny_scope", "source", "table_hash"};
	struct label labels[ARRAY_SIZE(keys)];

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		labels[i] = (struct label){keys[i], reply_text(printer->facts, keys[i])};
	print_integer(printer, 1, labels, ARRAY_SIZE(keys));
}

static void print_phase(struct printer *printer)
{
	static const char *const phases[] = {"install", "run", "removed", "none"};
	const char *phase = reply_text(printer->facts, "phase");

	for (size_t i = 0; i < ARRAY_SIZE(phases); i++)
		print_integer(printer, strcmp(phase, phases[i]) == 0, &(struct label){"phase", phases[i]}, 1);
}

/* "prod.cur-16", where the section ends at the last dot; "site.NAME" is a site rule unless NAME is a row. */
static bool split_counter(const char *name, char *section, size_t size, const char **row)
{
	const char *dot = strrchr(name, '.');

	if (!dot)
		return false;
	*row = dot + 1;
	snprintf(section, size, "%.*s", (int)(dot - name), name);
	return row_find(*row) >= 0;
}

static void print_rows(struct printer *printer)
{
	char section[LABEL_MAX];
	const char *row;
	json_t *counter;
	size_t i;

	json_array_foreach(at_place(printer), i, counter)
	{
		if (!split_counter(reply_text(counter, "name"), section, sizeof(section), &row))
			continue;
		print_sample(printer, json_object_get(counter, printer->metric->item),
		             (struct label[]){{"section", section}, {"row", row}}, 2);
	}
}

static void print_site_rules(struct printer *printer)
{
	char section[LABEL_MAX];
	const char *row;
	json_t *counter;
	size_t i;

	json_array_foreach(at_place(printer), i, counter)
	{
		const char *name = reply_text(counter, "name");

		if (split_counter(name, section, sizeof(section), &row) ||
		    strncmp(name, SITE_PREFIX, strlen(SITE_PREFIX)) != 0)
			continue;
		print_sample(printer, json_object_get(counter, printer->metric->item),
		             &(struct label){"site_rule", name + strlen(SITE_PREFIX)}, 1);
	}
}

/* One of the two counters of what no line allows; a policy has the one of its mode. */
static void print_total(struct printer *printer)
{
	json_t *counter;
	size_t i;

	json_array_foreach(at_place(printer), i, counter)
	{
		if (strcmp(reply_text(counter, "name"), printer->metric->counter) == 0)
			print_sample(printer, json_object_get(counter, printer->metric->item), NULL, 0);
	}
}

/* A window of a site rule has a row and no section; that of everything has neither. */
static void print_windows(struct printer *printer)
{
	json_t *window;
	size_t i;

	json_array_foreach(at_place(printer), i, window)
	{
		const char *section = reply_text(window, "section"), *row = reply_text(window, "row");
		json_int_t left =
		        json_integer_value(json_object_get(window, "deadline")) - (json_int_t)printer->now;
		const struct label labels[] = {
		        {"section", *section ? section
		                    : *row   ? "site_rule"
		                             : "all"},
		        {"row", *row ? row : "all"},
		};

		print_integer(printer, left > 0 ? left : 0, labels, ARRAY_SIZE(labels));
	}
}

static void print_members(struct printer *printer)
{
	static const char *const families[] = {"ipv4", "ipv6"};
	json_t *members;
	size_t i;

	json_array_foreach(at_place(printer), i, members) for (size_t f = 0; f < ARRAY_SIZE(families); f++)
	{
		const struct label labels[] = {
		        {"section", reply_text(members, "section")},
		        {"role", reply_text(members, "role")},
		        {"family", families[f]},
		};

		print_sample(printer, json_object_get(members, families[f]), labels, ARRAY_SIZE(labels));
	}
}

static void print_pairs(struct printer *printer)
{
	json_t *pair;
	size_t i;

	json_array_foreach(at_place(printer), i, pair)
	{
		const struct label labels[] = {
		        {"source_role", reply_text(pair, "source_role")},
		        {"destination_role", reply_text(pair, "destination_role")},
		};

		print_sample(printer, json_object_get(pair, printer->metric->item), labels,
		             ARRAY_SIZE(labels));
	}
}

#define METRIC(kind, metric_name, how, ...)                                                                  \
	{                                                                                                    \
		.name = "omfwd_" metric_name, .type = kind, .print = how, __VA_ARGS__                        \
	}
#define GAUGE(...)   METRIC("gauge", __VA_ARGS__)
#define COUNTER(...) METRIC("counter", __VA_ARGS__)
#define AT(...)      .place = {__VA_ARGS__}

/* clang-format off */
static const struct metric metrics[] = {
	GAUGE("build_info", print_build,
	      .help = "The version of omfwd."),
	GAUGE("agent_running", print_existence, AT("agent"),
	      .help = "Whether an agent watches the nft table."),
	GAUGE("policy_info", print_policy,
	      .help = "What is in force: mode, document, scope, where it comes from, and a hash of the nft table."),
	GAUGE("phase", print_phase,
	      .help = "1 for the present phase."),
	GAUGE("table_in_step", print_number, AT("nft_table", "in_step"),
	      .help = "Whether the kernel has as many sets, chains and rules as the policy."),
	GAUGE("degraded", print_number, AT("is_degraded"),
	      .help = "Whether status says degraded: not the role file's policy is in force, or files cannot be written."),
	GAUGE("last_load_success", print_absence, AT("last_error"),
	      .help = "Whether the role file could be applied when it was read last."),
	GAUGE("last_load_timestamp_seconds", print_number, AT("last_load"),
	      .help = "When that was."),
	GAUGE("last_good_timestamp_seconds", print_number, AT("last_good"),
	      .help = "When the policy in force was read from its file."),
	GAUGE("apply_duration_seconds", print_number, AT("apply_seconds"),
	      .help = "How long the kernel took for the policy in force."),
	GAUGE("windows_open", print_length, AT("windows"),
	      .help = "Install windows that are open."),
	GAUGE("window_remaining_seconds", print_windows, AT("windows"),
	      .help = "The time until an install window closes."),
	COUNTER("row_packets_total", print_rows, AT("counters"), .item = "packets",
	      .help = "Packets that a row of the document let pass."),
	COUNTER("row_bytes_total", print_rows, AT("counters"), .item = "bytes",
	      .help = "Bytes that a row of the document let pass."),
	COUNTER("site_rule_packets_total", print_site_rules, AT("counters"), .item = "packets",
	      .help = "Packets that a site rule let pass."),
	COUNTER("site_rule_bytes_total", print_site_rules, AT("counters"), .item = "bytes",
	      .help = "Bytes that a site rule let pass."),
	COUNTER("denied_packets_total", print_total, AT("counters"), .item = "packets", .counter = "denied",
	      .help = "Packets that were denied: all of them, counted by the kernel."),
	COUNTER("denied_bytes_total", print_total, AT("counters"), .item = "bytes", .counter = "denied",
	      .help = "Bytes that were denied."),
	COUNTER("would_be_denied_packets_total", print_total, AT("counters"), .item = "packets", .counter = "would_be_denied",
	      .help = "Packets that mode enforce would have denied: all of them, counted by the kernel."),
	COUNTER("would_be_denied_bytes_total", print_total, AT("counters"), .item = "bytes", .counter = "would_be_denied",
	      .help = "Bytes that mode enforce would have denied."),
	COUNTER("denials_logged_packets_total", print_pairs, AT("denials", "pairs"), .item = "packets",
	      .help = "Denied packets that the kernel logged, a sample limited by log_rate, by the roles at both ends."),
	COUNTER("denials_lost_packets_total", print_number, AT("denials", "lost"),
	      .help = "Logged packets that never reached the agent."),
	COUNTER("denials_evicted_total", print_number, AT("denials", "evicted"),
	      .help = "Denials that the agent forgot, because its memory is bounded."),
	COUNTER("drift_changes_total", print_number, AT("drift", "changes"),
	      .help = "Changes that others made to the nft table, as this agent saw them."),
	COUNTER("drift_repairs_total", print_number, AT("drift", "repairs"),
	      .help = "Repairs of the nft table by this agent."),
	GAUGE("drift_alarm", print_number, AT("drift", "alarm"),
	      .help = "Whether somebody keeps changing the nft table, so that it is repaired at intervals only."),
	GAUGE("role_members", print_members, AT("members"),
	      .help = "Members of a role: hosts, networks and ranges after merging."),
};
/* clang-format on */

void metrics_print(const json_t *facts, time_t now, FILE *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(metrics); i++) {
		struct printer printer = {.facts = facts, .metric = &metrics[i], .now = now, .out = out};

		metrics[i].print(&printer);
	}
}

const char *metrics_name_at(size_t index)
{
	return index < ARRAY_SIZE(metrics) ? metrics[index].name : NULL;
}

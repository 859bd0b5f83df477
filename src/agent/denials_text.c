// SPDX-License-Identifier: GPL-2.0-or-later
/* The list of denials for people, from its JSON alone, so that both always say the same. */
#include "agent/denials.h"

#include <stdlib.h>
#include <string.h>

#include "util/reply.h"
#include "util/timestamp.h"
#include "words/words.h"

/* "prod.windows_agent", "no role" */
static void print_roles(const json_t *entry, const char *key, FILE *out)
{
	const json_t *roles = json_object_get(entry, key);
	json_t *role;
	size_t i;

	if (json_array_size(roles) == 0)
		fputs("no role", out);
	json_array_foreach(roles, i, role) fprintf(out, "%s%s", i ? ", " : "", json_string_value(role));
}

/* "tcp/1433", "icmp", "icmp type 13", "protocol 99" */
static void print_service(const json_t *entry, FILE *out)
{
	const char *protocol = reply_text(entry, "protocol");

	if (*protocol >= '0' && *protocol <= '9')
		fputs("protocol ", out);
	fputs(protocol, out);
	if (json_object_get(entry, "port"))
		fprintf(out, "/%lld", reply_number(entry, "port"));
	if (json_object_get(entry, "icmp_type"))
		fprintf(out, " type %lld", reply_number(entry, "icmp_type"));
}

/* The mode may have changed since: what passed then is not to be read as denied, nor the other way round. */
static void print_other_mode(const json_t *entry, const char *mode, FILE *out)
{
	bool is_audit = strcmp(mode, "audit") == 0;
	long long count = reply_number(entry, "count"), audited = reply_number(entry, "audited");
	long long others = is_audit ? count - audited : audited;
	const char *what = is_audit ? "denied, before mode = audit" : "passed, in audit mode";

	if (others > 0 && others == count)
		fprintf(out, "; %s", what);
	else if (others > 0)
		fprintf(out, "; %lld of them %s", others, what);
}

void denials_print_entry(const json_t *entry, const char *mode, FILE *out)
{
	char last[TIMESTAMP_MAX];

	fprintf(out, "%s  %s -> %s ",
	        timestamp_format((time_t)reply_number(entry, "last"), last, sizeof(last)),
	        reply_text(entry, "source"), reply_text(entry, "destination"));
	print_service(entry, out);
	fprintf(out, ", logged %lld time%s", reply_number(entry, "count"),
	        reply_number(entry, "count") == 1 ? "" : "s");
	print_other_mode(entry, mode, out);
	fputc('\n', out);
	fputs("  roles        ", out);
	print_roles(entry, "source_roles", out);
	fputs(" -> ", out);
	print_roles(entry, "destination_roles", out);
	fprintf(out, "\n  because      %s\n", reply_text(entry, "because"));
	if (json_is_string(json_object_get(entry, "remedy")))
		fprintf(out, "  to open it   %s\n", reply_text(entry, "remedy"));
}

static void print_totals(const json_t *report, FILE *out)
{
	const json_t *totals = json_object_get(report, "totals");

	if (!json_is_object(totals)) {
		fputs(totals ? "nothing is denied: there is no rule in the kernel that would\n"
		             : "the kernel's counters cannot be read\n",
		      out);
		return;
	}
	fprintf(out, "%s %lld packets, %lld bytes, by the kernel's counter\n",
	        strcmp(reply_text(report, "mode"), "audit") == 0 ? "would be denied" : "denied",
	        reply_number(totals, "packets"), reply_number(totals, "bytes"));
}

/* What the list is made of, and what it lacks. */
static void print_coverage(const json_t *report, FILE *out)
{
	char since[TIMESTAMP_MAX];

	fprintf(out, "listed   since %s, from %lld logged packets",
	        timestamp_format((time_t)reply_number(report, "since"), since, sizeof(since)),
	        reply_number(report, "logged"));
	if (reply_number(report, "lost") > 0)
		fprintf(out, "; %lld more were lost on the way", reply_number(report, "lost"));
	if (reply_number(report, "evicted") > 0)
		fprintf(out, "; %lld older entries gave way to newer ones", reply_number(report, "evicted"));
	fputc('\n', out);
	if (json_is_string(json_object_get(report, "problem")))
		fprintf(out, "problem  %s\n", reply_text(report, "problem"));
}

char *denials_text(const json_t *report)
{
	const json_t *entries = json_object_get(report, "entries");
	json_t *entry;
	char *text;
	size_t size, i;
	FILE *out = words_begin(&text, &size);

	print_totals(report, out);
	if (entries)
		print_coverage(report, out);
	json_array_foreach(entries, i, entry)
	{
		fputc('\n', out);
		denials_print_entry(entry, reply_text(report, "mode"), out);
	}
	return words_end(out, &text);
}

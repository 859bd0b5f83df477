// SPDX-License-Identifier: GPL-2.0-or-later
/* What can be found, as a table: how bad it is and what comes of it. The words about each case come from who found it. */
#include "doctor/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/array.h"
#include "util/reply.h"

static const struct {
	const char *id;
	enum severity severity;
	const char *consequence;
} kinds[FINDING_MAX] = {
        [FINDING_KERNEL_TOO_OLD] = {"kernel_too_old", SEVERITY_ERROR, "omfwd cannot load its table"},
        [FINDING_FORWARDING_OFF] = {"forwarding_off", SEVERITY_ERROR,
                                    "this machine passes nothing on, whatever the role file allows"},
        [FINDING_CHAIN_DROPS] = {"chain_drops", SEVERITY_ERROR,
                                 "an accept of omfwd is final in its own table only: the connection fails"},
        [FINDING_CHAIN_MAY_DROP] = {"chain_may_drop", SEVERITY_NOTE,
                                    "whether the connection passes depends on what cannot be seen from here"},
        [FINDING_CHAIN_UNTRACKS] = {"chain_untracks", SEVERITY_ERROR,
                                    "omfwd judges packets by their connection, and this one has none"},
        [FINDING_CHAIN_NOT_LOOKED_INTO] = {"chain_not_looked_into", SEVERITY_NOTE,
                                           "frames it drops never reach omfwd"},
        [FINDING_LEGACY_IPTABLES] = {"legacy_iptables", SEVERITY_NOTE,
                                     "their rules are not part of nf_tables and were not looked into"},
        [FINDING_FLOWTABLE] =
                {"flowtable", SEVERITY_WARNING,
                 "it carries connections past every rule: counters stand still, and what a closed "
                 "window had let in ends only where an agent runs, a second or two late"},
        [FINDING_REVERSE_PATH] = {"reverse_path", SEVERITY_WARNING,
                                  "packets that come in by the other interface are dropped before any rule"},
        [FINDING_BRIDGE] =
                {"bridge_netfilter", SEVERITY_WARNING,
                 "frames between hosts of one bridge are judged as if they were forwarded, twice over"},
        [FINDING_CONNTRACK_FULL] =
                {"conntrack_full", SEVERITY_WARNING,
                 "when the table of connections is full, new ones are dropped before any rule"},
        [FINDING_NO_ROUTE] = {"no_route", SEVERITY_WARNING, "packets to it are not sent anywhere"},
        [FINDING_DEFAULT_ROUTE] = {"default_route", SEVERITY_NOTE,
                                   "what comes from one member for another is sent back where it came from"},
        [FINDING_ONE_SIDE] = {"one_side", SEVERITY_NOTE,
                              "their traffic does not cross this gateway, so nothing here decides about it"},
        [FINDING_OWN_ADDRESS] =
                {"own_address", SEVERITY_NOTE,
                 "its packets are judged where they begin and end on this machine (input, output)"},
        [FINDING_WINDOW_OPEN] = {"window_open", SEVERITY_NOTE, "the rows of the install phase are open"},
        [FINDING_NFT_TOO_OLD] =
                {"nft_too_old", SEVERITY_NOTE,
                 "it lists omfwd's table while an agent owns it, but cannot load that listing again"},
        [FINDING_WRITABLE_BY_OTHERS] = {"writable_by_others", SEVERITY_ERROR,
                                        "who can write it decides what this gateway lets pass"},
};

static const char *const severities[SEVERITY_MAX] = {
        [SEVERITY_NOTE] = "note",
        [SEVERITY_WARNING] = "warning",
        [SEVERITY_ERROR] = "error",
};

static const char *vformat(struct checkup *checkup, const char *fmt, va_list args)
{
	char *text, *kept;

	if (vasprintf(&text, fmt, args) < 0)
		abort();
	kept = arena_strdup(checkup->arena, text);
	free(text);
	return kept;
}

struct finding *finding_add(struct checkup *checkup, enum finding_kind kind, const char *fmt, ...)
{
	struct finding *finding = ARRAY_PUSH(checkup->findings, checkup->n_findings, checkup->cap_findings);
	va_list args;

	*finding = (struct finding){.kind = kind};
	va_start(args, fmt);
	finding->what = vformat(checkup, fmt, args);
	va_end(args);
	return finding;
}

void finding_line(struct checkup *checkup, struct finding_lines *lines, const char *fmt, ...)
{
	va_list args;

	if (lines->n == FINDING_LINES_MAX)
		return;
	va_start(args, fmt);
	lines->items[lines->n++] = vformat(checkup, fmt, args);
	va_end(args);
}

enum severity finding_severity(const struct finding *finding)
{
	return kinds[finding->kind].severity;
}

static json_t *lines_json(const struct finding_lines *lines)
{
	json_t *list = json_array();

	for (size_t i = 0; i < lines->n; i++)
		json_array_append_new(list, reply_string(lines->items[i]));
	return list;
}

json_t *finding_json(const struct finding *finding)
{
	return json_pack("{s:s, s:s, s:o, s:s, s:o, s:o, s:o}", "id", kinds[finding->kind].id, "severity",
	                 severities[finding_severity(finding)], "what", reply_string(finding->what),
	                 "consequence", kinds[finding->kind].consequence, "remedy",
	                 lines_json(&finding->remedy), "commands", lines_json(&finding->commands),
	                 "role_file", lines_json(&finding->role_file));
}

static void say_lines(json_t *reply, const char *label, const struct finding_lines *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		reply_say(reply, "  %-13s%s", i ? "" : label, lines->items[i]);
}

void finding_say(json_t *reply, const struct finding *finding)
{
	reply_say(reply, "%s: %s", severities[finding_severity(finding)], finding->what);
	reply_say(reply, "  %-13s%s", "consequence", kinds[finding->kind].consequence);
	say_lines(reply, "remedy", &finding->remedy);
	say_lines(reply, "role file", &finding->role_file);
	say_lines(reply, "command", &finding->commands);
}

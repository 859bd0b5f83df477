/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was denied lately (or would be, in audit mode), one entry for each pair of ends, protocol and port of the server.
 * The memory is bounded: the entry that was seen least recently gives way. Pure; the list is the agent's, and verbs ask it.
 */
#ifndef OMFWD_DENIALS_H
#define OMFWD_DENIALS_H

#include <jansson.h>
#include <time.h>

#include "policy/explain.h"
#include "policy/packet_header.h"

#define DENIALS_MAX 2048 /* entries an agent keeps */

/* Who opened what to whom: the packet's own direction, or the other one when it is an answer. */
struct denial_key {
	struct addr src, dst;
	uint8_t protocol; /* IPPROTO_* */
	bool has_port;
	uint16_t port; /* of the server; the type for ICMP */
	enum packet_path path;
};

struct denial {
	struct denial_key key;
	time_t first, last;
	uint64_t count;   /* packets that were logged, which are few of a loud flow */
	uint64_t audited; /* of them, those that passed because mode was audit */
	uint64_t told;    /* of them, see denials_tell() */
	uint64_t touched; /* grows with every packet of any entry */
};

struct denials_counts {
	time_t since;        /* when the list began */
	uint64_t logged;     /* packets heard of */
	uint64_t lost;       /* packets that were logged and not heard of */
	uint64_t overruns;   /* times that the kernel found no room for us */
	uint64_t evicted;    /* entries that gave way */
	uint64_t unreadable; /* packets without an IP header */
	char problem[128];   /* why nothing is heard, "" when it is */
};

struct denials;

struct denials *denials_new(size_t max, time_t since);
void denials_free(struct denials *denials); /* NULL is allowed */

/* Whether what is added from now on passed, in audit mode, or was denied; at first the latter. */
void denials_set_audit(struct denials *denials, bool audit);

/* Adds one logged packet; bytes as in packet_header_parse(). */
void denials_add(struct denials *denials, const uint8_t *bytes, size_t len, enum packet_path path,
                 time_t now);

/* For who listens, to say what was lost; and for who asks. */
struct denials_counts *denials_counts(struct denials *denials);

/* The entry seen most recently, and the next one after it; NULL at the end. Valid until the next denials_add(). */
const struct denial *denials_newest(const struct denials *denials);
const struct denial *denials_next(const struct denials *denials, const struct denial *denial);

/* The packets of an entry that nobody has been told of; from now on they are. */
uint64_t denials_tell(struct denials *denials, const struct denial *denial);

/* Whether a question about such a packet can be asked (TCP, UDP, echo-request), and the question. */
bool denial_query(const struct denial_key *key, struct query *ret);

/* denials_report.c */
struct engine;

/* Which entries: seen at or after since, touched after `after`. Zero: all. */
struct denials_filter {
	time_t since;
	uint64_t after;
};

/*
 * {"mode", "since", "totals": {"packets", "bytes"} from the kernel's counters (null where no rule denies, missing where they cannot be read), "logged", "lost", "overruns", "evicted", "problem"
 * (null when all is well), "cursor" (for filter.after), "entries": [...]}, newest first and each explained by the policy in force and the
 * windows as they are. Without an agent, "entries" is missing. The caller releases it.
 */
json_t *denials_report(struct engine *engine, const struct denials_filter *filter);

/* The same for people; free() it. */
char *denials_text(const json_t *report);

/* One entry of a report, its two explaining lines included; mode is the report's. */
void denials_print_entry(const json_t *entry, const char *mode, FILE *out);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Traffic of the torture test: a process that sends allowed and forbidden packets without a pause, and an nft table of
 * its own that counts them in the gateway before and after the filter hook. The counters are exact: no socket that
 * overflows stands between them and the verdict.
 */
#ifndef LAB_TORTURE_TRAFFIC_H
#define LAB_TORTURE_TRAFFIC_H

#include "tests/lab/lab.h"

enum traffic_class {
	TRAFFIC_ALLOWED,   /* by every role file of the torture */
	TRAFFIC_FORBIDDEN, /* by every one */
	TRAFFIC_WINDOW,    /* an install line of cur-01: passes while that row's window is open */
	TRAFFIC_MAX,
};

enum traffic_kind { KIND_TCP4, KIND_TCP6, KIND_UDP4, KIND_UDP6, KIND_MAX };

struct traffic_counts {
	uint64_t before[TRAFFIC_MAX][KIND_MAX], after[TRAFFIC_MAX][KIND_MAX];
};

#define TRAFFIC_PORT  20000 /* first of the clients' ports: those of a class follow those of the one before */
#define TRAFFIC_PORTS 8000  /* of a class; no port table has a port here */

struct traffic;

/* Starts to send: at least one packet a second. */
struct traffic *traffic_start(struct lab *lab, unsigned packets_per_second);
void traffic_stop(struct lab *lab, struct traffic *traffic);

/* Stops sending and waits until nothing is under way; then counts before and after belong together. */
void traffic_hold(struct traffic *traffic);
void traffic_resume(struct traffic *traffic);

/* From now on so many packets a second, of which each is of a new connection when fresh. */
void traffic_pace(struct traffic *traffic, unsigned packets_per_second, bool fresh);

/* CPU time that sending has taken so far, in ms. */
uint64_t traffic_cpu_ms(const struct traffic *traffic);

/*
 * With the traffic held: forgets every connection and has all clients begin anew. A connection whose server was heard
 * first while everything passed would be judged from that end as long as conntrack knows it.
 */
void traffic_begin_anew(struct lab *lab, struct traffic *traffic);

/*
 * Makes the table that counts, owned, so that `nft flush ruleset` spares it. It lasts until the lab is refreshed; keep
 * the fd that is returned as long.
 */
int counting_start(struct lab *lab);

/* Reads the counters; while packets flow, before and after may be a few packets apart. */
void traffic_read(struct traffic_counts *ret);

/* All of a class. */
uint64_t traffic_sum(const uint64_t counts[KIND_MAX]);

/* "tcp4", "udp6" ... */
const char *traffic_kind_name(enum traffic_kind kind);

/* Calls note for each named counter of an inet table of the gateway. */
void counters_read(const char *table, void (*note)(void *data, const char *name, uint64_t packets),
                   void *data);

#endif

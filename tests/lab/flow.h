/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conversations that stay: TCP, UDP and echo, each one entry in the gateway's table of connections for as long as it
 * is kept. Many are asked at once whether they still get through. And a pump, which never stops talking on 5723.
 */
#ifndef LAB_FLOW_H
#define LAB_FLOW_H

#include "tests/lab/conn.h"

struct flow {
	char name[192];
	uint8_t proto; /* IPPROTO_TCP, _UDP, _ICMP (of either family) */
	bool v6;
	struct conn conn; /* the server of an echo is the kernel: -1 */
	uint16_t echo_id;
	bool alive; /* as of the last flows_check() */
};

/*
 * Begins a conversation and tells whether it came about. via, when not NULL, is what the client talks to instead (NAT).
 * proto and name are the caller's to fill in.
 */
bool flow_open(const struct lab *lab, struct flow *flow, const struct endpoint *client,
               const struct endpoint *server, const struct endpoint *via);

/* Finds out about all of them, in 400 ms at most. */
void flows_check(struct flow *flows, size_t n);

void flow_close(struct flow *flow);

struct pump {
	pid_t pid;
	struct conn conns[2]; /* v4, v6 */
	struct pump_share *share;
};

/*
 * Talks without a pause on two connections to port 5723, between hosts number `host` of the left and the right, and
 * counts every packet of theirs before and behind the gateway's filter (table inet pump).
 */
void pump_start(const struct lab *lab, struct pump *pump, unsigned host);

/* Ends it; fails the test if the gateway took a packet and did not give it out, or if nothing was said. */
void pump_stop(const struct lab *lab, struct pump *pump);

#endif

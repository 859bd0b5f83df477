/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's table of connections: read in pieces that a loop can afford, and entries deleted one by one. Nothing is
 * ever deleted by a filter: what the kernel does not know of a filter it ignores, and then deletes everything.
 */
#ifndef OMFWD_CONNTRACK_H
#define OMFWD_CONNTRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/addr.h"

/* An entry as the rules see it, which is: by who opened it and who answers, behind any address translation. */
struct conntrack_entry {
	struct addr src; /* ct original saddr */
	struct addr dst; /* ct reply saddr */
	uint8_t proto;   /* IPPROTO_* */
	uint16_t src_port,
	        dst_port; /* ct original proto-src, ct reply proto-src; 0 where there are no ports */
	uint8_t icmp_type, icmp_code;
	bool offloaded; /* a flowtable has it: its packets meet no rule */
};

struct conntrack_tally {
	size_t seen, deleted;
	size_t left; /* the kernel refused to delete them ... */
	int error;   /* ... and the last time said this: -errno */
};

struct conntrack;

/* Opens the sockets. Returns 0 or -errno. */
int conntrack_open(struct conntrack **ret);
/* NULL is allowed. */
void conntrack_close(struct conntrack *conntrack);

/* Becomes readable when the next piece of a dump is there. */
int conntrack_fd(const struct conntrack *conntrack);

/* Asks for all entries of both families; the dump before must have come to its end. Returns 0 or -errno. */
int conntrack_dump_begin(struct conntrack *conntrack);

/*
 * Takes one piece (up to a few hundred entries) and deletes those that doomed() says. Never waits. Adds to *tally.
 * Returns 1 while there is more, 0 at the end, or -errno; then the session is of no more use.
 */
int conntrack_dump_piece(struct conntrack *conntrack,
                         bool (*doomed)(const struct conntrack_entry *entry, void *data), void *data,
                         struct conntrack_tally *tally);

/*
 * Whether packets to this address end on this machine or cannot be forwarded: its own, broadcast, multicast,
 * link-local. Returns 1, 0 or -errno.
 */
int conntrack_addr_is_local(struct conntrack *conntrack, const struct addr *addr);

#endif

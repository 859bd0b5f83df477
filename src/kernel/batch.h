/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A batch of nf_tables messages: built in pages, sent with one sendmsg, answered before sendmsg returns. Every message
 * remembers what it is about, so that the kernel's error can be told as a place in the role file.
 */
#ifndef OMFWD_BATCH_H
#define OMFWD_BATCH_H

#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <stddef.h>

#include "ruleset/ruleset.h"

/* What a message is about. For elements, offsets inside the message lead to the member. */
struct origin {
	uint32_t seq;
	const char *what; /* "set", "chain", "rule of chain" ... */
	const char *name;
	loc_t loc;
	const struct nft_set *elements; /* NULL unless the message carries members of this set */
	size_t first;                   /* index in set->addrs of its first member */
	size_t offset, stride;          /* where in the message they begin, and bytes a member */
};

struct page {
	char *data;
	size_t used;
};

struct batch {
	struct page *pages;
	size_t n_pages, cap_pages, current; /* pages stay allocated for the next batch */
	struct origin *origins;
	size_t n_origins, cap_origins;
	uint32_t first;    /* number of the message that begins it */
	uint32_t seq;      /* of the last message */
	size_t n_messages; /* without begin and end */
	struct nlmsghdr *last;
};

/* The payload of one element list must stay below 64 KiB: its length is 16 bits and wraps in silence. */
#define BATCH_ELEMENTS_MAX 60000

/* A thousand hosts, which take the kernel less than a millisecond: others need not wait for long. */
#define BATCH_SHORT (16 * 1024)

/* Empties the batch and begins it: the first message is NFNL_MSG_BATCH_BEGIN. */
void batch_begin(struct batch *batch);

/*
 * Begins a message of type NFT_MSG_* for the inet family and returns its header; the caller appends attributes (at
 * most 64 KiB) and calls batch_add(). The origin is valid until the next call and may be filled in further.
 */
struct nlmsghdr *batch_message(struct batch *batch, uint16_t type, uint16_t flags, const char *what,
                               const char *name, loc_t loc);
struct origin *batch_origin(struct batch *batch);
void batch_add(struct batch *batch, struct nlmsghdr *message);

/* Whether a message of this number is in it, first and last included. */
bool batch_has(const struct batch *batch, uint32_t seq);

/* Asks for an acknowledgement of the last message, and appends NFNL_MSG_BATCH_END unless dry. */
void batch_end(struct batch *batch, bool dry);

/* Bytes in the batch. */
size_t batch_size(const struct batch *batch);

/* What the message with this sequence number was about, or NULL. */
const struct origin *batch_find_origin(const struct batch *batch, uint32_t seq);

void batch_free(struct batch *batch);

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A hash table over a fixed array of entries, which are also on a list by when they were seen. Nothing is allocated after
 * the start.
 *
 * A SYN says who opens. Another packet of TCP or UDP belongs to the entry there is, in either direction; if there is none,
 * UDP counts as it comes, and of TCP the lower port is taken for the server's.
 */
#include "agent/denials.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <stdlib.h>

#define NONE SIZE_MAX

struct slot {
	struct denial denial;
	size_t newer, older; /* by when they were seen */
	size_t chain;        /* the next with the same hash */
};

struct denials {
	struct denials_counts counts;
	struct slot *slots;
	size_t *buckets;
	size_t max, n;
	size_t newest, oldest;
	uint64_t touched;
	bool audit;
};

struct denials *denials_new(size_t max, time_t since)
{
	struct denials *denials = calloc(1, sizeof(*denials));

	if (denials)
		denials->slots = calloc(max, sizeof(*denials->slots));
	if (denials)
		denials->buckets = calloc(max, sizeof(*denials->buckets));
	if (!denials || !denials->slots || !denials->buckets)
		abort();
	for (size_t i = 0; i < max; i++)
		denials->buckets[i] = NONE;
	denials->max = max;
	denials->newest = denials->oldest = NONE;
	denials->counts.since = since;
	return denials;
}

void denials_free(struct denials *denials)
{
	if (!denials)
		return;
	free(denials->slots);
	free(denials->buckets);
	free(denials);
}

void denials_set_audit(struct denials *denials, bool audit)
{
	denials->audit = audit;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 32;
}

static size_t bucket_of(const struct denials *denials, const struct denial_key *key)
{
	const struct addr *ends[] = {&key->src, &key->dst};
	uint64_t hash = mix(key->protocol, key->port);

	for (int i = 0; i < 2; i++) {
		hash = mix(hash, ends[i]->v4);
		hash = mix(hash, (uint64_t)ends[i]->v6);
		hash = mix(hash, (uint64_t)(ends[i]->v6 >> 64));
	}
	return hash % denials->max;
}

static bool key_same(const struct denial_key *a, const struct denial_key *b)
{
	return a->protocol == b->protocol && a->has_port == b->has_port && a->port == b->port &&
	       a->path == b->path && addr_same(&a->src, &b->src) && addr_same(&a->dst, &b->dst);
}

static size_t find(const struct denials *denials, const struct denial_key *key)
{
	size_t at = denials->buckets[bucket_of(denials, key)];

	while (at != NONE && !key_same(&denials->slots[at].denial.key, key))
		at = denials->slots[at].chain;
	return at;
}

static struct denial_key key_as_sent(const struct packet_header *header, enum packet_path path)
{
	return (struct denial_key){.src = header->src,
	                           .dst = header->dst,
	                           .protocol = header->protocol,
	                           .has_port = header->has_ports || header->has_type,
	                           .port = header->has_type ? header->icmp_type : header->dport,
	                           .path = path};
}

static struct denial_key key_reversed(const struct packet_header *header, enum packet_path path)
{
	struct denial_key key = key_as_sent(header, path);

	key.src = header->dst;
	key.dst = header->src;
	key.port = header->sport;
	return key;
}

static struct denial_key key_of(const struct denials *denials, const struct packet_header *header,
                                enum packet_path path)
{
	struct denial_key sent = key_as_sent(header, path), reversed = key_reversed(header, path);
	bool is_tcp = header->protocol == IPPROTO_TCP;

	if (!header->has_ports)
		return sent;
	if (header->has_flags && header->tcp_flags & TH_SYN)
		return header->tcp_flags & TH_ACK ? reversed : sent;
	if (find(denials, &sent) != NONE)
		return sent;
	if (find(denials, &reversed) != NONE)
		return reversed;
	return is_tcp && header->sport < header->dport ? reversed : sent;
}

/* Takes the slot off the list of when it was seen. */
static void unlink_seen(struct denials *denials, size_t at)
{
	const struct slot *slot = &denials->slots[at];

	if (slot->newer == NONE)
		denials->newest = slot->older;
	else
		denials->slots[slot->newer].older = slot->older;
	if (slot->older == NONE)
		denials->oldest = slot->newer;
	else
		denials->slots[slot->older].newer = slot->newer;
}

static void link_newest(struct denials *denials, size_t at)
{
	struct slot *slot = &denials->slots[at];

	slot->newer = NONE;
	slot->older = denials->newest;
	if (denials->newest == NONE)
		denials->oldest = at;
	else
		denials->slots[denials->newest].newer = at;
	denials->newest = at;
}

static void unlink_bucket(struct denials *denials, size_t at)
{
	size_t *link = &denials->buckets[bucket_of(denials, &denials->slots[at].denial.key)];

	while (*link != at)
		link = &denials->slots[*link].chain;
	*link = denials->slots[at].chain;
}

/* A slot for a new entry: a free one, else that of the entry seen least recently. */
static size_t take_slot(struct denials *denials)
{
	size_t at = denials->oldest;

	if (denials->n < denials->max)
		return denials->n++;
	unlink_bucket(denials, at);
	unlink_seen(denials, at);
	denials->counts.evicted++;
	return at;
}

static size_t insert(struct denials *denials, const struct denial_key *key, time_t now)
{
	size_t bucket = bucket_of(denials, key), at = take_slot(denials);
	struct slot *slot = &denials->slots[at];

	slot->denial = (struct denial){.key = *key, .first = now};
	slot->chain = denials->buckets[bucket];
	denials->buckets[bucket] = at;
	link_newest(denials, at);
	return at;
}

void denials_add(struct denials *denials, const uint8_t *bytes, size_t len, enum packet_path path, time_t now)
{
	struct packet_header header;
	struct denial_key key;
	size_t at;

	denials->counts.logged++;
	if (packet_header_parse(bytes, len, &header) < 0) {
		denials->counts.unreadable++;
		return;
	}
	key = key_of(denials, &header, path);
	at = find(denials, &key);
	if (at == NONE) {
		at = insert(denials, &key, now);
	} else {
		unlink_seen(denials, at);
		link_newest(denials, at);
	}
	denials->slots[at].denial.last = now;
	denials->slots[at].denial.count++;
	denials->slots[at].denial.audited += denials->audit;
	denials->slots[at].denial.touched = ++denials->touched;
}

struct denials_counts *denials_counts(struct denials *denials)
{
	return &denials->counts;
}

const struct denial *denials_newest(const struct denials *denials)
{
	return denials->newest == NONE ? NULL : &denials->slots[denials->newest].denial;
}

const struct denial *denials_next(const struct denials *denials, const struct denial *denial)
{
	const struct slot *slot = (const struct slot *)denial; /* its first member */

	return slot->older == NONE ? NULL : &denials->slots[slot->older].denial;
}

uint64_t denials_tell(struct denials *denials, const struct denial *denial)
{
	struct slot *slot = &denials->slots[(const struct slot *)denial - denials->slots];
	uint64_t untold = slot->denial.count - slot->denial.told;

	slot->denial.told = slot->denial.count;
	return untold;
}

bool denial_query(const struct denial_key *key, struct query *ret)
{
	struct query query = {.src = key->src, .dst = key->dst, .path = key->path};

	if (key->protocol == IPPROTO_TCP || key->protocol == IPPROTO_UDP) {
		query.proto = key->protocol == IPPROTO_TCP ? PROTO_TCP : PROTO_UDP;
		query.port = key->port;
	} else {
		query.proto = PROTO_ICMP;
		if (key->protocol == IPPROTO_ICMP
		            ? key->port != ICMP_ECHO
		            : key->protocol != IPPROTO_ICMPV6 || key->port != ICMP6_ECHO_REQUEST)
			return false;
	}
	if (!key->has_port)
		return false;
	*ret = query;
	return true;
}

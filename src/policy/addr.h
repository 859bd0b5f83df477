/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses as the policy knows them: inclusive ranges, v4 and v6 apart. An addr_set is canonical: sorted by first
 * address and disjoint; ranges that overlap or touch are one; a host inside a range is gone. Hosts that merely touch
 * each other stay hosts: the kernel finds a host with one hash lookup, a range costs a tree walk.
 */
#ifndef OMFWD_ADDR_H
#define OMFWD_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/source.h"

typedef unsigned __int128 u128; /* an IPv6 address as a number, most significant group first */

struct range4 {
	uint32_t lo, hi; /* host byte order, inclusive */
	loc_t loc;       /* the line of the first member merged into it */
};

struct range6 {
	u128 lo, hi;
	loc_t loc;
};

struct addr_set {
	struct range4 *v4;
	struct range6 *v6;
	size_t n4, n6;
	size_t cap4, cap6;
};

/* An address of either family. */
struct addr {
	bool is_v6;
	uint32_t v4;
	u128 v6;
};
bool addr_same(const struct addr *a, const struct addr *b);

/* One parsed member: a host, a CIDR or a range of one family. */
struct addr_range {
	bool is_v6;
	struct range4 v4;
	struct range6 v6;
};

enum addr_error {
	ADDR_OK,
	ADDR_NOT_AN_ADDRESS,
	ADDR_BAD_PREFIX,     /* prefix length not a number or too long */
	ADDR_HOST_BITS,      /* 10.0.0.1/24 */
	ADDR_REVERSED,       /* range ends before it starts */
	ADDR_MIXED_FAMILIES, /* 10.0.0.1-2001:db8::1 */
	ADDR_LOOPBACK,
	ADDR_LINK_LOCAL,
	ADDR_MULTICAST,
	ADDR_UNSPECIFIED, /* 0.0.0.0, :: */
	ADDR_BROADCAST,   /* 255.255.255.255 */
	ADDR_V4_MAPPED,   /* ::ffff:0:0/96 */
	ADDR_EVERYTHING, /* 0.0.0.0/0, ::/0: well formed, refused by the caller unless the role may hold it */
};

/*
 * Parses one member of len bytes (host, CIDR, a-b). Pure and silent; *ret is untouched unless ADDR_OK or
 * ADDR_EVERYTHING is returned. A CIDR that contains a special block is accepted; a member inside one, or a range
 * that ends in one, is refused.
 */
enum addr_error addr_parse(const char *text, size_t len, struct addr_range *ret);

/* What is wrong with a member, to follow its text: "has host bits set". */
const char *addr_error_text(enum addr_error error);

/* What would be right instead, for a message: "write 10.0.0.0/24" for host bits and so on; buf is always terminated. */
void addr_error_explain(enum addr_error error, const char *text, size_t len, char *buf, size_t size);

/* Parses a single address (no mask, any kind of address). Returns 0 or -EINVAL. */
int addr_parse_host(const char *text, struct addr *ret);

/* Appends a range; the set is not canonical until addr_set_canonicalize(). */
void addr_set_add(struct addr_set *set, const struct addr_range *range);
void addr_set_add_set(struct addr_set *set, const struct addr_set *other);

/* Sorts and merges. Linear when the input is already sorted. */
void addr_set_canonicalize(struct addr_set *set);

/* The index in v4 or v6 of the first range that ends at or after addr; n4 or n6 when there is none. Needs a canonical set. */
size_t addr_set_not_below(const struct addr_set *set, const struct addr *addr);

/* The range that holds addr, as its loc; -1 when none does, else the index in v4 or v6. Needs a canonical set. */
ptrdiff_t addr_set_find(const struct addr_set *set, const struct addr *addr);

/* True when the two sets share an address. Both canonical. */
bool addr_set_overlaps(const struct addr_set *a, const struct addr_set *b);

bool addr_set_is_empty(const struct addr_set *set);
void addr_set_free(struct addr_set *set);

/* Number of addresses in the set that are hosts (lo == hi) of the family, and how many are wider. */
void addr_set_count4(const struct addr_set *set, size_t *hosts, size_t *nets);
void addr_set_count6(const struct addr_set *set, size_t *hosts, size_t *nets);

/* Write a range in nft's form: host, CIDR where it is one, else a-b. buf of ADDR_TEXT_MAX; returns buf. */
#define ADDR_TEXT_MAX 96
char *addr_format4(const struct range4 *range, char *buf, size_t size);
char *addr_format6(const struct range6 *range, char *buf, size_t size);
char *addr_format(const struct addr *addr, char *buf, size_t size);

#endif

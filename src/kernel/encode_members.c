// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Members of address sets, packed by hand: all of a kind have the same attributes, so that one is a structure to be
 * filled in and copied (a dozen instructions; libnftnl would make an object of each, a hundred times as many).
 *
 *   element { key { value } }                    a host, and the first address of a range
 *   element { key { value } flags }              its end: the first address behind it
 */
#include "kernel/session.h"

#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "ruleset/rule.h"

struct head {
	struct nlattr element, key, value;
};

struct start4 {
	struct head head;
	uint32_t address;
};

struct start6 {
	struct head head;
	uint64_t address[2];
} __attribute__((packed));

struct flags {
	struct nlattr attr;
	uint32_t value;
};

struct end4 {
	struct start4 start;
	struct flags flags;
};

struct end6 {
	struct start6 start;
	struct flags flags;
};

_Static_assert(sizeof(struct start4) == 16 && sizeof(struct end4) == 24, "as the kernel reads it");
_Static_assert(sizeof(struct start6) == 28 && sizeof(struct end6) == 36, "as the kernel reads it");

/* The attributes of an element of element_len bytes with an address of len. */
#define HEAD(element_len, len)                                                                               \
	{                                                                                                    \
		.element = {.nla_type = NFTA_LIST_ELEM | NLA_F_NESTED, .nla_len = (element_len)},            \
		.key = {.nla_type = NFTA_SET_ELEM_KEY | NLA_F_NESTED,                                        \
		        .nla_len = 2 * sizeof(struct nlattr) + (len)},                                       \
		.value = {.nla_type = NFTA_DATA_VALUE, .nla_len = sizeof(struct nlattr) + (len)},            \
	}

#define START4(a) ((struct start4){.head = HEAD(sizeof(struct start4), 4), .address = htonl(a)})
#define START6(a)                                                                                            \
	((struct start6){.head = HEAD(sizeof(struct start6), 16),                                            \
	                 .address = {htobe64((uint64_t)((a) >> 64)), htobe64((uint64_t)(a))}})

static struct flags interval_end(void)
{
	return (struct flags){.attr = {.nla_type = NFTA_SET_ELEM_FLAGS, .nla_len = sizeof(struct flags)},
	                      .value = htonl(NFT_SET_ELEM_INTERVAL_END)};
}

static char *put_end4(char *at, uint32_t address)
{
	struct end4 end = {.start = START4(address), .flags = interval_end()};

	end.start.head.element.nla_len = sizeof(end);
	return mempcpy(at, &end, sizeof(end));
}

static char *put_end6(char *at, u128 address)
{
	struct end6 end = {.start = START6(address), .flags = interval_end()};

	end.start.head.element.nla_len = sizeof(end);
	return mempcpy(at, &end, sizeof(end));
}

/* The functions below pack members from *next on up to limit, and skip those that belong into the other set. */

static char *put_hosts4(char *at, const char *limit, const struct addr_set *addrs, size_t *next)
{
	for (; *next < addrs->n4; ++*next) {
		const struct range4 *range = &addrs->v4[*next];

		if (range->lo != range->hi)
			continue;
		if (at > limit)
			break;
		at = mempcpy(at, &START4(range->lo), sizeof(struct start4));
	}
	return at;
}

static char *put_hosts6(char *at, const char *limit, const struct addr_set *addrs, size_t *next)
{
	for (; *next < addrs->n6; ++*next) {
		const struct range6 *range = &addrs->v6[*next];

		if (range->lo != range->hi)
			continue;
		if (at > limit)
			break;
		at = mempcpy(at, &START6(range->lo), sizeof(struct start6));
	}
	return at;
}

/* A range that reaches the last address has no end. */
static char *put_nets4(char *at, const char *limit, const struct addr_set *addrs, size_t *next)
{
	for (; *next < addrs->n4; ++*next) {
		const struct range4 *range = &addrs->v4[*next];

		if (range->lo == range->hi)
			continue;
		if (at > limit)
			break;
		at = mempcpy(at, &START4(range->lo), sizeof(struct start4));
		if (range->hi != UINT32_MAX)
			at = put_end4(at, range->hi + 1);
	}
	return at;
}

static char *put_nets6(char *at, const char *limit, const struct addr_set *addrs, size_t *next)
{
	for (; *next < addrs->n6; ++*next) {
		const struct range6 *range = &addrs->v6[*next];

		if (range->lo == range->hi)
			continue;
		if (at > limit)
			break;
		at = mempcpy(at, &START6(range->lo), sizeof(struct start6));
		if (range->hi != ~(u128)0)
			at = put_end6(at, range->hi + 1);
	}
	return at;
}

/* A set of ranges costs the kernel by the commit, one of hosts by the host: short messages are for those. */
static const struct {
	char *(*put)(char *at, const char *limit, const struct addr_set *addrs, size_t *next);
	size_t stride; /* bytes a member */
	size_t max;    /* bytes a message */
} member_kinds[SET_TYPE_MAX] = {
        [SET_HOSTS4] = {put_hosts4, sizeof(struct start4), BATCH_SHORT},
        [SET_NETS4] = {put_nets4, sizeof(struct start4) + sizeof(struct end4), BATCH_ELEMENTS_MAX},
        [SET_HOSTS6] = {put_hosts6, sizeof(struct start6), BATCH_SHORT},
        [SET_NETS6] = {put_nets6, sizeof(struct start6) + sizeof(struct end6), BATCH_ELEMENTS_MAX},
};

static void set_origin(struct kernel *kernel, const struct nft_set *set, size_t first, size_t offset)
{
	struct origin *origin = batch_origin(&kernel->batch);

	origin->elements = set;
	origin->first = first;
	origin->offset = offset;
	origin->stride = member_kinds[set->type].stride;
}

bool encode_members(struct kernel *kernel, struct nlmsghdr *message, const struct nft_set *set, size_t *next)
{
	char *start = mnl_nlmsg_get_payload_tail(message), *end;

	set_origin(kernel, set, *next, message->nlmsg_len);
	end = member_kinds[set->type].put(start, start + member_kinds[set->type].max, set->addrs, next);
	message->nlmsg_len += (uint32_t)(end - start);
	return *next < (set_family(set) == FAMILY_6 ? set->addrs->n6 : set->addrs->n4);
}

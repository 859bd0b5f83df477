// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sets and their elements. A set is one message by libnftnl; its members, of which there may be a million, are packed in
 * encode_members.c.
 */
#include "kernel/session.h"

#include <arpa/inet.h>
#include <endian.h>
#include <libnftnl/set.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <netinet/in.h>
#include <string.h>

#include "kernel/nftnl_must.h"
#include "ruleset/rule.h"
#include "util/array.h"

#define NFT_DATATYPE_VERDICT 0xffffff00 /* NFT_DATA_VERDICT */
#define MS_PER_SECOND        1000u
#define BYTEORDER_BIG_ENDIAN 2 /* of nft: every key here is in network order */

/* nft's numbers for data types, 6 bits each when several make a key: kept in the kernel for its printer. */
static const struct {
	uint32_t key_type, key_len, flags;
} set_types[SET_TYPE_MAX] = {
        [SET_HOSTS4] = {7, 4, 0},
        [SET_NETS4] = {7, 4, NFT_SET_INTERVAL},
        [SET_HOSTS6] = {8, 16, 0},
        [SET_NETS6] = {8, 16, NFT_SET_INTERVAL},
        [SET_WINDOW] = {12, 1, NFT_SET_TIMEOUT},
        [SET_SERVICES] = {13, 2, NFT_SET_MAP},
        [SET_ENDS4] = {7, 4, NFT_SET_MAP},
        [SET_ENDS6] = {8, 16, NFT_SET_MAP},
        [SET_ICMPV6] = {29, 1, 0},
        [SET_FLOWS4] = {7 << 18 | 7 << 12 | 12 << 6 | 13, 16, NFT_SET_EVAL | NFT_SET_TIMEOUT},
        [SET_FLOWS6] = {8 << 18 | 8 << 12 | 12 << 6 | 13, 40, NFT_SET_EVAL | NFT_SET_TIMEOUT},
        [SET_PAIRS4] = {7 << 12 | 7 << 6 | 12, 12, NFT_SET_EVAL | NFT_SET_TIMEOUT},
        [SET_PAIRS6] = {8 << 12 | 8 << 6 | 12, 36, NFT_SET_EVAL | NFT_SET_TIMEOUT},
};

static struct nftnl_set *set_alloc(struct kernel *kernel, const char *name)
{
	struct nftnl_set *set = nftnl_must_have(nftnl_set_alloc());

	nftnl_set_set_u32(set, NFTNL_SET_FAMILY, NFPROTO_INET);
	nftnl_must_set(nftnl_set_set_str(set, NFTNL_SET_TABLE, kernel->table));
	nftnl_must_set(nftnl_set_set_str(set, NFTNL_SET_NAME, name));
	return set;
}

static void set_add_userdata(struct nftnl_set *set)
{
	struct nftnl_udata_buf *data = nftnl_must_have(nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN));

	nftnl_udata_put_u32(data, NFTNL_UDATA_SET_KEYBYTEORDER, BYTEORDER_BIG_ENDIAN);
	nftnl_must_set(nftnl_set_set_data(set, NFTNL_SET_USERDATA, nftnl_udata_buf_data(data),
	                                  nftnl_udata_buf_len(data)));
	nftnl_udata_buf_free(data);
}

/* set NAME { type ipv4_addr; size 20 } */
void encode_set(struct kernel *kernel, uint16_t type, const struct nft_set *set)
{
	struct nlmsghdr *message = batch_message(&kernel->batch, type, NLM_F_CREATE | NLM_F_EXCL, "set",
	                                         set->kernel_name, set->loc);
	struct nftnl_set *nftnl = set_alloc(kernel, set->kernel_name);

	nftnl_set_set_u32(nftnl, NFTNL_SET_ID, kernel->batch.seq);
	nftnl_set_set_u32(nftnl, NFTNL_SET_KEY_TYPE, set_types[set->type].key_type);
	nftnl_set_set_u32(nftnl, NFTNL_SET_KEY_LEN, set_types[set->type].key_len);
	nftnl_set_set_u32(nftnl, NFTNL_SET_FLAGS, set_types[set->type].flags);
	if (set_types[set->type].flags & NFT_SET_MAP) {
		nftnl_set_set_u32(nftnl, NFTNL_SET_DATA_TYPE, NFT_DATATYPE_VERDICT);
		nftnl_set_set_u32(nftnl, NFTNL_SET_DATA_LEN, 0);
	}
	if (set_is_dynamic(set))
		nftnl_set_set_u64(nftnl, NFTNL_SET_TIMEOUT, LOUD_SECONDS * MS_PER_SECOND);
	if (set->size)
		nftnl_set_set_u32(nftnl, NFTNL_SET_DESC_SIZE, (uint32_t)set->size);
	set_add_userdata(nftnl);
	nftnl_set_nlmsg_build_payload(message, nftnl);
	nftnl_set_free(nftnl);
	batch_add(&kernel->batch, message);
}

void encode_delete_set(struct kernel *kernel, const char *name)
{
	struct nlmsghdr *message = batch_message(&kernel->batch, NFT_MSG_DELSET, 0, "set", name, 0);
	struct nftnl_set *set = set_alloc(kernel, name);

	nftnl_set_nlmsg_build_payload(message, set);
	nftnl_set_free(set);
	batch_add(&kernel->batch, message);
}

static struct nlmsghdr *elements_begin(struct kernel *kernel, uint16_t type, const char *set, loc_t loc)
{
	struct nlmsghdr *message =
	        batch_message(&kernel->batch, type, NLM_F_CREATE, "elements of set", set, loc);

	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, kernel->table);
	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, set);
	return message;
}

/* One element: { key { value } } */
static void put_element(struct nlmsghdr *message, const void *key, uint16_t len)
{
	struct nlattr *element = mnl_attr_nest_start(message, NFTA_LIST_ELEM);
	struct nlattr *nest = mnl_attr_nest_start(message, NFTA_SET_ELEM_KEY);

	mnl_attr_put(message, NFTA_DATA_VALUE, len, key);
	mnl_attr_nest_end(message, nest);
	mnl_attr_nest_end(message, element);
}

/* { 5723 : jump tcp_5723 } */
static void put_jump(struct nlmsghdr *message, const void *key, uint16_t len, const char *chain)
{
	struct nlattr *element = mnl_attr_nest_start(message, NFTA_LIST_ELEM), *nest, *verdict;

	nest = mnl_attr_nest_start(message, NFTA_SET_ELEM_KEY);
	mnl_attr_put(message, NFTA_DATA_VALUE, len, key);
	mnl_attr_nest_end(message, nest);
	nest = mnl_attr_nest_start(message, NFTA_SET_ELEM_DATA);
	verdict = mnl_attr_nest_start(message, NFTA_DATA_VERDICT);
	mnl_attr_put_u32(message, NFTA_VERDICT_CODE, htonl((uint32_t)NFT_JUMP));
	mnl_attr_put_strz(message, NFTA_VERDICT_CHAIN, chain);
	mnl_attr_nest_end(message, verdict);
	mnl_attr_nest_end(message, nest);
	mnl_attr_nest_end(message, element);
}

static void put_service(struct nlmsghdr *message, const struct nft_set *set, size_t i)
{
	uint16_t port = htons(set->services[i].port);

	put_jump(message, &port, sizeof(port), set->services[i].chain);
}

static void put_end(struct nlmsghdr *message, const struct nft_set *set, size_t i)
{
	const struct addr *addr = &set->ends[i].addr;
	uint64_t v6[] = {htobe64((uint64_t)(addr->v6 >> 64)), htobe64((uint64_t)addr->v6)};
	uint32_t v4 = htonl(addr->v4);

	if (set->type == SET_ENDS6)
		put_jump(message, v6, sizeof(v6), set->ends[i].chain);
	else
		put_jump(message, &v4, sizeof(v4), set->ends[i].chain);
}

static void put_type(struct nlmsghdr *message, const struct nft_set *set, size_t i)
{
	put_element(message, &set->types[i], 1);
}

/* Sets whose elements are packed one by one. */
static void (*const element_putters[SET_TYPE_MAX])(struct nlmsghdr *message, const struct nft_set *set,
                                                   size_t i) = {
        [SET_SERVICES] = put_service,
        [SET_ENDS4] = put_end,
        [SET_ENDS6] = put_end,
        [SET_ICMPV6] = put_type,
};

static bool put_elements(struct nlmsghdr *message, const struct nlattr *list, const struct nft_set *set,
                         size_t *next)
{
	for (; *next < set->n_elements; ++*next) {
		if ((const char *)mnl_nlmsg_get_payload_tail(message) - (const char *)list >
		    BATCH_ELEMENTS_MAX)
			return true;
		element_putters[set->type](message, set, *next);
	}
	return false;
}

bool encode_elements(struct kernel *kernel, uint16_t type, const struct nft_set *set, size_t *next)
{
	struct nlmsghdr *message = elements_begin(kernel, type, set->kernel_name, set->loc);
	struct nlattr *list = mnl_attr_nest_start(message, NFTA_SET_ELEM_LIST_ELEMENTS);
	bool more = false;

	if (element_putters[set->type])
		more = put_elements(message, list, set, next);
	else if (set->addrs)
		more = encode_members(kernel, message, set, next);
	mnl_attr_nest_end(message, list);
	batch_add(&kernel->batch, message);
	return more;
}

/*
 * Delete and add in one batch is the one way to open, extend or shorten that works on every kernel; the time is always
 * sent, because an element without one would stay for ever.
 */
void encode_window(struct kernel *kernel, const char *set, uint64_t timeout_ms)
{
	static const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_ICMPV6};
	struct nlmsghdr *message = elements_begin(kernel, NFT_MSG_DELSETELEM, set, 0);
	struct nlattr *list;

	batch_add(&kernel->batch, message);
	if (!timeout_ms)
		return;
	message = elements_begin(kernel, NFT_MSG_NEWSETELEM, set, 0);
	list = mnl_attr_nest_start(message, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		struct nlattr *element = mnl_attr_nest_start(message, NFTA_LIST_ELEM);
		struct nlattr *key = mnl_attr_nest_start(message, NFTA_SET_ELEM_KEY);

		mnl_attr_put(message, NFTA_DATA_VALUE, sizeof(protocols[i]), &protocols[i]);
		mnl_attr_nest_end(message, key);
		mnl_attr_put_u64(message, NFTA_SET_ELEM_TIMEOUT, htobe64(timeout_ms));
		mnl_attr_nest_end(message, element);
	}
	mnl_attr_nest_end(message, list);
	batch_add(&kernel->batch, message);
}

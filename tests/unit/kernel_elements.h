/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a set of addresses holds in the kernel, read by a socket and a parser that share nothing with the program. A
 * header with its functions in it. A dump is believed when it comes twice the same.
 */
#ifndef KERNEL_ELEMENTS_H
#define KERNEL_ELEMENTS_H

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "tests/unit/hand_policy.h"

#define ELEMENTS_MAX 4096

struct element {
	u128 key;
	bool is_end; /* the first address behind an interval */
};

struct elements {
	struct element items[ELEMENTS_MAX];
	size_t n;
};

static int find_nested(const struct nlattr *attr, void *data)
{
	const struct nlattr **by_type = data;

	if (mnl_attr_get_type(attr) < 16)
		by_type[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static int add_element(const struct nlattr *attr, void *data)
{
	const struct nlattr *parts[16] = {NULL}, *value[16] = {NULL};
	struct elements *elements = data;
	struct element *element = &elements->items[elements->n++];
	const uint8_t *bytes;

	assert_true(elements->n <= ELEMENTS_MAX);
	mnl_attr_parse_nested(attr, find_nested, parts);
	assert_non_null(parts[NFTA_SET_ELEM_KEY]);
	mnl_attr_parse_nested(parts[NFTA_SET_ELEM_KEY], find_nested, value);
	assert_non_null(value[NFTA_DATA_VALUE]);
	bytes = mnl_attr_get_payload(value[NFTA_DATA_VALUE]);
	for (int i = 0; i < mnl_attr_get_payload_len(value[NFTA_DATA_VALUE]); i++)
		element->key = element->key << 8 | bytes[i];
	if (parts[NFTA_SET_ELEM_FLAGS])
		element->is_end =
		        ntohl(mnl_attr_get_u32(parts[NFTA_SET_ELEM_FLAGS])) & NFT_SET_ELEM_INTERVAL_END;
	return MNL_CB_OK;
}

static int add_elements(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *parts[16] = {NULL};

	mnl_attr_parse(message, sizeof(struct nfgenmsg), find_nested, parts);
	if (parts[NFTA_SET_ELEM_LIST_ELEMENTS])
		mnl_attr_parse_nested(parts[NFTA_SET_ELEM_LIST_ELEMENTS], add_element, data);
	return MNL_CB_OK;
}

/* Sends a question about a set and hands the answers to each(). */
static void ask_for_set(struct mnl_socket *socket, uint16_t type, uint16_t flags, const char *set,
                        mnl_cb_t each, void *data)
{
	char buf[64 * 1024];
	struct nlmsghdr *message = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *header;
	ssize_t len;
	int more = MNL_CB_OK;

	message->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	message->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	*header = (struct nfgenmsg){.nfgen_family = NFPROTO_INET};
	mnl_attr_put_strz(message, 1, RULESET_TABLE); /* NFTA_SET_TABLE, NFTA_SET_ELEM_LIST_TABLE */
	mnl_attr_put_strz(message, 2, set);
	assert_true(mnl_socket_sendto(socket, message, message->nlmsg_len) > 0);
	while (more > MNL_CB_STOP && (len = mnl_socket_recvfrom(socket, buf, sizeof(buf))) > 0)
		more = mnl_cb_run(buf, (size_t)len, 0, 0, each, data);
	if (more < 0)
		fail_msg("set %s cannot be read", set);
}

static int compare_elements(const void *a, const void *b)
{
	const struct element *left = a, *right = b;

	if (left->key != right->key)
		return left->key < right->key ? -1 : 1;
	return right->is_end - left->is_end;
}

static bool same_elements(const struct elements *a, const struct elements *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (compare_elements(&a->items[i], &b->items[i]) != 0)
			return false;
	return true;
}

static void read_elements(struct mnl_socket *socket, const char *set, struct elements *ret)
{
	static struct elements again;

	ret->n = SIZE_MAX;
	do {
		again.n = ret->n;
		memcpy(again.items, ret->items, sizeof(again.items));
		memset(ret, 0, sizeof(*ret));
		ask_for_set(socket, NFT_MSG_GETSETELEM, NLM_F_DUMP, set, add_elements, ret);
		qsort(ret->items, ret->n, sizeof(ret->items[0]), compare_elements);
	} while (!same_elements(ret, &again));
}

static int take_size(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *parts[16] = {NULL}, *desc[16] = {NULL};

	mnl_attr_parse(message, sizeof(struct nfgenmsg), find_nested, parts);
	if (parts[NFTA_SET_DESC])
		mnl_attr_parse_nested(parts[NFTA_SET_DESC], find_nested, desc);
	if (desc[NFTA_SET_DESC_SIZE])
		*(size_t *)data = ntohl(mnl_attr_get_u32(desc[NFTA_SET_DESC_SIZE]));
	return MNL_CB_STOP;
}

static void expect_range(struct elements *elements, u128 lo, u128 hi, u128 last)
{
	elements->items[elements->n++] = (struct element){.key = lo};
	if (lo != hi && hi != last)
		elements->items[elements->n++] = (struct element){.key = hi + 1, .is_end = true};
}

/* What the kernel should hold of a set; the model keeps hosts and wider members in one list. */
static void expect_elements(const struct nft_set *set, struct elements *ret)
{
	bool hosts = set->type == SET_HOSTS4 || set->type == SET_HOSTS6;

	ret->n = 0;
	if (set->type == SET_HOSTS4 || set->type == SET_NETS4)
		for (size_t i = 0; i < set->addrs->n4; i++)
			if ((set->addrs->v4[i].lo == set->addrs->v4[i].hi) == hosts)
				expect_range(ret, set->addrs->v4[i].lo, set->addrs->v4[i].hi, UINT32_MAX);
	if (set->type == SET_HOSTS6 || set->type == SET_NETS6)
		for (size_t i = 0; i < set->addrs->n6; i++)
			if ((set->addrs->v6[i].lo == set->addrs->v6[i].hi) == hosts)
				expect_range(ret, set->addrs->v6[i].lo, set->addrs->v6[i].hi, ~(u128)0);
}

/* The cap on the number of its elements; 0: none. */
static size_t read_size(struct mnl_socket *socket, const char *set)
{
	size_t size = 0;

	ask_for_set(socket, NFT_MSG_GETSET, 0, set, take_size, &size);
	return size;
}

/* Holds the kernel against the model, set by set; returns the first set that differs, or NULL. */
static const struct nft_set *find_wrong_set(struct mnl_socket *socket, const struct ruleset *ruleset)
{
	static struct elements expected, found;

	for (size_t i = 0; i < ruleset->n_sets; i++) {
		const struct nft_set *set = ruleset->sets[i];

		if (!set->addrs)
			continue;
		expect_elements(set, &expected);
		read_elements(socket, set->kernel_name, &found);
		if (!same_elements(&expected, &found) || read_size(socket, set->kernel_name) != set->size)
			return set;
	}
	return NULL;
}

#endif

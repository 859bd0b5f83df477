// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whether the kernel still has what was loaded, for when events were lost. Tables, chains and rules carry handles that
 * are never given twice, so that a hash over their messages tells any change. Elements are compared as a sum over
 * hashes, which knows no order: that of the model comes from the very messages that would load it. A dump of elements
 * can be wrong without a sign when the set changes meanwhile; one that agrees with the model is right all the same, and
 * one that does not is believed when it comes out twice the same.
 */
#include "kernel/session.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"

#define FNV_BASIS    0xcbf29ce484222325ull
#define FNV_PRIME    0x100000001b3ull
#define DUMPS_MAX    5     /* tries to read a set twice the same */
#define ELEMENTS_MAX 50000 /* sets larger than that take longer to read than to load */

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t len)
{
	const uint8_t *byte = bytes;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ byte[i]) * FNV_PRIME;
	return hash;
}

struct print {
	const char *table;
	uint64_t hash;
};

/* Every message of these kinds begins with the table's name. */
static int print_message(const struct nlmsghdr *message, void *data)
{
	struct print *print = data;
	const struct nlattr *first = mnl_nlmsg_get_payload_offset(message, sizeof(struct nfgenmsg));
	size_t len = mnl_nlmsg_get_payload_len(message);

	if (len < sizeof(struct nfgenmsg) + sizeof(*first) ||
	    !mnl_attr_ok(first, (int)(len - sizeof(struct nfgenmsg))))
		return -EBADMSG;
	if (mnl_attr_validate(first, MNL_TYPE_NUL_STRING) >= 0 &&
	    strcmp(mnl_attr_get_str(first), print->table) == 0)
		print->hash += hash_bytes(FNV_BASIS, first, len - sizeof(struct nfgenmsg));
	return 0;
}

static int print_dump(struct kernel *kernel, uint16_t type, struct print *print)
{
	struct dump dump = {.type = type, .family = NFPROTO_INET, .each = print_message, .data = print};

	return kernel_dump(kernel, &dump);
}

int kernel_fingerprint(struct kernel *kernel, uint64_t *ret)
{
	static const uint16_t types[] = {NFT_MSG_GETTABLE, NFT_MSG_GETCHAIN, NFT_MSG_GETRULE};
	struct print print = {.table = kernel->table, .hash = FNV_BASIS};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		int err = print_dump(kernel, types[i], &print);

		if (err)
			return err;
	}
	*ret = print.hash;
	return 0;
}

struct sum {
	uint64_t hash;
	size_t n;
};

/* Adds the bytes of one attribute, if it is there, whatever stands around it. */
static int hash_leaf(const struct nlattr *attr, void *data)
{
	uint64_t *hash = data;
	uint16_t type = mnl_attr_get_type(attr);

	*hash = hash_bytes(*hash, &type, sizeof(type));
	*hash = hash_bytes(*hash, mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));
	return MNL_CB_OK;
}

/* NFTA_DATA_VALUE of a key; of a verdict, code and chain. */
static int hash_data(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == NFTA_DATA_VERDICT)
		return mnl_attr_parse_nested(attr, hash_leaf, data);
	return hash_leaf(attr, data);
}

/* What makes an element what it is: key, data, and whether it ends an interval. */
static int hash_element_part(const struct nlattr *attr, void *data)
{
	switch (mnl_attr_get_type(attr)) {
	case NFTA_SET_ELEM_KEY:
	case NFTA_SET_ELEM_DATA:
		return mnl_attr_parse_nested(attr, hash_data, data);
	case NFTA_SET_ELEM_FLAGS:
	case NFTA_SET_ELEM_KEY_END:
		return hash_leaf(attr, data);
	default:
		return MNL_CB_OK;
	}
}

static int sum_element(const struct nlattr *attr, void *data)
{
	struct sum *sum = data;
	uint64_t hash = FNV_BASIS;

	mnl_attr_parse_nested(attr, hash_element_part, &hash);
	sum->hash += hash;
	sum->n++;
	return MNL_CB_OK;
}

static int find_elements(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == NFTA_SET_ELEM_LIST_ELEMENTS)
		mnl_attr_parse_nested(attr, sum_element, data);
	return MNL_CB_OK;
}

static int sum_message(const struct nlmsghdr *message, void *data)
{
	mnl_attr_parse(message, sizeof(struct nfgenmsg), find_elements, data);
	return 0;
}

/* From the messages that would load the set; they are never sent. */
static struct sum sum_of_model(struct kernel *kernel, const struct nft_set *set)
{
	struct sum sum = {0};
	size_t next = 0;
	bool more = set->n_elements > 0;

	while (more) {
		batch_begin(&kernel->batch);
		more = encode_elements(kernel, NFT_MSG_NEWSETELEM, set, &next);
		sum_message(kernel->batch.last, &sum);
	}
	return sum;
}

struct set_dump {
	const char *table, *set;
	struct sum sum;
};

static void ask_for_elements(struct nlmsghdr *message, void *data)
{
	const struct set_dump *dump = data;

	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, dump->table);
	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, dump->set);
}

static int sum_dumped(const struct nlmsghdr *message, void *data)
{
	return sum_message(message, &((struct set_dump *)data)->sum);
}

static void forget_sum(void *data)
{
	((struct set_dump *)data)->sum = (struct sum){0};
}

static int sum_of_kernel(struct kernel *kernel, const char *set, struct sum *ret)
{
	struct set_dump data = {.table = kernel->table, .set = set};
	struct dump dump = {
	        .type = NFT_MSG_GETSETELEM,
	        .family = NFPROTO_INET,
	        .build = ask_for_elements,
	        .each = sum_dumped,
	        .restart = forget_sum,
	        .data = &data,
	};
	int err = kernel_dump(kernel, &dump);

	*ret = data.sum;
	return err;
}

static bool sum_same(const struct sum *a, const struct sum *b)
{
	return a->hash == b->hash && a->n == b->n;
}

bool kernel_set_is_intact(struct kernel *kernel, const struct nft_set *set)
{
	struct sum model, now, before = {0};

	if (set->type == SET_WINDOW || set_is_dynamic(set))
		return true;
	if (!set->kernel_name || set->n_elements > ELEMENTS_MAX)
		return false;
	model = sum_of_model(kernel, set);
	for (int i = 0; i < DUMPS_MAX; i++) {
		if (sum_of_kernel(kernel, set->kernel_name, &now) < 0)
			return false;
		if (sum_same(&now, &model))
			return true;
		if (i > 0 && sum_same(&now, &before))
			return false;
		before = now;
	}
	return false;
}

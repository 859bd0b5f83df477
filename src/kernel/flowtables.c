// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Flowtables of other tables. What a rule there puts into one is forwarded without meeting any rule again, ours
 * included, until its entry in the table of connections goes. A kernel that does not know flowtables has none.
 */
#include "kernel/flowtables.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/session.h"
#include "util/array.h"

static const struct {
	uint8_t number;
	const char *name;
} families[] = {
        {NFPROTO_INET, "inet"},     {NFPROTO_IPV4, "ip"}, {NFPROTO_IPV6, "ip6"},
        {NFPROTO_NETDEV, "netdev"}, {NFPROTO_ARP, "arp"}, {NFPROTO_BRIDGE, "bridge"},
};

static const char *family_name(uint8_t number)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (families[i].number == number)
			return families[i].name;
	return "unknown";
}

struct names {
	const char *table, *flowtable; /* NULL: not in the message */
};

static int read_name(const struct nlattr *attr, void *data)
{
	struct names *names = data;
	uint16_t type = mnl_attr_get_type(attr);

	if ((type == NFTA_FLOWTABLE_TABLE || type == NFTA_FLOWTABLE_NAME) &&
	    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
		*(type == NFTA_FLOWTABLE_TABLE ? &names->table : &names->flowtable) = mnl_attr_get_str(attr);
	return MNL_CB_OK;
}

int flowtable_parse(const struct nlmsghdr *message, struct flowtable *ret)
{
	const struct nfgenmsg *header = mnl_nlmsg_get_payload(message);
	struct names names = {.table = NULL};

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*header) ||
	    message->nlmsg_type != ((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWFLOWTABLE) ||
	    mnl_attr_parse(message, sizeof(*header), read_name, &names) < 0 || !names.table ||
	    !names.flowtable)
		return -EBADMSG;
	snprintf(ret->name, sizeof(ret->name), "%s %s %s", family_name(header->nfgen_family), names.table,
	         names.flowtable);
	return 0;
}

struct flowtable_dump {
	struct flowtable *items;
	size_t n, cap;
};

static int add_flowtable(const struct nlmsghdr *message, void *data)
{
	struct flowtable_dump *dump = data;
	struct flowtable flowtable;

	if (flowtable_parse(message, &flowtable) == 0)
		*ARRAY_PUSH(dump->items, dump->n, dump->cap) = flowtable;
	return 0;
}

static void forget_flowtables(void *data)
{
	((struct flowtable_dump *)data)->n = 0;
}

int kernel_flowtables(struct kernel *kernel, struct flowtable **ret, size_t *n)
{
	struct flowtable_dump data = {.items = NULL};
	struct dump dump = {
	        .type = NFT_MSG_GETFLOWTABLE,
	        .family = NFPROTO_UNSPEC, /* of every table */
	        .each = add_flowtable,
	        .restart = forget_flowtables,
	        .data = &data,
	};
	int err = kernel_dump(kernel, &dump);

	if (err == -EOPNOTSUPP || err == -EINVAL || err == -ENOENT)
		err = 0;
	if (err) {
		free(data.items);
		return err;
	}
	*ret = data.items;
	*n = data.n;
	return 0;
}

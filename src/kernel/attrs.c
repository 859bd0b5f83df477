// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading attributes: whatever the kernel, or who speaks for it, has sent. */
#include "kernel/attrs.h"

#include <endian.h>
#include <linux/netfilter/nfnetlink.h>

static int collect(const struct nlattr *attr, void *data)
{
	struct attrs *attrs = data;

	if (mnl_attr_get_type(attr) < ATTRS_MAX)
		attrs->by_type[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

struct attrs attrs_parse(const struct nlmsghdr *message)
{
	struct attrs attrs = {0};

	mnl_attr_parse(message, sizeof(struct nfgenmsg), collect, &attrs);
	return attrs;
}

struct attrs attrs_parse_nested(const struct nlattr *nest)
{
	struct attrs attrs = {0};

	mnl_attr_parse_nested(nest, collect, &attrs);
	return attrs;
}

const char *attrs_text(const struct attrs *attrs, int type)
{
	const struct nlattr *attr = attrs->by_type[type];

	return attr && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0 ? mnl_attr_get_str(attr) : "";
}

uint32_t attrs_u32(const struct attrs *attrs, int type)
{
	const struct nlattr *attr = attrs->by_type[type];

	return attr && mnl_attr_validate(attr, MNL_TYPE_U32) >= 0 ? be32toh(mnl_attr_get_u32(attr)) : 0;
}

uint64_t attrs_u64(const struct attrs *attrs, int type)
{
	const struct nlattr *attr = attrs->by_type[type];

	return attr && mnl_attr_validate(attr, MNL_TYPE_U64) >= 0 ? be64toh(mnl_attr_get_u64(attr)) : 0;
}

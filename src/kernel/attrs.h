/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The attributes of a netlink message by type. Lengths and terminators are checked; what is missing reads as nothing. */
#ifndef OMFWD_ATTRS_H
#define OMFWD_ATTRS_H

#include <libmnl/libmnl.h>
#include <stdint.h>

#define ATTRS_MAX 32 /* more than any nf_tables object has that we read */

struct attrs {
	const struct nlattr *by_type[ATTRS_MAX]; /* NULL: not there */
};

/* The attributes of an nfnetlink message, or inside another attribute. They live in the message. */
struct attrs attrs_parse(const struct nlmsghdr *message);
struct attrs attrs_parse_nested(const struct nlattr *nest);

/* The attribute as a string, or "" when it is missing or not terminated. */
const char *attrs_text(const struct attrs *attrs, int type);

/* The attribute as a number sent in network order, or 0 when it is missing or of another size. */
uint32_t attrs_u32(const struct attrs *attrs, int type);
uint64_t attrs_u64(const struct attrs *attrs, int type);

#endif

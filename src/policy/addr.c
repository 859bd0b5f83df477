// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One member from text. IPv4 is read by hand, in place, because list files hold a million of them; IPv6 goes through
 * inet_pton() on a copy. Both become an inclusive range, and the same questions are asked of it: host bits, order, and
 * whether it lies in a block that no gateway forwards.
 */
#include "policy/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "policy/addr_scan.h"
#include "util/array.h"

#define IPV6_TEXT_MAX 46

/* How a member was written: blocks inside a CIDR are its own affair, the ends of a range were chosen. */
enum form { FORM_CIDR, FORM_RANGE };

static const struct special4 {
	uint32_t lo, hi;
	enum addr_error error;
} special4[] = {
        {0x00000000, 0x00000000, ADDR_UNSPECIFIED}, {0x7f000000, 0x7fffffff, ADDR_LOOPBACK},
        {0xa9fe0000, 0xa9feffff, ADDR_LINK_LOCAL},  {0xe0000000, 0xefffffff, ADDR_MULTICAST},
        {0xffffffff, 0xffffffff, ADDR_BROADCAST},
};

#define U128(high, low) ((u128)(high) << 64 | (low))

static const struct special6 {
	u128 lo, hi;
	enum addr_error error;
} special6[] = {
        {U128(0, 0), U128(0, 0), ADDR_UNSPECIFIED},
        {U128(0, 1), U128(0, 1), ADDR_LOOPBACK},
        {U128(0, 0xffff00000000), U128(0, 0xffffffffffff), ADDR_V4_MAPPED},
        {U128(0xfe80000000000000, 0), U128(0xfebfffffffffffff, UINT64_MAX), ADDR_LINK_LOCAL},
        {U128(0xff00000000000000, 0), U128(UINT64_MAX, UINT64_MAX), ADDR_MULTICAST},
};

/* Reads a dotted quad and moves *text past it. Leading zeros are refused: some programs read them as octal. */
static inline bool read_v4(const char **text, const char *end, uint32_t *ret)
{
	const char *p = *text;
	uint32_t addr = 0;

	for (int i = 0; i < 4; i++) {
		unsigned octet = 0, digits = 0;

		if (i && (p == end || *p++ != '.'))
			return false;
		for (; p < end && digits < 4 && (unsigned char)(*p - '0') < 10; p++, digits++) {
			if (digits && !octet)
				return false;
			octet = octet * 10 + (unsigned)(*p - '0');
		}
		if (!digits || octet > 255)
			return false;
		addr = addr << 8 | octet;
	}
	*ret = addr;
	*text = p;
	return true;
}

static u128 u128_from_in6(const struct in6_addr *in)
{
	u128 addr = 0;

	for (int i = 0; i < 16; i++)
		addr = addr << 8 | in->s6_addr[i];
	return addr;
}

static bool read_v6(const char *text, const char *end, u128 *ret)
{
	char copy[IPV6_TEXT_MAX];
	struct in6_addr in;
	size_t len = (size_t)(end - text);

	if (len >= sizeof(copy) || memchr(text, '\0', len))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (inet_pton(AF_INET6, copy, &in) != 1)
		return false;
	*ret = u128_from_in6(&in);
	return true;
}

/* The prefix length, up to max, that fills the rest of the text; -1 if it is none. */
static int read_prefix(const char *text, const char *end, int max)
{
	int prefix = 0;

	if (text == end || end - text > 3 || (*text == '0' && end - text > 1))
		return -1;
	for (; text < end; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		prefix = prefix * 10 + (*text - '0');
	}
	return prefix <= max ? prefix : -1;
}

static enum addr_error judge_v4(const struct range4 *range, enum form form)
{
	if (range->lo > range->hi)
		return ADDR_REVERSED;
	if (range->lo == 0 && range->hi == UINT32_MAX)
		return ADDR_EVERYTHING;
	if (addr_is_plain4(range->lo) && addr_is_plain4(range->hi))
		return ADDR_OK;
	for (size_t i = 0; i < ARRAY_SIZE(special4); i++) {
		bool lo_in = range->lo >= special4[i].lo && range->lo <= special4[i].hi;
		bool hi_in = range->hi >= special4[i].lo && range->hi <= special4[i].hi;

		if ((lo_in && hi_in) || (form == FORM_RANGE && (lo_in || hi_in)))
			return special4[i].error;
	}
	return ADDR_OK;
}

static enum addr_error judge_v6(const struct range6 *range, enum form form)
{
	if (range->lo > range->hi)
		return ADDR_REVERSED;
	if (range->lo == 0 && range->hi == ~(u128)0)
		return ADDR_EVERYTHING;
	for (size_t i = 0; i < ARRAY_SIZE(special6); i++) {
		bool lo_in = range->lo >= special6[i].lo && range->lo <= special6[i].hi;
		bool hi_in = range->hi >= special6[i].lo && range->hi <= special6[i].hi;

		if ((lo_in && hi_in) || (form == FORM_RANGE && (lo_in || hi_in)))
			return special6[i].error;
	}
	return ADDR_OK;
}

/* What follows the first address of an IPv4 member: nothing, /prefix, or -last. */
static inline enum addr_error parse_rest4(const char *p, const char *end, struct range4 *range,
                                          enum form *form)
{
	uint32_t host_bits;
	int prefix;

	range->hi = range->lo;
	if (p == end)
		return ADDR_OK;
	if (*p == '-') {
		*form = FORM_RANGE;
		p++;
		if (memchr(p, ':', (size_t)(end - p)))
			return ADDR_MIXED_FAMILIES;
		return read_v4(&p, end, &range->hi) && p == end ? ADDR_OK : ADDR_NOT_AN_ADDRESS;
	}
	if (*p != '/')
		return ADDR_NOT_AN_ADDRESS;
	prefix = read_prefix(p + 1, end, 32);
	if (prefix < 0)
		return ADDR_BAD_PREFIX;
	host_bits = prefix == 32 ? 0 : UINT32_MAX >> prefix;
	range->hi = range->lo | host_bits;
	return range->lo & host_bits ? ADDR_HOST_BITS : ADDR_OK;
}

static enum addr_error parse_v4(const char *text, const char *end, struct addr_range *ret)
{
	struct range4 range = {0};
	enum form form = FORM_CIDR;
	enum addr_error error;

	if (!read_v4(&text, end, &range.lo))
		return ADDR_NOT_AN_ADDRESS;
	error = parse_rest4(text, end, &range, &form);
	if (error == ADDR_OK)
		error = judge_v4(&range, form);
	if (error == ADDR_OK || error == ADDR_EVERYTHING) {
		ret->is_v6 = false;
		ret->v4 = range;
	}
	return error;
}

static enum addr_error parse_cidr6(const char *slash, const char *end, struct range6 *range)
{
	int prefix = read_prefix(slash + 1, end, 128);
	u128 host_bits;

	if (prefix < 0)
		return ADDR_BAD_PREFIX;
	host_bits = prefix == 128 ? 0 : ~(u128)0 >> prefix;
	range->hi = range->lo | host_bits;
	return range->lo & host_bits ? ADDR_HOST_BITS : ADDR_OK;
}

/* The last address of an IPv6 range. */
static enum addr_error parse_last6(const char *text, const char *end, struct range6 *range)
{
	uint32_t v4;

	if (read_v6(text, end, &range->hi))
		return ADDR_OK;
	return read_v4(&text, end, &v4) && text == end ? ADDR_MIXED_FAMILIES : ADDR_NOT_AN_ADDRESS;
}

static enum addr_error parse_v6(const char *text, const char *end, struct addr_range *ret)
{
	const char *mark = text;
	struct range6 range = {0};
	enum addr_error error = ADDR_OK;

	while (mark < end && *mark != '/' && *mark != '-')
		mark++;
	if (!read_v6(text, mark, &range.lo))
		return ADDR_NOT_AN_ADDRESS;
	range.hi = range.lo;
	if (mark < end && *mark == '/')
		error = parse_cidr6(mark, end, &range);
	else if (mark < end)
		error = parse_last6(mark + 1, end, &range);
	if (error == ADDR_OK)
		error = judge_v6(&range, mark < end && *mark == '-' ? FORM_RANGE : FORM_CIDR);
	if (error == ADDR_OK || error == ADDR_EVERYTHING) {
		ret->is_v6 = true;
		ret->v6 = range;
	}
	return error;
}

enum addr_error addr_parse(const char *text, size_t len, struct addr_range *ret)
{
	/* an IPv6 address has a colon within its first group of four digits */
	size_t head = len < 5 ? len : 5;

	if (memchr(text, ':', head))
		return parse_v6(text, text + len, ret);
	return parse_v4(text, text + len, ret);
}

int addr_parse_host(const char *text, struct addr *ret)
{
	const char *p = text, *end = text + strlen(text);
	struct addr addr = {.is_v6 = strchr(text, ':') != NULL};
	bool ok = addr.is_v6 ? read_v6(p, end, &addr.v6) : read_v4(&p, end, &addr.v4) && p == end;

	if (!ok)
		return -EINVAL;
	*ret = addr;
	return 0;
}

bool addr_same(const struct addr *a, const struct addr *b)
{
	return a->is_v6 == b->is_v6 && (a->is_v6 ? a->v6 == b->v6 : a->v4 == b->v4);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Addresses as text, in the form that nft prints and reads. */
#include "policy/addr.h"

#include <arpa/inet.h>
#include <stdio.h>

static void format_v4(uint32_t addr, char *buf, size_t size)
{
	struct in_addr in = {.s_addr = htonl(addr)};

	inet_ntop(AF_INET, &in, buf, (socklen_t)size);
}

static void format_v6(u128 addr, char *buf, size_t size)
{
	struct in6_addr in;

	for (int i = 15; i >= 0; i--, addr >>= 8)
		in.s6_addr[i] = (uint8_t)addr;
	inet_ntop(AF_INET6, &in, buf, (socklen_t)size);
}

/* The prefix length of a range that is one CIDR, else -1. */
static int range_prefix(u128 lo, u128 hi, int bits)
{
	u128 host_bits = lo ^ hi;
	int prefix = bits;

	if ((host_bits & (host_bits + 1)) || (lo & host_bits))
		return -1;
	for (; host_bits; host_bits >>= 1)
		prefix--;
	return prefix;
}

static char *format_range(const char *lo, const char *hi, int prefix, int bits, char *buf, size_t size)
{
	if (prefix == bits)
		snprintf(buf, size, "%s", lo);
	else if (prefix >= 0)
		snprintf(buf, size, "%s/%d", lo, prefix);
	else
		snprintf(buf, size, "%s-%s", lo, hi);
	return buf;
}

char *addr_format4(const struct range4 *range, char *buf, size_t size)
{
	char lo[INET_ADDRSTRLEN], hi[INET_ADDRSTRLEN];

	format_v4(range->lo, lo, sizeof(lo));
	format_v4(range->hi, hi, sizeof(hi));
	return format_range(lo, hi, range_prefix(range->lo, range->hi, 32), 32, buf, size);
}

char *addr_format6(const struct range6 *range, char *buf, size_t size)
{
	char lo[INET6_ADDRSTRLEN], hi[INET6_ADDRSTRLEN];

	format_v6(range->lo, lo, sizeof(lo));
	format_v6(range->hi, hi, sizeof(hi));
	return format_range(lo, hi, range_prefix(range->lo, range->hi, 128), 128, buf, size);
}

char *addr_format(const struct addr *addr, char *buf, size_t size)
{
	if (addr->is_v6)
		format_v6(addr->v6, buf, size);
	else
		format_v4(addr->v4, buf, size);
	return buf;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fast path for list files of a million IPv4 hosts: everything it does not know is left to addr_parse(). */
#ifndef OMFWD_ADDR_SCAN_H
#define OMFWD_ADDR_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* False if the address may lie in a block that addr_parse() refuses: 0/8, 127/8, 169/8 and from 224/8 up. */
static inline bool addr_is_plain4(uint32_t addr)
{
	uint32_t first = addr >> 24;

	return first != 0 && first != 127 && first != 169 && first < 224;
}

/* One octet without leading zeros; moves *text past it. More than 255: there is none. */
static inline uint32_t addr_scan_octet(const char **text)
{
	const char *p = *text;
	uint32_t octet = (uint32_t)(p[0] - '0'), digit;

	if (octet > 9)
		return 256;
	digit = (uint32_t)(p[1] - '0');
	if (digit > 9) {
		*text = p + 1;
		return octet;
	}
	octet = octet * 10 + digit;
	digit = (uint32_t)(p[2] - '0');
	if (digit > 9) {
		*text = p + 2;
		return octet < 10 ? 256 : octet;
	}
	*text = p + 3;
	octet = octet * 10 + digit;
	return octet < 100 ? 256 : octet;
}

/*
 * A plain IPv4 host at the start of text, which a NUL byte must follow somewhere. Returns where it ends, or NULL if
 * there is none.
 */
static inline const char *addr_scan_host4(const char *text, uint32_t *ret)
{
	uint32_t addr = addr_scan_octet(&text);

	if (addr > 255)
		return NULL;
	for (int i = 0; i < 3; i++) {
		uint32_t octet;

		if (*text++ != '.')
			return NULL;
		octet = addr_scan_octet(&text);
		if (octet > 255)
			return NULL;
		addr = addr << 8 | octet;
	}
	if (!addr_is_plain4(addr))
		return NULL;
	*ret = addr;
	return text;
}

/*
 * The same for a host or a CIDR within one first octet. Host bits are left to
 * addr_parse(), too.
 */
static inline const char *addr_scan_cidr4(const char *text, uint32_t *lo, uint32_t *hi)
{
	uint32_t prefix, host_bits;

	text = addr_scan_host4(text, lo);
	if (!text)
		return NULL;
	*hi = *lo;
	if (*text != '/')
		return text;
	text++;
	prefix = addr_scan_octet(&text);
	if (prefix < 8 || prefix > 32)
		return NULL;
	host_bits = prefix == 32 ? 0 : UINT32_MAX >> prefix;
	*hi = *lo | host_bits;
	return *lo & host_bits ? NULL : text;
}

#endif

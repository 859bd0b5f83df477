// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From the outside in: the network header gives addresses and protocol, IPv6 extension headers are stepped over, then
 * the few bytes of the transport header that tell one connection from another. Where the bytes end, reading ends, and what
 * was read counts.
 */
#include "policy/packet_header.h"

#include <errno.h>
#include <netinet/in.h>

#define IPV4_HEADER_MIN    20
#define IPV6_HEADER        40
#define EXTENSIONS_MAX     8 /* a packet has no use for more */
#define EXTENSION_UNIT     8
#define AUTHENTICATION_PAD 2 /* its length counts 4-byte words, less two */
#define TCP_FLAGS_AT       13

struct bytes {
	const uint8_t *at;
	size_t len;
};

static uint16_t read16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t read32(const uint8_t *at)
{
	return (uint32_t)read16(at) << 16 | read16(at + 2);
}

static struct addr read_addr6(const uint8_t *at)
{
	struct addr addr = {.is_v6 = true};

	for (int i = 0; i < 16; i++)
		addr.v6 = addr.v6 << 8 | at[i];
	return addr;
}

static void skip(struct bytes *rest, size_t n)
{
	if (n > rest->len)
		n = rest->len;
	rest->at += n;
	rest->len -= n;
}

static void read_transport(const struct bytes *rest, struct packet_header *header)
{
	switch (header->protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
		header->has_ports = rest->len >= 4;
		if (!header->has_ports)
			return;
		header->sport = read16(rest->at);
		header->dport = read16(rest->at + 2);
		header->has_flags = header->protocol == IPPROTO_TCP && rest->len > TCP_FLAGS_AT;
		if (header->has_flags)
			header->tcp_flags = rest->at[TCP_FLAGS_AT];
		return;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		header->has_type = rest->len >= 1;
		if (header->has_type)
			header->icmp_type = rest->at[0];
		return;
	default:
		return;
	}
}

/* Leaves rest at the transport header; returns whether there is one. */
static bool read_network4(struct bytes *rest, struct packet_header *header)
{
	size_t header_len = (rest->at[0] & 15u) * 4u;
	bool later_fragment = read16(rest->at + 6) & 0x1fff;

	header->protocol = rest->at[9];
	header->src.v4 = read32(rest->at + 12);
	header->dst.v4 = read32(rest->at + 16);
	skip(rest, header_len);
	return header_len >= IPV4_HEADER_MIN && !later_fragment;
}

/* The length of an extension header, 0 for what is none; at least two of its bytes are there. */
static size_t extension_len(uint8_t protocol, const uint8_t *at)
{
	switch (protocol) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
		return (at[1] + 1u) * EXTENSION_UNIT;
	case IPPROTO_FRAGMENT:
		return EXTENSION_UNIT;
	case IPPROTO_AH:
		return (at[1] + AUTHENTICATION_PAD) * 4u;
	default:
		return 0;
	}
}

/* Steps over extension headers; returns whether what follows is a transport header. */
static bool skip_extensions(struct bytes *rest, struct packet_header *header)
{
	for (int i = 0; i < EXTENSIONS_MAX && rest->len >= 2; i++) {
		size_t len = extension_len(header->protocol, rest->at);
		bool fragment = header->protocol == IPPROTO_FRAGMENT;

		if (!len)
			return true;
		if (len > rest->len)
			return false;
		header->protocol = rest->at[0];
		if (fragment && read16(rest->at + 2) & 0xfff8)
			return false;
		skip(rest, len);
	}
	return rest->len > 0 && !extension_len(header->protocol, (const uint8_t[]){0, 0});
}

static bool read_network6(struct bytes *rest, struct packet_header *header)
{
	header->protocol = rest->at[6];
	header->src = read_addr6(rest->at + 8);
	header->dst = read_addr6(rest->at + 24);
	skip(rest, IPV6_HEADER);
	return skip_extensions(rest, header);
}

int packet_header_parse(const uint8_t *bytes, size_t len, struct packet_header *ret)
{
	struct packet_header header = {.protocol = 0};
	struct bytes rest = {bytes, len};
	bool transport;

	if (len >= IPV4_HEADER_MIN && bytes[0] >> 4 == 4)
		transport = read_network4(&rest, &header);
	else if (len >= IPV6_HEADER && bytes[0] >> 4 == 6)
		transport = read_network6(&rest, &header);
	else
		return -EBADMSG;
	if (transport)
		read_transport(&rest, &header);
	*ret = header;
	return 0;
}

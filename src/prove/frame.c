// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A packet carries its id where nobody rewrites it: in the sequence number of TCP, in the payload of the others. The
 * DSCP says that it is ours. Checksums are right, because conntrack takes a packet with a wrong one for invalid, and so
 * are TCP's numbers from one part of a connection to the next.
 */
#include "prove/frame.h"

#include <netinet/in.h>
#include <string.h>

#define MAGIC      0x50524f56u /* "PROV" */
#define DSCP       43
#define IP4_HEADER 20u
#define IP6_HEADER 40u
#define TCP_HEADER 20u
#define MARKED     16u /* header of UDP or ICMP, magic, id */

enum { TCP_SYN = 0x02, TCP_RST = 0x04, TCP_ACK = 0x10 };
enum { ECHO4 = 8, ECHO_REPLY4 = 0, ECHO6 = 128, ECHO_REPLY6 = 129 };

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

static unsigned get16(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static void put_addr(uint8_t *at, const struct addr *addr)
{
	if (!addr->is_v6)
		put32(at, addr->v4);
	for (int i = 0; addr->is_v6 && i < 4; i++)
		put32(at + 4 * i, (uint32_t)(addr->v6 >> (96 - 32 * i)));
}

static uint32_t sum(const uint8_t *data, size_t len)
{
	uint32_t total = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		total += get16(data + i);
	return total;
}

static unsigned sum_finish(uint32_t total)
{
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return ~total & 0xffff;
}

static uint8_t protocol_of(const struct frame *frame)
{
	switch (frame->proto) {
	case PROTO_TCP:
		return IPPROTO_TCP;
	case PROTO_UDP:
		return IPPROTO_UDP;
	case PROTO_ICMP:
	case PROTO_MAX:
		break;
	}
	return frame->client->is_v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
}

static size_t tcp_build(const struct frame *frame, unsigned src, unsigned dst, uint32_t id, uint8_t *l4)
{
	static const uint8_t flags[] = {
	        [FRAME_OPEN] = TCP_SYN,
	        [FRAME_ANSWER] = TCP_SYN | TCP_ACK,
	        [FRAME_MORE] = TCP_ACK,
	};

	put16(l4, src);
	put16(l4 + 2, dst);
	put32(l4 + 4, frame->part == FRAME_MORE ? id + 1 : id);
	put32(l4 + 8, frame->part == FRAME_OPEN ? 0 : id + 1);
	l4[12] = 5 << 4;
	l4[13] = flags[frame->part];
	put16(l4 + 14, 1024);
	return TCP_HEADER;
}

static size_t udp_build(unsigned src, unsigned dst, uint32_t id, uint8_t *l4)
{
	put16(l4, src);
	put16(l4 + 2, dst);
	put16(l4 + 4, MARKED);
	put32(l4 + 8, MAGIC);
	put32(l4 + 12, id);
	return MARKED;
}

static size_t echo_build(const struct frame *frame, uint32_t id, uint8_t *l4)
{
	bool answer = frame->part == FRAME_ANSWER;

	if (frame->client->is_v6)
		l4[0] = answer ? ECHO_REPLY6 : ECHO6;
	else
		l4[0] = answer ? ECHO_REPLY4 : ECHO4;
	put16(l4 + 4, frame->client_port);
	put32(l4 + 8, MAGIC);
	put32(l4 + 12, id);
	return MARKED;
}

/* A packet's two ends as they stand in its headers. */
struct ends {
	const struct addr *src, *dst;
	unsigned src_port, dst_port;
};

static struct ends ends_of(const struct frame *frame)
{
	if (frame->part == FRAME_ANSWER)
		return (struct ends){frame->server, frame->client, frame->server_port, frame->client_port};
	return (struct ends){frame->client, frame->server, frame->client_port, frame->server_port};
}

static size_t ip_build(const struct ends *ends, uint8_t protocol, size_t payload, uint8_t *ip)
{
	if (ends->src->is_v6) {
		put32(ip, 0x60000000u | DSCP << 22);
		put16(ip + 4, (unsigned)payload);
		ip[6] = protocol;
		ip[7] = 64;
		put_addr(ip + 8, ends->src);
		put_addr(ip + 24, ends->dst);
		return IP6_HEADER;
	}
	ip[0] = 0x45;
	ip[1] = DSCP << 2;
	put16(ip + 2, (unsigned)(IP4_HEADER + payload));
	ip[8] = 64;
	ip[9] = protocol;
	put_addr(ip + 12, ends->src);
	put_addr(ip + 16, ends->dst);
	put16(ip + 10, sum_finish(sum(ip, IP4_HEADER)));
	return IP4_HEADER;
}

static void checksum_fill(const struct ends *ends, uint8_t protocol, uint8_t *l4, size_t len)
{
	uint8_t addrs[32] = {0};
	uint32_t total = sum(l4, len);
	uint8_t *at = l4 + (protocol == IPPROTO_TCP ? 16 : protocol == IPPROTO_UDP ? 6 : 2);

	put_addr(addrs, ends->src);
	put_addr(addrs + 16, ends->dst);
	if (protocol != IPPROTO_ICMP)
		total += sum(addrs, sizeof(addrs)) + protocol + (uint32_t)len;
	put16(at, sum_finish(total));
}

size_t frame_build(const struct frame *frame, uint32_t id, uint8_t *buf)
{
	uint8_t l4[TCP_HEADER] = {0};
	struct ends ends = ends_of(frame);
	uint8_t protocol = protocol_of(frame);
	size_t len, header;

	memset(buf, 0, FRAME_MAX);
	if (protocol == IPPROTO_TCP)
		len = tcp_build(frame, ends.src_port, ends.dst_port, id, l4);
	else if (protocol == IPPROTO_UDP)
		len = udp_build(ends.src_port, ends.dst_port, id, l4);
	else
		len = echo_build(frame, id, l4);
	checksum_fill(&ends, protocol, l4, len);
	header = ip_build(&ends, protocol, len, buf);
	memcpy(buf + header, l4, len);
	return header + len;
}

/* The header's length when the packet could be one of ours, else 0. */
static size_t ip_read(const uint8_t *ip, size_t len, uint8_t *protocol)
{
	if (len >= IP4_HEADER + MARKED && ip[0] == 0x45 && ip[1] >> 2 == DSCP) {
		*protocol = ip[9];
		return IP4_HEADER;
	}
	if (len >= IP6_HEADER + MARKED && ip[0] >> 4 == 6 && (get16(ip) >> 6 & 0x3f) == DSCP) {
		*protocol = ip[6];
		return IP6_HEADER;
	}
	return 0;
}

bool frame_read(const uint8_t *ip, size_t len, uint32_t *id)
{
	uint8_t protocol = 0;
	size_t header = ip_read(ip, len, &protocol);
	const uint8_t *l4 = ip + header;

	if (header == 0)
		return false;
	if (protocol == IPPROTO_TCP) {
		*id = get32(l4 + 4) - !(l4[13] & TCP_SYN);
		return !(l4[13] & TCP_RST);
	}
	*id = get32(l4 + 12);
	return (protocol == IPPROTO_UDP || l4[0] == ECHO4 || l4[0] == ECHO_REPLY4 || l4[0] == ECHO6 ||
	        l4[0] == ECHO_REPLY6) &&
	       get32(l4 + 8) == MAGIC;
}

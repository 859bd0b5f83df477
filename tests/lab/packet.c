/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probe packets. A probe carries its id where the packet's kind has room that nobody rewrites: the sequence number of
 * a TCP segment (a RST answers with id + 1), the payload of everything else. The DSCP marks it as ours. Checksums are
 * right, because conntrack takes a packet with a wrong one for invalid.
 */
#include "tests/lab/packet.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#define MAGIC      0x4f4d4657u /* "OMFW" */
#define IP4_HEADER 20u
#define IP6_HEADER 40u
#define TOS        (PROBE_DSCP << 2)

enum {
	ECHO4 = 8,
	ECHO_REPLY4 = 0,
	ECHO6 = 128,
	ECHO_REPLY6 = 129,
	UNREACHABLE4 = 3,
	UNREACHABLE6 = 1,
	FILTERED4 = 13,
	PROHIBITED6 = 1,
};

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

static uint32_t sum_add(uint32_t sum, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += get16(data + i);
	if (len % 2)
		sum += (uint32_t)data[len - 1] << 8;
	return sum;
}

static unsigned sum_finish(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

static size_t address_len(const struct address *address)
{
	return address->family == AF_INET ? 4 : 16;
}

static uint8_t proto_on_wire(const struct probe *probe)
{
	if (probe->proto == IPPROTO_ICMP && probe->src.family == AF_INET6)
		return IPPROTO_ICMPV6;
	return probe->proto;
}

/* The offset of the checksum inside the layer 4 header, or -1. */
static int checksum_offset(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return 16;
	case IPPROTO_UDP:
		return 6;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return 2;
	}
	return -1;
}

static void checksum_fill(const struct address *src, const struct address *dst, uint8_t proto, uint8_t *l4,
                          size_t len)
{
	int offset = checksum_offset(proto);
	if (offset < 0)
		return;
	uint32_t sum = 0;
	if (proto != IPPROTO_ICMP) {
		sum = sum_add(sum, src->bytes, address_len(src));
		sum = sum_add(sum, dst->bytes, address_len(dst));
		sum += proto + (uint32_t)len;
	}
	sum = sum_add(sum, l4, len);
	put16(l4 + offset, sum_finish(sum));
}

static size_t header_build(const struct address *src, const struct address *dst, uint8_t proto,
                           size_t payload, uint8_t *buf)
{
	if (src->family == AF_INET) {
		memset(buf, 0, IP4_HEADER);
		buf[0] = 0x45;
		buf[1] = TOS;
		put16(buf + 2, (unsigned)(IP4_HEADER + payload));
		buf[8] = 64;
		buf[9] = proto;
		memcpy(buf + 12, src->bytes, 4);
		memcpy(buf + 16, dst->bytes, 4);
		put16(buf + 10, sum_finish(sum_add(0, buf, IP4_HEADER)));
		return IP4_HEADER;
	}
	memset(buf, 0, IP6_HEADER);
	put32(buf, 0x60000000u | (uint32_t)TOS << 20);
	put16(buf + 4, (unsigned)payload);
	buf[6] = proto;
	buf[7] = 64;
	memcpy(buf + 8, src->bytes, 16);
	memcpy(buf + 24, dst->bytes, 16);
	return IP6_HEADER;
}

static size_t tcp_build(const struct probe *probe, uint32_t id, uint8_t *l4)
{
	put16(l4, probe->sport);
	put16(l4 + 2, probe->dport);
	put32(l4 + 4, id);
	l4[12] = 5 << 4;
	l4[13] = probe->tcp_flags ? probe->tcp_flags : TCP_SYN;
	put16(l4 + 14, 1024);
	return 20;
}

static size_t udp_build(const struct probe *probe, uint32_t id, uint8_t *l4)
{
	put16(l4, probe->sport);
	put16(l4 + 2, probe->dport);
	put16(l4 + 4, 16);
	put32(l4 + 8, MAGIC);
	put32(l4 + 12, id);
	return 16;
}

static size_t echo_build(const struct probe *probe, uint32_t id, uint8_t *l4)
{
	uint8_t request = probe->src.family == AF_INET ? ECHO4 : ECHO6;
	uint8_t reply = probe->src.family == AF_INET ? ECHO_REPLY4 : ECHO_REPLY6;
	l4[0] = probe->echo_reply ? reply : request;
	put16(l4 + 4, probe->sport);
	put32(l4 + 8, MAGIC);
	put32(l4 + 12, id);
	return 16;
}

static size_t l4_build(const struct probe *probe, uint32_t id, uint8_t *l4)
{
	switch (probe->proto) {
	case IPPROTO_TCP:
		return tcp_build(probe, id, l4);
	case IPPROTO_UDP:
		return udp_build(probe, id, l4);
	case IPPROTO_ICMP:
		return echo_build(probe, id, l4);
	}
	put32(l4, MAGIC);
	put32(l4 + 4, id);
	return 8;
}

size_t packet_build(const struct probe *probe, uint32_t id, uint8_t *buf)
{
	uint8_t l4[64] = {0};
	size_t len = l4_build(probe, id, l4);
	uint8_t proto = proto_on_wire(probe);
	checksum_fill(&probe->src, &probe->dst, proto, l4, len);
	size_t header = header_build(&probe->src, &probe->dst, proto, len, buf);
	memcpy(buf + header, l4, len);
	return header + len;
}

size_t packet_build_error(const struct address *src, const struct probe *probe, uint32_t quoted_id,
                          uint8_t type, uint8_t code, uint16_t mtu, uint8_t *buf)
{
	uint8_t l4[PACKET_MAX] = {type, code};
	bool is_v4 = src->family == AF_INET;
	put16(l4 + 6, mtu);
	size_t len = 8 + packet_build(probe, quoted_id, l4 + 8);
	uint8_t proto = is_v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	checksum_fill(src, &probe->src, proto, l4, len);
	size_t header = header_build(src, &probe->src, proto, len, buf);
	memcpy(buf + header, l4, len);
	return header + len;
}

/* Where layer 4 begins, and of what protocol it is; 0 if this is no IP packet we could have made. */
static size_t header_read(const uint8_t *ip, size_t len, uint8_t *proto, bool *is_ours)
{
	if (len >= IP4_HEADER && ip[0] >> 4 == 4) {
		*proto = ip[9];
		*is_ours = ip[1] >> 2 == PROBE_DSCP;
		return (ip[0] & 15u) * 4u;
	}
	if (len >= IP6_HEADER && ip[0] >> 4 == 6) {
		*proto = ip[6];
		*is_ours = (get16(ip) >> 6 & 0x3f) == PROBE_DSCP;
		return IP6_HEADER;
	}
	return 0;
}

static struct sighting marked_read(const uint8_t *at, size_t len)
{
	if (len < 8 || get32(at) != MAGIC)
		return (struct sighting){SIGHTING_OTHER, 0};
	return (struct sighting){SIGHTING_PROBE, get32(at + 4)};
}

struct sighting packet_read_payload(uint8_t proto, const uint8_t *payload, size_t len)
{
	struct sighting other = {SIGHTING_OTHER, 0};
	switch (proto) {
	case IPPROTO_TCP:
		return len < 8 ? other : (struct sighting){SIGHTING_PROBE, get32(payload + 4)};
	case IPPROTO_UDP:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return len < 8 ? other : marked_read(payload + 8, len - 8);
	}
	return marked_read(payload, len);
}

static bool is_prohibited(uint8_t proto, const uint8_t *l4)
{
	if (proto == IPPROTO_ICMP)
		return l4[0] == UNREACHABLE4 && l4[1] == FILTERED4;
	return proto == IPPROTO_ICMPV6 && l4[0] == UNREACHABLE6 && l4[1] == PROHIBITED6;
}

struct sighting packet_read(const uint8_t *ip, size_t len)
{
	struct sighting other = {SIGHTING_OTHER, 0};
	uint8_t proto;
	bool is_ours;
	size_t header = header_read(ip, len, &proto, &is_ours);
	if (header == 0 || len < header + 8)
		return other;
	const uint8_t *l4 = ip + header;
	if (is_prohibited(proto, l4)) {
		struct sighting quoted = packet_read(l4 + 8, len - header - 8);
		quoted.kind = quoted.kind == SIGHTING_PROBE ? SIGHTING_PROHIBITED : SIGHTING_OTHER;
		return quoted;
	}
	if (is_ours)
		return packet_read_payload(proto, l4, len - header);
	if (proto == IPPROTO_TCP && len >= header + 20 && (l4[13] & TCP_RST))
		return (struct sighting){SIGHTING_RESET, get32(l4 + 8) - 1};
	return other;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first bytes of an IP packet, as a log hands them on: who, to whom, and what. Pure; every byte that is read was
 * checked to be there, whatever the packet claims of itself.
 */
#ifndef OMFWD_PACKET_HEADER_H
#define OMFWD_PACKET_HEADER_H

#include "policy/addr.h"

struct packet_header {
	struct addr src, dst;
	uint8_t protocol; /* IPPROTO_*, behind any IPv6 extension headers */
	bool has_ports; /* TCP or UDP, and its ports are there: not in later fragments, nor where it was cut */
	uint16_t sport, dport; /* 0 without */
	bool has_flags;
	uint8_t tcp_flags; /* TH_SYN ... */
	bool has_type;
	uint8_t icmp_type; /* of ICMP or ICMPv6 */
};

/*
 * Reads len bytes that begin with an IPv4 or IPv6 header. Returns 0 when at least the addresses are there, else
 * -EBADMSG; *ret is untouched then.
 */
int packet_header_parse(const uint8_t *bytes, size_t len, struct packet_header *ret);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Probe packets: what one looks like on the wire, and how it is known again. Pure. */
#ifndef LAB_PACKET_H
#define LAB_PACKET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct address {
	int family;        /* AF_INET, AF_INET6 */
	uint8_t bytes[16]; /* network byte order; the first 4 for AF_INET */
};

/* Whether the probe came back to its sender as a refusal. */
enum answer { ANSWER_NONE, ANSWER_RESET, ANSWER_PROHIBITED };

struct probe {
	struct address src, dst;
	uint8_t proto;         /* IPPROTO_TCP, _UDP, _ICMP (echo-request of the family) or any other number */
	uint16_t sport, dport; /* sport 0: the burst chooses a fresh one */
	uint8_t tcp_flags;     /* 0: SYN */
	bool echo_reply;       /* IPPROTO_ICMP: a reply nobody asked for */
	bool arrived;
	enum answer answer;
};

#define PACKET_MAX 512
#define TCP_FIN    0x01
#define TCP_SYN    0x02
#define TCP_RST    0x04
#define TCP_ACK    0x10
#define PROBE_DSCP 42

/* Writes the IP packet of a probe into buf (PACKET_MAX) and returns its length. */
size_t packet_build(const struct probe *probe, uint32_t id, uint8_t *buf);

/* Writes an ICMP or ICMPv6 error of a router at src that quotes probe; a type 2 or 3/4 error carries mtu. */
size_t packet_build_error(const struct address *src, const struct probe *probe, uint32_t quoted_id,
                          uint8_t type, uint8_t code, uint16_t mtu, uint8_t *buf);

enum sighting_kind { SIGHTING_OTHER, SIGHTING_PROBE, SIGHTING_RESET, SIGHTING_PROHIBITED };

struct sighting {
	enum sighting_kind kind;
	uint32_t id; /* of the probe seen, or of the one that was refused */
};

/* What an IP packet is to us. */
struct sighting packet_read(const uint8_t *ip, size_t len);

/* The same for the payload alone (raw IPv6 sockets strip the header). */
struct sighting packet_read_payload(uint8_t proto, const uint8_t *payload, size_t len);

#endif

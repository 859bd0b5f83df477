/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The packets of a proof, from the IP header on, and how they are known again. Pure. */
#ifndef OMFWD_PROVE_FRAME_H
#define OMFWD_PROVE_FRAME_H

#include "policy/addr.h"
#include "policy/port_tables.h"

enum frame_part {
	FRAME_OPEN,   /* TCP SYN, the first packet of UDP, echo-request */
	FRAME_ANSWER, /* SYN and ACK, UDP back, echo-reply: the ends and ports exchanged */
	FRAME_MORE,   /* ACK, UDP once more, another echo-request */
};

struct frame {
	const struct addr *client, *server; /* of one family */
	enum proto proto;
	uint16_t client_port, server_port; /* icmp: the identifier; not used */
	enum frame_part part;
};

#define FRAME_MAX 64 /* bytes */

/* Writes the packet into buf (FRAME_MAX) and returns its length. The id comes back from frame_read(). */
size_t frame_build(const struct frame *frame, uint32_t id, uint8_t *buf);

/* Whether this IP packet is one of ours; then *id is the one it was built with. Our own refusals are none. */
bool frame_read(const uint8_t *ip, size_t len, uint32_t *id);

#endif

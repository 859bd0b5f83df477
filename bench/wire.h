/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames for bench/packets: forged in memory, sent by the burst past qdiscs and sockets, counted where they come out. */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define BURST     128u /* frames that are sent, and timed, at once */
#define FLOWS     32u  /* connections among which a burst of a connection's later packets is spread */
#define FRAME_MAX 80

/* One end of a gateway: a packet socket on the interface eth0 of a namespace. */
struct wire {
	int fd; /* -1: could not be opened, see errno */
	uint8_t frames[BURST][FRAME_MAX];
	struct iovec parts[BURST];
	struct mmsghdr messages[BURST];
};

/* Addresses and port in network order. */
struct flow {
	bool udp;
	uint32_t client, server;
	uint16_t port;
};

enum sender { FROM_CLIENT, FROM_SERVER };

/* TCP flags: of an opening, its answer, and everything after. */
#define FLAGS_FIRST  0x02
#define FLAGS_SECOND 0x12
#define FLAGS_LATER  0x18

/* On eth0 of the namespace that the caller is in. */
void wire_open(struct wire *wire);
/* Makes frame i of the burst. client_port is in host order. */
void wire_put(struct wire *wire, unsigned i, const struct flow *flow, enum sender sender, uint8_t flags,
              uint16_t client_port);
/* Sends the burst; when it returns, the frames are out on the other side, or were dropped. */
bool wire_send(struct wire *wire);

/* What eth0 of the caller's namespace has received so far. */
uint64_t frames_received(void);

/* A netlink socket to connection tracking of the caller's namespace, or -1; and emptying that. */
int connections_open(void);
void connections_forget(int fd);

#endif

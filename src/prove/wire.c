// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Order is what makes this quick and exact. The process stays on one CPU, where a packet that is sent into a pair of
 * interfaces joins one queue: a marker sent after some packets is seen inside the gateway when each of them has been
 * forwarded or dropped. Sent on to the other side, it comes out behind whatever was let through.
 */
#include "prove/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "prove/gateway.h"

#define MARKER_TYPE     0x88b5 /* for experiments: IEEE 802 */
#define MARKER_AGAIN_MS 20     /* a link that has just come up may still swallow what is sent */
#define MARKER_TRIES    500
#define STRETCH         64 /* packets between markers; far below what a queue or a socket holds */
#define RECEIVE_BUFFER  (4 << 20)

/* A packet socket on one interface. */
struct end {
	int fd;
	struct sockaddr_ll to;
};

struct wire {
	struct end tap_in, gate_in, gate_out, tap_out;
	uint32_t marker;    /* the last one sent */
	unsigned in_flight; /* packets since */
	wire_seen_fn seen;
	void *data;
};

static int end_open(struct end *end, const char *interface, uint16_t listens_for)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET,
	                              .sll_protocol = htons(listens_for),
	                              .sll_ifindex = (int)if_nametoindex(interface)};
	int size = RECEIVE_BUFFER;

	end->fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (end->fd < 0 || bind(end->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	setsockopt(end->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	end->to = address;
	end->to.sll_halen = ETH_ALEN;
	memcpy(end->to.sll_addr, gateway_mac, ETH_ALEN);
	return 0;
}

static void stay_on_this_cpu(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
}

static int end_send(const struct end *end, uint16_t type, const void *data, size_t len)
{
	struct sockaddr_ll to = end->to;

	to.sll_protocol = htons(type);
	if (sendto(end->fd, data, len, 0, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != ENOBUFS &&
	    errno != EAGAIN && errno != ENETDOWN)
		return -errno;
	return 0;
}

/* Hands on what has arrived at an end; returns the last marker among it, or 0. */
static uint32_t end_drain(struct wire *wire, const struct end *end)
{
	uint8_t packet[2048];
	struct sockaddr_ll from;
	uint32_t marker = 0;

	for (;;) {
		socklen_t from_len = sizeof(from);
		ssize_t len =
		        recvfrom(end->fd, packet, sizeof(packet), 0, (struct sockaddr *)&from, &from_len);

		if (len < 0)
			return marker;
		/* recvfrom() has filled it. NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
		if (from.sll_protocol == htons(MARKER_TYPE) && len >= (ssize_t)sizeof(marker))
			memcpy(&marker, packet, sizeof(marker));
		else
			wire->seen(packet, (size_t)len, wire->data);
	}
}

/* Sends the marker from one end until it has arrived at the other. */
static int marker_pass(struct wire *wire, const struct end *from, const struct end *to)
{
	uint8_t payload[46] = {0};

	memcpy(payload, &wire->marker, sizeof(wire->marker));
	for (int i = 0; i < MARKER_TRIES; i++) {
		struct pollfd fd = {.fd = to->fd, .events = POLLIN};
		int r = end_send(from, MARKER_TYPE, payload, sizeof(payload));

		if (r < 0)
			return r;
		if (poll(&fd, 1, MARKER_AGAIN_MS) > 0 && end_drain(wire, to) == wire->marker)
			return 0;
	}
	return -ETIMEDOUT;
}

int wire_finish(struct wire *wire)
{
	int r;

	wire->marker++;
	wire->in_flight = 0;
	r = marker_pass(wire, &wire->tap_in, &wire->gate_in);
	return r < 0 ? r : marker_pass(wire, &wire->gate_out, &wire->tap_out);
}

int wire_send(struct wire *wire, const uint8_t *ip, size_t len)
{
	int r = end_send(&wire->tap_in, ip[0] >> 4 == 4 ? ETH_P_IP : ETH_P_IPV6, ip, len);

	if (r < 0)
		return r;
	return ++wire->in_flight < STRETCH ? 0 : wire_finish(wire);
}

int wire_open(struct wire **ret, wire_seen_fn seen, void *data)
{
	struct wire *wire = calloc(1, sizeof(*wire));
	int r;

	if (!wire)
		abort();
	*wire = (struct wire){.seen = seen, .data = data};
	wire->tap_in.fd = wire->gate_in.fd = wire->gate_out.fd = wire->tap_out.fd = -1;
	stay_on_this_cpu();
	r = end_open(&wire->tap_in, GATEWAY_TAP_IN, 0);
	if (r == 0)
		r = end_open(&wire->gate_in, GATEWAY_IN, MARKER_TYPE);
	if (r == 0)
		r = end_open(&wire->gate_out, GATEWAY_OUT, 0);
	if (r == 0)
		r = end_open(&wire->tap_out, GATEWAY_TAP_OUT, ETH_P_ALL);
	if (r == 0)
		r = wire_finish(wire);
	if (r < 0) {
		wire_close(wire);
		return r;
	}
	*ret = wire;
	return 0;
}

void wire_close(struct wire *wire)
{
	if (!wire)
		return;
	for (struct end *end = &wire->tap_in; end <= &wire->tap_out; end++)
		if (end->fd >= 0)
			close(end->fd);
	free(wire);
}

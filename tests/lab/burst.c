/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order of packets is what makes this quick and exact. The process is pinned to one CPU, so veth's backlog is one
 * queue: a marker frame sent after a stretch of probes reaches the gateway's tap after the gateway has routed or
 * dropped each of them; the process then sends it on towards the other side, behind whatever the gateway let through.
 *
 * Probes to the gateway itself are seen by raw sockets, which get a copy only after the input hook; probes from the
 * gateway leave through raw sockets, which pass the output hook.
 */
#include "tests/lab/burst.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#define STRETCH       200 /* probes between markers; far below the backlog of 1000 */
#define MARKER_TYPE   0x88b5
#define SPORT_FIRST   10000
#define SPORT_LAST    47999 /* below every port of the tables' upper range, above the lower ones */
#define SIDES         2
#define RAW_RECEIVERS 8

struct tap {
	int fd;
	enum lab_ns ns;
	uint8_t mac[ETH_ALEN], peer[ETH_ALEN];
	uint32_t marker; /* the last one seen */
};

struct taps {
	struct tap side[SIDES];    /* l0, r0 */
	struct tap gateway[SIDES]; /* gl, gr: markers only */
	int raw4[4], raw6[4];      /* tcp, udp, icmp, other: what the gateway's input hook let in */
	int out4, out6;            /* through the gateway's output hook */
	uint32_t marker;
	uint32_t next_id;
	uint16_t next_sport;
	struct probe *probes; /* of the burst under way */
	uint32_t first_id;
	size_t n;
	const uint8_t *wanted; /* burst_send_packet(): layer 4 of what to look for */
	size_t wanted_len;
	bool wanted_seen;
};

static const uint8_t raw_protocols[4] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, 99};

static void rcvbuf_raise(int fd)
{
	int size = 32 << 20;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
}

static struct tap tap_open(const struct lab *lab, enum lab_ns ns, const char *interface, uint16_t type,
                           uint8_t side, uint8_t end)
{
	struct tap tap = {
	        .ns = ns, .mac = {2, 0, 0, 0, side, end}, .peer = {2, 0, 0, 0, side, (uint8_t)(3 - end)}};
	tap.fd = lab_socket(lab, ns, AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);
	int one = 1;
	setsockopt(tap.fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one));
	rcvbuf_raise(tap.fd);
	lab_enter(lab, ns);
	struct sockaddr_ll address = {.sll_family = AF_PACKET,
	                              .sll_protocol = htons(type),
	                              .sll_ifindex = (int)if_nametoindex(interface)};
	lab_leave(lab);
	if (bind(tap.fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		fail_msg("bind to %s: %s", interface, strerror(errno));
	return tap;
}

struct taps *taps_open(const struct lab *lab)
{
	struct taps *taps = calloc(1, sizeof(*taps));
	taps->side[0] = tap_open(lab, NS_LEFT, "l0", ETH_P_ALL, 1, 2);
	taps->side[1] = tap_open(lab, NS_RIGHT, "r0", ETH_P_ALL, 2, 2);
	taps->gateway[0] = tap_open(lab, NS_GATEWAY, "gl", MARKER_TYPE, 1, 1);
	taps->gateway[1] = tap_open(lab, NS_GATEWAY, "gr", MARKER_TYPE, 2, 1);
	for (int i = 0; i < 4; i++) {
		int type = SOCK_RAW | SOCK_NONBLOCK, proto = raw_protocols[i];
		taps->raw4[i] = lab_socket(lab, NS_GATEWAY, AF_INET, type, proto);
		proto = proto == IPPROTO_ICMP ? IPPROTO_ICMPV6 : proto;
		taps->raw6[i] = lab_socket(lab, NS_GATEWAY, AF_INET6, type, proto);
		rcvbuf_raise(taps->raw4[i]);
		rcvbuf_raise(taps->raw6[i]);
	}
	taps->out4 = lab_socket(lab, NS_GATEWAY, AF_INET, SOCK_RAW, IPPROTO_RAW);
	taps->out6 = lab_socket(lab, NS_GATEWAY, AF_INET6, SOCK_RAW, IPPROTO_RAW);
	taps->next_id = 0x10000;
	taps->next_sport = SPORT_FIRST;
	return taps;
}

void taps_close(struct taps *taps)
{
	for (int i = 0; i < SIDES; i++) {
		close(taps->side[i].fd);
		close(taps->gateway[i].fd);
	}
	for (int i = 0; i < 4; i++) {
		close(taps->raw4[i]);
		close(taps->raw6[i]);
	}
	close(taps->out4);
	close(taps->out6);
	free(taps);
}

enum lab_ns address_home(const struct address *address)
{
	/* 10.N.0.0/16 and 2001:db8:N::/48 */
	int network = address->family == AF_INET ? address->bytes[1] : address->bytes[5];
	if (network == 1)
		return NS_LEFT;
	if (network == 2)
		return NS_RIGHT;
	return network == 9 ? NS_GATEWAY : NS_FAR;
}

static void sighting_note(struct taps *taps, struct sighting sighting)
{
	uint32_t index = sighting.id - taps->first_id;
	if (sighting.kind == SIGHTING_OTHER || index >= taps->n)
		return;
	struct probe *probe = &taps->probes[index];
	if (sighting.kind == SIGHTING_PROBE)
		probe->arrived = true;
	else
		probe->answer = sighting.kind == SIGHTING_RESET ? ANSWER_RESET : ANSWER_PROHIBITED;
}

static void frame_note(struct taps *taps, struct tap *tap, const uint8_t *frame, size_t len)
{
	unsigned type = (unsigned)frame[12] << 8 | frame[13];
	const uint8_t *packet = frame + ETH_HLEN;
	len -= ETH_HLEN;
	if (type == MARKER_TYPE)
		memcpy(&tap->marker, packet, sizeof(tap->marker));
	else if (type == ETH_P_IP || type == ETH_P_IPV6)
		sighting_note(taps, packet_read(packet, len));
	if (taps->wanted && len > taps->wanted_len &&
	    memcmp(packet + len - taps->wanted_len, taps->wanted, taps->wanted_len) == 0)
		taps->wanted_seen = true;
}

static void tap_drain(struct taps *taps, struct tap *tap)
{
	uint8_t frame[2048];
	ssize_t len;
	while ((len = recv(tap->fd, frame, sizeof(frame), 0)) > ETH_HLEN)
		frame_note(taps, tap, frame, (size_t)len);
}

static void raw_drain(struct taps *taps)
{
	uint8_t buf[2048];
	ssize_t len;
	for (int i = 0; i < 4; i++) {
		while ((len = recv(taps->raw4[i], buf, sizeof(buf), 0)) > 0)
			sighting_note(taps, packet_read(buf, (size_t)len));
		while ((len = recv(taps->raw6[i], buf, sizeof(buf), 0)) > 0)
			sighting_note(taps, packet_read_payload(raw_protocols[i], buf, (size_t)len));
	}
}

static void frame_send(const struct tap *tap, uint16_t type, const void *payload, size_t len)
{
	uint8_t frame[ETH_HLEN + 1500];
	memcpy(frame, tap->peer, ETH_ALEN);
	memcpy(frame + ETH_ALEN, tap->mac, ETH_ALEN);
	frame[12] = (uint8_t)(type >> 8);
	frame[13] = (uint8_t)type;
	memcpy(frame + ETH_HLEN, payload, len);
	if (send(tap->fd, frame, ETH_HLEN + len, 0) < 0)
		fail_msg("send: %s", strerror(errno));
}

static void marker_await(struct taps *taps, struct tap *tap)
{
	/* It is never dropped, only late on a busy machine. */
	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS; tap->marker != taps->marker;) {
		struct pollfd fd = {.fd = tap->fd, .events = POLLIN};
		if (lab_now_ms() > end || poll(&fd, 1, LAB_PATIENCE_MS) < 0)
			fail_msg("the lab lost a marker frame");
		tap_drain(taps, tap);
	}
}

/* When this returns, every packet sent before has been seen or will never be. */
static void barrier(struct taps *taps)
{
	taps->marker++;
	uint8_t payload[46] = {0};
	memcpy(payload, &taps->marker, sizeof(taps->marker));
	for (int i = 0; i < SIDES; i++) {
		frame_send(&taps->side[i], MARKER_TYPE, payload, sizeof(payload));
		marker_await(taps, &taps->gateway[i]);
	}
	for (int i = 0; i < SIDES; i++) {
		frame_send(&taps->gateway[i], MARKER_TYPE, payload, sizeof(payload));
		marker_await(taps, &taps->side[i]);
	}
	raw_drain(taps);
}

static void gateway_send(const struct taps *taps, const struct address *dst, const uint8_t *packet,
                         size_t len)
{
	struct sockaddr_in to4 = {.sin_family = AF_INET};
	struct sockaddr_in6 to6 = {.sin6_family = AF_INET6};
	memcpy(&to4.sin_addr, dst->bytes, sizeof(to4.sin_addr));
	memcpy(&to6.sin6_addr, dst->bytes, sizeof(to6.sin6_addr));
	ssize_t sent = dst->family == AF_INET
	                       ? sendto(taps->out4, packet, len, 0, (struct sockaddr *)&to4, sizeof(to4))
	                       : sendto(taps->out6, packet, len, 0, (struct sockaddr *)&to6, sizeof(to6));
	/* EPERM is the output hook's no; a reject there comes back as another error. */
	if (sent < 0 && errno != EPERM && errno != EHOSTUNREACH && errno != ECONNREFUSED && errno != EACCES)
		fail_msg("send from the gateway: %s", strerror(errno));
}

static void packet_send(const struct taps *taps, enum lab_ns from, const struct address *dst,
                        const uint8_t *packet, size_t len)
{
	if (from == NS_GATEWAY) {
		gateway_send(taps, dst, packet, len);
		return;
	}
	bool is_v4 = packet[0] >> 4 == 4;
	frame_send(&taps->side[from == NS_LEFT ? 0 : 1], is_v4 ? ETH_P_IP : ETH_P_IPV6, packet, len);
}

static void probe_send(struct taps *taps, struct probe *probe, uint32_t id)
{
	uint8_t packet[PACKET_MAX];
	if (probe->sport == 0) {
		probe->sport = taps->next_sport;
		taps->next_sport =
		        taps->next_sport == SPORT_LAST ? SPORT_FIRST : (uint16_t)(taps->next_sport + 1);
	}
	size_t len = packet_build(probe, id, packet);
	packet_send(taps, address_home(&probe->src), &probe->dst, packet, len);
}

void burst_run(struct lab *lab, struct probe *probes, size_t n)
{
	struct taps *taps = lab->taps;
	taps->probes = probes;
	taps->n = n;
	taps->first_id = taps->next_id;
	taps->next_id += (uint32_t)n;
	for (size_t i = 0; i < n; i++) {
		probes[i].arrived = false;
		probes[i].answer = ANSWER_NONE;
	}
	for (size_t i = 0; i < n; i++) {
		probe_send(taps, &probes[i], taps->first_id + (uint32_t)i);
		if (i % STRETCH == STRETCH - 1)
			barrier(taps);
	}
	barrier(taps);
	taps->n = 0;
}

bool burst_send_packet(struct lab *lab, enum lab_ns from, const uint8_t *packet, size_t len)
{
	struct taps *taps = lab->taps;
	size_t header = packet[0] >> 4 == 4 ? 20 : 40;
	taps->wanted = packet + header;
	taps->wanted_len = len - header;
	taps->wanted_seen = false;
	packet_send(taps, from, NULL, packet, len);
	barrier(taps);
	taps->wanted = NULL;
	return taps->wanted_seen;
}

void conntrack_flush(const struct lab *lab)
{
	(void)lab; /* the process lives in the gateway's namespace */
	uint8_t buf[256];
	struct nlmsghdr *message = mnl_nlmsg_put_header(buf);
	message->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	struct nfgenmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	*header = (struct nfgenmsg){.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0};
	struct mnl_socket *socket = mnl_socket_open(NETLINK_NETFILTER);
	if (!socket || mnl_socket_sendto(socket, message, message->nlmsg_len) < 0)
		fail_msg("conntrack: %s", strerror(errno));
	if (mnl_socket_recvfrom(socket, buf, sizeof(buf)) < 0)
		fail_msg("conntrack: %s", strerror(errno));
	mnl_socket_close(socket);
}

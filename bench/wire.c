// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Frames are complete and have good checksums, or connection tracking would call them invalid. The gateway's interfaces have the
 * hardware addresses 02:00:00:00:00:01 (towards left) and :02 (towards right), which bench/path gives them.
 */
#include "bench/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAYLOAD 10

void wire_open(struct wire *wire)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex("eth0")};
	static const int one = 1;

	wire->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0); /* 0: receives nothing */
	if (wire->fd < 0)
		return;
	if (setsockopt(wire->fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)) < 0 ||
	    bind(wire->fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		close(wire->fd);
		wire->fd = -1;
	}
}

/* The sum of RFC 1071, not yet folded. */
static uint32_t sum_words(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	return len % 2 ? sum + ((uint32_t)bytes[len - 1] << 8) : sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static uint16_t sum_transport(const struct iphdr *ip, const void *data, size_t len)
{
	uint32_t sum = sum_words(0, &ip->saddr, 8) + ip->protocol + (uint32_t)len;

	return fold(sum_words(sum, data, len));
}

/* Client and server count from 1000 and 5000; every later packet is the same one again. */
static size_t put_tcp(struct iphdr *ip, uint16_t from, uint16_t to, enum sender sender, uint8_t flags)
{
	struct tcphdr *tcp = (void *)(ip + 1);
	size_t len = sizeof(*tcp) + (flags == FLAGS_LATER ? PAYLOAD : 0);
	uint32_t mine = sender == FROM_CLIENT ? 1000 : 5000, theirs = 6000 - mine;

	memset(tcp, 0, sizeof(*tcp) + PAYLOAD);
	tcp->th_sport = from;
	tcp->th_dport = to;
	tcp->th_seq = htonl(flags == FLAGS_LATER ? mine + 1 : mine);
	tcp->th_ack = htonl(flags == FLAGS_FIRST ? 0 : theirs + 1);
	tcp->th_off = sizeof(*tcp) / 4;
	tcp->th_flags = flags;
	tcp->th_win = htons(65000);
	tcp->th_sum = sum_transport(ip, tcp, len);
	return len;
}

static size_t put_udp(struct iphdr *ip, uint16_t from, uint16_t to)
{
	struct udphdr *udp = (void *)(ip + 1);
	size_t len = sizeof(*udp) + PAYLOAD;

	memset(udp, 0, len);
	udp->uh_sport = from;
	udp->uh_dport = to;
	udp->uh_ulen = htons((uint16_t)len);
	udp->uh_sum = sum_transport(ip, udp, len);
	return len;
}

void wire_put(struct wire *wire, unsigned i, const struct flow *flow, enum sender sender, uint8_t flags,
              uint16_t client_port)
{
	struct ether_header *ether = (void *)wire->frames[i];
	struct iphdr *ip = (void *)(wire->frames[i] + ETH_HLEN);
	bool client = sender == FROM_CLIENT;
	uint16_t from = client ? htons(client_port) : flow->port;
	uint16_t to = client ? flow->port : htons(client_port);
	size_t len;

	memcpy(ether->ether_dhost, (uint8_t[]){2, 0, 0, 0, 0, client ? 1 : 2}, ETH_ALEN);
	memcpy(ether->ether_shost, (uint8_t[]){2, 0, 0, 0, 1, client ? 1 : 2}, ETH_ALEN);
	ether->ether_type = htons(ETHERTYPE_IP);
	*ip = (struct iphdr){.version = 4,
	                     .ihl = sizeof(*ip) / 4,
	                     .ttl = 64,
	                     .protocol = flow->udp ? IPPROTO_UDP : IPPROTO_TCP,
	                     .saddr = client ? flow->client : flow->server,
	                     .daddr = client ? flow->server : flow->client};
	len = flow->udp ? put_udp(ip, from, to) : put_tcp(ip, from, to, sender, flags);
	ip->tot_len = htons((uint16_t)(sizeof(*ip) + len));
	ip->check = fold(sum_words(0, ip, sizeof(*ip)));
	wire->parts[i] = (struct iovec){wire->frames[i], ETH_HLEN + sizeof(*ip) + len};
	wire->messages[i].msg_hdr = (struct msghdr){.msg_iov = &wire->parts[i], .msg_iovlen = 1};
}

bool wire_send(struct wire *wire)
{
	for (unsigned sent = 0; sent < BURST;) {
		int n = sendmmsg(wire->fd, wire->messages + sent, BURST - sent, 0);

		if (n <= 0)
			return false;
		sent += (unsigned)n;
	}
	return true;
}

uint64_t frames_received(void)
{
	FILE *in = fopen("/proc/thread-self/net/dev", "r");
	unsigned long long bytes, frames = 0;
	char line[512];

	while (in && fgets(line, sizeof(line), in))
		if (sscanf(line, " eth0: %llu %llu", &bytes, &frames) == 2)
			break;
	if (in)
		fclose(in);
	return frames;
}

int connections_open(void)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&kernel, sizeof(kernel)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

void connections_forget(int fd)
{
	struct {
		struct nlmsghdr header;
		struct nfgenmsg family;
	} message = {
	        .header = {.nlmsg_len = sizeof(message),
	                   .nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE,
	                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
	        .family = {.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0},
	};
	char answer[256];

	if (send(fd, &message, sizeof(message), 0) < 0 || recv(fd, answer, sizeof(answer), 0) < 0) {
		perror("packets: connection tracking");
		exit(EXIT_FAILURE);
	}
}

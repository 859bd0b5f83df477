/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A flood for bench/denials: forged TCP SYNs towards one address, at a steady rate. Prints how many left and the CPU time it took,
 * which on a veth pair is that of the gateway's forwarding too.
 *
 * Usage: flood SECONDS PACKETS_PER_SECOND one|many FROM TO      one flow, or a new source and port with every packet
 */
#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#define AT_ONCE 50

struct packet {
	struct iphdr ip;
	struct tcphdr tcp;
};

struct flood {
	int fd;
	struct sockaddr_in to;
	struct packet packets[AT_ONCE];
	struct iovec parts[AT_ONCE];
	struct mmsghdr messages[AT_ONCE];
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static bool flood_open(struct flood *flood, const char *from, const char *to)
{
	*flood = (struct flood){.fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW), .to.sin_family = AF_INET};
	if (flood->fd < 0 || inet_pton(AF_INET, to, &flood->to.sin_addr) != 1)
		return false;
	for (size_t i = 0; i < AT_ONCE; i++) {
		struct packet *packet = &flood->packets[i];

		packet->ip = (struct iphdr){.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_TCP};
		packet->ip.daddr = flood->to.sin_addr.s_addr;
		if (inet_pton(AF_INET, from, &packet->ip.saddr) != 1)
			return false;
		packet->tcp.th_sport = htons(40000);
		packet->tcp.th_dport = htons(445);
		packet->tcp.th_off = 5;
		packet->tcp.th_flags = TH_SYN;
		flood->parts[i] = (struct iovec){.iov_base = packet, .iov_len = sizeof(*packet)};
		flood->messages[i].msg_hdr = (struct msghdr){.msg_name = &flood->to,
		                                             .msg_namelen = sizeof(flood->to),
		                                             .msg_iov = &flood->parts[i],
		                                             .msg_iovlen = 1};
	}
	return true;
}

/* Another host of the lower half of the source's /16, another port. */
static void vary(struct flood *flood)
{
	for (size_t i = 0; i < AT_ONCE; i++) {
		uint32_t random_bits = (uint32_t)random();
		struct packet *packet = &flood->packets[i];

		packet->ip.saddr =
		        htonl((ntohl(packet->ip.saddr) & 0xffff0000) | (1 + (random_bits & 0x7fff)));
		packet->tcp.th_dport = htons((uint16_t)(1024 + (random_bits >> 16) % 40000));
	}
}

/* Returns how many packets left. */
static unsigned long flood_run(struct flood *flood, double seconds, double rate, bool many)
{
	double begun = now();
	unsigned long sent = 0;

	while (now() - begun < seconds) {
		int n;

		if ((double)sent > (now() - begun) * rate) {
			nanosleep(&(const struct timespec){.tv_nsec = 100 * 1000}, NULL);
			continue;
		}
		if (many)
			vary(flood);
		n = sendmmsg(flood->fd, flood->messages, AT_ONCE, 0);
		sent += n > 0 ? (unsigned long)n : 0;
	}
	return sent;
}

int main(int argc, char *argv[])
{
	static struct flood flood;
	struct rusage used;
	unsigned long sent;

	if (argc != 6 || !flood_open(&flood, argv[4], argv[5])) {
		fputs("usage: flood SECONDS PACKETS_PER_SECOND one|many FROM TO, as root\n", stderr);
		return 2;
	}
	sent = flood_run(&flood, atof(argv[1]), atof(argv[2]), strcmp(argv[3], "many") == 0);
	getrusage(RUSAGE_SELF, &used);
	printf("%lu %.3f\n", sent,
	       (double)used.ru_stime.tv_sec + (double)used.ru_stime.tv_usec / 1e6 +
	               (double)used.ru_utime.tv_sec + (double)used.ru_utime.tv_usec / 1e6);
	return 0;
}

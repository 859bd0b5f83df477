/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every packet tells its class by the client's port, so that counting needs no address. The sender walks through the
 * flows in turn, in one order on both sides of the gateway, so that an answer never overtakes the packet it answers; a
 * client takes a fresh port now and then, which makes conntrack judge anew.
 */
#include "tests/lab/torture_traffic.h"

#include <errno.h>
#include <limits.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/lab/expect.h"
#include "tests/lab/packet.h"

#define PORT_KEEP   64   /* packets until a client takes a fresh port */
#define TICKS_A_SEC 1000 /* at most; fewer when there are fewer packets */
#define SEC_IN_NS   1000000000
#define LATE_NS     50000000 /* too far behind to catch up */
#define MS_IN_US    1000

/* A server answers to the port of the row before. */
enum speaker { CLIENT_SPEAKS, SERVER_SPEAKS };

/* One row is one packet in turn. */
struct flow {
	enum traffic_class class;
	const char *client, *server;
	uint8_t proto, flags;
	uint16_t port;
	enum speaker speaker;
};

#define MS4    "10.1.0.10"
#define MS6    "2001:db8:1::10"
#define AGENT4 "10.2.0.20"
#define AGENT6 "2001:db8:2::20"
#define DB4    "10.2.0.50"
#define DB6    "2001:db8:2::50"

static const struct flow flows[] = {
        {TRAFFIC_ALLOWED, AGENT4, MS4, IPPROTO_TCP, TCP_SYN, 5723, CLIENT_SPEAKS},
        {TRAFFIC_FORBIDDEN, "10.2.0.99", MS4, IPPROTO_TCP, TCP_SYN, 5723, CLIENT_SPEAKS},
        {TRAFFIC_ALLOWED, MS4, DB4, IPPROTO_UDP, 0, 1434, CLIENT_SPEAKS},
        {TRAFFIC_ALLOWED, MS4, DB4, IPPROTO_UDP, 0, 1434, SERVER_SPEAKS},
        {TRAFFIC_FORBIDDEN, MS4, DB4, IPPROTO_UDP, 0, 1435, CLIENT_SPEAKS},
        {TRAFFIC_ALLOWED, AGENT6, MS6, IPPROTO_TCP, TCP_SYN, 5723, CLIENT_SPEAKS},
        {TRAFFIC_FORBIDDEN, "2001:db8:2::99", MS6, IPPROTO_TCP, TCP_SYN, 5723, CLIENT_SPEAKS},
        {TRAFFIC_ALLOWED, MS6, DB6, IPPROTO_UDP, 0, 1434, CLIENT_SPEAKS},
        {TRAFFIC_ALLOWED, MS6, DB6, IPPROTO_UDP, 0, 1434, SERVER_SPEAKS},
        {TRAFFIC_FORBIDDEN, MS6, DB6, IPPROTO_UDP, 0, 1435, CLIENT_SPEAKS},
        {TRAFFIC_WINDOW, MS4, DB4, IPPROTO_TCP, TCP_SYN, 135, CLIENT_SPEAKS},
        /* members of an interval set, and their neighbours */
        {TRAFFIC_ALLOWED, "10.2.8.77", MS4, IPPROTO_TCP, TCP_SYN, 5723, CLIENT_SPEAKS},
        {TRAFFIC_FORBIDDEN, "10.2.10.1", MS4, IPPROTO_TCP, TCP_SYN, 5723, CLIENT_SPEAKS},
        {TRAFFIC_ALLOWED, "2001:db8:2:8::77", MS6, IPPROTO_TCP, TCP_SYN, 5723, CLIENT_SPEAKS},
        {TRAFFIC_FORBIDDEN, "2001:db8:2:a::1", MS6, IPPROTO_TCP, TCP_SYN, 5723, CLIENT_SPEAKS},
        /* connections that are picked up in the middle */
        {TRAFFIC_ALLOWED, AGENT4, MS4, IPPROTO_TCP, TCP_ACK, 5723, CLIENT_SPEAKS},
        {TRAFFIC_ALLOWED, AGENT4, MS4, IPPROTO_TCP, TCP_ACK, 5723, SERVER_SPEAKS},
        {TRAFFIC_FORBIDDEN, "10.2.0.98", MS4, IPPROTO_TCP, TCP_ACK, 5723, CLIENT_SPEAKS},
        {TRAFFIC_FORBIDDEN, "10.2.0.98", MS4, IPPROTO_TCP, TCP_ACK, 5723, SERVER_SPEAKS},
        {TRAFFIC_ALLOWED, AGENT6, MS6, IPPROTO_TCP, TCP_ACK, 5723, CLIENT_SPEAKS},
        {TRAFFIC_ALLOWED, AGENT6, MS6, IPPROTO_TCP, TCP_ACK, 5723, SERVER_SPEAKS},
        {TRAFFIC_FORBIDDEN, "2001:db8:2::98", MS6, IPPROTO_TCP, TCP_ACK, 5723, CLIENT_SPEAKS},
        /* members, but to ports they have no row for */
        {TRAFFIC_FORBIDDEN, AGENT4, MS4, IPPROTO_UDP, 0, 1434, CLIENT_SPEAKS},
        {TRAFFIC_FORBIDDEN, AGENT6, MS6, IPPROTO_UDP, 0, 1434, CLIENT_SPEAKS},
        {TRAFFIC_FORBIDDEN, DB4, MS4, IPPROTO_TCP, TCP_SYN, 1433, CLIENT_SPEAKS},
        {TRAFFIC_WINDOW, MS6, DB6, IPPROTO_UDP, 0, 137, CLIENT_SPEAKS},
};
#define N_FLOWS (sizeof(flows) / sizeof(flows[0]))

/* What sender and test share. */
struct shared {
	atomic_uint hold, seen; /* the sender repeats what it saw in hold */
	atomic_bool anew;       /* it takes fresh ports for all */
	atomic_uint rate;       /* packets a second */
	atomic_uint keep;       /* packets until a client takes a fresh port */
};

struct traffic {
	struct shared *shared;
	pid_t sender;
};

struct sender {
	struct shared *shared;
	int side[2]; /* packet sockets on l0, r0 */
	struct probe probes[N_FLOWS];
	uint16_t port[N_FLOWS]; /* of the client */
	unsigned used[N_FLOWS]; /* packets with this port */
	unsigned turn[N_FLOWS]; /* ports so far */
	size_t next;
};

static int side_open(const struct lab *lab, enum lab_ns ns, const char *interface)
{
	int fd = lab_socket(lab, ns, AF_PACKET, SOCK_RAW, 0);
	lab_enter(lab, ns);
	struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(interface)};
	lab_leave(lab);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		fail_msg("bind to %s: %s", interface, strerror(errno));
	return fd;
}

static void probes_make(struct sender *sender)
{
	for (size_t i = 0; i < N_FLOWS; i++) {
		const struct flow *flow = &flows[i];
		sender->probes[i] = (struct probe){
		        .src = address_of(flow->speaker == SERVER_SPEAKS ? flow->server : flow->client),
		        .dst = address_of(flow->speaker == SERVER_SPEAKS ? flow->client : flow->server),
		        .proto = flow->proto,
		        .tcp_flags = flow->flags};
		sender->used[i] = (unsigned)i * 5 % PORT_KEEP; /* not all at once take a fresh port */
	}
}

/* Two flows never share a port; answers go to that of the row before. */
static uint16_t client_port(struct sender *sender, size_t i)
{
	if (flows[i].speaker == SERVER_SPEAKS)
		return sender->port[i - 1];
	if (sender->used[i]++ >= atomic_load(&sender->shared->keep)) {
		sender->used[i] = 1;
		sender->turn[i]++;
	}
	unsigned turn = sender->turn[i] % (TRAFFIC_PORTS / N_FLOWS);
	return (uint16_t)(TRAFFIC_PORT + TRAFFIC_PORTS * flows[i].class + turn * N_FLOWS + i);
}

static void flow_send(struct sender *sender, size_t i)
{
	uint8_t frame[ETH_HLEN + PACKET_MAX] = {0};
	struct probe *probe = &sender->probes[i];
	sender->port[i] = client_port(sender, i);
	probe->sport = flows[i].speaker == SERVER_SPEAKS ? flows[i].port : sender->port[i];
	probe->dport = flows[i].speaker == SERVER_SPEAKS ? sender->port[i] : flows[i].port;
	uint8_t side = address_home(&probe->src) == NS_LEFT ? 0 : 1;
	const uint8_t to[ETH_ALEN] = {2, 0, 0, 0, (uint8_t)(side + 1), 1};
	const uint8_t from[ETH_ALEN] = {2, 0, 0, 0, (uint8_t)(side + 1), 2};
	unsigned type = probe->src.family == AF_INET ? ETH_P_IP : ETH_P_IPV6;
	memcpy(frame, to, ETH_ALEN);
	memcpy(frame + ETH_ALEN, from, ETH_ALEN);
	frame[12] = (uint8_t)(type >> 8);
	frame[13] = (uint8_t)type;
	size_t len = packet_build(probe, 1, frame + ETH_HLEN);
	/* A full queue loses a packet before anybody counts it. */
	(void)!send(sender->side[side], frame, ETH_HLEN + len, 0);
}

static void sender_tick(struct sender *sender, unsigned packets)
{
	for (unsigned i = 0; i < packets; i++) {
		flow_send(sender, sender->next);
		sender->next = (sender->next + 1) % N_FLOWS;
	}
}

static int64_t timespec_ns(const struct timespec *time)
{
	return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

/* The next tick on a steady clock; what was missed by far is not made up for. */
static void tick_await(struct timespec *next, int64_t tick_ns)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	int64_t at = timespec_ns(next) + tick_ns;
	if (timespec_ns(&now) - at > LATE_NS)
		at = timespec_ns(&now);
	*next = (struct timespec){.tv_sec = at / 1000000000, .tv_nsec = at % 1000000000};
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, next, NULL);
}

static void clients_renew(struct sender *sender)
{
	for (size_t i = 0; i < N_FLOWS; i++)
		sender->used[i] = UINT_MAX;
	sender->next = 0; /* no answer before its question */
}

static void sender_run(struct sender *sender)
{
	struct timespec next;
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (;;) {
		unsigned hold = atomic_load(&sender->shared->hold);
		atomic_store(&sender->shared->seen, hold);
		if (atomic_exchange(&sender->shared->anew, false))
			clients_renew(sender);
		unsigned rate = atomic_load(&sender->shared->rate);
		unsigned packets = rate < TICKS_A_SEC ? 1 : rate / TICKS_A_SEC;
		if (!hold)
			sender_tick(sender, packets);
		tick_await(&next, (int64_t)SEC_IN_NS * packets / rate);
	}
}

static void child_note(struct lab *lab, pid_t pid)
{
	for (int i = 0; i < LAB_CHILDREN_MAX; i++) {
		if (lab->children[i] == 0) {
			lab->children[i] = pid;
			return;
		}
	}
	fail_msg("the lab has too many children");
}

static pid_t sender_start(struct lab *lab, struct shared *shared)
{
	struct sender sender = {.shared = shared,
	                        .side = {side_open(lab, NS_LEFT, "l0"), side_open(lab, NS_RIGHT, "r0")}};
	probes_make(&sender);
	pid_t pid = fork();
	if (pid == 0) {
		cpu_set_t all;
		memset(&all, 0xff, sizeof(all));
		sched_setaffinity(0, sizeof(all), &all);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		sender_run(&sender);
	}
	close(sender.side[0]);
	close(sender.side[1]);
	child_note(lab, pid);
	return pid;
}

static void hold_set(struct traffic *traffic, unsigned hold)
{
	atomic_store(&traffic->shared->hold, hold);
	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS; atomic_load(&traffic->shared->seen) != hold;) {
		usleep(100);
		if (lab_now_ms() > end)
			fail_msg("the sender does not listen");
	}
}

void traffic_hold(struct traffic *traffic)
{
	struct traffic_counts last, now;
	hold_set(traffic, 1);
	traffic_read(&now);
	do {
		last = now;
		usleep(2 * MS_IN_US);
		traffic_read(&now);
	} while (memcmp(&last, &now, sizeof(now)) != 0);
}

void traffic_resume(struct traffic *traffic)
{
	hold_set(traffic, 0);
}

void traffic_begin_anew(struct lab *lab, struct traffic *traffic)
{
	conntrack_flush(lab);
	atomic_store(&traffic->shared->anew, true);
}

void traffic_pace(struct traffic *traffic, unsigned packets_per_second, bool fresh)
{
	atomic_store(&traffic->shared->rate, packets_per_second ? packets_per_second : 1);
	atomic_store(&traffic->shared->keep, fresh ? 1 : PORT_KEEP);
}

uint64_t traffic_cpu_ms(const struct traffic *traffic)
{
	clockid_t clock;
	struct timespec used = {0};
	if (clock_getcpuclockid(traffic->sender, &clock) == 0)
		clock_gettime(clock, &used);
	return (uint64_t)timespec_ns(&used) / (SEC_IN_NS / 1000);
}

struct traffic *traffic_start(struct lab *lab, unsigned packets_per_second)
{
	struct traffic *traffic = calloc(1, sizeof(*traffic));
	traffic->shared = mmap(NULL, sizeof(*traffic->shared), PROT_READ | PROT_WRITE,
	                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	traffic_pace(traffic, packets_per_second, false);
	traffic->sender = sender_start(lab, traffic->shared);
	return traffic;
}

void traffic_stop(struct lab *lab, struct traffic *traffic)
{
	kill(traffic->sender, SIGKILL);
	lab_wait(lab, traffic->sender);
	munmap(traffic->shared, sizeof(*traffic->shared));
	free(traffic);
}

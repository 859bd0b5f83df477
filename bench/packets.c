// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a packet costs on its way through a gateway: CPU time of the whole path (left, gateway, right are namespaces joined by
 * veth pairs, and all of it happens inside the sender's system call), for many gateways with different rules.
 *
 * Every round sends one burst through each gateway, a few ms each, so that whatever else the machine does falls on all
 * of them; the median over the rounds is printed. Frames are made and connections forgotten outside of the time taken.
 *
 * Usage: packets ROUNDS GATEWAY...     as root; the namespaces /run/netns/GATEWAY, GATEWAY-left and GATEWAY-right exist
 * Input:  CASE KIND PROTO FROM TO PORT  one a line; KIND is one of the table `kinds` below
 * Output: CASE GATEWAY NANOSECONDS PASSED   CPU time of a packet (of a connection), and the share of packets that got through
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench/wire.h"

#define GATEWAYS_MAX      24
#define ROUNDS_MAX        2000
#define CONNECTIONS_BURST 16

struct gateway {
	const char *name;
	struct wire left, right;
	int forget;          /* netlink socket to the gateway's connection tracking */
	int listener;        /* of kind connections, in the right namespace */
	int left_ns;         /* where its clients are */
	unsigned next_port;  /* source port of the next new connection */
	uint64_t sent, seen; /* frames since the case began */
	double ns[ROUNDS_MAX];
};

struct test_case {
	char name[64], kind[16], proto[8], from[40], to[40];
	unsigned port;
	struct flow flow;
};

static struct gateway gateways[GATEWAYS_MAX];
static size_t n_gateways;
static int home_ns;

static void fail(const char *what)
{
	fprintf(stderr, "packets: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static double cpu_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static int open_namespace(const char *gateway, const char *side)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s%s", gateway, side);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		fail(path);
	return fd;
}

static void go_home(void)
{
	if (setns(home_ns, CLONE_NEWNET) < 0)
		fail("setns");
}

static void gateway_open(struct gateway *gateway, const char *name)
{
	gateway->name = name;
	gateway->listener = -1;
	close(open_namespace(name, ""));
	gateway->forget = connections_open();
	gateway->left_ns = open_namespace(name, "-left");
	wire_open(&gateway->left);
	close(open_namespace(name, "-right"));
	wire_open(&gateway->right);
	go_home();
	if (gateway->forget < 0 || gateway->left.fd < 0 || gateway->right.fd < 0)
		fail(name);
}

/* The time one burst takes, divided by its frames. */
static double burst_send(struct gateway *gateway, struct wire *wire)
{
	double before = cpu_ns();

	if (!wire_send(wire))
		fail("sendmmsg");
	gateway->sent += BURST;
	return (cpu_ns() - before) / BURST;
}

/* Every frame is a connection of its own, forgotten afterwards. */
static double measure_first(struct gateway *gateway, const struct test_case *test)
{
	double ns;

	for (unsigned i = 0; i < BURST; i++)
		wire_put(&gateway->left, i, &test->flow, FROM_CLIENT, FLAGS_FIRST,
		         (uint16_t)(10000 + gateway->next_port++ % 30000));
	ns = burst_send(gateway, &gateway->left);
	connections_forget(gateway->forget);
	return ns;
}

static void put_all(struct wire *wire, const struct flow *flow, enum sender sender, uint8_t flags)
{
	for (unsigned i = 0; i < BURST; i++)
		wire_put(wire, i, flow, sender, flags, (uint16_t)(20000 + i % FLOWS));
}

/* Handshakes of all flows, as three bursts; nothing of it is counted or timed. */
static void establish(struct gateway *gateway, const struct test_case *test)
{
	put_all(&gateway->left, &test->flow, FROM_CLIENT, FLAGS_FIRST);
	wire_send(&gateway->left);
	put_all(&gateway->right, &test->flow, FROM_SERVER, FLAGS_SECOND);
	wire_send(&gateway->right);
	put_all(&gateway->left, &test->flow, FROM_CLIENT, FLAGS_LATER);
	wire_send(&gateway->left);
}

static double measure_established(struct gateway *gateway, const struct test_case *test)
{
	put_all(&gateway->left, &test->flow, FROM_CLIENT, FLAGS_LATER);
	return burst_send(gateway, &gateway->left);
}

static double measure_answers(struct gateway *gateway, const struct test_case *test)
{
	put_all(&gateway->right, &test->flow, FROM_SERVER, FLAGS_LATER);
	return burst_send(gateway, &gateway->right);
}

static void listen_right(struct gateway *gateway, const struct test_case *test)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
	                         .sin_port = htons((uint16_t)test->port),
	                         .sin_addr.s_addr = test->flow.server};
	static const int one = 1;

	close(open_namespace(gateway->name, "-right"));
	gateway->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(gateway->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(gateway->listener, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(gateway->listener, 64) < 0)
		fail("listen");
	go_home();
}

static void connect_once(struct gateway *gateway, const struct test_case *test)
{
	static const struct linger reset = {.l_onoff = 1};
	struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = test->flow.client};
	struct sockaddr_in to = {.sin_family = AF_INET,
	                         .sin_port = htons((uint16_t)test->port),
	                         .sin_addr.s_addr = test->flow.server};
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), server;

	gateway->sent++;
	setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	if (bind(client, (struct sockaddr *)&from, sizeof(from)) == 0 &&
	    connect(client, (struct sockaddr *)&to, sizeof(to)) == 0) {
		server = accept(gateway->listener, NULL, NULL);
		gateway->seen += server >= 0;
		close(client);
		close(server);
		return;
	}
	close(client);
}

/* socket, connect, accept, reset: both hosts' TCP is in the time as well, the same for all gateways. */
static double measure_connections(struct gateway *gateway, const struct test_case *test)
{
	double before, ns;

	if (setns(gateway->left_ns, CLONE_NEWNET) < 0)
		fail("setns");
	before = cpu_ns();
	for (int i = 0; i < CONNECTIONS_BURST; i++)
		connect_once(gateway, test);
	ns = (cpu_ns() - before) / CONNECTIONS_BURST;
	go_home();
	connections_forget(gateway->forget);
	return ns;
}

static const struct {
	const char *name;
	void (*prepare)(struct gateway *gateway, const struct test_case *test);
	double (*measure)(struct gateway *gateway, const struct test_case *test);
	bool to_left; /* where the frames come out */
} kinds[] = {
        {"first", NULL, measure_first, false},                  /* new connections */
        {"established", establish, measure_established, false}, /* what the client says later */
        {"answers", establish, measure_answers, true},          /* what the server says */
        {"connections", listen_right, measure_connections, false},
};

static uint64_t arrived(const struct gateway *gateway, bool to_left)
{
	uint64_t frames;

	close(open_namespace(gateway->name, to_left ? "-left" : "-right"));
	frames = frames_received();
	go_home();
	return frames;
}

static int compare_numbers(const void *a, const void *b)
{
	const double *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static void print_result(const struct test_case *test, struct gateway *gateway, unsigned rounds)
{
	qsort(gateway->ns, rounds, sizeof(gateway->ns[0]), compare_numbers);
	printf("%s %s %.1f %.3f\n", test->name, gateway->name, gateway->ns[rounds / 2],
	       (double)gateway->seen / (double)gateway->sent);
	fflush(stdout);
}

static void run_case(const struct test_case *test, size_t kind, unsigned rounds)
{
	for (size_t i = 0; i < n_gateways; i++) {
		struct gateway *gateway = &gateways[i];

		connections_forget(gateway->forget);
		gateway->sent = gateway->seen = 0;
		if (kinds[kind].prepare)
			kinds[kind].prepare(gateway, test);
		kinds[kind].measure(gateway, test); /* to warm up */
		gateway->sent = 0;
		gateway->seen = gateway->listener < 0 ? arrived(gateway, kinds[kind].to_left) : 0;
	}
	for (unsigned round = 0; round < rounds; round++) {
		for (size_t i = 0; i < n_gateways; i++) {
			struct gateway *gateway = &gateways[(i + round) % n_gateways];

			gateway->ns[round] = kinds[kind].measure(gateway, test);
		}
	}
	for (size_t i = 0; i < n_gateways; i++) {
		struct gateway *gateway = &gateways[i];

		if (gateway->listener < 0)
			gateway->seen = arrived(gateway, kinds[kind].to_left) - gateway->seen;
		else
			close(gateway->listener);
		gateway->listener = -1;
		print_result(test, gateway, rounds);
	}
}

static void read_cases(unsigned rounds)
{
	struct test_case test;

	while (scanf("%63s %15s %7s %39s %39s %u", test.name, test.kind, test.proto, test.from, test.to,
	             &test.port) == 6) {
		size_t kind = 0;

		while (kind < sizeof(kinds) / sizeof(kinds[0]) && strcmp(kinds[kind].name, test.kind) != 0)
			kind++;
		test.flow.udp = strcmp(test.proto, "udp") == 0;
		test.flow.port = htons((uint16_t)test.port);
		if (kind == sizeof(kinds) / sizeof(kinds[0]) ||
		    inet_pton(AF_INET, test.from, &test.flow.client) != 1 ||
		    inet_pton(AF_INET, test.to, &test.flow.server) != 1) {
			fprintf(stderr, "packets: case %s: wrong kind or address\n", test.name);
			exit(EXIT_FAILURE);
		}
		run_case(&test, kind, rounds);
	}
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 2 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
	cpu_set_t one;

	if (!rounds || rounds > ROUNDS_MAX || argc - 2 > GATEWAYS_MAX) {
		fputs("usage: packets ROUNDS GATEWAY... <CASES; see the head of bench/packets.c\n", stderr);
		return 2;
	}
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
	home_ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	for (int i = 2; i < argc; i++)
		gateway_open(&gateways[n_gateways++], argv[i]);
	read_cases(rounds);
	return 0;
}

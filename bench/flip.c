// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How long a phase takes: from the signal at the agent to the first packet with the new verdict. New connections knock at a port
 * of an install row, one packet every few microseconds, through the gateway of a running agent.
 *
 * On a busy machine most of that can be waiting for a CPU. The kernel counts how long the agent waited for one, and the knocks on
 * both sides of the change tell how long the sender did: "undisturbed" are the flips in which both waited less than 20 us.
 *
 * What the agent does each 20 ms it does with cold caches; GAP_MS, between a flip and the next, shows what that costs.
 *
 * Usage: flip ROUNDS GATEWAY AGENT_PID FROM TO UDP_PORT [GAP_MS]     as root; the namespaces are those of bench/packets
 * Output: open MEDIAN P99 MAX UNDISTURBED MEDIAN P99 MAX    in microseconds, the second three of the undisturbed alone;
 *         close ...                                         the same
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/wire.h"

#define ROUNDS_MAX  1000
#define PATIENCE_US 10e6
#define QUIET       20   /* packets in a row that are lost: the door is closed */
#define WAIT_US     20.0 /* that is still undisturbed */

struct flip {
	double us;     /* from the signal to the change */
	double doubt;  /* the change was so much earlier at the most: the time of the knock that saw it */
	double waited; /* what the agent was ready to run and did not */
};

static struct wire left;
static int right; /* sees what comes out */
static struct flow flow = {.udp = true};
static unsigned knocks;

static void fail(const char *what)
{
	fprintf(stderr, "flip: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static double now_us(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static void enter(const char *gateway, const char *side)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s%s", gateway, side);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		fail(path);
	close(fd);
}

static void open_right(void)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETHERTYPE_IP)};
	static const int one = 1;

	address.sll_ifindex = (int)if_nametoindex("eth0");
	right = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	setsockopt(right, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one));
	if (right < 0 || bind(right, (struct sockaddr *)&address, sizeof(address)) < 0)
		fail("right");
}

/* One packet of a new connection; whether it got through. */
static bool knock(void)
{
	uint8_t frame[256];
	bool through = false;

	wire_put(&left, 0, &flow, FROM_CLIENT, FLAGS_FIRST, (uint16_t)(10000 + knocks++ % 50000));
	if (sendmsg(left.fd, &left.messages[0].msg_hdr, 0) < 0)
		fail("send");
	while (recv(right, frame, sizeof(frame), 0) > 0)
		through = true;
	return through;
}

/* How long the agent's loop has waited for a CPU, in us; 0 where the kernel does not count it. */
static double cpu_waits(pid_t agent)
{
	char path[64];
	unsigned long long ran, waited = 0;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", (int)agent, (int)agent);
	in = fopen(path, "r");
	if (in && fscanf(in, "%llu %llu", &ran, &waited) != 2)
		waited = 0;
	if (in)
		fclose(in);
	return (double)waited / 1e3;
}

/* From the signal until packets are let through, or are not any more. */
static struct flip flip(pid_t agent, int signal, bool open)
{
	double waited = cpu_waits(agent), begun = now_us(), last = begun;
	struct flip result = {.us = 0};

	if (kill(agent, signal) < 0)
		fail("kill");
	for (unsigned same = 0; same < (open ? 1 : QUIET);) {
		bool through = knock();
		double now = now_us();

		if (now - begun > PATIENCE_US) {
			errno = ETIMEDOUT;
			fail("the agent");
		}
		if (through != open)
			same = 0;
		else if (same++ == 0)
			result = (struct flip){.us = now - begun, .doubt = now - last};
		last = now;
	}
	result.waited = cpu_waits(agent) - waited;
	return result;
}

static int compare_numbers(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void print_times(double *us, unsigned n)
{
	qsort(us, n, sizeof(*us), compare_numbers);
	if (n)
		printf(" %.0f %.0f %.0f", us[n / 2], us[n * 99 / 100], us[n - 1]);
	else
		printf(" - - -");
}

static void print(const char *name, const struct flip *flips, unsigned n)
{
	static double all[ROUNDS_MAX], undisturbed[ROUNDS_MAX];
	unsigned quiet = 0;

	for (unsigned i = 0; i < n; i++) {
		all[i] = flips[i].us;
		if (flips[i].doubt < WAIT_US && flips[i].waited < WAIT_US)
			undisturbed[quiet++] = flips[i].us;
	}
	printf("%s", name);
	print_times(all, n);
	printf(" %u", quiet);
	print_times(undisturbed, quiet);
	putchar('\n');
}

int main(int argc, char **argv)
{
	static struct flip opened[ROUNDS_MAX], closed[ROUNDS_MAX];
	unsigned rounds = argc >= 7 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
	unsigned gap_us = argc == 8 ? (unsigned)strtoul(argv[7], NULL, 10) * 1000 : 20000;
	pid_t agent;
	int forget;

	if (!rounds || rounds > ROUNDS_MAX || inet_pton(AF_INET, argv[4], &flow.client) != 1 ||
	    inet_pton(AF_INET, argv[5], &flow.server) != 1) {
		fputs("usage: flip ROUNDS GATEWAY AGENT_PID FROM TO UDP_PORT [GAP_MS], as root\n", stderr);
		return 2;
	}
	agent = (pid_t)strtol(argv[3], NULL, 10);
	flow.port = htons((uint16_t)strtoul(argv[6], NULL, 10));
	enter(argv[2], "");
	forget = connections_open();
	enter(argv[2], "-left");
	wire_open(&left);
	enter(argv[2], "-right");
	open_right();
	for (unsigned i = 0; i < rounds; i++) {
		opened[i] = flip(agent, SIGUSR1, true);
		usleep(gap_us);
		closed[i] = flip(agent, SIGUSR2, false);
		connections_forget(forget);
		usleep(gap_us + i * 137 % (gap_us / 5 + 1)); /* not in step with any clock */
	}
	print("open", opened, rounds);
	print("close", closed, rounds);
	return 0;
}

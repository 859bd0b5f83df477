// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The time from a signal at the agent to the first packet with the new verdict. The packets are sent from here, so that a
 * denied one is an error of send(): one is sent after the other until that changes. Opening and closing by turns.
 * Usage: flip_probe PID FROM TO PORT FLIPS [GAP_MS]      prints median, p99 and longest in us, for opening and closing
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_US 10e6

static int sender;

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int socket_at(const char *address, int port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || inet_pton(AF_INET, address, &at.sin_addr) != 1 ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0) {
		perror(address);
		exit(EXIT_FAILURE);
	}
	return fd;
}

static void connect_to(int fd, const char *address, int port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

	if (inet_pton(AF_INET, address, &to.sin_addr) != 1 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		perror(address);
		exit(EXIT_FAILURE);
	}
}

static bool passes(void)
{
	char byte = 0;

	return send(sender, &byte, 1, MSG_DONTWAIT) == 1;
}

static double flip(pid_t agent, bool open)
{
	double begun = now_us();

	if (kill(agent, open ? SIGUSR1 : SIGUSR2) < 0) {
		perror("kill");
		exit(EXIT_FAILURE);
	}
	while (passes() != open)
		if (now_us() - begun > PATIENCE_US) {
			fprintf(stderr, "flip_probe: the agent does not %s\n", open ? "open" : "close");
			exit(EXIT_FAILURE);
		}
	return now_us() - begun;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void tell(const char *name, double *times, int n)
{
	qsort(times, (size_t)n, sizeof(*times), compare);
	printf("%s %.0f %.0f %.0f\n", name, times[n / 2], times[n * 99 / 100], times[n - 1]);
}

int main(int argc, char **argv)
{
	int flips = argc > 5 ? atoi(argv[5]) : 0, gap_ms = argc > 6 ? atoi(argv[6]) : 20;
	double *opened = calloc((size_t)flips + 1, sizeof(*opened));
	double *closed = calloc((size_t)flips + 1, sizeof(*closed));
	pid_t agent = argc > 1 ? atoi(argv[1]) : 0;

	if (agent <= 0 || flips <= 0 || !opened || !closed) {
		fprintf(stderr, "usage: flip_probe PID FROM TO PORT FLIPS [GAP_MS]\n");
		return EXIT_FAILURE;
	}
	sender = socket_at(argv[2], 0);
	connect_to(sender, argv[3], atoi(argv[4]));
	for (int i = 0; i < flips; i++) {
		opened[i] = flip(agent, true);
		usleep((unsigned)gap_ms * 1000);
		closed[i] = flip(agent, false);
		usleep((unsigned)gap_ms * 1000);
	}
	tell("open", opened, flips);
	tell("close", closed, flips);
	free(opened);
	free(closed);
	return EXIT_SUCCESS;
}

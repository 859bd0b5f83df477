/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two ends of a packet, for scripts/demo and tests/vm: needs nothing but itself on either side of the gateway.
 *
 *   demo_probe serve tcp/1433 udp/1434 ...    answers every message with the same bytes, until it is killed
 *   demo_probe ask tcp|udp|icmp ADDRESS PORT  0: an answer came; 1: none did; 2: something else went wrong
 *   demo_probe hold ADDRESS PORT              says "ready" and keeps a connection busy; 1 as soon as an answer fails to come
 *   demo_probe stream ADDRESS PORT            sends UDP every millisecond until SIGTERM; prints how many it sent and how many
 *                                             were answered
 *
 * "ask" takes an answer for the proof that a packet passed and silence for the proof that it did not: a listener that
 * is not there would look like a denial, which is why serve prints "ready" once it listens on every port.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MS     1500
#define HOLD_EVERY_MS 20
#define STREAM_US     1000
#define SOCKETS_MAX   256
#define BUFFER_BYTES  (8 << 20)

enum outcome { ANSWERED, SILENT, BROKEN };

static const char message[] = "omfwd demo";

/* Sockets that serve holds: listeners first accepted from, then connections and UDP sockets echoed on. */
struct server {
	struct pollfd fds[SOCKETS_MAX];
	bool listens[SOCKETS_MAX];
	nfds_t n;
};

static int fail(const char *what)
{
	fprintf(stderr, "demo_probe: %s: %s\n", what, strerror(errno));
	return BROKEN;
}

/* No packet is to be lost because we were slow. Without the right to it, it stays as it is. */
static void enlarge_buffer(int fd)
{
	static const int bytes = BUFFER_BYTES;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
}

static int server_add(struct server *server, int fd, bool listens)
{
	if (fd < 0 || server->n == SOCKETS_MAX)
		return -1;
	server->fds[server->n] = (struct pollfd){.fd = fd, .events = POLLIN};
	server->listens[server->n++] = listens;
	return 0;
}

/* Listens on v6 and, through it, on v4. */
static int server_open(struct server *server, const char *spec)
{
	bool tcp = strncmp(spec, "tcp/", 4) == 0;
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)atoi(spec + 4))};
	int fd = socket(AF_INET6, tcp ? SOCK_STREAM : SOCK_DGRAM, 0), one = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0 || (tcp && listen(fd, 64) < 0))
		return fail(spec);
	enlarge_buffer(fd);
	return server_add(server, fd, tcp) < 0 ? BROKEN : ANSWERED;
}

static void server_echo(struct server *server, nfds_t i)
{
	struct sockaddr_in6 from;
	socklen_t len = sizeof(from);
	char buf[64];
	ssize_t n = recvfrom(server->fds[i].fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len);

	if (n > 0) {
		sendto(server->fds[i].fd, buf, (size_t)n, MSG_NOSIGNAL, (struct sockaddr *)&from, len);
	} else if (n == 0) {
		close(server->fds[i].fd);
		server->n--;
		server->fds[i] = server->fds[server->n];
		server->listens[i] = server->listens[server->n];
	}
}

static int serve(char **specs)
{
	struct server server = {.n = 0};

	for (; *specs; specs++)
		if (server_open(&server, *specs) != ANSWERED)
			return BROKEN;
	puts("ready");
	fflush(stdout);
	while (poll(server.fds, server.n, -1) > 0)
		for (nfds_t i = server.n; i-- > 0;) {
			if (!server.fds[i].revents)
				continue;
			if (server.listens[i])
				server_add(&server, accept(server.fds[i].fd, NULL, NULL), false);
			else
				server_echo(&server, i);
		}
	return fail("poll");
}

static enum outcome wait_for(int fd, short events)
{
	struct pollfd pollfd = {.fd = fd, .events = events};

	return poll(&pollfd, 1, ANSWER_MS) > 0 ? ANSWERED : SILENT;
}

/* Sends one message over a connected socket and waits for an answer. */
static enum outcome exchange(int fd, const void *out, size_t size)
{
	char in[256];

	if (send(fd, out, size, MSG_NOSIGNAL) < 0)
		return SILENT;
	if (wait_for(fd, POLLIN) != ANSWERED)
		return SILENT;
	return recv(fd, in, sizeof(in), 0) > 0 ? ANSWERED : SILENT;
}

/* A connected socket to the address; -1 when nothing answers there in time. */
static int connect_to(const char *proto, const char *address, const char *port)
{
	int type = strcmp(proto, "tcp") == 0 ? SOCK_STREAM : SOCK_DGRAM;
	bool v6 = strchr(address, ':') != NULL;
	int protocol = strcmp(proto, "icmp") != 0 ? 0 : v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = type}, *to;
	int error = 0;
	socklen_t len = sizeof(error);
	int fd = socket(v6 ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK, protocol);

	if (fd < 0 || getaddrinfo(address, protocol ? NULL : port, &hints, &to) != 0)
		exit(fail(address));
	if (connect(fd, to->ai_addr, to->ai_addrlen) < 0 &&
	    (errno != EINPROGRESS || wait_for(fd, POLLOUT) != ANSWERED))
		error = ETIMEDOUT;
	else
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	freeaddrinfo(to);
	if (!error)
		return fd;
	close(fd);
	return -1;
}

/* The kernel fills in id and checksum of an echo request and hands over its reply alone. */
static enum outcome exchange_echo(int fd, const char *address)
{
	struct icmphdr request4 = {.type = ICMP_ECHO};
	struct icmp6_hdr request6 = {.icmp6_type = ICMP6_ECHO_REQUEST};

	return strchr(address, ':') ? exchange(fd, &request6, sizeof(request6))
	                            : exchange(fd, &request4, sizeof(request4));
}

static enum outcome ask(const char *proto, const char *address, const char *port)
{
	int fd = connect_to(proto, address, port);
	enum outcome outcome;

	if (fd < 0)
		return SILENT;
	outcome = strcmp(proto, "icmp") == 0 ? exchange_echo(fd, address)
	                                     : exchange(fd, message, sizeof(message));
	close(fd);
	return outcome;
}

static int hold(const char *address, const char *port)
{
	int fd = connect_to("tcp", address, port);
	bool ready = false;

	while (fd >= 0 && exchange(fd, message, sizeof(message)) == ANSWERED) {
		if (!ready)
			puts("ready");
		ready = true;
		fflush(stdout);
		usleep(HOLD_EVERY_MS * 1000);
	}
	return SILENT;
}

static volatile sig_atomic_t stream_ends;

static void end_stream(int signum)
{
	stream_ends = signum;
}

static unsigned long count_answers(int fd)
{
	unsigned long n = 0;
	char buf[64];

	while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		n++;
	return n;
}

/* What cannot be sent (no route yet, nobody there) is not counted and not given up on. */
static int stream(const char *address, const char *port)
{
	int fd = connect_to("udp", address, port);
	unsigned long sent = 0, answered = 0;

	if (fd < 0)
		return fail(address);
	enlarge_buffer(fd);
	signal(SIGTERM, end_stream);
	while (!stream_ends) {
		if (send(fd, message, sizeof(message), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
			sent++;
		answered += count_answers(fd);
		usleep(STREAM_US);
	}
	while (wait_for(fd, POLLIN) == ANSWERED)
		answered += count_answers(fd);
	printf("sent %lu answered %lu\n", sent, answered);
	return ANSWERED;
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "serve") == 0)
		return serve(argv + 2);
	if (argc == 5 && strcmp(argv[1], "ask") == 0)
		return ask(argv[2], argv[3], argv[4]);
	if (argc == 4 && strcmp(argv[1], "hold") == 0)
		return hold(argv[2], argv[3]);
	if (argc == 4 && strcmp(argv[1], "stream") == 0)
		return stream(argv[2], argv[3]);
	fputs("usage: demo_probe serve PROTO/PORT... | ask PROTO ADDRESS PORT | hold ADDRESS PORT | "
	      "stream ADDRESS PORT\n",
	      stderr);
	return BROKEN;
}

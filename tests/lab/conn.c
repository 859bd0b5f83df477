/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One process plays both hosts, so everything is non-blocking and waits with poll() for the other end. */
#include "tests/lab/conn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lab/expect.h"

#define OPEN_TIMEOUT 1000 /* ms */
#define BYTE_TIMEOUT 400
#define PUSH_TIMEOUT 5000

union name {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t name_make(union name *name, const char *address, uint16_t port)
{
	struct address parsed = address_of(address);
	memset(name, 0, sizeof(*name));
	if (parsed.family == AF_INET) {
		name->v4.sin_family = AF_INET;
		name->v4.sin_port = htons(port);
		memcpy(&name->v4.sin_addr, parsed.bytes, 4);
		return sizeof(name->v4);
	}
	name->v6.sin6_family = AF_INET6;
	name->v6.sin6_port = htons(port);
	memcpy(&name->v6.sin6_addr, parsed.bytes, 16);
	return sizeof(name->v6);
}

int endpoint_bind(const struct lab *lab, const struct endpoint *at, int type, int protocol, uint16_t port)
{
	union name name;
	socklen_t len = name_make(&name, at->address, port);
	int fd = lab_socket(lab, at->ns, name.any.sa_family, type | SOCK_NONBLOCK, protocol);
	int one = 1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, &name.any, len) < 0)
		fail_msg("bind to %s: %s", at->address, strerror(errno));
	return fd;
}

int endpoint_connect(int fd, const struct endpoint *to)
{
	union name name;
	socklen_t len = name_make(&name, to->address, to->port);
	return connect(fd, &name.any, len);
}

static bool is_ready(int fd, short events, int timeout)
{
	struct pollfd poll_fd = {.fd = fd, .events = events};
	return poll(&poll_fd, 1, timeout) == 1 && (poll_fd.revents & events);
}

bool conn_open(const struct lab *lab, struct conn *conn, const struct endpoint *client,
               const struct endpoint *server, const struct endpoint *via)
{
	conn->server = -1;
	conn->listener = endpoint_bind(lab, server, SOCK_STREAM, 0, server->port);
	conn->client = endpoint_bind(lab, client, SOCK_STREAM, 0, 0);
	if (listen(conn->listener, 4) < 0)
		fail_msg("listen: %s", strerror(errno));
	if (endpoint_connect(conn->client, via ? via : server) < 0 && errno != EINPROGRESS)
		return false;
	if (!is_ready(conn->listener, POLLIN, OPEN_TIMEOUT))
		return false;
	conn->server = accept4(conn->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	return conn->server >= 0 && conn_is_alive(conn);
}

static bool byte_passes(int from, int to)
{
	static char next;
	char sent = ++next, got = 0;
	if (send(from, &sent, 1, MSG_NOSIGNAL) != 1)
		return false;
	while (is_ready(to, POLLIN, BYTE_TIMEOUT) && recv(to, &got, 1, 0) == 1)
		if (got == sent)
			return true;
	return false;
}

bool conn_is_alive(const struct conn *conn)
{
	return byte_passes(conn->client, conn->server) && byte_passes(conn->server, conn->client);
}

bool conn_push(const struct conn *conn, size_t len)
{
	static char buf[65536];
	size_t sent = 0, got = 0;
	for (uint64_t end = lab_now_ms() + PUSH_TIMEOUT; got < len && lab_now_ms() < end;) {
		size_t want = len - sent < sizeof(buf) ? len - sent : sizeof(buf);
		ssize_t n = want ? send(conn->client, buf, want, MSG_NOSIGNAL) : 0;
		sent += n > 0 ? (size_t)n : 0;
		if (!is_ready(conn->server, POLLIN, 20))
			continue;
		n = recv(conn->server, buf, sizeof(buf), 0);
		got += n > 0 ? (size_t)n : 0;
	}
	return got == len;
}

void conn_close(struct conn *conn)
{
	/* A reset: no half-closed connection bothers the next test. */
	struct linger now = {.l_onoff = 1};
	int fds[] = {conn->client, conn->server, conn->listener};
	for (int i = 0; i < 3; i++) {
		if (fds[i] < 0)
			continue;
		setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		close(fds[i]);
	}
}

bool conn_udp_exchange(const struct lab *lab, const struct endpoint *client, const struct endpoint *server)
{
	union name name, peer;
	socklen_t len = name_make(&name, server->address, server->port), peer_len = sizeof(peer);
	int far = endpoint_bind(lab, server, SOCK_DGRAM, 0, server->port);
	int near = endpoint_bind(lab, client, SOCK_DGRAM, 0, 0);
	char byte = 'q';
	bool passed = sendto(near, &byte, 1, 0, &name.any, len) == 1 && is_ready(far, POLLIN, BYTE_TIMEOUT) &&
	              recvfrom(far, &byte, 1, 0, &peer.any, &peer_len) == 1 &&
	              sendto(far, &byte, 1, 0, &peer.any, peer_len) == 1 &&
	              is_ready(near, POLLIN, BYTE_TIMEOUT);
	close(near);
	close(far);
	return passed;
}

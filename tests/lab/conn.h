/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Real TCP connections and UDP exchanges between hosts of the lab. */
#ifndef LAB_CONN_H
#define LAB_CONN_H

#include "tests/lab/lab.h"

/* One end of a connection: where it lives and its address. */
struct endpoint {
	enum lab_ns ns;
	const char *address;
	uint16_t port; /* of the listener; not used by clients */
};

/* A non-blocking socket in the endpoint's namespace, bound to its address; fails the test if there is none. */
int endpoint_bind(const struct lab *lab, const struct endpoint *at, int type, int protocol, uint16_t port);

/* connect(2) to the endpoint. */
int endpoint_connect(int fd, const struct endpoint *to);

struct conn {
	int client, server, listener; /* -1: not there */
};

/*
 * Listens at server and connects from client. via, when not NULL, is what the client connects to instead (NAT).
 * Returns whether the connection came about within a second; conn_close() it in any case, or leave it to the end of
 * the test.
 */
bool conn_open(const struct lab *lab, struct conn *conn, const struct endpoint *client,
               const struct endpoint *server, const struct endpoint *via);

/* Whether a byte gets through in both directions now. */
bool conn_is_alive(const struct conn *conn);

/* Sends len bytes from client to server; whether all arrived within 5 s. */
bool conn_push(const struct conn *conn, size_t len);

void conn_close(struct conn *conn);

/* Sends a datagram from client to server and one back; whether both arrived. */
bool conn_udp_exchange(const struct lab *lab, const struct endpoint *client, const struct endpoint *server);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two ends of a gateway. Whoever sends is told of every packet that came out, exactly, and never waits for those
 * that did not: a marker that takes the same queues tells when the rest has been dropped.
 */
#ifndef OMFWD_PROVE_WIRE_H
#define OMFWD_PROVE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire;

/* Called with every IP packet that comes out. */
typedef void (*wire_seen_fn)(const uint8_t *ip, size_t len, void *data);

/* Opens the ends of the gateway in this namespace and waits until it works. Returns 0 or -errno. */
int wire_open(struct wire **ret, wire_seen_fn seen, void *data);
/* NULL is allowed. */
void wire_close(struct wire *wire);

/* Sends one IP packet. seen() may be called, also with packets sent before. Returns 0 or -errno. */
int wire_send(struct wire *wire, const uint8_t *ip, size_t len);

/* When this returns 0, seen() has been called for every packet sent so far that came through. Else -errno. */
int wire_finish(struct wire *wire);

#endif

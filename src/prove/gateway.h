/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gateway of a proof: a network namespace of its own that forwards every packet from one pair of interfaces to
 * another. It belongs to the calling process and ends with it.
 */
#ifndef OMFWD_PROVE_GATEWAY_H
#define OMFWD_PROVE_GATEWAY_H

#include <stdbool.h>
#include <stddef.h>

/* Packets go in at "tap0" and pass "gate0", the forward hook and "gate1"; they come out at "tap1". */
#define GATEWAY_IN      "gate0"
#define GATEWAY_OUT     "gate1"
#define GATEWAY_TAP_IN  "tap0"
#define GATEWAY_TAP_OUT "tap1"

extern const unsigned char gateway_mac[6]; /* of GATEWAY_IN */

struct gateway {
	bool has_v6; /* the kernel may be without */
};

/*
 * Moves the calling process into a new network namespace, for good, and makes a gateway of it. Without CAP_SYS_ADMIN a
 * user namespace is tried first. Returns 0, or -errno with a sentence in error; nothing outside has changed then.
 */
int gateway_make(struct gateway *ret, char *error, size_t size);

#endif

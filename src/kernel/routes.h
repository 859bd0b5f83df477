/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where this machine would send a packet: the routing tables, asked over netlink. Reads only; needs no privilege. */
#ifndef OMFWD_ROUTES_H
#define OMFWD_ROUTES_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "policy/addr.h"

struct mnl_socket;

struct route {
	bool exists;      /* false: nowhere, or refused by a route that says so */
	bool local;       /* to this machine itself */
	bool is_direct;   /* to a neighbour, without a gateway between */
	bool by_default;  /* only the default route leads there */
	bool has_several; /* the route has next hops on several interfaces */
	uint32_t index;   /* of the interface */
	char interface[IFNAMSIZ];
};

/* A socket for the questions below; mnl_socket_close() it. Returns 0 or -errno. */
int routes_open(struct mnl_socket **ret);

/* The route to an address. Returns 0, also when there is none, or -errno when the kernel could not be asked. */
int route_find(struct mnl_socket *socket, const struct addr *to, struct route *ret);

#endif

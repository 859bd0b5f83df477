/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The few things a lab needs of the kernel's links and routes, in the network namespace of the caller. */
#ifndef OMFWD_PROVE_RTNL_H
#define OMFWD_PROVE_RTNL_H

#include <stdbool.h>
#include <stdint.h>

struct mnl_socket;

/* A pair of Ethernet interfaces, both up; the first, with the address mac, asks for no neighbours. Returns 0 or -errno. */
int rtnl_add_pair(struct mnl_socket *socket, const char *name, const uint8_t mac[6], const char *peer);

/* Brings an interface up. */
int rtnl_set_up(struct mnl_socket *socket, const char *name);

/* Everything of the family leaves through that interface, by one neighbour that needs no address of ours. */
int rtnl_add_default_route(struct mnl_socket *socket, bool is_v6, const char *interface);

#endif

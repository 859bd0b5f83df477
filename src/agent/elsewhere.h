/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes elsewhere on this machine of a connection that omfwd lets pass. */
#ifndef OMFWD_ELSEWHERE_H
#define OMFWD_ELSEWHERE_H

#include <jansson.h>

#include "kernel/foreign.h"
#include "policy/explain.h"

struct mnl_socket;

/*
 * The first packet of a connection as this machine would route it: path and interfaces. routes is of routes_open(), or
 * NULL: then they are not known. It carries no mark.
 */
void elsewhere_packet(struct mnl_socket *routes, const struct query *query, struct foreign_packet *ret);

/*
 * Adds "elsewhere" to the reply of an explanation: a list of {"family", "table", "chain", "hook", "in", "handle",
 * "comment", "answer", "text"}, and a line of text for each. null where it was not looked at: the packet does not get
 * past omfwd, the question is about any protocol, or kernel is NULL for lack of privilege, which the text says.
 */
void elsewhere_add(json_t *reply, struct kernel *kernel, const struct policy *policy,
                   const struct query *query);

/* The same for a command without an agent: opens the kernel for it. */
void elsewhere_add_here(json_t *reply, const struct policy *policy, const struct query *query);

#endif

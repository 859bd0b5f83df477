/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Services that Operations Manager's administrators meet, and that the documents leave out of their tables. */
#ifndef OMFWD_KNOWN_PORTS_H
#define OMFWD_KNOWN_PORTS_H

#include <stdbool.h>

#include "policy/port_tables.h"

struct known_port {
	role_mask from, to; /* who would open it to whom; 0: anybody */
	enum proto proto;
	struct port_range ports; /* 0-0 for icmp */
	const char *name;        /* "the global catalog", to follow "is" */
	const char *why;         /* a sentence about it without full stop: why no row has it */
	const char *advice;      /* NULL: a site rule, if it must be; else why nothing should open it */
};

/* The first that is about such a packet between holders of any of these roles; NULL if none is, or nobody holds any. */
const struct known_port *known_port_find(role_mask from, role_mask to, enum proto proto, uint16_t port);

/* The table itself, for tests and documentation; NULL past the end. */
const struct known_port *known_port_at(size_t index);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must happen to a packet, worked out a second time: straight from the rows of the documents and what the role file
 * says about them, with loops and comparisons and nothing else. Nothing of compile.c, absence.c, explain.c or the
 * ruleset is used, so that a mistake there shows. Pure.
 */
#ifndef OMFWD_PROVE_EXPECT_H
#define OMFWD_PROVE_EXPECT_H

#include "prove/hosts.h"

enum expectation {
	EXPECT_OPEN, /* a row or a site rule allows it */
	EXPECT_LEFT, /* no row does, but it is nothing that omfwd denies: it passes */
	EXPECT_SHUT,
	EXPECT_MAX
};

/* A packet that opens a connection; the port is 0 for icmp, which means echo-request. */
struct packet {
	const struct host *src, *dst;
	enum proto proto;
	uint16_t port;
};

/* In the run phase, or with the install window open for everything. As with mode = enforce, whatever the mode is. */
enum expectation expect_packet(const struct policy *policy, const struct packet *packet, bool install);

/* The roles that a line means in a section by the roles it names: those that stand in for one that is not assigned. */
role_mask expect_roles(const struct section *section, role_mask named);

#endif

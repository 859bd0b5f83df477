/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets and verdicts in one line of text each, for the tests that are about one thing:
 *
 *   EXPECT(lab, "pass 10.1.0.2 10.2.0.6 tcp/5723", "drop 2001:db8:1::2 2001:db8:2::6 udp/161");
 *
 * Verdicts: pass; drop (vanished in silence); reset (the sender got a RST); prohibited (the sender got ICMP
 * "administratively prohibited"). What is sent: tcp/PORT (a SYN), ack/PORT (a TCP ACK of no connection), udp/PORT,
 * icmp (echo-request of the family), echo-reply, proto/NUMBER.
 */
#ifndef LAB_EXPECT_H
#define LAB_EXPECT_H

#include "tests/lab/burst.h"

/* Sends all of them in one burst and fails the test with every line that got another verdict. */
#define EXPECT(lab, ...) expect_verdicts((lab), __FILE__, __LINE__, (const char *const[]){__VA_ARGS__, NULL})
void expect_verdicts(struct lab *lab, const char *file, int line, const char *const *expectations);

/* Parses "10.1.0.2" or "2001:db8::1"; aborts on anything else. */
struct address address_of(const char *text);
/* The other way; buf of INET6_ADDRSTRLEN; returns buf. */
const char *address_text(const struct address *address, char *buf);

/* "tcp/5723", "icmp" ... of a probe; buf of 32; returns buf. */
const char *probe_text(const struct probe *probe, char *buf);

#endif

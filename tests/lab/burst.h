/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sends probes by the thousand and tells which ones arrived. No waiting for stragglers: every stretch ends with a
 * marker frame that takes the same queues as the probes, hop by hop; when it is out, they are out, or were dropped.
 */
#ifndef LAB_BURST_H
#define LAB_BURST_H

#include "tests/lab/lab.h"
#include "tests/lab/packet.h"

/* The sockets of the lab: one packet tap on each interface, raw sockets on the gateway. */
struct taps *taps_open(const struct lab *lab);
void taps_close(struct taps *taps);

/* Which host an address belongs to: NS_LEFT, NS_RIGHT, NS_GATEWAY; anything else is behind no interface. */
enum lab_ns address_home(const struct address *address);

/* Sends each probe from where its source lives and fills in sport, arrived and answer. */
void burst_run(struct lab *lab, struct probe *probes, size_t n);

/* Sends one ready IP packet from a side and tells whether it came out on the other one, byte for byte but for TTL. */
bool burst_send_packet(struct lab *lab, enum lab_ns from, const uint8_t *packet, size_t len);

/* Forgets every connection the gateway tracks. */
void conntrack_flush(const struct lab *lab);

#endif

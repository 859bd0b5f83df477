/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Listens to an NFLOG group: the first bytes of the packets that the chain log_packet hands on. What is lost on the way is
 * counted by the gaps in the kernel's numbers.
 */
#ifndef OMFWD_NFLOG_H
#define OMFWD_NFLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kernel_nflog;

struct nflog_packet {
	const uint8_t
	        *bytes; /* from the network header on, as many as the kernel copied; valid during the call */
	size_t len;
	bool forwarded; /* else to or from this machine itself */
	bool audited;   /* it passed: the rule that logged it was one of audit mode */
};

/* What was lost so far. */
struct nflog_losses {
	uint64_t packets;  /* gaps in the numbers */
	uint64_t overruns; /* times that the kernel found no room for us */
};

/* Binds the group; needs CAP_NET_ADMIN. Returns 0 or -errno; -EBUSY: somebody else listens to it. */
int kernel_nflog_open(uint16_t group, struct kernel_nflog **ret);
void kernel_nflog_close(struct kernel_nflog *log); /* NULL is allowed */

/* Readable when there is something to read. */
int kernel_nflog_fd(const struct kernel_nflog *log);

/* Reads what is there, up to a bound, and hands on every packet. Returns 0 or -errno when the socket is of no more use. */
int kernel_nflog_read(struct kernel_nflog *log, void (*each)(const struct nflog_packet *packet, void *data),
                      void *data);

const struct nflog_losses *kernel_nflog_losses(const struct kernel_nflog *log);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel says over netlink, and nobody but the kernel. */
#ifndef OMFWD_RECEIVE_H
#define OMFWD_RECEIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * From now on nobody waits on this socket for more than RECEIVE_SECONDS. The kernel has its answers ready when a request
 * returns, so one that is not there has been lost.
 */
#define RECEIVE_SECONDS 2
void receive_set_patience(int fd);

/*
 * One datagram, its length returned. -ETIMEDOUT when there was none in time, -EAGAIN when there is none now (the socket
 * is non-blocking, or flags has MSG_DONTWAIT), -EMSGSIZE when it did not fit and is lost, else what recvmsg(2) says.
 * Never -EINTR.
 */
ssize_t receive_datagram(int fd, void *buf, size_t size, int flags);

/*
 * Whether a whole message stands at the beginning of len bytes. mnl_nlmsg_ok() takes a length of 2 GB and more for a negative
 * number, and lets it pass.
 */
bool receive_holds_message(const void *bytes, int len);

/* Throws away what waits, and with it the rest of a dump, without whose end the kernel begins no other. */
void receive_drain(int fd);

#endif

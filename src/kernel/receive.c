// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any process with CAP_NET_ADMIN may send to our sockets, and what it sends looks like an answer but for one thing: the
 * kernel's port is 0. A stranger's datagrams are dropped here, before anybody reads them, and so are those of which the
 * end is missing.
 */
#include "kernel/receive.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/time.h>

#define STRANGERS_MAX 1000 /* in a row: whoever sends more than that shall not keep us for ever */
#define DRAIN_MAX     100000
#define PIECE_SIZE    (32 * 1024)

void receive_set_patience(int fd)
{
	static const struct timeval patience = {.tv_sec = RECEIVE_SECONDS};

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

static bool waits(int fd, int flags)
{
	return !(flags & MSG_DONTWAIT) && !(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

ssize_t receive_datagram(int fd, void *buf, size_t size, int flags)
{
	for (int strangers = 0; strangers < STRANGERS_MAX;) {
		struct sockaddr_nl from = {.nl_family = AF_NETLINK};
		struct iovec to = {.iov_base = buf, .iov_len = size};
		struct msghdr message = {
		        .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &to, .msg_iovlen = 1};
		ssize_t len = recvmsg(fd, &message, flags);

		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return errno == EAGAIN && waits(fd, flags) ? -ETIMEDOUT : -errno;
		if (from.nl_pid == 0)
			return message.msg_flags & MSG_TRUNC ? -EMSGSIZE : len;
		strangers++;
	}
	return -EBADMSG;
}

bool receive_holds_message(const void *bytes, int len)
{
	const struct nlmsghdr *message = bytes;

	return len >= (int)sizeof(*message) && message->nlmsg_len >= sizeof(*message) &&
	       message->nlmsg_len <= (uint32_t)len;
}

void receive_drain(int fd)
{
	char buf[PIECE_SIZE];

	for (int i = 0; i < DRAIN_MAX; i++)
		if (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) < 0 && errno != EINTR && errno != ENOBUFS)
			return;
}

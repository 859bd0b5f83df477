// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One datagram from netlink that is lost, late, doubled, cut, or preceded by a stranger's. What comes later waits here,
 * one datagram for one socket, which is enough: one fault at a time.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/lab/shim.h"

#define DATAGRAM_MAX  (256 * 1024)
#define STRANGER_PORT 4242

static struct {
	int fd;
	size_t len; /* 0: nothing waits */
	char bytes[DATAGRAM_MAX];
} later;

static int is_netlink(int fd)
{
	int domain = 0;
	socklen_t len = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_NETLINK;
}

static ssize_t receive(int fd, struct msghdr *message, int flags)
{
	return syscall(SYS_recvmsg, fd, message, flags);
}

/* Bytes into the message as if they had just come; what does not fit is cut, which the kernel says in the same way. */
static ssize_t hand_over(struct msghdr *message, int flags, const char *bytes, size_t len, unsigned port)
{
	const struct sockaddr_nl from = {.nl_family = AF_NETLINK, .nl_pid = port};
	size_t room = message->msg_iov[0].iov_len, n = len < room ? len : room;

	memmove(message->msg_iov[0].iov_base, bytes, n);
	if (message->msg_name && message->msg_namelen >= sizeof(from))
		memcpy(message->msg_name, &from, sizeof(from));
	message->msg_namelen = sizeof(from);
	message->msg_flags = n < len ? MSG_TRUNC : 0;
	return (ssize_t)(flags & MSG_TRUNC ? len : n);
}

static void keep(int fd, const char *bytes, size_t len)
{
	later.fd = fd;
	later.len = len < sizeof(later.bytes) ? len : sizeof(later.bytes);
	memcpy(later.bytes, bytes, later.len);
}

/* Yes where the kernel said no, no where it said yes, and of a list that it has no more. */
static void contradict(char *bytes, size_t len)
{
	struct nlmsghdr *message = (struct nlmsghdr *)bytes;
	struct nlmsgerr *error;

	if (len < sizeof(*message))
		return;
	if (message->nlmsg_type != NLMSG_ERROR) {
		message->nlmsg_type = NLMSG_DONE;
		return;
	}
	if (len < NLMSG_LENGTH(sizeof(*error)))
		return;
	error = NLMSG_DATA(message);
	error->error = error->error ? 0 : -EPERM;
}

static ssize_t refuse(void)
{
	errno = EAGAIN;
	return -1;
}

static ssize_t spoil(int fd, struct msghdr *message, int flags, ssize_t len, enum shim_fault fault)
{
	char *bytes = message->msg_iov[0].iov_base;

	switch (fault) {
	case SHIM_REPLY_LOST:
		return receive(fd, message, flags);
	case SHIM_REPLY_LATE:
		keep(fd, bytes, (size_t)len);
		return refuse();
	case SHIM_REPLY_TWICE:
		keep(fd, bytes, (size_t)len);
		return len;
	case SHIM_REPLY_CUT:
		message->msg_flags |= MSG_TRUNC;
		return len / 2;
	case SHIM_REPLY_OF_STRANGER:
		keep(fd, bytes, (size_t)len);
		contradict(bytes, (size_t)len);
		return hand_over(message, flags, bytes, (size_t)len, STRANGER_PORT);
	case SHIM_NOTHING:
	case SHIM_NO_MEMORY:
	case SHIM_FAULT_MAX:
		break;
	}
	return len;
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	struct shim *page = shim_page();
	int fault = page ? page->fault : SHIM_NOTHING;
	ssize_t len;

	if (later.len && later.fd == fd) {
		len = hand_over(message, flags, later.bytes, later.len, 0);
		later.len = 0;
		return len;
	}
	len = receive(fd, message, flags);
	if (len <= 0 || fault < SHIM_REPLY_LOST || !is_netlink(fd) || !shim_strikes(fault))
		return len;
	return spoil(fd, message, flags, len, (enum shim_fault)fault);
}

ssize_t recv(int fd, void *bytes, size_t size, int flags)
{
	struct iovec buf = {.iov_base = bytes, .iov_len = size};
	struct msghdr message = {.msg_iov = &buf, .msg_iovlen = 1};

	return recvmsg(fd, &message, flags);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One netlink socket for life: closing one after a deletion waits for the kernel's grace period, and ownership of a
 * table is by socket. nfnetlink works inside sendmsg, so all answers are queued when it returns; the last message asks
 * for an acknowledgement, and its absence means that the outcome is unknown.
 */
#include "kernel/generation.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/sockios.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kernel/answer.h"
#include "kernel/leftovers.h"
#include "kernel/receive.h"

#define REQUEST_SIZE   1024
#define RECEIVE_SIZE   (32 * 1024)
#define SEND_BUFFER    (256 * 1024) /* a batch of elements is about 64 KiB; larger ones ask for more */
#define DUMP_TRIES_MAX 20
#define IOVEC_MAX      1024
#define DUMP_SEQ_FIRST 0x80000000u /* a late answer to a batch shall not look like one to a dump */

int kernel_fail(struct kernel *kernel, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(kernel->error, sizeof(kernel->error), fmt, args);
	va_end(args);
	kernel->error_loc = 0;
	return err;
}

static int enable(struct mnl_socket *socket, int option)
{
	int on = 1;

	return mnl_socket_setsockopt(socket, option, &on, sizeof(on));
}

/* Grows the send buffer for a batch; CAP_NET_ADMIN is enough to pass the system's limit. */
static void reserve_send_buffer(struct kernel *kernel, size_t bytes)
{
	int fd = mnl_socket_get_fd(kernel->socket), size = SEND_BUFFER;

	if (bytes * 2 > SEND_BUFFER)
		size = (int)(bytes * 2);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
}

static const char *open_error(int err)
{
	switch (-err) {
	case EPERM:
		return "not permitted: programming netfilter needs CAP_NET_ADMIN in this network namespace; "
		       "run as root";
	case EPROTONOSUPPORT:
	case EAFNOSUPPORT:
	case EINVAL:
	case EOPNOTSUPP:
		return "this kernel has no nf_tables; load the module nf_tables or boot a kernel that has it "
		       "(5.10 or newer)";
	default:
		return "cannot talk to the kernel's netfilter over netlink";
	}
}

/* Makes a session of a socket that is bound; takes both over. */
static int start_session(struct mnl_socket *socket, int err, struct kernel **ret, const char **error)
{
	struct kernel *kernel = calloc(1, sizeof(*kernel));

	if (!kernel)
		abort();
	kernel->table = RULESET_TABLE;
	kernel->socket = socket;
	kernel->seq = DUMP_SEQ_FIRST;
	if (!err) {
		receive_set_patience(mnl_socket_get_fd(socket));
		enable(kernel->socket, NETLINK_EXT_ACK);
		enable(kernel->socket, NETLINK_CAP_ACK);
		reserve_send_buffer(kernel, 0);
		/* tells in one message whether there is nf_tables and whether we may use it */
		err = generation_read(kernel, &kernel->genid);
	}
	if (err) {
		*error = open_error(err);
		kernel_close(kernel);
		return err == -EPERM ? -EPERM : err == -EINVAL || err == -EOPNOTSUPP ? -EPROTONOSUPPORT : err;
	}
	*ret = kernel;
	return 0;
}

int kernel_open(struct kernel **ret, const char **error)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	int err = 0;

	if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
		err = -errno;
	return start_session(socket, err, ret, error);
}

/* A socket works for ever in the namespace it was made in, which need not be the one we were started in. */
static bool is_of_this_netns(int fd)
{
	struct stat its, ours;
	int netns = ioctl(fd, SIOCGSKNS);
	bool same = netns >= 0 && fstat(netns, &its) == 0 && stat("/proc/self/ns/net", &ours) == 0 &&
	            its.st_dev == ours.st_dev && its.st_ino == ours.st_ino;

	if (netns >= 0)
		close(netns);
	return same;
}

static bool is_netfilter_socket(int fd)
{
	int domain = 0, protocol = 0;
	socklen_t len = sizeof(int);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_NETLINK &&
	       getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) == 0 && protocol == NETLINK_NETFILTER;
}

int kernel_adopt(int fd, struct kernel **ret, const char **error)
{
	struct mnl_socket *socket;
	int err = 0;

	if (!is_netfilter_socket(fd) || !is_of_this_netns(fd)) {
		*error = "it is no netfilter socket of this network namespace";
		close(fd);
		return -EXDEV;
	}
	receive_drain(fd); /* answers nobody waited for */
	socket = mnl_socket_fdopen(fd);
	if (!socket) {
		err = -errno;
		close(fd);
	}
	return start_session(socket, err, ret, error);
}

int kernel_fd(const struct kernel *kernel)
{
	return mnl_socket_get_fd(kernel->socket);
}

uint32_t kernel_port(const struct kernel *kernel)
{
	return mnl_socket_get_portid(kernel->socket);
}

void kernel_close(struct kernel *kernel)
{
	if (!kernel)
		return;
	if (kernel->socket)
		mnl_socket_close(kernel->socket);
	leftovers_forget(kernel);
	batch_free(&kernel->batch);
	free(kernel);
}

void kernel_share(struct kernel *kernel, struct baton *baton)
{
	kernel->baton = baton;
}

const char *kernel_error(const struct kernel *kernel)
{
	return kernel->error;
}

loc_t kernel_error_loc(const struct kernel *kernel)
{
	return kernel->error_loc;
}

const struct kernel_statistics *kernel_statistics(const struct kernel *kernel)
{
	return &kernel->statistics;
}

/* One sendmsg: a batch split over two would be two broken batches. */
static int send_batch(struct kernel *kernel)
{
	struct batch *batch = &kernel->batch;
	struct iovec iov[IOVEC_MAX];
	struct sockaddr_nl to = {.nl_family = AF_NETLINK};
	struct msghdr message = {.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = iov};
	size_t size = batch_size(batch);
	ssize_t sent;

	if (batch->current >= IOVEC_MAX)
		return kernel_fail(kernel, -EMSGSIZE, "the policy is too large for one transaction");
	for (size_t i = 0; i <= batch->current; i++)
		iov[i] = (struct iovec){.iov_base = batch->pages[i].data, .iov_len = batch->pages[i].used};
	message.msg_iovlen = batch->current + 1;
	if (size > SEND_BUFFER / 2)
		reserve_send_buffer(kernel, size);
	do {
		sent = sendmsg(mnl_socket_get_fd(kernel->socket), &message, 0);
	} while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return kernel_fail(kernel, -errno, "sending to netfilter failed: %s", strerror(errno));
	kernel->statistics.batches++;
	kernel->statistics.messages += batch->n_origins;
	kernel->statistics.bytes += size;
	return 0;
}

/* Returns 1 when the last message was acknowledged, 0 when it was not, or the first error. */
static int read_answers(struct kernel *kernel)
{
	char buf[RECEIVE_SIZE];
	int acknowledged = 0, first_error = 0;

	for (;;) {
		ssize_t len =
		        receive_datagram(mnl_socket_get_fd(kernel->socket), buf, sizeof(buf), MSG_DONTWAIT);
		struct answer answer;
		size_t offset = 0;

		if (len == -ENOBUFS) /* more errors than fit */
			continue;
		if (len < 0)
			break;
		generation_note(kernel, buf, (size_t)len);
		while (answer_next(buf, (size_t)len, &offset, &answer)) {
			if (!batch_has(&kernel->batch, answer.seq))
				continue; /* late, and about another one */
			if (!answer.error)
				acknowledged |= answer.seq == kernel->batch.last->nlmsg_seq;
			else if (!first_error)
				first_error = answer_tell(kernel, &answer);
		}
	}
	return first_error ? first_error : acknowledged;
}

int kernel_commit(struct kernel *kernel, bool dry)
{
	int err;

	if (!kernel->batch.n_messages)
		return 0;
	batch_end(&kernel->batch, dry);
	err = send_batch(kernel);
	if (err)
		return err;
	err = read_answers(kernel);
	if (err < 0)
		return err;
	if (!err) {
		kernel->unsure = true;
		return kernel_fail(kernel, -EPROTO,
		                   "netfilter did not answer; whether it took the change is unknown");
	}
	return 0;
}

static int dump_once(struct kernel *kernel, const struct dump *dump)
{
	char request[REQUEST_SIZE], buf[RECEIVE_SIZE];
	struct nlmsghdr *message = mnl_nlmsg_put_header(request);
	struct nfgenmsg *header;
	bool single = dump->type == NFT_MSG_GETGEN, interrupted = false;

	message->nlmsg_type = (NFNL_SUBSYS_NFTABLES << 8) | dump->type;
	message->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | (single ? NLM_F_ACK : NLM_F_DUMP));
	message->nlmsg_seq = ++kernel->seq;
	header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	*header = (struct nfgenmsg){.nfgen_family = (uint8_t)dump->family, .version = NFNETLINK_V0};
	if (dump->build)
		dump->build(message, dump->data);
	if (mnl_socket_sendto(kernel->socket, message, message->nlmsg_len) < 0)
		return -errno;
	kernel->statistics.reads++;
	for (;;) {
		ssize_t len = receive_datagram(mnl_socket_get_fd(kernel->socket), buf, sizeof(buf), 0);
		int more;

		if (len < 0)
			return (int)len;
		more = answer_dump(buf, (size_t)len, kernel->seq, dump, &interrupted);
		if (more <= 0)
			return !more && interrupted ? -EINTR : more;
	}
}

int kernel_dump(struct kernel *kernel, const struct dump *dump)
{
	int err = -EINTR;

	for (int i = 0; i < DUMP_TRIES_MAX && err == -EINTR; i++) {
		if (i && dump->restart)
			dump->restart(dump->data);
		err = dump_once(kernel, dump);
		if (err) /* what is left of it would be in the way of the next one */
			receive_drain(mnl_socket_get_fd(kernel->socket));
	}
	if (err)
		kernel_fail(kernel, err, "reading from netfilter failed: %s", strerror(-err));
	return err;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel gathers up to 32 packets or 100 ms and sends them in one message, so that a flood costs a few wake-ups a
 * second. The socket's buffer is bounded: who floods us loses entries of the log, never of the counters.
 */
#include "kernel/nflog.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <libnetfilter_log/libnetfilter_log.h>

#include "ruleset/ruleset.h"

#define GATHER_PACKETS    32
#define GATHER_TIME       10           /* in 1/100 s */
#define KERNEL_BUFFER     8192         /* of one message: 32 packets with their attributes */
#define RECEIVE_BUFFER    (256 * 1024) /* bytes that may wait for us */
#define DATAGRAM_MAX      (64 * 1024)
#define DATAGRAMS_AT_ONCE 64 /* then others have their turn */

struct kernel_nflog {
	struct nflog_handle *handle;
	struct nflog_g_handle *group;
	struct nflog_losses losses;
	bool numbered; /* next is known */
	uint32_t next; /* the number that the next packet should have */
	void (*each)(const struct nflog_packet *packet, void *data);
	void *data;
};

static void count_gap(struct kernel_nflog *log, struct nflog_data *message)
{
	uint32_t number;

	if (nflog_get_seq(message, &number) < 0)
		return;
	if (log->numbered)
		log->losses.packets += (uint32_t)(number - log->next);
	log->numbered = true;
	log->next = number + 1;
}

static int on_packet(struct nflog_g_handle *group, struct nfgenmsg *head, struct nflog_data *message,
                     void *data)
{
	struct kernel_nflog *log = data;
	const struct nfulnl_msg_packet_hdr *hook = nflog_get_msg_packet_hdr(message);
	struct nflog_packet packet = {.forwarded = !hook || hook->hook == NF_INET_FORWARD};
	char *bytes = NULL;
	int len = nflog_get_payload(message, &bytes);

	(void)group;
	(void)head;
	count_gap(log, message);
	if (len <= 0 || !log->each)
		return 0;
	packet.bytes = (const uint8_t *)bytes;
	packet.len = (size_t)len;
	log->each(&packet, log->data);
	return 0;
}

static int set_up(struct kernel_nflog *log)
{
	static const int buffer = RECEIVE_BUFFER;
	int fd = nflog_fd(log->handle);

	nflog_callback_register(log->group, on_packet, log);
	if (nflog_set_mode(log->group, NFULNL_COPY_PACKET, LOG_SNAPLEN) < 0 ||
	    nflog_set_flags(log->group, NFULNL_CFG_F_SEQ) < 0 ||
	    nflog_set_qthresh(log->group, GATHER_PACKETS) < 0 ||
	    nflog_set_timeout(log->group, GATHER_TIME) < 0 ||
	    nflog_set_nlbufsiz(log->group, KERNEL_BUFFER) < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	return 0;
}

int kernel_nflog_open(uint16_t group, struct kernel_nflog **ret)
{
	struct kernel_nflog *log = calloc(1, sizeof(*log));
	int r = 0;

	if (!log)
		abort();
	errno = EIO; /* for what fails without saying why */
	log->handle = nflog_open();
	if (log->handle)
		log->group = nflog_bind_group(log->handle, group);
	if (!log->group) /* to whom does not own the group, kernels say EPERM */
		r = log->handle && errno == EPERM ? -EBUSY : -errno;
	else
		r = set_up(log);
	if (r < 0) {
		kernel_nflog_close(log);
		return r;
	}
	*ret = log;
	return 0;
}

void kernel_nflog_close(struct kernel_nflog *log)
{
	if (!log)
		return;
	if (log->group)
		nflog_unbind_group(log->group);
	if (log->handle)
		nflog_close(log->handle);
	free(log);
}

int kernel_nflog_fd(const struct kernel_nflog *log)
{
	return nflog_fd(log->handle);
}

int kernel_nflog_read(struct kernel_nflog *log, void (*each)(const struct nflog_packet *packet, void *data),
                      void *data)
{
	static char datagram[DATAGRAM_MAX] __attribute__((aligned(8)));

	log->each = each;
	log->data = data;
	for (int i = 0; i < DATAGRAMS_AT_ONCE; i++) {
		ssize_t len = recv(kernel_nflog_fd(log), datagram, sizeof(datagram), MSG_DONTWAIT);

		if (len > 0)
			nflog_handle_packet(log->handle, datagram, (int)len);
		else if (len < 0 && errno == ENOBUFS)
			log->losses.overruns++;
		else if (len == 0 || errno == EAGAIN)
			break;
		else if (errno != EINTR)
			return -errno;
	}
	return 0;
}

const struct nflog_losses *kernel_nflog_losses(const struct kernel_nflog *log)
{
	return &log->losses;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel gathers up to 32 packets or 100 ms and sends them in one message, so that a flood costs a few wake-ups a
 * second. The socket's buffer is bounded: who floods us loses entries of the log, never of the counters.
 *
 * The socket is libmnl's. libnetfilter_log's older interface would bring one of its own, whose library ends the program
 * when an answer is empty. The kernel lets go of the group when the socket is closed.
 */
#include "kernel/nflog.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <libnetfilter_log/libnetfilter_log.h>

#include "kernel/answer.h"
#include "kernel/receive.h"
#include "ruleset/ruleset.h"

#define GATHER_PACKETS    32
#define GATHER_TIME       10           /* in 1/100 s */
#define KERNEL_BUFFER     8192         /* of one message: 32 packets with their attributes */
#define RECEIVE_BUFFER    (256 * 1024) /* bytes that may wait for us */
#define DATAGRAM_MAX      (64 * 1024)
#define DATAGRAMS_AT_ONCE 64 /* then others have their turn */
#define REQUEST_SIZE      256
#define ANSWER_SIZE       8192

struct kernel_nflog {
	struct mnl_socket *socket;
	struct nflog_losses losses;
	bool numbered; /* next is known */
	uint32_t next; /* the number that the next packet should have */
	void (*each)(const struct nflog_packet *packet, void *data);
	void *data;
};

static void count_gap(struct kernel_nflog *log, uint32_t number)
{
	if (log->numbered)
		log->losses.packets += (uint32_t)(number - log->next);
	log->numbered = true;
	log->next = number + 1;
}

static bool is_forwarded(const struct nlattr *header)
{
	const struct nfulnl_msg_packet_hdr *hook = header ? mnl_attr_get_payload(header) : NULL;

	return !hook || mnl_attr_get_payload_len(header) < sizeof(*hook) || hook->hook == NF_INET_FORWARD;
}

/* The rule says it by its prefix, whatever the mode has become since. */
static bool is_audited(const struct nlattr *prefix)
{
	return prefix && mnl_attr_validate(prefix, MNL_TYPE_NUL_STRING) >= 0 &&
	       strcmp(mnl_attr_get_str(prefix), LOG_PREFIX_AUDIT) == 0;
}

static void take_packet(struct kernel_nflog *log, const struct nlmsghdr *message)
{
	struct nlattr *attrs[NFULA_MAX + 1] = {NULL};
	const struct nlattr *number, *payload;
	struct nflog_packet packet;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(struct nfgenmsg) ||
	    nflog_nlmsg_parse(message, attrs) < 0)
		return;
	number = attrs[NFULA_SEQ];
	payload = attrs[NFULA_PAYLOAD];
	if (number && mnl_attr_get_payload_len(number) == sizeof(uint32_t))
		count_gap(log, ntohl(mnl_attr_get_u32(number)));
	if (!payload || !mnl_attr_get_payload_len(payload) || !log->each)
		return;
	packet = (struct nflog_packet){.bytes = mnl_attr_get_payload(payload),
	                               .len = mnl_attr_get_payload_len(payload),
	                               .forwarded = is_forwarded(attrs[NFULA_PACKET_HDR]),
	                               .audited = is_audited(attrs[NFULA_PREFIX])};
	log->each(&packet, log->data);
}

/* The kernel's answer is queued when sendto() returns; packets may be, too. */
static int read_answer(struct kernel_nflog *log)
{
	char buf[ANSWER_SIZE];
	struct answer answer;
	size_t offset = 0;
	ssize_t len;

	do {
		offset = 0;
		len = receive_datagram(kernel_nflog_fd(log), buf, sizeof(buf), 0);
		if (len < 0)
			return (int)len;
	} while (!answer_next(buf, (size_t)len, &offset, &answer));
	return answer.error == -EPERM ? -EBUSY : answer.error; /* what kernels say of somebody else's group */
}

/* Binds the group and says how much is wanted of it: one message, one answer. */
static int bind_group(struct kernel_nflog *log, uint16_t group)
{
	char buf[REQUEST_SIZE];
	struct nlmsghdr *message = nflog_nlmsg_put_header(buf, NFULNL_MSG_CONFIG, AF_UNSPEC, group);

	message->nlmsg_flags |= NLM_F_ACK;
	nflog_attr_put_cfg_cmd(message, NFULNL_CFG_CMD_BIND);
	nflog_attr_put_cfg_mode(message, NFULNL_COPY_PACKET, LOG_SNAPLEN);
	mnl_attr_put_u32(message, NFULA_CFG_NLBUFSIZ, htonl(KERNEL_BUFFER));
	mnl_attr_put_u32(message, NFULA_CFG_TIMEOUT, htonl(GATHER_TIME));
	mnl_attr_put_u32(message, NFULA_CFG_QTHRESH, htonl(GATHER_PACKETS));
	mnl_attr_put_u16(message, NFULA_CFG_FLAGS, htons(NFULNL_CFG_F_SEQ));
	if (mnl_socket_sendto(log->socket, message, message->nlmsg_len) < 0)
		return -errno;
	return read_answer(log);
}

static int set_up(struct kernel_nflog *log, uint16_t group)
{
	static const int buffer = RECEIVE_BUFFER;

	log->socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!log->socket || mnl_socket_bind(log->socket, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	setsockopt(mnl_socket_get_fd(log->socket), SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	return bind_group(log, group);
}

int kernel_nflog_open(uint16_t group, struct kernel_nflog **ret)
{
	struct kernel_nflog *log = calloc(1, sizeof(*log));
	int r;

	if (!log)
		abort();
	r = set_up(log, group);
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
	if (log->socket)
		mnl_socket_close(log->socket);
	free(log);
}

int kernel_nflog_fd(const struct kernel_nflog *log)
{
	return mnl_socket_get_fd(log->socket);
}

static void take_datagram(struct kernel_nflog *log, const char *datagram, int len)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)datagram;

	for (; receive_holds_message(message, len); message = mnl_nlmsg_next(message, &len))
		if (message->nlmsg_type == (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET))
			take_packet(log, message);
}

int kernel_nflog_read(struct kernel_nflog *log, void (*each)(const struct nflog_packet *packet, void *data),
                      void *data)
{
	static char datagram[DATAGRAM_MAX] __attribute__((aligned(8)));

	log->each = each;
	log->data = data;
	for (int i = 0; i < DATAGRAMS_AT_ONCE; i++) {
		ssize_t len =
		        receive_datagram(kernel_nflog_fd(log), datagram, sizeof(datagram), MSG_DONTWAIT);

		if (len > 0)
			take_datagram(log, datagram, (int)len);
		else if (len == -ENOBUFS || len == -EMSGSIZE)
			log->losses.overruns++;
		else if (len == 0 || len == -EAGAIN)
			break;
		else
			return (int)len;
	}
	return 0;
}

const struct nflog_losses *kernel_nflog_losses(const struct kernel_nflog *log)
{
	return &log->losses;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Three sockets: one for the dump, which the kernel continues only as fast as it is read; one to delete with, so that
 * its answers do not mix with the dump; one to ask for routes.
 *
 * A deletion names one entry by its original tuple and zone, and by the id that tells it from a later one with the
 * same tuple. The kernel takes a deletion without a tuple as one of everything, and an attribute it does not filter by
 * as none: so what is sent is checked again, attribute by attribute, before it goes.
 */
#include "kernel/conntrack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/answer.h"
#include "kernel/receive.h"
#include "util/array.h"

#define REQUEST_SIZE 1024
#define PIECE_SIZE   (32 * 1024) /* what the kernel fills at most */

#define STATUS_OFFLOAD (1u << 14) /* IPS_OFFLOAD, which old headers lack */

struct conntrack {
	struct mnl_socket *dump, *change, *route;
	uint32_t seq, dump_seq;
};

static struct mnl_socket *socket_open(int bus)
{
	struct mnl_socket *socket = mnl_socket_open2(bus, SOCK_CLOEXEC);
	int on = 1;

	if (socket && mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		mnl_socket_close(socket);
		return NULL;
	}
	if (!socket)
		return NULL;
	mnl_socket_setsockopt(socket, NETLINK_CAP_ACK, &on, sizeof(on));
	receive_set_patience(mnl_socket_get_fd(socket));
	return socket;
}

int conntrack_open(struct conntrack **ret)
{
	struct conntrack *conntrack = calloc(1, sizeof(*conntrack));
	int err = 0;

	if (!conntrack)
		abort();
	conntrack->dump = socket_open(NETLINK_NETFILTER);
	conntrack->change = conntrack->dump ? socket_open(NETLINK_NETFILTER) : NULL;
	conntrack->route = conntrack->change ? socket_open(NETLINK_ROUTE) : NULL;
	if (!conntrack->route) {
		err = -errno;
		conntrack_close(conntrack);
		return err;
	}
	*ret = conntrack;
	return 0;
}

void conntrack_close(struct conntrack *conntrack)
{
	struct mnl_socket *sockets[3];

	if (!conntrack)
		return;
	sockets[0] = conntrack->route;
	sockets[1] = conntrack->change;
	sockets[2] = conntrack->dump;
	for (size_t i = 0; i < ARRAY_SIZE(sockets); i++)
		if (sockets[i])
			mnl_socket_close(sockets[i]);
	free(conntrack);
}

int conntrack_fd(const struct conntrack *conntrack)
{
	return mnl_socket_get_fd(conntrack->dump);
}

static struct nlmsghdr *request_new(struct conntrack *conntrack, char *buf, uint16_t type, uint16_t flags,
                                    uint8_t family)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *header;

	message->nlmsg_type = (uint16_t)((NFNL_SUBSYS_CTNETLINK << 8) | type);
	message->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	message->nlmsg_seq = ++conntrack->seq;
	header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	*header = (struct nfgenmsg){.nfgen_family = family, .version = NFNETLINK_V0};
	return message;
}

int conntrack_dump_begin(struct conntrack *conntrack)
{
	char buf[REQUEST_SIZE];
	struct nlmsghdr *message =
	        request_new(conntrack, buf, IPCTNL_MSG_CT_GET, NLM_F_DUMP, AF_UNSPEC /* both families */);

	conntrack->dump_seq = message->nlmsg_seq;
	return mnl_socket_sendto(conntrack->dump, message, message->nlmsg_len) < 0 ? -errno : 0;
}

/* Sends a request of one message and hands its answer, an acknowledgement or not, to each(). 0 or -errno. */
static int ask(struct mnl_socket *socket, const struct nlmsghdr *message, const struct dump *answer)
{
	char buf[PIECE_SIZE];
	bool interrupted;

	if (mnl_socket_sendto(socket, message, message->nlmsg_len) < 0)
		return -errno;
	for (;;) {
		ssize_t len = receive_datagram(mnl_socket_get_fd(socket), buf, sizeof(buf), 0);
		int more;

		if (len < 0)
			return (int)len;
		more = answer_dump(buf, (size_t)len, message->nlmsg_seq, answer, &interrupted);
		if (more <= 0)
			return more;
	}
}

/* The tuple that names an entry, and its zone. */
static const enum nf_conntrack_attr name_attrs[] = {
        ATTR_ORIG_L3PROTO,  ATTR_ORIG_L4PROTO,  ATTR_ORIG_IPV4_SRC, ATTR_ORIG_IPV4_DST, ATTR_ORIG_IPV6_SRC,
        ATTR_ORIG_IPV6_DST, ATTR_ORIG_PORT_SRC, ATTR_ORIG_PORT_DST, ATTR_ICMP_TYPE,     ATTR_ICMP_CODE,
        ATTR_ICMP_ID,       ATTR_ZONE,          ATTR_ORIG_ZONE,
};

static int refuse_stranger(const struct nlattr *attr, void *data)
{
	bool *has_tuple = data;

	switch (mnl_attr_get_type(attr)) {
	case CTA_TUPLE_ORIG:
		*has_tuple = true;
		return MNL_CB_OK;
	case CTA_ZONE:
	case CTA_ID:
		return MNL_CB_OK;
	default:
		return MNL_CB_ERROR;
	}
}

/* Whether a deletion names one entry and says nothing else. */
static bool names_one_entry(const struct nlmsghdr *message)
{
	bool has_tuple = false;

	return mnl_attr_parse(message, sizeof(struct nfgenmsg), refuse_stranger, &has_tuple) >= 0 &&
	       has_tuple;
}

static int delete_entry(struct conntrack *conntrack, const struct nf_conntrack *ct)
{
	static const struct dump acknowledged = {.each = NULL};
	char buf[REQUEST_SIZE];
	struct nlmsghdr *message = request_new(conntrack, buf, IPCTNL_MSG_CT_DELETE, NLM_F_ACK,
	                                       nfct_get_attr_u8(ct, ATTR_ORIG_L3PROTO));
	struct nf_conntrack *name = nfct_new();
	int err = 0;

	if (!name)
		abort();
	for (size_t i = 0; i < ARRAY_SIZE(name_attrs); i++)
		if (nfct_attr_is_set(ct, name_attrs[i]) > 0)
			nfct_set_attr(name, name_attrs[i], nfct_get_attr(ct, name_attrs[i]));
	if (nfct_nlmsg_build(message, name) < 0)
		err = -EINVAL;
	nfct_destroy(name);
	if (!err && nfct_attr_is_set(ct, ATTR_ID) > 0)
		mnl_attr_put_u32(message, CTA_ID, htonl(nfct_get_attr_u32(ct, ATTR_ID)));
	if (!err && !names_one_entry(message))
		err = -EINVAL;
	return err ? err : ask(conntrack->change, message, &acknowledged);
}

static void addr_read(const struct nf_conntrack *ct, enum nf_conntrack_attr v4, enum nf_conntrack_attr v6,
                      struct addr *ret)
{
	const uint8_t *bytes;

	*ret = (struct addr){.is_v6 = nfct_get_attr_u8(ct, ATTR_ORIG_L3PROTO) == AF_INET6};
	if (!ret->is_v6) {
		ret->v4 = ntohl(nfct_get_attr_u32(ct, v4));
		return;
	}
	bytes = nfct_get_attr(ct, v6);
	for (int i = 0; bytes && i < 16; i++)
		ret->v6 = ret->v6 << 8 | bytes[i];
}

static struct conntrack_entry entry_read(const struct nf_conntrack *ct)
{
	struct conntrack_entry entry = {.proto = nfct_get_attr_u8(ct, ATTR_ORIG_L4PROTO)};

	addr_read(ct, ATTR_ORIG_IPV4_SRC, ATTR_ORIG_IPV6_SRC, &entry.src);
	addr_read(ct, ATTR_REPL_IPV4_SRC, ATTR_REPL_IPV6_SRC, &entry.dst);
	entry.src_port = ntohs(nfct_get_attr_u16(ct, ATTR_ORIG_PORT_SRC));
	entry.dst_port = ntohs(nfct_get_attr_u16(ct, ATTR_REPL_PORT_SRC));
	entry.icmp_type = nfct_get_attr_u8(ct, ATTR_ICMP_TYPE);
	entry.icmp_code = nfct_get_attr_u8(ct, ATTR_ICMP_CODE);
	entry.offloaded = nfct_get_attr_u32(ct, ATTR_STATUS) & STATUS_OFFLOAD;
	return entry;
}

/* An entry that lacks what we judge by is none of ours. */
static bool entry_is_whole(const struct nf_conntrack *ct)
{
	static const enum nf_conntrack_attr v4[] = {ATTR_ORIG_L4PROTO, ATTR_ORIG_IPV4_SRC,
	                                            ATTR_REPL_IPV4_SRC},
	                                    v6[] = {ATTR_ORIG_L4PROTO, ATTR_ORIG_IPV6_SRC,
	                                            ATTR_REPL_IPV6_SRC};

	return nfct_attr_is_set_array(ct, v4, ARRAY_SIZE(v4)) > 0 ||
	       nfct_attr_is_set_array(ct, v6, ARRAY_SIZE(v6)) > 0;
}

struct piece {
	struct conntrack *conntrack;
	bool (*doomed)(const struct conntrack_entry *entry, void *data);
	void *data;
	struct conntrack_tally *tally;
};

static void judge_entry(const struct piece *piece, const struct nf_conntrack *ct)
{
	struct conntrack_entry entry = entry_read(ct);
	int err;

	piece->tally->seen++;
	if (!piece->doomed(&entry, piece->data))
		return;
	err = delete_entry(piece->conntrack, ct);
	if (!err) {
		piece->tally->deleted++;
	} else if (err != -ENOENT) { /* that one ended by itself */
		piece->tally->left++;
		piece->tally->error = err;
	}
}

static int take_entry(const struct nlmsghdr *message, void *data)
{
	struct nf_conntrack *ct = nfct_new();

	if (!ct)
		abort();
	if (nfct_nlmsg_parse(message, ct) >= 0 && entry_is_whole(ct))
		judge_entry(data, ct);
	nfct_destroy(ct);
	return 0;
}

int conntrack_dump_piece(struct conntrack *conntrack,
                         bool (*doomed)(const struct conntrack_entry *entry, void *data), void *data,
                         struct conntrack_tally *tally)
{
	struct piece piece = {conntrack, doomed, data, tally};
	struct dump dump = {.each = take_entry, .data = &piece};
	char buf[PIECE_SIZE];
	bool interrupted;
	ssize_t len = receive_datagram(conntrack_fd(conntrack), buf, sizeof(buf), MSG_DONTWAIT);

	if (len < 0)
		return len == -EAGAIN ? 1 : (int)len;
	return answer_dump(buf, (size_t)len, conntrack->dump_seq, &dump, &interrupted);
}

static int read_route_type(const struct nlmsghdr *message, void *data)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(message);

	if (message->nlmsg_type == RTM_NEWROUTE && mnl_nlmsg_get_payload_len(message) >= sizeof(*route))
		*(uint8_t *)data = route->rtm_type;
	return 0;
}

static void put_addr(struct nlmsghdr *message, const struct addr *addr)
{
	uint8_t bytes[16];

	for (int i = 0; i < 16; i++)
		bytes[i] = (uint8_t)(addr->v6 >> (8 * (15 - i)));
	if (addr->is_v6)
		mnl_attr_put(message, RTA_DST, sizeof(bytes), bytes);
	else
		mnl_attr_put_u32(message, RTA_DST, htonl(addr->v4));
}

/* The type of the route to an address; RTN_UNSPEC when there is none. Returns 0 or -errno. */
static int ask_route(struct conntrack *conntrack, const struct addr *addr, uint8_t *type)
{
	struct dump answer = {.each = read_route_type, .data = type};
	char buf[REQUEST_SIZE];
	struct nlmsghdr *message = mnl_nlmsg_put_header(buf);
	struct rtmsg *route;
	int err;

	message->nlmsg_type = RTM_GETROUTE;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	message->nlmsg_seq = ++conntrack->seq;
	route = mnl_nlmsg_put_extra_header(message, sizeof(*route));
	route->rtm_family = addr->is_v6 ? AF_INET6 : AF_INET;
	route->rtm_dst_len = addr->is_v6 ? 128 : 32;
	put_addr(message, addr);
	*type = RTN_UNSPEC;
	err = ask(conntrack->route, message, &answer);
	/* no way to get there is an answer too */
	return err == -ENETUNREACH || err == -EHOSTUNREACH || err == -EACCES || err == -EINVAL ? 0 : err;
}

int conntrack_addr_is_local(struct conntrack *conntrack, const struct addr *addr)
{
	bool link_local = addr->is_v6 && (addr->v6 >> 118) == 0xfe80 >> 6;
	uint8_t type;
	int err;

	if (link_local)
		return 1;
	err = ask_route(conntrack, addr, &type);
	if (err)
		return err;
	return type == RTN_LOCAL || type == RTN_BROADCAST || type == RTN_ANYCAST || type == RTN_MULTICAST;
}

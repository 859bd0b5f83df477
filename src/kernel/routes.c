// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One question for each address: RTM_GETROUTE, answered with the interface a packet would leave by. It is asked twice,
 * the second time for the entry of the table that answered, because only that tells a default route.
 */
#include "kernel/routes.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "kernel/attrs.h"
#include "kernel/receive.h"

#define MESSAGE_SIZE 8192

int routes_open(struct mnl_socket **ret)
{
	*ret = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!*ret)
		return -errno;
	if (mnl_socket_bind(*ret, 0, MNL_SOCKET_AUTOPID) < 0) {
		int r = -errno;

		mnl_socket_close(*ret);
		return r;
	}
	receive_set_patience(mnl_socket_get_fd(*ret));
	return 0;
}

static void put_address(struct nlmsghdr *message, const struct addr *to)
{
	uint8_t bytes[16];

	if (to->is_v6)
		for (size_t i = 0; i < 16; i++)
			bytes[i] = (uint8_t)(to->v6 >> (8 * (15 - i)));
	else
		for (size_t i = 0; i < 4; i++)
			bytes[i] = (uint8_t)(to->v4 >> (8 * (3 - i)));
	mnl_attr_put(message, RTA_DST, to->is_v6 ? 16 : 4, bytes);
}

static int ask(struct mnl_socket *socket, const struct addr *to, uint32_t flags, char *buf, size_t size)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buf);
	struct rtmsg *header;
	ssize_t len;

	message->nlmsg_type = RTM_GETROUTE;
	message->nlmsg_flags = NLM_F_REQUEST;
	header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	*header = (struct rtmsg){
	        .rtm_family = to->is_v6 ? AF_INET6 : AF_INET,
	        .rtm_dst_len = to->is_v6 ? 128 : 32,
	        .rtm_flags = flags,
	};
	put_address(message, to);
	receive_drain(mnl_socket_get_fd(socket)); /* a late answer would be taken for this one's */
	if (mnl_socket_sendto(socket, message, message->nlmsg_len) < 0)
		return -errno;
	len = receive_datagram(mnl_socket_get_fd(socket), buf, size, 0);
	if (len < 0)
		return (int)len;
	if (!receive_holds_message(buf, (int)len))
		return -EBADMSG;
	if (((const struct nlmsghdr *)buf)->nlmsg_type != NLMSG_ERROR)
		return 0;
	return ((const struct nlmsgerr *)mnl_nlmsg_get_payload((const struct nlmsghdr *)buf))->error;
}

static int collect(const struct nlattr *attr, void *data)
{
	struct attrs *attrs = data;

	if (mnl_attr_get_type(attr) < ATTRS_MAX)
		attrs->by_type[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static void read_route(const struct nlmsghdr *message, struct route *ret)
{
	const struct rtmsg *header = mnl_nlmsg_get_payload(message);
	struct attrs attrs = {0};

	mnl_attr_parse(message, sizeof(*header), collect, &attrs);
	ret->local = header->rtm_type == RTN_LOCAL;
	ret->exists = ret->local || header->rtm_type == RTN_UNICAST;
	ret->is_direct = !attrs.by_type[RTA_GATEWAY] && !attrs.by_type[RTA_VIA];
	if (attrs.by_type[RTA_OIF])
		ret->index = mnl_attr_get_u32(attrs.by_type[RTA_OIF]);
	if_indextoname(ret->index, ret->interface);
}

/* struct rtnexthop one after the other, each with its length. */
static bool has_several(const struct nlattr *multipath)
{
	const char *at = mnl_attr_get_payload(multipath), *end = at + mnl_attr_get_payload_len(multipath);
	int first = 0;

	while (end - at >= (ptrdiff_t)sizeof(struct rtnexthop)) {
		struct rtnexthop hop;

		memcpy(&hop, at, sizeof(hop));
		if (first && hop.rtnh_ifindex != first)
			return true;
		first = hop.rtnh_ifindex;
		if (hop.rtnh_len < sizeof(hop))
			return false;
		at += RTNH_ALIGN(hop.rtnh_len);
	}
	return false;
}

/* The entry of the routing table that gave the answer. */
static void read_entry(const struct nlmsghdr *message, struct route *ret)
{
	const struct rtmsg *header = mnl_nlmsg_get_payload(message);
	struct attrs attrs = {0};

	mnl_attr_parse(message, sizeof(*header), collect, &attrs);
	ret->by_default = header->rtm_dst_len == 0;
	ret->has_several = attrs.by_type[RTA_MULTIPATH] && has_several(attrs.by_type[RTA_MULTIPATH]);
}

static bool is_no_route(int r)
{
	return r == -ENETUNREACH || r == -EHOSTUNREACH || r == -EACCES || r == -EINVAL || r == -ESRCH;
}

int route_find(struct mnl_socket *socket, const struct addr *to, struct route *ret)
{
	char buf[MESSAGE_SIZE];
	int r = ask(socket, to, 0, buf, sizeof(buf));

	*ret = (struct route){.exists = false};
	if (r < 0)
		return is_no_route(r) ? 0 : r;
	read_route((const struct nlmsghdr *)buf, ret);
	if (ret->exists && !ret->local && ask(socket, to, RTM_F_FIB_MATCH, buf, sizeof(buf)) == 0)
		read_entry((const struct nlmsghdr *)buf, ret);
	return 0;
}

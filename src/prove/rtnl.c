// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Links and routes over rtnetlink. The interfaces have no ARP, so that a neighbour is there as soon as it is asked for;
 * and all routes go by a single neighbour, because the table of neighbours has one limit for all namespaces together
 * and must not fill up with the members of a policy.
 */
#include "prove/rtnl.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define UP_NOARP (IFF_UP | IFF_NOARP)

/* Sends one request and waits for the kernel's yes or no. */
static int ask(struct mnl_socket *socket, struct nlmsghdr *message)
{
	char buf[4096];
	ssize_t len;

	message->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	message->nlmsg_seq = (uint32_t)time(NULL);
	if (mnl_socket_sendto(socket, message, message->nlmsg_len) < 0)
		return -errno;
	len = mnl_socket_recvfrom(socket, buf, sizeof(buf));
	if (len < 0)
		return -errno;
	return mnl_cb_run(buf, (size_t)len, message->nlmsg_seq, 0, NULL, NULL) < 0 ? -errno : 0;
}

static struct nlmsghdr *link_begin(char *buf, uint16_t flags, int index)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(message, sizeof(*info));

	message->nlmsg_type = RTM_NEWLINK;
	message->nlmsg_flags = flags;
	*info = (struct ifinfomsg){.ifi_index = index, .ifi_flags = UP_NOARP, .ifi_change = UP_NOARP};
	return message;
}

int rtnl_add_pair(struct mnl_socket *socket, const char *name, const uint8_t mac[6], const char *peer)
{
	char buf[1024];
	struct nlmsghdr *message = link_begin(buf, NLM_F_CREATE | NLM_F_EXCL, 0);
	struct nlattr *info, *data, *other;
	int r;

	mnl_attr_put_strz(message, IFLA_IFNAME, name);
	mnl_attr_put(message, IFLA_ADDRESS, 6, mac);
	info = mnl_attr_nest_start(message, IFLA_LINKINFO);
	mnl_attr_put_strz(message, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(message, IFLA_INFO_DATA);
	other = mnl_attr_nest_start(message, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(message, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(message, IFLA_IFNAME, peer);
	mnl_attr_nest_end(message, other);
	mnl_attr_nest_end(message, data);
	mnl_attr_nest_end(message, info);
	r = ask(socket, message);
	return r < 0 ? r : rtnl_set_up(socket, peer);
}

int rtnl_set_up(struct mnl_socket *socket, const char *name)
{
	char buf[256];
	struct nlmsghdr *message = link_begin(buf, 0, (int)if_nametoindex(name));
	struct ifinfomsg *info = mnl_nlmsg_get_payload(message);

	info->ifi_flags = info->ifi_change = IFF_UP;
	return ask(socket, message);
}

int rtnl_add_default_route(struct mnl_socket *socket, bool is_v6, const char *interface)
{
	static const uint8_t gateway4[4] = {192, 0, 2, 1}, gateway6[16] = {0xfe, 0x80, [15] = 1};
	char buf[256];
	struct nlmsghdr *message = mnl_nlmsg_put_header(buf);
	struct rtmsg *route = mnl_nlmsg_put_extra_header(message, sizeof(*route));

	message->nlmsg_type = RTM_NEWROUTE;
	message->nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL;
	*route = (struct rtmsg){
	        .rtm_family = is_v6 ? AF_INET6 : AF_INET,
	        .rtm_table = RT_TABLE_MAIN,
	        .rtm_protocol = RTPROT_STATIC,
	        .rtm_scope = RT_SCOPE_UNIVERSE,
	        .rtm_type = RTN_UNICAST,
	        .rtm_flags = RTNH_F_ONLINK,
	};
	if (is_v6)
		mnl_attr_put(message, RTA_GATEWAY, sizeof(gateway6), gateway6);
	else
		mnl_attr_put(message, RTA_GATEWAY, sizeof(gateway4), gateway4);
	mnl_attr_put_u32(message, RTA_OIF, if_nametoindex(interface));
	return ask(socket, message);
}

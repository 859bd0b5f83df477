// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One namespace is enough. omfwd's rules look at addresses, ports and connections and never at interfaces, so that
 * whoever speaks goes in at the one side, answers too, and what comes out at the other side has passed the hooks of a
 * gateway. Pairs of interfaces rather than a TUN device: they need no device node, which containers often lack.
 *
 * Settings are written below /proc/sys/net, which shows those of the namespace that the writer is in; nothing is written
 * unless it is a new one.
 */
#include "prove/gateway.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "prove/rtnl.h"
#include "util/array.h"

const unsigned char gateway_mac[6] = {2, 0, 0, 0, 0, 1};

static const unsigned char out_mac[6] = {2, 0, 0, 0, 0, 2};

static const struct {
	const char *path, *value;
	bool v6;
} settings[] = {
        {"net/ipv4/conf/all/rp_filter", "0", false},     {"net/ipv4/conf/default/rp_filter", "0", false},
        {"net/ipv4/conf/all/log_martians", "0", false},  {"net/ipv4/ip_forward", "1", false},
        {"net/ipv6/conf/all/disable_ipv6", "0", true},   {"net/ipv6/conf/default/disable_ipv6", "0", true},
        {"net/ipv6/conf/default/accept_dad", "0", true}, {"net/ipv6/conf/all/forwarding", "1", true},
};

static int fail(int err, char *error, size_t size, const char *what)
{
	snprintf(error, size, "the lab cannot be made: %s: %s%s", what, strerror(-err),
	         err == -EPERM || err == -EACCES ? "; run it as root" : "");
	return err;
}

static int leave_network(char *error, size_t size)
{
	if (unshare(CLONE_NEWNET) == 0 || (errno == EPERM && unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0))
		return 0;
	snprintf(error, size,
	         "the lab cannot be made: a network namespace needs root or CAP_SYS_ADMIN (or a system that "
	         "lets users make namespaces of their own): %s",
	         strerror(errno));
	return -errno;
}

static int setting_write(const char *path, const char *value)
{
	char full[128];
	int fd, r = 0;

	snprintf(full, sizeof(full), "/proc/sys/%s", path);
	fd = open(full, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, value, strlen(value)) < 0)
		r = -errno;
	close(fd);
	return r;
}

static int settings_write(const struct gateway *gateway, char *error, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		int r = 0;

		if (!settings[i].v6 || gateway->has_v6)
			r = setting_write(settings[i].path, settings[i].value);
		if (r < 0)
			return fail(r, error, size, settings[i].path);
	}
	return 0;
}

static int links_make(const struct gateway *gateway, char *error, size_t size)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int r;

	if (!socket)
		return fail(-errno, error, size, "netlink");
	r = rtnl_set_up(socket, "lo");
	if (r == 0)
		r = rtnl_add_pair(socket, GATEWAY_IN, gateway_mac, GATEWAY_TAP_IN);
	if (r == 0)
		r = rtnl_add_pair(socket, GATEWAY_OUT, out_mac, GATEWAY_TAP_OUT);
	if (r < 0) {
		fail(r, error, size, "interfaces of type veth");
	} else {
		r = rtnl_add_default_route(socket, false, GATEWAY_OUT);
		if (r == 0 && gateway->has_v6)
			r = rtnl_add_default_route(socket, true, GATEWAY_OUT);
		if (r < 0)
			fail(r, error, size, "routes");
	}
	mnl_socket_close(socket);
	return r;
}

int gateway_make(struct gateway *ret, char *error, size_t size)
{
	int r = leave_network(error, size);

	if (r < 0)
		return r;
	ret->has_v6 = access("/proc/sys/net/ipv6", F_OK) == 0;
	r = settings_write(ret, error, size);
	return r < 0 ? r : links_make(ret, error, size);
}

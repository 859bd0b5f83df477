// SPDX-License-Identifier: GPL-2.0-or-later
/* Settings of the kernel below /proc/sys that act before any rule: forwarding, the reverse path, bridges, conntrack. */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "doctor/findings.h"
#include "util/file.h"

#define CONNTRACK_FULL_PERCENT 80
#define STRICT                 1 /* rp_filter */

/* A number below /proc, or -1 when there is no such thing. */
static long read_number(struct checkup *checkup, const char *path)
{
	char *text;
	size_t len;
	long number = -1;

	if (file_read(arena_printf(checkup->arena, "%s/%s", checkup->question->proc, path), &text, &len) < 0)
		return -1;
	sscanf(text, "%ld", &number);
	free(text);
	return number;
}

static bool is_forwarded(const struct sample *sample, bool v6)
{
	return sample->query.src.is_v6 == v6 && sample->packet.path == FOREIGN_FORWARD;
}

static const struct sample *first_forwarded(const struct checkup *checkup, bool v6)
{
	for (size_t i = 0; i < checkup->n_samples; i++)
		if (is_forwarded(&checkup->samples[i], v6))
			return &checkup->samples[i];
	return NULL;
}

static void tell_forwarding(struct checkup *checkup, const char *setting, const char *family)
{
	struct finding *finding = finding_add(checkup, FINDING_FORWARDING_OFF,
	                                      "%s forwarding is off (%s = 0)", family, setting);

	finding_line(checkup, &finding->commands, "sysctl -w %s=1", setting);
	finding_line(checkup, &finding->remedy, "to stay: the line %s = 1 in /etc/sysctl.d/90-omfwd.conf",
	             setting);
}

static void check_forwarding(struct checkup *checkup)
{
	if (first_forwarded(checkup, false) && read_number(checkup, "sys/net/ipv4/ip_forward") == 0)
		tell_forwarding(checkup, "net.ipv4.ip_forward", "IPv4");
	if (first_forwarded(checkup, true) && read_number(checkup, "sys/net/ipv6/conf/all/forwarding") == 0)
		tell_forwarding(checkup, "net.ipv6.conf.all.forwarding", "IPv6");
}

/* What all interfaces of the samples are asked about, once each. */
static void each_interface(struct checkup *checkup,
                           void (*check)(struct checkup *checkup, const struct sample *sample,
                                         const struct route *route))
{
	char seen[64][IFNAMSIZ];
	size_t n = 0;

	for (size_t i = 0; i < 2 * checkup->n_samples && n < 64; i++) {
		const struct sample *sample = &checkup->samples[i / 2];
		const struct route *route = i % 2 ? &sample->there : &sample->back;
		bool known = !route->exists || route->local;

		for (size_t k = 0; k < n && !known; k++)
			known = !strcmp(seen[k], route->interface);
		if (known)
			continue;
		memcpy(seen[n++], route->interface, IFNAMSIZ);
		check(checkup, sample, route);
	}
}

static long interface_number(struct checkup *checkup, const char *family, const struct route *route,
                             const char *name)
{
	return read_number(checkup, arena_printf(checkup->arena, "sys/net/%s/conf/%s/%s", family,
	                                         route->interface, name));
}

/* One interface can be taken out of forwarding alone. */
static void check_interface_forwarding(struct checkup *checkup, const struct sample *sample,
                                       const struct route *route)
{
	(void)sample;
	if (first_forwarded(checkup, false) && read_number(checkup, "sys/net/ipv4/ip_forward") == 1 &&
	    interface_number(checkup, "ipv4", route, "forwarding") == 0)
		tell_forwarding(checkup,
		                arena_printf(checkup->arena, "net.ipv4.conf.%s.forwarding", route->interface),
		                arena_printf(checkup->arena, "on %s IPv4", route->interface));
	if (first_forwarded(checkup, true) && read_number(checkup, "sys/net/ipv6/conf/all/forwarding") == 1 &&
	    interface_number(checkup, "ipv6", route, "forwarding") == 0)
		tell_forwarding(checkup,
		                arena_printf(checkup->arena, "net.ipv6.conf.%s.forwarding", route->interface),
		                arena_printf(checkup->arena, "on %s IPv6", route->interface));
}

/* Strict means: only by the interface of the way back. Where that way has several interfaces, half may be lost. */
static void check_reverse_path(struct checkup *checkup)
{
	for (size_t i = 0; i < 2 * checkup->n_samples; i++) {
		const struct sample *sample = &checkup->samples[i / 2];
		const struct route *route = i % 2 ? &sample->there : &sample->back;
		long all = read_number(checkup, "sys/net/ipv4/conf/all/rp_filter");
		struct finding *finding;
		long own;

		if (sample->query.src.is_v6 || !route->has_several || route->local)
			continue;
		own = interface_number(checkup, "ipv4", route, "rp_filter");
		if ((own > all ? own : all) != STRICT)
			continue;
		finding = finding_add(
		        checkup, FINDING_REVERSE_PATH,
		        "rp_filter is strict on %s, and a route of the roles has several interfaces",
		        route->interface);
		finding_line(checkup, &finding->commands, "sysctl -w net.ipv4.conf.%s.rp_filter=2",
		             route->interface);
		finding_line(checkup, &finding->remedy,
		             "2 is loose: an address must be reachable, by any interface");
		return;
	}
}

/* ethtool's name of the driver, which every kernel tells without privilege. */
static bool is_bridge(const char *interface)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	struct ifreq request = {.ifr_data = (void *)&info};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool bridge;

	if (fd < 0)
		return false;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	bridge = ioctl(fd, SIOCETHTOOL, &request) == 0 && !strcmp(info.driver, "bridge");
	close(fd);
	return bridge;
}

static void check_bridge(struct checkup *checkup, const struct sample *sample, const struct route *route)
{
	struct finding *finding;

	(void)sample;
	if (read_number(checkup, "sys/net/bridge/bridge-nf-call-iptables") != 1 ||
	    !is_bridge(route->interface))
		return;
	finding = finding_add(checkup, FINDING_BRIDGE,
	                      "members of roles are behind the bridge %s, and bridge-nf-call-iptables is on",
	                      route->interface);
	finding_line(checkup, &finding->commands, "sysctl -w net.bridge.bridge-nf-call-iptables=0");
	finding_line(checkup, &finding->remedy,
	             "Docker and Kubernetes turn it on for their own bridges: ask them first");
}

static void check_conntrack(struct checkup *checkup)
{
	long count = read_number(checkup, "sys/net/netfilter/nf_conntrack_count");
	long max = read_number(checkup, "sys/net/netfilter/nf_conntrack_max");
	struct finding *finding;

	if (count < 0 || max <= 0 || count < max / 100 * CONNTRACK_FULL_PERCENT)
		return;
	finding = finding_add(checkup, FINDING_CONNTRACK_FULL,
	                      "the table of connections holds %ld of at most %ld", count, max);
	finding_line(checkup, &finding->commands, "sysctl -w net.netfilter.nf_conntrack_max=%ld", 2 * max);
	finding_line(checkup, &finding->remedy,
	             "each connection takes about 300 bytes; conntrack -L shows whose they are");
}

void check_settings(struct checkup *checkup)
{
	check_forwarding(checkup);
	each_interface(checkup, check_interface_forwarding);
	check_reverse_path(checkup);
	each_interface(checkup, check_bridge);
	check_conntrack(checkup);
}

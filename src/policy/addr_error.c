// SPDX-License-Identifier: GPL-2.0-or-later
/* What is wrong with a member, and what would be right, in words. */
#include "policy/addr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMBER_TEXT_MAX 100

static const struct addr_error_text {
	const char *wrong;
	const char *right; /* NULL: depends on the text */
} texts[] = {
        [ADDR_OK] = {"is fine", "nothing to change"},
        [ADDR_NOT_AN_ADDRESS] = {"is not an address", NULL},
        [ADDR_BAD_PREFIX] = {"has no valid prefix length",
                             "write /0 to /32 for IPv4, /0 to /128 for IPv6, without leading zeros"},
        [ADDR_HOST_BITS] = {"has host bits set", NULL},
        [ADDR_REVERSED] = {"ends before it starts", NULL},
        [ADDR_MIXED_FAMILIES] = {"mixes IPv4 and IPv6", "write one range for each family"},
        [ADDR_LOOPBACK] = {"is a loopback address",
                           "write the address that other hosts see; loopback never crosses a gateway"},
        [ADDR_LINK_LOCAL] = {"is a link-local address",
                             "write a routable address; link-local never crosses a gateway"},
        [ADDR_MULTICAST] = {"is a multicast address", "write the hosts' own addresses"},
        [ADDR_UNSPECIFIED] = {"is the unspecified address", "write the address of a host or network"},
        [ADDR_BROADCAST] = {"is the broadcast address", "write the address of a host or network"},
        [ADDR_V4_MAPPED] = {"is an IPv4-mapped IPv6 address", "write the plain IPv4 address"},
        [ADDR_EVERYTHING] = {"is every address of its family",
                             "only management_pack_catalog may hold that; name the networks you mean"},
};

const char *addr_error_text(enum addr_error error)
{
	return texts[error].wrong;
}

/* The CIDR with its host bits cleared, and the host alone: people mean one or the other. */
static void explain_host_bits(const char *member, char *buf, size_t size)
{
	char host[MEMBER_TEXT_MAX], network[ADDR_TEXT_MAX] = "";
	const char *slash = strchr(member, '/');
	struct addr addr;
	int prefix = atoi(slash + 1);

	snprintf(host, sizeof(host), "%.*s", (int)(slash - member), member);
	if (addr_parse_host(host, &addr) < 0)
		return;
	if (addr.is_v6)
		addr.v6 &= prefix ? ~(u128)0 << (128 - prefix) : 0;
	else
		addr.v4 &= prefix ? UINT32_MAX << (32 - prefix) : 0;
	addr_format(&addr, network, sizeof(network));
	snprintf(buf, size, "write %s/%d for the network or %s for the host", network, prefix, host);
}

static void explain_reversed(const char *member, char *buf, size_t size)
{
	const char *dash = strchr(member, '-');

	snprintf(buf, size, "write %s-%.*s", dash + 1, (int)(dash - member), member);
}

static void explain_no_address(const char *member, char *buf, size_t size)
{
	const char *right =
	        "write an IPv4 or IPv6 host (10.0.0.1), network (10.0.0.0/24) or range (10.0.0.1-10.0.0.9), "
	        "or @role, @section.role, @file:PATH";

	if (strpbrk(member, " \t"))
		right = "separate members by commas, and write ranges without blanks";
	else if (strchr(member, '%'))
		right = "leave out the zone after %";
	else if (member[0] == '[')
		right = "write IPv6 addresses without brackets";
	snprintf(buf, size, "%s", right);
}

void addr_error_explain(enum addr_error error, const char *text, size_t len, char *buf, size_t size)
{
	char member[MEMBER_TEXT_MAX];

	snprintf(member, sizeof(member), "%.*s", (int)(len < sizeof(member) ? len : sizeof(member) - 1),
	         text);
	buf[0] = '\0';
	if (error == ADDR_HOST_BITS)
		explain_host_bits(member, buf, size);
	else if (error == ADDR_REVERSED)
		explain_reversed(member, buf, size);
	else if (error == ADDR_NOT_AN_ADDRESS)
		explain_no_address(member, buf, size);
	else
		snprintf(buf, size, "%s", texts[error].right);
}

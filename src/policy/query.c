// SPDX-License-Identifier: GPL-2.0-or-later
/* The words of a question ("10.0.0.1 10.0.0.2 tcp 5723") read into a query, and the words of an answer. */
#include "policy/explain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/text.h"

static const char *const verdict_names[VERDICT_MAX] = {
        [VERDICT_ALLOWED] = "allowed",       [VERDICT_NOT_JUDGED] = "not_judged",
        [VERDICT_NEVER_DENY] = "never_deny", [VERDICT_AUDITED] = "audited",
        [VERDICT_DENIED] = "denied",
};

static const char *const reason_names[REASON_MAX] = {
        [REASON_NONE] = "none",
        [REASON_WINDOW_CLOSED] = "window_closed",
        [REASON_RULE_EXPIRED] = "rule_expired",
        [REASON_OTHER_PROTOCOL] = "other_protocol",
        [REASON_OPPOSITE_DIRECTION] = "opposite_direction",
        [REASON_OTHER_SECTION] = "other_section",
        [REASON_OTHER_TABLE] = "other_table",
        [REASON_PORT_MOVED] = "port_moved",
        [REASON_TAKEN_AWAY] = "taken_away",
        [REASON_KNOWN_PORT] = "known_port",
        [REASON_NO_LINE] = "no_line",
        [REASON_NO_ROLE] = "no_role",
};

static const char *const path_names[PACKET_PATH_MAX] = {[PATH_FORWARD] = "forward", [PATH_LOCAL] = "local"};

const char *verdict_name(enum verdict verdict)
{
	return verdict_names[verdict];
}

const char *denial_reason_name(enum denial_reason reason)
{
	return reason_names[reason];
}

const char *packet_path_name(enum packet_path path)
{
	return path_names[path];
}

bool verdict_passes(enum verdict verdict)
{
	return verdict != VERDICT_DENIED;
}

static int parse_proto(const char *word, enum proto *ret)
{
	if (!strcmp(word, "icmpv6") || !strcmp(word, "icmp6"))
		word = "icmp";
	for (enum proto proto = 0; proto < PROTO_MAX; proto++)
		if (!strcmp(word, proto_name(proto))) {
			*ret = proto;
			return 0;
		}
	return -EINVAL;
}

static int parse_port(const char *word, uint16_t *ret)
{
	unsigned port = 0;
	size_t digits = strspn(word, "0123456789");

	if (!digits || digits > 5 || word[digits])
		return -EINVAL;
	for (size_t i = 0; i < digits; i++)
		port = port * 10 + (unsigned)(word[i] - '0');
	if (!port || port > UINT16_MAX)
		return -EINVAL;
	*ret = (uint16_t)port;
	return 0;
}

static int refuse_word(const char *word, const char *problem, char *error, size_t size)
{
	char quoted[TEXT_QUOTE_MAX];

	snprintf(error, size, "%s %s", text_quote(word, strlen(word), quoted, sizeof(quoted)), problem);
	return -EINVAL;
}

static int parse_service(const char *proto, const char *port, struct query *ret, char *error, size_t size)
{
	if (!proto && !port) {
		ret->proto = PROTO_MAX;
		return 0;
	}
	if (!proto)
		return refuse_word(port, "is a port without its protocol; write tcp/5723 or the like", error,
		                   size);
	if (parse_proto(proto, &ret->proto) < 0)
		return refuse_word(proto, "is no protocol; use tcp, udp or icmp", error, size);
	if (ret->proto == PROTO_ICMP && port)
		return refuse_word(port, "is one word too many; icmp has no ports, echo-request is meant",
		                   error, size);
	if (ret->proto != PROTO_ICMP && !port) {
		snprintf(error, size, "%s needs a port; write %s/5723 or the like", proto, proto);
		return -EINVAL;
	}
	if (port && parse_port(port, &ret->port) < 0)
		return refuse_word(port, "is no port; use a number from 1 to 65535", error, size);
	return 0;
}

static int parse_addr(const char *word, struct addr *ret, char *error, size_t size)
{
	if (addr_parse_host(word, ret) < 0)
		return refuse_word(word, "is no address; write a single IPv4 or IPv6 address", error, size);
	return 0;
}

int query_parse(const char *src, const char *dst, const char *proto, const char *port, struct query *ret,
                char *error, size_t size)
{
	struct query query = {.path = PATH_FORWARD};

	if (parse_addr(src, &query.src, error, size) < 0 || parse_addr(dst, &query.dst, error, size) < 0 ||
	    parse_service(proto, port, &query, error, size) < 0)
		return -EINVAL;
	if (query.src.is_v6 != query.dst.is_v6) {
		snprintf(error, size, "%s and %s are of two families; no packet has both, ask about one", src,
		         dst);
		return -EINVAL;
	}
	*ret = query;
	return 0;
}

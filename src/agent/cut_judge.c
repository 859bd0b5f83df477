/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection judged as the nft table judges its packets: by who opened it and who answers at which port. The
 * question is put to the same function that answers "omfwd explain". Two things it does not know stand here: a
 * connection met in the middle has its ends swapped (ruleset/judge.c), and not everything that is tracked is forwarded.
 */
#include "agent/cut.h"

#include <netinet/in.h>

#define ICMP_ECHO_REQUEST   8   /* RFC 792 */
#define ICMPV6_ECHO_REQUEST 128 /* RFC 4443 */

static const struct {
	uint8_t number, echo_request;
	enum proto proto;
} protocols[] = {
        {IPPROTO_TCP, 0, PROTO_TCP},
        {IPPROTO_UDP, 0, PROTO_UDP},
        {IPPROTO_ICMP, ICMP_ECHO_REQUEST, PROTO_ICMP},
        {IPPROTO_ICMPV6, ICMPV6_ECHO_REQUEST, PROTO_ICMP},
};

/* Whether lines can speak of the connection at all; then *proto is how they call it. */
static bool entry_proto(const struct conntrack_entry *entry, enum proto *proto)
{
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		if (protocols[i].number == entry->proto) {
			*proto = protocols[i].proto;
			return *proto != PROTO_ICMP ||
			       (entry->icmp_type == protocols[i].echo_request && entry->icmp_code == 0);
		}
	return false;
}

static enum verdict verdict_by(const struct cut_view *view, const struct lines *lines,
                               const struct query *query)
{
	return policy_judge(view->policy, lines, query, view->now_open, view->gates);
}

/* Opened before there was a policy, and first seen when the server spoke: single ports alone. */
static bool is_resumed(const struct cut_view *view, const struct conntrack_entry *entry)
{
	struct query swapped = {.src = entry->dst, .dst = entry->src, .port = entry->src_port};

	if (!entry_proto(entry, &swapped.proto) || swapped.proto == PROTO_ICMP)
		return false;
	for (size_t i = 0; i < view->lines->n; i++) {
		struct lines alone = {.items = &view->lines->items[i], .n = 1};
		struct port_range ports = alone.items->ports;

		if (alone.items->proto == swapped.proto && ports.lo == ports.hi && ports.lo == swapped.port &&
		    verdict_by(view, &alone, &swapped) == VERDICT_ALLOWED)
			return true;
	}
	return false;
}

static bool is_denied(const struct cut_view *view, const struct conntrack_entry *entry, enum packet_path path)
{
	static const struct lines none = {.n = 0};
	struct query query = {.src = entry->src, .dst = entry->dst, .port = entry->dst_port, .path = path};
	bool known = entry_proto(entry, &query.proto);

	return verdict_by(view, known ? view->lines : &none, &query) == VERDICT_DENIED &&
	       !is_resumed(view, entry);
}

bool cut_is_due(const struct cut_view *view, const struct conntrack_entry *entry)
{
	bool src_is_local, dst_is_local;

	if (!is_denied(view, entry, PATH_FORWARD))
		return false;
	if (entry->offloaded) /* only what is forwarded can be */
		return true;
	src_is_local = view->is_local(&entry->src, view->data);
	dst_is_local = view->is_local(&entry->dst, view->data);
	if (src_is_local && dst_is_local)
		return false;
	return (!src_is_local && !dst_is_local) || is_denied(view, entry, PATH_LOCAL);
}

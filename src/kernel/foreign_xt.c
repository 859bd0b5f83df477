// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * iptables-nft leaves most matches and targets in the form of iptables: a name, a revision and a struct of the kernel's.
 * Those that firewalls live on are understood; the rest may match, and a target that is not known may do anything.
 */
#include "kernel/foreign_state.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <stdbool.h>
#include <string.h>

#include "util/array.h"

#define ICMP_ANY_TYPE 0xff

static enum match match_if(bool holds)
{
	return holds ? MATCH_YES : MATCH_NO;
}

static enum match both(enum match a, enum match b)
{
	return a == MATCH_NO || b == MATCH_NO ? MATCH_NO : a == MATCH_YES ? b : a;
}

static enum match match_comment(const struct foreign_state *state, const void *info)
{
	(void)state;
	(void)info;
	return MATCH_YES;
}

/* Headers of IPv6 that our packet does not have; these say no then, inverted or not. */
static enum match match_no_header(const struct foreign_state *state, const void *info)
{
	(void)state;
	(void)info;
	return MATCH_NO;
}

/* The port of the client is not known; a range of all ports holds it all the same. */
static enum match ports_match(const uint16_t *range, bool known, uint16_t port, bool invert)
{
	enum match match = range[0] == 0 && range[1] == UINT16_MAX ? MATCH_YES
	                   : known ? match_if(port >= range[0] && port <= range[1])
	                           : MATCH_MAYBE;

	return invert ? match_not(match) : match;
}

static enum match match_tcp(const struct foreign_state *state, const void *info)
{
	const struct xt_tcp *tcp = info;
	enum match match;

	if (state->packet->proto != IPPROTO_TCP)
		return MATCH_NO;
	match = both(ports_match(tcp->spts, false, 0, tcp->invflags & XT_TCP_INV_SRCPT),
	             ports_match(tcp->dpts, true, state->packet->port, tcp->invflags & XT_TCP_INV_DSTPT));
	if (tcp->flg_mask)
		match = both(match, match_if(((state->transport.value[13] & tcp->flg_mask) == tcp->flg_cmp) !=
		                             !!(tcp->invflags & XT_TCP_INV_FLAGS)));
	return tcp->option ? both(match, MATCH_MAYBE) : match;
}

static enum match match_udp(const struct foreign_state *state, const void *info)
{
	const struct xt_udp *udp = info;

	if (state->packet->proto != IPPROTO_UDP)
		return MATCH_NO;
	return both(ports_match(udp->spts, false, 0, udp->invflags & XT_UDP_INV_SRCPT),
	            ports_match(udp->dpts, true, state->packet->port, udp->invflags & XT_UDP_INV_DSTPT));
}

/* struct ipt_icmp and ip6t_icmp: type, first and last code, invert. */
static enum match match_icmp(const struct foreign_state *state, const void *info)
{
	const uint8_t *icmp = info;
	uint8_t type = state->packet->v6 ? 128 : 8;
	bool any = icmp[0] == ICMP_ANY_TYPE && !state->packet->v6;

	if (state->packet->proto != IPPROTO_ICMP)
		return MATCH_NO;
	return match_if((any || (icmp[0] == type && icmp[1] == 0)) != !!icmp[3]);
}

static enum match match_multiport(const struct foreign_state *state, const void *info)
{
	const struct xt_multiport_v1 *ports = info;
	uint16_t port = state->packet->port;
	bool found = false;

	if (state->packet->proto == IPPROTO_ICMP)
		return MATCH_NO;
	for (unsigned i = 0; i < ports->count && i < XT_MULTI_PORTS; i++) {
		uint16_t first = ports->ports[i], last = first;

		if (ports->pflags[i] && i + 1 < ports->count && i + 1 < XT_MULTI_PORTS)
			last = ports->ports[++i];
		found |= port >= first && port <= last;
	}
	if (ports->flags == XT_MULTIPORT_SOURCE || (ports->flags == XT_MULTIPORT_EITHER && !found))
		return MATCH_MAYBE;
	return match_if(found != !!ports->invert);
}

/* xt_conntrack numbers the states as nft does, but for a bit that says "not tracked". */
static enum match match_conntrack(const struct foreign_state *state, const void *info)
{
	const struct xt_conntrack_mtinfo3 *ct = info;
	enum match match = MATCH_YES;
	uint32_t has = state->ct_state;

	if (has == NF_CT_STATE_UNTRACKED_BIT)
		has = XT_CONNTRACK_STATE_UNTRACKED;
	if (ct->match_flags & XT_CONNTRACK_STATE)
		match = state->ct_state_known ? match_if(!!(has & ct->state_mask) !=
		                                         !!(ct->invert_flags & XT_CONNTRACK_STATE))
		                              : MATCH_MAYBE;
	if (ct->match_flags & ~(XT_CONNTRACK_STATE | XT_CONNTRACK_STATE_ALIAS))
		match = both(match, MATCH_MAYBE);
	return match;
}

/* struct xt_state_info: the mask alone. */
static enum match match_state(const struct foreign_state *state, const void *info)
{
	uint32_t states;

	memcpy(&states, info, sizeof(states));
	return state->ct_state_known ? match_if(state->ct_state & states) : MATCH_MAYBE;
}

static enum match mark_matches(const void *info, uint32_t mark, uint32_t known)
{
	const struct xt_mark_mtinfo1 *want = info;
	enum match match = (mark ^ want->mark) & known & want->mask ? MATCH_NO
	                   : (known & want->mask) == want->mask     ? MATCH_YES
	                                                            : MATCH_MAYBE;

	if (want->mark & ~want->mask)
		match = MATCH_NO;
	return want->invert ? match_not(match) : match;
}

static enum match match_mark(const struct foreign_state *state, const void *info)
{
	return mark_matches(info, state->mark, state->mark_known);
}

static enum match match_connmark(const struct foreign_state *state, const void *info)
{
	return mark_matches(info, state->ct_mark, state->ct_mark_known);
}

static enum match match_addrtype(const struct foreign_state *state, const void *info)
{
	const struct xt_addrtype_info_v1 *types = info;
	unsigned source = state->packet->path == FOREIGN_OUTPUT ? XT_ADDRTYPE_LOCAL : XT_ADDRTYPE_UNICAST;
	unsigned dest = state->packet->path == FOREIGN_INPUT ? XT_ADDRTYPE_LOCAL : XT_ADDRTYPE_UNICAST;
	enum match match = MATCH_YES;

	if (types->flags & (XT_ADDRTYPE_LIMIT_IFACE_IN | XT_ADDRTYPE_LIMIT_IFACE_OUT))
		return MATCH_MAYBE;
	if (types->source)
		match = match_if(!!(types->source & source) != !!(types->flags & XT_ADDRTYPE_INVERT_SOURCE));
	if (types->dest)
		match = both(match,
		             match_if(!!(types->dest & dest) != !!(types->flags & XT_ADDRTYPE_INVERT_DEST)));
	return match;
}

static const struct {
	const char *name;
	uint32_t revision_min, revision_max;
	size_t size; /* of what is read */
	enum match (*match)(const struct foreign_state *state, const void *info);
} matches[] = {
        {"comment", 0, 0, 0, match_comment},
        {"rt", 0, 0, 0, match_no_header},
        {"frag", 0, 0, 0, match_no_header},
        {"hbh", 0, 0, 0, match_no_header},
        {"dst", 0, 0, 0, match_no_header},
        {"mh", 0, 0, 0, match_no_header},
        {"tcp", 0, 0, sizeof(struct xt_tcp), match_tcp},
        {"udp", 0, 0, sizeof(struct xt_udp), match_udp},
        {"icmp", 0, 0, 4, match_icmp},
        {"icmp6", 0, 0, 4, match_icmp},
        {"multiport", 1, 1, sizeof(struct xt_multiport_v1), match_multiport},
        {"conntrack", 2, 3, sizeof(struct xt_conntrack_mtinfo2), match_conntrack},
        {"state", 0, 0, sizeof(uint32_t), match_state},
        {"mark", 1, 1, sizeof(struct xt_mark_mtinfo1), match_mark},
        {"connmark", 1, 1, sizeof(struct xt_mark_mtinfo1), match_connmark},
        {"addrtype", 1, 1, sizeof(struct xt_addrtype_info_v1), match_addrtype},
};

enum match foreign_xt_match(struct foreign_state *state, const struct nftnl_expr *expr)
{
	const char *name = nftnl_expr_get_str(expr, NFTNL_EXPR_MT_NAME);
	uint32_t revision = nftnl_expr_get_u32(expr, NFTNL_EXPR_MT_REV), size = 0;
	const void *info = nftnl_expr_get(expr, NFTNL_EXPR_MT_INFO, &size);
	union {
		struct xt_conntrack_mtinfo3 largest; /* for its alignment */
		char bytes[512];
	} copy = {.bytes = {0}};

	for (size_t i = 0; i < ARRAY_SIZE(matches); i++) {
		if (strcmp(name, matches[i].name) != 0 || revision < matches[i].revision_min ||
		    revision > matches[i].revision_max || size < matches[i].size || (size && !info))
			continue;
		if (size)
			memcpy(copy.bytes, info, size < sizeof(copy) ? size : sizeof(copy));
		return matches[i].match(state, copy.bytes);
	}
	return MATCH_MAYBE;
}

enum target_kind { TARGET_GOES_ON, TARGET_REJECTS, TARGET_UNTRACKS, TARGET_MARKS };

static const struct {
	const char *name;
	enum target_kind kind;
} targets[] = {
        {"LOG", TARGET_GOES_ON},    {"NFLOG", TARGET_GOES_ON},    {"ULOG", TARGET_GOES_ON},
        {"TCPMSS", TARGET_GOES_ON}, {"DSCP", TARGET_GOES_ON},     {"TOS", TARGET_GOES_ON},
        {"TTL", TARGET_GOES_ON},    {"HL", TARGET_GOES_ON},       {"CLASSIFY", TARGET_GOES_ON},
        {"SET", TARGET_GOES_ON},    {"CHECKSUM", TARGET_GOES_ON}, {"TRACE", TARGET_GOES_ON},
        {"AUDIT", TARGET_GOES_ON},  {"SECMARK", TARGET_GOES_ON},  {"CONNSECMARK", TARGET_GOES_ON},
        {"TEE", TARGET_GOES_ON},    {"REJECT", TARGET_REJECTS},   {"TARPIT", TARGET_REJECTS},
        {"CT", TARGET_UNTRACKS},    {"NOTRACK", TARGET_UNTRACKS}, {"MARK", TARGET_MARKS},
        {"CONNMARK", TARGET_MARKS},
};

/* CT without --notrack gives a helper or a zone and goes on: the first bit of its flags tells. */
static bool untracks(const struct nftnl_expr *expr)
{
	uint32_t size = 0;
	const void *info = nftnl_expr_get(expr, NFTNL_EXPR_TG_INFO, &size);
	uint16_t flags = 1;

	if (info && size >= sizeof(flags))
		memcpy(&flags, info, sizeof(flags));
	return flags & 1;
}

static void forget_marks(struct foreign_state *state)
{
	state->mark_known = 0;
	state->ct_mark_known = 0;
}

enum match foreign_xt_target(struct foreign_state *state, const struct nftnl_expr *expr,
                             struct foreign_decision *ret)
{
	const char *name = nftnl_expr_get_str(expr, NFTNL_EXPR_TG_NAME);

	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		if (strcmp(name, targets[i].name) != 0)
			continue;
		if (targets[i].kind == TARGET_REJECTS)
			*ret = (struct foreign_decision){
			        .decided = true, .verdict = NF_DROP, .rejects = true};
		else if (targets[i].kind == TARGET_UNTRACKS && untracks(expr))
			foreign_state_untrack(state);
		else if (targets[i].kind == TARGET_MARKS)
			forget_marks(state);
		return MATCH_YES;
	}
	*ret = (struct foreign_decision){.decided = true, .verdict = NF_QUEUE};
	return MATCH_YES;
}

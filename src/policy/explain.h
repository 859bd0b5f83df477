/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happens to a packet that opens a connection from src to dst, and why. Pure: walks the lines, touches no kernel.
 * Must agree with the nft table for every packet.
 */
#ifndef OMFWD_EXPLAIN_H
#define OMFWD_EXPLAIN_H

#include "policy/compile.h"

/* Where the packet meets the gateway; deny_scope = everything is about forwarded packets only. */
enum packet_path { PATH_FORWARD, PATH_LOCAL };

/* Answers whether the install lines of a gate ("prod.cur-01", "site.NAME") are open now. */
typedef bool (*gate_is_open_fn)(const char *gate, void *data);

struct query {
	struct addr src, dst;
	enum proto proto;
	uint16_t port; /* 0 for icmp */
	enum packet_path path;
};

enum verdict {
	VERDICT_ALLOWED,    /* a line allows it */
	VERDICT_NOT_JUDGED, /* no line, and deny_scope does not reach it: passes */
	VERDICT_NEVER_DENY, /* would be denied, but an end is in never_deny: passes */
	VERDICT_AUDITED,    /* would be denied; mode = audit lets it pass */
	VERDICT_DENIED,
};

enum denial_reason {
	REASON_NONE,
	REASON_WINDOW_CLOSED,	   /* line: the install line that would open it */
	REASON_OTHER_PROTOCOL,	   /* line: same ends and port, other protocol */
	REASON_OPPOSITE_DIRECTION, /* line: opens from dst to src */
	REASON_OTHER_SECTION,	   /* line-less: both ends are in roles, but of different sections */
	REASON_NO_LINE,		   /* both ends in roles of one section, no row opens this port */
	REASON_NO_ROLE,		   /* an end is in no role (deny_scope servers, everything) */
};

/* One role an address holds. */
struct held_role {
	const struct section *section;
	enum role role;
	loc_t loc; /* the member that holds it */
};

#define HELD_ROLES_MAX 32

struct explanation {
	enum verdict verdict;
	const struct line *line;     /* the line that allows, or that would under `reason`; NULL if none */
	enum denial_reason reason;   /* REASON_NONE unless denied or audited */
	struct held_role src_roles[HELD_ROLES_MAX], dst_roles[HELD_ROLES_MAX];
	size_t n_src_roles, n_dst_roles;
};

/* now_open may be NULL: every gate is closed. */
void policy_explain(const struct policy *policy, const struct lines *lines, const struct query *query,
		    gate_is_open_fn now_open, void *data, struct explanation *ret);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happens to a packet that opens a connection from src to dst, and why. Pure: walks the lines, touches no kernel.
 * Must agree with the nft table for every packet.
 */
#ifndef OMFWD_EXPLAIN_H
#define OMFWD_EXPLAIN_H

#include "policy/compile.h"

/* Where the packet meets the gateway; deny_scope = everything is about forwarded packets only. */
enum packet_path { PATH_FORWARD, PATH_LOCAL, PACKET_PATH_MAX };

/* Answers whether the install lines of a gate ("prod.cur-01", "site.NAME") are open now. */
typedef bool (*gate_is_open_fn)(const char *gate, void *data);

struct query {
	struct addr src, dst; /* of one family */
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
	VERDICT_MAX
};

enum denial_reason {
	REASON_NONE,
	REASON_WINDOW_CLOSED,      /* line: the install line that would open it */
	REASON_RULE_EXPIRED,       /* site_rule: would open it, had it not expired */
	REASON_OTHER_PROTOCOL,     /* line: same ends and port, other protocol */
	REASON_OPPOSITE_DIRECTION, /* line: opens from dst to src */
	REASON_OTHER_SECTION, /* document: a line between roles the ends hold, but in different sections */
	REASON_NO_LINE,       /* both ends hold roles, no line opens this port; see document */
	REASON_NO_ROLE,       /* an end is in no role (deny_scope servers, everything) */
	REASON_MAX
};

/* One role an address holds. */
struct held_role {
	const struct section *section;
	enum role role;
	loc_t loc; /* the member that holds it */
};

#define HELD_ROLES_MAX 32 /* more are judged, but not listed */

/* A line of the documents that concerns the packet, although no compiled line does. */
struct document_line {
	const struct table_line *line; /* NULL: there is none */
	struct held_role src, dst;     /* the roles it is between */
};

struct explanation {
	enum verdict verdict;
	const struct line *line;   /* the line that allows, or that would under `reason`; NULL if none */
	enum denial_reason reason; /* REASON_NONE unless denied or audited */
	const struct site_rule *site_rule; /* REASON_RULE_EXPIRED: the rule */
	/*
	 * REASON_OTHER_SECTION: what would open it if both ends were in one section. REASON_NO_LINE: what would open
	 * it if the role file did not take it away (line_absence() says how); line is NULL if there is no such thing.
	 */
	struct document_line document;
	struct held_role src_roles[HELD_ROLES_MAX], dst_roles[HELD_ROLES_MAX];
	size_t n_src_roles, n_dst_roles;
};

/* now_open may be NULL: every gate is closed. */
void policy_explain(const struct policy *policy, const struct lines *lines, const struct query *query,
                    gate_is_open_fn now_open, void *data, struct explanation *ret);

/* The verdict alone, without looking for reasons. */
enum verdict policy_judge(const struct policy *policy, const struct lines *lines, const struct query *query,
                          gate_is_open_fn now_open, void *data);

/* True when the verdict lets the packet through. */
bool verdict_passes(enum verdict verdict);

/* "allowed", "denied" ...; "window_closed", "none" ...; "forward", "local". */
const char *verdict_name(enum verdict verdict);
const char *denial_reason_name(enum denial_reason reason);
const char *packet_path_name(enum packet_path path);

/*
 * Reads a query from words: two addresses of one family; "tcp", "udp", "icmp", "icmpv6" or "icmp6"; a port ("5723") or
 * NULL, which icmp requires and the others refuse. The path is PATH_FORWARD. Returns 0, or -EINVAL with a sentence in
 * error; *ret is untouched then.
 */
int query_parse(const char *src, const char *dst, const char *proto, const char *port, struct query *ret,
                char *error, size_t size);

#endif

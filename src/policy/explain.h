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
	enum proto proto;     /* PROTO_MAX: any; only for what lists the lines between two ends */
	uint16_t port;        /* 0 for icmp */
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

/*
 * The first that applies is the nearest. REASON_OTHER_TABLE applies only where the section's own document has nothing
 * about the port between these roles: a row that both documents have and the role file turns off is turned off.
 */
enum denial_reason {
	REASON_NONE,
	REASON_WINDOW_CLOSED,      /* line: the install line that would open it */
	REASON_RULE_EXPIRED,       /* site_rule: would open it, had it not expired */
	REASON_OTHER_PROTOCOL,     /* line: same ends and port, other protocol */
	REASON_OPPOSITE_DIRECTION, /* line: opens from dst to src */
	REASON_OTHER_SECTION, /* document: a line between roles the ends hold, but in different sections */
	REASON_OTHER_TABLE,   /* document: a line of the document that the section has not chosen */
	REASON_PORT_MOVED,    /* document: names this port, but a key has moved it elsewhere */
	REASON_TAKEN_AWAY,    /* document: names this port; line_absence() says what keeps it out */
	REASON_KNOWN_PORT,    /* known: a service that the documents leave out */
	REASON_NO_LINE,       /* both ends hold roles, and no line of any kind is about this port */
	REASON_NO_ROLE,       /* an end is in no role (deny_scope servers, everything); near, offer */
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

/* The member that lies numerically nearest to an address. */
struct near_member {
	struct held_role held;   /* section NULL: there is no member of this family */
	struct addr_range range; /* after merging with its neighbours */
};

/* A role of an existing section that, given to an end that has none, would open the packet. */
struct role_offer {
	const struct section *section; /* NULL: there is none */
	enum role role;
	bool to_src;                   /* the end it is for */
	const struct table_line *line; /* what it would open */
};

/* A line that allows the packet, or would with its window open. */
struct keeper {
	const struct line *line;
	bool open;
};

#define KEEPERS_MAX 64 /* more are counted, but not listed */

struct explanation {
	enum verdict verdict;
	const struct line *line;   /* the line that allows, or that would under `reason`; NULL if none */
	enum denial_reason reason; /* REASON_NONE unless denied or audited */
	const struct site_rule *site_rule; /* REASON_RULE_EXPIRED: the rule */
	struct document_line document;     /* line is NULL unless the reason is about one */
	const struct known_port *known;    /* whenever the port is a known one and the packet denied */
	struct near_member near[2];        /* REASON_NO_ROLE: of src and dst, where they hold no role */
	struct role_offer offer;           /* REASON_NO_ROLE */
	struct held_role src_roles[HELD_ROLES_MAX], dst_roles[HELD_ROLES_MAX];
	size_t n_src_roles, n_dst_roles;
	/* All lines that match, `line` among them, in the order of the file: what keeps an allowed packet open. */
	struct keeper keepers[KEEPERS_MAX];
	size_t n_keepers; /* may exceed KEEPERS_MAX */
};

/* now_open may be NULL: every gate is closed. */
void policy_explain(const struct policy *policy, const struct lines *lines, const struct query *query,
                    gate_is_open_fn now_open, void *data, struct explanation *ret);

/* The verdict alone, without looking for reasons or keepers. */
enum verdict policy_judge(const struct policy *policy, const struct lines *lines, const struct query *query,
                          gate_is_open_fn now_open, void *data);

/* True when the verdict lets the packet through. */
bool verdict_passes(enum verdict verdict);

/* True when the line, one of the section's table, would be in force with somebody in the role. */
bool document_would_hold(const struct section *section, const struct table_line *line, enum role added);

/* True when the line means the query's protocol and port in the section, as its keys have it. */
bool document_carries(const struct table_line *line, const struct section *section,
                      const struct query *query);

/* The roles that open, or are opened to, by the line as the section overrides it. */
role_mask document_side(const struct section *section, const struct table_line *line, bool opens);

/* "allowed", "denied" ...; "window_closed", "none" ...; "forward", "local". */
const char *verdict_name(enum verdict verdict);
const char *denial_reason_name(enum denial_reason reason);
const char *packet_path_name(enum packet_path path);

/* Whether the line allows packets now: always, or because its window is open. */
bool line_is_open(const struct line *line, gate_is_open_fn now_open, void *data);

/*
 * Reads a query from words: two addresses of one family; "tcp", "udp", "icmp", "icmpv6" or "icmp6", or NULL for any; a
 * port ("5723") or NULL, which icmp and any require and the others refuse. The path is PATH_FORWARD. Returns 0, or
 * -EINVAL with a sentence in error; *ret is untouched then.
 */
int query_parse(const char *src, const char *dst, const char *proto, const char *port, struct query *ret,
                char *error, size_t size);

#endif

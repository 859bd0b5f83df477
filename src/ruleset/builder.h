/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files that build the model share; nobody else includes it. */
#ifndef OMFWD_BUILDER_H
#define OMFWD_BUILDER_H

#include "ruleset/rule.h"
#include "ruleset/ruleset.h"

/* The nft sets of one group of addresses: hosts and wider members, v4 and v6. NULL where there are none. */
enum endpoint_part { PART_HOSTS4, PART_NETS4, PART_HOSTS6, PART_NETS6, PART_MAX };

struct endpoint {
	bool made;
	struct nft_set *parts[PART_MAX];
};

struct section_endpoints {
	struct endpoint roles[ROLE_MAX];
};

struct site_endpoints {
	struct endpoint from, to;
};

/* Which end of its connection an address is. */
enum end_side { END_SERVER, END_CLIENT, END_MAX };
#define FAMILIES 2 /* FAMILY_4, FAMILY_6 */

struct builder {
	const struct policy *policy;
	const struct lines *lines;
	struct ruleset *ruleset;
	struct section_endpoints *sections;          /* by index of the section */
	struct site_endpoints *sites;                /* by index of the site rule */
	const struct addr_set *judged;               /* whose packets are judged; see scope.c */
	bool judged_alone;                           /* nobody else's are */
	bool ends_lead_on;                           /* hosts' chains lead to what judges them */
	bool judged_more;                            /* not only the servers */
	struct nft_set *end_maps[FAMILIES][END_MAX]; /* see ends.c; NULL: none */
	bool *listed[FAMILIES]; /* by index of the line: whether the end chains hold all of it */
	size_t cap_counters, cap_sets, cap_chains, cap_gates;
};

/* sets.c: the sets of the model. */
struct nft_set *builder_add_set(struct builder *b, const char *name, enum set_type type);
/* How many elements a set of n is to have room for. */
size_t builder_size(size_t n);
/* The sets "NAME.hosts4" ... of the addresses, as far as there are members. */
struct endpoint builder_make_endpoint(struct builder *b, const char *name, const struct addr_set *addrs,
                                      loc_t loc);
/* The sets of a role, made when first asked for. */
const struct endpoint *builder_role(struct builder *b, const struct section *section, enum role role);
/* The sets of one end of a site rule: those of a role when the end is exactly that role. */
const struct endpoint *builder_site_end(struct builder *b, const struct site_rule *rule, bool from);
/* Copies the set into the arena and frees the original. */
const struct addr_set *builder_keep_addrs(struct builder *b, struct addr_set *addrs);

/* build.c */
struct nft_chain *builder_add_chain(struct builder *b, const char *name);
struct nft_chain *builder_find_chain(struct builder *b, const char *name);
void builder_add_counter(struct builder *b, const char *name);

/* A service: the chain of one protocol and port range. */
struct service_chain {
	enum proto proto;
	struct port_range ports;
	struct nft_chain *chain;
};

struct service_list {
	struct service_chain *items;
	size_t n, cap;
	bool resumed; /* for connections met in the middle, their ends swapped */
};

#define CHAIN_ECHO          "icmp_echo"
#define CHAIN_JUDGE         "judge"
#define CHAIN_JUDGE_RESUMED "judge_resumed"
#define CHAIN_JUDGED        "judged"
#define RESUMED_PREFIX      "resumed_"

static inline bool port_range_is_wide(struct port_range ports)
{
	return ports.lo != ports.hi;
}

/* scope.c: finds out whose packets are judged. */
void builder_find_judged(struct builder *b);
/* Adds the members of all server roles; the set is not canonical then. */
void builder_gather_servers(const struct builder *b, struct addr_set *all);

/* ends.c: how many hosts of a family get chains of their own, if these are the judged addresses. */
size_t builder_count_keys(const struct addr_set *judged, enum family family);
/* ends.c: the maps from a judged address to the chain with all lines that it has a part in. */
void builder_add_ends(struct builder *b);

/* The lines at one end of a connection, in the order in which they are tried. */
struct end_lines {
	enum end_side side;
	enum family family;
	const uint32_t *items; /* indices of lines */
	size_t n;
};

/* end_chains.c: makes the chain NAME, and those that it needs. */
void builder_add_end_chain(struct builder *b, const char *name, const struct end_lines *lines);

/* services.c: the sets of one end of a line; who it is for, in a comment. */
const struct endpoint *builder_line_end(struct builder *b, const struct line *line, bool from);
const char *builder_line_comment(struct builder *b, const struct line *line);
/* Counts and accepts, or jumps to the gate of the row. */
void builder_rule_opens(struct builder *b, struct nft_rule *rule, const struct line *line);

/* services.c: the lines, as a chain a service, and the gates behind the window. */
void builder_add_services(struct builder *b);
/* By port. */
void builder_sort_services(struct service *items, size_t n);
/* map tcp_services { type inet_service : verdict; elements = { 5723 : jump tcp_5723 } }; NULL if it were empty. */
struct nft_set *builder_add_service_map(struct builder *b, const struct service_list *services,
                                        enum proto proto);

/* judge.c: the chains that find a packet's service; none for an empty list. */
void builder_add_judges(struct builder *b, const struct service_list *services,
                        const struct service_list *resumed);

/* log_chains.c: the chains that log a denied packet, loud flows held back; the name of the first. */
const char *builder_add_log_chains(struct builder *b);

/* deny.c: who is denied what, and the base chains. */
void builder_add_base_chains(struct builder *b);

/* "cur-05, cur-22 gateway_server -> management_server": no quotes, at most 127 bytes. */
const char *builder_comment(struct builder *b, const char *text);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing rules statement by statement. A rule with more statements than fit aborts: that is a bug, never input. */
#ifndef OMFWD_RULE_H
#define OMFWD_RULE_H

#include "ruleset/ruleset.h"

enum family { FAMILY_4, FAMILY_6 };

/* IPPROTO_*; of ICMP, that of the family. */
uint8_t proto_number(enum proto proto, enum family family);

/* Appends an empty rule to the chain and returns it; valid until the next rule of the chain. */
struct nft_rule *rule_new(struct nft_chain *chain);

/* Each appends the statement whose nft text stands in ruleset.h beside its STMT_ name. */
void rule_l4proto(struct nft_rule *rule, uint8_t proto);
void rule_l4proto_set(struct nft_rule *rule, struct nft_set *set);
void rule_ct_protocol(struct nft_rule *rule, uint8_t proto);
void rule_ct_addr(struct nft_rule *rule, enum ct_dir dir, struct nft_set *set);
void rule_ct_reply_port(struct nft_rule *rule, struct port_range ports);
void rule_ct_reply_vmap(struct nft_rule *rule, struct nft_set *map);
void rule_ct_original_vmap(struct nft_rule *rule, struct nft_set *map);
void rule_ct_addr_vmap(struct nft_rule *rule, enum ct_dir dir, struct nft_set *map);
/* An echo-request, or an answer to one: three statements. */
void rule_echo(struct nft_rule *rule, enum family family);
void rule_addr(struct nft_rule *rule, enum stmt_kind saddr_or_daddr, struct nft_set *set);
void rule_icmpv6_type(struct nft_rule *rule, struct nft_set *set);
void rule_counter(struct nft_rule *rule, const char *counter);
void rule_mark(struct nft_rule *rule, uint32_t value, uint32_t mask);
void rule_limit(struct nft_rule *rule, uint32_t rate, uint32_t unit);
/* Matches while packets of the same ends (and port, by the set's type) come faster than that. */
void rule_loud(struct nft_rule *rule, struct nft_set *set, uint32_t rate, uint32_t unit);
/* Packets that may come at once under a limit: as many as in its unit of time, within reason. */
uint32_t limit_burst(uint32_t rate);
void rule_log(struct nft_rule *rule, const char *prefix, uint16_t group);
/* STMT_JUMP or STMT_GOTO */
void rule_to_chain(struct nft_rule *rule, enum stmt_kind jump_or_goto, const char *chain);
/* A statement without arguments: STMT_ACCEPT, STMT_IIF_LO, STMT_REJECT_RESET ... */
void rule_plain(struct nft_rule *rule, enum stmt_kind kind);

/* The family of a set of addresses, or of flows and pairs of them. */
enum family set_family(const struct nft_set *set);

#endif

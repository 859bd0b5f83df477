/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of a packet on its way through the rules of others, for foreign_*.c alone. Everything has a mask of the
 * bits that are known: what cannot be known is not guessed, and a rule that depends on it "may match".
 */
#ifndef OMFWD_FOREIGN_STATE_H
#define OMFWD_FOREIGN_STATE_H

#include <stdio.h> /* libnftnl forgets it */

#include <libnftnl/expr.h>

#include "kernel/foreign.h"

#define FOREIGN_HEADER_MAX 40 /* of the headers as much as rules look at */

struct foreign_bytes {
	uint8_t value[FOREIGN_DATA_MAX], known[FOREIGN_DATA_MAX];
};

struct foreign_state {
	const struct foreign_packet *packet;
	uint32_t hook;
	struct foreign_bytes network, transport; /* the headers */
	struct foreign_bytes registers;          /* of the rule at hand */
	uint32_t mark, mark_known;
	uint32_t ct_mark, ct_mark_known;
	uint32_t ct_state;   /* NF_CT_STATE_BIT() */
	bool ct_state_known; /* false after a notrack that may have been */
	bool unsure;         /* whatever is done now may not be done */
};

enum match { MATCH_NO, MATCH_YES, MATCH_MAYBE };

/* MATCH_NO for YES and the other way round. */
enum match match_not(enum match match);

/* What a verdict map or an immediate verdict says. */
struct foreign_decision {
	bool decided;
	int verdict;       /* NF_ACCEPT, NF_DROP, NF_QUEUE, NFT_JUMP, NFT_GOTO, NFT_RETURN */
	const char *chain; /* of jump and goto */
	bool rejects;
	const struct foreign_set *any_of; /* or any verdict of this map, or none */
};

/* foreign_packet.c: the packet before its first rule. */
void foreign_state_begin(struct foreign_state *state, const struct foreign_packet *packet);

/* foreign_load.c: an expression that loads or stores a register; false: none of those it knows. */
bool foreign_load(struct foreign_state *state, const struct nftnl_expr *expr, const char *name);

/* foreign_set.c: looks for len known or unknown bytes; the element that is it, or NULL. */
enum match foreign_set_find(const struct foreign_set *set, const uint8_t *value, const uint8_t *known,
                            const struct foreign_element **ret);
const struct foreign_set *foreign_set_named(const struct foreign *foreign, uint8_t family, const char *table,
                                            const char *name);

/* foreign_xt.c: what iptables-nft leaves in its own form. */
enum match foreign_xt_match(struct foreign_state *state, const struct nftnl_expr *expr);
enum match foreign_xt_target(struct foreign_state *state, const struct nftnl_expr *expr,
                             struct foreign_decision *ret);

/* foreign_match.c: a whole rule. */
enum match foreign_rule_match(const struct foreign *foreign, const struct foreign_chain *chain,
                              const struct foreign_rule *rule, struct foreign_state *state,
                              struct foreign_decision *ret);

/* The place of a register in foreign_bytes, -1: there is no such register, or not len bytes of it. */
int foreign_register(uint32_t number, size_t len);

/* Compares len bytes: YES when all are known and equal, NO when a known bit differs. */
enum match foreign_bytes_equal(const uint8_t *value, const uint8_t *known, const uint8_t *with, size_t len);

/* Sets bits of a mark, or forgets them when that is not sure. */
void foreign_mark_set(const struct foreign_state *state, uint32_t *mark, uint32_t *known, uint32_t value,
                      uint32_t value_known);
/* No packet of a connection that is not tracked belongs to one. */
void foreign_state_untrack(struct foreign_state *state);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The nft table as it is found in the kernel: not the model, but what can be told from rules and elements alone, whoever
 * made them. seen_openings() works out what they let through. Pure; src/kernel fills it in.
 */
#ifndef OMFWD_SEEN_H
#define OMFWD_SEEN_H

#include "policy/openings.h"

enum seen_verdict { SEEN_NONE, SEEN_ACCEPT, SEEN_DROP, SEEN_JUMP, SEEN_GOTO, SEEN_RETURN, SEEN_OTHER };

/* The statements of a rule that omfwd's own have, each at most once. Texts are "" where there is no such statement. */
struct seen_rule {
	const char *chain;
	const char *from, *to;     /* sets: ct original ip saddr, ct reply ip saddr */
	const char *saddr, *daddr; /* sets: ip saddr, ip daddr */
	const char *services;      /* map: ct reply proto-src vmap */
	const char *from_ends;     /* map: ct original ip saddr vmap */
	const char *to_ends;       /* map: ct reply ip saddr vmap */
	const char *window;        /* set: meta l4proto @set */
	bool has_ports;            /* ct reply proto-src lo-hi */
	struct port_range ports;
	int l4proto, ct_protocol; /* -1: none */
	const char *counter, *comment;
	bool limits, logs, rejects, marks;
	uint32_t rate, rate_unit, mark_value, mark_mask;
	uint16_t group;
	enum seen_verdict verdict;
	const char *target; /* of SEEN_JUMP and SEEN_GOTO */
	bool unplaced;      /* ct state invalid,untracked; is odd as well */
	bool odd;           /* matches on something else as well */
};

struct seen_service {
	u128 key; /* a port, or an address */
	const char *chain;
};

struct seen_set {
	const char *name; /* in the kernel, which may have a number behind it */
	struct addr_set addrs;
	bool is_v6;
	struct seen_service *services;
	size_t n_services, cap_services;
};

/* Rules in the order of their chains, sets in any. The lists are on the heap, the rest in the arena. */
struct seen_table {
	bool exists;
	struct arena *arena;
	struct seen_rule *rules;
	size_t n_rules, cap_rules;
	struct seen_set *sets;
	size_t n_sets, cap_sets;
};

void seen_table_clear(struct seen_table *table);

/*
 * What the table lets through and denies. Clear ret with openings_clear(); it refers to the table. Rules that are none
 * of ours stand in `strange`, indices in table->rules, malloc'ed: they are not taken into account.
 */
void seen_openings(const struct seen_table *table, struct openings *ret, size_t **strange, size_t *n_strange);

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A policy on trial must not cost the one before it what a reload would throw away: counters of rows that the new one
 * lacks, and windows that are open for them. Sets and counters without a rule do nothing in the kernel but stay.
 */
#include "ruleset/amend.h"

#include <stdlib.h>
#include <string.h>

static void *grow(void *items, size_t n, size_t size)
{
	items = reallocarray(items, n, size);
	if (!items)
		abort();
	return items;
}

static bool has_counter(const struct ruleset *ruleset, const char *name)
{
	for (size_t i = 0; i < ruleset->n_counters; i++)
		if (!strcmp(ruleset->counters[i], name))
			return true;
	return false;
}

static bool has_gate(const struct ruleset *ruleset, const char *name)
{
	for (size_t i = 0; i < ruleset->n_gates; i++)
		if (!strcmp(ruleset->gates[i].name, name))
			return true;
	return false;
}

static void keep_counter(struct ruleset *ruleset, const char *name)
{
	ruleset->counters =
	        grow((void *)ruleset->counters, ruleset->n_counters + 1, sizeof(*ruleset->counters));
	ruleset->counters[ruleset->n_counters++] = arena_strdup(ruleset->arena, name);
}

static void keep_gate(struct ruleset *ruleset, const struct gate *gate)
{
	struct nft_set *window = ARENA_NEW(ruleset->arena, struct nft_set);

	window->name = arena_strdup(ruleset->arena, gate->window->name);
	window->type = SET_WINDOW;
	ruleset->sets = grow(ruleset->sets, ruleset->n_sets + 1, sizeof(struct nft_set *));
	ruleset->sets[ruleset->n_sets++] = window;
	ruleset->gates = grow(ruleset->gates, ruleset->n_gates + 1, sizeof(*ruleset->gates));
	ruleset->gates[ruleset->n_gates++] = (struct gate){
	        .name = arena_strdup(ruleset->arena, gate->name),
	        .section = gate->section ? arena_strdup(ruleset->arena, gate->section) : NULL,
	        .row = arena_strdup(ruleset->arena, gate->row),
	        .window = window,
	};
}

void ruleset_keep_from(struct ruleset *ruleset, const struct ruleset *before)
{
	for (size_t i = 0; i < before->n_counters; i++)
		if (!has_counter(ruleset, before->counters[i]))
			keep_counter(ruleset, before->counters[i]);
	for (size_t i = 0; i < before->n_gates; i++)
		if (!has_gate(ruleset, before->gates[i].name))
			keep_gate(ruleset, &before->gates[i]);
}

static bool rule_counts_with(const struct nft_rule *rule, const char *counter)
{
	for (unsigned i = 0; i < rule->n; i++)
		if (rule->stmts[i].kind == STMT_COUNTER && !strcmp(rule->stmts[i].name, counter))
			return true;
	return false;
}

static size_t chain_drop_counted(struct nft_chain *chain, const char *counter)
{
	size_t before = chain->n;

	chain->n = 0;
	for (size_t i = 0; i < before; i++)
		if (!rule_counts_with(&chain->rules[i], counter))
			chain->rules[chain->n++] = chain->rules[i];
	return before - chain->n;
}

size_t ruleset_drop_counted(struct ruleset *ruleset, const char *counter)
{
	size_t n = 0;

	for (size_t i = 0; i < ruleset->n_chains; i++)
		n += chain_drop_counted(ruleset->chains[i], counter);
	return n;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Comparing two generations of the model. */
#include "ruleset/compare.h"

#include <string.h>

#include "ruleset/rule.h"
#include "util/text.h"

/* Both lists hold hosts and wider members mixed; only those of the set's own kind count. */
static bool members4_same(const struct nft_set *a, const struct nft_set *b)
{
	bool hosts = a->type == SET_HOSTS4;
	size_t i = 0, j = 0;

	for (;;) {
		/* Sets of addresses have addresses. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
		while (i < a->addrs->n4 && (a->addrs->v4[i].lo == a->addrs->v4[i].hi) != hosts)
			i++;
		while (j < b->addrs->n4 && (b->addrs->v4[j].lo == b->addrs->v4[j].hi) != hosts)
			j++;
		if (i == a->addrs->n4 || j == b->addrs->n4)
			return i == a->addrs->n4 && j == b->addrs->n4;
		if (a->addrs->v4[i].lo != b->addrs->v4[j].lo || a->addrs->v4[i].hi != b->addrs->v4[j].hi)
			return false;
		i++;
		j++;
	}
}

static bool members6_same(const struct nft_set *a, const struct nft_set *b)
{
	bool hosts = a->type == SET_HOSTS6;
	size_t i = 0, j = 0;

	for (;;) {
		/* Sets of addresses have addresses. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
		while (i < a->addrs->n6 && (a->addrs->v6[i].lo == a->addrs->v6[i].hi) != hosts)
			i++;
		while (j < b->addrs->n6 && (b->addrs->v6[j].lo == b->addrs->v6[j].hi) != hosts)
			j++;
		if (i == a->addrs->n6 || j == b->addrs->n6)
			return i == a->addrs->n6 && j == b->addrs->n6;
		if (a->addrs->v6[i].lo != b->addrs->v6[j].lo || a->addrs->v6[i].hi != b->addrs->v6[j].hi)
			return false;
		i++;
		j++;
	}
}

static bool services_same(const struct nft_set *a, const struct nft_set *b)
{
	for (size_t i = 0; i < a->n_elements; i++)
		if (a->services[i].port != b->services[i].port ||
		    strcmp(a->services[i].chain, b->services[i].chain) != 0)
			return false;
	return true;
}

static bool ends_same(const struct nft_set *a, const struct nft_set *b)
{
	for (size_t i = 0; i < a->n_elements; i++)
		if (!addr_same(&a->ends[i].addr, &b->ends[i].addr) ||
		    strcmp(a->ends[i].chain, b->ends[i].chain) != 0)
			return false;
	return true;
}

bool set_same(const struct nft_set *a, const struct nft_set *b)
{
	if (a->type != b->type || a->n_elements != b->n_elements)
		return false;
	switch (a->type) {
	case SET_HOSTS4:
	case SET_NETS4:
		return members4_same(a, b);
	case SET_HOSTS6:
	case SET_NETS6:
		return members6_same(a, b);
	case SET_SERVICES:
		return services_same(a, b);
	case SET_ENDS4:
	case SET_ENDS6:
		return ends_same(a, b);
	case SET_ICMPV6:
		return !memcmp(a->types, b->types, a->n_elements);
	case SET_WINDOW:
	case SET_FLOWS4:
	case SET_FLOWS6:
	case SET_PAIRS4:
	case SET_PAIRS6:
	case SET_TYPE_MAX:
		break;
	}
	return true;
}

static bool stmt_same(const struct stmt *a, const struct stmt *b)
{
	return a->kind == b->kind && a->dir == b->dir && a->proto == b->proto && a->ports.lo == b->ports.lo &&
	       a->ports.hi == b->ports.hi && text_same(a->name, b->name) && a->value == b->value &&
	       a->mask == b->mask && a->rate == b->rate && a->unit == b->unit && a->group == b->group &&
	       text_same(a->set ? a->set->name : NULL, b->set ? b->set->name : NULL);
}

static bool rule_same(const struct nft_rule *a, const struct nft_rule *b)
{
	if (a->n != b->n || !text_same(a->comment, b->comment))
		return false;
	for (unsigned i = 0; i < a->n; i++)
		if (!stmt_same(&a->stmts[i], &b->stmts[i]))
			return false;
	return true;
}

bool chain_same(const struct nft_chain *a, const struct nft_chain *b)
{
	if (a->n != b->n || a->hook != b->hook || a->policy_drop != b->policy_drop ||
	    strcmp(a->name, b->name) != 0)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!rule_same(&a->rules[i], &b->rules[i]))
			return false;
	return true;
}

/* Windows hold what the kernel has; addresses are members. */
static bool set_same_but_members(const struct nft_set *a, const struct nft_set *b)
{
	return a->type == b->type && !strcmp(a->name, b->name) && (a->addrs || set_same(a, b));
}

bool ruleset_same_but_members(const struct ruleset *a, const struct ruleset *b)
{
	if (a->n_counters != b->n_counters || a->n_sets != b->n_sets || a->n_chains != b->n_chains)
		return false;
	for (size_t i = 0; i < a->n_counters; i++)
		if (strcmp(a->counters[i], b->counters[i]) != 0)
			return false;
	for (size_t i = 0; i < a->n_sets; i++)
		if (!set_same_but_members(a->sets[i], b->sets[i]))
			return false;
	for (size_t i = 0; i < a->n_chains; i++)
		if (!chain_same(a->chains[i], b->chains[i]))
			return false;
	return true;
}

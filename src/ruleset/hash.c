/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FNV-1a over words of 64 bits, the high half folded in. Everything that makes the nft table goes in, in the order of
 * the model; a million members are a million turns of one loop, so that nobody has to remember the result.
 */
#include "ruleset/hash.h"

#define FNV_OFFSET 0xcbf29ce484222325u
#define FNV_PRIME  0x100000001b3u

static uint64_t add_word(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * FNV_PRIME;
	return hash ^ hash >> 32;
}

/* With its end, so that "ab", "c" is not "a", "bc"; no text is another than an empty one. */
static uint64_t add_text(uint64_t hash, const char *text)
{
	for (const char *c = text; c && *c; c++)
		hash = add_word(hash, (unsigned char)*c);
	return add_word(hash, text ? 0x100 : 0x101);
}

static uint64_t add_addrs(uint64_t hash, const struct nft_set *set)
{
	const struct addr_set *addrs = set->addrs;
	bool hosts = set->type == SET_HOSTS4 || set->type == SET_HOSTS6;
	bool is_v6 = set->type == SET_HOSTS6 || set->type == SET_NETS6;

	for (size_t i = 0; !is_v6 && i < addrs->n4; i++)
		if ((addrs->v4[i].lo == addrs->v4[i].hi) == hosts)
			hash = add_word(hash, (uint64_t)addrs->v4[i].lo << 32 | addrs->v4[i].hi);
	for (size_t i = 0; is_v6 && i < addrs->n6; i++) {
		const u128 ends[] = {addrs->v6[i].lo, addrs->v6[i].hi};

		for (unsigned end = 0; (ends[0] == ends[1]) == hosts && end < 2; end++)
			hash = add_word(add_word(hash, (uint64_t)(ends[end] >> 64)), (uint64_t)ends[end]);
	}
	return hash;
}

static uint64_t add_set(uint64_t hash, const struct nft_set *set)
{
	hash = add_text(add_word(hash, set->type), set->name);
	hash = add_word(hash, set->n_elements);
	if (set->addrs)
		hash = add_addrs(hash, set);
	for (size_t i = 0; set->services && i < set->n_elements; i++)
		hash = add_text(add_word(hash, set->services[i].port), set->services[i].chain);
	for (size_t i = 0; set->ends && i < set->n_elements; i++) {
		const struct end *end = &set->ends[i];

		hash = add_word(add_word(hash, (uint64_t)(end->addr.v6 >> 64)), (uint64_t)end->addr.v6);
		hash = add_text(add_word(hash, end->addr.v4), end->chain);
	}
	for (size_t i = 0; set->types && i < set->n_elements; i++)
		hash = add_word(hash, set->types[i]);
	return hash;
}

static uint64_t add_stmt(uint64_t hash, const struct stmt *stmt)
{
	const uint64_t words[] = {
	        stmt->kind,  stmt->dir,  stmt->proto, stmt->ports.lo, stmt->ports.hi,
	        stmt->value, stmt->mask, stmt->rate,  stmt->unit,     stmt->group,
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		hash = add_word(hash, words[i]);
	return add_text(add_text(hash, stmt->set ? stmt->set->name : NULL), stmt->name);
}

static uint64_t add_chain(uint64_t hash, const struct nft_chain *chain)
{
	hash = add_text(add_word(add_word(hash, chain->hook), chain->policy_drop), chain->name);
	for (size_t r = 0; r < chain->n; r++) {
		for (unsigned i = 0; i < chain->rules[r].n; i++)
			hash = add_stmt(hash, &chain->rules[r].stmts[i]);
		hash = add_text(hash, chain->rules[r].comment);
	}
	return hash;
}

uint64_t ruleset_hash(const struct ruleset *ruleset)
{
	uint64_t hash = FNV_OFFSET;

	for (size_t i = 0; i < ruleset->n_counters; i++)
		hash = add_text(hash, ruleset->counters[i]);
	for (size_t i = 0; i < ruleset->n_sets; i++)
		hash = add_set(hash, ruleset->sets[i]);
	for (size_t i = 0; i < ruleset->n_chains; i++)
		hash = add_chain(hash, ruleset->chains[i]);
	return hash;
}

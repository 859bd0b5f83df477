// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes a compiled policy in the form of store_format.h. Every set carries its own members alone: two sets that are
 * halves of one list in memory are apart here.
 */
#include "ruleset/store.h"

#include <endian.h>
#include <string.h>

#include "ruleset/store_format.h"
#include "util/array.h"

struct writer {
	char *bytes;
	size_t n, cap;
};

static void put_number(struct writer *out, uint64_t value, unsigned bytes)
{
	out->bytes = array_reserve(out->bytes, &out->cap, out->n + bytes, 1);
	for (unsigned i = 0; i < bytes; i++)
		out->bytes[out->n++] = (char)(value >> (8 * i));
}

static void put_bytes(struct writer *out, const void *bytes, size_t len)
{
	out->bytes = array_reserve(out->bytes, &out->cap, out->n + len, 1);
	if (len)
		memcpy(out->bytes + out->n, bytes, len);
	out->n += len;
}

/* No text of the model is as long as STORE_NO_TEXT: names and comments have their limits. */
static void put_text(struct writer *out, const char *text)
{
	size_t len = text ? strnlen(text, STORE_NO_TEXT - 1) : 0;

	put_number(out, text ? len : STORE_NO_TEXT, 2);
	put_bytes(out, text, len);
}

static void put_policy(struct writer *out, const struct policy *policy)
{
	const struct settings *settings = &policy->settings;

	put_text(out, policy->path);
	put_text(out, port_table_name(settings->table));
	put_text(out, policy_mode_name(settings->mode));
	put_text(out, deny_scope_name(settings->deny_scope));
	put_text(out, own_table_name(settings->own_table));
	put_text(out, settings->metrics_file);
	put_number(out, settings->install_window, 8);
	put_number(out, settings->install_window_max, 8);
	put_number(out, policy->n_sections, 4);
	for (size_t i = 0; i < policy->n_sections; i++)
		put_text(out, policy->sections[i].name);
	put_number(out, policy->n_site_rules, 4);
	for (size_t i = 0; i < policy->n_site_rules; i++) {
		put_text(out, policy->site_rules[i].name);
		put_number(out, (uint64_t)policy->site_rules[i].expires, 8);
		put_number(out, policy->site_rules[i].expired, 1);
	}
}

/* Room for len more bytes, which the caller fills. */
static char *put_space(struct writer *out, size_t len)
{
	char *space;

	out->bytes = array_reserve(out->bytes, &out->cap, out->n + len, 1);
	space = out->bytes + out->n;
	out->n += len;
	return space;
}

/* A million members are a million turns of this loop: a host is its address, a net its first and last. */
static void put_members4(struct writer *out, const struct nft_set *set)
{
	bool hosts = set->type == SET_HOSTS4;
	char *at = put_space(out, set->n_elements * (hosts ? sizeof(uint32_t) : 2 * sizeof(uint32_t)));

	for (size_t i = 0; i < set->addrs->n4; i++) {
		const struct range4 *range = &set->addrs->v4[i];
		const uint32_t ends[] = {htole32(range->lo), htole32(range->hi)};

		if ((range->lo == range->hi) == hosts)
			at = mempcpy(at, ends, hosts ? sizeof(ends[0]) : sizeof(ends));
	}
}

static void put_members6(struct writer *out, const struct nft_set *set)
{
	bool hosts = set->type == SET_HOSTS6;
	char *at = put_space(out, set->n_elements * (hosts ? sizeof(u128) : 2 * sizeof(u128)));

	for (size_t i = 0; i < set->addrs->n6; i++) {
		const struct range6 *range = &set->addrs->v6[i];
		const uint64_t ends[] = {
		        htole64((uint64_t)range->lo),
		        htole64((uint64_t)(range->lo >> 64)),
		        htole64((uint64_t)range->hi),
		        htole64((uint64_t)(range->hi >> 64)),
		};

		if ((range->lo == range->hi) == hosts)
			at = mempcpy(at, ends, hosts ? sizeof(ends) / 2 : sizeof(ends));
	}
}

static void put_services(struct writer *out, const struct nft_set *set)
{
	for (size_t i = 0; i < set->n_elements; i++) {
		put_number(out, set->services[i].port, 2);
		put_text(out, set->services[i].chain);
	}
}

static void put_ends(struct writer *out, const struct nft_set *set)
{
	for (size_t i = 0; i < set->n_elements; i++) {
		const struct end *end = &set->ends[i];

		if (set->type == SET_ENDS6) {
			put_number(out, (uint64_t)end->addr.v6, 8);
			put_number(out, (uint64_t)(end->addr.v6 >> 64), 8);
		} else {
			put_number(out, end->addr.v4, 4);
		}
		put_text(out, end->chain);
	}
}

static void put_set(struct writer *out, const struct nft_set *set)
{
	put_text(out, set_type_words[set->type]);
	put_text(out, set->name);
	put_number(out, set->size, 4);
	put_number(out, set->n_elements, 4);
	switch (set->type) {
	case SET_HOSTS4:
	case SET_NETS4:
		put_members4(out, set);
		break;
	case SET_HOSTS6:
	case SET_NETS6:
		put_members6(out, set);
		break;
	case SET_SERVICES:
		put_services(out, set);
		break;
	case SET_ENDS4:
	case SET_ENDS6:
		put_ends(out, set);
		break;
	case SET_ICMPV6:
		put_bytes(out, set->types, set->n_elements);
		break;
	case SET_WINDOW:
	case SET_FLOWS4:
	case SET_FLOWS6:
	case SET_PAIRS4:
	case SET_PAIRS6:
	case SET_TYPE_MAX:
		break;
	}
}

/* Sets are referred to by their place in the list. */
static void put_set_index(struct writer *out, const struct ruleset *ruleset, const struct nft_set *set)
{
	uint32_t index = 0;

	while (index < ruleset->n_sets && ruleset->sets[index] != set)
		index++;
	put_number(out, index < ruleset->n_sets ? index : STORE_NO_SET, 4);
}

static void put_stmt(struct writer *out, const struct ruleset *ruleset, const struct stmt *stmt)
{
	put_text(out, stmt_formats[stmt->kind].word);
	put_number(out, stmt->dir == CT_REPLY, 1);
	put_number(out, stmt->proto, 1);
	put_number(out, stmt->ports.lo, 2);
	put_number(out, stmt->ports.hi, 2);
	put_set_index(out, ruleset, stmt->set);
	put_text(out, stmt->name);
	put_number(out, stmt->value, 4);
	put_number(out, stmt->mask, 4);
	put_number(out, stmt->rate, 4);
	put_number(out, stmt->unit, 4);
	put_number(out, stmt->group, 2);
}

static void put_chain(struct writer *out, const struct ruleset *ruleset, const struct nft_chain *chain)
{
	put_text(out, chain->name);
	put_number(out, chain->hook, 1);
	put_number(out, chain->policy_drop, 1);
	put_number(out, chain->n, 4);
	for (size_t i = 0; i < chain->n; i++) {
		const struct nft_rule *rule = &chain->rules[i];

		put_text(out, rule->comment);
		put_number(out, rule->n, 1);
		for (unsigned j = 0; j < rule->n; j++)
			put_stmt(out, ruleset, &rule->stmts[j]);
	}
}

static void put_ruleset(struct writer *out, const struct ruleset *ruleset)
{
	put_number(out, ruleset->n_counters, 4);
	for (size_t i = 0; i < ruleset->n_counters; i++)
		put_text(out, ruleset->counters[i]);
	put_number(out, ruleset->n_sets, 4);
	for (size_t i = 0; i < ruleset->n_sets; i++)
		put_set(out, ruleset->sets[i]);
	put_set_index(out, ruleset, ruleset->install_window);
	put_number(out, ruleset->n_gates, 4);
	for (size_t i = 0; i < ruleset->n_gates; i++) {
		put_text(out, ruleset->gates[i].name);
		put_text(out, ruleset->gates[i].section);
		put_text(out, ruleset->gates[i].row);
		put_set_index(out, ruleset, ruleset->gates[i].window);
	}
	put_number(out, ruleset->n_chains, 4);
	for (size_t i = 0; i < ruleset->n_chains; i++)
		put_chain(out, ruleset, ruleset->chains[i]);
}

char *store_write(const struct policy *policy, const struct ruleset *ruleset, time_t saved, size_t *len)
{
	struct writer out = {.n = 0};
	uint64_t sum;

	put_bytes(&out, STORE_MAGIC, STORE_MAGIC_LEN);
	put_bytes(&out, STORE_VERSION, STORE_CHECKSUM_AT - STORE_MAGIC_LEN);
	put_number(&out, 0, STORE_SAVED_AT - STORE_CHECKSUM_AT);
	put_number(&out, (uint64_t)saved, STORE_BODY_AT - STORE_SAVED_AT);
	put_policy(&out, policy);
	put_ruleset(&out, ruleset);
	*len = out.n;
	sum = store_checksum(out.bytes + STORE_SAVED_AT, out.n - STORE_SAVED_AT);
	out.n = STORE_CHECKSUM_AT;
	put_number(&out, sum, STORE_SAVED_AT - STORE_CHECKSUM_AT);
	return out.bytes;
}

bool store_same(const char *a, size_t a_len, const char *b, size_t b_len)
{
	return a_len == b_len && a_len >= STORE_BODY_AT && !memcmp(a, b, STORE_CHECKSUM_AT) &&
	       !memcmp(a + STORE_BODY_AT, b + STORE_BODY_AT, a_len - STORE_BODY_AT);
}

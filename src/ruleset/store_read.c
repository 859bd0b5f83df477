// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads a stored policy. The checksum finds what a disk does; all the rest is checked as if somebody had forged it:
 * a model that is wrong in itself must not reach the kernel's encoders.
 */
#include "ruleset/store.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "ruleset/store_format.h"
#include "ruleset/store_reader.h"
#include "util/array.h"

#define TEXT_SIZE  2u /* of an empty text: the least that a list's item with a name takes */
#define IPV4_BYTES 4
#define HOOK_LAST  HOOK_OUTPUT

/* "prod.cur-01" and ".window" */
#define WINDOW_NAME_MAX (GATE_NAME_MAX + 8)

static enum own_table take_own_table(struct reader *in)
{
	static const enum own_table known[] = {OWN_TABLE_AUTO, OWN_TABLE_YES, OWN_TABLE_NO};
	const char *words[ARRAY_SIZE(known)];

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		words[i] = own_table_name(known[i]);
	return known[take_word(in, words, ARRAY_SIZE(words))];
}

static enum deny_scope take_deny_scope(struct reader *in)
{
	static const enum deny_scope known[] = {DENY_NONE, DENY_ROLES, DENY_SERVERS, DENY_EVERYTHING};
	const char *words[ARRAY_SIZE(known)];

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		words[i] = deny_scope_name(known[i]);
	return known[take_word(in, words, ARRAY_SIZE(words))];
}

static enum policy_mode take_mode(struct reader *in)
{
	static const enum policy_mode known[] = {MODE_ENFORCE, MODE_AUDIT};
	const char *words[ARRAY_SIZE(known)];

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		words[i] = policy_mode_name(known[i]);
	return known[take_word(in, words, ARRAY_SIZE(words))];
}

static enum port_table take_port_table(struct reader *in)
{
	const char *words[TABLE_MAX];

	for (enum port_table table = 0; table < TABLE_MAX; table++)
		words[table] = port_table_name(table);
	return (enum port_table)take_word(in, words, TABLE_MAX);
}

static void take_sections(struct reader *in, struct policy *policy)
{
	policy->n_sections = take_count(in, TEXT_SIZE);
	policy->sections = ARENA_ARRAY(in->arena, struct section, policy->n_sections);
	for (size_t i = 0; i < policy->n_sections && !in->bad; i++)
		policy->sections[i].name = take_name(in, STORE_NAME_MAX);
}

static void take_site_rules(struct reader *in, struct policy *policy)
{
	policy->n_site_rules = take_count(in, TEXT_SIZE + 8 + 1);
	policy->site_rules = ARENA_ARRAY(in->arena, struct site_rule, policy->n_site_rules);
	for (size_t i = 0; i < policy->n_site_rules && !in->bad; i++) {
		policy->site_rules[i].name = take_name(in, STORE_NAME_MAX);
		policy->site_rules[i].expires = (time_t)take_up_to(in, 8, INT64_MAX);
		policy->site_rules[i].expired = take_up_to(in, 1, 1);
	}
}

static struct policy *take_policy(struct reader *in)
{
	struct policy *policy = ARENA_NEW(in->arena, struct policy);

	policy->arena = in->arena;
	policy->sources = source_map_new(in->arena);
	policy->path = take_name(in, STORE_PATH_MAX);
	policy->settings.table = take_port_table(in);
	policy->settings.mode = take_mode(in);
	policy->settings.deny_scope = take_deny_scope(in);
	policy->settings.own_table = take_own_table(in);
	policy->settings.metrics_file = take_text(in, STORE_PATH_MAX);
	policy->settings.install_window = take_number(in, 8);
	policy->settings.install_window_max = take_up_to(in, 8, UINT32_MAX);
	take_sections(in, policy);
	take_site_rules(in, policy);
	return policy;
}

static void take_members4(struct reader *in, size_t n, bool hosts, struct addr_set *ret)
{
	ret->n4 = n;
	ret->v4 = ARENA_ARRAY(in->arena, struct range4, n);
	for (size_t i = 0; i < n && !in->bad; i++) {
		struct range4 *range = &ret->v4[i];

		range->lo = (uint32_t)take_number(in, IPV4_BYTES);
		range->hi = hosts ? range->lo : (uint32_t)take_number(in, IPV4_BYTES);
		if (range->lo > range->hi || (range->lo == range->hi) != hosts ||
		    (i && range->lo <= ret->v4[i - 1].hi))
			in->bad = true;
	}
}

static void take_members6(struct reader *in, size_t n, bool hosts, struct addr_set *ret)
{
	ret->n6 = n;
	ret->v6 = ARENA_ARRAY(in->arena, struct range6, n);
	for (size_t i = 0; i < n && !in->bad; i++) {
		struct range6 *range = &ret->v6[i];

		range->lo = take_address6(in);
		range->hi = hosts ? range->lo : take_address6(in);
		if (range->lo > range->hi || (range->lo == range->hi) != hosts ||
		    (i && range->lo <= ret->v6[i - 1].hi))
			in->bad = true;
	}
}

static const struct service *take_services(struct reader *in, size_t n)
{
	struct service *services = ARENA_ARRAY(in->arena, struct service, n);

	for (size_t i = 0; i < n && !in->bad; i++) {
		services[i].port = (uint16_t)take_number(in, 2);
		services[i].chain = take_name(in, STORE_NAME_MAX);
		if (i && services[i].port <= services[i - 1].port)
			in->bad = true;
	}
	return services;
}

static const struct end *take_ends(struct reader *in, size_t n, bool is_v6)
{
	struct end *ends = ARENA_ARRAY(in->arena, struct end, n);

	for (size_t i = 0; i < n && !in->bad; i++) {
		struct addr *addr = &ends[i].addr;

		addr->is_v6 = is_v6;
		if (is_v6)
			addr->v6 = take_address6(in);
		else
			addr->v4 = (uint32_t)take_number(in, 4);
		ends[i].chain = take_name(in, STORE_NAME_MAX);
		if (i && (is_v6 ? addr->v6 <= ends[i - 1].addr.v6 : addr->v4 <= ends[i - 1].addr.v4))
			in->bad = true;
	}
	return ends;
}

/* Neighbour discovery, which is all that the model asks for: RFC 4861. */
static const uint8_t *take_types(struct reader *in, size_t n)
{
	uint8_t *types = arena_alloc(in->arena, n);

	for (size_t i = 0; i < n && !in->bad; i++) {
		types[i] = (uint8_t)take_up_to(in, 1, ND_REDIRECT);
		if (types[i] < ND_ROUTER_SOLICIT)
			in->bad = true;
	}
	return types;
}

/* The least that an element of a set takes: what its number is held against. */
static const size_t element_sizes[SET_TYPE_MAX] = {
        [SET_HOSTS4] = 4,
        [SET_NETS4] = 8,
        [SET_HOSTS6] = 16,
        [SET_NETS6] = 32,
        [SET_WINDOW] = SIZE_MAX, /* none */
        [SET_FLOWS4] = SIZE_MAX,
        [SET_FLOWS6] = SIZE_MAX,
        [SET_PAIRS4] = SIZE_MAX,
        [SET_PAIRS6] = SIZE_MAX,
        [SET_SERVICES] = 2 + TEXT_SIZE,
        [SET_ENDS4] = 4 + TEXT_SIZE,
        [SET_ENDS6] = 16 + TEXT_SIZE,
        [SET_ICMPV6] = 1,
};

static void take_elements(struct reader *in, struct nft_set *set)
{
	struct addr_set *addrs = ARENA_NEW(in->arena, struct addr_set);

	switch (set->type) {
	case SET_HOSTS4:
	case SET_NETS4:
		take_members4(in, set->n_elements, set->type == SET_HOSTS4, addrs);
		set->addrs = addrs;
		break;
	case SET_HOSTS6:
	case SET_NETS6:
		take_members6(in, set->n_elements, set->type == SET_HOSTS6, addrs);
		set->addrs = addrs;
		break;
	case SET_SERVICES:
		set->services = take_services(in, set->n_elements);
		break;
	case SET_ENDS4:
	case SET_ENDS6:
		set->ends = take_ends(in, set->n_elements, set->type == SET_ENDS6);
		break;
	case SET_ICMPV6:
		set->types = take_types(in, set->n_elements);
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

static struct nft_set *take_set(struct reader *in)
{
	struct nft_set *set = ARENA_NEW(in->arena, struct nft_set);

	set->type = (enum set_type)take_word(in, set_type_words, SET_TYPE_MAX);
	set->name = take_name(in, STORE_NAME_MAX);
	set->size = (size_t)take_number(in, 4);
	set->n_elements = take_count(in, element_sizes[set->type]);
	if (set->size && set->size < set->n_elements)
		in->bad = true;
	if (!in->bad)
		take_elements(in, set);
	return set;
}

/* A set of one of these types; NULL when there is none, and bad unless none is wanted (no types). */
static struct nft_set *take_set_index(struct reader *in, const struct ruleset *ruleset, unsigned types)
{
	uint32_t index = (uint32_t)take_number(in, 4);
	struct nft_set *set = !in->bad && index < ruleset->n_sets ? ruleset->sets[index] : NULL;

	if (set ? !(types & 1u << set->type) : types || index != STORE_NO_SET)
		in->bad = true;
	return in->bad ? NULL : set;
}

static enum stmt_kind take_stmt_kind(struct reader *in)
{
	const char *words[STMT_MAX];

	for (enum stmt_kind kind = 0; kind < STMT_MAX; kind++)
		words[kind] = stmt_formats[kind].word;
	return (enum stmt_kind)take_word(in, words, STMT_MAX);
}

static bool protocol_is_known(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_ICMP ||
	       proto == IPPROTO_ICMPV6;
}

static void take_stmt(struct reader *in, const struct ruleset *ruleset, struct stmt *stmt)
{
	const struct stmt_format *format;

	stmt->kind = take_stmt_kind(in);
	format = &stmt_formats[stmt->kind];
	stmt->dir = take_up_to(in, 1, 1) ? CT_REPLY : CT_ORIGINAL;
	stmt->proto = (uint8_t)take_number(in, 1);
	stmt->ports.lo = (uint16_t)take_number(in, 2);
	stmt->ports.hi = (uint16_t)take_number(in, 2);
	stmt->set = take_set_index(in, ruleset, format->sets);
	stmt->name = take_text(in, STORE_NAME_MAX);
	stmt->value = (uint32_t)take_number(in, 4);
	stmt->mask = (uint32_t)take_number(in, 4);
	stmt->rate = (uint32_t)take_number(in, 4);
	stmt->unit = (uint32_t)take_number(in, 4);
	stmt->group = (uint16_t)take_number(in, 2);
	if (format->protocol && !protocol_is_known(stmt->proto))
		in->bad = true;
	if (format->named ? !stmt->name || !*stmt->name : stmt->name != NULL)
		in->bad = true;
}

static void take_rule(struct reader *in, const struct ruleset *ruleset, struct nft_rule *rule)
{
	*rule = (struct nft_rule){.comment = take_text(in, STORE_COMMENT_MAX)};
	rule->n = (unsigned)take_up_to(in, 1, RULE_STMTS_MAX);
	for (unsigned i = 0; i < rule->n && !in->bad; i++)
		take_stmt(in, ruleset, &rule->stmts[i]);
}

static void take_chain(struct reader *in, const struct ruleset *ruleset, struct nft_chain *chain)
{
	size_t n;

	chain->name = take_name(in, STORE_NAME_MAX);
	chain->hook = (enum chain_hook)take_up_to(in, 1, HOOK_LAST);
	chain->policy_drop = take_up_to(in, 1, 1);
	n = take_count(in, TEXT_SIZE + 1);
	while (chain->n < n && !in->bad)
		take_rule(in, ruleset, ARRAY_PUSH(chain->rules, chain->n, chain->cap));
}

static void take_sets(struct reader *in, struct ruleset *ruleset)
{
	size_t n = take_count(in, 2 * TEXT_SIZE + 8), cap = 0;

	while (ruleset->n_sets < n && !in->bad) {
		struct nft_set *set = take_set(in);

		*ARRAY_PUSH(ruleset->sets, ruleset->n_sets, cap) = set;
	}
	ruleset->install_window = take_set_index(in, ruleset, 1u << SET_WINDOW);
}

static void take_gates(struct reader *in, struct ruleset *ruleset)
{
	size_t n = take_count(in, 3 * TEXT_SIZE + 4), cap = 0;

	while (ruleset->n_gates < n && !in->bad) {
		struct gate gate = {.name = take_name(in, GATE_NAME_MAX - 1),
		                    .section = take_text(in, STORE_NAME_MAX),
		                    .row = take_name(in, STORE_NAME_MAX)};

		gate.window = take_set_index(in, ruleset, 1u << SET_WINDOW);
		if (gate.window && strlen(gate.window->name) >= WINDOW_NAME_MAX)
			in->bad = true;
		*ARRAY_PUSH(ruleset->gates, ruleset->n_gates, cap) = gate;
	}
}

static struct ruleset *take_ruleset(struct reader *in)
{
	struct ruleset *ruleset = ARENA_NEW(in->arena, struct ruleset);
	size_t n = take_count(in, TEXT_SIZE), cap = 0;

	ruleset->arena = in->arena;
	while (ruleset->n_counters < n && !in->bad) {
		const char *counter = take_name(in, STORE_NAME_MAX);

		*ARRAY_PUSH(ruleset->counters, ruleset->n_counters, cap) = counter;
	}
	take_sets(in, ruleset);
	take_gates(in, ruleset);
	n = take_count(in, TEXT_SIZE + 2 + 4);
	cap = 0;
	while (ruleset->n_chains < n && !in->bad) {
		struct nft_chain *chain = ARENA_NEW(in->arena, struct nft_chain);

		*ARRAY_PUSH(ruleset->chains, ruleset->n_chains, cap) = chain;
		take_chain(in, ruleset, chain);
	}
	return ruleset;
}

static int check_head(const char *bytes, size_t len)
{
	struct reader in = {.at = (const unsigned char *)bytes, .end = (const unsigned char *)bytes + len};

	if (len < STORE_BODY_AT || memcmp(bytes, STORE_MAGIC, STORE_MAGIC_LEN) != 0)
		return -EBADMSG;
	in.at += STORE_CHECKSUM_AT;
	if (take_number(&in, 8) != store_checksum(bytes + STORE_SAVED_AT, len - STORE_SAVED_AT))
		return -EBADMSG;
	return memcmp(bytes + STORE_MAGIC_LEN, STORE_VERSION, strlen(STORE_VERSION)) ? -ENOTSUP : 0;
}

int store_read(const char *bytes, size_t len, struct stored *ret)
{
	int r = check_head(bytes, len);
	struct stored stored;
	struct reader in;

	if (r < 0)
		return r;
	in = (struct reader){.at = (const unsigned char *)bytes + STORE_SAVED_AT,
	                     .end = (const unsigned char *)bytes + len,
	                     .arena = arena_new()};
	stored.saved = (time_t)take_number(&in, 8);
	stored.policy = take_policy(&in);
	stored.ruleset = take_ruleset(&in);
	if (in.bad || in.at != in.end) {
		ruleset_free(stored.ruleset);
		policy_free(stored.policy);
		return -EBADMSG;
	}
	*ret = stored;
	return 0;
}

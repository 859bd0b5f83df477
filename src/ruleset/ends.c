// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The way from a connection's end to the lines it has a part in, the same length however many sections, rows and members
 * there are:
 *
 *   map to4 { type ipv4_addr : verdict; elements = { 10.1.0.10 : jump to4.prod.management_server } }
 *   ct reply ip saddr vmap @to4        the address that the connection was opened to
 *   ct original ip saddr vmap @from4   the address that opened it
 *
 * The keys are the judged addresses that are hosts: servers, of which there are few. Addresses that have a part in the same lines
 * share a chain (end_chains.c). The chain of the server's end has every line to it; so that of a client's end needs
 * those lines alone whose servers are no keys. Lines that neither end is enough for go the other way (services.c): those
 * of ranges, and those between any addresses.
 */
#include "ruleset/builder.h"

#include <stdlib.h>
#include <string.h>

#include "util/array.h"

#define KEYS_MAX 4096 /* a map of verdicts is walked whenever rules change */

struct key {
	u128 value; /* the address */
	uint32_t *lines;
	size_t n, cap;
	const char *chain;
	const char *role; /* that the chain is named after; NULL: the chain is another's */
	unsigned number;  /* of the chain, among those of that role */
};

/* The keys of one family, sorted, for one end of a connection. */
struct keys {
	enum family family;
	enum end_side side;
	struct key *items;
	size_t n;
};

static size_t n_ranges(const struct addr_set *set, enum family family)
{
	return family == FAMILY_6 ? set->n6 : set->n4;
}

static struct range6 range_at(const struct addr_set *set, enum family family, size_t i)
{
	if (family == FAMILY_6)
		return set->v6[i];
	return (struct range6){.lo = set->v4[i].lo, .hi = set->v4[i].hi};
}

static struct addr key_addr(const struct keys *keys, size_t i)
{
	u128 value = keys->items[i].value;

	if (keys->family == FAMILY_6)
		return (struct addr){.is_v6 = true, .v6 = value};
	return (struct addr){.v4 = (uint32_t)value};
}

static bool is_host(struct range6 range)
{
	return range.lo == range.hi;
}

size_t builder_count_keys(const struct addr_set *judged, enum family family)
{
	size_t n = 0;

	for (size_t i = 0; i < n_ranges(judged, family); i++)
		n += is_host(range_at(judged, family, i));
	return n > KEYS_MAX ? 0 : n;
}

static struct keys collect_keys(const struct addr_set *judged, enum family family, enum end_side side)
{
	size_t n = builder_count_keys(judged, family);
	struct keys keys = {.family = family, .side = side};

	keys.items = calloc(n + 1, sizeof(*keys.items));
	if (!keys.items)
		abort();
	for (size_t i = 0; keys.n < n; i++) {
		struct range6 range = range_at(judged, family, i);

		if (is_host(range))
			keys.items[keys.n++].value = range.lo;
	}
	return keys;
}

static void keys_free(struct keys *keys)
{
	for (size_t i = 0; i < keys->n; i++)
		free(keys->items[i].lines);
	free(keys->items);
}

static size_t first_key(const struct keys *keys, u128 from)
{
	size_t lo = 0, hi = keys->n;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;

		if (keys->items[middle].value < from)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo;
}

static void note(struct key *key, uint32_t line)
{
	*ARRAY_PUSH(key->lines, key->n, key->cap) = line;
}

/* Notes the line with every key that is among addrs; whether all of addrs are keys. The shorter list is walked. */
static bool note_line(struct keys *keys, uint32_t line, const struct addr_set *addrs)
{
	size_t n = n_ranges(addrs, keys->family), found = 0;

	if (n > keys->n) {
		for (size_t i = 0; i < keys->n; i++) {
			struct addr addr = key_addr(keys, i);

			if (addr_set_find(addrs, &addr) >= 0)
				note(&keys->items[i], line);
		}
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		struct range6 range = range_at(addrs, keys->family, i);
		size_t k = first_key(keys, range.lo);

		found += range.lo == range.hi && k < keys->n && keys->items[k].value == range.lo;
		for (; k < keys->n && keys->items[k].value <= range.hi; k++)
			note(&keys->items[k], line);
	}
	return found == n;
}

/* Whether there is anybody at the other end, in this family. */
static bool has_both_ends(const struct line *line, enum family family)
{
	return n_ranges(line->from_addrs, family) && n_ranges(line->to_addrs, family);
}

/* Lines of both phases come first, so that a packet that needs no window asks none. */
static void note_lines(struct builder *b, struct keys *keys)
{
	bool *listed = b->listed[keys->family];

	for (enum line_phase phase = PHASE_ALWAYS; phase <= PHASE_INSTALL; phase++) {
		for (uint32_t i = 0; i < b->lines->n; i++) {
			const struct line *line = &b->lines->items[i];

			if (line->phase != phase || (keys->side == END_CLIENT && listed[i]))
				continue;
			listed[i] = !has_both_ends(line, keys->family) ||
			            note_line(keys, i,
			                      keys->side == END_SERVER ? line->to_addrs : line->from_addrs);
		}
	}
}

/* "prod.management_server": the first role that holds the address. */
static const char *role_of(const struct builder *b, const struct addr *addr)
{
	for (size_t s = 0; s < b->policy->n_sections; s++)
		for (enum role role = 0; role < ROLE_MAX; role++)
			if (addr_set_find(&b->policy->sections[s].roles[role].addrs, addr) >= 0)
				return arena_printf(b->policy->arena, "%s.%s", b->policy->sections[s].name,
				                    role_name(role));
	abort();
}

static const char *const map_names[FAMILIES][END_MAX] = {
        [FAMILY_4] = {"to4", "from4"},
        [FAMILY_6] = {"to6", "from6"},
};

/* "to4.prod.management_server"; where servers of one role differ in others, "to4.prod.management_server_2". */
static const char *chain_name(struct builder *b, const struct keys *keys, size_t i)
{
	const char *map = map_names[keys->family][keys->side];
	struct key *key = &keys->items[i];
	struct addr addr = key_addr(keys, i);

	key->role = role_of(b, &addr);
	key->number = 1;
	for (const struct key *before = key; key->number == 1 && before-- > keys->items;)
		if (before->role && !strcmp(before->role, key->role))
			key->number = before->number + 1;
	if (key->number == 1)
		return arena_printf(b->policy->arena, "%s.%s", map, key->role);
	return arena_printf(b->policy->arena, "%s.%s_%u", map, key->role, key->number);
}

static const struct key *same_lines_before(const struct keys *keys, size_t i)
{
	const struct key *key = &keys->items[i];

	for (const struct key *before = key; before-- > keys->items;)
		if (before->n == key->n && !memcmp(before->lines, key->lines, key->n * sizeof(*key->lines)))
			return before;
	return NULL;
}

static void name_chain(struct builder *b, struct keys *keys, size_t i)
{
	struct key *key = &keys->items[i];
	const struct key *before = key->n ? same_lines_before(keys, i) : NULL;
	struct end_lines lines = {
	        .side = keys->side, .family = keys->family, .items = key->lines, .n = key->n};

	if (!key->n) {
		/* without a line there is nothing but who is denied */
		key->chain = b->ends_lead_on ? CHAIN_JUDGED : NULL;
	} else if (before) {
		key->chain = before->chain;
	} else {
		key->chain = chain_name(b, keys, i);
		builder_add_end_chain(b, key->chain, &lines);
	}
}

static void add_map(struct builder *b, struct keys *keys)
{
	struct end *ends = ARENA_ARRAY(b->policy->arena, struct end, keys->n);
	struct nft_set *map;
	size_t n = 0;

	for (size_t i = 0; i < keys->n; i++) {
		name_chain(b, keys, i);
		if (keys->items[i].chain)
			ends[n++] = (struct end){key_addr(keys, i), keys->items[i].chain};
	}
	if (!n)
		return;
	map = builder_add_set(b, map_names[keys->family][keys->side],
	                      keys->family == FAMILY_6 ? SET_ENDS6 : SET_ENDS4);
	map->ends = ends;
	map->n_elements = n;
	map->size = builder_size(n);
	b->end_maps[keys->family][keys->side] = map;
}

void builder_add_ends(struct builder *b)
{
	for (enum family family = FAMILY_4; family <= FAMILY_6; family++) {
		b->listed[family] = ARENA_ARRAY(b->policy->arena, bool, b->lines->n);
		for (enum end_side side = END_SERVER; side < END_MAX; side++) {
			struct keys keys = collect_keys(b->judged, family, side);

			note_lines(b, &keys);
			add_map(b, &keys);
			keys_free(&keys);
		}
	}
}

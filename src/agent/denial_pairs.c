/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entries of the list come and go, and a counter may do neither. So each entry remembers how much of its count has been
 * told, and what is new is added to sums of our own.
 */
#include "agent/denial_pairs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/reply.h"

#define NOBODY "none"
#define OTHER  "other"

/* All roles of an address, with commas between them, as many as there is room for. */
static void print_roles(const struct policy *policy, const struct addr *addr, char *buf, size_t size)
{
	size_t used = 0;

	snprintf(buf, size, NOBODY);
	for (size_t i = 0; i < policy->n_sections; i++)
		for (enum role role = 0; role < ROLE_MAX && used < size; role++)
			if (addr_set_find(&policy->sections[i].roles[role].addrs, addr) >= 0)
				used += (size_t)snprintf(buf + used, size - used, "%s%s.%s", used ? "," : "",
				                         policy->sections[i].name, role_name(role));
}

static struct denial_pair *find_pair(struct denial_pairs *pairs, const char *source, const char *destination)
{
	for (size_t i = 0; i < pairs->n; i++)
		if (strcmp(pairs->items[i].source, source) == 0 &&
		    strcmp(pairs->items[i].destination, destination) == 0)
			return &pairs->items[i];
	return NULL;
}

static struct denial_pair *get_pair(struct denial_pairs *pairs, const char *source, const char *destination)
{
	struct denial_pair *pair = find_pair(pairs, source, destination);

	if (pair)
		return pair;
	if (pairs->n >= DENIAL_PAIRS_MAX - 1 && strcmp(source, OTHER) != 0)
		return get_pair(pairs, OTHER, OTHER);
	pair = ARRAY_PUSH(pairs->items, pairs->n, pairs->cap);
	*pair = (struct denial_pair){.packets = 0};
	snprintf(pair->source, sizeof(pair->source), "%s", source);
	snprintf(pair->destination, sizeof(pair->destination), "%s", destination);
	return pair;
}

void denial_pairs_tally(struct denial_pairs *pairs, struct denials *denials, const struct policy *policy)
{
	const struct denial *newest = denials_newest(denials);
	char source[DENIAL_PAIR_ROLES], destination[DENIAL_PAIR_ROLES];

	for (const struct denial *denial = newest; denial && denial->touched > pairs->cursor;
	     denial = denials_next(denials, denial)) {
		print_roles(policy, &denial->key.src, source, sizeof(source));
		print_roles(policy, &denial->key.dst, destination, sizeof(destination));
		get_pair(pairs, source, destination)->packets += denials_tell(denials, denial);
	}
	if (newest)
		pairs->cursor = newest->touched;
}

void denial_pairs_clear(struct denial_pairs *pairs)
{
	free(pairs->items);
	*pairs = (struct denial_pairs){.n = 0};
}

json_t *denial_pairs_to_json(const struct denial_pairs *pairs)
{
	json_t *list = json_array();

	for (size_t i = 0; i < pairs->n; i++)
		json_array_append_new(list,
		                      json_pack("{s:o, s:o, s:I}", "source_role",
		                                reply_string(pairs->items[i].source), "destination_role",
		                                reply_string(pairs->items[i].destination), "packets",
		                                (json_int_t)pairs->items[i].packets));
	return list;
}

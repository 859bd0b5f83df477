// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Elements can come and go in place as long as every packet still gets the verdict of the old or of the new policy.
 * Within one set they do: all its elements change over at once. (One packet can look twice, just before and just after:
 * from an address that comes and had no role it was not accepted yet, and is denied already. That takes less than a
 * microsecond, and opens nothing.) Several sets change one after the other, hash sets together with the generation and interval
 * sets, one by one, a little later. So in place is right
 *
 *   - for one set;
 *   - when addresses only come: accepting sets stand before denying ones and change first;
 *   - when addresses only go, in the opposite order;
 *   - for hash sets, unless an address goes from one set to another: nothing may find it in neither.
 *
 * With ranges among them, one after the other is right only for addresses that have no role but the one that comes or goes:
 * between two steps an address would be denied by the role it has already what it may do by the one it is about to have.
 *
 * A range that takes the place of another one with addresses in common is not right in place: on older kernels (6.1) a
 * lookup that meets the one of the two that does not count just then finds nothing, not even what is in both.
 *
 * Everything else, and what is too much for one small batch or for the size of a set, takes new sets: rules change over
 * to those in one instant.
 */
#include "ruleset/difference.h"

#include <stdlib.h>

#include "ruleset/compare.h"
#include "ruleset/rule.h"
#include "util/array.h"

#define ELEMENTS_MAX 4096 /* in one batch: a phase change never waits long behind it */
#define ELEMENTS_FEW 512  /* always cheaper than a new set and the rules that refer to it */

static size_t set_length(const struct nft_set *set)
{
	return set_family(set) == FAMILY_6 ? set->addrs->n6 : set->addrs->n4;
}

static struct addr_range member_at(const struct nft_set *set, size_t i)
{
	if (set_family(set) == FAMILY_6)
		return (struct addr_range){.is_v6 = true, .v6 = set->addrs->v6[i]};
	return (struct addr_range){.v4 = set->addrs->v4[i]};
}

/* The address list holds hosts and wider members mixed; the first one of the set's own kind from i on. */
static size_t next_member(const struct nft_set *set, size_t i)
{
	size_t n = set_length(set);
	bool hosts = set->type == SET_HOSTS4 || set->type == SET_HOSTS6;

	if (set_family(set) == FAMILY_6)
		while (i < n && (set->addrs->v6[i].lo == set->addrs->v6[i].hi) != hosts)
			i++;
	else
		while (i < n && (set->addrs->v4[i].lo == set->addrs->v4[i].hi) != hosts)
			i++;
	return i;
}

/* Less than, equal to or greater than 0, by first address, then by last. */
static int compare_members(const struct addr_range *a, const struct addr_range *b)
{
	/* Called when both sides have a member. NOLINTNEXTLINE(clang-analyzer-core.*) */
	if (!a->is_v6 && a->v4.lo != b->v4.lo)
		return a->v4.lo < b->v4.lo ? -1 : 1;
	if (!a->is_v6)
		return (a->v4.hi > b->v4.hi) - (a->v4.hi < b->v4.hi);
	/* The same. NOLINTNEXTLINE(clang-analyzer-core.*) */
	if (a->v6.lo != b->v6.lo)
		return a->v6.lo < b->v6.lo ? -1 : 1;
	return (a->v6.hi > b->v6.hi) - (a->v6.hi < b->v6.hi);
}

static void add_removed(struct set_difference *difference, struct addr_range member)
{
	member.v4.loc = 0;
	member.v6.loc = 0;
	addr_set_add(&difference->removed, &member);
}

/* Members that are the same on both sides, of the set's kind or not, are most of a reload: past them in small steps. */
static void skip_common(const struct nft_set *before, const struct nft_set *after, size_t *i, size_t *j)
{
	size_t n = set_length(before), m = set_length(after);
	const struct range4 *a4 = before->addrs->v4, *b4 = after->addrs->v4;
	const struct range6 *a6 = before->addrs->v6, *b6 = after->addrs->v6;

	if (set_family(before) == FAMILY_6)
		for (; *i < n && *j < m && a6[*i].lo == b6[*j].lo && a6[*i].hi == b6[*j].hi; ++*i)
			++*j;
	else
		for (; *i < n && *j < m && a4[*i].lo == b4[*j].lo && a4[*i].hi == b4[*j].hi; ++*i)
			++*j;
}

/* Moves on to the next members that the sides may differ in; returns whether there are any. */
static bool next_pair(const struct nft_set *before, const struct nft_set *after, size_t *i, size_t *j)
{
	skip_common(before, after, i, j);
	*i = next_member(before, *i);
	*j = next_member(after, *j);
	return *i < set_length(before) || *j < set_length(after);
}

void set_difference(const struct nft_set *before, const struct nft_set *after, struct set_difference *ret)
{
	size_t n = set_length(before), m = set_length(after), i = 0, j = 0;

	*ret = (struct set_difference){.before = before, .after = after};
	while (next_pair(before, after, &i, &j)) {
		struct addr_range old, new;
		int order;

		if (i < n)
			old = member_at(before, i);
		if (j < m)
			new = member_at(after, j);
		order = i == n ? 1 : j == m ? -1 : compare_members(&old, &new);
		if (order < 0)
			add_removed(ret, old);
		if (order > 0)
			addr_set_add(&ret->added, &new);
		i += order <= 0;
		j += order >= 0;
	}
}

static size_t count_elements(const struct set_difference *set)
{
	return set->removed.n4 + set->removed.n6 + set->added.n4 + set->added.n6;
}

/* Whether the set can take it: a size is a hard cap, and from half of a set on a new one is as cheap. */
static bool set_fits(const struct set_difference *set)
{
	size_t n = count_elements(set);
	size_t larger = set->before->n_elements > set->after->n_elements ? set->before->n_elements
	                                                                 : set->after->n_elements;

	if (set->before->size && set->after->n_elements > set->before->size)
		return false;
	return n <= ELEMENTS_FEW || n <= larger / 2;
}

/*
 * What the sets lose and gain. None of them gains a part of what it loses: a range that takes the place of another one never
 * gets here, see replaces_ranges().
 */
struct movement {
	struct addr_set lost, gained;
	bool intervals;
};

static void movement_add(struct movement *movement, const struct set_difference *set)
{
	addr_set_add_set(&movement->lost, &set->removed);
	addr_set_add_set(&movement->gained, &set->added);
	if (set->after->type == SET_NETS4 || set->after->type == SET_NETS6)
		movement->intervals = true;
}

static void put_in_reverse(struct ruleset_difference *difference)
{
	for (size_t i = 0; i < difference->n / 2; i++) {
		struct set_difference *other = &difference->sets[difference->n - 1 - i];
		struct set_difference swap = difference->sets[i];

		difference->sets[i] = *other;
		*other = swap;
	}
}

/* Whether any of the addresses stand in another role's set; where they are gathered from all roles does not count. */
static bool stand_elsewhere(const struct addr_set *moved, const struct nft_set *own,
                            const struct ruleset *ruleset, const struct ruleset *built)
{
	for (size_t i = 0; i < ruleset->n_sets; i++) {
		const struct addr_set *addrs = ruleset->sets[i]->addrs;

		if (addrs && addrs != own->addrs && !built->sets[i]->gathered &&
		    addr_set_overlaps(moved, addrs))
			return true;
	}
	return false;
}

/* For changes in one direction: whether an address comes to, or goes from, a role while it has another one. */
static bool roles_overlap(const struct ruleset_difference *difference, const struct ruleset *before,
                          const struct ruleset *after)
{
	for (size_t i = 0; i < difference->n; i++) {
		const struct set_difference *set = &difference->sets[i];

		if (!set->after->gathered && (stand_elsewhere(&set->added, set->after, after, after) ||
		                              stand_elsewhere(&set->removed, set->before, before, after)))
			return true;
	}
	return false;
}

/* See the head of this file. Puts the sets into the order in which they may change. */
static bool order_for_place(struct ruleset_difference *difference, const struct ruleset *before,
                            const struct ruleset *after)
{
	struct movement all = {.intervals = false};
	bool one_way, safe;

	for (size_t i = 0; i < difference->n; i++)
		movement_add(&all, &difference->sets[i]);
	addr_set_canonicalize(&all.lost);
	addr_set_canonicalize(&all.gained);
	one_way = addr_set_is_empty(&all.lost) || addr_set_is_empty(&all.gained);
	if (!all.intervals)
		safe = difference->n == 1 || one_way || !addr_set_overlaps(&all.lost, &all.gained);
	else
		safe = difference->n == 1 || (one_way && !roles_overlap(difference, before, after));
	if (one_way && !addr_set_is_empty(&all.lost))
		put_in_reverse(difference);
	addr_set_free(&all.lost);
	addr_set_free(&all.gained);
	return safe;
}

static bool holds_addresses(const struct nft_set *set)
{
	return set->addrs;
}

/* See the head of this file. */
static bool replaces_ranges(const struct set_difference *set)
{
	return addr_set_overlaps(&set->removed, &set->added);
}

/* Returns false as soon as the changes do not fit into the sets or into one batch. */
static bool collect_sets(const struct ruleset *before, const struct ruleset *after,
                         struct ruleset_difference *ret)
{
	size_t elements = 0;

	for (size_t i = 0; i < after->n_sets; i++) {
		struct set_difference *set;

		if (!holds_addresses(after->sets[i]))
			continue;
		set = ARRAY_PUSH(ret->sets, ret->n, ret->cap);
		set_difference(before->sets[i], after->sets[i], set);
		elements += count_elements(set);
		if (!count_elements(set))
			ret->n--;
		else if (!set_fits(set) || replaces_ranges(set) || elements > ELEMENTS_MAX)
			return false;
	}
	return true;
}

void ruleset_difference(const struct ruleset *before, const struct ruleset *after,
                        struct ruleset_difference *ret)
{
	*ret = (struct ruleset_difference){.change = CHANGE_RULES};
	if (!ruleset_same_but_members(before, after) || !collect_sets(before, after, ret))
		return;
	if (!ret->n)
		ret->change = CHANGE_NONE;
	else if (order_for_place(ret, before, after))
		ret->change = CHANGE_MEMBERS;
}

void ruleset_difference_clear(struct ruleset_difference *difference)
{
	for (size_t i = 0; i < difference->n; i++) {
		addr_set_free(&difference->sets[i].removed);
		addr_set_free(&difference->sets[i].added);
	}
	free(difference->sets);
	*difference = (struct ruleset_difference){.sets = NULL};
}

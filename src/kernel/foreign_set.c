// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Looking into sets and maps as they were read. Plain sets hold keys. Interval sets hold where an interval begins and,
 * marked so, where it has ended: of the elements up to a value the greatest tells. Concatenations of intervals hold
 * both ends in one element, part by part.
 */
#include "kernel/foreign_state.h"

#include <linux/netfilter/nf_tables.h>
#include <string.h>

const struct foreign_set *foreign_set_named(const struct foreign *foreign, uint8_t family, const char *table,
                                            const char *name)
{
	for (size_t i = 0; name && i < foreign->n_sets; i++) {
		const struct foreign_set *set = &foreign->sets[i];

		if (set->family == family && !strcmp(set->table, table) && !strcmp(set->name, name))
			return set;
	}
	return NULL;
}

static bool is_catch_all(const struct foreign_element *element)
{
	return element->flags & NFT_SET_ELEM_CATCHALL;
}

static const struct foreign_element *interval_find(const struct foreign_set *set, const uint8_t *value)
{
	const struct foreign_element *best = NULL;

	for (size_t i = 0; i < set->n; i++) {
		const struct foreign_element *element = &set->elements[i];
		int order = best ? memcmp(element->key, best->key, set->key_len) : 1;

		if (is_catch_all(element) || memcmp(element->key, value, set->key_len) > 0)
			continue;
		if (order > 0 || (order == 0 && !(element->flags & NFT_SET_ELEM_INTERVAL_END)))
			best = element;
	}
	return best && !(best->flags & NFT_SET_ELEM_INTERVAL_END) ? best : NULL;
}

static bool ranges_hold(const struct foreign_set *set, const struct foreign_element *element,
                        const uint8_t *value)
{
	size_t at = 0;

	for (size_t i = 0; i < set->n_fields; i++) {
		size_t len = set->fields[i];

		if (memcmp(value + at, element->key + at, len) < 0 ||
		    memcmp(value + at, (element->has_end ? element->end : element->key) + at, len) > 0)
			return false;
		at += (len + 3) / 4 * 4;
	}
	return true;
}

static const struct foreign_element *element_find(const struct foreign_set *set, const uint8_t *value)
{
	bool concatenated = set->n_fields > 1;

	if (set->flags & NFT_SET_INTERVAL && !concatenated)
		return interval_find(set, value);
	for (size_t i = 0; i < set->n; i++) {
		const struct foreign_element *element = &set->elements[i];

		if (is_catch_all(element))
			continue;
		if (set->flags & NFT_SET_INTERVAL ? ranges_hold(set, element, value)
		                                  : !memcmp(element->key, value, set->key_len))
			return element;
	}
	return NULL;
}

static const struct foreign_element *catch_all_find(const struct foreign_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		if (is_catch_all(&set->elements[i]))
			return &set->elements[i];
	return NULL;
}

/* With a part of the key unknown: NO when no element agrees with the rest. */
static enum match guess(const struct foreign_set *set, const uint8_t *value, const uint8_t *known)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->flags & NFT_SET_INTERVAL || is_catch_all(&set->elements[i]) ||
		    foreign_bytes_equal(value, known, set->elements[i].key, set->key_len) != MATCH_NO)
			return MATCH_MAYBE;
	return MATCH_NO;
}

enum match foreign_set_find(const struct foreign_set *set, const uint8_t *value, const uint8_t *known,
                            const struct foreign_element **ret)
{
	*ret = NULL;
	if (!set->known)
		return MATCH_MAYBE;
	for (size_t i = 0; i < set->key_len; i++)
		if (known[i] != 0xff)
			return guess(set, value, known);
	*ret = element_find(set, value);
	if (!*ret)
		*ret = catch_all_find(set);
	return *ret ? MATCH_YES : MATCH_NO;
}

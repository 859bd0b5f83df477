// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The sets of the model. Every group of addresses is split by family and by shape: hosts go to a hash set with a size
 * (one lookup, flat cost), wider members to a small interval set. A host never goes to an interval set: the kernel
 * rebuilds those as a whole on every change.
 */
#include "ruleset/builder.h"

#include <stdlib.h>
#include <string.h>

#include "util/array.h"

/* A size is a hard cap, and growing means a new set: leave a quarter and a bit. */
size_t builder_size(size_t n)
{
	return n + n / 4 + 16;
}

struct nft_set *builder_add_set(struct builder *b, const char *name, enum set_type type)
{
	struct ruleset *ruleset = b->ruleset;
	struct nft_set *set = ARENA_NEW(b->policy->arena, struct nft_set);

	set->name = arena_strdup(b->policy->arena, name);
	set->type = type;
	*ARRAY_PUSH(ruleset->sets, ruleset->n_sets, b->cap_sets) = set;
	return set;
}

struct endpoint builder_make_endpoint(struct builder *b, const char *name, const struct addr_set *addrs,
                                      loc_t loc)
{
	static const struct {
		const char *suffix;
		enum set_type type;
	} parts[PART_MAX] = {
	        [PART_HOSTS4] = {"hosts4", SET_HOSTS4},
	        [PART_NETS4] = {"nets4", SET_NETS4},
	        [PART_HOSTS6] = {"hosts6", SET_HOSTS6},
	        [PART_NETS6] = {"nets6", SET_NETS6},
	};
	struct endpoint endpoint = {.made = true};
	size_t count[PART_MAX];

	addr_set_count4(addrs, &count[PART_HOSTS4], &count[PART_NETS4]);
	addr_set_count6(addrs, &count[PART_HOSTS6], &count[PART_NETS6]);
	for (enum endpoint_part part = 0; part < PART_MAX; part++) {
		struct nft_set *set;

		if (!count[part])
			continue;
		set = builder_add_set(b, arena_printf(b->policy->arena, "%s.%s", name, parts[part].suffix),
		                      parts[part].type);
		set->addrs = addrs;
		set->n_elements = count[part];
		set->loc = loc;
		if (part == PART_HOSTS4 || part == PART_HOSTS6)
			set->size = builder_size(count[part]);
		endpoint.parts[part] = set;
	}
	return endpoint;
}

const struct endpoint *builder_role(struct builder *b, const struct section *section, enum role role)
{
	struct endpoint *endpoint = &b->sections[section - b->policy->sections].roles[role];

	if (!endpoint->made) {
		const char *name = arena_printf(b->policy->arena, "%s.%s", section->name, role_name(role));

		*endpoint =
		        builder_make_endpoint(b, name, &section->roles[role].addrs, section->roles[role].loc);
	}
	return endpoint;
}

const struct endpoint *builder_site_end(struct builder *b, const struct site_rule *rule, bool from)
{
	struct site_endpoints *ends = &b->sites[rule - b->policy->site_rules];
	struct endpoint *endpoint = from ? &ends->from : &ends->to;
	const struct section *section = from ? rule->from_section : rule->to_section;

	if (section)
		return builder_role(b, section, from ? rule->from_role : rule->to_role);
	if (!endpoint->made)
		*endpoint = builder_make_endpoint(
		        b, arena_printf(b->policy->arena, "site.%s.%s", rule->name, from ? "from" : "to"),
		        from ? &rule->from : &rule->to, rule->loc);
	return endpoint;
}

const struct addr_set *builder_keep_addrs(struct builder *b, struct addr_set *addrs)
{
	struct addr_set *kept = ARENA_NEW(b->policy->arena, struct addr_set);

	kept->n4 = addrs->n4;
	kept->n6 = addrs->n6;
	kept->v4 = ARENA_ARRAY(b->policy->arena, struct range4, addrs->n4);
	kept->v6 = ARENA_ARRAY(b->policy->arena, struct range6, addrs->n6);
	if (addrs->n4)
		memcpy(kept->v4, addrs->v4, addrs->n4 * sizeof(*addrs->v4));
	if (addrs->n6)
		memcpy(kept->v6, addrs->v6, addrs->n6 * sizeof(*addrs->v6));
	addr_set_free(addrs);
	return kept;
}

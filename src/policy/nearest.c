// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An address that holds no role is often a typing error, or a host that was forgotten. This file finds the member that
 * lies numerically nearest, and the role that would open the packet if the address had it: of several, the one that
 * has the nearest member.
 */
#include "policy/absence.h"
#include "policy/denial.h"

#define FAR (~(u128)0)

/* How far addr is from the range, 0 inside it. */
#define DISTANCE(range, addr)                                                                                \
	((addr) < (range)->lo   ? (u128)((range)->lo - (addr))                                               \
	 : (addr) > (range)->hi ? (u128)((addr) - (range)->hi)                                               \
	                        : 0)

static u128 nearest4(const struct addr_set *set, uint32_t addr, struct range4 *ret)
{
	size_t next = addr_set_not_below(set, &(struct addr){.v4 = addr});
	u128 best = FAR;

	/* The neighbour below wins a tie. */
	for (size_t i = next ? next - 1 : 0; i <= next && i < set->n4; i++)
		if (DISTANCE(&set->v4[i], addr) < best) {
			best = DISTANCE(&set->v4[i], addr);
			*ret = set->v4[i];
		}
	return best;
}

static u128 nearest6(const struct addr_set *set, u128 addr, struct range6 *ret)
{
	size_t next = addr_set_not_below(set, &(struct addr){.is_v6 = true, .v6 = addr});
	u128 best = FAR;

	for (size_t i = next ? next - 1 : 0; i <= next && i < set->n6; i++)
		if (DISTANCE(&set->v6[i], addr) < best) {
			best = DISTANCE(&set->v6[i], addr);
			*ret = set->v6[i];
		}
	return best;
}

/* FAR when the set has nobody of the family. */
static u128 nearest_of(const struct addr_set *set, const struct addr *addr, struct addr_range *ret)
{
	*ret = (struct addr_range){.is_v6 = addr->is_v6};
	return addr->is_v6 ? nearest6(set, addr->v6, &ret->v6) : nearest4(set, addr->v4, &ret->v4);
}

static void find_member(const struct policy *policy, const struct addr *addr, struct near_member *ret)
{
	u128 best = FAR;

	for (size_t s = 0; s < policy->n_sections; s++)
		for (enum role role = 0; role < ROLE_MAX; role++) {
			const struct section *section = &policy->sections[s];
			struct addr_range range;
			u128 distance = nearest_of(&section->roles[role].addrs, addr, &range);

			if (distance >= best)
				continue;
			best = distance;
			ret->range = range;
			ret->held =
			        (struct held_role){section, role, range.is_v6 ? range.v6.loc : range.v4.loc};
		}
}

/* A line that is always open is better than one of the install phase, for the same role. */
static bool opens_sooner(const struct section *section, const struct table_line *line, enum role role,
                         const struct role_offer *than)
{
	return section == than->section && role == than->role &&
	       table_line_phase(section, line) < table_line_phase(than->section, than->line);
}

/* Of the roles in the mask, takes one that is nearer than the best so far, if the line holds with it. */
static void consider(const struct section *section, const struct table_line *line, role_mask mask,
                     const struct addr *addr, u128 *best, struct role_offer *ret)
{
	for (enum role role = 0; role < ROLE_MAX; role++) {
		struct addr_range ignored;
		u128 distance;

		if (!(mask & ROLE_BIT(role)) || !document_would_hold(section, line, role))
			continue;
		distance = nearest_of(&section->roles[role].addrs, addr, &ignored);
		if (ret->section && distance >= *best && !opens_sooner(section, line, role, ret))
			continue;
		*best = distance;
		ret->section = section;
		ret->role = role;
		ret->line = line;
	}
}

/* The lines of the section's table that are about the packet and have the other end's role on the other side. */
static void find_offer(const struct held_role *other, const struct addr *addr, const struct query *query,
                       u128 *best, struct role_offer *ret)
{
	size_t n;
	const struct table_line *lines = table_lines(other->section->table, &n);

	for (size_t i = 0; i < n; i++) {
		role_mask others = document_side(other->section, &lines[i], !ret->to_src);

		if (document_carries(&lines[i], other->section, query) && (others & ROLE_BIT(other->role)))
			consider(other->section, &lines[i],
			         document_side(other->section, &lines[i], ret->to_src), addr, best, ret);
	}
}

void nearest_find(const struct policy *policy, const struct query *query, struct explanation *ret)
{
	bool src_lacks = ret->n_src_roles == 0, dst_lacks = ret->n_dst_roles == 0;
	const struct held_role *others = src_lacks ? ret->dst_roles : ret->src_roles;
	size_t n_others = src_lacks ? ret->n_dst_roles : ret->n_src_roles;
	u128 best = FAR;

	if (src_lacks)
		find_member(policy, &query->src, &ret->near[0]);
	if (dst_lacks)
		find_member(policy, &query->dst, &ret->near[1]);
	ret->offer.to_src = src_lacks;
	for (size_t i = 0; i < n_others; i++)
		find_offer(&others[i], src_lacks ? &query->src : &query->dst, query, &best, &ret->offer);
}

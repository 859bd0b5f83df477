// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From members to addresses: references are followed depth first, and a role met again while it is still being
 * resolved closes a loop. Then every role has one canonical set, and what only the whole set shows is judged.
 */
#include "policy/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CATALOG_ROW     "cur-09"
#define CATALOG_WIDEST4 ((uint32_t)1 << 16) /* a /16 */
#define CATALOG_WIDEST6 ((u128)1 << 80)     /* a /48 */

/* The roles being resolved, innermost first. */
struct resolve_step {
	const struct resolve_step *outer;
	const struct section *section;
	enum role role;
};

static struct role_node *node_of(struct load *load, const struct section *section, enum role role)
{
	return &load->nodes[section - load->policy->sections].roles[role];
}

/* "prod.windows_agent -> prod.push_target -> prod.windows_agent": the chain from the outer meeting with ref on. */
static char *chain_text(struct load *load, const struct resolve_step *step, const struct member_ref *ref)
{
	char *text = arena_printf(load->arena, "%s.%s", ref->section->name, role_name(ref->role));

	for (; step; step = step->outer) {
		text = arena_printf(load->arena, "%s.%s -> %s", step->section->name, role_name(step->role),
		                    text);
		if (step->section == ref->section && step->role == ref->role)
			break;
	}
	return text;
}

static bool covers_family(const struct addr_set *set)
{
	return (set->n4 == 1 && set->v4[0].lo == 0 && set->v4[0].hi == UINT32_MAX) ||
	       (set->n6 == 1 && set->v6[0].lo == 0 && set->v6[0].hi == ~(u128)0);
}

/* 0.0.0.0/1 and 128.0.0.0/1 are 0.0.0.0/0 by another name. */
static void refuse_everything(struct load *load, const struct addr_set *set, const char *owner, loc_t loc)
{
	if (covers_family(set))
		diag_error(load->diags, loc,
		           "%s: the members together are every address of a family; only "
		           "management_pack_catalog "
		           "may hold that: name the networks you mean",
		           owner);
}

/* The line of the first member that is too wide for connections from the catalog to consoles; 0 if none is. */
static loc_t find_wide_catalog(const struct addr_set *set)
{
	for (size_t i = 0; i < set->n4; i++)
		if (set->v4[i].hi - set->v4[i].lo >= CATALOG_WIDEST4)
			return set->v4[i].loc;
	for (size_t i = 0; i < set->n6; i++)
		if (set->v6[i].hi - set->v6[i].lo >= CATALOG_WIDEST6)
			return set->v6[i].loc;
	return 0;
}

/* Judged on the members as written, before neighbours are merged. */
static void check_catalog(struct load *load, const struct section *section, const struct addr_set *set)
{
	loc_t loc = find_wide_catalog(set);

	if (!loc || section->table != TABLE_CURRENT ||
	    section->catalog_dynamic_ports != CATALOG_BIDIRECTIONAL ||
	    section->rows[row_find(CATALOG_ROW)].state == ROW_OFF)
		return;
	diag_error(load->diags, loc,
	           "management_pack_catalog is wider than /16 (IPv4) or /48 (IPv6), and row " CATALOG_ROW
	           " lets it open 49152-65535 on every console; narrow it, or set catalog_dynamic_ports = "
	           "reply_only, "
	           "or " CATALOG_ROW " = off");
}

static void resolve_role(struct load *load, const struct section *section, enum role role,
                         const struct resolve_step *outer);

static void resolve_ref(struct load *load, const struct member_ref *ref, const struct resolve_step *step,
                        struct addr_set *ret)
{
	if (step && node_of(load, ref->section, ref->role)->state == NODE_ACTIVE) {
		diag_error(load->diags, ref->loc,
		           "this reference closes a loop: %s; write the addresses in one of them",
		           chain_text(load, step, ref));
		return;
	}
	resolve_role(load, ref->section, ref->role, step);
	addr_set_add_set(ret, &ref->section->roles[ref->role].addrs);
}

static void resolve_role(struct load *load, const struct section *section, enum role role,
                         const struct resolve_step *outer)
{
	const struct resolve_step step = {outer, section, role};
	struct role_members *ret = &load->policy->sections[section - load->policy->sections].roles[role];
	struct role_node *node = node_of(load, section, role);

	if (node->state == NODE_DONE)
		return;
	node->state = NODE_ACTIVE;
	addr_set_add_set(&ret->addrs, &node->members.addrs);
	for (size_t i = 0; i < node->members.n_refs; i++)
		resolve_ref(load, &node->members.refs[i], &step, &ret->addrs);
	node->state = NODE_DONE;
	if (role == ROLE_MANAGEMENT_PACK_CATALOG)
		check_catalog(load, section, &ret->addrs);
	addr_set_canonicalize(&ret->addrs);
	if (role != ROLE_MANAGEMENT_PACK_CATALOG)
		refuse_everything(load, &ret->addrs, role_name(role), ret->loc);
}

void load_resolve_roles(struct load *load)
{
	for (size_t i = 0; i < load->policy->n_sections; i++)
		for (int role = 0; role < ROLE_MAX; role++)
			resolve_role(load, &load->policy->sections[i], (enum role)role, NULL);
}

void load_resolve_members(struct load *load, struct members *members, const char *owner, loc_t loc,
                          struct addr_set *ret)
{
	addr_set_add_set(ret, &members->addrs);
	for (size_t i = 0; i < members->n_refs; i++)
		resolve_ref(load, &members->refs[i], NULL, ret);
	addr_set_canonicalize(ret);
	refuse_everything(load, ret, owner, loc);
}

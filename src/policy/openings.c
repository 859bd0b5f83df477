// SPDX-License-Identifier: GPL-2.0-or-later
/* A role file's lines and settings as openings: the same lines, with names where they had pointers. */
#include "policy/openings.h"

#include <stdlib.h>

#include "policy/addr_algebra.h"
#include "util/array.h"

void openings_add(struct openings *openings, const struct opening *opening)
{
	*ARRAY_PUSH(openings->items, openings->n, openings->cap) = *opening;
}

static struct opening opening_of_line(struct arena *arena, const struct line *line)
{
	struct opening opening = {
	        .from = line->from_addrs,
	        .to = line->to_addrs,
	        .proto = line->proto,
	        .ports = line->ports,
	        .phase = line->phase,
	};
	char ids[ROW_IDS_MAX];

	opening.rows = arena_strdup(arena, line_row_ids(line, ids, sizeof(ids)));
	if (line->section) {
		opening.section = line->section->name;
		opening.from_name = role_name(line->from);
		opening.to_name = role_name(line->to);
		return opening;
	}
	opening.from_name = line->site_rule->from_section ? role_name(line->site_rule->from_role) : NULL;
	opening.to_name = line->site_rule->to_section ? role_name(line->site_rule->to_role) : NULL;
	return opening;
}

/* Who holds any role, and who holds one of those that deny_scope protects. */
static void gather_members(const struct policy *policy, struct openings *ret)
{
	struct addr_set members = {0}, servers = {0};

	for (size_t s = 0; s < policy->n_sections; s++)
		for (enum role role = 0; role < ROLE_MAX; role++) {
			addr_set_add_set(&members, &policy->sections[s].roles[role].addrs);
			if (role_is_server(role))
				addr_set_add_set(&servers, &policy->sections[s].roles[role].addrs);
		}
	addr_set_canonicalize(&members);
	addr_set_canonicalize(&servers);
	ret->members = addr_set_both(ret->arena, &members, &members);
	ret->servers = addr_set_both(ret->arena, &servers, &servers);
	addr_set_free(&members);
	addr_set_free(&servers);
}

void openings_of_policy(const struct policy *policy, const struct lines *lines, struct openings *ret)
{
	const struct settings *settings = &policy->settings;

	*ret = (struct openings){
	        .arena = arena_new(),
	        .scope = settings->deny_scope,
	        .never_deny = policy->never_deny,
	        .mode = settings->mode,
	        .action = settings->deny_action,
	        .log_denied = settings->log_denied,
	        .log_group = settings->log_group,
	        .log_rate = settings->log_rate,
	        .log_rate_unit = settings->log_rate_unit,
	        .mark_set = settings->accept_mark_set,
	        .mark_value = settings->accept_mark_value,
	        .mark_mask = settings->accept_mark_mask,
	};
	gather_members(policy, ret);
	for (size_t i = 0; i < lines->n; i++) {
		struct opening opening = opening_of_line(ret->arena, &lines->items[i]);

		openings_add(ret, &opening);
	}
}

static const struct addr_set *without(struct arena *arena, const struct addr_set *addrs, bool v4, bool v6)
{
	struct addr_set *rest = ARENA_NEW(arena, struct addr_set);

	*rest = *addrs;
	rest->n4 = v4 ? 0 : rest->n4;
	rest->n6 = v6 ? 0 : rest->n6;
	return rest;
}

/* Returns whether anybody is left. */
static bool narrow(struct arena *arena, struct opening *opening)
{
	bool v4 = opening->from->n4 && opening->to->n4, v6 = opening->from->n6 && opening->to->n6;

	opening->from = without(arena, opening->from, !v4, !v6);
	opening->to = without(arena, opening->to, !v4, !v6);
	return v4 || v6;
}

void openings_narrow(struct openings *openings)
{
	size_t n = 0;

	for (size_t i = 0; i < openings->n; i++)
		if (narrow(openings->arena, &openings->items[i]))
			openings->items[n++] = openings->items[i];
	openings->n = n;
	if (openings->scope != DENY_NONE)
		return;
	openings->never_deny = (struct addr_set){0};
	openings->mode = MODE_AUDIT; /* either way nothing is denied */
}

void openings_clear(struct openings *openings)
{
	free(openings->items);
	arena_free(openings->arena);
	*openings = (struct openings){.n = 0};
}

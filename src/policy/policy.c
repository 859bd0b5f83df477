// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * policy_load() runs the stages of load.h in their order. Each goes on past errors, so that all are reported; whether
 * there is a policy is decided once, at the end.
 */
#include "policy/policy.h"

#include <string.h>

#include "policy/load.h"

static void load_run(struct load *load)
{
	load_settings(load);
	load_sections(load);
	load_ports(load);
	load_rows(load);
	load_role_members(load);
	load_resolve_roles(load);
	load_never_deny(load);
	load_site_rules(load);
	load_warnings(load);
}

/* Everything but the arena, which the messages still need. */
static void policy_free_sets(struct policy *policy)
{
	for (size_t i = 0; i < policy->n_sections; i++)
		for (int role = 0; role < ROLE_MAX; role++)
			addr_set_free(&policy->sections[i].roles[role].addrs);
	for (size_t i = 0; i < policy->n_site_rules; i++) {
		addr_set_free(&policy->site_rules[i].from);
		addr_set_free(&policy->site_rules[i].to);
	}
	addr_set_free(&policy->never_deny);
}

static void load_free(struct load *load)
{
	for (size_t i = 0; i < load->policy->n_sections; i++)
		for (int role = 0; role < ROLE_MAX; role++)
			members_free(&load->nodes[i].roles[role].members);
	load_free_list_files(load);
}

static struct policy *load_from(const char *path, bool trusted, time_t now, struct diag_list *diags)
{
	struct arena *arena = arena_new();
	struct policy *policy = ARENA_NEW(arena, struct policy);
	struct load load = {.policy = policy, .arena = arena, .diags = diags, .trusted = trusted, .now = now};
	size_t errors_before = diags->n_errors;

	policy->arena = arena;
	policy->path = arena_strdup(arena, path);
	policy->sources = load.sources = source_map_new(arena);
	diags->sources = policy->sources;
	load.raw = role_file_read(path, trusted, arena, policy->sources, diags);
	load_run(&load);
	load_free(&load);
	if (diags->n_errors == errors_before)
		return policy;
	policy_free_sets(policy);
	return NULL;
}

struct policy *policy_load(const char *path, time_t now, struct diag_list *diags)
{
	return load_from(path, false, now, diags);
}

struct policy *policy_load_trusted(const char *path, time_t now, struct diag_list *diags)
{
	return load_from(path, true, now, diags);
}

void policy_free(struct policy *policy)
{
	if (!policy)
		return;
	policy_free_sets(policy);
	arena_free(policy->arena);
}

void policy_load_free_sources(struct diag_list *diags)
{
	if (!diags->sources)
		return;
	arena_free(source_map_arena(diags->sources));
	diags->sources = NULL;
}

const struct section *policy_section(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->n_sections; i++)
		if (!strcmp(policy->sections[i].name, name))
			return &policy->sections[i];
	return NULL;
}

role_mask section_acting_roles(const struct section *section, enum role role)
{
	if (section->roles[role].assigned)
		return ROLE_BIT(role);
	if (role == ROLE_PUSH_TARGET)
		return ROLE_BIT(ROLE_WINDOWS_AGENT);
	if (role == ROLE_OMED_SERVICE)
		return ROLE_BIT(ROLE_MANAGEMENT_SERVER) | ROLE_BIT(ROLE_GATEWAY_SERVER);
	if (role == ROLE_SQL_REPORTING_SERVICES)
		return ROLE_BIT(ROLE_REPORTING_SERVER);
	return ROLE_BIT(role);
}

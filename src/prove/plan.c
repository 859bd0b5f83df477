// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rows of a proof, and who acts in them. A row that is off, or that a setting takes away, is planned like any other:
 * then its own packets are forbidden ones. A row without members at an end stays in the list with no packet.
 */
#include "prove/plan.h"

#include <stdlib.h>
#include <string.h>

#include "prove/planner.h"
#include "util/array.h"

#define EPHEMERAL_FIRST 10000 /* clients that are no service of anybody's */

static const char *const step_names[STEP_MAX] = {
        [STEP_RUN] = "run phase",
        [STEP_ANSWER] = "run phase, the answer",
        [STEP_INSTALL] = "install phase",
        [STEP_ANSWER_INSTALL] = "install phase, the answer",
        [STEP_CUT] = "after the install phase, the open connection",
};

const char *step_name(enum step step)
{
	return step_names[step];
}

bool step_is_install(enum step step)
{
	return step == STEP_INSTALL || step == STEP_ANSWER_INSTALL;
}

enum expectation probe_expectation(const struct probe *probe, enum step step)
{
	return (enum expectation)(step_is_install(step) ? probe->install : probe->run);
}

const char *proof_row_section(const struct proof_row *row)
{
	if (row->section)
		return row->section->name;
	return row->site_rule ? "site rule" : "any";
}

const char *proof_row_name(const struct proof_row *row)
{
	if (row->row)
		return row->row->id;
	return row->site_rule ? row->site_rule->name : "never_deny";
}

static void client_ports_take(bool *free_ports, const struct port_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		for (unsigned port = list->ranges[i].lo; port <= list->ranges[i].hi; port++)
			free_ports[port] = false;
}

/* A packet from a service's port could be taken for an answer of that service. */
static void client_ports_choose(struct plan *plan)
{
	const struct policy *policy = plan->policy;

	for (unsigned port = EPHEMERAL_FIRST; port <= UINT16_MAX; port++)
		plan->client_ports[port] = true;
	for (enum port_table table = 0; table < TABLE_MAX; table++) {
		size_t n;
		const struct table_line *lines = table_lines(table, &n);

		for (size_t i = 0; i < n; i++)
			client_ports_take(
			        plan->client_ports,
			        &(struct port_list){.ranges = (struct port_range *)&lines[i].ports, .n = 1});
	}
	for (size_t s = 0; s < policy->n_sections; s++)
		for (enum port_key key = 0; key < PORT_KEY_MAX; key++)
			client_ports_take(plan->client_ports, &policy->sections[s].ports[key]);
	for (size_t i = 0; i < policy->n_site_rules; i++)
		client_ports_take(plan->client_ports, &policy->site_rules[i].ports);
}

/* Members that hold a second role, here or in one of the next sections, are where rules meet. */
static void sample_shared(struct planner *planner, size_t s, enum role role)
{
	const struct policy *policy = planner->plan->policy;
	const struct addr_set *addrs = &policy->sections[s].roles[role].addrs;

	for (size_t i = 0; i <= plan_depths[0].other_sections && i < policy->n_sections; i++)
		for (enum role other = 0; other < ROLE_MAX; other++) {
			const struct section *section = &policy->sections[(s + i) % policy->n_sections];

			if (i > 0 || other != role)
				hosts_sample_shared(&planner->plan->hosts, addrs,
				                    &section->roles[other].addrs, &planner->roles[s][role]);
		}
}

static void planner_init(struct planner *planner, struct plan *plan)
{
	const struct policy *policy = plan->policy;

	*planner = (struct planner){.plan = plan};
	planner->roles = arena_alloc(plan->arena, (policy->n_sections + 1) * sizeof(*planner->roles));
	for (size_t s = 0; s < policy->n_sections; s++)
		for (enum role role = 0; role < ROLE_MAX; role++) {
			if (addr_set_is_empty(&policy->sections[s].roles[role].addrs))
				continue;
			hosts_sample(&plan->hosts, &policy->sections[s].roles[role].addrs,
			             &planner->roles[s][role]);
			sample_shared(planner, s, role);
		}
	for (enum family family = 0; family < FAMILY_MAX; family++)
		planner->has_nobody[family] =
		        hosts_add_nobody(&plan->hosts, family, &planner->nobody[family]);
}

static struct proof_row *plan_add_row(struct planner *planner)
{
	struct plan *plan = planner->plan;
	struct proof_row *row = ARRAY_PUSH(plan->rows, plan->n_rows, plan->cap_rows);

	*row = (struct proof_row){.n_lines = 0};
	planner->row = plan->n_rows - 1;
	return row;
}

/* The row of the section, which is added when it is new. */
static struct proof_row *plan_get_row(struct planner *planner, const struct section *section, const char *id)
{
	struct plan *plan = planner->plan;
	struct proof_row *row;

	for (size_t i = plan->n_rows; i-- > 0 && plan->rows[i].section == section;)
		if (strcmp(plan->rows[i].row->id, id) == 0) {
			planner->row = i;
			return &plan->rows[i];
		}
	row = plan_add_row(planner);
	row->section = section;
	row->row = &table_rows[row_find(id)];
	return row;
}

/* Every pair of roles that the line is between, opposite ends when the file turns the row round. */
static void plan_table_line(struct planner *planner, size_t s, const struct table_line *source)
{
	const struct section *section = &planner->plan->policy->sections[s];
	bool reversed = section->rows[row_find(source->row)].state == ROW_REVERSE;
	role_mask from = expect_roles(section, reversed ? source->to : source->from);
	role_mask to = expect_roles(section, reversed ? source->from : source->to);
	struct plan_line line = {
	        .proto = source->proto,
	        .ports = &source->ports,
	        .n_ports = 1,
	        .documented = source->ports.lo,
	        .section = s,
	};

	if (source->key != PORT_FIXED) {
		line.ports = section->ports[source->key].ranges;
		line.n_ports = section->ports[source->key].n;
	}
	plan_get_row(planner, section, source->row)->n_lines++;
	for (line.from_role = 0; line.from_role < ROLE_MAX; line.from_role++)
		for (line.to_role = 0; line.to_role < ROLE_MAX; line.to_role++) {
			if (!(from & ROLE_BIT(line.from_role)) || !(to & ROLE_BIT(line.to_role)))
				continue;
			line.from = &planner->roles[s][line.from_role];
			line.to = &planner->roles[s][line.to_role];
			planner_add_line(planner, &line);
		}
}

static void plan_section(struct planner *planner, size_t s)
{
	size_t n;
	const struct table_line *lines = table_lines(planner->plan->policy->sections[s].table, &n);

	for (size_t i = 0; i < n; i++)
		plan_table_line(planner, s, &lines[i]);
}

/* An expired one too: what it opened is shut. */
static void plan_site_rule(struct planner *planner, const struct site_rule *rule)
{
	struct proof_row *row = plan_add_row(planner);
	struct samples from, to;
	struct plan_line line = {
	        .from = &from,
	        .to = &to,
	        .proto = rule->proto,
	        .ports = rule->ports.ranges,
	        .n_ports = rule->ports.n,
	        .section = SECTION_NONE,
	};

	row->site_rule = rule;
	row->n_lines = 1;
	hosts_sample(&planner->plan->hosts, &rule->from, &from);
	hosts_sample(&planner->plan->hosts, &rule->to, &to);
	planner_add_line(planner, &line);
}

/* Whatever they send to a server, or get from one. */
static void plan_never_deny(struct planner *planner)
{
	const struct policy *policy = planner->plan->policy;
	struct proof_row *row;
	struct samples never;

	if (addr_set_is_empty(&policy->never_deny))
		return;
	row = plan_add_row(planner);
	row->n_lines = 1;
	hosts_sample(&planner->plan->hosts, &policy->never_deny, &never);
	for (size_t s = 0; s < policy->n_sections; s++)
		for (enum role role = 0; role < ROLE_MAX; role++)
			planner_add_line(planner,
			                 &(struct plan_line){.from = &never,
			                                     .to = &planner->roles[s][role],
			                                     .proto = PROTO_TCP,
			                                     .ports = &(struct port_range){3389, 3389},
			                                     .n_ports = 1,
			                                     .section = SECTION_NONE});
}

static bool is_wanted(const char *name, const char *const *sections, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(sections[i], name) == 0)
			return true;
	return n == 0;
}

static bool holds_a_role(const struct policy *policy, const struct host *host)
{
	for (size_t s = 0; s < policy->n_sections; s++)
		if (host->held[s])
			return true;
	return false;
}

static void plan_once(struct planner *planner, const char *const *sections, size_t n)
{
	struct plan *plan = planner->plan;
	const struct policy *policy = plan->policy;

	plan->n_rows = plan->n_probes = 0;
	for (size_t s = 0; s < policy->n_sections; s++)
		if (is_wanted(policy->sections[s].name, sections, n))
			plan_section(planner, s);
	for (size_t i = 0; n == 0 && i < policy->n_site_rules; i++)
		plan_site_rule(planner, &policy->site_rules[i]);
	if (n == 0)
		plan_never_deny(planner);
}

/* As deep as the number of packets allows. */
static void plan_everything(struct plan *plan, const char *const *sections, size_t n)
{
	struct planner planner;

	planner_init(&planner, plan);
	plan->depth = plan_depths;
	plan_once(&planner, sections, n);
	while (planner_is_full(&planner)) {
		plan->depth++;
		plan_once(&planner, sections, n);
	}
}

struct plan *plan_new(const struct policy *policy, const char *const *sections, size_t n)
{
	struct arena *arena = arena_new();
	struct plan *plan = ARENA_NEW(arena, struct plan);

	plan->arena = arena;
	plan->policy = policy;
	hosts_init(&plan->hosts, policy, arena);
	client_ports_choose(plan);
	plan_everything(plan, sections, n);
	for (size_t i = 0; i < plan->n_probes; i++)
		plan->rows[plan->probes[i].row].n_probes++;
	for (size_t i = 0; i < plan->hosts.n; i++)
		plan->n_members += holds_a_role(policy, &plan->hosts.items[i]);
	return plan;
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	hosts_free(&plan->hosts);
	free(plan->rows);
	free(plan->probes);
	arena_free(plan->arena);
}

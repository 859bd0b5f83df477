// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines that no chain of an address holds (ends.c) become a chain per service ("tcp_5723"), one rule for each pair of
 * address sets in it:
 *
 *   ct original ip saddr @prod.windows_agent.hosts4 ct reply ip saddr @prod.management_server.hosts4
 *       counter name "prod.cur-16" accept comment "cur-16, cur-18 windows_agent -> management_server"
 *
 * Packets are judged by the tuple of their connection (who opened it, from what address, to what address and port
 * behind any NAT), so that what the policy no longer allows stops at once. Install lines end in a jump to the gate of
 * their row, which is open while the window set has elements.
 *
 * A connection that conntrack met in the middle, because it is older than the policy, may have its ends swapped: the
 * server spoke first. Such connections have chains of their own ("resumed_tcp_5723") with the same rules for the
 * swapped tuple; judge.c says which packets get there. Only services with one port have them: in a range of ports the
 * server's port could just as well be a client's.
 */
#include "ruleset/builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"

static const char *service_name(struct builder *b, const struct service_list *services,
                                const struct line *line)
{
	const char *prefix = services->resumed ? RESUMED_PREFIX : "";
	struct port_range ports = line->ports;

	if (line->proto == PROTO_ICMP)
		return CHAIN_ECHO;
	if (port_range_is_wide(ports))
		return arena_printf(b->policy->arena, "%s%s_%u_%u", prefix, proto_name(line->proto), ports.lo,
		                    ports.hi);
	return arena_printf(b->policy->arena, "%s%s_%u", prefix, proto_name(line->proto), ports.lo);
}

static struct nft_chain *service_chain(struct builder *b, struct service_list *services,
                                       const struct line *line)
{
	struct service_chain *service;
	struct port_range ports = line->ports;

	for (size_t i = 0; i < services->n; i++) {
		service = &services->items[i];
		if (service->proto == line->proto && service->ports.lo == ports.lo &&
		    service->ports.hi == ports.hi)
			return service->chain;
	}
	service = ARRAY_PUSH(services->items, services->n, services->cap);
	*service = (struct service_chain){line->proto, ports,
	                                  builder_add_chain(b, service_name(b, services, line))};
	return service->chain;
}

static void rule_accept(struct builder *b, struct nft_rule *rule, const char *counter)
{
	const struct settings *settings = &b->policy->settings;

	rule_counter(rule, counter);
	if (settings->accept_mark_set)
		rule_mark(rule, settings->accept_mark_value, settings->accept_mark_mask);
	rule_plain(rule, STMT_ACCEPT);
}

static const struct gate *find_gate(const struct ruleset *ruleset, const char *name)
{
	for (size_t i = 0; i < ruleset->n_gates; i++)
		if (!strcmp(ruleset->gates[i].name, name))
			return &ruleset->gates[i];
	return NULL;
}

static void add_gate(struct builder *b, const struct line *line, const char *name)
{
	struct gate gate = {
	        .name = name,
	        .section = line->section ? line->section->name : NULL,
	        .row = line->section ? table_rows[line->rows[0]].id : line->site_rule->name,
	        .window = builder_add_set(b, arena_printf(b->policy->arena, "%s.window", name), SET_WINDOW),
	};

	*ARRAY_PUSH(b->ruleset->gates, b->ruleset->n_gates, b->cap_gates) = gate;
}

/*
 * chain prod.cur-01.install {
 *   meta l4proto @install_window counter name "prod.cur-01" accept
 *   meta l4proto @prod.cur-01.window counter name "prod.cur-01" accept
 * }
 */
static void add_gate_chain(struct builder *b, const struct gate *gate)
{
	struct nft_chain *chain =
	        builder_add_chain(b, arena_printf(b->policy->arena, "%s.install", gate->name));
	struct nft_set *windows[] = {b->ruleset->install_window, gate->window};

	for (size_t i = 0; i < ARRAY_SIZE(windows); i++) {
		struct nft_rule *rule = rule_new(chain);

		rule_l4proto_set(rule, windows[i]);
		rule_accept(b, rule, gate->name);
	}
}

const char *builder_line_comment(struct builder *b, const struct line *line)
{
	struct arena *arena = b->policy->arena;
	char ids[ROW_IDS_MAX];

	line_row_ids(line, ids, sizeof(ids));
	if (line->section)
		return builder_comment(b, arena_printf(arena, "%s %s -> %s", ids, role_name(line->from),
		                                       role_name(line->to)));
	return builder_comment(b, arena_printf(arena, "site rule %s: %s", ids, line->site_rule->reason));
}

const struct endpoint *builder_line_end(struct builder *b, const struct line *line, bool from)
{
	if (line->section)
		return builder_role(b, line->section, from ? line->from : line->to);
	return builder_site_end(b, line->site_rule, from);
}

void builder_rule_opens(struct builder *b, struct nft_rule *rule, const struct line *line)
{
	char buf[GATE_NAME_MAX];
	const char *gate = line_gate_name(line, buf, sizeof(buf));

	if (line->phase == PHASE_INSTALL)
		rule_to_chain(rule, STMT_JUMP, arena_printf(b->policy->arena, "%s.install", gate));
	else
		rule_accept(b, rule, arena_strdup(b->policy->arena, gate));
}

/* One rule for every pair of sets of the same family. */
static void add_line(struct builder *b, struct service_list *services, const struct line *line,
                     bool *families)
{
	struct nft_chain *chain = service_chain(b, services, line);
	const struct endpoint *from = builder_line_end(b, line, true), *to = builder_line_end(b, line, false);
	const char *comment = builder_line_comment(b, line);

	for (enum endpoint_part i = 0; i < PART_MAX; i++) {
		for (enum endpoint_part j = 0; j < PART_MAX; j++) {
			struct nft_rule *rule;

			if (!from->parts[i] || !to->parts[j] ||
			    set_family(from->parts[i]) != set_family(to->parts[j]) ||
			    !families[set_family(from->parts[i])])
				continue;
			rule = rule_new(chain);
			rule->comment = comment;
			rule->loc = from->parts[i]->loc;
			rule_ct_addr(rule, CT_ORIGINAL, services->resumed ? to->parts[j] : from->parts[i]);
			rule_ct_addr(rule, CT_REPLY, services->resumed ? from->parts[i] : to->parts[j]);
			builder_rule_opens(b, rule, line);
		}
	}
}

/* The counter of a line, and its gate when it needs one. */
static void add_gate_of(struct builder *b, const struct line *line)
{
	char buf[GATE_NAME_MAX];
	const char *name = arena_strdup(b->policy->arena, line_gate_name(line, buf, sizeof(buf)));

	builder_add_counter(b, name);
	if (line->phase == PHASE_INSTALL && !find_gate(b->ruleset, name))
		add_gate(b, line, name);
}

static void add_gates(struct builder *b)
{
	for (enum line_phase phase = PHASE_ALWAYS; phase <= PHASE_INSTALL; phase++)
		for (size_t i = 0; i < b->lines->n; i++)
			if (b->lines->items[i].phase == phase)
				add_gate_of(b, &b->lines->items[i]);
}

/* Lines of both phases first, so that a packet that needs no window asks none. */
static void add_lines(struct builder *b, struct service_list *services)
{
	for (enum line_phase phase = PHASE_ALWAYS; phase <= PHASE_INSTALL; phase++) {
		for (size_t i = 0; i < b->lines->n; i++) {
			const struct line *line = &b->lines->items[i];
			bool families[FAMILIES] = {services->resumed || !b->listed[FAMILY_4][i],
			                           services->resumed || !b->listed[FAMILY_6][i]};

			if (line->phase == phase && (families[FAMILY_4] || families[FAMILY_6]) &&
			    !(services->resumed &&
			      (line->proto == PROTO_ICMP || port_range_is_wide(line->ports))))
				add_line(b, services, line, families);
		}
	}
}

static int compare_services(const void *a, const void *b)
{
	const struct service *left = a, *right = b;

	return (left->port > right->port) - (left->port < right->port);
}

void builder_sort_services(struct service *items, size_t n)
{
	qsort(items, n, sizeof(*items), compare_services);
}

struct nft_set *builder_add_service_map(struct builder *b, const struct service_list *services,
                                        enum proto proto)
{
	struct service *items = ARENA_ARRAY(b->policy->arena, struct service, services->n);
	const char *prefix = services->resumed ? RESUMED_PREFIX : "";
	struct nft_set *map;
	size_t n = 0;

	for (size_t i = 0; i < services->n; i++)
		if (services->items[i].proto == proto && !port_range_is_wide(services->items[i].ports))
			items[n++] =
			        (struct service){services->items[i].ports.lo, services->items[i].chain->name};
	if (!n)
		return NULL;
	builder_sort_services(items, n);
	map = builder_add_set(b, arena_printf(b->policy->arena, "%s%s_services", prefix, proto_name(proto)),
	                      SET_SERVICES);
	map->services = items;
	map->n_elements = n;
	return map;
}

void builder_add_services(struct builder *b)
{
	struct service_list services = {0}, resumed = {.resumed = true};
	const struct settings *settings = &b->policy->settings;

	add_gates(b);
	builder_add_ends(b);
	add_lines(b, &services);
	/* where nothing is denied and nothing marked, it makes no difference who spoke first */
	if (settings->deny_scope != DENY_NONE || settings->accept_mark_set)
		add_lines(b, &resumed);
	for (size_t i = 0; i < b->ruleset->n_gates; i++)
		add_gate_chain(b, &b->ruleset->gates[i]);
	builder_add_judges(b, &services, &resumed);
	free(services.items);
	free(resumed.items);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rules that let something through, read back. Names of sets ("prod.windows_agent.hosts4") and comments ("cur-16
 * windows_agent -> management_server") say whose rule it is; what it lets through is told by nothing but its elements.
 */
#include "ruleset/seen_reading.h"

#include <ctype.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "policy/addr_algebra.h"
#include "policy/opening_diff.h"

#define ARROW       " -> "
#define SITE_PREFIX "site rule "

/* "prod.windows_agent" of "prod.windows_agent.hosts4.2": without what kind of set it is, and its number. */
static char *group_name(struct arena *arena, const char *set)
{
	char *name = arena_strdup(arena, set), *dot = strrchr(name, '.');

	if (dot && isdigit((unsigned char)dot[1]))
		*dot = '\0';
	dot = strrchr(name, '.');
	if (dot)
		*dot = '\0';
	return name;
}

/* The rows at the head of a comment, which end where "FROM -> TO" begins. */
static const char *comment_rows(struct arena *arena, const char *comment)
{
	const char *end = strstr(comment, ARROW);

	if (strncmp(comment, SITE_PREFIX, strlen(SITE_PREFIX)) == 0) {
		comment += strlen(SITE_PREFIX);
		return arena_strndup(arena, comment, strcspn(comment, ":"));
	}
	while (end && end > comment && *end == ' ')
		end--;
	while (end && end > comment && *end != ' ')
		end--;
	return end ? arena_strndup(arena, comment, (size_t)(end - comment)) : comment;
}

static void name_ends(struct arena *arena, const struct seen_rule *rule, struct opening *opening)
{
	char *from = group_name(arena, rule->from), *to = group_name(arena, rule->to);
	char *from_dot = strrchr(from, '.'), *to_dot = strrchr(to, '.');

	if (!from_dot || !to_dot)
		return;
	if (role_find(from_dot + 1) >= 0)
		opening->from_name = from_dot + 1;
	if (role_find(to_dot + 1) >= 0)
		opening->to_name = to_dot + 1;
	*from_dot = '\0';
	if (strncmp(rule->comment, SITE_PREFIX, strlen(SITE_PREFIX)) != 0)
		opening->section = from;
}

static void note_mark(struct openings *ret, const struct seen_rule *rule)
{
	if (!rule->marks)
		return;
	ret->mark_set = true;
	ret->mark_value = rule->mark_value;
	ret->mark_mask = rule->mark_mask;
}

/* chain NAME.install { meta l4proto @window counter accept }: without such a rule the gate never opens. */
static bool gate_can_open(struct seen_reading *in, const char *chain)
{
	bool any = false;

	for (size_t i = 0; i < in->table->n_rules; i++) {
		const struct seen_rule *rule = &in->table->rules[i];

		if (strcmp(rule->chain, chain) != 0 || rule->odd || !*rule->window ||
		    rule->verdict != SEEN_ACCEPT)
			continue;
		in->used[i] = any = true;
		note_mark(in->ret, rule);
	}
	return any;
}

/* Adds what the rule opens if its verdict does; from, to and names are the caller's. */
static bool add_opening(struct seen_reading *in, const struct seen_rule *rule, struct opening *opening)
{
	bool gated = rule->verdict == SEEN_JUMP;

	if ((!gated && rule->verdict != SEEN_ACCEPT) || (gated && !gate_can_open(in, rule->target)))
		return false;
	opening->proto = in->proto;
	opening->ports = in->ports;
	opening->phase = gated ? PHASE_INSTALL : PHASE_ALWAYS;
	opening->rows = comment_rows(in->ret->arena, rule->comment);
	openings_add(in->ret, opening);
	note_mark(in->ret, rule);
	return true;
}

static bool read_line(struct seen_reading *in, const struct seen_rule *rule)
{
	struct opening opening = {.section = NULL};

	if (rule->odd || !*rule->from || !*rule->to || *rule->saddr || *rule->daddr)
		return false;
	opening.from = &seen_find_set(in->table, rule->from)->addrs;
	opening.to = &seen_find_set(in->table, rule->to)->addrs;
	name_ends(in->ret->arena, rule, &opening);
	return add_opening(in, rule, &opening);
}

static void read_services(struct seen_reading *in, const char *map, seen_reader *read)
{
	const struct seen_set *set = seen_find_set(in->table, map);

	for (size_t i = 0; i < set->n_services; i++) {
		uint16_t port = (uint16_t)set->services[i].key;

		in->ports = (struct port_range){port, port};
		seen_read_chain(in, set->services[i].chain, read);
	}
}

/* meta l4proto icmp ct protocol icmp ... jump icmp_echo; ICMP errors have another ct protocol */
static bool read_icmp(struct seen_reading *in, const struct seen_rule *rule)
{
	if (rule->ct_protocol == rule->l4proto && rule->verdict == SEEN_JUMP) {
		in->proto = PROTO_ICMP;
		in->ports = (struct port_range){0, 0};
		seen_read_chain(in, rule->target, read_line);
	}
	return true;
}

/*
 * meta l4proto tcp ct reply proto-src vmap @tcp_services
 * meta l4proto tcp ct reply proto-src 49152-65535 jump tcp_49152_65535
 * meta l4proto icmp jump judge_icmp
 */
bool seen_read_judge(struct seen_reading *in, const struct seen_rule *rule)
{
	if (rule->odd)
		return false;
	if (rule->l4proto == IPPROTO_ICMP && rule->verdict == SEEN_JUMP) {
		seen_read_chain(in, rule->target, read_icmp);
		return true;
	}
	if (rule->l4proto == IPPROTO_ICMPV6)
		return true;
	in->proto = rule->l4proto == IPPROTO_UDP ? PROTO_UDP : PROTO_TCP;
	in->ports = rule->ports;
	if (*rule->services)
		read_services(in, rule->services, read_line);
	else if (rule->has_ports && rule->verdict == SEEN_JUMP)
		seen_read_chain(in, rule->target, read_line);
	else
		return false;
	return true;
}

/* The role behind the arrow of a comment, or before it; NULL for a site rule. */
static const char *comment_role(struct arena *arena, const char *comment, bool from)
{
	const char *arrow = strstr(comment, ARROW), *start = arrow, *name;

	if (!arrow || strncmp(comment, SITE_PREFIX, strlen(SITE_PREFIX)) == 0)
		return NULL;
	while (from && start > comment && start[-1] != ' ')
		start--;
	name = from ? arena_strndup(arena, start, (size_t)(arrow - start)) : arrow + strlen(ARROW);
	return role_find(name) >= 0 ? name : NULL;
}

/* What the rule's own set cannot name: the section is that of the other end, which the rule asks for. */
static void name_key(struct arena *arena, const struct seen_rule *rule, bool of_server,
                     struct opening *opening)
{
	char *other = group_name(arena, of_server ? rule->from : rule->to), *dot = strrchr(other, '.');

	opening->from_name = comment_role(arena, rule->comment, true);
	opening->to_name = comment_role(arena, rule->comment, false);
	if (!dot || strncmp(rule->comment, SITE_PREFIX, strlen(SITE_PREFIX)) == 0)
		return;
	*dot = '\0';
	opening->section = other;
}

/* One end is known by the chain, the other is asked for: ct original ip saddr @prod.windows_agent.hosts4 accept */
static bool read_end_line(struct seen_reading *in, const struct seen_rule *rule)
{
	const char *asked = in->of_server ? rule->from : rule->to;
	const struct addr_set *other = &seen_find_set(in->table, asked)->addrs;
	struct opening opening = {.from = in->of_server ? other : in->keys,
	                          .to = in->of_server ? in->keys : other};

	if (rule->odd || !*asked || *(in->of_server ? rule->to : rule->from) || *rule->saddr || *rule->daddr)
		return false;
	name_key(in->ret->arena, rule, in->of_server, &opening);
	return add_opening(in, rule, &opening);
}

/* Echo has the connection's protocol twice; the rest is about errors, which open nothing. */
static bool read_end_icmp(struct seen_reading *in, const struct seen_rule *rule)
{
	if (rule->ct_protocol != rule->l4proto)
		return true;
	in->proto = PROTO_ICMP;
	in->ports = (struct port_range){0, 0};
	return read_end_line(in, rule);
}

/* See end_chains.c. */
static bool read_end_rule(struct seen_reading *in, const struct seen_rule *rule)
{
	bool icmp = rule->l4proto == IPPROTO_ICMP || rule->l4proto == IPPROTO_ICMPV6;

	if (rule->odd)
		return false;
	if (rule->l4proto < 0 && rule->verdict == SEEN_GOTO && strcmp(rule->target, "judged") == 0) {
		addr_set_add_set(in->of_server ? &in->judged_to : &in->judged_from, in->keys);
		return true;
	}
	if (icmp && rule->verdict == SEEN_JUMP) {
		seen_read_chain(in, rule->target, read_end_icmp);
		return true;
	}
	in->proto = rule->l4proto == IPPROTO_UDP ? PROTO_UDP : PROTO_TCP;
	in->ports = rule->ports;
	if (*rule->services)
		read_services(in, rule->services, read_end_line);
	else
		return rule->has_ports && read_end_line(in, rule);
	return true;
}

static struct addr_range key_range(const struct seen_set *map, size_t i)
{
	u128 key = map->services[i].key;

	if (map->is_v6)
		return (struct addr_range){.is_v6 = true, .v6 = {.lo = key, .hi = key}};
	return (struct addr_range){.v4 = {.lo = (uint32_t)key, .hi = (uint32_t)key}};
}

/* All addresses of the map that lead to the same chain as the first; nothing when one before it did. */
static bool gather_keys(struct arena *arena, const struct seen_set *map, size_t first, struct addr_set *ret)
{
	struct addr_set keys = {0};

	for (size_t i = 0; i < map->n_services; i++) {
		struct addr_range range = key_range(map, i);

		if (strcmp(map->services[i].chain, map->services[first].chain) != 0)
			continue;
		if (i < first)
			break;
		addr_set_add(&keys, &range);
	}
	addr_set_canonicalize(&keys);
	*ret = addr_set_both(arena, &keys, &keys);
	addr_set_free(&keys);
	return ret->n4 + ret->n6 > 0;
}

bool seen_read_ends(struct seen_reading *in, const struct seen_rule *rule)
{
	const struct seen_set *map;

	if (rule->odd || *rule->saddr || *rule->daddr || *rule->from || *rule->to || rule->l4proto >= 0 ||
	    !*rule->from_ends == !*rule->to_ends)
		return false;
	in->of_server = *rule->to_ends;
	map = seen_find_set(in->table, in->of_server ? rule->to_ends : rule->from_ends);
	for (size_t i = 0; i < map->n_services; i++) {
		struct addr_set *keys = arena_alloc(in->ret->arena, sizeof(*keys));

		if (!gather_keys(in->ret->arena, map, i, keys))
			continue;
		in->keys = keys;
		if (strcmp(map->services[i].chain, "judged") == 0)
			addr_set_add_set(in->of_server ? &in->judged_to : &in->judged_from, keys);
		else
			seen_read_chain(in, map->services[i].chain, read_end_rule);
	}
	return true;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The way back from rules to openings: from the forward chain to the services, as a packet goes, so that what no packet
 * reaches opens nothing. Names of sets ("prod.windows_agent.hosts4") and comments ("cur-16 windows_agent ->
 * management_server") say whose rule it is; what it lets through is told by nothing but its elements.
 */
#include "ruleset/seen.h"

#include <ctype.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "policy/addr_algebra.h"
#include "policy/opening_diff.h"
#include "ruleset/ruleset.h"
#include "util/array.h"

#define ARROW       " -> "
#define SITE_PREFIX "site rule "

struct reading {
	const struct seen_table *table;
	struct openings *ret;
	bool *used; /* by index of the rule */
	enum proto proto;
	struct port_range ports; /* of the service whose chain is read */
	bool judged;             /* the chain of that name has been read */
};

#define JUDGED "judged"

static const struct seen_set no_set;

static const struct seen_set *find_set(const struct seen_table *table, const char *name)
{
	for (size_t i = 0; i < table->n_sets; i++)
		if (strcmp(table->sets[i].name, name) == 0)
			return &table->sets[i];
	return &no_set;
}

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

/* chain NAME.install { meta l4proto @window counter accept }: without such a rule the gate never opens. */
static bool gate_can_open(struct reading *in, const char *chain)
{
	bool any = false;

	for (size_t i = 0; i < in->table->n_rules; i++) {
		const struct seen_rule *rule = &in->table->rules[i];

		if (strcmp(rule->chain, chain) != 0 || rule->odd || !*rule->window ||
		    rule->verdict != SEEN_ACCEPT)
			continue;
		in->used[i] = any = true;
	}
	return any;
}

static void note_mark(struct openings *ret, const struct seen_rule *rule)
{
	if (!rule->marks)
		return;
	ret->mark_set = true;
	ret->mark_value = rule->mark_value;
	ret->mark_mask = rule->mark_mask;
}

static bool read_line(struct reading *in, const struct seen_rule *rule)
{
	struct arena *arena = in->ret->arena;
	struct opening opening = {.proto = in->proto, .ports = in->ports, .phase = PHASE_ALWAYS};

	if (rule->odd || !*rule->from || !*rule->to || *rule->saddr || *rule->daddr)
		return false;
	if (rule->verdict == SEEN_JUMP)
		opening.phase = PHASE_INSTALL;
	else if (rule->verdict != SEEN_ACCEPT)
		return false;
	if (opening.phase == PHASE_INSTALL && !gate_can_open(in, rule->target))
		return false;
	opening.from = &find_set(in->table, rule->from)->addrs;
	opening.to = &find_set(in->table, rule->to)->addrs;
	opening.rows = comment_rows(arena, rule->comment);
	name_ends(arena, rule, &opening);
	openings_add(in->ret, &opening);
	note_mark(in->ret, rule);
	return true;
}

/* Calls read() for each rule of the chain; what it knows is of ours. */
static void read_chain(struct reading *in, const char *chain,
                       bool (*read)(struct reading *in, const struct seen_rule *rule))
{
	for (size_t i = 0; i < in->table->n_rules; i++)
		if (strcmp(in->table->rules[i].chain, chain) == 0 && read(in, &in->table->rules[i]))
			in->used[i] = true;
}

static void read_services(struct reading *in, const char *map)
{
	const struct seen_set *set = find_set(in->table, map);

	for (size_t i = 0; i < set->n_services; i++) {
		in->ports = (struct port_range){set->services[i].port, set->services[i].port};
		read_chain(in, set->services[i].chain, read_line);
	}
}

/* meta l4proto icmp ct protocol icmp ... jump icmp_echo; ICMP errors have another ct protocol */
static bool read_icmp(struct reading *in, const struct seen_rule *rule)
{
	if (rule->ct_protocol == rule->l4proto && rule->verdict == SEEN_JUMP) {
		in->proto = PROTO_ICMP;
		in->ports = (struct port_range){0, 0};
		read_chain(in, rule->target, read_line);
	}
	return true;
}

/*
 * meta l4proto tcp ct reply proto-src vmap @tcp_services
 * meta l4proto tcp ct reply proto-src 49152-65535 jump tcp_49152_65535
 * meta l4proto icmp jump judge_icmp
 */
static bool read_judge(struct reading *in, const struct seen_rule *rule)
{
	if (rule->odd)
		return false;
	if (rule->l4proto == IPPROTO_ICMP && rule->verdict == SEEN_JUMP) {
		read_chain(in, rule->target, read_icmp);
		return true;
	}
	if (rule->l4proto == IPPROTO_ICMPV6)
		return true;
	in->proto = rule->l4proto == IPPROTO_UDP ? PROTO_UDP : PROTO_TCP;
	in->ports = rule->ports;
	if (*rule->services)
		read_services(in, rule->services);
	else if (rule->has_ports && rule->verdict == SEEN_JUMP)
		read_chain(in, rule->target, read_line);
	else
		return false;
	return true;
}

/* The union of the sets a chain's rules match on, of those that lead to target. */
static struct addr_set gather(struct reading *in, const char *chain, bool source, const char *target)
{
	struct addr_set all = {0}, kept;

	for (size_t i = 0; i < in->table->n_rules; i++) {
		const struct seen_rule *rule = &in->table->rules[i];
		const char *set = source ? rule->saddr : rule->daddr;

		if (strcmp(rule->chain, chain) != 0 || rule->odd || !*set ||
		    strcmp(rule->target, target) != 0)
			continue;
		addr_set_add_set(&all, &find_set(in->table, set)->addrs);
		in->used[i] = true;
	}
	addr_set_canonicalize(&all);
	kept = addr_set_both(in->ret->arena, &all, &all);
	addr_set_free(&all);
	return kept;
}

/* Only who is denied in both directions counts as judged. */
static struct addr_set gather_both(struct reading *in, const char *chain, const char *other,
                                   const char *target, const char *other_target, bool source)
{
	struct addr_set a = gather(in, chain, source, target), b = gather(in, other, !source, other_target);

	return addr_set_common(in->ret->arena, &a, &b);
}

static void read_scope(struct reading *in, const char *chain)
{
	struct openings *ret = in->ret;

	if (strcmp(chain, "deny_servers") == 0) {
		ret->scope = DENY_SERVERS;
		ret->servers = gather_both(in, chain, chain, "denied", "denied", true);
		return;
	}
	ret->scope = DENY_ROLES;
	ret->servers = gather_both(in, chain, chain, "server_to_role", "role_to_server", true);
	ret->members = gather_both(in, "server_to_role", "role_to_server", "denied", "denied", false);
}

/* The gateway's own packets are denied as with roles: input and output have these chains. */
static void read_everything(struct reading *in)
{
	read_scope(in, "deny_roles");
	in->ret->scope = DENY_EVERYTHING;
}

static bool is_last(const struct seen_table *table, const struct seen_rule *rule)
{
	for (const struct seen_rule *next = rule + 1; next < table->rules + table->n_rules; next++)
		if (strcmp(next->chain, rule->chain) == 0)
			return false;
	return true;
}

static bool read_forward(struct reading *in, const struct seen_rule *rule);

/*
 * ip saddr @servers.hosts4 goto judged
 * ip daddr @servers.hosts4 goto judged
 *
 * What is not sent there is denied by nobody. The chain is read once, for the first of these rules.
 */
static bool read_judged(struct reading *in, const struct seen_rule *rule)
{
	struct addr_set sent;

	if (rule->odd || rule->verdict != SEEN_GOTO || strcmp(rule->target, JUDGED) != 0 ||
	    (!*rule->saddr && !*rule->daddr))
		return false;
	if (in->judged)
		return true;
	in->judged = true;
	read_chain(in, JUDGED, read_forward);
	sent = gather_both(in, rule->chain, rule->chain, JUDGED, JUDGED, true);
	in->ret->servers = addr_set_common(in->ret->arena, &in->ret->servers, &sent);
	return true;
}

static bool read_forward(struct reading *in, const struct seen_rule *rule)
{
	bool bare = !rule->odd && !*rule->saddr && !*rule->daddr && !*rule->from && rule->l4proto < 0;

	if (!bare)
		return read_judged(in, rule);
	if (rule->verdict == SEEN_JUMP && strcmp(rule->target, "judge") == 0)
		read_chain(in, rule->target, read_judge);
	else if (rule->verdict == SEEN_JUMP &&
	         (strcmp(rule->target, "deny_roles") == 0 || strcmp(rule->target, "deny_servers") == 0))
		read_scope(in, rule->target);
	else if (rule->verdict == SEEN_GOTO && strcmp(rule->target, "denied") == 0)
		read_everything(in);
	else if (rule->verdict == SEEN_ACCEPT) /* of everything: at the end */
		return is_last(in->table, rule);
	else
		return rule->verdict == SEEN_JUMP && strcmp(rule->target, "judge_resumed") == 0;
	return true;
}

/* The log may have chains of its own; wherever it is, there is one. */
static void read_log(struct openings *ret, const struct seen_rule *rule)
{
	if (!rule->logs)
		return;
	ret->log_denied = true;
	ret->log_group = rule->group;
	ret->log_rate = rule->rate;
	ret->log_rate_unit = rule->rate_unit;
}

static void add_never(struct openings *ret, const struct addr_set *addrs)
{
	ret->never_deny = addr_set_both(ret->arena, &ret->never_deny, addrs);
}

static bool read_denied(struct reading *in, const struct seen_rule *rule)
{
	if (rule->verdict == SEEN_ACCEPT && *rule->saddr && !rule->odd)
		add_never(in->ret, &find_set(in->table, rule->saddr)->addrs);
	else if (rule->verdict == SEEN_DROP && *rule->counter)
		in->ret->mode = MODE_ENFORCE;
	else if (rule->rejects)
		in->ret->action = DENY_REJECT;
	else
		return rule->logs || *rule->counter || *rule->daddr || rule->verdict == SEEN_JUMP;
	return true;
}

static size_t *unused(const struct reading *in, size_t *n)
{
	static const char *const known[] = {"forward",    "judge",        "denied",
	                                    "deny_roles", "deny_servers", JUDGED};
	size_t *list = calloc(in->table->n_rules + 1, sizeof(*list));

	if (!list)
		abort();
	*n = 0;
	for (size_t i = 0; i < in->table->n_rules; i++) {
		const struct seen_rule *rule = &in->table->rules[i];
		bool ours = *rule->from != '\0';

		for (size_t j = 0; j < ARRAY_SIZE(known); j++)
			ours |= strcmp(rule->chain, known[j]) == 0;
		if (ours && !in->used[i] && strncmp(rule->chain, "resumed_", strlen("resumed_")) != 0)
			list[(*n)++] = i;
	}
	return list;
}

void seen_openings(const struct seen_table *table, struct openings *ret, size_t **strange, size_t *n_strange)
{
	struct reading in = {.table = table, .ret = ret, .used = calloc(table->n_rules + 1, sizeof(bool))};

	if (!in.used)
		abort();
	*ret = (struct openings){.arena = arena_new(), .scope = DENY_NONE, .mode = MODE_AUDIT};
	read_chain(&in, "forward", read_forward);
	read_chain(&in, "denied", read_denied);
	for (size_t i = 0; i < table->n_rules; i++)
		read_log(ret, &table->rules[i]);
	openings_merge(ret);
	*strange = unused(&in, n_strange);
	free(in.used);
}

void seen_table_clear(struct seen_table *table)
{
	for (size_t i = 0; i < table->n_sets; i++) {
		addr_set_free(&table->sets[i].addrs);
		free(table->sets[i].services);
	}
	free(table->sets);
	free(table->rules);
	arena_free(table->arena);
	*table = (struct seen_table){.exists = false};
}

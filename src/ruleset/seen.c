// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The way back from rules to openings: from the forward chain to the services, as a packet goes, so that what no packet
 * reaches opens nothing. Here is who is denied; seen_lines.c reads what is let through.
 */
#include "ruleset/seen_reading.h"

#include <stdlib.h>
#include <string.h>

#include "policy/addr_algebra.h"
#include "policy/opening_diff.h"
#include "ruleset/ruleset.h"
#include "util/array.h"

#define JUDGED "judged"

static const struct seen_set no_set;

const struct seen_set *seen_find_set(const struct seen_table *table, const char *name)
{
	for (size_t i = 0; i < table->n_sets; i++)
		if (strcmp(table->sets[i].name, name) == 0)
			return &table->sets[i];
	return &no_set;
}

void seen_read_chain(struct seen_reading *in, const char *chain, seen_reader *read)
{
	for (size_t i = 0; i < in->table->n_rules; i++)
		if (strcmp(in->table->rules[i].chain, chain) == 0 && read(in, &in->table->rules[i]))
			in->used[i] = true;
}

static bool is_bare(const struct seen_rule *rule)
{
	return !rule->odd && !*rule->saddr && !*rule->daddr && !*rule->from && !*rule->from_ends &&
	       !*rule->to_ends && rule->l4proto < 0;
}

/* The union of the sets a chain's rules match on, of those that lead to target; of those that return, if it is NULL. */
static struct addr_set gather(struct seen_reading *in, const char *chain, bool source, const char *target)
{
	struct addr_set all = {0}, kept;

	for (size_t i = 0; i < in->table->n_rules; i++) {
		const struct seen_rule *rule = &in->table->rules[i];
		const char *set = source ? rule->saddr : rule->daddr;

		if (strcmp(rule->chain, chain) != 0 || rule->odd || !*set ||
		    (target ? strcmp(rule->target, target) != 0 : rule->verdict != SEEN_RETURN))
			continue;
		addr_set_add_set(&all, &seen_find_set(in->table, set)->addrs);
		in->used[i] = true;
	}
	addr_set_canonicalize(&all);
	kept = addr_set_both(in->ret->arena, &all, &all);
	addr_set_free(&all);
	return kept;
}

/* Only who is denied in both directions counts as judged. */
static struct addr_set gather_both(struct seen_reading *in, const char *chain, const char *other,
                                   const char *target, const char *other_target, bool source)
{
	struct addr_set a = gather(in, chain, source, target), b = gather(in, other, !source, other_target);

	return addr_set_common(in->ret->arena, &a, &b);
}

static bool is_last(const struct seen_table *table, const struct seen_rule *rule)
{
	for (const struct seen_rule *next = rule + 1; next < table->rules + table->n_rules; next++)
		if (strcmp(next->chain, rule->chain) == 0)
			return false;
	return true;
}

/* What no rule before has sent on: { ...; accept } */
static bool read_the_rest(struct seen_reading *in, const struct seen_rule *rule)
{
	return is_bare(rule) && rule->verdict == SEEN_ACCEPT && is_last(in->table, rule);
}

/* chain deny_roles { jump server_and_role; goto denied }: whether the chain has these two. */
static bool denies_what_returns(struct seen_reading *in, const char *chain, const char *question)
{
	const char *const targets[] = {question, "denied"};
	size_t found = 0;

	for (size_t i = 0; i < in->table->n_rules; i++) {
		const struct seen_rule *rule = &in->table->rules[i];

		if (strcmp(rule->chain, chain) != 0)
			continue;
		in->used[i] = found < ARRAY_SIZE(targets) && is_bare(rule) &&
		              strcmp(rule->target, targets[found]) == 0;
		found += in->used[i];
	}
	return found == ARRAY_SIZE(targets);
}

/* From and to a server role. */
static void read_deny_servers(struct seen_reading *in)
{
	struct addr_set servers = gather_both(in, "server", "server", NULL, NULL, true);

	seen_read_chain(in, "server", read_the_rest);
	if (denies_what_returns(in, "deny_servers", "server"))
		in->ret->servers = servers;
}

/* Between a server role and any role. */
static void read_deny_roles(struct seen_reading *in)
{
	static const char *const chains[] = {"server_and_role", "to_role", "from_role"};
	struct addr_set servers = gather_both(in, chains[0], chains[0], "to_role", "from_role", true);
	struct addr_set members = gather_both(in, "to_role", "from_role", NULL, NULL, false);

	for (size_t i = 0; i < ARRAY_SIZE(chains); i++)
		seen_read_chain(in, chains[i], read_the_rest);
	if (!denies_what_returns(in, "deny_roles", "server_and_role"))
		return;
	in->ret->servers = servers;
	in->ret->members = members;
}

static void read_scope(struct seen_reading *in, const char *chain)
{
	bool all_of_servers = strcmp(chain, "deny_servers") == 0;

	in->ret->scope = all_of_servers ? DENY_SERVERS : DENY_ROLES;
	if (all_of_servers)
		read_deny_servers(in);
	else
		read_deny_roles(in);
}

/* The gateway's own packets are denied as with roles: input and output have these chains. */
static void read_everything(struct seen_reading *in)
{
	read_scope(in, "deny_roles");
	in->ret->scope = DENY_EVERYTHING;
}

static bool read_forward(struct seen_reading *in, const struct seen_rule *rule);

/*
 * ip saddr @servers.nets4 goto judged
 * ip daddr @servers.nets4 goto judged
 * ct state invalid,untracked goto judged
 *
 * The chain is read once, for the first rule that leads there.
 */
static bool read_judged(struct seen_reading *in, const struct seen_rule *rule)
{
	if (rule->verdict != SEEN_GOTO || strcmp(rule->target, JUDGED) != 0 ||
	    (rule->odd ? !rule->unplaced : !*rule->saddr && !*rule->daddr))
		return false;
	if (!in->judged)
		seen_read_chain(in, JUDGED, read_forward);
	in->judged = true;
	return true;
}

/* What is not sent there is denied by nobody. */
static void keep_judged(struct seen_reading *in)
{
	struct arena *arena = in->ret->arena;
	struct addr_set sent = gather_both(in, "forward", "forward", JUDGED, JUDGED, true), ends;

	addr_set_canonicalize(&in->judged_from);
	addr_set_canonicalize(&in->judged_to);
	ends = addr_set_common(arena, &in->judged_from, &in->judged_to);
	sent = addr_set_both(arena, &sent, &ends);
	in->ret->servers = addr_set_common(arena, &in->ret->servers, &sent);
}

static bool read_forward(struct seen_reading *in, const struct seen_rule *rule)
{
	if (!is_bare(rule))
		return seen_read_ends(in, rule) || read_judged(in, rule);
	if (rule->verdict == SEEN_JUMP && strcmp(rule->target, "judge") == 0)
		seen_read_chain(in, rule->target, seen_read_judge);
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

static bool read_denied(struct seen_reading *in, const struct seen_rule *rule)
{
	if (rule->verdict == SEEN_ACCEPT && *rule->saddr && !rule->odd)
		add_never(in->ret, &seen_find_set(in->table, rule->saddr)->addrs);
	else if (rule->verdict == SEEN_DROP && *rule->counter)
		in->ret->mode = MODE_ENFORCE;
	else if (rule->rejects)
		in->ret->action = DENY_REJECT;
	else
		return rule->logs || *rule->counter || *rule->daddr || rule->verdict == SEEN_JUMP;
	return true;
}

/* The gates of a section that is called "to4" are none. */
static bool is_end_chain(const char *chain)
{
	static const char *const ends[] = {"to4.", "to6.", "from4.", "from6."};
	const char *last = strrchr(chain, '.');

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (strncmp(chain, ends[i], strlen(ends[i])) == 0)
			return strcmp(last, ".install") != 0;
	return false;
}

static size_t *unused(const struct seen_reading *in, size_t *n)
{
	static const char *const known[] = {"forward",      "judge",    "denied", "deny_roles",
	                                    "deny_servers", JUDGED,     "server", "server_and_role",
	                                    "to_role",      "from_role"};
	size_t *list = calloc(in->table->n_rules + 1, sizeof(*list));

	if (!list)
		abort();
	*n = 0;
	for (size_t i = 0; i < in->table->n_rules; i++) {
		const struct seen_rule *rule = &in->table->rules[i];
		bool ours = *rule->from != '\0' || is_end_chain(rule->chain);

		for (size_t j = 0; j < ARRAY_SIZE(known); j++)
			ours |= strcmp(rule->chain, known[j]) == 0;
		if (ours && !in->used[i] && strncmp(rule->chain, "resumed_", strlen("resumed_")) != 0)
			list[(*n)++] = i;
	}
	return list;
}

void seen_openings(const struct seen_table *table, struct openings *ret, size_t **strange, size_t *n_strange)
{
	struct seen_reading in = {
	        .table = table, .ret = ret, .used = calloc(table->n_rules + 1, sizeof(bool))};

	if (!in.used)
		abort();
	*ret = (struct openings){.arena = arena_new(), .scope = DENY_NONE, .mode = MODE_AUDIT};
	seen_read_chain(&in, "forward", read_forward);
	if (in.judged)
		keep_judged(&in);
	seen_read_chain(&in, "denied", read_denied);
	for (size_t i = 0; i < table->n_rules; i++)
		read_log(ret, &table->rules[i]);
	openings_merge(ret);
	*strange = unused(&in, n_strange);
	addr_set_free(&in.judged_from);
	addr_set_free(&in.judged_to);
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

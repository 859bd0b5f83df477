/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stored policy is as good as one that was read, but for what its members were called: it can be applied, its windows
 * opened and closed, its site rules expire. Of a table in the kernel that nobody has a model of, the windows are the one
 * thing worth knowing: a model with nothing but them stands in.
 */
#include "agent/fallback.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/engine_internal.h"
#include "agent/last_good.h"
#include "ruleset/amend.h"
#include "util/array.h"

#define WINDOW_SUFFIX ".window"
#define SITE_PREFIX   "site."

int fallback_read(struct engine *engine)
{
	struct generation generation = {.source = FROM_LAST_GOOD};
	struct ruleset *old = NULL;
	struct stored stored;
	int r = last_good_load(engine->config.state_dir, &stored);

	if (r < 0)
		return r;
	generation.policy = stored.policy;
	generation.ruleset = stored.ruleset;
	generation.saved = stored.saved;
	generation_expire(&generation, time(NULL), &old);
	engine_adopt(engine, &generation, false);
	return 0;
}

void fallback_forget(struct engine *engine)
{
	engine_adopt(engine, &(struct generation){.policy = NULL}, false);
}

/* Names are "SECTION.ROW.window" and "site.NAME.window". */
static struct gate gate_of_window(struct arena *arena, struct nft_set *window)
{
	char *name = arena_strndup(arena, window->name, strlen(window->name) - strlen(WINDOW_SUFFIX));
	const char *dot = strrchr(name, '.');

	if (strncmp(name, SITE_PREFIX, strlen(SITE_PREFIX)) == 0)
		return (struct gate){.name = name, .row = name + strlen(SITE_PREFIX), .window = window};
	return (struct gate){
	        .name = name,
	        .section = dot ? arena_strndup(arena, name, (size_t)(dot - name)) : NULL,
	        .row = dot ? dot + 1 : name,
	        .window = window,
	};
}

static struct nft_set *add_window(struct ruleset *ruleset, const char *name)
{
	struct nft_set *set = ARENA_NEW(ruleset->arena, struct nft_set);
	size_t cap = ruleset->n_sets;

	set->name = arena_strdup(ruleset->arena, name);
	set->type = SET_WINDOW;
	*ARRAY_PUSH(ruleset->sets, ruleset->n_sets, cap) = set;
	return set;
}

/* Settings are as strict as can be: nobody knows what may be opened, and status leaves them out. */
static struct policy *policy_unknown(const char *path)
{
	struct arena *arena = arena_new();
	struct policy *policy = ARENA_NEW(arena, struct policy);

	policy->arena = arena;
	policy->sources = source_map_new(arena);
	policy->path = arena_strdup(arena, path);
	policy->settings.own_table = OWN_TABLE_NO;
	return policy;
}

int fallback_adopt_kernel(struct engine *engine)
{
	struct generation found = {.source = FROM_KERNEL, .policy = policy_unknown(engine->config.config)};
	struct ruleset *ruleset = ARENA_NEW(found.policy->arena, struct ruleset);
	size_t n = 0, cap = 0;
	char **names;
	int r = kernel_window_sets(engine->kernel, &names, &n);

	ruleset->arena = found.policy->arena;
	ruleset->install_window = add_window(ruleset, INSTALL_WINDOW);
	for (size_t i = 0; i < n; i++) {
		*ARRAY_PUSH(ruleset->gates, ruleset->n_gates, cap) =
		        gate_of_window(ruleset->arena, add_window(ruleset, names[i]));
		free(names[i]);
	}
	free(names);
	found.ruleset = ruleset;
	engine_adopt(engine, &found, false);
	return r;
}

/* Whether any site rule has expired that was not known to have. */
static bool mark_expired(struct policy *policy, time_t now)
{
	bool any = false;

	for (size_t i = 0; i < policy->n_site_rules; i++) {
		struct site_rule *rule = &policy->site_rules[i];

		if (!rule->expires || rule->expired || rule->expires > now)
			continue;
		rule->expired = true;
		any = true;
	}
	return any;
}

static void drop_expired(const struct generation *generation)
{
	char counter[GATE_NAME_MAX];

	for (size_t i = 0; i < generation->policy->n_site_rules; i++) {
		const struct site_rule *rule = &generation->policy->site_rules[i];

		snprintf(counter, sizeof(counter), SITE_PREFIX "%s", rule->name);
		if (rule->expired)
			ruleset_drop_counted(generation->ruleset, counter);
	}
}

bool generation_expire(struct generation *generation, time_t now, struct ruleset **old)
{
	if (!mark_expired(generation->policy, now))
		return false;
	if (generation->source != FROM_FILE) {
		drop_expired(generation);
		return true;
	}
	*old = generation->ruleset;
	generation->lines = policy_compile(generation->policy);
	generation->ruleset = ruleset_build(generation->policy, &generation->lines);
	return true;
}

/* So that they are tried again. */
static void unmark_expired(struct policy *policy, time_t now)
{
	for (size_t i = 0; i < policy->n_site_rules; i++)
		if (policy->site_rules[i].expires <= now)
			policy->site_rules[i].expired = false;
}

enum exit_code engine_expire(struct engine *engine, time_t now, json_t *reply)
{
	struct generation *current = &engine->current, next = *current;
	struct ruleset *old = NULL;
	enum exit_code code;

	if (!generation_expire(&next, now, &old))
		return CODE_DONE;
	if (old && engine->trial.pending)
		ruleset_keep_from(next.ruleset, old);
	if (!old) /* the model was changed itself, so that there is nothing to compare it with */
		engine->applied = false;
	code = engine_apply_generation(engine, &next, reply);
	if (code != CODE_DONE) {
		unmark_expired(current->policy, now);
		ruleset_free(old ? next.ruleset : NULL);
		return code;
	}
	*current = next;
	ruleset_free(old);
	engine->applied = true;
	engine->good_unsaved = next.source == FROM_FILE && !engine->trial.pending;
	return CODE_DONE;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Puts the model together: services and gates from the lines, then denial and the base chains. */
#include "ruleset/builder.h"

#include <stdlib.h>
#include <string.h>

#include "util/array.h"

#define COMMENT_MAX 127 /* NFTNL_UDATA_COMMENT_MAXLEN - 1 */

struct nft_chain *builder_add_chain(struct builder *b, const char *name)
{
	struct ruleset *ruleset = b->ruleset;
	struct nft_chain *chain = ARENA_NEW(b->policy->arena, struct nft_chain);

	chain->name = name;
	*ARRAY_PUSH(ruleset->chains, ruleset->n_chains, b->cap_chains) = chain;
	return chain;
}

struct nft_chain *builder_find_chain(struct builder *b, const char *name)
{
	for (size_t i = 0; i < b->ruleset->n_chains; i++)
		if (!strcmp(b->ruleset->chains[i]->name, name))
			return b->ruleset->chains[i];
	return NULL;
}

void builder_add_counter(struct builder *b, const char *name)
{
	struct ruleset *ruleset = b->ruleset;

	for (size_t i = 0; i < ruleset->n_counters; i++)
		if (!strcmp(ruleset->counters[i], name))
			return;
	*ARRAY_PUSH(ruleset->counters, ruleset->n_counters, b->cap_counters) = name;
}

const char *builder_comment(struct builder *b, const char *text)
{
	size_t len = strlen(text);
	char *comment;

	if (len > COMMENT_MAX) {
		len = COMMENT_MAX;
		while (len && ((unsigned char)text[len] & 0xc0) == 0x80) /* never inside a UTF-8 character */
			len--;
	}
	comment = arena_strndup(b->policy->arena, text, len);
	for (char *c = comment; *c; c++)
		if (*c == '"') /* nft has no way to quote it */
			*c = '\'';
	return comment;
}

/*
 * Addresses first. The kernel looks a set up by its name, in a list in the order in which they were made, whenever a rule
 * refers to it: most rules refer to addresses.
 */
static void order_sets(struct ruleset *ruleset)
{
	struct nft_set **sets = calloc(ruleset->n_sets, sizeof(*sets));
	size_t n = 0;

	if (!sets)
		abort();
	for (int others = 0; others <= 1; others++)
		for (size_t i = 0; i < ruleset->n_sets; i++)
			if ((ruleset->sets[i]->addrs == NULL) == others)
				sets[n++] = ruleset->sets[i];
	free(ruleset->sets);
	ruleset->sets = sets;
}

struct ruleset *ruleset_build(const struct policy *policy, const struct lines *lines)
{
	struct ruleset *ruleset = ARENA_NEW(policy->arena, struct ruleset);
	struct builder b = {
	        .policy = policy,
	        .lines = lines,
	        .ruleset = ruleset,
	        .sections = ARENA_ARRAY(policy->arena, struct section_endpoints, policy->n_sections),
	        .sites = ARENA_ARRAY(policy->arena, struct site_endpoints, policy->n_site_rules),
	};

	ruleset->arena = policy->arena;
	ruleset->install_window = builder_add_set(&b, INSTALL_WINDOW, SET_WINDOW);
	builder_find_judged(&b);
	builder_add_services(&b);
	builder_add_base_chains(&b);
	order_sets(ruleset);
	return ruleset;
}

void ruleset_free(struct ruleset *ruleset)
{
	if (!ruleset)
		return;
	for (size_t i = 0; i < ruleset->n_chains; i++)
		free(ruleset->chains[i]->rules);
	for (size_t i = 0; i < ruleset->n_sets; i++)
		free(ruleset->sets[i]->kernel_name);
	free(ruleset->chains);
	free(ruleset->sets);
	free(ruleset->counters);
	free(ruleset->gates);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The two-batch method. Table and base chains are made once and kept. A load first makes what is new (counters,
 * chains, sets and their elements) while no rule refers to it, in batches so small that nobody waits behind them; then
 * one batch empties the chains that change and writes their rules. A packet meets the old rules with the old sets or the new rules
 * with the new sets, never a mix. A set that changes gets another name (name.2, name.3 ...), the first that is free;
 * windows keep theirs, and what they hold.
 *
 * A last batch drops the sets, chains and counters nobody needs. It comes apart: deleting a verdict map makes its
 * elements vanish with the batch, and a packet that is still among the old rules would find it empty and be denied.
 *
 * The names that a ruleset had before a load that fails are its names afterwards: it may be the one in force.
 */
#include "kernel/swap.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/leftovers.h"
#include "ruleset/compare.h"
#include "util/baton.h"

static char *copy_name(const char *name, unsigned generation)
{
	char *copy;

	if ((generation > 1 ? asprintf(&copy, "%s.%u", name, generation) : asprintf(&copy, "%s", name)) < 0)
		abort();
	return copy;
}

static bool set_is_loaded(const struct load *load, const struct nft_set *set)
{
	return name_list_has(&load->there.sets, set->kernel_name);
}

static char *free_name(const struct load *load, const struct nft_set *set)
{
	char *name = copy_name(set->name, 1);

	for (unsigned generation = 2; name_list_has(&load->there.sets, name); generation++) {
		free(name);
		name = copy_name(set->name, generation);
	}
	return name;
}

/* The set that is in the kernel already with the same elements, or NULL. */
static const struct nft_set *same_set_before(const struct load *load, const struct nft_set *set)
{
	if (!load->previous)
		return NULL;
	for (size_t i = 0; i < load->previous->n_sets; i++) {
		const struct nft_set *before = load->previous->sets[i];

		if (before->kernel_name && !strcmp(before->name, set->name) && set_same(before, set) &&
		    set_is_loaded(load, before))
			return before;
	}
	return NULL;
}

/* Names the sets: windows and sets that did not change keep their name in the kernel, others take a free one. */
static void name_sets(struct load *load)
{
	load->names_before = calloc(load->ruleset->n_sets, sizeof(*load->names_before));
	if (!load->names_before)
		abort();
	for (size_t i = 0; i < load->ruleset->n_sets; i++) {
		struct nft_set *set = load->ruleset->sets[i];
		const struct nft_set *before = same_set_before(load, set);

		load->names_before[i] = set->kernel_name;
		if (set->type == SET_WINDOW)
			set->kernel_name = copy_name(set->name, 1);
		else if (before)
			set->kernel_name = copy_name(before->kernel_name, 1);
		else
			set->kernel_name = free_name(load, set);
	}
}

/* Believes in the new names and the sizes that go with them, or in the old ones. */
static void settle_names(struct load *load, bool loaded)
{
	for (size_t i = 0; i < load->ruleset->n_sets; i++) {
		struct nft_set *set = load->ruleset->sets[i];
		const struct nft_set *before = loaded ? same_set_before(load, set) : NULL;

		if (before && set->size != before->size)
			set->size = before->size;
		free(loaded ? load->names_before[i] : set->kernel_name);
		if (!loaded)
			set->kernel_name = load->names_before[i];
	}
	free(load->names_before);
}

/* A table that was not there has to be new: one that is there after all is not for us to empty. */
static void begin_batch(struct load *load)
{
	kernel_begin(load->kernel, load->claim ? TABLE_FLAG_OWNER | TABLE_FLAG_PERSIST : 0);
	if (!load->there.exists && !load->begun)
		load->kernel->batch.last->nlmsg_flags |= NLM_F_EXCL;
}

static int commit(struct load *load)
{
	int err = kernel_commit(load->kernel, false);

	load->begun |= !err;
	return err;
}

/* Sends what has gathered once it is large enough for one batch; whoever waits for the session has it in between. */
static int flush_if_large(struct load *load, bool dry)
{
	int err;

	if (dry || batch_size(&load->kernel->batch) < BATCH_SHORT)
		return 0;
	err = commit(load);
	if (!err)
		baton_offer(load->kernel->baton);
	begin_batch(load);
	return err;
}

static int load_set(struct load *load, const struct nft_set *set, bool dry)
{
	size_t next = 0;
	bool more = set->n_elements > 0;
	int err = 0;

	encode_set(load->kernel, NFT_MSG_NEWSET, set);
	if (set->type == SET_WINDOW && set->opens_ms)
		encode_window(load->kernel, set->kernel_name, set->opens_ms);
	while (more && !err) {
		more = encode_elements(load->kernel, NFT_MSG_NEWSETELEM, set, &next);
		err = flush_if_large(load, dry);
	}
	return err;
}

/* The first stage: everything new, referenced by no rule. */
static int load_new_objects(struct load *load, bool dry)
{
	const struct ruleset *ruleset = load->ruleset;
	int err = 0;

	for (size_t i = 0; i < ruleset->n_counters; i++)
		if (!name_list_has(&load->there.counters, ruleset->counters[i]))
			encode_counter(load->kernel, NFT_MSG_NEWOBJ, ruleset->counters[i]);
	for (size_t i = 0; i < ruleset->n_chains; i++)
		if (ruleset->chains[i]->hook == HOOK_NONE &&
		    !name_list_has(&load->there.chains, ruleset->chains[i]->name))
			encode_chain(load->kernel, NFT_MSG_NEWCHAIN, ruleset->chains[i]);
	for (size_t i = 0; i < ruleset->n_sets && !err; i++)
		if (!set_is_loaded(load, ruleset->sets[i]))
			err = load_set(load, ruleset->sets[i], dry);
	return err;
}

static bool model_has_set(const struct load *load, const char *kernel_name)
{
	for (size_t i = 0; i < load->ruleset->n_sets; i++)
		if (!strcmp(load->ruleset->sets[i]->kernel_name, kernel_name))
			return true;
	return false;
}

static bool model_has_chain(const struct load *load, const char *name)
{
	for (size_t i = 0; i < load->ruleset->n_chains; i++)
		if (!strcmp(load->ruleset->chains[i]->name, name))
			return true;
	return false;
}

static bool model_has_counter(const struct load *load, const char *name)
{
	for (size_t i = 0; i < load->ruleset->n_counters; i++)
		if (!strcmp(load->ruleset->counters[i], name))
			return true;
	return false;
}

/* Whether an object of that name is to stay. */
struct keep {
	bool (*set)(const struct load *load, const char *name);
	bool (*chain)(const struct load *load, const char *name);
	bool (*counter)(const struct load *load, const char *name);
};

static const struct keep keep_model = {model_has_set, model_has_chain, model_has_counter};

static struct table_names names_but(const struct load *load, const struct table_names *names,
                                    const struct keep *keep)
{
	struct table_names rest = {.exists = names->exists};

	for (size_t i = 0; i < names->sets.n; i++)
		if (!keep->set(load, names->sets.names[i]))
			name_list_add(&rest.sets, names->sets.names[i]);
	for (size_t i = 0; i < names->chains.n; i++)
		if (!keep->chain(load, names->chains.names[i]))
			name_list_add(&rest.chains, names->chains.names[i]);
	for (size_t i = 0; i < names->counters.n; i++)
		if (!keep->counter(load, names->counters.names[i]))
			name_list_add(&rest.counters, names->counters.names[i]);
	return rest;
}

/* The chain of that name in the ruleset before; mostly it comes right behind the last one that was found. */
static const struct nft_chain *find_before(const struct ruleset *previous, const char *name, size_t *last)
{
	for (size_t i = 0; i < previous->n_chains; i++) {
		size_t at = (*last + 1 + i) % previous->n_chains;

		if (!strcmp(previous->chains[at]->name, name)) {
			*last = at;
			return previous->chains[at];
		}
	}
	return NULL;
}

/* The sets of its rules are the same in the kernel as well. */
static bool same_in_kernel(const struct nft_chain *a, const struct nft_chain *b)
{
	if (!chain_same(a, b))
		return false;
	for (size_t i = 0; i < a->n; i++)
		for (unsigned j = 0; j < a->rules[i].n; j++) {
			const struct nft_set *before = a->rules[i].stmts[j].set,
			                     *after = b->rules[i].stmts[j].set;

			if (before && strcmp(before->kernel_name, after->kernel_name) != 0)
				return false;
		}
	return true;
}

static void encode_rules(struct load *load, const struct nft_chain *chain)
{
	for (size_t i = 0; i < chain->n; i++)
		encode_rule(load->kernel, chain, &chain->rules[i]);
}

/* Where the kernel's rules are known, chains that stay as they are take no message. */
static void swap_chains(struct load *load)
{
	const struct ruleset *previous = load->previous, *ruleset = load->ruleset;
	size_t last = 0;

	for (size_t i = 0; i < previous->n_chains; i++)
		if (!model_has_chain(load, previous->chains[i]->name))
			encode_flush_rules(load->kernel, previous->chains[i]->name);
	for (size_t i = 0; i < ruleset->n_chains; i++) {
		const struct nft_chain *before = find_before(previous, ruleset->chains[i]->name, &last);

		if (before && same_in_kernel(before, ruleset->chains[i]))
			continue;
		if (before)
			encode_flush_rules(load->kernel, before->name);
		encode_rules(load, ruleset->chains[i]);
	}
}

/* The second stage: the rules change over. */
static void swap_rules(struct load *load)
{
	const struct ruleset *ruleset = load->ruleset;

	for (size_t i = 0; i < ruleset->n_chains; i++)
		if (ruleset->chains[i]->hook != HOOK_NONE)
			encode_chain(load->kernel, NFT_MSG_NEWCHAIN, ruleset->chains[i]);
	if (load->rules_known) {
		swap_chains(load);
		return;
	}
	if (load->there.exists)
		encode_flush_rules(load->kernel, NULL);
	for (size_t i = 0; i < ruleset->n_chains; i++)
		encode_rules(load, ruleset->chains[i]);
}

/* The third stage: what no rule refers to any more. */
static void drop_old_objects(struct load *load)
{
	struct table_names old = names_but(load, &load->there, &keep_model);

	leftovers_set(load->kernel, &old);
	if (!load->kernel->leaves_old)
		leftovers_finish(load->kernel);
}

static bool was_set(const struct load *load, const char *name)
{
	return name_list_has(&load->there.sets, name);
}

static bool was_chain(const struct load *load, const char *name)
{
	return name_list_has(&load->there.chains, name);
}

static bool was_counter(const struct load *load, const char *name)
{
	return name_list_has(&load->there.counters, name);
}

/* Takes away what a failed first stage has left; the reason of the failure stays told. */
static void undo_new_objects(struct load *load)
{
	static const struct keep keep_there = {was_set, was_chain, was_counter};
	struct kernel *kernel = load->kernel;
	struct table_names now, new;
	char error[sizeof(kernel->error)];
	loc_t loc = kernel->error_loc;

	memcpy(error, kernel->error, sizeof(error));
	kernel->unsure |= table_names_read(kernel, &now, false) < 0;
	if (now.exists) {
		begin_batch(load);
		new = names_but(load, &now, &keep_there);
		if (load->there.exists)
			encode_drops(kernel, &new);
		else
			encode_table(kernel, NFT_MSG_DELTABLE, 0);
		kernel->unsure |= kernel_commit(kernel, false) < 0;
		table_names_free(&new);
	}
	table_names_free(&now);
	memcpy(kernel->error, error, sizeof(error));
	kernel->error_loc = loc;
}

static int load_all_stages(struct load *load)
{
	int err;

	begin_batch(load);
	err = load_new_objects(load, false);
	if (!err)
		err = commit(load);
	if (!err) {
		baton_offer(load->kernel->baton);
		begin_batch(load);
		swap_rules(load);
		err = commit(load);
	}
	if (!err)
		drop_old_objects(load);
	else if (load->begun)
		undo_new_objects(load);
	return err;
}

int swap_commit(struct load *load)
{
	int err;

	name_sets(load);
	err = load_all_stages(load);
	settle_names(load, !err);
	return err;
}

int swap_check(struct load *load)
{
	int err;

	name_sets(load);
	begin_batch(load);
	err = load_new_objects(load, true);
	if (!err) {
		swap_rules(load);
		err = kernel_commit(load->kernel, true);
	}
	settle_names(load, false);
	return err;
}

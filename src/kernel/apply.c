// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a load does depends on what is there. When the caller vouches for what this session loaded before, nothing is
 * sent for nothing, and members that come and go are sent to the sets that are there (delta.c). Everything else goes by
 * the two-batch method (swap.c). A caller who vouched wrongly meets an error of the kernel; then everything is read
 * and sent.
 */
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/delta.h"
#include "kernel/leftovers.h"
#include "kernel/swap.h"
#include "ruleset/difference.h"
#include "util/baton.h"

#define DELETE_TRIES_MAX 3

static char *copy_name(const char *name)
{
	char *copy = strdup(name);

	if (!copy)
		abort();
	return copy;
}

/*
 * An owned table stays owned: only its owner may change it, and a claim is how one becomes that. When an owner dies,
 * OWNER goes with it and PERSIST stays: such a table is anybody's until the next agent claims it.
 */
static bool claims_table(const struct table_names *there, bool own)
{
	if (!there->exists)
		return own;
	return there->flags & TABLE_FLAG_OWNER || (own && there->flags & TABLE_FLAG_PERSIST);
}

int swap_from_scratch(struct kernel *kernel, struct ruleset *ruleset, const struct ruleset *intact, bool own)
{
	struct load load = {.kernel = kernel, .ruleset = ruleset, .previous = intact};
	bool unsure;
	int err;

	leftovers_finish(kernel);
	unsure = kernel->unsure;
	err = generation_read(kernel, &kernel->genid);
	if (!err)
		err = table_names_read(kernel, &load.there, false);
	if (!err) {
		load.claim = claims_table(&load.there, own);
		kernel->unsure = false; /* unless something is left behind */
		err = swap_commit(&load);
		kernel->unsure |= err && unsure;
	}
	table_names_free(&load.there);
	return err;
}

/* What the kernel has by the word of the caller. A table of ours that is owned needs no claim any more. */
static struct table_names names_of(const struct ruleset *ruleset)
{
	struct table_names names = {.exists = true};

	for (size_t i = 0; i < ruleset->n_sets; i++)
		name_list_add(&names.sets, ruleset->sets[i]->kernel_name);
	for (size_t i = 0; i < ruleset->n_chains; i++)
		name_list_add(&names.chains, ruleset->chains[i]->name);
	for (size_t i = 0; i < ruleset->n_counters; i++)
		name_list_add(&names.counters, ruleset->counters[i]);
	return names;
}

static int apply_rules(struct kernel *kernel, struct ruleset *ruleset, const struct ruleset *previous)
{
	struct load load = {
	        .kernel = kernel,
	        .ruleset = ruleset,
	        .previous = previous,
	        .rules_known = true,
	        .there = names_of(previous),
	};
	int err;

	leftovers_finish(kernel);
	err = swap_commit(&load);
	table_names_free(&load.there);
	return err;
}

/* Every set is the one that was there: its name, and its size, which is a cap and cannot be changed. */
static void keep_sets(struct ruleset *ruleset, const struct ruleset *previous)
{
	for (size_t i = 0; i < ruleset->n_sets; i++) {
		struct nft_set *set = ruleset->sets[i];

		free(set->kernel_name);
		set->kernel_name = copy_name(previous->sets[i]->kernel_name);
		set->size = previous->sets[i]->size;
	}
}

static int apply_difference(struct kernel *kernel, struct ruleset *ruleset, const struct ruleset *previous)
{
	struct ruleset_difference difference;
	bool lent = baton_lend(kernel->baton);
	int err = 0;

	ruleset_difference(previous, ruleset, &difference);
	baton_reclaim(kernel->baton, lent);
	if (difference.change == CHANGE_RULES)
		err = apply_rules(kernel, ruleset, previous);
	else if (difference.change == CHANGE_MEMBERS)
		err = delta_commit(kernel, &difference);
	if (!err && difference.change != CHANGE_RULES)
		keep_sets(ruleset, previous);
	ruleset_difference_clear(&difference);
	return err;
}

/* The kernel does not hold what it was said to hold, or nobody knows whether it does now. */
static bool is_surprise(int err)
{
	return err == -ENOENT || err == -EEXIST || err == -ENOTEMPTY || err == -EBUSY || err == -ENFILE ||
	       err == -EPROTO;
}

int kernel_apply(struct kernel *kernel, struct ruleset *ruleset, const struct ruleset *previous, bool own)
{
	int err;

	if (previous == ruleset)
		return 0;
	if (previous) {
		err = apply_difference(kernel, ruleset, previous);
		if (!is_surprise(err))
			return err;
	}
	return swap_from_scratch(kernel, ruleset, NULL, own);
}

int kernel_check(struct kernel *kernel, struct ruleset *ruleset)
{
	struct load load = {.kernel = kernel, .ruleset = ruleset};
	const char *table = kernel->table;
	int err;

	kernel->table = RULESET_TABLE "_check";
	err = swap_check(&load);
	kernel->table = table;
	return err;
}

static void begin_removal(struct kernel *kernel, const struct table_names *there)
{
	kernel_begin(kernel, there->flags & TABLE_FLAG_OWNER ? TABLE_FLAG_OWNER | TABLE_FLAG_PERSIST : 0);
}

/*
 * A packet that is among the rules when the table goes would find its maps empty and be denied. So every chain accepts first,
 * and when the last packet is through, nobody is there any more.
 */
static int accept_everything(struct kernel *kernel, const struct table_names *there)
{
	struct nft_rule accept = {.n = 1, .stmts = {{.kind = STMT_ACCEPT}}};
	bool lent;
	int err;

	begin_removal(kernel, there);
	encode_flush_rules(kernel, NULL);
	for (size_t i = 0; i < there->chains.n; i++)
		encode_rule(kernel, &(struct nft_chain){.name = there->chains.names[i]}, &accept);
	err = kernel_commit(kernel, false);
	if (err)
		return err;
	lent = baton_lend(kernel->baton);
	kernel_await_packets();
	baton_reclaim(kernel->baton, lent);
	return 0;
}

/*
 * Until the table has gone it accepts everything, and nobody is to believe that it is what was loaded. Also one that was not
 * seen is told to go: that there is none has to be the kernel's own word. Sets *existed.
 */
static int delete_table(struct kernel *kernel, const struct table_names *there, bool *existed)
{
	int err = -EAGAIN;

	for (int i = 0; i < DELETE_TRIES_MAX && err && err != -ENOENT; i++) {
		if (there->exists)
			begin_removal(kernel, there);
		else
			batch_begin(&kernel->batch);
		encode_table(kernel, NFT_MSG_DELTABLE, 0);
		err = kernel_commit(kernel, false);
	}
	*existed = there->exists || !err;
	if (err == -ENOENT)
		return 0;
	kernel->unsure |= err < 0;
	return err;
}

int kernel_remove(struct kernel *kernel, bool *existed)
{
	struct table_names there;
	int err = table_names_read(kernel, &there, false);

	*existed = false;
	if (!err && there.exists)
		err = accept_everything(kernel, &there);
	if (!err)
		err = delete_table(kernel, &there, existed);
	if (!err)
		leftovers_forget(kernel);
	table_names_free(&there);
	return err;
}

int kernel_windows_set(struct kernel *kernel, const struct window_change *changes, size_t n)
{
	kernel_begin(kernel, 0);
	for (size_t i = 0; i < n; i++)
		encode_window(kernel, changes[i].set, changes[i].timeout_ms);
	return kernel_commit(kernel, false);
}

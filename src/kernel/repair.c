// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Undoing what others did to the table. Sets whose elements nobody touched are kept; all else goes again by the
 * two-batch method. What a load never looks at comes besides: a table put to sleep is woken first, because nothing is
 * judged while it sleeps; flowtables and objects that are not ours are taken away last, when no rule uses them.
 */
#include "kernel/swap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/attrs.h"

#define TABLE_ATTR 1 /* of flowtables and objects alike */
#define NAME_ATTR  2

struct stranger_dump {
	struct kernel *kernel;
	uint16_t delete_type;
};

/* Appends the message that deletes what the dump has found. */
static int delete_stranger(const struct nlmsghdr *found, void *data)
{
	const struct stranger_dump *dump = data;
	struct batch *batch = &dump->kernel->batch;
	struct attrs attrs = attrs_parse(found);
	struct nlmsghdr *message;

	if (strcmp(attrs_text(&attrs, TABLE_ATTR), dump->kernel->table) != 0)
		return 0;
	if (dump->delete_type == NFT_MSG_DELOBJ && attrs_u32(&attrs, NFTA_OBJ_TYPE) == NFT_OBJECT_COUNTER)
		return 0;
	message = batch_message(batch, dump->delete_type, 0, "object of others in table", dump->kernel->table,
	                        0);
	mnl_attr_put_strz(message, TABLE_ATTR, dump->kernel->table);
	mnl_attr_put_strz(message, NAME_ATTR, attrs_text(&attrs, NAME_ATTR));
	if (dump->delete_type == NFT_MSG_DELOBJ)
		mnl_attr_put_u32(message, NFTA_OBJ_TYPE, htonl(attrs_u32(&attrs, NFTA_OBJ_TYPE)));
	batch_add(batch, message);
	return 0;
}

/* A dump that was interrupted begins again. */
static void forget_strangers(void *data)
{
	kernel_begin(((struct stranger_dump *)data)->kernel, 0);
}

static int drop_strangers(struct kernel *kernel, uint16_t get_type, uint16_t delete_type)
{
	struct stranger_dump data = {kernel, delete_type};
	struct dump dump = {
	        .type = get_type,
	        .family = NFPROTO_INET,
	        .each = delete_stranger,
	        .restart = forget_strangers,
	        .data = &data,
	};
	int err;

	kernel_begin(kernel, 0);
	err = kernel_dump(kernel, &dump);
	return err ? err : kernel_commit(kernel, false);
}

static int wake_table(struct kernel *kernel)
{
	struct nlmsghdr *message;

	kernel_begin(kernel, 0);
	message = batch_message(&kernel->batch, NFT_MSG_NEWTABLE, 0, "table", kernel->table, 0);
	mnl_attr_put_strz(message, NFTA_TABLE_NAME, kernel->table);
	mnl_attr_put_u32(message, NFTA_TABLE_FLAGS, 0);
	batch_add(&kernel->batch, message);
	return kernel_commit(kernel, false);
}

/* What could not be taken away goes with the table; the caller is told to make another. */
static int check_leftovers(struct kernel *kernel, const struct ruleset *ruleset)
{
	struct table_names names;
	int err = table_names_read(kernel, &names, false);

	if (!err && (names.sets.n != ruleset->n_sets || names.chains.n != ruleset->n_chains))
		err = kernel_fail(kernel, -EBUSY, "what others put into the table cannot be taken away");
	table_names_free(&names);
	return err;
}

int kernel_repair(struct kernel *kernel, struct ruleset *ruleset, const struct ruleset *intact, bool own)
{
	uint32_t flags;
	int err = table_flags_read(kernel, &flags);

	if (!err && flags & TABLE_FLAG_DORMANT)
		err = wake_table(kernel);
	if (!err)
		err = swap_from_scratch(kernel, ruleset, intact, own);
	if (!err)
		err = drop_strangers(kernel, NFT_MSG_GETOBJ, NFT_MSG_DELOBJ);
	if (!err)
		err = drop_strangers(kernel, NFT_MSG_GETFLOWTABLE, NFT_MSG_DELFLOWTABLE);
	return err ? err : check_leftovers(kernel, ruleset);
}

uint32_t kernel_generation(struct kernel *kernel)
{
	uint32_t generation;

	return generation_read(kernel, &generation) ? 0 : generation;
}

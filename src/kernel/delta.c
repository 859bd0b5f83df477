// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One batch of elements. What goes from a set is deleted before anything is added to it: the kernel takes no range that
 * overlaps with one that is there, counts against the size of a set what is there, and knows a range only by exactly
 * its first and last address. Sets come in the order in which ruleset_difference() has put them.
 */
#include "kernel/delta.h"

#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>

/* The part of a set that a message is about; lives until the answer has been read. */
static struct nft_set part_of(const struct set_difference *set, const struct addr_set *members)
{
	struct nft_set part = *set->after;

	part.kernel_name = set->before->kernel_name;
	part.addrs = members;
	part.n_elements = members->n4 + members->n6;
	return part;
}

static void encode_part(struct kernel *kernel, uint16_t type, const struct nft_set *part)
{
	size_t next = 0;
	bool more = part->n_elements > 0;

	while (more)
		more = encode_elements(kernel, type, part, &next);
}

int delta_commit(struct kernel *kernel, const struct ruleset_difference *difference)
{
	struct nft_set(*parts)[2] = calloc(difference->n, sizeof(*parts));
	int err;

	if (!parts)
		abort();
	kernel_begin(kernel, 0);
	for (size_t i = 0; i < difference->n; i++) {
		parts[i][0] = part_of(&difference->sets[i], &difference->sets[i].removed);
		parts[i][1] = part_of(&difference->sets[i], &difference->sets[i].added);
		encode_part(kernel, NFT_MSG_DELSETELEM, &parts[i][0]);
		encode_part(kernel, NFT_MSG_NEWSETELEM, &parts[i][1]);
	}
	err = kernel_commit(kernel, false);
	free(parts);
	return err;
}

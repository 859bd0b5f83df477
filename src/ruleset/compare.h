/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether two models mean the same to the kernel. Places in the role file do not count. */
#ifndef OMFWD_COMPARE_H
#define OMFWD_COMPARE_H

#include "ruleset/ruleset.h"

/* Same type and elements; names and sizes are not compared. Windows are always the same. */
bool set_same(const struct nft_set *a, const struct nft_set *b);

/* Same name, hook and rules; sets are the same by their plain names. */
bool chain_same(const struct nft_chain *a, const struct nft_chain *b);

/* Same counters, sets, chains and rules, in the same order; the members of address sets may differ. */
bool ruleset_same_but_members(const struct ruleset *a, const struct ruleset *b);

#endif

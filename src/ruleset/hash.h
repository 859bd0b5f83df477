/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One number for a whole model, to tell at a glance whether two gateways enforce the same. */
#ifndef OMFWD_HASH_H
#define OMFWD_HASH_H

#include "ruleset/ruleset.h"

/*
 * The same for two models that mean the same, whatever files they come from and whatever happened to them in a kernel:
 * sizes of sets, numbers behind their names, windows and counts do not matter. Finds differences, not malice.
 */
uint64_t ruleset_hash(const struct ruleset *ruleset);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * STATEDIR/last-good: the compiled policy that was applied last and not on trial, for a boot and for a role file that
 * has become wrong. STATEDIR/unconfirmed: the mark of a policy on trial, for an agent that is killed meanwhile.
 */
#ifndef OMFWD_LAST_GOOD_H
#define OMFWD_LAST_GOOD_H

#include <stdbool.h>

#include "ruleset/store.h"

/* Writes the policy, unless the file holds it already. Returns 0 or -errno; then the file is as it was. */
int last_good_save(const char *dir, const struct policy *policy, const struct ruleset *ruleset, time_t now);

/* Returns 0, -ENOENT when there is none, -EBADMSG or -ENOTSUP when it is of no use, or another -errno. */
int last_good_load(const char *dir, struct stored *ret);

/* Returns 0, also when there was none, or -errno. */
int last_good_remove(const char *dir);

/* What the agent was enforcing when a policy was put on trial. */
enum trial_mark { MARK_NONE, MARK_BEFORE_LAST_GOOD, MARK_BEFORE_NOTHING };

/* Sets the mark, or with MARK_NONE takes it away. Returns 0 or -errno. */
int trial_mark_set(const char *dir, enum trial_mark mark);
/* One that cannot be read counts as MARK_BEFORE_LAST_GOOD: to go back is to err towards what was confirmed. */
enum trial_mark trial_mark_get(const char *dir);

#endif

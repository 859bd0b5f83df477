/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Members that come and go in sets that rules refer to. */
#ifndef OMFWD_DELTA_H
#define OMFWD_DELTA_H

#include "kernel/generation.h"
#include "ruleset/difference.h"

/* Sends the elements of a CHANGE_MEMBERS in one batch. Nothing has changed when it fails. */
int delta_commit(struct kernel *kernel, const struct ruleset_difference *difference);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers of generations, for the files of src/kernel alone. */
#ifndef OMFWD_GENERATION_H
#define OMFWD_GENERATION_H

#include "kernel/session.h"

/*
 * Empties the batch and begins it with the table, so that the number of its generation comes back. table_flags: what to
 * make or claim the table with; 0 leaves those of a table that is there alone. kernel_commit() sends nothing when
 * nothing follows.
 */
void kernel_begin(struct kernel *kernel, uint32_t table_flags);

/* Looks for the echo among the answers to a commit: kernel->genid is its number, or 0 when others came between. */
void generation_note(struct kernel *kernel, const char *buf, size_t len);

/* The number of the generation in force now. */
int generation_read(struct kernel *kernel, uint32_t *ret);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a load leaves that no rule refers to any more; for the files of src/kernel alone. See kernel_drop_old(). */
#ifndef OMFWD_LEFTOVERS_H
#define OMFWD_LEFTOVERS_H

#include "kernel/session.h"

/* Takes over the names; nothing may be left from before. */
void leftovers_set(struct kernel *kernel, const struct table_names *old);
/* Waits for the packets and drops what is left, if there is anything. */
void leftovers_finish(struct kernel *kernel);
/* Somebody has taken it away already. */
void leftovers_forget(struct kernel *kernel);

/* Deletes everything that is named, in the batch that has begun. */
void encode_drops(struct kernel *kernel, const struct table_names *names);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flowtables, of whatever table: they carry connections past every rule. */
#ifndef OMFWD_FLOWTABLES_H
#define OMFWD_FLOWTABLES_H

#include <libmnl/libmnl.h>
#include <stddef.h>

#include "kernel/kernel.h"

struct flowtable {
	char name[528]; /* "inet firewall fastpath" */
};

/* All there are, malloc'ed; free() them. A kernel without flowtables has none. Returns 0 or -errno. */
int kernel_flowtables(struct kernel *kernel, struct flowtable **ret, size_t *n);

/* What one message of the kernel's list says. Returns 0, or -EBADMSG with *ret untouched. */
int flowtable_parse(const struct nlmsghdr *message, struct flowtable *ret);

#endif

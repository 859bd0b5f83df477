// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The end of a load. It needs no haste, and who asked for the load need not wait for it: names are kept until every
 * packet that met the old rules is through, which is a matter for whoever has the time. A process that ends before
 * leaves sets behind that no rule knows, and the next load from scratch finds them.
 */
#include "kernel/leftovers.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "kernel/generation.h"
#include "util/baton.h"

#define DROP_TRIES_MAX 3

void kernel_leave_old(struct kernel *kernel, bool leave)
{
	kernel->leaves_old = leave;
}

bool kernel_has_old(const struct kernel *kernel)
{
	return kernel->old != NULL;
}

/* Packets are RCU readers. */
void kernel_await_packets(void)
{
	static const struct timespec long_enough = {.tv_nsec = 20 * 1000 * 1000};

	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) < 0) /* not with nohz_full */
		nanosleep(&long_enough, NULL);
}

void leftovers_set(struct kernel *kernel, const struct table_names *old)
{
	struct table_names *copy = malloc(sizeof(*copy));

	if (!copy)
		abort();
	*copy = *old;
	kernel->old = copy;
	if (!old->sets.n && !old->chains.n && !old->counters.n)
		leftovers_forget(kernel);
}

void leftovers_forget(struct kernel *kernel)
{
	if (!kernel->old)
		return;
	table_names_free(kernel->old);
	free(kernel->old);
	kernel->old = NULL;
}

/* Sets first: a map holds on to the chains it jumps to. */
void encode_drops(struct kernel *kernel, const struct table_names *names)
{
	for (size_t i = 0; i < names->sets.n; i++)
		encode_delete_set(kernel, names->sets.names[i]);
	for (size_t i = 0; i < names->chains.n; i++)
		encode_chain(kernel, NFT_MSG_DELCHAIN, &(struct nft_chain){.name = names->chains.names[i]});
	for (size_t i = 0; i < names->counters.n; i++)
		encode_counter(kernel, NFT_MSG_DELOBJ, names->counters.names[i]);
}

/*
 * A passing trouble is not worth leaving it behind; if it stays all the same, it does no harm until a load finds it.
 */
void kernel_drop_old(struct kernel *kernel)
{
	int err = -EAGAIN;

	for (int i = 0; kernel->old && i < DROP_TRIES_MAX && err; i++) {
		kernel_begin(kernel, 0);
		encode_drops(kernel, kernel->old);
		err = kernel_commit(kernel, false);
	}
	kernel->unsure |= kernel->old && err < 0;
	leftovers_forget(kernel);
}

void leftovers_finish(struct kernel *kernel)
{
	bool lent;

	if (!kernel->old)
		return;
	lent = baton_lend(kernel->baton);
	kernel_await_packets();
	baton_reclaim(kernel->baton, lent);
	kernel_drop_old(kernel);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages are large enough that a message of the greatest size fits whenever one is begun in the first half, so nothing
 * is ever copied or split, and they are kept from batch to batch.
 */
#include "kernel/batch.h"

#include <libnftnl/common.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>

#include "util/array.h"

#define PAGE_SIZE  (128 * 1024)
#define PAGE_LIMIT (PAGE_SIZE - 66 * 1024) /* no message is begun behind it */

static struct page *current_page(struct batch *batch)
{
	if (batch->n_pages && batch->pages[batch->current].used <= PAGE_LIMIT)
		return &batch->pages[batch->current];
	if (batch->n_pages)
		batch->current++;
	if (batch->current == batch->n_pages) {
		struct page *page = ARRAY_PUSH(batch->pages, batch->n_pages, batch->cap_pages);

		page->data = malloc(PAGE_SIZE);
		if (!page->data)
			abort();
	}
	batch->pages[batch->current].used = 0;
	return &batch->pages[batch->current];
}

void batch_begin(struct batch *batch)
{
	struct page *page;

	batch->n_origins = 0;
	batch->n_messages = 0;
	batch->current = 0;
	batch->last = NULL;
	if (batch->n_pages)
		batch->pages[0].used = 0;
	page = current_page(batch);
	batch->first = ++batch->seq;
	page->used = nftnl_batch_begin(page->data, batch->first)->nlmsg_len;
}

struct nlmsghdr *batch_message(struct batch *batch, uint16_t type, uint16_t flags, const char *what,
                               const char *name, loc_t loc)
{
	struct page *page = current_page(batch);
	struct origin *origin = ARRAY_PUSH(batch->origins, batch->n_origins, batch->cap_origins);

	*origin = (struct origin){.seq = ++batch->seq, .what = what, .name = name, .loc = loc};
	return nftnl_nlmsg_build_hdr(page->data + page->used, type, NFPROTO_INET, flags, batch->seq);
}

struct origin *batch_origin(struct batch *batch)
{
	return &batch->origins[batch->n_origins - 1];
}

void batch_add(struct batch *batch, struct nlmsghdr *message)
{
	batch->pages[batch->current].used += MNL_ALIGN(message->nlmsg_len);
	batch->last = message;
	batch->n_messages++;
}

void batch_end(struct batch *batch, bool dry)
{
	struct page *page;

	if (batch->last)
		batch->last->nlmsg_flags |= NLM_F_ACK;
	if (dry)
		return;
	page = current_page(batch);
	page->used += nftnl_batch_end(page->data + page->used, ++batch->seq)->nlmsg_len;
}

bool batch_has(const struct batch *batch, uint32_t seq)
{
	return seq - batch->first <= batch->seq - batch->first;
}

size_t batch_size(const struct batch *batch)
{
	size_t size = 0;

	for (size_t i = 0; i <= batch->current && i < batch->n_pages; i++)
		size += batch->pages[i].used;
	return size;
}

const struct origin *batch_find_origin(const struct batch *batch, uint32_t seq)
{
	for (size_t i = 0; i < batch->n_origins; i++)
		if (batch->origins[i].seq == seq)
			return &batch->origins[i];
	return NULL;
}

void batch_free(struct batch *batch)
{
	for (size_t i = 0; i < batch->n_pages; i++)
		free(batch->pages[i].data);
	free(batch->pages);
	free(batch->origins);
	*batch = (struct batch){0};
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whether anybody else has changed the rules. The kernel numbers its generations: every commit in this network
 * namespace, to whatever table, adds one. Our batches ask to be told the number they became, so that we know it without
 * asking, and know whether somebody came between. While the number stays, what we left is what is there.
 */
#include "kernel/generation.h"

#include <endian.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

/*
 * The message in front: the table, unchanged when it is there. Its echo is the number of the generation alone; an
 * echo of set elements would be one message an element.
 */
void kernel_begin(struct kernel *kernel, uint32_t table_flags)
{
	batch_begin(&kernel->batch);
	encode_table(kernel, NFT_MSG_NEWTABLE, table_flags);
	kernel->batch.last->nlmsg_flags |= NLM_F_ECHO;
	kernel->batch.n_messages = 0; /* alone it is not worth sending */
}

static int find_genid(const struct nlattr *attr, void *data)
{
	uint32_t *genid = data;

	if (mnl_attr_get_type(attr) == NFTA_GEN_ID && mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
		*genid = be32toh(mnl_attr_get_u32(attr));
	return MNL_CB_OK;
}

static uint32_t genid_of(const struct nlmsghdr *message)
{
	uint32_t genid = 0;

	if (message->nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN) &&
	    mnl_nlmsg_get_payload_len(message) >= sizeof(struct nfgenmsg))
		mnl_attr_parse(message, sizeof(struct nfgenmsg), find_genid, &genid);
	return genid;
}

/* The kernel leaves out 0. */
static uint32_t genid_after(uint32_t genid)
{
	return genid == UINT32_MAX ? 1 : genid + 1;
}

void generation_note(struct kernel *kernel, const char *buf, size_t len)
{
	for (size_t offset = 0; offset + sizeof(struct nlmsghdr) <= len;) {
		const struct nlmsghdr *message = (const struct nlmsghdr *)(buf + offset);
		uint32_t genid;

		if (message->nlmsg_len < sizeof(*message) || message->nlmsg_len > len - offset)
			return;
		offset += MNL_ALIGN(message->nlmsg_len);
		genid = genid_of(message);
		if (genid)
			kernel->genid = kernel->genid && genid == genid_after(kernel->genid) ? genid : 0;
	}
}

static int take_genid(const struct nlmsghdr *message, void *data)
{
	uint32_t genid = genid_of(message);

	if (genid)
		*(uint32_t *)data = genid;
	return 0;
}

int generation_read(struct kernel *kernel, uint32_t *ret)
{
	struct dump dump = {.type = NFT_MSG_GETGEN, .each = take_genid, .data = ret};

	*ret = 0;
	return kernel_dump(kernel, &dump);
}

bool kernel_holds(struct kernel *kernel)
{
	uint32_t genid;

	return !kernel->unsure && kernel->genid && !generation_read(kernel, &genid) && genid == kernel->genid;
}

void kernel_others_harmless(struct kernel *kernel, uint32_t generation)
{
	kernel->genid = generation;
}

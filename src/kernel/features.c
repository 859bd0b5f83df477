// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What this kernel can do, by trying: each feature is a small batch that is validated and never committed. Versions
 * would lie, because distributions carry features back.
 */
#include "kernel/session.h"

#include <errno.h>
#include <libnftnl/set.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "kernel/nftnl_must.h"
#include "ruleset/rule.h"
#include "util/array.h"

#define PROBE_TABLE "omfwd_probe"

static struct nft_set probe_hosts = {
        .name = "hosts",
        .kernel_name = (char[]){"hosts"},
        .type = SET_HOSTS4,
        .size = 16,
};
static struct nft_set probe_window = {
        .name = "window", .kernel_name = (char[]){"window"}, .type = SET_WINDOW};

/* ct original ip saddr @hosts accept */
static void probe_rule(struct kernel *kernel)
{
	static const struct nft_chain chain = {.name = "match"};
	struct nft_rule rule = {0};

	encode_chain(kernel, NFT_MSG_NEWCHAIN, &chain);
	encode_set(kernel, NFT_MSG_NEWSET, &probe_hosts);
	rule_ct_addr(&rule, CT_ORIGINAL, &probe_hosts);
	rule_plain(&rule, STMT_ACCEPT);
	encode_rule(kernel, &chain, &rule);
}

/* counter name "count" */
static void probe_counter(struct kernel *kernel)
{
	static const struct nft_chain chain = {.name = "total"};
	struct nft_rule rule = {0};

	encode_chain(kernel, NFT_MSG_NEWCHAIN, &chain);
	encode_counter(kernel, NFT_MSG_NEWOBJ, "count");
	rule_counter(&rule, "count");
	encode_rule(kernel, &chain, &rule);
}

static void probe_windows(struct kernel *kernel)
{
	encode_set(kernel, NFT_MSG_NEWSET, &probe_window);
	encode_window(kernel, probe_window.name, 1000);
}

/* reject with icmpx admin-prohibited */
static void probe_reject(struct kernel *kernel)
{
	static const struct nft_chain chain = {.name = "refuse"};
	struct nft_rule rule = {0};

	encode_chain(kernel, NFT_MSG_NEWCHAIN, &chain);
	rule_plain(&rule, STMT_REJECT_ICMP);
	encode_rule(kernel, &chain, &rule);
}

/* limit rate 1/second log prefix "probe" group 0 */
static void probe_log(struct kernel *kernel)
{
	static const struct nft_chain chain = {.name = "note"};
	struct nft_rule rule = {0};

	encode_chain(kernel, NFT_MSG_NEWCHAIN, &chain);
	rule_limit(&rule, 1, 1);
	rule_log(&rule, "probe", 0);
	encode_rule(kernel, &chain, &rule);
}

/*
 * set s { type ipv4_addr . inet_service; flags interval }: came with 5.6. Not used, but kernels before it are those
 * whose interval sets go wrong when they are emptied and filled in one batch.
 */
static void probe_age(struct kernel *kernel)
{
	struct nlmsghdr *message =
	        batch_message(&kernel->batch, NFT_MSG_NEWSET, NLM_F_CREATE, "set", "concatenated", 0);
	struct nftnl_set *set = nftnl_must_have(nftnl_set_alloc());
	const uint8_t fields[] = {4, 2};

	nftnl_set_set_u32(set, NFTNL_SET_FAMILY, NFPROTO_INET);
	nftnl_must_set(nftnl_set_set_str(set, NFTNL_SET_TABLE, kernel->table));
	nftnl_must_set(nftnl_set_set_str(set, NFTNL_SET_NAME, "concatenated"));
	nftnl_set_set_u32(set, NFTNL_SET_ID, kernel->batch.seq);
	nftnl_set_set_u32(set, NFTNL_SET_KEY_TYPE, 7 << 6 | 13); /* nft: ipv4_addr . inet_service */
	nftnl_set_set_u32(set, NFTNL_SET_KEY_LEN, 8);
	nftnl_set_set_u32(set, NFTNL_SET_FLAGS, NFT_SET_INTERVAL | NFT_SET_CONCAT);
	nftnl_must_set(nftnl_set_set_data(set, NFTNL_SET_DESC_CONCAT, fields, sizeof(fields)));
	nftnl_set_nlmsg_build_payload(message, set);
	nftnl_set_free(set);
	batch_add(&kernel->batch, message);
}

static int try_batch(struct kernel *kernel, uint32_t table_flags, void (*build)(struct kernel *kernel))
{
	const char *table = kernel->table;
	int err;

	kernel->table = PROBE_TABLE;
	batch_begin(&kernel->batch);
	encode_table(kernel, NFT_MSG_NEWTABLE, table_flags);
	if (build)
		build(kernel);
	err = kernel_commit(kernel, true);
	kernel->table = table;
	return err;
}

static bool is_missing(int err)
{
	return err == -EOPNOTSUPP || err == -EINVAL || err == -ENOENT || err == -ENOSYS ||
	       err == -EAFNOSUPPORT;
}

static const struct {
	void (*build)(struct kernel *kernel);
	const char *what;
} needed[] = {
        {probe_rule, "matching by the addresses of a connection (nft_ct)"},
        {probe_counter, "named counters (nft_objref, nft_counter)"},
        {probe_windows, "set elements with a timeout"},
        {probe_reject, "reject (nft_reject_inet)"},
        {probe_log, "limited logging to a netlink group (nft_limit, nft_log, nfnetlink_log)"},
        {probe_age, "interval sets of a kernel of 5.10 or newer"},
};

static void probe_everything(struct kernel *kernel)
{
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		needed[i].build(kernel);
}

/* Which of the needed features it is; the first of several. */
static int find_missing(struct kernel *kernel, struct kernel_features *ret)
{
	int err = try_batch(kernel, 0, NULL);

	ret->missing = "tables of the inet family";
	for (size_t i = 0; i < ARRAY_SIZE(needed) && !err; i++) {
		err = try_batch(kernel, 0, needed[i].build);
		ret->missing = needed[i].what;
	}
	return is_missing(err) ? 0 : err;
}

/*
 * A batch that is given up costs the kernel's grace period, 5 to 10 ms. So everything is tried at once, beginning with
 * what the newest kernels have, and apart only when that fails.
 */
int kernel_probe(struct kernel *kernel, struct kernel_features *ret)
{
	static const uint32_t flags[] = {TABLE_FLAG_OWNER | TABLE_FLAG_PERSIST, TABLE_FLAG_OWNER, 0};
	int err = 0;

	*ret = (struct kernel_features){0};
	for (size_t i = 0; i < ARRAY_SIZE(flags) && !ret->supported; i++) {
		err = try_batch(kernel, flags[i], probe_everything);
		if (err && !is_missing(err))
			return err;
		ret->supported = !err;
		ret->owner = ret->supported && flags[i] & TABLE_FLAG_OWNER;
		ret->persist = ret->supported && flags[i] & TABLE_FLAG_PERSIST;
	}
	return ret->supported ? 0 : find_missing(kernel, ret);
}

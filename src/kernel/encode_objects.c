// SPDX-License-Identifier: GPL-2.0-or-later
/* Tables, chains and counters, encoded by libnftnl. */
#include "kernel/session.h"

#include <libnftnl/chain.h>
#include <libnftnl/object.h>
#include <libnftnl/rule.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "kernel/nftnl_must.h"

static uint16_t create_flag(uint16_t type)
{
	switch (type) {
	case NFT_MSG_NEWTABLE:
	case NFT_MSG_NEWCHAIN:
	case NFT_MSG_NEWOBJ:
		return NLM_F_CREATE;
	default:
		return 0;
	}
}

/* table inet omfwd { flags owner, persist } */
void encode_table(struct kernel *kernel, uint16_t type, uint32_t flags)
{
	struct nlmsghdr *message =
	        batch_message(&kernel->batch, type, create_flag(type), "table", kernel->table, 0);
	struct nftnl_table *table = nftnl_must_have(nftnl_table_alloc());

	nftnl_table_set_u32(table, NFTNL_TABLE_FAMILY, NFPROTO_INET);
	nftnl_must_set(nftnl_table_set_str(table, NFTNL_TABLE_NAME, kernel->table));
	if (flags) /* without, those of a table that is there stay */
		nftnl_table_set_u32(table, NFTNL_TABLE_FLAGS, flags);
	nftnl_table_nlmsg_build_payload(message, table);
	nftnl_table_free(table);
	batch_add(&kernel->batch, message);
}

/* type filter hook forward priority filter - 5; policy drop; */
static void set_hook(struct nftnl_chain *nftnl, const struct nft_chain *chain)
{
	static const uint32_t hooks[] = {
	        [HOOK_INPUT] = NF_INET_LOCAL_IN,
	        [HOOK_FORWARD] = NF_INET_FORWARD,
	        [HOOK_OUTPUT] = NF_INET_LOCAL_OUT,
	};

	nftnl_must_set(nftnl_chain_set_str(nftnl, NFTNL_CHAIN_TYPE, "filter"));
	nftnl_chain_set_u32(nftnl, NFTNL_CHAIN_HOOKNUM, hooks[chain->hook]);
	nftnl_chain_set_s32(nftnl, NFTNL_CHAIN_PRIO, RULESET_PRIORITY);
	nftnl_chain_set_u32(nftnl, NFTNL_CHAIN_POLICY, chain->policy_drop ? NF_DROP : NF_ACCEPT);
}

void encode_chain(struct kernel *kernel, uint16_t type, const struct nft_chain *chain)
{
	struct nlmsghdr *message =
	        batch_message(&kernel->batch, type, create_flag(type), "chain", chain->name, 0);
	struct nftnl_chain *nftnl = nftnl_must_have(nftnl_chain_alloc());

	nftnl_chain_set_u32(nftnl, NFTNL_CHAIN_FAMILY, NFPROTO_INET);
	nftnl_must_set(nftnl_chain_set_str(nftnl, NFTNL_CHAIN_TABLE, kernel->table));
	nftnl_must_set(nftnl_chain_set_str(nftnl, NFTNL_CHAIN_NAME, chain->name));
	if (type == NFT_MSG_NEWCHAIN && chain->hook != HOOK_NONE)
		set_hook(nftnl, chain);
	nftnl_chain_nlmsg_build_payload(message, nftnl);
	nftnl_chain_free(nftnl);
	batch_add(&kernel->batch, message);
}

/* The only one of libnftnl's that does not say whether it could. */
static void set_obj_str(struct nftnl_obj *object, uint16_t attr, const char *text)
{
	nftnl_obj_set_str(object, attr, text);
	nftnl_must_set(nftnl_obj_get_str(object, attr) ? 0 : -1);
}

void encode_counter(struct kernel *kernel, uint16_t type, const char *name)
{
	struct nlmsghdr *message = batch_message(&kernel->batch, type, create_flag(type), "counter", name, 0);
	struct nftnl_obj *counter = nftnl_must_have(nftnl_obj_alloc());

	nftnl_obj_set_u32(counter, NFTNL_OBJ_TYPE, NFT_OBJECT_COUNTER);
	nftnl_obj_set_u32(counter, NFTNL_OBJ_FAMILY, NFPROTO_INET);
	set_obj_str(counter, NFTNL_OBJ_TABLE, kernel->table);
	set_obj_str(counter, NFTNL_OBJ_NAME, name);
	if (type == NFT_MSG_NEWOBJ) {
		nftnl_obj_set_u64(counter, NFTNL_OBJ_CTR_PKTS, 0);
		nftnl_obj_set_u64(counter, NFTNL_OBJ_CTR_BYTES, 0);
	}
	nftnl_obj_nlmsg_build_payload(message, counter);
	nftnl_obj_free(counter);
	batch_add(&kernel->batch, message);
}

void encode_flush_rules(struct kernel *kernel, const char *chain)
{
	struct nlmsghdr *message =
	        batch_message(&kernel->batch, NFT_MSG_DELRULE, 0, chain ? "rules of chain" : "rules of table",
	                      chain ? chain : kernel->table, 0);
	struct nftnl_rule *rule = nftnl_must_have(nftnl_rule_alloc());

	nftnl_rule_set_u32(rule, NFTNL_RULE_FAMILY, NFPROTO_INET);
	nftnl_must_set(nftnl_rule_set_str(rule, NFTNL_RULE_TABLE, kernel->table));
	if (chain)
		nftnl_must_set(nftnl_rule_set_str(rule, NFTNL_RULE_CHAIN, chain));
	nftnl_rule_nlmsg_build_payload(message, rule);
	nftnl_rule_free(rule);
	batch_add(&kernel->batch, message);
}

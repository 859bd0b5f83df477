// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The chains, rules and sets of all tables but our own, as one dump each and one for the elements of each set. Rules stay
 * in libnftnl's form. What a table that sleeps says does not count.
 */
#include "kernel/foreign.h"

#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/attrs.h"
#include "kernel/session.h"
#include "util/array.h"

struct reading {
	struct foreign *foreign;
	struct kernel *kernel, *own; /* own: for elements, or NULL */
	struct name_list asleep,
	        owned;           /* tables without effect, and those of others; "2 filter": family and name */
	struct foreign_set *set; /* whose elements are read */
	size_t chain;            /* of the rule that came last: rules come chain by chain */
};

static const char *kept(const struct reading *reading, const char *text)
{
	return arena_strdup(reading->foreign->arena, text ? text : "");
}

static bool is_ours(const struct reading *reading, uint32_t family, const char *table)
{
	return family == NFPROTO_INET && !strcmp(table, reading->kernel->table);
}

static const char *table_key(const struct reading *reading, uint32_t family, const char *table)
{
	return arena_printf(reading->foreign->arena, "%u %s", family, table);
}

static int read_table_flags(const struct nlmsghdr *message, void *data)
{
	const struct nfgenmsg *header = mnl_nlmsg_get_payload(message);
	struct reading *reading = data;
	struct attrs attrs = attrs_parse(message);
	uint32_t flags = attrs_u32(&attrs, NFTA_TABLE_FLAGS);
	char *key = arena_strdup(reading->foreign->arena, table_key(reading, header->nfgen_family,
	                                                            attrs_text(&attrs, NFTA_TABLE_NAME)));

	if (flags & TABLE_FLAG_DORMANT)
		*ARRAY_PUSH(reading->asleep.names, reading->asleep.n, reading->asleep.cap) = key;
	if (flags & TABLE_FLAG_OWNER)
		*ARRAY_PUSH(reading->owned.names, reading->owned.n, reading->owned.cap) = key;
	return 0;
}

static void add_chain(struct reading *reading, const struct nftnl_chain *nftnl)
{
	uint32_t family = nftnl_chain_get_u32(nftnl, NFTNL_CHAIN_FAMILY);
	const char *table = nftnl_chain_get_str(nftnl, NFTNL_CHAIN_TABLE);

	if (!table || is_ours(reading, family, table) ||
	    name_list_has(&reading->asleep, table_key(reading, family, table)))
		return;
	*ARRAY_PUSH(reading->foreign->chains, reading->foreign->n_chains, reading->foreign->cap_chains) =
	        (struct foreign_chain){
	                .family = (uint8_t)family,
	                .table = kept(reading, table),
	                .name = kept(reading, nftnl_chain_get_str(nftnl, NFTNL_CHAIN_NAME)),
	                .type = kept(reading, nftnl_chain_get_str(nftnl, NFTNL_CHAIN_TYPE)),
	                .owned = name_list_has(&reading->owned, table_key(reading, family, table)),
	                .is_base = nftnl_chain_is_set(nftnl, NFTNL_CHAIN_HOOKNUM),
	                .hook = nftnl_chain_get_u32(nftnl, NFTNL_CHAIN_HOOKNUM),
	                .priority = nftnl_chain_get_s32(nftnl, NFTNL_CHAIN_PRIO),
	                .policy = nftnl_chain_is_set(nftnl, NFTNL_CHAIN_POLICY)
	                                  ? (int)nftnl_chain_get_u32(nftnl, NFTNL_CHAIN_POLICY)
	                                  : NF_ACCEPT,
	        };
}

static int read_chain(const struct nlmsghdr *message, void *data)
{
	struct nftnl_chain *nftnl = nftnl_chain_alloc();

	if (!nftnl)
		abort();
	if (nftnl_chain_nlmsg_parse(message, nftnl) >= 0)
		add_chain(data, nftnl);
	nftnl_chain_free(nftnl);
	return 0;
}

static int take_comment(const struct nftnl_udata *attr, void *data)
{
	const char **comment = data;
	uint8_t len = nftnl_udata_len(attr);
	const char *text = nftnl_udata_get(attr);

	if (nftnl_udata_type(attr) == NFTNL_UDATA_RULE_COMMENT && len && text[len - 1] == '\0')
		*comment = text;
	return 0;
}

static const char *rule_comment(const struct reading *reading, const struct nftnl_rule *nftnl)
{
	const char *comment = NULL;
	uint32_t len = 0;
	const void *data = nftnl_rule_get_data(nftnl, NFTNL_RULE_USERDATA, &len);

	if (data)
		nftnl_udata_parse(data, len, take_comment, &comment);
	return comment ? kept(reading, comment) : NULL;
}

/* Begins at the chain of the rule before: others may have thousands, and list chains and rules in the same order. */
static struct foreign_chain *find_chain(struct reading *reading, uint32_t family, const char *table,
                                        const char *name)
{
	const struct foreign *foreign = reading->foreign;

	for (size_t i = 0; i < foreign->n_chains; i++) {
		size_t at = (reading->chain + i) % foreign->n_chains;
		struct foreign_chain *chain = &foreign->chains[at];

		if (chain->family == family && !strcmp(chain->table, table) && !strcmp(chain->name, name)) {
			reading->chain = at;
			return chain;
		}
	}
	return NULL;
}

/* A rule that libnftnl does not understand is kept all the same: as one of which nothing is known. */
static int read_rule(const struct nlmsghdr *message, void *data)
{
	const struct nfgenmsg *header = mnl_nlmsg_get_payload(message);
	struct reading *reading = data;
	struct attrs attrs = attrs_parse(message);
	struct foreign_chain *chain =
	        find_chain(reading, header->nfgen_family, attrs_text(&attrs, NFTA_RULE_TABLE),
	                   attrs_text(&attrs, NFTA_RULE_CHAIN));
	struct foreign_rule *rule;

	if (!chain)
		return 0;
	rule = ARRAY_PUSH(chain->rules, chain->n, chain->cap);
	*rule = (struct foreign_rule){.nftnl = nftnl_rule_alloc(),
	                              .handle = attrs_u64(&attrs, NFTA_RULE_HANDLE)};
	if (!rule->nftnl)
		abort();
	if (nftnl_rule_nlmsg_parse(message, rule->nftnl) < 0) {
		nftnl_rule_free(rule->nftnl);
		rule->nftnl = NULL;
	} else {
		rule->comment = rule_comment(reading, rule->nftnl);
	}
	return 0;
}

static void add_set(struct reading *reading, const struct nftnl_set *nftnl)
{
	uint32_t family = nftnl_set_get_u32(nftnl, NFTNL_SET_FAMILY), len = 0;
	const char *table = nftnl_set_get_str(nftnl, NFTNL_SET_TABLE);
	const uint8_t *fields = nftnl_set_get_data(nftnl, NFTNL_SET_DESC_CONCAT, &len);
	struct foreign_set *set;

	if (is_ours(reading, family, table))
		return;
	set = ARRAY_PUSH(reading->foreign->sets, reading->foreign->n_sets, reading->foreign->cap_sets);
	*set = (struct foreign_set){
	        .family = (uint8_t)family,
	        .table = kept(reading, table),
	        .name = kept(reading, nftnl_set_get_str(nftnl, NFTNL_SET_NAME)),
	        .flags = nftnl_set_get_u32(nftnl, NFTNL_SET_FLAGS),
	        .key_len = nftnl_set_get_u32(nftnl, NFTNL_SET_KEY_LEN),
	};
	set->known = set->key_len <= FOREIGN_DATA_MAX && !(set->flags & NFT_SET_OBJECT);
	if (fields && len <= FOREIGN_FIELDS_MAX) {
		set->n_fields = len;
		memcpy(set->fields, fields, len);
	}
}

static int read_set(const struct nlmsghdr *message, void *data)
{
	struct nftnl_set *nftnl = nftnl_set_alloc();

	if (!nftnl)
		abort();
	if (nftnl_set_nlmsg_parse(message, nftnl) >= 0)
		add_set(data, nftnl);
	nftnl_set_free(nftnl);
	return 0;
}

static void take(struct nftnl_set_elem *elem, uint16_t attr, uint8_t *ret)
{
	uint32_t len = 0;
	const void *data = nftnl_set_elem_get(elem, attr, &len);

	if (data && len <= FOREIGN_DATA_MAX)
		memcpy(ret, data, len);
}

static void add_element(const struct reading *reading, struct foreign_set *set, struct nftnl_set_elem *elem)
{
	struct foreign_element *element = ARRAY_PUSH(set->elements, set->n, set->cap);

	*element = (struct foreign_element){
	        .has_end = nftnl_set_elem_is_set(elem, NFTNL_SET_ELEM_KEY_END),
	        .flags = nftnl_set_elem_is_set(elem, NFTNL_SET_ELEM_FLAGS)
	                         ? nftnl_set_elem_get_u32(elem, NFTNL_SET_ELEM_FLAGS)
	                         : 0,
	        .is_verdict = nftnl_set_elem_is_set(elem, NFTNL_SET_ELEM_VERDICT),
	};
	take(elem, NFTNL_SET_ELEM_KEY, element->key);
	take(elem, NFTNL_SET_ELEM_KEY_END, element->end);
	if (!element->is_verdict) {
		take(elem, NFTNL_SET_ELEM_DATA, element->data);
		return;
	}
	element->verdict = (int)nftnl_set_elem_get_u32(elem, NFTNL_SET_ELEM_VERDICT);
	if (nftnl_set_elem_is_set(elem, NFTNL_SET_ELEM_CHAIN))
		element->chain = kept(reading, nftnl_set_elem_get_str(elem, NFTNL_SET_ELEM_CHAIN));
}

static int read_elements(const struct nlmsghdr *message, void *data)
{
	struct reading *reading = data;
	struct nftnl_set *nftnl = nftnl_set_alloc();
	struct nftnl_set_elems_iter *iter;
	struct nftnl_set_elem *elem;

	if (!nftnl)
		abort();
	if (nftnl_set_elems_nlmsg_parse(message, nftnl) < 0)
		reading->set->known = false;
	iter = nftnl_set_elems_iter_create(nftnl);
	if (!iter)
		abort();
	while (reading->set->known && (elem = nftnl_set_elems_iter_next(iter))) {
		add_element(reading, reading->set, elem);
		reading->set->known = reading->set->n < FOREIGN_ELEMENTS_MAX;
	}
	nftnl_set_elems_iter_destroy(iter);
	nftnl_set_free(nftnl);
	return reading->set->known ? 0 : -E2BIG;
}

static void ask_for_elements(struct nlmsghdr *message, void *data)
{
	const struct reading *reading = data;

	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, reading->set->table);
	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, reading->set->name);
}

static void forget_tables(void *data)
{
	struct reading *reading = data;

	reading->asleep.n = reading->owned.n = 0;
}

static void forget_rules(void *data)
{
	struct foreign *foreign = ((struct reading *)data)->foreign;

	for (size_t i = 0; i < foreign->n_chains; i++) {
		struct foreign_chain *chain = &foreign->chains[i];

		while (chain->n)
			if (chain->rules[--chain->n].nftnl)
				nftnl_rule_free(chain->rules[chain->n].nftnl);
	}
}

static void forget_chains(void *data)
{
	((struct reading *)data)->foreign->n_chains = 0;
}

static void forget_sets(void *data)
{
	((struct reading *)data)->foreign->n_sets = 0;
}

static void forget_elements(void *data)
{
	((struct reading *)data)->set->n = 0;
}

/*
 * For the elements of a large set the kernel takes seconds, so that a dump is given up where we look no further. Then its
 * socket is good for nothing else: these have one of their own.
 */
static int read_set_elements(struct reading *reading, struct foreign_set *set)
{
	struct dump elements = {NFT_MSG_GETSETELEM, set->family,     ask_for_elements,
	                        read_elements,      forget_elements, reading};
	const char *error;
	int err = 0;

	reading->set = set;
	if (!reading->own && (err = kernel_open(&reading->own, &error)) < 0)
		return kernel_fail(reading->kernel, err, "%s", error);
	err = kernel_dump(reading->own, &elements);
	if (err == -E2BIG || err == -ENOENT) { /* ENOENT: it has gone meanwhile */
		set->known = false;
		kernel_close(reading->own);
		reading->own = NULL;
		return 0;
	}
	return err ? kernel_fail(reading->kernel, err, "%s", kernel_error(reading->own)) : 0;
}

static int read_all(struct reading *reading)
{
	const struct dump dumps[] = {
	        {NFT_MSG_GETTABLE, NFPROTO_UNSPEC, NULL, read_table_flags, forget_tables, reading},
	        {NFT_MSG_GETCHAIN, NFPROTO_UNSPEC, NULL, read_chain, forget_chains, reading},
	        {NFT_MSG_GETRULE, NFPROTO_UNSPEC, NULL, read_rule, forget_rules, reading},
	        {NFT_MSG_GETSET, NFPROTO_UNSPEC, NULL, read_set, forget_sets, reading},
	};
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(dumps) && !err; i++)
		err = kernel_dump(reading->kernel, &dumps[i]);
	for (size_t i = 0; i < reading->foreign->n_sets && !err; i++)
		if (reading->foreign->sets[i].known)
			err = read_set_elements(reading, &reading->foreign->sets[i]);
	if (reading->own)
		kernel_close(reading->own);
	return err;
}

int kernel_foreign_read(struct kernel *kernel, struct foreign **ret)
{
	struct reading reading = {.kernel = kernel, .foreign = calloc(1, sizeof(struct foreign))};
	int err;

	if (!reading.foreign)
		abort();
	reading.foreign->arena = arena_new();
	err = read_all(&reading);
	free(reading.asleep.names);
	free(reading.owned.names);
	if (err)
		foreign_free(reading.foreign);
	else
		*ret = reading.foreign;
	return err;
}

void foreign_free(struct foreign *foreign)
{
	if (!foreign)
		return;
	forget_rules(&(struct reading){.foreign = foreign});
	for (size_t i = 0; i < foreign->n_chains; i++)
		free(foreign->chains[i].rules);
	for (size_t i = 0; i < foreign->n_sets; i++)
		free(foreign->sets[i].elements);
	free(foreign->chains);
	free(foreign->sets);
	arena_free(foreign->arena);
	free(foreign);
}

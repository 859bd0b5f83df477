// SPDX-License-Identifier: GPL-2.0-or-later
/* What the kernel holds: names of the table's objects, counters, and the time a window has left. */
#include "kernel/session.h"

#include <endian.h>
#include <errno.h>
#include <libnftnl/object.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/attrs.h"
#include "util/array.h"

void name_list_add(struct name_list *list, const char *name)
{
	char *copy = strdup(name);

	if (!copy)
		abort();
	*ARRAY_PUSH(list->names, list->n, list->cap) = copy;
}

bool name_list_has(const struct name_list *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (!strcmp(list->names[i], name))
			return true;
	return false;
}

static void name_list_clear(struct name_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->names[i]);
	list->n = 0;
}

/* One dump of names: where the table and the name stand in its messages, and where the names go. */
struct name_dump {
	const char *table;
	int table_attr, name_attr;
	struct name_list *list;
	size_t *count; /* instead of names */
};

/* An anonymous set is a part of its rule, and goes with it. */
static bool is_anonymous_set(const struct nlmsghdr *message, const struct attrs *attrs)
{
	return message->nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSET) &&
	       attrs_u32(attrs, NFTA_SET_FLAGS) & NFT_SET_ANONYMOUS;
}

/* Quotas and their like are no counters, and never of us. */
static bool is_other_object(const struct nlmsghdr *message, const struct attrs *attrs)
{
	return message->nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWOBJ) &&
	       attrs_u32(attrs, NFTA_OBJ_TYPE) != NFT_OBJECT_COUNTER;
}

static int add_name(const struct nlmsghdr *message, void *data)
{
	struct name_dump *dump = data;
	struct attrs attrs = attrs_parse(message);

	if (strcmp(attrs_text(&attrs, dump->table_attr), dump->table) != 0 ||
	    is_anonymous_set(message, &attrs) || is_other_object(message, &attrs))
		return 0;
	if (dump->count) {
		++*dump->count;
		return 0;
	}
	name_list_add(dump->list, attrs_text(&attrs, dump->name_attr));
	return 0;
}

static void forget_names(void *data)
{
	struct name_dump *dump = data;

	if (dump->count)
		*dump->count = 0;
	else
		name_list_clear(dump->list);
}

/* Every kind of object begins its messages with the table's name, and most go on with their own. */
static void ask_for_table(struct nlmsghdr *message, void *data)
{
	const struct name_dump *dump = data;

	mnl_attr_put_strz(message, (uint16_t)dump->table_attr, dump->table);
}

static int read_names(struct kernel *kernel, uint16_t type, struct name_dump *names)
{
	struct dump dump = {
	        .type = type,
	        .family = NFPROTO_INET,
	        .build = ask_for_table,
	        .each = add_name,
	        .restart = forget_names,
	        .data = names,
	};

	return kernel_dump(kernel, &dump);
}

struct table_dump {
	const char *name;
	struct table_names *names;
};

static int find_table(const struct nlmsghdr *message, void *data)
{
	struct table_dump *dump = data;
	struct attrs attrs = attrs_parse(message);

	if (strcmp(attrs_text(&attrs, NFTA_TABLE_NAME), dump->name) != 0)
		return 0;
	dump->names->exists = true;
	dump->names->flags = attrs_u32(&attrs, NFTA_TABLE_FLAGS);
	dump->names->owner = attrs_u32(&attrs, NFTA_TABLE_OWNER);
	return 0;
}

static int read_table(struct kernel *kernel, struct table_names *names)
{
	struct table_dump data = {kernel->table, names};
	struct dump dump = {
	        .type = NFT_MSG_GETTABLE,
	        .family = NFPROTO_INET,
	        .each = find_table,
	        .data = &data,
	};

	return kernel_dump(kernel, &dump);
}

int table_names_read(struct kernel *kernel, struct table_names *ret, bool count_rules)
{
	struct name_dump sets = {kernel->table, NFTA_SET_TABLE, NFTA_SET_NAME, &ret->sets, NULL};
	struct name_dump chains = {kernel->table, NFTA_CHAIN_TABLE, NFTA_CHAIN_NAME, &ret->chains, NULL};
	struct name_dump counters = {kernel->table, NFTA_OBJ_TABLE, NFTA_OBJ_NAME, &ret->counters, NULL};
	struct name_dump rules = {kernel->table, NFTA_RULE_TABLE, NFTA_RULE_CHAIN, NULL, &ret->n_rules};
	int err;

	*ret = (struct table_names){0};
	err = read_table(kernel, ret);
	if (err || !ret->exists)
		return err;
	err = read_names(kernel, NFT_MSG_GETSET, &sets);
	if (!err)
		err = read_names(kernel, NFT_MSG_GETCHAIN, &chains);
	if (!err)
		err = read_names(kernel, NFT_MSG_GETOBJ, &counters);
	if (!err && count_rules)
		err = read_names(kernel, NFT_MSG_GETRULE, &rules);
	return err;
}

void table_names_free(struct table_names *names)
{
	struct name_list *lists[] = {&names->sets, &names->chains, &names->counters};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		name_list_clear(lists[i]);
		free(lists[i]->names);
	}
}

int kernel_table_state(struct kernel *kernel, struct table_state *ret)
{
	struct table_names names;
	int err = table_names_read(kernel, &names, true);

	if (!err)
		*ret = (struct table_state){
		        .exists = names.exists,
		        .owned = names.flags & TABLE_FLAG_OWNER,
		        .owned_by_us = names.owner && names.owner == mnl_socket_get_portid(kernel->socket),
		        .n_sets = names.sets.n,
		        .n_chains = names.chains.n,
		        .n_rules = names.n_rules,
		};
	table_names_free(&names);
	return err;
}

int table_flags_read(struct kernel *kernel, uint32_t *ret)
{
	struct table_names names = {0};
	int err = read_table(kernel, &names);

	*ret = names.flags;
	return err;
}

bool kernel_owns_table(struct kernel *kernel)
{
	struct table_names names = {0};

	return !read_table(kernel, &names) && names.owner &&
	       names.owner == mnl_socket_get_portid(kernel->socket);
}

struct counter_dump {
	const char *table;
	struct counter_value *values;
	size_t n, cap;
};

static int add_counter_value(const struct nlmsghdr *message, void *data)
{
	struct counter_dump *dump = data;
	struct attrs attrs = attrs_parse(message), value;
	struct counter_value *counter;

	if (strcmp(attrs_text(&attrs, NFTA_OBJ_TABLE), dump->table) != 0 || !attrs.by_type[NFTA_OBJ_DATA] ||
	    attrs_u32(&attrs, NFTA_OBJ_TYPE) != NFT_OBJECT_COUNTER)
		return 0;
	value = attrs_parse_nested(attrs.by_type[NFTA_OBJ_DATA]);
	counter = ARRAY_PUSH(dump->values, dump->n, dump->cap);
	snprintf(counter->name, sizeof(counter->name), "%s", attrs_text(&attrs, NFTA_OBJ_NAME));
	counter->packets = attrs_u64(&value, NFTA_COUNTER_PACKETS);
	counter->bytes = attrs_u64(&value, NFTA_COUNTER_BYTES);
	return 0;
}

static void forget_counters(void *data)
{
	((struct counter_dump *)data)->n = 0;
}

int kernel_counters(struct kernel *kernel, struct counter_value **ret, size_t *n)
{
	struct counter_dump data = {.table = kernel->table};
	struct table_names names = {0};
	struct dump dump = {
	        .type = NFT_MSG_GETOBJ,
	        .family = NFPROTO_INET,
	        .each = add_counter_value,
	        .restart = forget_counters,
	        .data = &data,
	};
	int err = read_table(kernel, &names);

	if (!err && !names.exists)
		err = kernel_fail(kernel, -ENOENT, "there is no table inet %s", kernel->table);
	if (!err)
		err = kernel_dump(kernel, &dump);
	if (err) {
		free(data.values);
		return err;
	}
	*ret = data.values;
	*n = data.n;
	return 0;
}

struct window_dump {
	const char *table, *set;
	int64_t left;
};

static void ask_for_window(struct nlmsghdr *message, void *data)
{
	const struct window_dump *dump = data;

	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, dump->table);
	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, dump->set);
}

/* All elements of a window were added together: the longest time is the window's. */
static int add_element_time(const struct nlattr *attr, void *data)
{
	struct window_dump *dump = data;
	struct attrs element = attrs_parse_nested(attr);
	int64_t left = INT64_MAX; /* an element without a time stays for ever */

	if (element.by_type[NFTA_SET_ELEM_EXPIRATION])
		left = (int64_t)attrs_u64(&element, NFTA_SET_ELEM_EXPIRATION);
	else if (element.by_type[NFTA_SET_ELEM_TIMEOUT])
		left = (int64_t)attrs_u64(&element, NFTA_SET_ELEM_TIMEOUT);
	if (left > dump->left)
		dump->left = left;
	return MNL_CB_OK;
}

static int add_window_elements(const struct nlmsghdr *message, void *data)
{
	struct attrs attrs = attrs_parse(message);

	if (attrs.by_type[NFTA_SET_ELEM_LIST_ELEMENTS])
		mnl_attr_parse_nested(attrs.by_type[NFTA_SET_ELEM_LIST_ELEMENTS], add_element_time, data);
	return 0;
}

static void forget_window(void *data)
{
	((struct window_dump *)data)->left = 0;
}

int64_t kernel_window_left(struct kernel *kernel, const char *set)
{
	struct window_dump data = {.table = kernel->table, .set = set};
	struct dump dump = {
	        .type = NFT_MSG_GETSETELEM,
	        .family = NFPROTO_INET,
	        .build = ask_for_window,
	        .each = add_window_elements,
	        .restart = forget_window,
	        .data = &data,
	};
	int err = kernel_dump(kernel, &dump);

	return err ? err : data.left;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rules and elements, read between two looks at the generation: the same before and after, and nobody has changed rules
 * or sets meanwhile. Dumps of elements can be wrong all the same without a sign, when a change falls between; so each
 * set is read until it comes out twice the same.
 */
#include "kernel/see.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/attrs.h"
#include "kernel/session.h"
#include "util/array.h"

#define TRIES_MAX 5

/* Where an interval begins or ends, before they are put together. */
struct mark {
	u128 key;
	bool end;
};

struct set_reading {
	const char *table;
	struct arena *arena;
	const struct seen_set *set;
	uint32_t key_len;
	bool intervals, map;
	struct mark *marks;
	size_t n_marks, cap_marks;
	struct seen_service *services;
	size_t n_services, cap_services;
};

static void ask_for_elements(struct nlmsghdr *message, void *data)
{
	const struct set_reading *in = data;

	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, in->table);
	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, in->set->name);
}

/* Keys are in network order; a v4 address is the low end of a v6 one here. */
static bool read_key(const struct nlattr *attr, uint32_t len, u128 *ret)
{
	struct attrs data = attrs_parse_nested(attr);
	const struct nlattr *value = data.by_type[NFTA_DATA_VALUE];
	const uint8_t *bytes;

	if (!value || mnl_attr_get_payload_len(value) != len)
		return false;
	bytes = mnl_attr_get_payload(value);
	*ret = 0;
	for (uint32_t i = 0; i < len; i++)
		*ret = *ret << 8 | bytes[i];
	return true;
}

static void add_service(struct set_reading *in, const struct attrs *element, u128 key)
{
	struct attrs data = attrs_parse_nested(element->by_type[NFTA_SET_ELEM_DATA]), verdict;

	if (!data.by_type[NFTA_DATA_VERDICT])
		return;
	verdict = attrs_parse_nested(data.by_type[NFTA_DATA_VERDICT]);
	*ARRAY_PUSH(in->services, in->n_services, in->cap_services) =
	        (struct seen_service){key, arena_strdup(in->arena, attrs_text(&verdict, NFTA_VERDICT_CHAIN))};
}

static int add_element(const struct nlattr *attr, void *data)
{
	struct set_reading *in = data;
	struct attrs element = attrs_parse_nested(attr);
	bool end = attrs_u32(&element, NFTA_SET_ELEM_FLAGS) & NFT_SET_ELEM_INTERVAL_END;
	u128 key;

	if (!element.by_type[NFTA_SET_ELEM_KEY] ||
	    !read_key(element.by_type[NFTA_SET_ELEM_KEY], in->key_len, &key))
		return MNL_CB_OK;
	if (!in->map)
		*ARRAY_PUSH(in->marks, in->n_marks, in->cap_marks) = (struct mark){key, end};
	else if (element.by_type[NFTA_SET_ELEM_DATA])
		add_service(in, &element, key);
	return MNL_CB_OK;
}

static int add_elements(const struct nlmsghdr *message, void *data)
{
	struct attrs attrs = attrs_parse(message);

	if (attrs.by_type[NFTA_SET_ELEM_LIST_ELEMENTS])
		mnl_attr_parse_nested(attrs.by_type[NFTA_SET_ELEM_LIST_ELEMENTS], add_element, data);
	return 0;
}

static void forget_elements(void *data)
{
	struct set_reading *in = data;

	in->n_marks = in->n_services = 0;
}

/* An end comes before the beginning of what touches it. */
static int compare_marks(const void *a, const void *b)
{
	const struct mark *left = a, *right = b;

	if (left->key != right->key)
		return left->key < right->key ? -1 : 1;
	return right->end - left->end;
}

static void add_range(struct addr_set *addrs, uint32_t key_len, u128 lo, u128 hi)
{
	struct addr_range range = {.is_v6 = key_len > sizeof(uint32_t)};

	if (range.is_v6)
		range.v6 = (struct range6){.lo = lo, .hi = hi};
	else
		range.v4 = (struct range4){.lo = (uint32_t)lo, .hi = (uint32_t)hi};
	addr_set_add(addrs, &range);
}

/* A beginning without an end reaches to the last address. */
static void marks_to_addrs(struct set_reading *in, struct addr_set *ret)
{
	u128 last = in->key_len > sizeof(uint32_t) ? ~(u128)0 : UINT32_MAX;

	if (in->n_marks)
		qsort(in->marks, in->n_marks, sizeof(*in->marks), compare_marks);
	for (size_t i = 0; i < in->n_marks; i++) {
		bool closed = i + 1 < in->n_marks && in->marks[i + 1].end;

		if (in->marks[i].end)
			continue;
		add_range(ret, in->key_len, in->marks[i].key,
		          !in->intervals ? in->marks[i].key
		          : closed       ? in->marks[i + 1].key - 1
		                         : last);
	}
	addr_set_canonicalize(ret);
}

static int dump_set(struct kernel *kernel, struct set_reading *in)
{
	struct dump dump = {
	        .type = NFT_MSG_GETSETELEM,
	        .family = NFPROTO_INET,
	        .build = ask_for_elements,
	        .each = add_elements,
	        .restart = forget_elements,
	        .data = in,
	};

	forget_elements(in);
	return kernel_dump(kernel, &dump);
}

/* The order of a dump is the kernel's business. */
static uint64_t sum_of(const struct set_reading *in)
{
	uint64_t sum = in->n_marks + (in->n_services << 32);

	for (size_t i = 0; i < in->n_marks; i++) {
		uint64_t low = (uint64_t)in->marks[i].key, high = (uint64_t)(in->marks[i].key >> 64);

		sum += (low * 0x9e3779b97f4a7c15ull ^ high) * (in->marks[i].end ? 3 : 1) | 1;
	}
	return sum;
}

static int read_set(struct kernel *kernel, struct set_reading *in, struct seen_set *ret)
{
	uint64_t before = 0, now = 0;
	int err = 0;

	for (int i = 0; i < TRIES_MAX && !err; i++) {
		err = dump_set(kernel, in);
		now = sum_of(in);
		if (i > 0 && now == before)
			break;
		before = now;
	}
	marks_to_addrs(in, &ret->addrs);
	ret->is_v6 = in->key_len == sizeof(u128);
	ret->services = in->services;
	ret->n_services = in->n_services;
	free(in->marks);
	return err;
}

struct sets_reading {
	struct kernel *kernel;
	struct seen_table *table;
	struct set_reading *todo; /* by index in table->sets */
	size_t n_todo, cap_todo;
};

/* Sets of addresses, and maps from ports or addresses; not what rules fill themselves. */
static int note_set(const struct nlmsghdr *message, void *data)
{
	struct sets_reading *in = data;
	struct attrs attrs = attrs_parse(message);
	uint32_t flags = attrs_u32(&attrs, NFTA_SET_FLAGS), len = attrs_u32(&attrs, NFTA_SET_KEY_LEN);
	bool map = flags & NFT_SET_MAP;

	if (strcmp(attrs_text(&attrs, NFTA_SET_TABLE), in->kernel->table) != 0 ||
	    flags & (NFT_SET_ANONYMOUS | NFT_SET_TIMEOUT | NFT_SET_EVAL) ||
	    (len != sizeof(uint32_t) && len != sizeof(u128) && !(map && len == sizeof(uint16_t))))
		return 0;
	*ARRAY_PUSH(in->table->sets, in->table->n_sets, in->table->cap_sets) =
	        (struct seen_set){.name = arena_strdup(in->table->arena, attrs_text(&attrs, NFTA_SET_NAME))};
	*ARRAY_PUSH(in->todo, in->n_todo, in->cap_todo) = (struct set_reading){
	        .table = in->kernel->table,
	        .arena = in->table->arena,
	        .key_len = len,
	        .intervals = flags & NFT_SET_INTERVAL,
	        .map = map,
	};
	return 0;
}

static int note_rule(const struct nlmsghdr *message, void *data)
{
	struct sets_reading *in = data;
	struct attrs attrs = attrs_parse(message);

	if (strcmp(attrs_text(&attrs, NFTA_RULE_TABLE), in->kernel->table) == 0)
		see_rule(message, in->table->arena,
		         ARRAY_PUSH(in->table->rules, in->table->n_rules, in->table->cap_rules));
	return 0;
}

static void forget_sets(void *data)
{
	struct sets_reading *in = data;

	in->table->n_sets = in->n_todo = 0;
}

static void forget_rules(void *data)
{
	((struct sets_reading *)data)->table->n_rules = 0;
}

static int read_sets(struct sets_reading *in)
{
	int err = 0;

	for (size_t i = 0; i < in->n_todo && !err; i++) {
		in->todo[i].set = &in->table->sets[i];
		err = read_set(in->kernel, &in->todo[i], &in->table->sets[i]);
	}
	return err;
}

static int read_once(struct kernel *kernel, struct seen_table *ret)
{
	struct sets_reading in = {.kernel = kernel, .table = ret};
	struct dump sets = {.type = NFT_MSG_GETSET,
	                    .family = NFPROTO_INET,
	                    .each = note_set,
	                    .restart = forget_sets,
	                    .data = &in};
	struct dump rules = {.type = NFT_MSG_GETRULE,
	                     .family = NFPROTO_INET,
	                     .each = note_rule,
	                     .restart = forget_rules,
	                     .data = &in};
	struct table_names names = {0};
	int err = table_names_read(kernel, &names, false);

	ret->exists = names.exists;
	table_names_free(&names);
	if (!err && ret->exists)
		err = kernel_dump(kernel, &sets);
	if (!err && ret->exists)
		err = kernel_dump(kernel, &rules);
	if (!err)
		err = read_sets(&in);
	free(in.todo);
	return err;
}

int kernel_see(struct kernel *kernel, struct seen_table *ret)
{
	int err = 0;

	*ret = (struct seen_table){.arena = arena_new()};
	for (int i = 0; i < TRIES_MAX; i++) {
		uint32_t before = kernel_generation(kernel);

		err = read_once(kernel, ret);
		if (!err && before && kernel_generation(kernel) == before)
			return 0;
		seen_table_clear(ret);
		*ret = (struct seen_table){.arena = arena_new()};
		if (err == -EPERM)
			return err;
	}
	return err ? err : kernel_fail(kernel, -EBUSY, "somebody changes the nft tables all the time");
}

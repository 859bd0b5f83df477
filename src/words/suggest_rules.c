// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Few site rules for many flows. Sources that reach for the same port of the same host are one group; groups whose sources read the
 * same become one with several destinations; and those whose ends read the same, one with several ports. Addresses read as a
 * role when all of them hold it, and as a network when three or more are of one /24 (of IPv6, /64).
 */
#include "words/suggest.h"

#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "words/words.h"

#define NETWORK_HOSTS   3 /* of one network are written as that network */
#define NETWORK4_HOST   8 /* bits */
#define NETWORK6_HOST   64
#define NAME_MAX_LEN    32
#define ADDRS_ON_A_LINE 4

struct addr_list {
	struct addr *items;
	size_t n, cap;
};

struct group {
	enum proto proto;
	struct addr_list from, to;
	char *from_text, *to_text;
	uint16_t *ports;
	size_t n_ports, cap_ports;
	uint64_t count;
};

struct group_list {
	struct group *items;
	size_t n, cap;
};

static u128 addr_number(const struct addr *addr)
{
	return addr->is_v6 ? addr->v6 : addr->v4;
}

static int addr_compare(const void *a, const void *b)
{
	const struct addr *left = a, *right = b;

	if (left->is_v6 != right->is_v6)
		return left->is_v6 ? 1 : -1;
	return addr_number(left) < addr_number(right) ? -1 : addr_number(left) > addr_number(right);
}

/* Keeps the list sorted and free of doubles. */
static void addr_list_add(struct addr_list *list, const struct addr *addr)
{
	size_t at = list->n;

	while (at > 0 && addr_compare(&list->items[at - 1], addr) > 0)
		at--;
	if (at > 0 && addr_compare(&list->items[at - 1], addr) == 0)
		return;
	ARRAY_PUSH(list->items, list->n, list->cap);
	memmove(&list->items[at + 1], &list->items[at], (list->n - 1 - at) * sizeof(*list->items));
	list->items[at] = *addr;
}

static bool all_hold(const struct addr_set *addrs, const struct addr_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (addr_set_find(addrs, &list->items[i]) < 0)
			return false;
	return true;
}

/* "@prod.windows_agent" when every address holds it; returns whether there is such a role. */
static bool print_common_role(const struct policy *policy, const struct addr_list *list, FILE *out)
{
	for (size_t s = 0; s < policy->n_sections; s++)
		for (enum role role = 0; role < ROLE_MAX; role++)
			if (all_hold(&policy->sections[s].roles[role].addrs, list)) {
				fprintf(out, "@%s.%s", policy->sections[s].name, role_name(role));
				return true;
			}
	return false;
}

/* How many addresses from index on are of the network of the first of them. */
static size_t network_count(const struct addr_list *list, size_t index)
{
	const struct addr *first = &list->items[index];
	int host_bits = first->is_v6 ? NETWORK6_HOST : NETWORK4_HOST;
	size_t n = 1;

	while (index + n < list->n && list->items[index + n].is_v6 == first->is_v6 &&
	       addr_number(&list->items[index + n]) >> host_bits == addr_number(first) >> host_bits)
		n++;
	return n;
}

/* Prints the address at index, or the network that it and others are of; returns the index behind what was printed. */
static size_t print_some(const struct addr_list *list, size_t index, FILE *out)
{
	struct addr addr = list->items[index];
	size_t n = network_count(list, index);
	char text[ADDR_TEXT_MAX];

	if (n < NETWORK_HOSTS) {
		fputs(addr_format(&addr, text, sizeof(text)), out);
		return index + 1;
	}
	addr.v4 &= ~0u << NETWORK4_HOST;
	addr.v6 &= ~(u128)0 << NETWORK6_HOST;
	fprintf(out, "%s/%d", addr_format(&addr, text, sizeof(text)),
	        addr.is_v6 ? 128 - NETWORK6_HOST : 32 - NETWORK4_HOST);
	return index + n;
}

/* What stands behind "from =": to be freed. */
static char *list_text(const struct policy *policy, const struct addr_list *list)
{
	size_t size, printed = 0;
	char *text;
	FILE *out = words_begin(&text, &size);

	if (list->n < 2 || !print_common_role(policy, list, out))
		for (size_t i = 0; i < list->n; printed++) {
			if (printed)
				fputs(printed % ADDRS_ON_A_LINE ? ", " : ",\n\t", out);
			i = print_some(list, i, out);
		}
	return words_end(out, &text);
}

static void group_clear(struct group *group)
{
	free(group->from.items);
	free(group->to.items);
	free(group->ports);
	free(group->from_text);
	free(group->to_text);
	*group = (struct group){.n_ports = 0};
}

static void group_take_port(struct group *group, uint16_t port)
{
	size_t at = group->n_ports;

	while (at > 0 && group->ports[at - 1] > port)
		at--;
	ARRAY_PUSH(group->ports, group->n_ports, group->cap_ports);
	memmove(&group->ports[at + 1], &group->ports[at], (group->n_ports - 1 - at) * sizeof(*group->ports));
	group->ports[at] = port;
}

/* First stage: the group of the flow's host and port. */
static void add_flow(struct group_list *groups, const struct denied_flow *flow)
{
	const struct query *query = &flow->query;
	struct group *group = groups->items, *end = group ? group + groups->n : NULL;

	while (group < end && (group->proto != query->proto || group->ports[0] != query->port ||
	                       addr_compare(&group->to.items[0], &query->dst) != 0))
		group++;
	if (group == end) {
		group = ARRAY_PUSH(groups->items, groups->n, groups->cap);
		*group = (struct group){.proto = query->proto};
		group_take_port(group, query->port);
		addr_list_add(&group->to, &query->dst);
	}
	addr_list_add(&group->from, &query->src);
	group->count += flow->count;
}

/* Second stage: the same sources and port. */
static bool merge_destinations(struct group *into, const struct group *group)
{
	if (into->proto != group->proto || into->ports[0] != group->ports[0] ||
	    into->to.items[0].is_v6 != group->to.items[0].is_v6 ||
	    strcmp(into->from_text, group->from_text) != 0)
		return false;
	for (size_t i = 0; i < group->to.n; i++)
		addr_list_add(&into->to, &group->to.items[i]);
	return true;
}

/* Third stage: the same ends. ICMP has no ports, and one group for the same ends already. */
static bool merge_ports(struct group *into, const struct group *group)
{
	if (into->proto != group->proto || strcmp(into->from_text, group->from_text) != 0 ||
	    strcmp(into->to_text, group->to_text) != 0)
		return false;
	for (size_t i = 0; i < group->n_ports && group->proto != PROTO_ICMP; i++)
		group_take_port(into, group->ports[i]);
	return true;
}

static void merge_all(struct group_list *groups, bool (*merge)(struct group *into, const struct group *group))
{
	size_t kept = 0;

	for (size_t i = 0; i < groups->n; i++) {
		struct group group = groups->items[i];
		size_t at = 0;

		while (at < kept && !merge(&groups->items[at], &group))
			at++;
		if (at < kept) {
			groups->items[at].count += group.count;
			group_clear(&group);
		} else {
			groups->items[kept++] = group;
		}
	}
	groups->n = kept;
}

static bool name_is_taken(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->n_site_rules; i++)
		if (!strcmp(policy->site_rules[i].name, name))
			return true;
	return false;
}

/* "seen-1", or the next that the role file does not have. */
static const char *free_name(const struct policy *policy, unsigned *last, char *buf)
{
	do
		snprintf(buf, NAME_MAX_LEN, "seen-%u", ++*last);
	while (name_is_taken(policy, buf));
	return buf;
}

static void print_ports(const struct group *group, FILE *out)
{
	if (group->proto == PROTO_ICMP)
		fputs("echo-request", out);
	else
		for (size_t i = 0; i < group->n_ports; i++)
			fprintf(out, "%s%u", i ? ", " : "", group->ports[i]);
}

static void print_group(const struct group *group, const char *name, FILE *out)
{
	fprintf(out, "\n[site_rule %s]\nfrom = %s\nto = %s\nprotocol = %s\nports = ", name, group->from_text,
	        group->to_text, proto_name(group->proto));
	print_ports(group, out);
	fprintf(out, "\nphase = both\nreason = was denied, %llu packet%s logged, to be judged\n",
	        (unsigned long long)group->count, group->count == 1 ? "" : "s");
}

static void set_texts(const struct policy *policy, struct group_list *groups)
{
	for (size_t i = 0; i < groups->n; i++) {
		free(groups->items[i].from_text);
		free(groups->items[i].to_text);
		groups->items[i].from_text = list_text(policy, &groups->items[i].from);
		groups->items[i].to_text = list_text(policy, &groups->items[i].to);
	}
}

size_t suggest_rules_print(const struct policy *policy, const struct denied_flow *flows, size_t n, FILE *out)
{
	struct group_list groups = {.n = 0};
	char name[NAME_MAX_LEN];
	unsigned last = 0;
	size_t printed;

	for (size_t i = 0; i < n; i++)
		add_flow(&groups, &flows[i]);
	set_texts(policy, &groups);
	merge_all(&groups, merge_destinations);
	set_texts(policy, &groups);
	merge_all(&groups, merge_ports);
	for (size_t i = 0; i < groups.n; i++) {
		print_group(&groups.items[i], free_name(policy, &last, name), out);
		group_clear(&groups.items[i]);
	}
	printed = groups.n;
	free(groups.items);
	return printed;
}

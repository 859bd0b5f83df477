// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel read and made comparable. What it holds is told from rules and elements alone; what is there and no role
 * file can have made is named, and left out of the comparison.
 */
#include "cmd/kernel_side.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/conntrack.h"
#include "kernel/see.h"
#include "util/reply.h"

enum exit_code kernel_side_open(struct kernel_side *ret)
{
	const char *error = NULL;
	struct kernel *kernel;
	int r = kernel_open(&kernel, &error);

	if (r < 0) {
		fprintf(stderr, "omfwd: %s\n", error);
		return reply_code_of_errno(r);
	}
	r = kernel_see(kernel, &ret->table);
	if (r < 0)
		fprintf(stderr, "omfwd: %s\n", kernel_error(kernel));
	kernel_close(kernel);
	if (r < 0)
		return reply_code_of_errno(r);
	seen_openings(&ret->table, &ret->openings, &ret->strange, &ret->n_strange);
	ret->side = (struct diff_side){.name = "the kernel", .openings = &ret->openings};
	return CODE_DONE;
}

void kernel_side_close(struct kernel_side *side)
{
	free(side->strange);
	if (side->side.openings)
		openings_clear(&side->openings);
	seen_table_clear(&side->table);
}

static void say_strange(const struct kernel_side *kernel, json_t *list)
{
	for (size_t i = 0; i < kernel->n_strange; i++) {
		const struct seen_rule *rule = &kernel->table.rules[kernel->strange[i]];

		diff_say(list, "strange", "a rule in chain %s%s%s%s", rule->chain,
		         rule->verdict == SEEN_ACCEPT ? " that accepts"
		         : rule->verdict == SEEN_DROP ? " that drops"
		                                      : "",
		         *rule->comment ? ": " : "", rule->comment);
	}
}

static size_t rules_in(const struct seen_table *table, const char *chain)
{
	size_t n = 0;

	for (size_t i = 0; i < table->n_rules; i++)
		n += strcmp(table->rules[i].chain, chain) == 0;
	return n;
}

/* Rules that come or go without opening anything new: worth a word only when nothing else explains them. */
static void say_rule_counts(const struct kernel_side *kernel, const struct ruleset *ruleset, json_t *list)
{
	for (size_t i = 0; i < ruleset->n_chains; i++) {
		const struct nft_chain *chain = ruleset->chains[i];
		size_t n = rules_in(&kernel->table, chain->name);

		if (n != chain->n)
			diff_say(list, "rules",
			         "chain %s has %zu rules in the kernel, the role file makes %zu of it",
			         chain->name, n, chain->n);
	}
}

void kernel_side_add(const struct kernel_side *side, const struct ruleset *ruleset,
                     const struct opening_diff *diff, json_t *json)
{
	json_t *strange = json_array(), *changes = json_object_get(json, "changes");

	say_strange(side, strange);
	if (!side->table.exists)
		json_array_insert_new(
		        changes, 0,
		        json_pack("{s:s, s:s}", "what", "table", "sentence",
		                  "there is no nft table inet omfwd: so far nothing is denied"));
	else if (opening_diff_is_empty(diff) && json_array_size(changes) == 0)
		say_rule_counts(side, ruleset, changes);
	if (json_array_size(strange) > 0 || json_array_size(changes) > 0)
		json_object_set_new(json, "same", json_false());
	json_object_set_new(json, "strange", strange);
}

/* Entries that are open now and in what closes. */
struct cut_count {
	const struct opening_diff *diff;
	size_t n;
};

static bool count_entry(const struct conntrack_entry *entry, void *data)
{
	struct cut_count *count = data;
	struct query query = {.src = entry->src, .dst = entry->dst, .port = entry->dst_port};

	if (entry->proto == IPPROTO_TCP)
		query.proto = PROTO_TCP;
	else if (entry->proto == IPPROTO_UDP)
		query.proto = PROTO_UDP;
	else
		return false;
	for (size_t i = 0; i < count->diff->n_closes; i++) {
		const struct opening_change *change = &count->diff->closes[i];

		if (change->judged && box_has(&change->box, &query)) {
			count->n++;
			break;
		}
	}
	return false;
}

/* How many connections are alive that lose their line; -1: the kernel does not tell. */
static json_int_t count_cut(const struct opening_diff *diff)
{
	struct cut_count count = {.diff = diff};
	struct conntrack_tally tally = {0};
	struct conntrack *conntrack;
	int r = conntrack_open(&conntrack);

	if (r < 0)
		return -1;
	r = conntrack_dump_begin(conntrack);
	if (r == 0)
		r = 1;
	while (r > 0) {
		struct pollfd ready = {.fd = conntrack_fd(conntrack), .events = POLLIN};

		poll(&ready, 1, -1);
		r = conntrack_dump_piece(conntrack, count_entry, &count, &tally);
	}
	conntrack_close(conntrack);
	return r < 0 ? -1 : (json_int_t)count.n;
}

void kernel_side_add_cut(const struct opening_diff *diff, json_t *json)
{
	json_t *list = json_array();
	json_int_t n = diff->n_closes ? count_cut(diff) : 0;

	if (n > 0)
		diff_say(list, "cut", "%lld connection%s that %s alive now, with the next packet",
		         (long long)n, n == 1 ? "" : "s", n == 1 ? "is" : "are");
	else if (n < 0)
		diff_say(list, "cut",
		         "what closes, with the next packet; how many connections the kernel does not say");
	json_object_set_new(json, "cut", list);
	json_object_set_new(json, "cut_connections", n < 0 ? json_null() : json_integer(n));
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading what others do to the nft table: whose, which table, what; and nothing at all from what is malformed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/monitor.h"

#define PORT 4711

/* A datagram in the making. */
static char buf[64 * 1024] __attribute__((aligned(8)));
static size_t used;
static struct monitor_group group;

static int setup(void **state)
{
	(void)state;
	used = 0;
	group = (struct monitor_group){.n = 0};
	return 0;
}

static struct nlmsghdr *message_begin(uint16_t type, uint8_t family)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buf + used);
	struct nfgenmsg *header;

	message->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	message->nlmsg_pid = PORT;
	header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	header->nfgen_family = family;
	return message;
}

static void message_end(const struct nlmsghdr *message)
{
	used += MNL_ALIGN(message->nlmsg_len);
}

/* An event of a table of a family; the name is that of whatever the event is about. */
static void add_event_of(uint16_t type, uint8_t family, const char *table, uint16_t name_attr,
                         const char *name)
{
	struct nlmsghdr *message = message_begin(type, family);

	mnl_attr_put_strz(message, 1, table);
	if (name)
		mnl_attr_put_strz(message, name_attr, name);
	message_end(message);
}

static void add_event(uint16_t type, uint16_t name_attr, const char *name)
{
	add_event_of(type, NFPROTO_INET, "omfwd", name_attr, name);
}

static void add_generation(uint32_t generation, uint32_t pid, const char *process)
{
	struct nlmsghdr *message = message_begin(NFT_MSG_NEWGEN, AF_UNSPEC);

	mnl_attr_put_u32(message, NFTA_GEN_ID, htonl(generation));
	mnl_attr_put_u32(message, NFTA_GEN_PROC_PID, htonl(pid));
	mnl_attr_put_strz(message, NFTA_GEN_PROC_NAME, process);
	message_end(message);
}

static int parse(size_t *offset)
{
	return monitor_parse(&group, "omfwd", buf, used, offset);
}

/* The whole buffer is one group, described like this. */
static void expect_description(const char *want)
{
	char text[200];
	size_t offset = 0;

	assert_int_equal(parse(&offset), 1);
	assert_int_equal(offset, used);
	monitor_group_describe(&group, text, sizeof(text));
	assert_string_equal(text, want);
}

static void test_who_and_what(void **state)
{
	(void)state;
	add_event(NFT_MSG_NEWRULE, NFTA_RULE_CHAIN, "forward");
	add_event(NFT_MSG_NEWRULE, NFTA_RULE_CHAIN, "forward");
	add_generation(77, 123, "nft");
	expect_description("added 2 rules to chain forward");
	assert_int_equal(group.generation, 77);
	assert_int_equal(group.pid, 123);
	assert_int_equal(group.port, PORT);
	assert_string_equal(group.process, "nft");
	assert_int_equal(group.n, 1);
	assert_int_equal(group.changes[0].count, 2);
	assert_true(monitor_group_has(&group, MONITOR_RULE, false, "forward"));
	assert_true(monitor_group_has(&group, MONITOR_RULE, false, NULL));
	assert_false(monitor_group_has(&group, MONITOR_RULE, true, NULL));
	assert_false(monitor_group_has(&group, MONITOR_RULE, false, "input"));
}

static void test_deleted_element(void **state)
{
	(void)state;
	add_event(NFT_MSG_DELSETELEM, NFTA_SET_ELEM_LIST_SET, "prod.agent.hosts4");
	add_generation(5, 1, "python3");
	expect_description("deleted 1 element from set prod.agent.hosts4");
}

/* Rules of many chains are one thing, elements of many sets are not. */
static void test_many_chains_and_sets(void **state)
{
	(void)state;
	add_event(NFT_MSG_DELRULE, NFTA_RULE_CHAIN, "input");
	add_event(NFT_MSG_DELRULE, NFTA_RULE_CHAIN, "forward");
	add_event(NFT_MSG_DELRULE, NFTA_RULE_CHAIN, "forward");
	add_event(NFT_MSG_NEWSETELEM, NFTA_SET_ELEM_LIST_SET, "a");
	add_event(NFT_MSG_NEWSETELEM, NFTA_SET_ELEM_LIST_SET, "b");
	add_event(NFT_MSG_NEWCHAIN, NFTA_CHAIN_NAME, "c");
	add_generation(5, 1, "nft");
	expect_description(
	        "deleted 3 rules of several chains, added 1 element to set a, added 1 element to set "
	        "b and more");
	assert_int_equal(group.n, 4);
}

static void test_flush_ruleset(void **state)
{
	(void)state;
	add_event(NFT_MSG_DELRULE, NFTA_RULE_CHAIN, "input");
	add_event(NFT_MSG_DELSET, NFTA_SET_NAME, "install_window");
	add_event(NFT_MSG_DELCHAIN, NFTA_CHAIN_NAME, "input");
	add_event(NFT_MSG_DELTABLE, NFTA_TABLE_NAME, NULL);
	add_generation(5, 1, "nft");
	expect_description("deleted the table");
	assert_true(monitor_group_has(&group, MONITOR_SET, true, "install_window"));
}

static void test_other_tables_are_nothing(void **state)
{
	size_t offset = 0;

	(void)state;
	add_event_of(NFT_MSG_DELTABLE, NFPROTO_INET, "other", NFTA_TABLE_NAME, NULL);
	add_event_of(NFT_MSG_DELTABLE, NFPROTO_IPV4, "omfwd", NFTA_TABLE_NAME, NULL);
	add_event_of(NFT_MSG_NEWRULE, NFPROTO_INET, "omfwd2", NFTA_RULE_CHAIN, "omfwd");
	add_generation(8, 1, "dockerd");
	assert_int_equal(parse(&offset), 1);
	assert_int_equal(group.n, 0);
	assert_int_equal(group.generation, 8);
}

/* A group may come in several datagrams, and several groups in one. */
static void test_groups_and_datagrams(void **state)
{
	size_t offset = 0;

	(void)state;
	add_event(NFT_MSG_NEWRULE, NFTA_RULE_CHAIN, "forward");
	assert_int_equal(parse(&offset), 0);
	assert_int_equal(group.n, 1);
	used = offset = 0;
	add_generation(8, 1, "nft");
	add_event(NFT_MSG_NEWSET, NFTA_SET_NAME, "evil");
	add_generation(9, 2, "nft");
	assert_int_equal(parse(&offset), 1);
	assert_int_equal(group.n, 1);
	assert_int_equal(group.generation, 8);
	group.n = 0;
	assert_int_equal(parse(&offset), 1);
	assert_int_equal(group.generation, 9);
	assert_true(monitor_group_has(&group, MONITOR_SET, false, "evil"));
	assert_int_equal(offset, used);
}

static void test_more_than_can_be_told_apart(void **state)
{
	char name[16];
	size_t offset = 0;

	(void)state;
	for (int i = 0; i <= MONITOR_CHANGES_MAX; i++) {
		assert_false(group.overflow);
		used = offset = 0;
		snprintf(name, sizeof(name), "set%d", i);
		add_event(NFT_MSG_NEWSETELEM, NFTA_SET_ELEM_LIST_SET, name);
		assert_int_equal(parse(&offset), 0);
	}
	assert_true(group.overflow);
	assert_int_equal(group.n, MONITOR_CHANGES_MAX);
}

/* However much is in the table, its end is told. */
static void test_a_full_table_that_goes(void **state)
{
	char name[32];

	(void)state;
	for (int i = 0; i < MONITOR_CHANGES_MAX + 5; i++) {
		snprintf(name, sizeof(name), "set%d", i);
		add_event(NFT_MSG_DELSET, NFTA_SET_NAME, name);
	}
	add_event(NFT_MSG_DELTABLE, NFTA_TABLE_NAME, NULL);
	add_generation(9, 100, "nft");
	expect_description("deleted the table");
	assert_true(group.overflow);
}

static void test_names_are_made_printable(void **state)
{
	(void)state;
	add_event(NFT_MSG_NEWSET, NFTA_SET_NAME, "a\x1b[2Jb");
	add_generation(8, 1, "n\nft");
	expect_description("added the set a?[2Jb");
	assert_string_equal(group.process, "n?ft");
}

/* Parses the first len bytes where nothing else lies behind them, for the sanitizer to see. */
static int parse_copy(const char *bytes, size_t len)
{
	char *copy = malloc(len ? len : 1);
	size_t offset = 0;
	int r;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	group = (struct monitor_group){.n = 0};
	do
		r = monitor_parse(&group, "omfwd", copy, len, &offset);
	while (r == 1 && offset < len);
	free(copy);
	return r;
}

static void build_sample(void)
{
	add_event(NFT_MSG_NEWRULE, NFTA_RULE_CHAIN, "forward");
	add_event(NFT_MSG_DELSETELEM, NFTA_SET_ELEM_LIST_SET, "prod.agent.hosts4");
	add_generation(77, 123, "nft");
}

static void test_truncated_anywhere(void **state)
{
	(void)state;
	build_sample();
	for (size_t len = 0; len < used; len++) {
		int r = parse_copy(buf, len);
		bool between = len == 0;

		for (size_t at = 0; at < len;) {
			at += MNL_ALIGN(((const struct nlmsghdr *)(buf + at))->nlmsg_len);
			between = at == len;
		}
		assert_int_equal(r, between ? 0 : -EBADMSG);
	}
	assert_int_equal(parse_copy(buf, used), 1);
}

/* Every byte gets every value: lengths that lie must be refused or harmless. */
static void test_mutated_anywhere(void **state)
{
	size_t refused = 0;

	(void)state;
	build_sample();
	for (size_t i = 0; i < used; i++) {
		char saved = buf[i];

		for (int value = 0; value < 256; value++) {
			buf[i] = (char)value;
			refused += parse_copy(buf, used) == -EBADMSG;
		}
		buf[i] = saved;
	}
	assert_true(refused > 0);
}

static void test_header_too_short(void **state)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buf);

	(void)state;
	message->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE;
	used = message->nlmsg_len;
	assert_int_equal(parse_copy(buf, used), -EBADMSG);
	message->nlmsg_len = 0;
	assert_int_equal(parse_copy(buf, used), -EBADMSG);
}

static void test_names_without_end(void **state)
{
	struct nlmsghdr *message = message_begin(NFT_MSG_NEWRULE, NFPROTO_INET);

	(void)state;
	mnl_attr_put(message, NFTA_RULE_TABLE, 5, "omfwd");
	mnl_attr_put(message, NFTA_RULE_CHAIN, 7, "forward");
	message_end(message);
	assert_int_equal(parse_copy(buf, used), 0);
	assert_int_equal(group.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(test_who_and_what, setup),
	        cmocka_unit_test_setup(test_deleted_element, setup),
	        cmocka_unit_test_setup(test_many_chains_and_sets, setup),
	        cmocka_unit_test_setup(test_flush_ruleset, setup),
	        cmocka_unit_test_setup(test_other_tables_are_nothing, setup),
	        cmocka_unit_test_setup(test_groups_and_datagrams, setup),
	        cmocka_unit_test_setup(test_more_than_can_be_told_apart, setup),
	        cmocka_unit_test_setup(test_names_are_made_printable, setup),
	        cmocka_unit_test_setup(test_truncated_anywhere, setup),
	        cmocka_unit_test_setup(test_a_full_table_that_goes, setup),
	        cmocka_unit_test_setup(test_mutated_anywhere, setup),
	        cmocka_unit_test_setup(test_header_too_short, setup),
	        cmocka_unit_test_setup(test_names_without_end, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Flowtables as a kernel lists them, with answers made by hand: names that are there, messages that lack one, a list that
 * is interrupted, and kernels that do not know the question.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "kernel/flowtables.h"
#include "kernel/session.h"
#include "util/array.h"

#define ROOM 512

/* One message of the list; NULL: the attribute is not there. */
struct listed {
	uint8_t family;
	const char *table, *name;
};

/* What the kernel answers to the dump. */
static struct {
	const struct listed *listed;
	size_t n;
	size_t interrupted_after; /* so many messages, and once; 0: never */
	int err;
} answer;

static struct nlmsghdr *message_make(char *buf, uint16_t type, const struct listed *listed)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

	message->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	header->nfgen_family = listed->family;
	if (listed->table)
		mnl_attr_put_strz(message, NFTA_FLOWTABLE_TABLE, listed->table);
	mnl_attr_put_u32(message, NFTA_FLOWTABLE_USE, 1);
	if (listed->name)
		mnl_attr_put_strz(message, NFTA_FLOWTABLE_NAME, listed->name);
	return message;
}

/* Instead of the session's: asks nobody. */
int kernel_dump(struct kernel *kernel, const struct dump *dump)
{
	char buf[ROOM];

	(void)kernel;
	assert_int_equal(dump->type, NFT_MSG_GETFLOWTABLE);
	assert_int_equal(dump->family, NFPROTO_UNSPEC);
	for (size_t i = 0; i < answer.interrupted_after; i++)
		dump->each(message_make(buf, NFT_MSG_NEWFLOWTABLE, &answer.listed[i]), dump->data);
	if (answer.interrupted_after)
		dump->restart(dump->data);
	for (size_t i = 0; i < answer.n; i++)
		dump->each(message_make(buf, NFT_MSG_NEWFLOWTABLE, &answer.listed[i]), dump->data);
	return answer.err;
}

static const struct listed two[] = {{NFPROTO_INET, "firewall", "fastpath"}, {NFPROTO_IPV6, "t", "f"}};

static void test_all_are_listed(void **state)
{
	static const size_t interruptions[] = {0, 1, 2};
	struct flowtable *list;
	size_t n;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(interruptions); i++) {
		answer.listed = two;
		answer.n = 2;
		answer.interrupted_after = interruptions[i];
		answer.err = 0;
		assert_int_equal(kernel_flowtables(NULL, &list, &n), 0);
		assert_int_equal(n, 2);
		assert_string_equal(list[0].name, "inet firewall fastpath");
		assert_string_equal(list[1].name, "ip6 t f");
		free(list);
	}
}

/* The rest of the list counts all the same. */
static void test_message_without_name_is_passed_over(void **state)
{
	static const struct listed lacking[] = {
	        {NFPROTO_INET, "firewall", NULL}, {NFPROTO_INET, NULL, "f"}, {NFPROTO_BRIDGE, "t", "f"}};
	struct flowtable *list;
	size_t n;

	(void)state;
	answer.listed = lacking;
	answer.n = ARRAY_SIZE(lacking);
	answer.interrupted_after = 0;
	answer.err = 0;
	assert_int_equal(kernel_flowtables(NULL, &list, &n), 0);
	assert_int_equal(n, 1);
	assert_string_equal(list[0].name, "bridge t f");
	free(list);
}

/* Not knowing flowtables is to have none; any other error is one. */
static void test_errors(void **state)
{
	static const struct {
		int err, result;
	} errors[] = {{-EOPNOTSUPP, 0}, {-EINVAL, 0}, {-ENOENT, 0}, {-EPERM, -EPERM}, {-ENOBUFS, -ENOBUFS}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		struct flowtable *list = NULL;
		size_t n = 7;

		answer.listed = two;
		answer.n = errors[i].result ? 1 : 0; /* what had come until then is freed */
		answer.interrupted_after = 0;
		answer.err = errors[i].err;
		assert_int_equal(kernel_flowtables(NULL, &list, &n), errors[i].result);
		assert_null(list);
		assert_int_equal(n, errors[i].result ? 7 : 0);
	}
}

static void test_parse(void **state)
{
	static const struct listed of_nobody = {200, "t", "f"};
	struct flowtable flowtable = {.name = "as it was"};
	struct nlmsghdr *message;
	char buf[ROOM];

	(void)state;
	assert_int_equal(flowtable_parse(message_make(buf, NFT_MSG_NEWTABLE, two), &flowtable), -EBADMSG);
	message = message_make(buf, NFT_MSG_NEWFLOWTABLE, two);
	message->nlmsg_len = NLMSG_HDRLEN + 2;
	assert_int_equal(flowtable_parse(message, &flowtable), -EBADMSG);
	message = message_make(buf, NFT_MSG_NEWFLOWTABLE, two);
	message->nlmsg_len -= 4; /* the last name is not terminated any more, and not there */
	assert_int_equal(flowtable_parse(message, &flowtable), -EBADMSG);
	assert_string_equal(flowtable.name, "as it was");
	assert_int_equal(flowtable_parse(message_make(buf, NFT_MSG_NEWFLOWTABLE, &of_nobody), &flowtable), 0);
	assert_string_equal(flowtable.name, "unknown t f");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_all_are_listed),
	        cmocka_unit_test(test_message_without_name_is_passed_over),
	        cmocka_unit_test(test_errors),
	        cmocka_unit_test(test_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

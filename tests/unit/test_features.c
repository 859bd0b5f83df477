// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Features switched off one at a time, on the real kernel: what a kernel without a feature does not know is altered on its
 * way, into something that no kernel knows. So it is the kernel who says no, with the error it has for that, and all
 * that is built on the answer (src/kernel/features.c, the engine) is tried both ways.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

#include "agent/engine.h"
#include "kernel/kernel.h"
#include "util/array.h"
#include "util/reply.h"

#define BATCH_MAX    (1 << 20)
#define UNKNOWN_FLAG 0x80000000u

/* A feature as it shows in a message: a bit of its flags, or an expression's name. */
struct feature {
	uint16_t type;   /* NFT_MSG_* */
	const char *set; /* of this set alone; NULL: whatever it is about */
	uint16_t flags;  /* the attribute with the flags; 0: none */
	uint32_t flag;   /* ... and which of them */
	const char *expression;
	bool family; /* tables of this family */
	const char *missing;
};

static const struct feature needed[] = {
        {NFT_MSG_NEWTABLE, .family = true, .missing = "tables of the inet family"},
        {NFT_MSG_NEWRULE, .expression = "ct",
         .missing = "matching by the addresses of a connection (nft_ct)"},
        {NFT_MSG_NEWRULE, .expression = "objref", .missing = "named counters (nft_objref, nft_counter)"},
        {NFT_MSG_NEWSET, "window", NFTA_SET_FLAGS, NFT_SET_TIMEOUT, .missing = "set elements with a timeout"},
        {NFT_MSG_NEWRULE, .expression = "reject", .missing = "reject (nft_reject_inet)"},
        {NFT_MSG_NEWRULE, .expression = "limit",
         .missing = "limited logging to a netlink group (nft_limit, nft_log, nfnetlink_log)"},
        {NFT_MSG_NEWRULE, .expression = "log",
         .missing = "limited logging to a netlink group (nft_limit, nft_log, nfnetlink_log)"},
        {NFT_MSG_NEWSET, "concatenated", NFTA_SET_FLAGS, NFT_SET_CONCAT,
         .missing = "interval sets of a kernel of 5.10 or newer"},
};

static const struct feature owner = {NFT_MSG_NEWTABLE, .flags = NFTA_TABLE_FLAGS, .flag = 0x2},
                            persist = {NFT_MSG_NEWTABLE, .flags = NFTA_TABLE_FLAGS, .flag = 0x4};

/* What this kernel has not got, and how often that has mattered; or an error of sending itself. */
static struct {
	const struct feature *feature;
	size_t altered;
	int error;
} off;

static struct nlattr *find_attr(const struct nlmsghdr *message, uint16_t type)
{
	char *at = mnl_nlmsg_get_payload_offset(message, sizeof(struct nfgenmsg)),
	     *end = mnl_nlmsg_get_payload_tail(message);

	for (struct nlattr *attr = (struct nlattr *)at; mnl_attr_ok(attr, (int)(end - (char *)attr));
	     attr = mnl_attr_next(attr))
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

static bool is_about_set(const struct nlmsghdr *message, const char *set)
{
	const struct nlattr *name = find_attr(message, NFTA_SET_NAME);

	return name && strcmp(mnl_attr_get_str(name), set) == 0;
}

static bool alter_flags(struct nlmsghdr *message, const struct feature *feature)
{
	struct nlattr *attr = find_attr(message, feature->flags);
	uint32_t flags = attr ? ntohl(mnl_attr_get_u32(attr)) : 0;

	if (!(flags & feature->flag))
		return false;
	flags = htonl(flags | UNKNOWN_FLAG);
	memcpy(mnl_attr_get_payload(attr), &flags, sizeof(flags));
	return true;
}

/* NFTA_EXPR_NAME, with its header: the name is not found elsewhere by chance. */
static bool alter_expression(struct nlmsghdr *message, const char *name)
{
	struct nlattr header = {.nla_len = (uint16_t)(sizeof(header) + strlen(name) + 1),
	                        .nla_type = NFTA_EXPR_NAME};
	char wanted[32];
	char *found;

	memcpy(wanted, &header, sizeof(header));
	strcpy(wanted + sizeof(header), name);
	found = memmem(message, message->nlmsg_len, wanted, header.nla_len);
	if (found)
		found[sizeof(header)] = 'X';
	return found;
}

static bool alter(struct nlmsghdr *message, const struct feature *feature)
{
	struct nfgenmsg *header = mnl_nlmsg_get_payload(message);

	if (message->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | feature->type) ||
	    (feature->set && !is_about_set(message, feature->set)))
		return false;
	if (feature->family)
		header->nfgen_family = UINT8_MAX;
	return feature->family || (feature->expression && alter_expression(message, feature->expression)) ||
	       (feature->flags && alter_flags(message, feature));
}

static void alter_all(char *bytes, size_t len)
{
	int left = (int)len;

	for (struct nlmsghdr *message = (struct nlmsghdr *)bytes; mnl_nlmsg_ok(message, left);
	     message = mnl_nlmsg_next(message, &left))
		off.altered += alter(message, off.feature);
}

/* This program's own comes before that of glibc. */
ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	static char bytes[BATCH_MAX] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct iovec iov = {.iov_base = bytes};
	struct msghdr altered = *message;

	if (off.error) {
		errno = off.error;
		return -1;
	}
	if (!off.feature)
		return syscall(SYS_sendmsg, fd, message, flags);
	for (size_t i = 0; i < message->msg_iovlen; i++) {
		if (iov.iov_len + message->msg_iov[i].iov_len > sizeof(bytes))
			abort();
		memcpy(bytes + iov.iov_len, message->msg_iov[i].iov_base, message->msg_iov[i].iov_len);
		iov.iov_len += message->msg_iov[i].iov_len;
	}
	alter_all(bytes, iov.iov_len);
	altered.msg_iov = &iov;
	altered.msg_iovlen = 1;
	return syscall(SYS_sendmsg, fd, &altered, flags);
}

static int probe(struct kernel_features *ret)
{
	struct kernel *kernel;
	const char *error;
	int err;

	assert_int_equal(kernel_open(&kernel, &error), 0);
	err = kernel_probe(kernel, ret);
	kernel_close(kernel);
	return err;
}

static int all_on(void **state)
{
	(void)state;
	memset(&off, 0, sizeof(off));
	return 0;
}

static void test_each_needed_feature(void **state)
{
	struct kernel_features features;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		off.feature = &needed[i];
		off.altered = 0;
		assert_int_equal(probe(&features), 0);
		assert_true(off.altered > 0);
		assert_false(features.supported);
		assert_string_equal(features.missing, needed[i].missing);
		off.feature = NULL;
		assert_int_equal(probe(&features), 0);
		assert_true(features.supported);
	}
}

/* A kernel that knows owners but not those who leave their table behind, and one that knows neither. */
static void test_owners(void **state)
{
	struct kernel_features all, without;

	(void)state;
	assert_int_equal(probe(&all), 0);
	assert_true(all.supported);
	off.feature = &persist;
	assert_int_equal(probe(&without), 0);
	assert_true(off.altered > 0 && without.supported);
	assert_false(without.persist);
	assert_int_equal(without.owner, all.owner);
	off.feature = &owner;
	assert_int_equal(probe(&without), 0);
	assert_true(without.supported);
	assert_false(without.owner || without.persist);
}

/* What says nothing of the kernel is no missing feature. */
static void test_other_errors(void **state)
{
	static const int errors[] = {ENOBUFS, EPERM, EMSGSIZE, ENOMEM};
	struct kernel_features features;
	struct kernel *kernel;
	const char *error;

	(void)state;
	assert_int_equal(kernel_open(&kernel, &error), 0);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		off.error = errors[i];
		assert_int_equal(kernel_probe(kernel, &features), -errors[i]);
		assert_non_null(strstr(kernel_error(kernel), "sending to netfilter failed"));
	}
	off.error = 0;
	kernel_close(kernel);
}

static char dir[64], config[96];

static void config_write(const char *own_table)
{
	FILE *file = fopen(config, "w");

	assert_non_null(file);
	fprintf(file,
	        "[omfwd]\nown_table = %s\n[roles prod]\nmanagement_server = 10.0.1.11\n"
	        "windows_agent = 10.1.0.0/16\n",
	        own_table);
	fclose(file);
}

static int make_dir(void **state)
{
	strcpy(dir, "/tmp/test_features.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(config, sizeof(config), "%s/omfwd.conf", dir);
	config_write("no");
	return all_on(state);
}

static int remove_dir(void **state)
{
	char command[128];
	struct kernel *kernel;
	const char *error;
	bool existed;

	all_on(state);
	if (kernel_open(&kernel, &error) < 0 || kernel_remove(kernel, &existed) < 0)
		return -1;
	kernel_close(kernel);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static enum exit_code open_and_load(struct engine *engine, json_t *reply)
{
	const struct engine_config engine_config = {.config = config, .state_dir = dir, .watched = true};
	enum exit_code code = engine_open(engine, &engine_config, reply);

	return code == CODE_DONE ? engine_load(engine, reply) : code;
}

static void assert_says(const json_t *reply, const char *what)
{
	char *text = json_dumps(reply, 0);

	assert_non_null(text);
	if (!strstr(text, what))
		fail_msg("\"%s\" is not in: %s", what, text);
	free(text);
}

static void expect_table(bool exists, bool owned)
{
	struct table_state table;
	struct kernel *kernel;
	const char *error;

	assert_int_equal(kernel_open(&kernel, &error), 0);
	assert_int_equal(kernel_table_state(kernel, &table), 0);
	assert_int_equal(table.exists, exists);
	assert_int_equal(table.owned, owned);
	kernel_close(kernel);
}

/* Nothing is half done: no table without the feature, and one that is there stays as it is. */
static void test_engine_says_what_is_missing(void **state)
{
	struct engine engine;

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(needed); i++) {
		json_t *reply = reply_new();
		char wanted[128];

		off.feature = &needed[i / 2];
		snprintf(wanted, sizeof(wanted),
		         "this kernel lacks %s; the oldest that has everything is 5.10",
		         off.feature->missing);
		assert_int_equal(open_and_load(&engine, reply), CODE_UNAVAILABLE);
		assert_says(reply, wanted);
		json_decref(reply);
		off.feature = NULL;
		expect_table(i > 0, false);
		if (i % 2)
			continue;
		reply = reply_new();
		assert_int_equal(open_and_load(&engine, reply), CODE_DONE);
		json_decref(reply);
		engine_close(&engine);
	}
}

static void expect_own(const char *own_table, bool owned, const char *warning)
{
	json_t *reply = reply_new(), *complaints;
	struct engine engine;
	bool existed;

	config_write(own_table);
	assert_int_equal(open_and_load(&engine, reply), CODE_DONE);
	complaints = reply_complaints(reply);
	assert_int_equal(json_array_size(complaints), warning ? 1 : 0);
	if (warning)
		assert_says(complaints, warning);
	expect_table(true, owned);
	assert_int_equal(engine_remove(&engine, &existed, reply), CODE_DONE);
	engine_close(&engine);
	json_decref(complaints);
	json_decref(reply);
}

/* Wanted by name it is missed aloud; by itself it is taken where it can be had. */
static void test_owned_where_possible(void **state)
{
	static const char warning[] = "own_table = yes needs Linux 6.9; others can change the table";
	struct kernel_features features;

	(void)state;
	assert_int_equal(probe(&features), 0);
	setenv("NOTIFY_SOCKET", "/nonexistent", 1);
	expect_own("yes", features.persist, features.persist ? NULL : warning);
	expect_own("auto", features.persist, NULL);
	off.feature = &persist;
	expect_own("yes", false, warning);
	expect_own("auto", false, NULL);
	off.feature = &owner;
	expect_own("yes", false, warning);
	expect_own("no", false, NULL);
	unsetenv("NOTIFY_SOCKET");
}

#define ENGINE_TEST(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(test_each_needed_feature, all_on),
	        cmocka_unit_test_setup(test_owners, all_on),
	        cmocka_unit_test_setup(test_other_errors, all_on),
	        ENGINE_TEST(test_engine_says_what_is_missing),
	        ENGINE_TEST(test_owned_where_possible),
	};

	if (unshare(CLONE_NEWNET) < 0) {
		fprintf(stderr, "test_features: SKIPPED: needs root for a network namespace of its own\n");
		return getenv("CI") ? 1 : 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

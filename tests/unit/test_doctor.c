/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The doctor on a /proc of the test's own; and nft's version from the bytes of a program. */
#include "doctor/doctor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "doctor/nft_version.h"
#include "util/reply.h"

static char root[64];

static int root_make(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/test_doctor.XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int root_remove(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

/* Writes a file below the test's /proc, and the directories it needs. */
static void proc_write(const char *path, const char *text)
{
	char full[256];
	FILE *file;

	snprintf(full, sizeof(full), "%s/%s", root, path);
	for (char *slash = full + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(full, 0755);
		*slash = '/';
	}
	file = fopen(full, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* What is found with a role file that is empty: nothing but what the machine itself says. Release the reply. */
static json_t *examine(void)
{
	char path[128];
	struct diag_list diags = {0};
	struct policy *policy;
	struct lines lines;
	json_t *reply;

	proc_write("omfwd.conf", "[omfwd]\n");
	snprintf(path, sizeof(path), "%s/omfwd.conf", root);
	policy = policy_load(path, 0, &diags);
	assert_non_null(policy);
	lines = policy_compile(policy);
	reply = doctor_examine(&(const struct doctor_question){
	        .policy = policy, .lines = &lines, .proc = root, .state_dir = root, .run_dir = root});
	policy_free(policy);
	diag_clear(&diags);
	return reply;
}

static void expect(enum exit_code code, const char *words)
{
	json_t *reply = examine();
	const char *text = json_string_value(json_object_get(reply, "text"));

	assert_int_equal(reply_code(reply), code);
	if (!strstr(text, words))
		fail_msg("no \"%s\" in:\n%s", words, text);
	json_decref(reply);
}

static void test_full_conntrack(void **state)
{
	(void)state;
	proc_write("sys/net/netfilter/nf_conntrack_count", "7999\n");
	proc_write("sys/net/netfilter/nf_conntrack_max", "10000\n");
	expect(CODE_DONE, "nothing wrong");
	proc_write("sys/net/netfilter/nf_conntrack_count", "8000\n");
	expect(CODE_NO, "holds 8000 of at most 10000");
	expect(CODE_NO, "sysctl -w net.netfilter.nf_conntrack_max=20000");
}

/* A note: it does not count. */
static void test_legacy_iptables(void **state)
{
	(void)state;
	proc_write("net/ip_tables_names", "");
	expect(CODE_DONE, "nothing wrong");
	proc_write("net/ip_tables_names", "nat\nfilter\n");
	proc_write("net/ip6_tables_names", "mangle\n");
	expect(CODE_DONE, "note: iptables-legacy has tables: nat filter");
	expect(CODE_DONE, "note: ip6tables-legacy has tables: mangle");
	expect(CODE_DONE, "nothing wrong");
}

static bool find(const char *bytes, size_t len, struct nft_version *ret)
{
	return nft_version_find(bytes, len, ret);
}

#define FIND(bytes, ret) find(bytes, sizeof(bytes) - 1, ret)

static void test_nft_version(void **state)
{
	struct nft_version version = {0};

	(void)state;
	assert_true(FIND("\177ELF\0GLIBC_2.2.5\0v1.0\0"
	                 "1.0.6\0rest",
	                 &version));
	assert_int_equal(version.major, 1);
	assert_int_equal(version.minor, 0);
	assert_int_equal(version.patch, 6);
	assert_false(nft_version_knows_persist(&version));
	assert_true(FIND("x\0"
	                 "1.1.0\0",
	                 &version));
	assert_true(nft_version_knows_persist(&version));
	assert_false(FIND("1.0.6", &version)); /* no end */
	assert_false(FIND("1.0.6a\0nftables 1.0.6\0", &version));
	assert_false(FIND("", &version));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_full_conntrack, root_make, root_remove),
	        cmocka_unit_test_setup_teardown(test_legacy_iptables, root_make, root_remove),
	        cmocka_unit_test(test_nft_version),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

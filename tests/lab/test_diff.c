// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `omfwd diff` against the kernel: what it says before a reload is what packets show after it, and what it reads back from
 * the kernel is what was put there, for every role file that is shipped or compared elsewhere.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/expect.h"
#include "tests/lab/program.h"

#define HEAD "[omfwd]\nown_table = no\nlog_denied = no\n"
#define SERVERS                                                                                              \
	"[roles prod]\nmanagement_server = 10.1.0.10, 2001:db8:1::10\noperations_manager_database = "        \
	"10.2.0.50\n"
#define BEFORE HEAD SERVERS "windows_agent = 10.2.0.20, 10.2.8.0/24\nunix_linux_agent = 10.2.0.30\n"
#define AFTER                                                                                                \
	HEAD SERVERS "windows_agent = 10.2.0.20\nunix_linux_agent = 10.2.0.30, 10.2.8.7\n"                   \
	             "[rows]\ncur-19 = install\n[ports]\nhealth_service = 5800\n"

static void expect_has(const char *text, const char *what)
{
	if (!strstr(text, what))
		fail_msg("\"%s\" should be in:\n%s", what, text);
}

static void test_says_what_reload_does(void **state)
{
	struct lab *lab = lab_need(state);
	char *said;

	omfwd_apply(lab, BEFORE);
	omfwd_expect_says(lab, 0, "diff", "the same: the kernel and " CONFIG);
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723", "drop 10.2.0.20 10.1.0.10 tcp/5800",
	       "pass 10.1.0.10 10.2.0.30 tcp/1270", "drop 10.2.8.7 10.1.0.10 tcp/8886",
	       "drop 10.2.8.9 10.1.0.10 tcp/22");
	lab_write("omfwd.conf", AFTER);
	said = omfwd_said(lab, 1, "diff");
	expect_has(said, "cur-16, cur-18 of prod: tcp port moves from 5723 to 5800\n");
	expect_has(said, "10.2.8.7 moves from windows_agent to unix_linux_agent of prod\n");
	expect_has(
	        said,
	        "windows_agent (10.2.0.20) gains tcp 5800 to management_server (10.1.0.10) in prod: cur-16");
	expect_has(said, "10.2.8.7 as unix_linux_agent gains tcp 8886 to management_server (10.1.0.10) in "
	                 "prod: cur-21");
	expect_has(said, "loses tcp 1270 (from now on only while installing) to unix_linux_agent (10.2.0.30) "
	                 "in prod: cur-19");
	expect_has(said,
	           "10.2.8.0-10.2.8.6, 10.2.8.8-10.2.8.255 hold no role any more: nothing of them is denied");
	assert_true(strstr(said, "\nopens:\n") < strstr(said, "\ncloses:\n"));
	free(said);
	omfwd_expect(lab, 0, "reload");
	EXPECT(lab, "drop 10.2.0.20 10.1.0.10 tcp/5723", "pass 10.2.0.20 10.1.0.10 tcp/5800",
	       "drop 10.1.0.10 10.2.0.30 tcp/1270", "pass 10.2.8.7 10.1.0.10 tcp/8886",
	       "pass 10.2.8.9 10.1.0.10 tcp/22");
	omfwd_expect_says(lab, 0, "diff", "the same");
}

/* A live connection that loses its row is announced, and is cut. */
static void test_counts_what_is_cut(void **state)
{
	struct lab *lab = lab_need(state);
	char *said;

	omfwd_apply(lab, BEFORE);
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/5723");
	lab_write("omfwd.conf", AFTER);
	said = omfwd_said(lab, 1, "diff");
	expect_has(said, "is cut:\n  1 connection that is alive now");
	free(said);
}

static void test_shows_what_others_did(void **state)
{
	struct lab *lab = lab_need(state);
	char *said;

	omfwd_apply(lab, BEFORE);
	lab_must(lab, NS_GATEWAY,
	         "nft delete element inet omfwd prod.unix_linux_agent.hosts4 '{ 10.2.0.30 }'");
	said = omfwd_said(lab, 1, "diff");
	expect_has(said, "10.2.0.30 becomes unix_linux_agent of prod");
	free(said);
	lab_must(lab, NS_GATEWAY, "nft insert rule inet omfwd forward ip saddr 10.9.9.9 accept");
	said = omfwd_said(lab, 1, "diff");
	expect_has(
	        said,
	        "not of omfwd, and not taken into account below:\n  a rule in chain forward that accepts\n");
	free(said);
	lab_must(lab, NS_GATEWAY, "nft flush chain inet omfwd input");
	omfwd_expect(lab, 0, "reload");
	omfwd_expect(lab, 0, "diff");
	lab_must(lab, NS_GATEWAY, "nft flush chain inet omfwd input");
	omfwd_expect_says(lab, 1, "diff", "chain input has 0 rules in the kernel");
}

/* Who takes away what denies is told so, and so is who lets something past it. */
static void test_shows_what_is_not_denied(void **state)
{
	static const char all[] =
	        "10.1.0.10, 10.2.0.20, 10.2.0.30, 10.2.0.50, 10.2.8.0/24, 2001:db8:1::10 hold a "
	        "role from now on: between them and server roles is denied";
	static const struct {
		const char *command, *said;
	} cases[] = {
	        {"flush chain inet omfwd to_role", all},
	        {"flush chain inet omfwd from_role", all},
	        {"insert rule inet omfwd to_role tcp dport 22 accept",
	         "a rule in chain to_role that accepts"},
	        {"insert rule inet omfwd server_and_role accept",
	         "a rule in chain server_and_role that accepts"},
	        {"flush chain inet omfwd deny_roles",
	         "10.1.0.10, 10.2.0.50, 2001:db8:1::10 hold a server role from now on"},
	};
	struct lab *lab = lab_need(state);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		omfwd_apply(lab, BEFORE);
		omfwd_expect(lab, 0, "diff");
		lab_must(lab, NS_GATEWAY, "nft %s", cases[i].command);
		omfwd_expect_says(lab, 1, "diff", cases[i].said);
	}
}

static void test_ends(void **state)
{
	struct lab *lab = lab_need(state);

	lab_write("omfwd.conf", BEFORE);
	omfwd_expect_says(lab, 1, "diff", "there is no nft table inet omfwd: so far nothing is denied");
	lab_write("renamed.conf",
	          HEAD "[roles production]\nmanagement_server = 10.1.0.10, 2001:db8:1::10\n"
	               "operations_manager_database = 10.2.0.50\nwindows_agent = 10.2.0.20, 10.2.8.0/24\n"
	               "unix_linux_agent = 10.2.0.30\n");
	omfwd_expect_says(lab, 1, "diff " CONFIG " " LAB_DIR "/renamed.conf", "nothing changes for packets");
	omfwd_expect(lab, 0, "diff " CONFIG " " CONFIG);
	lab_write("wrong.conf", "[roles]\nmanagement_sever = 10.1.0.10\n");
	omfwd_expect(lab, 2, "diff " LAB_DIR "/wrong.conf");
	omfwd_expect(lab, 2, "diff " CONFIG " " LAB_DIR "/wrong.conf");
}

/* What was applied is read back as itself, whatever it is, and however often it was loaded. */
static void test_reads_back(void **state)
{
	static const char *const patterns[] = {TOP_SRCDIR "/etc/examples/*.conf",
	                                       TOP_SRCDIR "/etc/omfwd.conf",
	                                       TOP_SRCDIR "/tests/golden/show/*.conf"};
	struct lab *lab = lab_need(state);
	glob_t files = {.gl_pathc = 0};

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		glob(patterns[i], i ? GLOB_APPEND : 0, NULL, &files);
	assert_true(files.gl_pathc > 8);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		char *text = lab_read(files.gl_pathv[i]);
		struct run run;

		lab_write("omfwd.conf", text);
		omfwd_expect(lab, 0, "reload");
		omfwd_run(lab, &run, "diff");
		if (run.code != 0)
			fail_msg("%s: %s", files.gl_pathv[i], run.out);
		lab_run_free(&run);
		free(text);
	}
	globfree(&files);
}

/* What the file says and the kernel is not told, because it makes no difference to any packet, is no difference. */
static void test_what_has_no_effect(void **state)
{
	static const char *const files[] = {
	        "[roles prod]\nmanagement_server = 10.1.0.10\nwindows_agent = 10.2.0.20, 2001:db8:2::20\n",
	        "[omfwd]\ndeny_scope = none\nnever_deny = 10.2.0.99\n[roles prod]\n"
	        "management_server = 10.1.0.10\nwindows_agent = 10.2.0.20\n",
	        "[roles prod]\nmanagement_server = 10.1.0.10\nreporting_data_warehouse = 2001:db8:2::60\n"
	        "windows_agent = 10.2.0.20\n"
	        "[site_rule nobody]\nfrom = 2001:db8:2::20\nto = 10.1.0.10\nprotocol = tcp\nports = 22\n"
	        "reason = test\n",
	        "[omfwd]\ndeny_scope = none\naccept_mark = 0x10/0xf0\n[roles prod]\n"
	        "gateway_server = 10.1.0.10\npush_target = 10.2.0.20\n",
	        "[roles to4]\nmanagement_server = 10.1.0.10\nwindows_agent = 10.2.0.20\n"
	        "operations_manager_database = 2001:db8:2::50\n",
	};
	struct lab *lab = lab_need(state);
	struct run run;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		lab_write("omfwd.conf", files[i]);
		omfwd_expect(lab, 0, "reload");
		omfwd_expect_says(lab, 0, "diff", "the same");
	}
	lab_write("omfwd.conf", "[omfwd]\ndeny_scope = none\n[roles prod]\nmanagement_server = 10.1.0.10, "
	                        "2001:db8:1::10\nwindows_agent = 10.2.0.20, 2001:db8:2::20\n");
	omfwd_expect(lab, 0, "reload");
	lab_write("omfwd.conf", "[omfwd]\ndeny_scope = none\n[roles prod]\nmanagement_server = 10.1.0.10\n"
	                        "windows_agent = 10.2.0.20, 2001:db8:2::20\n");
	omfwd_expect_says(lab, 1, "diff", "2001:db8:1::10 is no longer management_server of prod");
	omfwd_run(lab, &run, "diff");
	assert_null(strstr(run.out, "windows_agent of prod"));
	lab_run_free(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_says_what_reload_does),
	        LAB_TEST(test_counts_what_is_cut),
	        LAB_TEST(test_shows_what_others_did),
	        LAB_TEST(test_shows_what_is_not_denied),
	        LAB_TEST(test_ends),
	        LAB_TEST(test_reads_back),
	        LAB_TEST(test_what_has_no_effect),
	};

	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `omfwd denied --suggest` prints makes a policy that lets the same packets through. */
#include <stdio.h>
#include <string.h>

#include "tests/lab/denied_list.h"
#include "tests/lab/expect.h"

#define SCOPE "[omfwd]\nmode = audit\ndeny_scope = servers\n"

/* Through these, so that no two tests share a flow. */
static const char *const flows[] = {
        "pass 10.2.0.99 10.1.0.10 tcp/5723", "pass 10.2.0.20 10.1.0.10 tcp/3389",
        "pass 10.2.0.21 10.1.0.10 tcp/3389", "pass 10.2.5.1 10.1.0.10 tcp/8443",
        "pass 10.2.5.2 10.1.0.10 tcp/8443",  "pass 10.2.5.3 10.1.0.10 tcp/8443",
        "pass 10.2.6.1 10.1.0.10 udp/69",    "pass 2001:db8:2::99 2001:db8:1::10 tcp/9000",
        "pass 10.1.0.10 10.2.0.20 icmp",     NULL,
};
/* What should not be opened, and what a window opens. */
static const char *const closed[] = {"pass 10.1.0.10 10.2.0.20 tcp/636", "pass 10.1.0.10 10.2.0.20 tcp/445",
                                     NULL};

static long would_be_denied(const struct lab *lab)
{
	return nft_counter(lab, "would_be_denied");
}

/* The suggestions make a file that check takes, and after a reload with it the same packets are counted no more. */
static void test_suggest(void **state)
{
	struct lab *lab = lab_need(state);
	struct run run;
	long before;

	denied_agent_start(lab, SCOPE ROLES);
	expect_verdicts(lab, __FILE__, __LINE__, flows);
	expect_verdicts(lab, __FILE__, __LINE__, closed);
	json_decref(denied_await(lab, 11));
	assert_int_equal(would_be_denied(lab), 11);
	omfwd_run(lab, &run, "denied --suggest");
	assert_int_equal(run.code, 0);
	lab_must(lab, NS_GATEWAY, "mkdir -p " LAB_DIR "/omfwd.conf.d");
	lab_write("omfwd.conf.d/allowed.conf", run.out);
	print_message("%s", run.out);
	assert_non_null(strstr(run.out, "[roles prod]\n"));
	assert_non_null(strstr(run.out, "\nwindows_agent = 10.2.0.99\n"));
	assert_non_null(strstr(run.out,
	                       "from = @prod.windows_agent\nto = 10.1.0.10\nprotocol = tcp\nports = 3389\n"));
	assert_non_null(
	        strstr(run.out, "from = 10.2.5.0/24\nto = 10.1.0.10\nprotocol = tcp\nports = 8443\n"));
	assert_non_null(strstr(run.out, "omfwd --phase install --section prod --rows cur-18"));
	assert_null(strstr(run.out, "ports = 636"));
	assert_null(strstr(run.out, "ports = 445"));
	lab_run_free(&run);
	omfwd_expect(lab, 0, "check");
	omfwd_expect(lab, 0, "reload");
	conntrack_flush(lab);
	before = would_be_denied(lab);
	expect_verdicts(lab, __FILE__, __LINE__, flows);
	assert_int_equal(would_be_denied(lab), before);
	expect_verdicts(lab, __FILE__, __LINE__, closed);
	assert_int_equal(would_be_denied(lab), before + 2);
	lab_must(lab, NS_GATEWAY, "rm -r " LAB_DIR "/omfwd.conf.d");
}

/* Where no role has to be given, the suggestions may as well be appended to the role file itself. */
static void test_suggest_appended(void **state)
{
	struct lab *lab = lab_need(state);

	denied_agent_start(lab, "[omfwd]\nmode = audit\n" ROLES);
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/3389", "pass 2001:db8:2::20 2001:db8:1::10 udp/69");
	json_decref(denied_await(lab, 2));
	lab_must(lab, NS_GATEWAY,
	         "'%s' denied --suggest --config " CONFIG " --run-dir " RUN_DIR " >" LAB_DIR
	         "/more && cat " LAB_DIR "/more >>" CONFIG,
	         lab->binary);
	omfwd_expect(lab, 0, "check");
	omfwd_expect(lab, 0, "reload");
	conntrack_flush(lab);
	EXPECT(lab, "pass 10.2.0.20 10.1.0.10 tcp/3389", "pass 2001:db8:2::20 2001:db8:1::10 udp/69");
	assert_int_equal(would_be_denied(lab), 2);
	omfwd_expect_says(lab, 0, "denied --suggest", "there is nothing to suggest");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_suggest),
	        LAB_TEST(test_suggest_appended),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

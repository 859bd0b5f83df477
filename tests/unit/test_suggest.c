/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Suggestions: which flows become members, site rules or comments, how they are grouped, and that the result is a policy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "words/suggest.h"

#define NOW       1780315200
#define FLOWS_MAX 64
#define SERVERS                                                                                              \
	"[omfwd]\ndeny_scope = servers\n[roles prod]\nmanagement_server = 10.1.0.10, 10.1.0.11, "            \
	"2001:db8:1::10\nwindows_agent = 10.2.0.0/24\nunix_linux_agent = 10.2.1.30\n"

static char directory[] = "/tmp/test_suggest.XXXXXX", path[64], dropin[80];

static void write_file(const char *name, const char *text)
{
	FILE *out = fopen(name, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static struct policy *load(void)
{
	struct diag_list diags = {0};
	struct policy *policy = policy_load(path, NOW, &diags);

	diag_print(&diags, stderr);
	diag_clear(&diags);
	assert_non_null(policy);
	return policy;
}

/* "SRC DST PROTO [PORT]" a line, up to an empty one. */
static size_t read_flows(const char *const *texts, struct denied_flow *flows)
{
	size_t n = 0;

	for (; texts[n]; n++) {
		char src[64], dst[64], proto[8], port[8] = "", error[256];

		assert_true(sscanf(texts[n], "%63s %63s %7s %7s", src, dst, proto, port) >= 3);
		assert_int_equal(query_parse(src, dst, proto, *port ? port : NULL, &flows[n].query, error,
		                             sizeof(error)),
		                 0);
		flows[n].count = 2;
	}
	return n;
}

static char *suggest(const char *config, const char *const *texts)
{
	struct denied_flow flows[FLOWS_MAX];
	size_t n = read_flows(texts, flows);
	struct policy *policy;
	struct lines lines;
	char *text;

	write_file(path, config);
	unlink(dropin);
	policy = load();
	lines = policy_compile(policy);
	text = suggest_text(policy, &lines, NULL, NULL, flows, n);
	policy_free(policy);
	return text;
}

/* With the suggestions in a file of its own, which of the flows pass? */
static size_t count_passing(const char *suggestion, const char *const *texts)
{
	struct denied_flow flows[FLOWS_MAX];
	size_t n = read_flows(texts, flows), passing = 0;
	struct policy *policy;
	struct lines lines;

	write_file(dropin, suggestion);
	policy = load();
	lines = policy_compile(policy);
	for (size_t i = 0; i < n; i++)
		passing += policy_judge(policy, &lines, &flows[i].query, NULL, NULL) == VERDICT_ALLOWED;
	policy_free(policy);
	return passing;
}

static size_t count_of(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

static void assert_has(const char *text, const char *what)
{
	if (!strstr(text, what))
		fail_msg("not there: %s\nin:\n%s", what, text);
}

static void assert_lacks(const char *text, const char *what)
{
	if (strstr(text, what))
		fail_msg("there: %s\nin:\n%s", what, text);
}

static void test_member(void **state)
{
	static const char *const flows[] = {"10.3.0.9 10.1.0.10 tcp 5723", "10.3.0.9 10.1.0.11 tcp 5723",
	                                    "10.3.0.8 10.1.0.10 tcp 5723", NULL};
	char *text = suggest(SERVERS, flows);

	(void)state;
	assert_int_equal(count_of(text, "[roles prod]\n"), 1);
	assert_int_equal(count_of(text, "\nwindows_agent = 10.3.0.9\n"), 1);
	assert_int_equal(count_of(text, "\nwindows_agent = 10.3.0.8\n"), 1);
	assert_has(text, "; row cur-16: 10.3.0.9 -> 10.1.0.10, tcp 5723\n");
	assert_lacks(text, "[site_rule");
	assert_int_equal(count_passing(text, flows), 3);
	free(text);
}

static void test_many_sources(void **state)
{
	static const char *const flows[] = {"10.3.0.9 10.1.0.10 tcp 8443",  "10.3.0.8 10.1.0.10 tcp 8443",
	                                    "10.3.0.77 10.1.0.10 tcp 8443", "10.4.0.1 10.1.0.10 tcp 8443",
	                                    "10.4.0.2 10.1.0.10 tcp 8443",  NULL};
	char *text = suggest(SERVERS, flows);

	(void)state;
	assert_int_equal(count_of(text, "[site_rule"), 1);
	assert_has(
	        text,
	        "\nfrom = 10.3.0.0/24, 10.4.0.1, 10.4.0.2\nto = 10.1.0.10\nprotocol = tcp\nports = 8443\n");
	assert_has(text, "10 packets logged");
	assert_int_equal(count_passing(text, flows), 5);
	free(text);
}

static void test_roles_at_both_ends(void **state)
{
	static const char *const flows[] = {"10.2.0.1 10.1.0.10 tcp 8443", "10.2.0.2 10.1.0.10 tcp 8443",
	                                    "10.2.0.1 10.1.0.11 tcp 8443", "10.2.0.2 10.1.0.11 tcp 8443",
	                                    "10.2.0.1 10.1.0.10 tcp 7000", "10.2.0.2 10.1.0.10 tcp 7000",
	                                    "10.2.0.1 10.1.0.11 tcp 7000", "10.2.0.2 10.1.0.11 tcp 7000",
	                                    "10.2.0.1 10.1.0.11 udp 7000", NULL};
	char *text = suggest(SERVERS, flows);

	(void)state;
	assert_int_equal(count_of(text, "[site_rule"), 2);
	assert_has(text,
	           "from = @prod.windows_agent\nto = @prod.management_server\nprotocol = tcp\nports = 7000, "
	           "8443\n");
	assert_has(text, "from = 10.2.0.1\nto = 10.1.0.11\nprotocol = udp\nports = 7000\n");
	assert_int_equal(count_passing(text, flows), 9);
	free(text);
}

static void test_v6_and_icmp(void **state)
{
	static const char *const flows[] = {
	        "2001:db8:5::1 2001:db8:1::10 tcp 9000", "2001:db8:5::2 2001:db8:1::10 tcp 9000",
	        "2001:db8:5::3 2001:db8:1::10 tcp 9000", "10.2.0.7 10.1.0.10 icmp", NULL};
	char *text = suggest(SERVERS, flows);

	(void)state;
	assert_has(text, "from = 2001:db8:5::/64\n");
	assert_has(text, "from = 10.2.0.7\nto = 10.1.0.10\nprotocol = icmp\nports = echo-request\n");
	assert_int_equal(count_passing(text, flows), 4);
	free(text);
}

/* Long lists go on on indented lines. */
static void test_long_list(void **state)
{
	static const char *const flows[] = {"10.3.1.1 10.1.0.10 tcp 9000", "10.3.2.1 10.1.0.10 tcp 9000",
	                                    "10.3.3.1 10.1.0.10 tcp 9000", "10.3.4.1 10.1.0.10 tcp 9000",
	                                    "10.3.5.1 10.1.0.10 tcp 9000", "10.3.6.1 10.1.0.10 tcp 9000",
	                                    "10.3.7.1 10.1.0.10 tcp 9000", "10.3.8.1 10.1.0.10 tcp 9000",
	                                    "10.3.9.1 10.1.0.10 tcp 9000", NULL};
	char *text = suggest(SERVERS, flows);

	(void)state;
	assert_int_equal(count_of(text, "[site_rule"), 1);
	assert_has(text, ",\n\t10.3.5.1");
	assert_int_equal(count_passing(text, flows), 9);
	free(text);
}

static void test_not_suggested(void **state)
{
	static const char *const flows[] = {"10.1.0.10 10.2.0.5 tcp 445",   "10.1.0.10 10.2.0.6 tcp 445",
	                                    "10.1.0.10 10.2.0.5 tcp 5723",  "10.1.0.10 10.2.0.5 tcp 636",
	                                    "10.1.0.10 224.0.0.5 udp 5000", NULL};
	char *text = suggest(SERVERS "domain_controller = 10.2.0.5\n", flows);

	(void)state;
	assert_lacks(text, "[site_rule");
	assert_lacks(text, "\n[roles");
	assert_has(text, "; Not suggested:\n");
	assert_has(text, " and 1 more: ");
	assert_has(text, ";     omfwd --phase install --section prod --rows cur-18\n");
	assert_has(text, "nothing should");
	assert_int_equal(count_passing(text, flows), 0);
	free(text);
}

static void test_names_and_nothing(void **state)
{
	static const char *const flows[] = {"10.3.0.9 10.1.0.10 tcp 8443", NULL},
	                         *const passing[] = {"10.2.0.9 10.1.0.10 tcp 5723", NULL};
	char *text = suggest(SERVERS "[site_rule seen-1]\nfrom = 10.3.0.1\nto = 10.1.0.10\nprotocol = tcp\n"
	                             "ports = 9\nphase = both\nreason = test\n",
	                     flows);

	(void)state;
	assert_has(text, "[site_rule seen-2]\n");
	assert_int_equal(count_passing(text, flows), 1);
	free(text);
	text = suggest(SERVERS, passing);
	assert_has(text, "there is nothing to suggest");
	free(text);
}

static int make_directory(void **state)
{
	char name[64];

	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/omfwd.conf", directory);
	snprintf(name, sizeof(name), "%s/omfwd.conf.d", directory);
	snprintf(dropin, sizeof(dropin), "%s/allowed.conf", name);
	return mkdir(name, 0700);
}

static int remove_directory(void **state)
{
	char name[64];

	(void)state;
	snprintf(name, sizeof(name), "%s/omfwd.conf.d", directory);
	unlink(path);
	unlink(dropin);
	rmdir(name);
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_member),
	        cmocka_unit_test(test_many_sources),
	        cmocka_unit_test(test_roles_at_both_ends),
	        cmocka_unit_test(test_v6_and_icmp),
	        cmocka_unit_test(test_long_list),
	        cmocka_unit_test(test_not_suggested),
	        cmocka_unit_test(test_names_and_nothing),
	};
	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}

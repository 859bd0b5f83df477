/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Metrics: every sample of a status with everything in it, what is left out of one that knows nothing, and the hash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/denial_pairs.h"
#include "agent/metrics_file.h"
#include "policy/compile.h"
#include "ruleset/hash.h"
#include "words/metrics_text.h"
#include "words/words.h"

#define NOW 1000000

static const char everything[] =
        "{'version': '1.2.3', 'agent': {'pid': 7}, 'mode': 'audit', 'port_table': 'current', "
        "'deny_scope': 'roles', 'source': 'role_file', 'table_hash': '00ff', 'phase': 'install', "
        "'is_degraded': false, 'nft_table': {'in_step': true}, 'last_load': 999, 'last_good': 998, "
        "'apply_seconds': 0.25, "
        "'windows': [{'section': null, 'row': null, 'deadline': 1000060}, "
        "            {'section': 'prod', 'row': 'cur-18-dc', 'deadline': 999999}, "
        "            {'section': null, 'row': 'ping', 'deadline': 1000001}], "
        "'counters': [{'name': 'prod.cur-16', 'packets': 5, 'bytes': 6000000000}, "
        "             {'name': 'site.cur-01', 'packets': 1, 'bytes': 2}, "
        "             {'name': 'site.ping', 'packets': 3, 'bytes': 4}, "
        "             {'name': 'would_be_denied', 'packets': 8, 'bytes': 9}], "
        "'denials': {'lost': 2, 'evicted': 1, 'pairs': [{'source_role': 'prod.a', "
        "            'destination_role': 'quo\\\"te\\\\', 'packets': 12}]}, "
        "'drift': {'changes': 3, 'repairs': 2, 'alarm': true}, "
        "'members': [{'section': 'prod', 'role': 'windows_agent', 'ipv4': 2, 'ipv6': 0}]}";

static const char *const wanted[] = {
        "omfwd_build_info{version=\"1.2.3\"} 1\n",
        "omfwd_agent_running 1\n",
        "omfwd_policy_info{mode=\"audit\",port_table=\"current\",deny_scope=\"roles\",source=\"role_file\",",
        ",table_hash=\"00ff\"} 1\n",
        "omfwd_phase{phase=\"install\"} 1\n",
        "omfwd_phase{phase=\"run\"} 0\n",
        "omfwd_table_in_step 1\n",
        "omfwd_degraded 0\n",
        "omfwd_last_load_success 1\n",
        "omfwd_last_load_timestamp_seconds 999\n",
        "omfwd_last_good_timestamp_seconds 998\n",
        "omfwd_apply_duration_seconds 0.250000\n",
        "omfwd_windows_open 3\n",
        "omfwd_window_remaining_seconds{section=\"all\",row=\"all\"} 60\n",
        "omfwd_window_remaining_seconds{section=\"prod\",row=\"cur-18-dc\"} 0\n",
        "omfwd_window_remaining_seconds{section=\"site_rule\",row=\"ping\"} 1\n",
        "omfwd_row_packets_total{section=\"prod\",row=\"cur-16\"} 5\n",
        "omfwd_row_packets_total{section=\"site\",row=\"cur-01\"} 1\n",
        "omfwd_row_bytes_total{section=\"prod\",row=\"cur-16\"} 6000000000\n",
        "omfwd_row_bytes_total{section=\"site\",row=\"cur-01\"} 2\n",
        "omfwd_site_rule_packets_total{site_rule=\"ping\"} 3\n",
        "omfwd_site_rule_bytes_total{site_rule=\"ping\"} 4\n",
        "omfwd_would_be_denied_packets_total 8\n",
        "omfwd_would_be_denied_bytes_total 9\n",
        "omfwd_denials_logged_packets_total{source_role=\"prod.a\",destination_role=\"quo\\\"te\\\\\"} 12\n",
        "omfwd_denials_lost_packets_total 2\n",
        "omfwd_denials_evicted_total 1\n",
        "omfwd_drift_changes_total 3\n",
        "omfwd_drift_repairs_total 2\n",
        "omfwd_drift_alarm 1\n",
        "omfwd_role_members{section=\"prod\",role=\"windows_agent\",family=\"ipv4\"} 2\n",
        "omfwd_role_members{section=\"prod\",role=\"windows_agent\",family=\"ipv6\"} 0\n",
};

/* JSON with single quotes, as metrics text; free() it. */
static char *print_facts(const char *quoted)
{
	char *text = strdup(quoted), *printed = NULL;
	json_t *facts;
	size_t size = 0;
	FILE *out = words_begin(&printed, &size);

	for (char *c = text; *c; c++)
		if (*c == '\'')
			*c = '"';
	facts = json_loads(text, 0, NULL);
	assert_non_null(facts);
	metrics_print(facts, NOW, out);
	json_decref(facts);
	free(text);
	return words_end(out, &printed);
}

static size_t count_samples(const char *text)
{
	size_t n = 0;

	for (const char *line = text; line && *line;
	     line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
		n += *line != '#';
	return n;
}

static void test_everything(void **state)
{
	char *text = print_facts(everything);

	(void)state;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (!strstr(text, wanted[i]))
			fail_msg("not in the metrics: %s%s", wanted[i], text);
	assert_int_equal(count_samples(text),
	                 sizeof(wanted) / sizeof(wanted[0]) + 1); /* two phases more, one line in two */
	assert_null(strstr(text, "omfwd_denied_packets_total "));
	for (size_t i = 0; metrics_name_at(i); i++)
		if (!strstr(metrics_name_at(i), "omfwd_denied_"))
			assert_non_null(strstr(text, metrics_name_at(i)));
	free(text);
}

/* Nothing is claimed that nobody knows. */
static void test_nothing_known(void **state)
{
	char *text = print_facts("{'phase': 'none', 'agent': null, 'last_error': {'at': 1}}");

	(void)state;
	assert_non_null(strstr(text, "omfwd_agent_running 0\n"));
	assert_non_null(strstr(text, "omfwd_last_load_success 0\n"));
	assert_non_null(strstr(text, "omfwd_phase{phase=\"none\"} 1\n"));
	assert_null(strstr(text, "omfwd_drift"));
	assert_null(strstr(text, "omfwd_windows_open"));
	assert_null(strstr(text, "omfwd_row"));
	free(text);
}

/* A list of two entries that hears of more than it can keep: sums never become less. */
static void test_pairs_only_grow(void **state)
{
	uint8_t syn[40] = {0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 2, 0, 1, 10, 1, 0, 1};
	struct denials *denials = denials_new(2, 0);
	struct denial_pairs pairs = {.n = 0};
	struct policy policy = {.n_sections = 0};

	(void)state;
	syn[33] = 2; /* SYN */
	for (unsigned i = 0; i < 9; i++) {
		syn[23] = (uint8_t)(i / 2 % 3); /* twice each: what was told of one is not told again */
		denials_add(denials, syn, sizeof(syn), PATH_FORWARD, 1);
		if (i % 2 == 0)
			denial_pairs_tally(&pairs, denials, &policy);
	}
	denial_pairs_tally(&pairs, denials, &policy);
	denial_pairs_tally(&pairs, denials, &policy);
	assert_int_equal(pairs.n, 1);
	assert_int_equal(pairs.items[0].packets, 9);
	assert_string_equal(pairs.items[0].source, "none");
	assert_true(denials_counts(denials)->evicted > 0);
	denial_pairs_clear(&pairs);
	denials_free(denials);
}

/* A packet between other roles than any before it. */
static void deny_between(struct denials *denials, struct policy *policy, unsigned i)
{
	uint8_t syn[40] = {0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 2, 0, 1, 10, 1, 0, 1};
	static char name[16];

	syn[33] = 2; /* SYN */
	snprintf(name, sizeof(name), "s%u", i);
	policy->sections[0].name = name;
	denials_add(denials, syn, sizeof(syn), PATH_FORWARD, 1);
}

/* However many roles there come to be over the years, memory and lines of metrics are bounded, and no packet is lost. */
static void test_pairs_are_bounded(void **state)
{
	enum { MORE = DENIAL_PAIRS_MAX + 50 };
	struct denials *denials = denials_new(8, 0);
	struct denial_pairs pairs = {.n = 0};
	uint64_t packets = 0;

	(void)state;
	for (unsigned i = 0; i < MORE; i++) {
		struct section section = {.name = NULL};
		struct policy policy = {.sections = &section, .n_sections = 1};
		struct range4 everybody = {.lo = 0, .hi = UINT32_MAX};

		section.roles[ROLE_WINDOWS_AGENT].addrs = (struct addr_set){.v4 = &everybody, .n4 = 1};
		deny_between(denials, &policy, i);
		denial_pairs_tally(&pairs, denials, &policy);
	}
	assert_int_equal(pairs.n, DENIAL_PAIRS_MAX);
	for (size_t i = 0; i < pairs.n; i++)
		packets += pairs.items[i].packets;
	assert_int_equal(packets, MORE);
	assert_string_equal(pairs.items[DENIAL_PAIRS_MAX - 1].source, "other");
	assert_int_equal(pairs.items[DENIAL_PAIRS_MAX - 1].packets, MORE - (DENIAL_PAIRS_MAX - 1));
	denial_pairs_clear(&pairs);
	denials_free(denials);
}

static uint64_t hash_of(const char *role_file)
{
	char path[] = "/tmp/omfwd-metrics-XXXXXX";
	int fd = mkstemp(path);
	struct diag_list diags = {.sources = NULL};
	struct policy *policy;
	struct lines lines;
	struct ruleset *ruleset;
	uint64_t hash;

	assert_int_equal(write(fd, role_file, strlen(role_file)), strlen(role_file));
	close(fd);
	policy = policy_load(path, NOW, &diags);
	unlink(path);
	diag_clear(&diags);
	assert_non_null(policy);
	lines = policy_compile(policy);
	ruleset = ruleset_build(policy, &lines);
	ruleset->sets[0]->size += 1000; /* what a kernel may have made of it */
	hash = ruleset_hash(ruleset);
	ruleset_free(ruleset);
	policy_free(policy);
	return hash;
}

#define TWO "[roles]\nmanagement_server = 10.1.0.1\nwindows_agent = "

static void test_hash(void **state)
{
	(void)state;
	assert_true(hash_of(TWO "10.2.0.1, 10.2.0.2\n") ==
	            hash_of("# other\n" TWO "10.2.0.2\nwindows_agent = 10.2.0.1\n"));
	assert_true(hash_of(TWO "10.2.0.1\n") != hash_of(TWO "10.2.0.2\n"));
	assert_true(hash_of(TWO "10.2.0.0/24\n") != hash_of(TWO "10.2.0.0/25\n"));
	assert_true(hash_of(TWO "2001:db8::1\n") != hash_of(TWO "2001:db8::2\n"));
	assert_true(hash_of(TWO "2001:db8::/64\n") != hash_of(TWO "2001:db8::/65\n"));
	assert_true(hash_of(TWO "10.2.0.1\n") != hash_of(TWO "10.2.0.1\n[ports]\nhealth_service = 5725\n"));
	assert_true(hash_of(TWO "10.2.0.1\n") != hash_of(TWO "10.2.0.1\n[omfwd]\nmode = audit\n"));
}

static void test_file_is_replaced(void **state)
{
	char dir[] = "/tmp/omfwd-metrics-XXXXXX", path[64], victim[64], text[8] = "";
	mode_t before = umask(0077);
	struct stat st;
	FILE *in;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/a.prom", dir);
	snprintf(victim, sizeof(victim), "%s/victim", dir);
	assert_int_equal(symlink(victim, path), 0);
	assert_int_equal(metrics_file_write(path, "new\n"), 0);
	umask(before);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(access(victim, F_OK), -1);
	in = fopen(path, "r");
	assert_non_null(fgets(text, sizeof(text), in));
	fclose(in);
	assert_string_equal(text, "new\n");
	unlink(path);
	assert_int_equal(rmdir(dir), 0); /* nothing is left beside it */
	assert_int_equal(metrics_file_write(path, "x"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_everything),
	        cmocka_unit_test(test_nothing_known),
	        cmocka_unit_test(test_pairs_only_grow),
	        cmocka_unit_test(test_pairs_are_bounded),
	        cmocka_unit_test(test_hash),
	        cmocka_unit_test(test_file_is_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

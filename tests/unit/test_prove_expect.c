// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a proof expects of packets: written by hand for one file, and compared with explain for whole files, since two of
 * the three opinions need no lab.
 */
#include <glob.h>

#include "tests/unit/proof.h"

static const struct {
	const char *src, *dst;
	enum proto proto;
	uint16_t port;
	enum expectation run, install;
} packets[] = {
#define OPEN EXPECT_OPEN
#define LEFT EXPECT_LEFT
#define SHUT EXPECT_SHUT
        /* documented, both families, at both edges of a network, and moved by a key */
        {"10.0.3.0", "10.0.1.1", PROTO_TCP, 5800, OPEN, OPEN},
        {"10.0.3.255", "10.0.1.9", PROTO_TCP, 5800, OPEN, OPEN},
        {"2001:db8:3::ffff", "2001:db8:1::1", PROTO_TCP, 5800, OPEN, OPEN},
        {"10.0.3.7", "10.0.1.1", PROTO_TCP, 5723, SHUT, SHUT},
        {"10.0.3.7", "10.0.1.1", PROTO_UDP, 5800, SHUT, SHUT},
        {"10.0.1.1", "10.0.3.7", PROTO_TCP, 5800, SHUT, SHUT},
        {"10.0.2.255", "10.0.1.1", PROTO_TCP, 5800, LEFT, LEFT},
        {"10.0.4.0", "10.0.1.1", PROTO_TCP, 5800, LEFT, LEFT},
        /* install lines; a range */
        {"10.0.1.1", "10.0.3.7", PROTO_TCP, 445, SHUT, OPEN},
        {"10.0.1.1", "10.0.3.7", PROTO_TCP, 49152, SHUT, OPEN},
        {"10.0.1.1", "10.0.3.7", PROTO_TCP, 65535, SHUT, OPEN},
        {"10.0.1.1", "10.0.3.7", PROTO_TCP, 49151, SHUT, SHUT},
        {"10.0.1.1", "10.0.4.1", PROTO_UDP, 138, SHUT, OPEN},
        /* a port that is off, and rows that the file changes */
        {"10.0.1.1", "10.0.2.1", PROTO_TCP, 1433, OPEN, OPEN},
        {"10.0.1.1", "10.0.2.1", PROTO_UDP, 1434, SHUT, SHUT},
        {"10.0.5.1", "10.0.5.9", PROTO_TCP, 51907, SHUT, SHUT},
        {"10.0.6.1", "10.0.6.9", PROTO_TCP, 1433, SHUT, SHUT},
        {"10.0.6.9", "10.0.6.1", PROTO_TCP, 1433, OPEN, OPEN},
        {"10.0.7.1", "10.0.7.9", PROTO_TCP, 51906, SHUT, OPEN},
        {"10.0.1.1", "10.0.9.1", PROTO_TCP, 22, OPEN, OPEN},
        /* a role that narrows another */
        {"10.0.9.1", "10.0.9.9", PROTO_TCP, 8886, OPEN, OPEN},
        {"10.0.9.1", "10.0.1.1", PROTO_TCP, 8886, SHUT, SHUT},
        {"10.9.2.1", "10.9.1.1", PROTO_TCP, 8886, OPEN, OPEN},
        /* settings of a section; several roles; two sections */
        {"10.0.1.1", "10.0.4.1", PROTO_TCP, 88, OPEN, OPEN},
        {"10.9.1.1", "10.9.4.1", PROTO_TCP, 88, SHUT, SHUT},
        {"10.0.1.5", "10.0.1.1", PROTO_TCP, 5800, OPEN, OPEN},
        {"10.9.1.1", "10.0.1.1", PROTO_TCP, 5800, OPEN, OPEN},
        {"10.0.1.1", "10.9.2.1", PROTO_TCP, 1270, SHUT, SHUT},
        {"10.9.1.1", "10.9.2.1", PROTO_TCP, 1270, OPEN, OPEN},
        /* ping */
        {"10.0.1.1", "10.0.8.1", PROTO_ICMP, 0, OPEN, OPEN},
        {"10.0.8.1", "10.0.1.9", PROTO_ICMP, 0, OPEN, OPEN},
        {"10.0.3.7", "10.0.1.9", PROTO_ICMP, 0, SHUT, SHUT},
        /* site rules; never_deny; nobody's business */
        {"10.0.11.1", "10.0.1.1", PROTO_TCP, 20010, LEFT, OPEN},
        {"10.0.11.1", "10.0.1.1", PROTO_TCP, 20011, LEFT, LEFT},
        {"10.0.3.7", "10.0.1.1", PROTO_TCP, 7777, SHUT, SHUT},
        {"10.0.250.3", "10.0.1.1", PROTO_TCP, 3389, LEFT, LEFT},
        {"10.0.3.7", "10.0.4.1", PROTO_TCP, 445, LEFT, LEFT},
};

static void the_evaluator_knows_the_documents(void **state)
{
	struct policy *policy = load_text(proof_role_file);
	struct arena *arena = arena_new();
	struct hosts hosts;

	(void)state;
	hosts_init(&hosts, policy, arena);
	for (size_t i = 0; i < ARRAY_SIZE(packets); i++) {
		size_t src = host_of(&hosts, packets[i].src), dst = host_of(&hosts, packets[i].dst);
		struct packet packet = {&hosts.items[src], &hosts.items[dst], packets[i].proto,
		                        packets[i].port};

		print_message("%s -> %s %s/%u\n", packets[i].src, packets[i].dst,
		              proto_name(packets[i].proto), packets[i].port);
		assert_int_equal(expect_packet(policy, &packet, false), packets[i].run);
		assert_int_equal(expect_packet(policy, &packet, true), packets[i].install);
	}
	hosts_free(&hosts);
	arena_free(arena);
	policy_free(policy);
}

static void each_scope_reaches_as_far_as_it_says(void **state)
{
	static const struct {
		const char *scope;
		enum expectation roles, one_end, neither;
	} scopes[] = {
	        {"none", LEFT, LEFT, LEFT},
	        {"roles", SHUT, LEFT, LEFT},
	        {"servers", SHUT, SHUT, LEFT},
	        {"everything", SHUT, SHUT, SHUT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(scopes); i++) {
		char text[256];
		struct policy *policy;
		struct arena *arena = arena_new();
		struct hosts hosts;
		size_t server, agent, nobody, other;

		snprintf(text, sizeof(text),
		         "[omfwd]\ndeny_scope = %s\n[roles]\nmanagement_server = 10.0.1.1\n"
		         "windows_agent = 10.0.3.1\n",
		         scopes[i].scope);
		policy = load_text(text);
		hosts_init(&hosts, policy, arena);
		server = host_of(&hosts, "10.0.1.1");
		agent = host_of(&hosts, "10.0.3.1");
		nobody = host_of(&hosts, "10.0.99.1");
		other = host_of(&hosts, "10.0.99.2");
#define MEETS(a, b)                                                                                          \
	expect_packet(policy, &(struct packet){&hosts.items[a], &hosts.items[b], PROTO_TCP, 9}, true)
		assert_int_equal(MEETS(agent, server), scopes[i].roles);
		assert_int_equal(MEETS(nobody, server), scopes[i].one_end);
		assert_int_equal(MEETS(server, nobody), scopes[i].one_end);
		assert_int_equal(MEETS(other, nobody), scopes[i].neither);
		hosts_free(&hosts);
		arena_free(arena);
		policy_free(policy);
	}
}

/* No lab is needed for two of the three opinions. */
static void compare_with_explain(const char *path)
{
	struct policy *policy = load_path(path);
	struct lines lines = policy_compile(policy);
	struct plan *plan = plan_new(policy, NULL, 0);
	struct run_result *result = perfect_result(plan);
	struct tally *tally;

	policy->settings.mode = MODE_ENFORCE;
	tally = tally_new(plan, &lines, result);
	print_message("%s: %zu packets planned\n", path, plan->n_probes);
	assert_int_equal(tally->n_differences, 0);
	tally_free(tally);
	run_result_free(result);
	plan_free(plan);
	policy_free(policy);
}

static void evaluator_and_explain_agree_on_whole_files(void **state)
{
	static const char *const patterns[] = {TOP_SRCDIR "/etc/examples/*.conf",
	                                       TOP_SRCDIR "/tests/golden/good/*.conf",
	                                       TOP_SRCDIR "/tests/golden/show/*.conf"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		glob_t files;

		assert_int_equal(glob(patterns[i], 0, NULL, &files), 0);
		assert_true(files.gl_pathc >= 5);
		for (size_t k = 0; k < files.gl_pathc; k++)
			compare_with_explain(files.gl_pathv[k]);
		globfree(&files);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_evaluator_knows_the_documents),
	        cmocka_unit_test(each_scope_reaches_as_far_as_it_says),
	        cmocka_unit_test(evaluator_and_explain_agree_on_whole_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

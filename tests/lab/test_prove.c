/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `omfwd prove` with real packets: every good file passes, a ruleset that is not the file's does not, and the network
 * that the command was called in, with an agent at work, stays as it was.
 */
#include <glob.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernel/kernel.h"
#include "prove/proof.h"
#include "tests/lab/program.h"

#define TEXT_MAX 512

static const char role_file[] = "[omfwd]\nlog_denied = no\n%s"
                                "[roles prod]\n"
                                "management_server = 10.0.1.1, 10.0.1.5, 2001:db8:1::1\n"
                                "operations_manager_database = 10.0.2.1\n"
                                "windows_agent = 10.0.3.0/24, 10.0.3.255-10.0.4.7, 2001:db8:3::/64\n"
                                "gateway_server = 10.0.5.1, 10.0.1.5\n"
                                "network_device = 10.0.8.1\n"
                                "unix_linux_agent = 10.0.9.1\n";

static char *text_of(const char *settings, const char *more)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fprintf(out, role_file, settings);
	fputs(more, out);
	fclose(out);
	return text;
}

static struct policy *load(const char *settings, const char *more)
{
	char *text = text_of(settings, more);
	struct diag_list diags = {0};

	lab_write("omfwd.conf", text);
	free(text);
	struct policy *policy = policy_load(CONFIG, time(NULL), &diags);
	if (!policy)
		diag_print(&diags, stderr);
	assert_non_null(policy);
	diag_clear(&diags);
	return policy;
}

/* How a proof of one file goes when the gateway has the rules of another. */
struct broken {
	struct policy *expected, *loaded;
	struct ruleset *ruleset;
	struct plan *plan;
	struct run_result *result;
	struct tally *tally;
	struct proof proof;
};

static struct broken *broken_new(const char *loaded_settings, const char *loaded_more)
{
	struct broken *b = calloc(1, sizeof(*b));

	b->expected = load("", "");
	b->loaded = load(loaded_settings, loaded_more);
	struct lines lines = policy_compile(b->loaded);
	b->ruleset = ruleset_build(b->loaded, &lines);
	b->plan = plan_new(b->expected, NULL, 0);
	b->result = prove_run(b->plan, b->ruleset);
	if (b->result->code != CODE_DONE)
		fail_msg("%s", b->result->error);
	lines = policy_compile(b->expected);
	b->tally = tally_new(b->plan, &lines, b->result);
	b->proof = (struct proof){b->plan, b->result, b->tally, false};
	return b;
}

static void broken_free(struct broken *b)
{
	tally_free(b->tally);
	run_result_free(b->result);
	plan_free(b->plan);
	ruleset_free(b->ruleset);
	policy_free(b->loaded);
	policy_free(b->expected);
	free(b);
}

/* Whether some difference of the row reads like this. */
static bool says(const struct broken *b, const char *row, const char *what)
{
	char text[PROOF_DIFFERENCE_MAX];

	for (size_t i = 0; i < b->tally->n_differences; i++) {
		const struct difference *difference = &b->tally->differences[i];
		const struct proof_row *about = &b->plan->rows[b->plan->probes[difference->probe].row];

		proof_difference(&b->proof, difference, text, sizeof(text));
		if (strcmp(proof_row_name(about), row) == 0 && strstr(text, what))
			return true;
	}
	return false;
}

/* Positive controls: each is a ruleset that is wrong in one way, and what must be found. */
static const struct {
	const char *settings, *more, *row, *says;
} controls[] = {
        {"", "[rows]\ncur-16 = off\ncur-18 = off\n", "cur-16", "run phase: did not pass, but must pass"},
        {"", "[rows]\ncur-18 = off\n", "cur-18", "install phase: did not pass, but must pass"},
        {"", "[rows]\ncur-18 = both\n", "cur-18", "run phase: passed, but must be shut"},
        {"", "[rows]\ncur-18 = both\n", "cur-18",
         "after the install phase, the open connection: passed, but must be shut"},
        {"", "[rows]\ncur-19 = reverse\n", "cur-19", "passed, but must be shut"},
        {"", "[ports]\nhealth_service = 5722-5723\n", "cur-16", "tcp/5722, run phase: passed"},
        {"", "[ports]\nrpc_dynamic = 49152-65534\n", "cur-18", "tcp/65535, install phase: did not pass"},
        {"", "windows_agent = 10.0.4.8, 10.0.2.255\n", "cur-18",
         "10.0.1.1 -> 10.0.4.8 tcp/135, run phase: did not pass"},
        {"",
         "[site_rule x]\nfrom = @prod.windows_agent\nto = @prod.management_server\nprotocol = icmp\n"
         "ports = echo-request\nreason = x\n",
         "cur-16", "icmp, run phase: passed, but must be shut"},
        {"deny_scope = none\n", "", "cur-01", "passed, but must be shut"},
        {"deny_scope = everything\n", "", "cur-16", "did not pass, but must pass"},
        {"never_deny = 10.0.2.1\n", "", "cur-01", "passed, but must be shut"},
        {"mode = audit\n", "", "cur-16", "passed, but must be shut"},
};

static void test_a_wrong_ruleset_is_found_out(void **state)
{
	lab_need(state);
	for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++) {
		struct broken *b = broken_new(controls[i].settings, controls[i].more);

		print_message("control %zu: %zu differences\n", i, b->tally->n_differences);
		if (b->tally->n_by_packet == 0 || !says(b, controls[i].row, controls[i].says)) {
			proof_print(&b->proof, stderr);
			fail_msg("control %zu: nothing like \"%s\" at %s", i, controls[i].says,
			         controls[i].row);
		}
		assert_int_equal(b->tally->n_by_explain, 0);
		assert_int_equal(proof_code(&b->proof), CODE_NO);
		json_t *json = proof_to_json(&b->proof);
		assert_int_equal(json_integer_value(json_object_get(json, "code")), 1);
		assert_int_equal(json_array_size(json_object_get(json, "differences")),
		                 b->tally->n_differences);
		json_decref(json);
		broken_free(b);
	}
}

/* The same way of comparing, with nothing wrong. */
static void test_the_right_ruleset_has_no_difference(void **state)
{
	lab_need(state);
	struct broken *b = broken_new("", "");

	assert_int_equal(b->tally->n_differences, 0);
	assert_true(b->tally->all.by[EXPECT_OPEN].right > 300);
	assert_true(b->tally->all.by[EXPECT_SHUT].right > 1000);
	assert_int_equal(proof_code(&b->proof), CODE_DONE);
	broken_free(b);
}

static void prove_file(const struct lab *lab, const char *path)
{
	char args[TEXT_MAX];

	snprintf(args, sizeof(args), "prove --json --config %s", path);
	struct run run;
	omfwd_run(lab, &run, "%s", args);
	if (run.code != 0)
		fail_msg("%s: exit code %d\n%s%s", path, run.code, run.out, run.err);
	json_t *json = json_loads(run.out, 0, NULL);
	assert_non_null(json);
	assert_int_equal(json_integer_value(json_object_get(json, "code")), 0);
	assert_int_equal(json_array_size(json_object_get(json, "differences")), 0);
	print_message("%s: %lld packets\n", path,
	              (long long)json_integer_value(json_object_get(json, "packets")));
	json_decref(json);
	lab_run_free(&run);
}

static void test_every_good_file_is_proved(void **state)
{
	struct lab *lab = lab_need(state);
	static const char *const patterns[] = {TOP_SRCDIR "/etc/examples/*.conf",
	                                       TOP_SRCDIR "/tests/golden/good/*.conf",
	                                       TOP_SRCDIR "/tests/golden/show/*.conf"};

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		glob_t files;

		assert_int_equal(glob(patterns[i], 0, NULL, &files), 0);
		for (size_t k = 0; k < files.gl_pathc; k++)
			prove_file(lab, files.gl_pathv[k]);
		globfree(&files);
	}
}

static void test_what_is_said(void **state)
{
	struct lab *lab = lab_need(state);
	char *text = text_of("mode = audit\n", "[roles dmz]\ngateway_server = 10.7.0.1\n");

	lab_write("omfwd.conf", text);
	omfwd_expect_says(lab, 0, "prove", "no difference");
	omfwd_expect_says(lab, 0, "prove", "mode = audit denies nothing yet");
	omfwd_expect_says(lab, 0, "prove", "\n  prod: cur-03, cur-06, ");
	char *said = omfwd_said(lab, 0, "prove --section dmz");
	assert_null(strstr(said, "\nprod "));
	assert_non_null(strstr(said, "nothing is proved"));
	free(said);
	free(text);
}

static void test_what_is_wrong_is_told(void **state)
{
	struct lab *lab = lab_need(state);
	char *text = text_of("", "");

	lab_write("omfwd.conf", "[roles prod]\nmanagement_server = 10.0.0.0/33\n");
	omfwd_expect_says(lab, 2, "prove", "omfwd.conf:2: ");
	lab_write("omfwd.conf", text);
	omfwd_expect_says(lab, 2, "prove --section pord", "there is no section 'pord'; " CONFIG " has prod");
	free(text);
}

/* No right to make a network; and a user namespace in which no further ones may be made, if there are such at all. */
static void run_without_privilege(const struct lab *lab, struct run *ret, const char *args)
{
	lab_run(lab, NS_GATEWAY, NULL, ret,
	        "chmod 755 " LAB_DIR "\n"
	        "prove() { exec setpriv --bounding-set=-all --inh-caps=-all %s --config " CONFIG
	        " prove %s; }\n"
	        "command -v setpriv >/dev/null || exit 99\n"
	        "unshare --user true 2>/dev/null || prove\n"
	        "exec unshare --user --map-root-user sh -c 'echo 0 >/proc/sys/user/max_user_namespaces && "
	        "exec setpriv --bounding-set=-all --inh-caps=-all %s --config " CONFIG " prove %s'",
	        lab->binary, args, lab->binary, args);
}

static void test_without_privilege_it_says_so(void **state)
{
	struct lab *lab = lab_need(state);
	char *text = text_of("", "");
	struct run run;

	lab_write("omfwd.conf", text);
	run_without_privilege(lab, &run, "");
	if (run.code != 3 || !strstr(run.err, "needs root or CAP_SYS_ADMIN"))
		fail_msg("exit code %d\n%s%s", run.code, run.out, run.err);
	lab_run_free(&run);
	run_without_privilege(lab, &run, "--json");
	json_t *json = json_loads(run.out, 0, NULL);
	assert_int_equal(run.code, 3);
	assert_int_equal(json_integer_value(json_object_get(json, "code")), 3);
	assert_non_null(strstr(json_string_value(json_array_get(json_object_get(json, "errors"), 0)),
	                       "needs root or CAP_SYS_ADMIN"));
	json_decref(json);
	lab_run_free(&run);
	free(text);
}

/* Everything of a namespace that a lab inside it could have changed by mistake. */
static char *network_of(const struct lab *lab)
{
	struct run run;

	lab_run(lab, NS_GATEWAY, NULL, &run,
	        "nft -s list ruleset; ip -o link; ip -o addr; ip route show table all; ip -6 route show "
	        "table all; "
	        "ip rule; ip neigh; (cd /proc/sys/net && grep -r . ipv4 ipv6 netfilter 2>/dev/null | sort); "
	        "ls -lR " RUN_DIR " " STATE_DIR);
	char *text = strdup(run.out);
	lab_run_free(&run);
	return text;
}

/* Lines that tell of time or of memory, which others use too. */
static void forget_moving(char *text)
{
	static const char *const moving[] = {
	        "_mem:", "nf_conntrack_count:", "lifetime", "max_orphans", "random/", "expires"};

	for (char *line = text; *line;) {
		char *end = strchr(line, '\n');
		bool moves = false;

		if (!end)
			break;
		*end = '\0';
		for (size_t i = 0; i < sizeof(moving) / sizeof(moving[0]); i++)
			moves |= strstr(line, moving[i]) != NULL;
		if (moves)
			memset(line, ' ', (size_t)(end - line));
		*end = '\n';
		line = end + 1;
	}
}

static void test_nothing_else_is_touched(void **state)
{
	struct lab *lab = lab_need(state);
	char *text = text_of("", ""), *before, *after;
	int notify;

	lab_write("omfwd.conf", text);
	pid_t agent = omfwd_agent_start(lab, &notify, "");
	omfwd_expect(lab, 0, "--phase install --for 1h");
	before = network_of(lab);
	omfwd_expect_says(lab, 0, "prove", "no difference");
	after = network_of(lab);
	assert_non_null(strstr(before, "chain to4.prod.management_server"));
	assert_non_null(strstr(before, "ipv4/ip_forward:1"));
	assert_non_null(strstr(before, "10.1.0.0/16 via"));
	forget_moving(before);
	forget_moving(after);
	assert_string_equal(before, after);
	/* the window of the proof was another one, and the agent is still the one that answers */
	omfwd_expect_says(lab, 0, "status", "install");
	assert_int_equal(omfwd_agent_stop(lab, agent, 15), 0);
	free(before);
	free(after);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_the_right_ruleset_has_no_difference),
	        LAB_TEST(test_a_wrong_ruleset_is_found_out),
	        LAB_TEST(test_every_good_file_is_proved),
	        LAB_TEST(test_what_is_said),
	        LAB_TEST(test_what_is_wrong_is_told),
	        LAB_TEST(test_without_privilege_it_says_so),
	        LAB_TEST(test_nothing_else_is_touched),
	};

	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is refused, and that a refusal changes nothing: the exit code, a message that says what would be right, and the
 * same nft table as before, to the byte.
 */
#include "tests/lab/program.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char good[] = "[omfwd]\n"
                           "install_window_max = 8h\n"
                           "[roles prod]\n"
                           "management_server = 10.1.0.1\n"
                           "operations_manager_database = 10.2.0.2\n"
                           "windows_agent = 10.2.0.0/24\n";

/* The whole table as nft lists it; counters stand still, as no packet is sent here. */
static char *table_text(const struct lab *lab)
{
	struct run run;
	char *text;

	lab_run(lab, NS_GATEWAY, NULL, &run, "nft list table inet omfwd");
	assert_int_equal(run.code, 0);
	text = strdup(run.out);
	lab_run_free(&run);
	return text;
}

static void assert_refused(const struct run *run, int code, const char *words)
{
	if (run->code != code || !strstr(run->err, words))
		fail_msg("exit code %d instead of %d, or no \"%s\" in: %s", run->code, code, words, run->err);
}

/* Role files with something wrong in them, and words their message must have. */
static const struct {
	const char *config, *words;
} bad_files[] = {
        {"[roles prod]\nmanagment_server = 10.1.0.1\n", "omfwd.conf:2: "},
        {"[roles prod]\nmanagement_server = 10.1.0.1/24\n", "10.1.0.0/24"},
        {"[roles prod]\nwindows_agent = 0.0.0.0/0\n", "omfwd.conf:2: "},
        {"[roles prod]\nwindows_agent = @file:/nowhere\n", "/nowhere"},
        {"[roles prod]\nwindows_agent = @push_target\npush_target = @windows_agent\n", "loop"},
        {"[ports]\nsnmp = 1161\n[roles prod]\nmanagement_server = 10.1.0.1\n", "cur-04"},
        {"[ports]\nhealth_service = 70000\n", "omfwd.conf:2: "},
        {"[rows]\ncur-99 = off\n[roles prod]\nmanagement_server = 10.1.0.1\n", "cur-99"},
        {"[omfwd]\ntable = 2019\n", "2016"},
};

static void test_bad_files_leave_the_policy(void **state)
{
	static const char *const commands[] = {"check", "--phase run", "--phase install", "reload"};
	struct lab *lab = lab_need(state);
	char *before;

	omfwd_apply(lab, good);
	before = table_text(lab);
	for (size_t i = 0; i < sizeof(bad_files) / sizeof(bad_files[0]); i++) {
		lab_write("omfwd.conf", bad_files[i].config);
		for (size_t j = 0; j < sizeof(commands) / sizeof(commands[0]); j++) {
			struct run run;
			char *after;

			omfwd_run(lab, &run, "%s", commands[j]);
			assert_refused(&run, 2, bad_files[i].words);
			lab_run_free(&run);
			after = table_text(lab);
			assert_string_equal(after, before);
			free(after);
		}
	}
	free(before);
}

/* Who asked for JSON gets one object of it, whatever the file says. */
static void test_a_bad_file_is_told_as_json(void **state)
{
	static const char *const commands[] = {"check",
	                                       "check --system",
	                                       "show",
	                                       "diff",
	                                       "diff omfwd.conf omfwd.conf",
	                                       "prove",
	                                       "reload",
	                                       "verify-script windows_agent",
	                                       "explain 10.1.0.1 10.2.0.2 tcp/1433 --phase run"};
	struct lab *lab = lab_need(state);

	lab_write("omfwd.conf", bad_files[0].config);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct run run;
		json_t *json;

		omfwd_run(lab, &run, "%s --json", commands[i]);
		json = json_loads(run.out, 0, NULL);
		if (run.code != 2 || json_integer_value(json_object_get(json, "code")) != 2 ||
		    json_array_size(json_object_get(json, "diagnostics")) == 0)
			fail_msg("%s: exit code %d, %s%s", commands[i], run.code, run.out, run.err);
		json_decref(json);
		lab_run_free(&run);
	}
}

/* A window that was opened can be closed, even when the role file has been broken since, and no agent runs. */
static void test_a_bad_file_keeps_no_window_open(void **state)
{
	static const char *const windows[] = {"--phase install",
	                                      "--phase install --section prod --rows cur-01"};
	struct lab *lab = lab_need(state);

	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
		lab_write("omfwd.conf", good);
		omfwd_expect(lab, 0, "%s", windows[i]);
		lab_must(lab, NS_GATEWAY, "nft list table inet omfwd | grep -q expires");
		lab_write("omfwd.conf", bad_files[0].config);
		omfwd_expect(lab, 2, "--phase run --section prod");
		lab_must(lab, NS_GATEWAY, "nft list table inet omfwd | grep -q expires");
		omfwd_expect(lab, 2, "--phase run");
		lab_must(lab, NS_GATEWAY, "! nft list table inet omfwd | grep -q expires");
	}
}

static void test_a_bad_first_file_makes_no_table(void **state)
{
	struct lab *lab = lab_need(state);

	lab_write("omfwd.conf", bad_files[0].config);
	omfwd_expect(lab, 2, "--phase run");
	omfwd_expect(lab, 2, "agent");
	lab_must(lab, NS_GATEWAY, "test -z \"$(nft list ruleset)\"");
}

static const struct {
	const char *args, *words;
} bad_requests[] = {
        {"--phase install --for 9h", "8h"},
        {"--phase install --for soon", "soon"},
        {"--phase install --section prood", "prod"},
        {"--phase install --rows cur-1", "cur-0"},
        {"--phase install --section prod --rows cur-01,cur-99", "cur-99"},
        {"--phase install --rows cur-16", "install phase"}, /* it has no install line */
        {"--phase setup", "install"},
        {"--phase", "--phase"},
        {"statsu", "status"},
        {"status extra", "extra"},
        {"show --format yaml", "yaml"},
        {"explain 10.1.0.1", "PROTO"},
        {"explain 10.1.0.1 somewhere tcp/1433", "somewhere"},
        {"explain 10.1.0.1 2001:db8::1 tcp/1433", "2001:db8::1"},
        {"explain 10.1.0.1 10.2.0.2 tcp/66000", "66000"},
};

static void test_bad_requests_open_nothing(void **state)
{
	struct lab *lab = lab_need(state);
	char *before;

	omfwd_apply(lab, good);
	before = table_text(lab);
	for (size_t i = 0; i < sizeof(bad_requests) / sizeof(bad_requests[0]); i++) {
		struct run run;
		char *after;

		omfwd_run(lab, &run, "%s", bad_requests[i].args);
		assert_refused(&run, 2, bad_requests[i].words);
		lab_run_free(&run);
		after = table_text(lab);
		assert_string_equal(after, before);
		free(after);
	}
	free(before);
}

/* Runs omfwd behind a prefix command in the gateway. */
static void run_behind(const struct lab *lab, struct run *ret, const char *prefix, const char *args)
{
	lab_run(lab, NS_GATEWAY, NULL, ret,
	        "%s %s %s --config " CONFIG " --run-dir " RUN_DIR " --state-dir " STATE_DIR, prefix,
	        lab->binary, args);
}

static void test_no_privilege(void **state)
{
	static const char *const commands[] = {"--phase run", "--phase install", "agent", "reload", "remove"};
	struct lab *lab = lab_need(state);
	char *before, *after;
	struct run run;

	omfwd_apply(lab, good);
	before = table_text(lab);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		run_behind(lab, &run, "setpriv --bounding-set=-net_admin", commands[i]);
		assert_refused(&run, 4, "CAP_NET_ADMIN");
		lab_run_free(&run);
	}
	/* what only reads the file needs no privilege, and says what it could not do */
	run_behind(lab, &run, "setpriv --bounding-set=-net_admin", "check");
	assert_int_equal(run.code, 0);
	assert_non_null(strstr(run.out, "CAP_NET_ADMIN"));
	lab_run_free(&run);
	after = table_text(lab);
	assert_string_equal(after, before);
	free(before);
	free(after);
}

#define WITHOUT_NETFILTER "--without-netfilter"

static char self_path[PATH_MAX]; /* of this program, for running it again */

/* Runs a command for which socket(2) answers as on a machine without netfilter's netlink. */
static int exec_without_netfilter(char *const argv[])
{
	struct sock_filter code[] = {
	        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 0, 5),
	        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
	        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 3),
	        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
	        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NETLINK_NETFILTER, 0, 1),
	        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPROTONOSUPPORT),
	        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0)
		execv(argv[0], argv);
	perror(argv[0]);
	return 127;
}

static void test_no_nf_tables(void **state)
{
	static const char *const commands[] = {"--phase run", "agent"};
	struct lab *lab = lab_need(state);
	char prefix[sizeof(self_path) + sizeof(WITHOUT_NETFILTER) + 1];
	struct run run;

	snprintf(prefix, sizeof(prefix), "%s " WITHOUT_NETFILTER, self_path);
	lab_write("omfwd.conf", good);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		run_behind(lab, &run, prefix, commands[i]);
		assert_refused(&run, 3, "nf_tables");
		lab_run_free(&run);
	}
}

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_bad_files_leave_the_policy),
	        LAB_TEST(test_a_bad_file_is_told_as_json),
	        LAB_TEST(test_a_bad_file_keeps_no_window_open),
	        LAB_TEST(test_a_bad_first_file_makes_no_table),
	        LAB_TEST(test_bad_requests_open_nothing),
	        LAB_TEST(test_no_privilege),
	        LAB_TEST(test_no_nf_tables),
	};

	if (argc > 2 && strcmp(argv[1], WITHOUT_NETFILTER) == 0)
		return exec_without_netfilter(argv + 2);
	if (!realpath(argv[0], self_path))
		self_path[0] = '\0';
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

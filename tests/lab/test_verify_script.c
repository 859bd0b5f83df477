// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The script that `omfwd verify-script --format sh` prints, run on a host of the role, in both phases: its table says of
 * every line what packets find. Listeners are real; what has none must be refused, not silent.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/conn.h"
#include "tests/lab/program.h"

#define POLICY                                                                                               \
	"[omfwd]\nown_table = no\nlog_denied = no\n[roles prod]\nmanagement_server = 10.1.0.10\n"            \
	"operations_manager_database = 10.2.0.50\nwindows_agent = 10.2.8.0/24\n"                             \
	"[site_rule to-db]\nfrom = @prod.management_server\nto = 10.2.0.51\nprotocol = tcp\n"                \
	"ports = 7777\nreason = test\n"

static const struct endpoint database = {NS_RIGHT, "10.2.0.50", 1433};

/* The management server, as the host itself would see it: its own address is what it speaks with. */
static void host_make(const struct lab *lab)
{
	lab_must(lab, NS_LEFT,
	         "r=$(ip route get 10.2.0.50 from 10.1.0.10 | sed -n 's/.*\\(via [^ ]* dev [^ "
	         "]*\\).*/\\1/p') && "
	         "ip route replace 10.2.0.0/17 $r src 10.1.0.10");
}

static char *script_run(const struct lab *lab, int code, const char *args)
{
	struct run run;
	char *out;

	lab_run(lab, NS_LEFT, NULL, &run, "cd " LAB_DIR " && sh script %s", args);
	if (run.code != code)
		fail_msg("exit code %d instead of %d:\n%s%s", run.code, code, run.out, run.err);
	out = strdup(run.out);
	assert_non_null(out);
	lab_run_free(&run);
	return out;
}

/* The result in the table's line that begins with these words, however wide its columns are. */
static void expect_result(const char *table, const char *row, const char *service, const char *address,
                          const char *result)
{
	char line[512];
	const char *at = table;

	for (; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL) {
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
		if (strncmp(line, row, strlen(row)) == 0 && strstr(line, service) && strstr(line, address)) {
			if (!strstr(line, result))
				fail_msg("%s and not %s", line, result);
			return;
		}
	}
	fail_msg("no line of %s %s %s in:\n%s", row, service, address, table);
}

static void script_write(const struct lab *lab, const char *role)
{
	char *text, args[128];

	snprintf(args, sizeof(args), "verify-script %s --format sh", role);
	text = omfwd_said(lab, 0, args);
	lab_write("script", text);
	free(text);
}

static void test_both_phases(void **state)
{
	struct lab *lab = lab_need(state);
	struct endpoint self = {NS_LEFT, "10.1.0.10", 0};
	struct conn conn;
	char *table;

	omfwd_apply(lab, POLICY);
	host_make(lab);
	script_write(lab, "management_server");
	assert_true(conn_open(lab, &conn, &self, &database, NULL));
	table = script_run(lab, 0, "");
	expect_result(table, "cur-01 ", "1433", "10.2.0.50", " open");
	expect_result(table, "cur-01 ", "1434", "10.2.0.50", "no answer, which UDP may mean anything by");
	expect_result(table, "to-db ", "7777", "10.2.0.51", "refused: it passes");
	assert_non_null(strstr(table, "not tried; --install tries them"));
	assert_non_null(strstr(table, "networks of windows_agent: not tried"));
	free(table);

	table = script_run(lab, 0, "--install --target windows_agent=10.2.8.7");
	expect_result(table, "cur-01 ", "49152-65535", "10.2.0.50", "no answer");
	expect_result(table, "cur-18 ", " 445 ", "10.2.8.7", "no answer");
	free(table);

	omfwd_expect(lab, 0, "--phase install --for 1h");
	table = script_run(lab, 0, "--install --target windows_agent=10.2.8.7");
	expect_result(table, "cur-01 ", "49152-65535", "10.2.0.50", "refused: it passes");
	expect_result(table, "cur-18 ", " 445 ", "10.2.8.7", "refused: it passes");
	expect_result(table, "cur-18 ", " 137 ", "10.2.8.7", "cannot be told over UDP");
	assert_non_null(strstr(table, "0 blocked, which they are while the window is closed"));
	free(table);
	conn_close(&conn);
}

/* A gateway that does not know the host: every line is blocked, and the exit code says so. */
static void test_blocked(void **state)
{
	struct lab *lab = lab_need(state);
	char *table;

	omfwd_apply(lab, POLICY);
	host_make(lab);
	script_write(lab, "management_server");
	omfwd_apply(
	        lab,
	        "[omfwd]\nown_table = no\ndeny_scope = everything\n[roles]\nmanagement_server = 10.1.0.99\n");
	table = script_run(lab, 1, "");
	expect_result(table, "cur-01 ", "1433", "10.2.0.50", "no answer");
	free(table);
}

/* With reject, a refusal may be the gateway's: it counts as blocked. */
static void test_reject(void **state)
{
	struct lab *lab = lab_need(state);
	char *table;

	omfwd_apply(lab,
	            "[omfwd]\nown_table = no\ndeny_action = reject\n[roles]\nmanagement_server = 10.1.0.10\n"
	            "operations_manager_database = 10.2.0.50\n");
	host_make(lab);
	script_write(lab, "management_server");
	table = script_run(lab, 1, "");
	expect_result(table, "cur-01 ", "1433", "10.2.0.50", "refused, by the host or by the gateway");
	free(table);
}

static void test_usage(void **state)
{
	struct lab *lab = lab_need(state);
	char *said;

	lab_write("omfwd.conf", POLICY);
	said = omfwd_said(lab, 2, "verify-script managment_server");
	assert_non_null(strstr(said, "did you mean management_server?"));
	free(said);
	omfwd_expect(lab, 2, "verify-script operations_console");
	omfwd_expect(lab, 2, "verify-script agent --section nowhere");
	omfwd_expect(lab, 2, "verify-script agent --format table");
	script_write(lab, "management_server");
	free(script_run(lab, 2, "--target 'a=b;c'"));
	free(script_run(lab, 2, "--nonsense"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_both_phases),
	        LAB_TEST(test_blocked),
	        LAB_TEST(test_reject),
	        LAB_TEST(test_usage),
	};

	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Questions as words and as JSON, and whole replies: the text that people read and the fields that programs read must
 * say the same, of a packet and of two ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "words/explain_text.h"
#include "util/array.h"

static const char role_file[] = "[roles prod]\n"
                                "management_server = 10.0.1.1, 2001:db8::1:1\n"
                                "operations_manager_database = 10.0.2.1\n"
                                "windows_agent = 10.0.3.0/24\n"
                                "gateway_server = 10.0.9.1\n"
                                "[roles lab]\n"
                                "management_server = 10.0.1.1\n"
                                "windows_agent = 10.0.3.7\n"
                                "[ports prod]\n"
                                "sql_operations_manager_database = 1444\n"
                                "[rows lab]\n"
                                "cur-16 = install\n"
                                "[rows prod]\n"
                                "cur-22 = off\n"
                                "[site_rule spare]\n"
                                "from = 10.0.3.7\n"
                                "to = 10.0.1.1\n"
                                "protocol = tcp\n"
                                "ports = 5723\n"
                                "reason = belt and braces\n";

struct fixture {
	struct policy *policy;
	struct lines lines;
};

static int fixture_open(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	char path[] = "/tmp/test_reply_XXXXXX";
	struct diag_list diags = {0};
	int fd = mkstemp(path);

	if (!fixture || fd < 0)
		return -1;
	dprintf(fd, "[omfwd]\n%s", role_file);
	close(fd);
	fixture->policy = policy_load(path, 0, &diags);
	unlink(path);
	diag_print(&diags, stderr);
	diag_clear(&diags);
	if (!fixture->policy)
		return -1;
	fixture->lines = policy_compile(fixture->policy);
	*state = fixture;
	return 0;
}

static int fixture_close(void **state)
{
	struct fixture *fixture = *state;

	policy_free(fixture->policy);
	free(fixture);
	return 0;
}

static bool is_the_gate(const char *gate, void *data)
{
	return !strcmp(gate, data);
}

/* What the agent does with a request, gate being the only open one: the whole reply, or NULL and the sentence. */
static json_t *answer(const struct fixture *fixture, const json_t *request, const char *gate, char *error)
{
	struct query query;

	if (explain_request_parse(request, &query, error, EXPLAIN_ERROR_MAX) < 0)
		return NULL;
	return explain_reply_new(fixture->policy, &fixture->lines, &query, gate ? is_the_gate : NULL,
	                         (void *)gate, "a test");
}

static json_t *ask(void **state, const char *src, const char *dst, const char *proto, const char *port,
                   const char *gate)
{
	json_t *request = json_object(), *reply;
	char error[EXPLAIN_ERROR_MAX] = "";

	explain_request_set(request, src, dst, proto, port);
	reply = answer(*state, request, gate, error);
	json_decref(request);
	if (!reply)
		fail_msg("%s", error);
	print_message("%s\n", json_string_value(json_object_get(reply, "text")));
	return reply;
}

/* "keepers/1/open" of a reply. */
static const json_t *at(const json_t *json, const char *way)
{
	char step[32];
	int used;

	while (json && sscanf(way, "%31[^/]%n", step, &used) == 1) {
		json = json_is_array(json) ? json_array_get(json, (size_t)atoi(step))
		                           : json_object_get(json, step);
		way += used + (way[used] == '/');
	}
	return json;
}

static void expect_text(const json_t *reply, const char *way, const char *text)
{
	const char *value = json_string_value(at(reply, way));

	if (!value || !strstr(value, text))
		fail_msg("%s: %s, where %s should be", way, value ? value : "nothing", text);
}

static void expect_size(const json_t *reply, const char *way, size_t size)
{
	assert_int_equal(size, json_array_size(at(reply, way)));
}

static void expect_code(const json_t *reply, int code)
{
	assert_int_equal(code, json_integer_value(at(reply, "code")));
}

/* Four lines open it: an administrator who turns one off wants to know of the others. */
static void test_keepers(void **state)
{
	json_t *reply = ask(state, "10.0.3.7", "10.0.1.1", "tcp", "5723", NULL);

	expect_code(reply, 0);
	expect_text(reply, "because", "rows cur-16, cur-18 open it in either phase");
	expect_size(reply, "keepers", 4);
	expect_text(reply, "keepers/0/section", "prod");
	assert_true(json_is_true(at(reply, "keepers/0/open")));
	expect_text(reply, "keepers/1/rows/0/id", "cur-16");
	expect_text(reply, "keepers/1/section", "lab");
	assert_true(json_is_false(at(reply, "keepers/1/open")));
	expect_text(reply, "keepers/2/rows/0/id", "cur-18");
	expect_text(reply, "keepers/3/site_rule", "spare");
	expect_text(reply, "text",
	            "  kept open by cur-16: windows_agent -> management_server in lab, tcp 5723, install "
	            "(window closed) (");
	expect_text(reply, "text", "cur-18: windows_agent -> management_server in lab, tcp 5723, always\n");
	expect_text(reply, "text", "site rule spare, tcp 5723, always (");
	json_decref(reply);

	reply = ask(state, "10.0.3.7", "10.0.1.1", "tcp", "5723", "lab.cur-16");
	assert_true(json_is_true(at(reply, "keepers/1/open")));
	expect_text(reply, "text", "install (window open)");
	json_decref(reply);

	reply = ask(state, "10.0.9.1", "10.0.1.1", "tcp", "5723", NULL);
	expect_text(reply, "text", "  kept open by nothing else\n");
	expect_size(reply, "keepers", 1);
	json_decref(reply);
}

static void test_port_key(void **state)
{
	json_t *reply = ask(state, "10.0.1.1", "10.0.2.1", "tcp", "1444", NULL);

	expect_text(reply, "text", "  port         sql_operations_manager_database, set in ");
	expect_text(reply, "line/key", "sql_operations_manager_database");
	expect_text(reply, "line/key_at", ":11");
	expect_text(reply, "line/rows/0/feature", "to the Operations Manager database");
	json_decref(reply);
	reply = ask(state, "10.0.3.7", "10.0.1.1", "tcp", "5723", NULL);
	expect_text(reply, "text", "  port         health_service, the default\n");
	assert_true(json_is_null(at(reply, "line/key_at")));
	json_decref(reply);
}

static void test_denial(void **state)
{
	json_t *reply = ask(state, "10.0.1.1", "10.0.2.1", "tcp", "1433", NULL);

	expect_code(reply, 1);
	expect_text(reply, "reason", "port_moved");
	expect_text(reply, "document_row/id", "cur-01");
	expect_text(reply, "document_row/table", "current");
	expect_text(reply, "remedy_at", ":11");
	expect_text(reply, "remedy_lines/0", "[ports prod]");
	expect_text(reply, "remedy_lines/1", "sql_operations_manager_database = 1433");
	expect_text(reply, "remedy_commands/0", "omfwd reload");
	expect_text(reply, "text",
	            "  lines        [ports prod]\n               sql_operations_manager_database");
	expect_text(reply, "text", "  then         omfwd reload\n");
	expect_size(reply, "keepers", 0);
	json_decref(reply);
}

/* Every other line, in either direction, and what becomes of the rest. */
static void test_pair(void **state)
{
	json_t *reply = ask(state, "10.0.3.7", "10.0.1.1", NULL, NULL, "prod.cur-18");

	expect_code(reply, 0);
	expect_size(reply, "forth", 4);
	expect_size(reply, "back", 12);
	expect_text(reply, "forth/1/phase", "install");
	assert_true(json_is_false(at(reply, "forth/1/open")));
	expect_text(reply, "back/0/ports", "135");
	assert_true(json_is_true(at(reply, "back/0/open")));
	expect_text(reply, "back/6/section", "lab");
	assert_true(json_is_false(at(reply, "back/6/open")));
	expect_text(reply, "otherwise", "denied");
	expect_size(reply, "source/roles", 2);
	expect_text(reply, "text", "between 10.0.3.7 and 10.0.1.1\n  source       windows_agent in prod (");
	expect_text(reply, "text",
	            "  10.0.1.1 may open to 10.0.3.7:\n    tcp  135          install  (open)   "
	            "cur-18: management_server -> windows_agent in prod\n");
	expect_text(reply, "text", "  all else     is denied\n");
	json_decref(reply);
}

/* The code says whether anything passes from the first end to the second now; what is not judged does. */
static void test_pair_codes(void **state)
{
	json_t *reply = ask(state, "10.0.2.1", "10.0.1.1", NULL, NULL, NULL);

	expect_code(reply, 1);
	expect_size(reply, "forth", 0);
	expect_text(reply, "text", "10.0.2.1 may open to 10.0.1.1:\n    nothing\n");
	json_decref(reply);
	reply = ask(state, "10.0.1.1", "10.0.3.9", NULL, NULL, NULL);
	expect_code(reply, 1);
	json_decref(reply);
	reply = ask(state, "10.0.1.1", "10.0.3.9", NULL, NULL, "prod.cur-18");
	expect_code(reply, 0);
	json_decref(reply);
	reply = ask(state, "172.16.0.1", "10.0.1.1", NULL, NULL, NULL);
	expect_code(reply, 0);
	expect_text(reply, "text", "  all else     is not judged and passes\n");
	json_decref(reply);
}

static void test_local_path(void **state)
{
	json_t *reply = ask(state, "127.0.0.1", "10.0.1.1", "tcp", "80", NULL);

	expect_text(reply, "path", "local");
	expect_text(reply, "text", "(one end is this machine)");
	json_decref(reply);
}

static void test_query_parse(void **state)
{
	static const char *const bad[][5] = {
	        {"10.0.0.1", "2001:db8::1", "tcp", "80", "two families"},
	        {"10.0.0", "10.0.0.1", "tcp", "80", "no address"},
	        {"10.0.0.1", "10.0.0.0/24", "tcp", "80", "no address"},
	        {"10.0.0.1", "10.0.0.2", "sctp", "80", "no protocol"},
	        {"10.0.0.1", "10.0.0.2", "tcp", NULL, "needs a port"},
	        {"10.0.0.1", "10.0.0.2", "tcp", "0", "no port"},
	        {"10.0.0.1", "10.0.0.2", "tcp", "65536", "no port"},
	        {"10.0.0.1", "10.0.0.2", "tcp", "4294967376", "no port"},
	        {"10.0.0.1", "10.0.0.2", "udp", "80x", "no port"},
	        {"10.0.0.1", "10.0.0.2", "icmp", "8", "no ports"},
	        {"10.0.0.1", "10.0.0.2", NULL, "8", "without its protocol"},
	};
	struct query query = {.port = 7}, untouched = query;
	char error[EXPLAIN_ERROR_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_true(query_parse(bad[i][0], bad[i][1], bad[i][2], bad[i][3], &query, error,
		                        sizeof(error)) < 0);
		assert_non_null(strstr(error, bad[i][4]));
		assert_memory_equal(&untouched, &query, sizeof(query));
	}
	assert_int_equal(0, query_parse("2001:db8::1", "::2", "icmp6", NULL, &query, error, sizeof(error)));
	assert_int_equal(PROTO_ICMP, query.proto);
	assert_int_equal(0,
	                 query_parse("10.0.0.1", "10.0.0.2", "udp", "65535", &query, error, sizeof(error)));
	assert_int_equal(65535, query.port);
	assert_int_equal(0, query_parse("10.0.0.1", "10.0.0.2", NULL, NULL, &query, error, sizeof(error)));
	assert_int_equal(PROTO_MAX, query.proto);
}

static void test_request(void **state)
{
	json_t *request = json_object(), *reply;
	char error[EXPLAIN_ERROR_MAX];

	explain_request_set(request, "10.0.1.1", "10.0.2.1", "tcp", "135");
	reply = answer(*state, request, NULL, error);
	assert_int_equal(1, json_integer_value(json_object_get(reply, "code")));
	assert_string_equal("window_closed", json_string_value(json_object_get(reply, "reason")));
	assert_non_null(
	        strstr(json_string_value(json_object_get(reply, "text")), "denied: tcp/135 from 10.0.1.1"));
	json_decref(reply);

	json_object_set_new(request, "port", json_integer(1444));
	reply = answer(*state, request, NULL, error);
	assert_int_equal(0, json_integer_value(json_object_get(reply, "code")));
	assert_true(json_is_true(json_object_get(reply, "passes")));
	json_decref(reply);

	json_object_set_new(request, "src", json_integer(1));
	assert_null(answer(*state, request, NULL, error));
	assert_non_null(strstr(error, "no address"));
	json_object_set_new(request, "src", json_string("10.0.1.1"));
	json_object_set_new(request, "proto", json_integer(6));
	assert_null(answer(*state, request, NULL, error));
	json_object_clear(request);
	assert_null(answer(*state, request, NULL, error));
	json_decref(request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_keepers),     cmocka_unit_test(test_port_key),
	        cmocka_unit_test(test_denial),      cmocka_unit_test(test_pair),
	        cmocka_unit_test(test_pair_codes),  cmocka_unit_test(test_local_path),
	        cmocka_unit_test(test_query_parse), cmocka_unit_test(test_request),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}

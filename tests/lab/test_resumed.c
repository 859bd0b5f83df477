// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Connections that are older than the policy, or than the gateway's memory of them: conntrack meets them in the middle,
 * from whichever end speaks first. Permitted ones go on, others end, and nothing new can be opened that way.
 */
#include "tests/lab/conn.h"
#include "tests/lab/expect.h"
#include "tests/lab/program.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lab/burst.h"

#define PATIENCE 3000 /* ms: a few retransmissions */

#define ROLES                                                                                                \
	"[roles prod]\nmanagement_server = 10.2.0.10, 10.2.0.11, 2001:db8:2::10\nwindows_agent = "           \
	"10.1.0.20, "                                                                                        \
	"2001:db8:1::20\n"                                                                                   \
	"operations_manager_database = 10.1.0.50\n"

static const struct endpoint agent4 = {NS_LEFT, "10.1.0.20", 0}, server4 = {NS_RIGHT, "10.2.0.10", 5723};
static const struct endpoint agent6 = {NS_LEFT, "2001:db8:1::20", 0};
static const struct endpoint server6 = {NS_RIGHT, "2001:db8:2::10", 5723};
static const struct endpoint second4 = {NS_RIGHT, "10.2.0.11", 5723};
static const struct endpoint other4 = {NS_RIGHT, "10.2.0.10", 5985},
                             other_second4 = {NS_RIGHT, "10.2.0.11", 5985};

/* Whether a byte sent into one socket comes out of the other, retransmissions included. */
static bool arrives(int from, int to)
{
	struct pollfd ready = {.fd = to, .events = POLLIN};
	char byte = 'x', got = 0;

	assert_int_equal(send(from, &byte, 1, MSG_NOSIGNAL), 1);
	return poll(&ready, 1, PATIENCE) == 1 && read(to, &got, 1) == 1 && got == byte;
}

static void apply_scope(const struct lab *lab, const char *settings)
{
	char config[1024];

	snprintf(config, sizeof(config), "[omfwd]\nlog_denied = no\n%s\n" ROLES, settings);
	omfwd_apply(lab, config);
}

static void open_before(const struct lab *lab, struct conn *conn, const struct endpoint *client,
                        const struct endpoint *server)
{
	assert_true(conn_open(lab, conn, client, server, NULL));
}

/* First start on a live gateway: no conntrack until now. */
static void test_permitted_connections_go_on(void **state)
{
	static const char *const scopes[] = {"deny_scope = roles", "deny_scope = everything",
	                                     "deny_scope = servers\ndeny_action = reject"};
	struct lab *lab = lab_need(state);

	for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
		struct conn server_first, client_first, v6;

		open_before(lab, &server_first, &agent4, &server4);
		open_before(lab, &client_first, &agent4, &second4);
		open_before(lab, &v6, &agent6, &server6);
		apply_scope(lab, scopes[i]);
		conntrack_flush(lab);
		assert_true(arrives(server_first.server, server_first.client));
		assert_true(arrives(server_first.client, server_first.server));
		assert_true(arrives(client_first.client, client_first.server));
		assert_true(arrives(client_first.server, client_first.client));
		assert_true(arrives(v6.server, v6.client));
		assert_true(conn_push(&server_first, 100000));
		conn_close(&server_first);
		conn_close(&client_first);
		conn_close(&v6);
		lab_refresh(state);
	}
}

/* Flushed again and again, as by another gateway that takes over. */
static void test_a_flushed_table_is_no_end(void **state)
{
	struct lab *lab = lab_need(state);
	struct conn conn;

	apply_scope(lab, "deny_scope = everything");
	open_before(lab, &conn, &agent4, &server4);
	for (int i = 0; i < 5; i++) {
		conntrack_flush(lab);
		assert_true(arrives(conn.server, conn.client));
		conntrack_flush(lab);
		assert_true(arrives(conn.client, conn.server));
	}
	conn_close(&conn);
}

static void test_forbidden_connections_end(void **state)
{
	struct lab *lab = lab_need(state);
	struct conn server_first, client_first;

	open_before(lab, &server_first, &agent4, &other4);
	open_before(lab, &client_first, &agent4, &other_second4);
	apply_scope(lab, "deny_scope = roles");
	assert_false(arrives(server_first.server, server_first.client));
	assert_false(arrives(client_first.client, client_first.server));
	conn_close(&server_first);
	conn_close(&client_first);
}

/* The row is turned off later: being met in the middle is no shelter. */
static void test_removal_removes(void **state)
{
	struct lab *lab = lab_need(state);
	struct conn conn;

	open_before(lab, &conn, &agent4, &server4);
	apply_scope(lab, "deny_scope = roles");
	assert_true(arrives(conn.server, conn.client));
	apply_scope(lab, "deny_scope = roles\n[rows]\ncur-16 = off\ncur-18 = off");
	assert_false(arrives(conn.server, conn.client));
	conn_close(&conn);
}

/* A socket of the server, bound to the service's port, that connects to the agent. */
static bool reverse_opens(const struct lab *lab)
{
	struct sockaddr_in from = {.sin_family = AF_INET, .sin_port = htons(5723)};
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(4000)};
	int listener = lab_socket(lab, NS_LEFT, AF_INET, SOCK_STREAM, 0);
	int fd = lab_socket(lab, NS_RIGHT, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct pollfd ready = {.fd = listener, .events = POLLIN};
	int one = 1;

	inet_pton(AF_INET, server4.address, &from.sin_addr);
	inet_pton(AF_INET, agent4.address, &to.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	assert_int_equal(bind(listener, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
	connect(fd, (struct sockaddr *)&to, sizeof(to));
	one = poll(&ready, 1, 1500);
	close(fd);
	close(listener);
	return one == 1;
}

static void test_nothing_is_opened_from_the_service_port(void **state)
{
	struct lab *lab = lab_need(state);

	assert_true(reverse_opens(lab)); /* the way is there; only the policy denies it */
	apply_scope(lab, "deny_scope = roles");
	assert_false(reverse_opens(lab));
}

static void test_audit_reports_nothing_that_is_permitted(void **state)
{
	struct lab *lab = lab_need(state);
	struct conn conn, forbidden;

	open_before(lab, &conn, &agent4, &server4);
	open_before(lab, &forbidden, &agent4, &other4);
	apply_scope(lab, "mode = audit\ndeny_scope = roles");
	assert_true(arrives(conn.server, conn.client));
	assert_true(arrives(conn.client, conn.server));
	assert_int_equal(nft_counter(lab, "would_be_denied"), 0);
	assert_true(arrives(forbidden.server, forbidden.client));
	assert_true(nft_counter(lab, "would_be_denied") > 0);
	conn_close(&conn);
	conn_close(&forbidden);
}

static int udp_socket(const struct lab *lab, const struct endpoint *at)
{
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(at->port)};
	int fd = lab_socket(lab, at->ns, AF_INET, SOCK_DGRAM, 0);

	inet_pton(AF_INET, at->address, &name.sin_addr);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	return fd;
}

/* Whether a datagram from one to the other arrives. */
static bool datagram_arrives(int from, int to, const struct endpoint *at)
{
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(at->port)};
	struct pollfd ready = {.fd = to, .events = POLLIN};
	char byte = 'x';

	inet_pton(AF_INET, at->address, &name.sin_addr);
	assert_int_equal(sendto(from, &byte, 1, 0, (struct sockaddr *)&name, sizeof(name)), 1);
	return poll(&ready, 1, 300) == 1 && recv(to, &byte, 1, 0) == 1;
}

/* The answer was on its way when auditing began, so that conntrack has the server for the one who asked. */
static void test_udp_goes_on_after_audit(void **state)
{
	static const struct endpoint client = {NS_RIGHT, "10.2.0.10", 40000},
	                             server = {NS_LEFT, "10.1.0.50", 1434};
	struct lab *lab = lab_need(state);
	int asks = udp_socket(lab, &client), answers = udp_socket(lab, &server);

	apply_scope(lab, "mode = audit");
	assert_true(datagram_arrives(answers, asks, &client));
	assert_int_equal(nft_counter(lab, "would_be_denied"), 1);
	apply_scope(lab, "deny_scope = roles");
	assert_false(datagram_arrives(answers, asks, &client)); /* nobody has asked yet */
	for (int i = 0; i < 3; i++) {
		assert_true(datagram_arrives(asks, answers, &server));
		assert_true(datagram_arrives(answers, asks, &client));
	}
	conntrack_flush(lab);
	assert_false(datagram_arrives(answers, asks, &client));
	assert_true(datagram_arrives(asks, answers, &server));
	assert_true(datagram_arrives(answers, asks, &client));
	close(asks);
	close(answers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_permitted_connections_go_on),
	        LAB_TEST(test_a_flushed_table_is_no_end),
	        LAB_TEST(test_forbidden_connections_end),
	        LAB_TEST(test_removal_removes),
	        LAB_TEST(test_nothing_is_opened_from_the_service_port),
	        LAB_TEST(test_audit_reports_nothing_that_is_permitted),
	        LAB_TEST(test_udp_goes_on_after_audit),
	};

	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

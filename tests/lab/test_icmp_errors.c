/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ICMP errors pass with the connection they speak of, and only with it: path MTU works, forgeries do not. */
#include <stdio.h>
#include <unistd.h>

#include "tests/lab/conn.h"
#include "tests/lab/expect.h"
#include "tests/lab/program.h"

#define FAR_MTU 1400
#define POLICY                                                                                               \
	"[omfwd]\ndeny_scope = everything\nlog_denied = no\n[roles prod]\n"                                  \
	"management_server = 10.2.0.10, 2001:db8:2::10, 10.2.200.2, 2001:db8:2:c800::2\n"                    \
	"windows_agent = 10.1.0.20, 2001:db8:1::20\n"

/* right becomes a router with a narrow link behind it; the far host itself believes in 1500 and asks for that much. */
static void far_link(struct lab *lab)
{
	lab_must(lab, NS_RIGHT, "ip link add rf mtu %d type veth peer name f0 netns /proc/%d/fd/%d", FAR_MTU,
	         getpid(), lab->netns[NS_FAR]);
	lab_must(lab, NS_RIGHT,
	         "ip link set rf up; ip addr add 10.2.200.1/24 dev rf;"
	         "ip addr add 2001:db8:2:c800::1/64 dev rf nodad;"
	         "echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding");
	lab_must(lab, NS_FAR,
	         "ip link set lo up; ip link set f0 up; ip addr add 10.2.200.2/24 dev f0;"
	         "ip addr add 2001:db8:2:c800::2/64 dev f0 nodad;"
	         "ip route add default via 10.2.200.1; ip route add default via 2001:db8:2:c800::1");
}

static void push_expect(struct lab *lab, const char *client, const char *server)
{
	const struct endpoint from = {NS_LEFT, client, 0}, to = {NS_FAR, server, 5723};
	struct conn conn;
	assert_true(conn_open(lab, &conn, &from, &to, NULL));
	assert_true(conn_push(&conn, 200000));
	conn_close(&conn);
	/* It was the router's message that did it. */
	lab_must(lab, NS_LEFT, "ip route get %s from %s | grep -q 'mtu %d'", server, client, FAR_MTU);
}

static void test_path_mtu(void **state)
{
	struct lab *lab = lab_need(state);
	far_link(lab);
	omfwd_apply(lab, POLICY);
	push_expect(lab, "10.1.0.20", "10.2.200.2");
	push_expect(lab, "2001:db8:1::20", "2001:db8:2:c800::2");
	lab_must(lab, NS_RIGHT, "ip link del rf");
}

struct error_case {
	const char *router;
	uint8_t type, code;
};

static const struct error_case errors4[] = {
        {"10.2.200.77", 3, 4}, {"10.2.0.10", 3, 1}, {"10.2.200.77", 11, 0}};
static const struct error_case errors6[] = {
        {"2001:db8:2:c800::77", 2, 0}, {"2001:db8:2::10", 1, 3}, {"2001:db8:2:c800::77", 3, 0}};

/* How many of the router's three errors about the probe come out at its sender. */
static int errors_passed(struct lab *lab, const struct probe *probe)
{
	int passed = 0;
	for (int i = 0; i < 3; i++) {
		const struct error_case *error = probe->src.family == AF_INET ? &errors4[i] : &errors6[i];
		struct address router = address_of(error->router);
		uint8_t packet[PACKET_MAX];
		size_t len = packet_build_error(&router, probe, 1, error->type, error->code, FAR_MTU, packet);
		passed += burst_send_packet(lab, address_home(&router), packet, len);
	}
	return passed;
}

static struct probe probe_make(const char *src, const char *dst, uint16_t port)
{
	return (struct probe){
	        .src = address_of(src), .dst = address_of(dst), .proto = IPPROTO_TCP, .dport = port};
}

static void test_errors_follow_their_connection(void **state)
{
	struct lab *lab = lab_need(state);
	omfwd_apply(lab, POLICY);
	struct probe probes[] = {probe_make("10.1.0.20", "10.2.0.10", 5723),
	                         probe_make("2001:db8:1::20", "2001:db8:2::10", 5723),
	                         probe_make("10.1.0.20", "10.2.0.10", 5724),
	                         probe_make("2001:db8:1::20", "2001:db8:2::10", 5724)};
	burst_run(lab, probes, 4);
	assert_true(probes[0].arrived && probes[1].arrived);
	assert_false(probes[2].arrived || probes[3].arrived);
	assert_int_equal(errors_passed(lab, &probes[0]), 3);
	assert_int_equal(errors_passed(lab, &probes[1]), 3);
	assert_int_equal(errors_passed(lab, &probes[2]), 0);
	assert_int_equal(errors_passed(lab, &probes[3]), 0);
	/* Of a connection that nobody made there are none. */
	probes[0].sport = probes[1].sport = 9;
	assert_int_equal(errors_passed(lab, &probes[0]), 0);
	assert_int_equal(errors_passed(lab, &probes[1]), 0);
}

/* The connection is tracked still, but the policy no longer allows it. */
static void test_errors_end_with_the_window(void **state)
{
	struct lab *lab = lab_need(state);
	omfwd_apply(lab, POLICY);
	omfwd_expect(lab, 0, "--phase install");
	struct probe probes[] = {probe_make("10.2.0.10", "10.1.0.20", 445),
	                         probe_make("2001:db8:2::10", "2001:db8:1::20", 50000)};
	burst_run(lab, probes, 2);
	assert_true(probes[0].arrived && probes[1].arrived);
	struct address router = address_of("10.1.200.77"), router6 = address_of("2001:db8:1:c800::77");
	uint8_t packet[PACKET_MAX], packet6[PACKET_MAX];
	size_t len = packet_build_error(&router, &probes[0], 1, 3, 4, FAR_MTU, packet);
	size_t len6 = packet_build_error(&router6, &probes[1], 1, 2, 0, FAR_MTU, packet6);
	assert_true(burst_send_packet(lab, NS_LEFT, packet, len));
	assert_true(burst_send_packet(lab, NS_LEFT, packet6, len6));
	omfwd_expect(lab, 0, "--phase run");
	assert_false(burst_send_packet(lab, NS_LEFT, packet, len));
	assert_false(burst_send_packet(lab, NS_LEFT, packet6, len6));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_path_mtu),
	        LAB_TEST(test_errors_follow_their_connection),
	        LAB_TEST(test_errors_end_with_the_window),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

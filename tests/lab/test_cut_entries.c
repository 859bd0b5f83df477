/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cutting by deleting entries, which is for connections that a flowtable carries. Most kernels that tests run on have
 * no flowtables, so the work is begun here by hand, as the agent does where there is one; the entries, the policy and
 * the windows are real. The library is called in the gateway's namespace, without an agent.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "agent/cut.h"
#include "util/reply.h"
#include "tests/lab/burst.h"
#include "tests/lab/flow.h"
#include "tests/lab/program.h"

static const char roles[] = "[roles prod]\n"
                            "management_server = 10.2.0.10, 10.2.0.11, 2001:db8:2::10, 10.9.0.5\n"
                            "windows_agent = 10.1.0.20, 10.1.0.21, 2001:db8:1::20, 10.1.64.0/18\n"
                            "network_device = 10.1.0.40, 2001:db8:1::40\n"
                            "[site_rule ping]\nfrom = @prod.management_server\n"
                            "to = @prod.windows_agent\nprotocol = icmp\nphase = install\nreason = test\n";

static void engine_start(struct engine *engine, const char *settings)
{
	static const struct engine_config config = {.config = CONFIG, .state_dir = STATE_DIR};
	char text[4096];
	json_t *reply = reply_new();
	snprintf(text, sizeof(text), "[omfwd]\nlog_denied = no\n%s%s", settings, roles);
	lab_write("omfwd.conf", text);
	assert_int_equal(engine_open(engine, &config, reply), CODE_DONE);
	assert_int_equal(engine_load(engine, reply), CODE_DONE);
	json_decref(reply);
}

static void phase(struct engine *engine, enum wanted_phase wanted)
{
	struct window_request request = {.phase = wanted, .seconds = wanted == WANT_INSTALL ? 3600 : 0};
	struct origin origin = {.user = "test"};
	struct window_plan plan;
	json_t *reply = reply_new();
	assert_int_equal(engine_windows_change(engine, &request, &origin, &plan, reply), CODE_DONE);
	window_plan_clear(&plan);
	json_decref(reply);
}

/* Takes pieces until n are done or the work is; returns whether there is more. */
static bool work(struct cut *cut, size_t n)
{
	int r = 1;
	for (; n > 0 && r > 0; n--) {
		struct pollfd fd = {.fd = cut_fd(cut), .events = POLLIN};
		assert_int_equal(poll(&fd, 1, 5000), 1);
		r = cut_step(cut);
	}
	assert_true(r >= 0);
	return r > 0;
}

static void cut_everything(struct engine *engine)
{
	struct cut *cut = cut_new(engine);
	assert_int_equal(cut_begin(cut), 1);
	assert_false(work(cut, SIZE_MAX));
	cut_free(cut);
	assert_int_equal(engine->cut.error, 0);
	assert_int_equal(engine->cut.left, 0);
}

static bool spare(const struct conntrack_entry *entry, void *data)
{
	(void)entry;
	(void)data;
	return false;
}

static size_t entries_count(void)
{
	struct conntrack *conntrack;
	struct conntrack_tally tally = {.seen = 0};
	assert_int_equal(conntrack_open(&conntrack), 0);
	assert_int_equal(conntrack_dump_begin(conntrack), 0);
	while (conntrack_dump_piece(conntrack, spare, NULL, &tally) > 0)
		;
	conntrack_close(conntrack);
	return tally.seen;
}

/* Who talks to whom; the first N_DOOMED need the install window. */
static const struct {
	uint8_t proto;
	enum lab_ns from;
	const char *client, *server, *via;
	uint16_t port, via_port;
} talks[] = {
        {IPPROTO_TCP, NS_RIGHT, "10.2.0.10", "10.1.0.20", NULL, 445, 0},
        {IPPROTO_TCP, NS_RIGHT, "2001:db8:2::10", "2001:db8:1::20", NULL, 445, 0},
        {IPPROTO_UDP, NS_RIGHT, "10.2.0.10", "10.1.0.20", NULL, 137, 0},
        {IPPROTO_UDP, NS_RIGHT, "2001:db8:2::10", "2001:db8:1::20", NULL, 137, 0},
        {IPPROTO_ICMP, NS_RIGHT, "10.2.0.10", "10.1.0.20", NULL, 0, 0},
        {IPPROTO_ICMP, NS_RIGHT, "2001:db8:2::10", "2001:db8:1::20", NULL, 0, 0},
        {IPPROTO_TCP, NS_RIGHT, "10.2.0.10", "10.1.0.21", "10.9.0.21", 445, 5723},
        {IPPROTO_TCP, NS_RIGHT, "10.2.0.11", "10.1.0.21", NULL, 139, 0},
#define N_DOOMED 8
        {IPPROTO_TCP, NS_LEFT, "10.1.0.20", "10.2.0.10", NULL, 5723, 0},
        {IPPROTO_TCP, NS_LEFT, "2001:db8:1::20", "2001:db8:2::10", NULL, 5723, 0},
        {IPPROTO_UDP, NS_RIGHT, "10.2.0.10", "10.1.0.40", NULL, 161, 0},
        {IPPROTO_ICMP, NS_RIGHT, "10.2.0.10", "10.1.0.40", NULL, 0, 0},
        {IPPROTO_ICMP, NS_RIGHT, "2001:db8:2::10", "2001:db8:1::40", NULL, 0, 0},
        {IPPROTO_TCP, NS_LEFT, "10.1.0.21", "10.2.0.10", "10.9.0.10", 5723, 445},
        {IPPROTO_UDP, NS_RIGHT, "10.2.0.11", "10.1.0.40", NULL, 161, 0},
};
#define N_TALKS (sizeof(talks) / sizeof(talks[0]))

/* Ports that mislead, addresses that hide; a zone for some, labels and marks for all. */
static const char other_rules[] =
        "table inet other {\n"
        "chain zone { type filter hook prerouting priority -300; tcp dport 139 ct zone set 7\n"
        "tcp sport 139 ct zone set 7\n}\n"
        "chain pre { type nat hook prerouting priority -100;\n"
        "ip daddr 10.9.0.21 tcp dport 5723 dnat ip to 10.1.0.21:445\n"
        "ip daddr 10.9.0.10 tcp dport 445 dnat ip to 10.2.0.10:5723\n}\n"
        "chain post { type nat hook postrouting priority 100; ip saddr 10.2.0.11 udp dport 161 snat ip to "
        "10.9.0.99\n}\n"
        "chain note { type filter hook forward priority -10; ct mark set 0x1\nct label set 1\n}\n}\n";

static void talks_open(struct lab *lab, struct flow *flows)
{
	lab_write("other.nft", other_rules);
	lab_must(lab, NS_GATEWAY, "nft -f " LAB_DIR "/other.nft");
	for (size_t i = 0; i < N_TALKS; i++) {
		const struct endpoint client = {talks[i].from, talks[i].client, 0},
		                      server = {NS_LEFT + NS_RIGHT - talks[i].from, talks[i].server,
		                                talks[i].port},
		                      via = {NS_GATEWAY, talks[i].via, talks[i].via_port};
		flows[i] = (struct flow){.proto = talks[i].proto};
		if (!flow_open(lab, &flows[i], &client, &server, talks[i].via ? &via : NULL))
			fail_msg("%s -> %s: did not come about", talks[i].client, talks[i].server);
	}
}

static void talks_close(struct flow *flows)
{
	for (size_t i = 0; i < N_TALKS; i++)
		flow_close(&flows[i]);
}

static void test_exactly_those_concerned_go(void **state)
{
	struct lab *lab = lab_need(state);
	struct engine engine;
	struct flow flows[N_TALKS];
	engine_start(&engine, "deny_scope = everything\n");
	phase(&engine, WANT_INSTALL);
	talks_open(lab, flows);
	assert_int_equal(entries_count(), N_TALKS);
	cut_everything(&engine);
	assert_int_equal(engine.cut.deleted, 0);
	phase(&engine, WANT_RUN);
	cut_everything(&engine);
	assert_int_equal(engine.cut.deleted, N_DOOMED);
	assert_int_equal(entries_count(), N_TALKS - N_DOOMED);
	flows_check(flows, N_TALKS);
	for (size_t i = 0; i < N_TALKS; i++)
		assert_int_equal(flows[i].alive, i >= N_DOOMED);
	/* what still knocks is refused by the rules and leaves no entry */
	assert_int_equal(entries_count(), N_TALKS - N_DOOMED);
	talks_close(flows);
	engine_close(&engine);
}

/* Where no rule denies it, a connection ends with its entry only if the entry alone knew of its translation. */
static void test_translation_is_forgotten(void **state)
{
	struct lab *lab = lab_need(state);
	struct engine engine;
	struct flow flow = {.proto = IPPROTO_TCP};
	const struct endpoint client = {NS_RIGHT, "10.2.0.10", 0}, server = {NS_LEFT, "10.1.0.21", 445},
	                      via = {NS_GATEWAY, "10.9.0.21", 5723};
	engine_start(&engine, "");
	lab_write("other.nft", other_rules);
	lab_must(lab, NS_GATEWAY, "nft -f " LAB_DIR "/other.nft");
	phase(&engine, WANT_INSTALL);
	assert_true(flow_open(lab, &flow, &client, &server, &via));
	phase(&engine, WANT_RUN);
	lab_must(lab, NS_GATEWAY,
	         "nft insert rule inet omfwd forward accept && nft flush chain inet other pre");
	flows_check(&flow, 1);
	assert_true(flow.alive);
	cut_everything(&engine);
	assert_int_equal(engine.cut.deleted, 1);
	flows_check(&flow, 1);
	assert_false(flow.alive);
	flow_close(&flow);
	engine_close(&engine);
}

static void test_nothing_goes_without_cause(void **state)
{
	static const char *const settings[] = {"mode = audit\n", "deny_scope = none\n",
	                                       "never_deny = 10.0.0.0/8, 2001:db8::/32\n"};
	struct lab *lab = lab_need(state);
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		struct engine engine;
		struct flow flows[N_TALKS];
		engine_start(&engine, settings[i]);
		talks_open(lab, flows);
		cut_everything(&engine);
		assert_int_equal(engine.cut.deleted, 0);
		assert_int_equal(engine.cut.seen, N_TALKS);
		talks_close(flows);
		engine_close(&engine);
		lab_refresh(state);
	}
}

/* A policy that is not in the kernel denies nothing, whoever took it away. */
static void test_no_policy_cuts_nothing(void **state)
{
	struct lab *lab = lab_need(state);
	struct engine engine;
	struct flow flows[N_TALKS];
	json_t *reply = reply_new();
	bool existed;
	engine_start(&engine, "");
	phase(&engine, WANT_INSTALL);
	talks_open(lab, flows);
	lab_must(lab, NS_GATEWAY, "nft delete table inet omfwd");
	cut_everything(&engine);
	assert_int_equal(engine.cut.deleted, 0);
	assert_int_equal(engine_load(&engine, reply), CODE_DONE);
	assert_int_equal(engine_remove(&engine, &existed, reply), CODE_DONE);
	cut_everything(&engine);
	assert_int_equal(engine.cut.deleted, 0);
	talks_close(flows);
	json_decref(reply);
	engine_close(&engine);
}

/* Nobody's flowtable, nobody's business: then not one entry is looked at. */
static void test_without_flowtable_nothing_is_read(void **state)
{
	struct lab *lab = lab_need(state);
	struct engine engine;
	struct flow flows[N_TALKS];
	engine_start(&engine, "");
	phase(&engine, WANT_INSTALL);
	talks_open(lab, flows);
	phase(&engine, WANT_RUN);
	assert_int_equal(cut_now(&engine), 0);
	assert_int_equal(engine.cut.at, 0);
	assert_int_equal(entries_count(), N_TALKS);
	talks_close(flows);
	engine_close(&engine);
}

/* deny_scope = everything speaks of what is forwarded. */
static void test_own_connections(void **state)
{
	struct lab *lab = lab_need(state);
	struct engine engine;
	struct flow admin = {.proto = IPPROTO_TCP}, within = {.proto = IPPROTO_UDP},
	            denied = {.proto = IPPROTO_TCP};
	const struct endpoint admin_host = {NS_LEFT, "10.1.0.99", 0}, gateway = {NS_GATEWAY, "10.9.0.1", 22};
	const struct endpoint role = {NS_GATEWAY, "10.9.0.5", 445}, agent = {NS_LEFT, "10.1.0.20", 445};
	engine_start(&engine, "deny_scope = everything\n");
	phase(&engine, WANT_INSTALL);
	assert_true(flow_open(lab, &admin, &admin_host, &gateway, NULL));
	assert_true(flow_open(lab, &within, &gateway, &role, NULL));
	assert_true(flow_open(lab, &denied, &role, &agent, NULL));
	phase(&engine, WANT_RUN);
	cut_everything(&engine);
	assert_int_equal(engine.cut.seen, 2); /* the last pass */
	assert_int_equal(engine.cut.deleted, 1);
	flow_close(&admin);
	flow_close(&within);
	flow_close(&denied);
	engine_close(&engine);
}

/* Entries as the kernel would make them for tcp 10.2.0.10 -> 10.1.64.0/18 port 445. */
static void entry_make(struct mnl_socket *socket, uint32_t i)
{
	char buf[1024];
	struct nlmsghdr *message = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	struct nf_conntrack *ct = nfct_new();
	uint32_t agent = htonl(0x0a014000 + i % 16000), server = inet_addr("10.2.0.10");
	uint16_t port = htons((uint16_t)(1024 + i / 16000));
	message->nlmsg_type = (NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_NEW;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL;
	header->nfgen_family = AF_INET;
	nfct_set_attr_u8(ct, ATTR_L3PROTO, AF_INET);
	nfct_set_attr_u8(ct, ATTR_L4PROTO, IPPROTO_TCP);
	nfct_set_attr_u32(ct, ATTR_IPV4_SRC, server);
	nfct_set_attr_u32(ct, ATTR_IPV4_DST, agent);
	nfct_set_attr_u16(ct, ATTR_PORT_SRC, port);
	nfct_set_attr_u16(ct, ATTR_PORT_DST, htons(445));
	nfct_setobjopt(ct, NFCT_SOPT_SETUP_REPLY);
	nfct_set_attr_u8(ct, ATTR_TCP_STATE, TCP_CONNTRACK_ESTABLISHED);
	nfct_set_attr_u32(ct, ATTR_TIMEOUT, 3600);
	nfct_nlmsg_build(message, ct);
	nfct_destroy(ct);
	if (mnl_socket_sendto(socket, message, message->nlmsg_len) < 0)
		fail_msg("cannot make an entry");
}

static void entries_make(uint32_t n)
{
	struct mnl_socket *socket = mnl_socket_open(NETLINK_NETFILTER);
	assert_non_null(socket);
	assert_int_equal(mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID), 0);
	for (uint32_t i = 0; i < n; i++)
		entry_make(socket, i);
	mnl_socket_close(socket);
	assert_int_equal(entries_count(), n);
}

#define MANY      6000 /* a small machine tracks 8192 */
#define PIECE_MAX 1000 /* entries that one iteration of the loop may take */

static void test_many_go_in_small_pieces(void **state)
{
	struct lab *lab = lab_need(state);
	struct engine engine;
	uint64_t begun, longest = 0;
	size_t pieces = 0;
	engine_start(&engine, "");
	entries_make(MANY);
	struct cut *cut = cut_new(&engine);
	begun = lab_now_ms();
	assert_int_equal(cut_begin(cut), 1);
	for (bool more = true; more; pieces++) {
		uint64_t start = lab_now_ms();
		more = work(cut, 1);
		longest = lab_now_ms() - start > longest ? lab_now_ms() - start : longest;
	}
	print_message("%u entries cut in %zu pieces and %lu ms, the longest %lu ms\n", MANY, pieces,
	              (unsigned long)(lab_now_ms() - begun), (unsigned long)longest);
	assert_int_equal(engine.cut.deleted, MANY);
	assert_true(pieces >= MANY / PIECE_MAX);
	cut_free(cut);
	conntrack_flush(lab);
	engine_close(&engine);
}

/* What is allowed again is spared from that moment on; what is forbidden again goes in the end. */
static void test_changes_meanwhile(void **state)
{
	struct lab *lab = lab_need(state);
	struct engine engine;
	size_t left;
	engine_start(&engine, "");
	entries_make(MANY);
	struct cut *cut = cut_new(&engine);
	assert_int_equal(cut_begin(cut), 1);
	assert_true(work(cut, 3));
	phase(&engine, WANT_INSTALL);
	left = entries_count();
	assert_in_range(left, MANY / 2, MANY - 1);
	assert_true(work(cut, 3));
	assert_int_equal(entries_count(), left);
	phase(&engine, WANT_RUN);
	assert_int_equal(cut_begin(cut), 1);
	assert_false(work(cut, SIZE_MAX));
	assert_int_equal(entries_count(), 0);
	assert_int_equal(engine.cut.deleted, MANY);
	cut_free(cut);
	conntrack_flush(lab);
	engine_close(&engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_exactly_those_concerned_go),        LAB_TEST(test_translation_is_forgotten),
	        LAB_TEST(test_nothing_goes_without_cause),        LAB_TEST(test_no_policy_cuts_nothing),
	        LAB_TEST(test_without_flowtable_nothing_is_read), LAB_TEST(test_own_connections),
	        LAB_TEST(test_many_go_in_small_pieces),           LAB_TEST(test_changes_meanwhile),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

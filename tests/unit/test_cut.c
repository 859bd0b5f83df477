// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which tracked connections are to be cut, and which flowtables there are. Entries are written as the kernel's table has
 * them: who opened, who answers, ports behind any address translation.
 */
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "agent/cut.h"
#include "kernel/flowtables.h"
#include "util/array.h"

/* The gateway itself: is_local() below. */
#define OWN  "10.0.9.1"
#define OWN6 "2001:db8::9:1"

static const char role_file[] = "[roles prod]\n"
                                "management_server = 10.0.1.1, 2001:db8::1:1\n"
                                "operations_manager_database = 10.0.2.1\n"
                                "windows_agent = 10.0.3.0/24, 2001:db8::3:1, " OWN "\n"
                                "network_device = 10.0.7.1, 2001:db8::7:1\n"
                                "[site_rule ping]\n"
                                "from = @prod.management_server\n"
                                "to = @prod.windows_agent\n"
                                "protocol = icmp\n"
                                "phase = install\n"
                                "reason = test\n";

struct fixture {
	struct policy *policy;
	struct lines lines;
	bool installing;
	struct cut_view view;
};

static bool gate_is_open(const char *gate, void *data)
{
	(void)gate;
	return ((struct fixture *)data)->installing;
}

static bool is_local(const struct addr *addr, void *data)
{
	struct addr own, own6;

	(void)data;
	addr_parse_host(OWN, &own);
	addr_parse_host(OWN6, &own6);
	return addr->is_v6 ? addr->v6 == own6.v6 : addr->v4 == own.v4;
}

static void load(struct fixture *fixture, const char *settings)
{
	char path[] = "/tmp/test_cut_XXXXXX";
	struct diag_list diags = {0};
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	dprintf(fd, "[omfwd]\n%s%s", settings, role_file);
	close(fd);
	fixture->policy = policy_load(path, 0, &diags);
	if (!fixture->policy)
		diag_print(&diags, stderr);
	assert_non_null(fixture->policy);
	unlink(path);
	diag_clear(&diags);
	fixture->lines = policy_compile(fixture->policy);
	fixture->view = (struct cut_view){.policy = fixture->policy,
	                                  .lines = &fixture->lines,
	                                  .now_open = gate_is_open,
	                                  .gates = fixture,
	                                  .is_local = is_local};
}

/* "tcp 10.0.1.1 50000 10.0.3.9 445": ports are type and code for icmp. */
static struct conntrack_entry entry_of(const char *text)
{
	static const struct {
		const char *word;
		uint8_t number;
	} protocols[] = {{"tcp", IPPROTO_TCP},
	                 {"udp", IPPROTO_UDP},
	                 {"icmp", IPPROTO_ICMP},
	                 {"icmpv6", IPPROTO_ICMPV6},
	                 {"gre", IPPROTO_GRE}};
	struct conntrack_entry entry = {.proto = 0};
	char proto[16], src[64], dst[64];
	unsigned first, second;

	assert_int_equal(sscanf(text, "%15s %63s %u %63s %u", proto, src, &first, dst, &second), 5);
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		if (!strcmp(protocols[i].word, proto))
			entry.proto = protocols[i].number;
	assert_int_equal(addr_parse_host(src, &entry.src), 0);
	assert_int_equal(addr_parse_host(dst, &entry.dst), 0);
	if (entry.proto == IPPROTO_ICMP || entry.proto == IPPROTO_ICMPV6) {
		entry.icmp_type = (uint8_t)first;
		entry.icmp_code = (uint8_t)second;
	} else {
		entry.src_port = (uint16_t)first;
		entry.dst_port = (uint16_t)second;
	}
	return entry;
}

static void expect(const struct fixture *fixture, bool due, const char *const *texts)
{
	for (; *texts; texts++) {
		struct conntrack_entry entry = entry_of(*texts);

		if (cut_is_due(&fixture->view, &entry) != due)
			fail_msg("%s: %s", *texts, due ? "stays" : "is cut");
	}
}
#define CUT(fixture, ...)  expect((fixture), true, (const char *const[]){__VA_ARGS__, NULL})
#define KEEP(fixture, ...) expect((fixture), false, (const char *const[]){__VA_ARGS__, NULL})

static void test_lines_decide(void **state)
{
	struct fixture fixture = {0};

	(void)state;
	load(&fixture, "");
	KEEP(&fixture, "tcp 10.0.3.9 50000 10.0.1.1 5723", "tcp 2001:db8::3:1 50000 2001:db8::1:1 5723",
	     "udp 10.0.1.1 50000 10.0.7.1 161", "icmp 10.0.1.1 8 10.0.7.1 0",
	     "icmpv6 2001:db8::1:1 128 2001:db8::7:1 0");
	CUT(&fixture, "udp 10.0.3.9 50000 10.0.1.1 5723", "tcp 10.0.1.1 50000 10.0.3.9 5723",
	    "tcp 10.0.3.9 50000 10.0.1.1 5724", "icmp 10.0.1.1 13 10.0.7.1 0", "icmp 10.0.1.1 8 10.0.7.1 1",
	    "icmp 10.0.1.1 128 10.0.7.1 0", "icmpv6 2001:db8::1:1 8 2001:db8::7:1 0",
	    "gre 10.0.1.1 161 10.0.7.1 161");
	policy_free(fixture.policy);
}

static void test_windows_decide(void **state)
{
	static const char *const install[] = {"tcp 10.0.1.1 50000 10.0.3.9 445",
	                                      "tcp 2001:db8::1:1 50000 2001:db8::3:1 445",
	                                      "udp 10.0.1.1 137 10.0.3.9 137",
	                                      "icmp 10.0.1.1 8 10.0.3.9 0",
	                                      "icmpv6 2001:db8::1:1 128 2001:db8::3:1 0",
	                                      NULL};
	struct fixture fixture = {0};

	(void)state;
	load(&fixture, "");
	expect(&fixture, true, install);
	fixture.installing = true;
	expect(&fixture, false, install);
	policy_free(fixture.policy);
}

/* Met in the middle: the server spoke first. A range of ports has no server's end, and UDP no middle. */
static void test_swapped_ends(void **state)
{
	struct fixture fixture = {0};

	(void)state;
	load(&fixture, "");
	KEEP(&fixture, "tcp 10.0.1.1 5723 10.0.3.9 50000", "tcp 2001:db8::1:1 5723 2001:db8::3:1 50000",
	     "udp 10.0.7.1 161 10.0.1.1 50000");
	CUT(&fixture, "tcp 10.0.3.9 5723 10.0.1.1 50000", "udp 10.0.7.1 160 10.0.1.1 50000",
	    "tcp 10.0.3.9 445 10.0.1.1 40000", "tcp 10.0.3.9 50001 10.0.1.1 40000");
	fixture.installing = true;
	KEEP(&fixture, "tcp 10.0.3.9 445 10.0.1.1 40000");
	CUT(&fixture, "tcp 10.0.3.9 50001 10.0.1.1 40000");
	policy_free(fixture.policy);
}

static void test_scope(void **state)
{
	static const struct {
		const char *settings;
		bool with_role, with_stranger, strangers;
	} scopes[] = {
	        {"deny_scope = none\n", false, false, false},
	        {"deny_scope = roles\n", true, false, false},
	        {"deny_scope = servers\n", true, true, false},
	        {"deny_scope = everything\n", true, true, true},
	        {"deny_scope = everything\nmode = audit\n", false, false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(scopes); i++) {
		struct fixture fixture = {0};

		load(&fixture, scopes[i].settings);
		expect(&fixture, scopes[i].with_role,
		       (const char *const[]){"tcp 10.0.1.1 50000 10.0.2.1 99", NULL});
		expect(&fixture, scopes[i].with_stranger,
		       (const char *const[]){"tcp 10.0.1.1 50000 192.0.2.1 80",
		                             "udp 2001:db8::ff 50000 2001:db8::1:1 53", NULL});
		expect(&fixture, scopes[i].strangers,
		       (const char *const[]){"tcp 192.0.2.9 50000 192.0.2.1 80",
		                             "icmp 192.0.2.9 8 192.0.2.1 0", "gre 192.0.2.9 0 192.0.2.1 0",
		                             NULL});
		policy_free(fixture.policy);
	}
}

static void test_never_deny(void **state)
{
	struct fixture fixture = {0};

	(void)state;
	load(&fixture, "deny_scope = everything\nnever_deny = 10.0.2.1, 2001:db8::5\n");
	KEEP(&fixture, "tcp 10.0.1.1 50000 10.0.2.1 99", "gre 10.0.2.1 0 10.0.1.1 0",
	     "tcp 2001:db8::ff 50000 2001:db8::5 22");
	CUT(&fixture, "tcp 10.0.1.1 50000 10.0.2.2 99");
	policy_free(fixture.policy);
}

/* What ends on the gateway itself is no forwarded traffic; what does not leave it meets no rule. */
static void test_own_connections(void **state)
{
	struct fixture fixture = {0};
	struct conntrack_entry entry;

	(void)state;
	load(&fixture, "deny_scope = everything\n");
	KEEP(&fixture, "tcp 192.0.2.9 50000 " OWN " 22", "tcp " OWN " 50000 192.0.2.9 443",
	     "udp " OWN6 " 50000 2001:db8::ff 53", "tcp " OWN " 50000 " OWN " 99");
	CUT(&fixture, "tcp 10.0.1.1 50000 " OWN " 99", "tcp " OWN " 50000 10.0.1.1 99");
	KEEP(&fixture, "tcp " OWN " 50000 10.0.1.1 5723");
	/* a flowtable holds forwarded connections alone, whose address the gateway may answer for */
	entry = entry_of("tcp 192.0.2.9 50000 " OWN " 22");
	entry.offloaded = true;
	assert_true(cut_is_due(&fixture.view, &entry));
	policy_free(fixture.policy);
}

/* What `nft list flowtables` gets from the kernel, as far as we read it. */
static size_t put_flowtable(char *buf, uint8_t family, const char *table, const char *name)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *header;
	struct nlattr *hook;

	message->nlmsg_type = (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWFLOWTABLE;
	message->nlmsg_flags = NLM_F_MULTI;
	header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	header->nfgen_family = family;
	mnl_attr_put_strz(message, NFTA_FLOWTABLE_TABLE, table);
	mnl_attr_put_strz(message, NFTA_FLOWTABLE_NAME, name);
	mnl_attr_put_u32(message, NFTA_FLOWTABLE_USE, htonl(1));
	mnl_attr_put_u64(message, NFTA_FLOWTABLE_HANDLE, 0x0700000000000000);
	hook = mnl_attr_nest_start(message, NFTA_FLOWTABLE_HOOK);
	mnl_attr_put_u32(message, NFTA_FLOWTABLE_HOOK_NUM, 0);
	mnl_attr_put_u32(message, NFTA_FLOWTABLE_HOOK_PRIORITY, 0);
	mnl_attr_nest_end(message, hook);
	return message->nlmsg_len;
}

static void test_flowtable_is_read(void **state)
{
	char buf[512];
	struct flowtable flowtable = {.name = "untouched"};
	struct nlmsghdr *message = (struct nlmsghdr *)buf;

	(void)state;
	put_flowtable(buf, NFPROTO_INET, "firewall", "fastpath");
	assert_int_equal(flowtable_parse(message, &flowtable), 0);
	assert_string_equal(flowtable.name, "inet firewall fastpath");
	put_flowtable(buf, NFPROTO_IPV6, "a", "b");
	assert_int_equal(flowtable_parse(message, &flowtable), 0);
	assert_string_equal(flowtable.name, "ip6 a b");
	message->nlmsg_type = (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWCHAIN;
	assert_int_equal(flowtable_parse(message, &flowtable), -EBADMSG);
	assert_string_equal(flowtable.name, "ip6 a b");
}

/* Each byte takes other values, in a buffer of exactly that size, under the sanitizers. */
static void test_lengths_that_lie_are_survived(void **state)
{
	char model[512];
	size_t len = put_flowtable(model, NFPROTO_INET, "firewall", "fastpath");

	(void)state;
	for (size_t at = sizeof(uint32_t); at < len;
	     at++) { /* the message's own length is checked by the reader */
		for (unsigned value = 0; value < 256; value++) {
			struct flowtable flowtable;
			char *buf = malloc(len);

			assert_non_null(buf);
			memcpy(buf, model, len);
			buf[at] = (char)value;
			if (flowtable_parse((struct nlmsghdr *)buf, &flowtable) == 0)
				assert_non_null(strchr(flowtable.name, ' '));
			free(buf);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_lines_decide),
	        cmocka_unit_test(test_windows_decide),
	        cmocka_unit_test(test_swapped_ends),
	        cmocka_unit_test(test_scope),
	        cmocka_unit_test(test_never_deny),
	        cmocka_unit_test(test_own_connections),
	        cmocka_unit_test(test_flowtable_is_read),
	        cmocka_unit_test(test_lengths_that_lie_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

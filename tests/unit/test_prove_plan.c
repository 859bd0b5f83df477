// SPDX-License-Identifier: GPL-2.0-or-later
/* Whom a proof takes for a role, and which packets it plans for a line. */
#include "tests/unit/proof.h"

/* dst NULL: to anybody. */
static bool plan_has(struct plan *plan, const char *row, const char *src, const char *dst, enum proto proto,
                     unsigned port)
{
	size_t from = host_of(&plan->hosts, src), to = dst ? host_of(&plan->hosts, dst) : 0;

	for (size_t i = 0; i < plan->n_probes; i++) {
		const struct probe *probe = &plan->probes[i];

		if (probe->src == from && (!dst || probe->dst == to) && probe->proto == proto &&
		    probe->port == port && strcmp(proof_row_name(&plan->rows[probe->row]), row) == 0)
			return true;
	}
	return false;
}

static void a_line_is_tried_with_everything_beside_it(void **state)
{
	static const struct {
		const char *row, *src, *dst;
		enum proto proto;
		unsigned port;
	} wanted[] = {
	        {"cur-16", "10.0.1.5", "10.0.1.1", PROTO_TCP, 5800}, /* a host of two roles */
	        {"cur-16", "10.0.3.0", NULL, PROTO_TCP, 5800},       /* the first of a network */
	        {"cur-16", "10.0.3.255", NULL, PROTO_TCP, 5800},     /* the last one */
	        {"cur-16", "10.9.1.1", NULL, PROTO_TCP, 5800},       /* by reference, of two sections */
	        {"cur-16", "2001:db8:3::", "2001:db8:1::1", PROTO_TCP, 5800},
	        {"cur-16", "2001:db8:3:0:ffff:ffff:ffff:ffff", "2001:db8:1::1", PROTO_TCP, 5800},
	        {"cur-16", "10.0.1.5", "10.0.1.1", PROTO_TCP, 5799}, /* the ports beside it */
	        {"cur-16", "10.0.1.5", "10.0.1.1", PROTO_TCP, 5801},
	        {"cur-16", "10.0.1.5", "10.0.1.1", PROTO_UDP, 5800},  /* the other protocol */
	        {"cur-16", "10.0.1.1", "10.0.1.5", PROTO_TCP, 5800},  /* the opposite direction */
	        {"cur-16", "10.0.1.5", "10.0.1.1", PROTO_TCP, 5723},  /* what the document names */
	        {"cur-16", "10.0.1.4", "10.0.1.1", PROTO_TCP, 5800},  /* below the lowest member */
	        {"cur-16", "10.9.1.2", "10.0.1.1", PROTO_TCP, 5800},  /* above the highest */
	        {"cur-16", "10.0.1.5", "10.0.1.10", PROTO_TCP, 5800}, /* likewise at the other end */
	        {"cur-16", "10.0.1.5", "10.0.2.1", PROTO_TCP, 5800},  /* another role */
	        {"cur-16", "10.0.9.1", "10.0.1.1", PROTO_TCP, 5800},
	        {"cur-16", "198.51.100.254", "10.0.1.1", PROTO_TCP, 5800}, /* nobody */
	        {"cur-16", "10.0.1.5", "198.51.100.254", PROTO_TCP, 5800},
	        {"cur-18", "10.0.1.1", "10.0.1.5", PROTO_TCP, 49151}, /* a range: before, first ... */
	        {"cur-18", "10.0.1.1", "10.0.1.5", PROTO_TCP, 49152},
	        {"cur-18", "10.0.1.1", "10.0.1.5", PROTO_TCP, 57343},
	        {"cur-18", "10.0.1.1", "10.0.1.5", PROTO_TCP, 65535},
	        {"cur-25", "10.0.5.1", "10.0.5.9", PROTO_TCP, 51907}, /* a row that is off */
	        {"cur-28", "10.0.6.9", "10.0.6.1", PROTO_TCP, 1433},  /* turned round, and not */
	        {"cur-28", "10.0.6.1", "10.0.6.9", PROTO_TCP, 1433},
	        {"cur-04", "10.0.8.1", "10.0.1.1", PROTO_ICMP, 0},
	        {"cur-19", "10.0.1.1", "10.9.2.1", PROTO_TCP, 1270}, /* another section */
	        {"backup", "10.0.11.1", "10.0.1.1", PROTO_TCP, 20005},
	        {"gone", "10.0.3.0", "10.0.1.1", PROTO_TCP, 7777},
	        {"never_deny", "10.0.250.0", "10.0.1.1", PROTO_TCP, 3389},
	};
	struct policy *policy = load_text(proof_role_file);
	struct plan *plan = plan_new(policy, NULL, 0);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if (!plan_has(plan, wanted[i].row, wanted[i].src, wanted[i].dst, wanted[i].proto,
		              wanted[i].port))
			fail_msg("%s: no %s -> %s %s/%u", wanted[i].row, wanted[i].src,
			         wanted[i].dst ? wanted[i].dst : "anybody", proto_name(wanted[i].proto),
			         wanted[i].port);
	plan_free(plan);
	policy_free(policy);
}

static void a_section_can_be_planned_alone(void **state)
{
	static const char *const only[] = {"dmz"};
	struct policy *policy = load_text(proof_role_file);
	struct plan *plan = plan_new(policy, only, 1);

	(void)state;
	assert_true(plan->n_probes > 0);
	for (size_t i = 0; i < plan->n_rows; i++)
		assert_string_equal(proof_row_section(&plan->rows[i]), "dmz");
	plan_free(plan);
	policy_free(policy);
}

static void clients_use_no_port_of_a_service(void **state)
{
	struct policy *policy = load_text(proof_role_file);
	struct plan *plan = plan_new(policy, NULL, 0);

	(void)state;
	assert_true(plan->client_ports[19999]);
	for (unsigned port = 20000; port <= 20010; port++)
		assert_false(plan->client_ports[port]);
	assert_true(plan->client_ports[20011]);
	assert_false(plan->client_ports[5723]);
	assert_false(plan->client_ports[49152]);
	assert_false(plan->client_ports[65535]);
	plan_free(plan);
	policy_free(policy);
}

/* 0/8, 127/8, 169.254/16 and what lies above 224 is forwarded by nobody, a packet from there would prove nothing. */
static void members_no_router_forwards_are_left_out(void **state)
{
	struct policy *policy = load_text("[omfwd]\ndeny_scope = roles\n[roles]\n"
	                                  "catalog_dynamic_ports = reply_only\n"
	                                  "operations_console = 1.0.0.0, 223.255.255.255\n"
	                                  "management_pack_catalog = 0.0.0.0/0, ::/0\n");
	struct plan *plan = plan_new(policy, NULL, 0);

	(void)state;
	assert_true(plan->n_probes > 0);
	for (size_t i = 0; i < plan->n_probes; i++) {
		const struct addr *addr = &plan->hosts.items[plan->probes[i].dst].addr;

		if (addr->is_v6)
			assert_true(addr->v6 >> 112 >= 1 && addr->v6 >> 112 < 0xfe00);
		else
			assert_true(addr->v4 >= 0x01000000u && addr->v4 <= 0xdfffffffu &&
			            addr->v4 >> 24 != 127 && addr->v4 >> 16 != 0xa9fe);
	}
	assert_true(plan_has(plan, "cur-09", "1.0.0.0", "223.255.255.255", PROTO_TCP, 443));
	plan_free(plan);
	policy_free(policy);
}

static void large_files_are_thinned_out(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct policy *policy;
	struct plan *plan;
	size_t tried = 0;

	(void)state;
	for (int s = 0; s < 12; s++) {
		fprintf(out, "[roles s%d]\n", s);
		for (enum role role = 0; role < ROLE_MAX; role++)
			if (role != ROLE_MANAGEMENT_PACK_CATALOG)
				fprintf(out, "%s = 10.%d.%d.1, 10.%d.%d.3, 10.%d.%d.64/26\n", role_name(role),
				        s, role, s, role, s, role);
	}
	fclose(out);
	policy = load_text(text);
	plan = plan_new(policy, NULL, 0);
	assert_non_null(plan->depth->note);
	for (size_t i = 0; i < plan->n_rows; i++)
		tried += plan->rows[i].n_probes > 0;
	assert_int_equal(tried, 12 * 29); /* each row and half row but the catalog's */
	plan_free(plan);
	policy_free(policy);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_line_is_tried_with_everything_beside_it),
	        cmocka_unit_test(a_section_can_be_planned_alone),
	        cmocka_unit_test(clients_use_no_port_of_a_service),
	        cmocka_unit_test(members_no_router_forwards_are_left_out),
	        cmocka_unit_test(large_files_are_thinned_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

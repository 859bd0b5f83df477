// SPDX-License-Identifier: GPL-2.0-or-later
/* How the packets of a proof are known again, and how differences are counted and told. */
#include "prove/frame.h"
#include "tests/unit/proof.h"

static unsigned folded_sum(const uint8_t *data, size_t len, uint32_t total)
{
	for (size_t i = 0; i < len; i++)
		total += i % 2 ? data[i] : (uint32_t)data[i] << 8;
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return total;
}

/* A sum over everything, checksum included, has all bits set. */
static void check_sums(const uint8_t *ip, size_t len)
{
	bool v4 = ip[0] >> 4 == 4;
	size_t header = v4 ? 20 : 40, addrs = v4 ? 12 : 8;
	uint8_t proto = v4 ? ip[9] : ip[6];
	uint32_t pseudo = 0;

	if (v4)
		assert_int_equal(folded_sum(ip, 20, 0), 0xffff);
	if (proto != 1)
		pseudo = folded_sum(ip + addrs, header - addrs, 0) + proto + (uint32_t)(len - header);
	assert_int_equal(folded_sum(ip + header, len - header, pseudo), 0xffff);
}

static void frames_are_known_again(void **state)
{
	struct addr ends[2][2];

	(void)state;
	addr_parse_host("10.1.2.3", &ends[0][0]);
	addr_parse_host("192.168.255.254", &ends[0][1]);
	addr_parse_host("2001:db8::1", &ends[1][0]);
	addr_parse_host("fd00:ffff::ffff", &ends[1][1]);
	for (int i = 0; i < 2 * PROTO_MAX * 3; i++) {
		const struct addr *both = ends[i % 2];
		struct frame frame = {&both[0], &both[1], (enum proto)(i / 2 % PROTO_MAX),
		                      12345,    5723,     (enum frame_part)(i / 2 / PROTO_MAX)};
		uint8_t packet[FRAME_MAX];
		uint32_t id = 0;
		size_t len = frame_build(&frame, 0xfedcba98u, packet);

		check_sums(packet, len);
		assert_true(frame_read(packet, len, &id));
		assert_int_equal(id, 0xfedcba98u);
		packet[i % 2 ? 0 : 1] ^= i % 2 ? 0x08 : 0x10; /* another DSCP: somebody else's */
		assert_false(frame_read(packet, len, &id));
	}
}

static void a_refusal_is_no_arrival(void **state)
{
	struct addr client, server;
	struct frame frame = {&client, &server, PROTO_TCP, 12345, 5723, FRAME_ANSWER};
	uint8_t packet[FRAME_MAX];
	uint32_t id;
	size_t len;

	(void)state;
	addr_parse_host("10.1.2.3", &client);
	addr_parse_host("10.1.2.4", &server);
	len = frame_build(&frame, 7, packet);
	packet[20 + 13] = 0x14; /* RST, ACK */
	assert_false(frame_read(packet, len, &id));
}

static void differences_are_counted_and_spelled_out(void **state)
{
	struct policy *policy = load_text(proof_role_file);
	struct lines lines = policy_compile(policy);
	struct plan *plan = plan_new(policy, NULL, 0);
	struct run_result *result = perfect_result(plan);
	struct tally *tally = tally_new(plan, &lines, result);
	struct proof proof = {plan, result, tally, false};
	char text[PROOF_DIFFERENCE_MAX];
	size_t spoilt = 0;

	(void)state;
	assert_int_equal(tally->n_differences, 0);
	assert_int_equal(proof_code(&proof), CODE_DONE);
	tally_free(tally);
	while (plan->probes[spoilt].run != EXPECT_SHUT || plan->probes[spoilt].install != EXPECT_OPEN)
		spoilt++;
	result->outcomes[spoilt].seen = 1 << STEP_RUN | 1 << STEP_INSTALL | 1 << STEP_CUT;
	proof.tally = tally = tally_new(plan, &lines, result);
	assert_int_equal(tally->n_differences, 3); /* open too early, no answer later, not cut in the end */
	assert_int_equal(tally->n_by_packet, 3);
	assert_int_equal(tally->n_by_explain, 0);
	assert_int_equal(tally->rows[plan->probes[spoilt].row].n_differences, 3);
	assert_int_equal(proof_code(&proof), CODE_NO);
	assert_string_equal(proof_difference(&proof, &tally->differences[0], text, sizeof(text)),
	                    "prod cur-01: 10.0.1.1 -> 10.0.2.1 tcp/135, run phase: passed, but must be shut; "
	                    "explain says shut");
	tally_free(tally);
	run_result_free(result);
	plan_free(plan);
	policy_free(policy);
}

static void explain_is_held_to_it_as_well(void **state)
{
	struct policy *policy = load_text(proof_role_file);
	struct plan *plan = plan_new(policy, NULL, 0);
	struct run_result *result = perfect_result(plan);
	struct lines none = {.n = 0};
	struct tally *tally = tally_new(plan, &none, result);

	(void)state;
	assert_int_equal(tally->n_by_packet, 0);
	assert_true(tally->n_by_explain > 100);
	tally_free(tally);
	run_result_free(result);
	plan_free(plan);
	policy_free(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(frames_are_known_again),
	        cmocka_unit_test(a_refusal_is_no_arrival),
	        cmocka_unit_test(differences_are_counted_and_spelled_out),
	        cmocka_unit_test(explain_is_held_to_it_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Answers of the kernel, well formed and not: lengths that lie must end the reading, never leave the buffer. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "kernel/answer.h"
#include "kernel/session.h"
#include "ruleset/rule.h"
#include "util/array.h"

#define OFFSET_ATTRIBUTE 2 /* NLMSGERR_ATTR_OFFS */

/* An error about message seq; with an offset attribute unless offset is 0. Returns its length. */
static size_t put_error(char *buf, uint32_t seq, int error, uint32_t offset)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buf);
	struct nlmsgerr *payload = mnl_nlmsg_put_extra_header(message, sizeof(*payload));

	message->nlmsg_type = NLMSG_ERROR;
	payload->error = error;
	payload->msg.nlmsg_seq = seq;
	payload->msg.nlmsg_len = sizeof(payload->msg);
	if (offset) {
		message->nlmsg_flags |= NLM_F_ACK_TLVS | NLM_F_CAPPED;
		mnl_attr_put_u32(message, OFFSET_ATTRIBUTE, offset);
	}
	return message->nlmsg_len;
}

static void test_errors_are_read_one_by_one(void **state)
{
	char buf[512];
	struct answer answer;
	size_t len = put_error(buf, 7, -EEXIST, 88), offset = 0;

	(void)state;
	len += put_error(buf + len, 9, 0, 0);
	assert_true(answer_next(buf, len, &offset, &answer));
	assert_int_equal(answer.seq, 7);
	assert_int_equal(answer.error, -EEXIST);
	assert_int_equal(answer.offset, 88);
	assert_true(answer_next(buf, len, &offset, &answer));
	assert_int_equal(answer.seq, 9);
	assert_int_equal(answer.error, 0);
	assert_int_equal(answer.offset, 0);
	assert_false(answer_next(buf, len, &offset, &answer));
}

static void test_an_error_that_is_no_errno_is_malformed(void **state)
{
	static const int wrong[] = {INT_MIN, -4096, 1, INT_MAX};
	char buf[512];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		size_t len = put_error(buf, 7, wrong[i], 0), offset = 0;
		struct answer answer;

		assert_true(answer_next(buf, len, &offset, &answer));
		assert_int_equal(answer.error, -EBADMSG);
	}
}

/* Every length field takes every small value, in a buffer of exactly that size, under the sanitizers. */
static void test_lengths_that_lie_end_the_reading(void **state)
{
	char model[512];
	size_t len = put_error(model, 7, -EEXIST, 88);

	(void)state;
	for (size_t field = 0; field < len; field++) {
		for (unsigned value = 0; value < 256; value++) {
			char *buf = malloc(len);
			struct answer answer;
			size_t offset = 0;

			memcpy(buf, model, len);
			buf[field] = (char)value;
			while (answer_next(buf, len, &offset, &answer))
				assert_true(offset <= len + NLMSG_ALIGNTO);
			free(buf);
		}
	}
}

static void test_every_cut_is_survived(void **state)
{
	char model[512];
	size_t len = put_error(model, 7, -EEXIST, 88);

	(void)state;
	for (size_t cut = 0; cut < len; cut++) {
		char *buf = malloc(cut + 1);
		struct answer answer;
		size_t offset = 0;

		memcpy(buf, model, cut);
		assert_false(answer_next(buf, cut, &offset, &answer));
		free(buf);
	}
}

/* Hosts and ranges of both families, mixed as in a role file; the second message of their set begins at the second. */
static struct range4 members4[] = {{1, 1, 101}, {5, 8, 102}, {9, 9, 103}, {20, 29, 104}, {30, 30, 105}};
static struct range6 members6[] = {{1, 8, 201}, {9, 9, 202}, {20, 29, 203}, {30, 30, 204}, {40, 49, 205}};

static void test_a_refused_member_is_told_by_its_place(void **state)
{
	static const struct {
		enum set_type type;
		uint32_t offset; /* of 100 bytes before the members, 20 bytes each */
		loc_t loc;
	} refusals[] = {
	        {SET_HOSTS4, 100, 103}, {SET_HOSTS4, 139, 105}, {SET_HOSTS4, 140, 7},   {SET_NETS4, 100, 102},
	        {SET_NETS4, 120, 104},  {SET_HOSTS6, 119, 202}, {SET_HOSTS6, 120, 204}, {SET_HOSTS6, 140, 7},
	        {SET_NETS6, 100, 203},  {SET_NETS6, 120, 205},  {SET_NETS6, 140, 7},    {SET_NETS6, 99, 6},
	};
	struct addr_set addrs = {.v4 = members4, .n4 = 5, .v6 = members6, .n6 = 5};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		struct nft_set set = {.type = refusals[i].type, .addrs = &addrs, .loc = 7};
		struct origin origin = {.seq = 4,
		                        .what = "set",
		                        .name = "s",
		                        .loc = 6,
		                        .elements = &set,
		                        .first = 1,
		                        .offset = 100,
		                        .stride = 20};
		struct kernel kernel = {.batch = {.origins = &origin, .n_origins = 1}};
		struct answer answer = {.seq = 4, .error = -EEXIST, .offset = refusals[i].offset};

		assert_int_equal(answer_tell(&kernel, &answer), -EEXIST);
		assert_int_equal(kernel.error_loc, refusals[i].loc);
	}
}

static int count_message(const struct nlmsghdr *message, void *data)
{
	(void)message;
	++*(int *)data;
	return 0;
}

static size_t put_message(char *buf, uint16_t type, uint16_t flags, uint32_t seq)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buf);

	message->nlmsg_type = type;
	message->nlmsg_flags = flags;
	message->nlmsg_seq = seq;
	mnl_nlmsg_put_extra_header(message, sizeof(int));
	return message->nlmsg_len;
}

static void test_a_dump_ignores_what_is_not_its_own(void **state)
{
	char buf[512];
	int seen = 0;
	bool interrupted = false;
	struct dump dump = {.each = count_message, .data = &seen};
	size_t len = put_message(buf, 100, 0, 4);

	(void)state;
	len += put_message(buf + len, 100, 0, 5);
	assert_int_equal(answer_dump(buf, len, 5, &dump, &interrupted), 1);
	assert_int_equal(seen, 1);
	assert_false(interrupted);
	len += put_message(buf + len, NLMSG_DONE, NLM_F_DUMP_INTR, 5);
	assert_int_equal(answer_dump(buf, len, 5, &dump, &interrupted), 0);
	assert_true(interrupted);
}

static void test_a_dump_with_a_wrong_length_is_an_error(void **state)
{
	char buf[512];
	bool interrupted = false;
	struct dump dump = {0};
	size_t len = put_message(buf, 100, 0, 5);

	(void)state;
	((struct nlmsghdr *)buf)->nlmsg_len = (uint32_t)len + 4;
	assert_int_equal(answer_dump(buf, len, 5, &dump, &interrupted), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_errors_are_read_one_by_one),
	        cmocka_unit_test(test_an_error_that_is_no_errno_is_malformed),
	        cmocka_unit_test(test_lengths_that_lie_end_the_reading),
	        cmocka_unit_test(test_every_cut_is_survived),
	        cmocka_unit_test(test_a_refused_member_is_told_by_its_place),
	        cmocka_unit_test(test_a_dump_ignores_what_is_not_its_own),
	        cmocka_unit_test(test_a_dump_with_a_wrong_length_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

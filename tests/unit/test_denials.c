/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of denials: directions, counting, order, and what happens when it is full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/denials.h"

#define SYN     2
#define RST     4
#define ACK     16
#define CLIENT  1
#define SERVER  2
#define A_START 1000

struct sent {
	uint8_t from, to, protocol; /* 10.0.0.from */
	uint16_t sport, dport;
	uint8_t flags; /* of TCP; the type of ICMP */
};

static void add(struct denials *denials, const struct sent *sent, time_t now)
{
	uint8_t bytes[40] = {0x45, 0, 0,  40, 0, 0,          0,  0, 64, sent->protocol,
	                     0,    0, 10, 0,  0, sent->from, 10, 0, 0,  sent->to};

	bytes[20] = (uint8_t)(sent->sport >> 8);
	bytes[21] = (uint8_t)sent->sport;
	bytes[22] = (uint8_t)(sent->dport >> 8);
	bytes[23] = (uint8_t)sent->dport;
	bytes[33] = sent->flags;
	if (sent->protocol == 1)
		bytes[20] = sent->flags;
	denials_add(denials, bytes, sizeof(bytes), PATH_FORWARD, now);
}

static size_t count(const struct denials *denials)
{
	size_t n = 0;

	for (const struct denial *denial = denials_newest(denials); denial;
	     denial = denials_next(denials, denial))
		n++;
	return n;
}

/* The only entry, or the newest, is CLIENT to SERVER at that port. */
static void assert_newest(const struct denials *denials, uint16_t port, uint64_t packets)
{
	const struct denial *denial = denials_newest(denials);

	assert_non_null(denial);
	assert_int_equal(denial->key.src.v4, 0x0a000000 + CLIENT);
	assert_int_equal(denial->key.dst.v4, 0x0a000000 + SERVER);
	assert_int_equal(denial->key.port, port);
	assert_int_equal(denial->count, packets);
}

static void test_counts(void **state)
{
	struct denials *denials = denials_new(8, A_START);
	const struct sent syn = {CLIENT, SERVER, 6, 40000, 445, SYN};

	(void)state;
	for (time_t now = 1; now <= 3; now++)
		add(denials, &syn, A_START + now);
	assert_newest(denials, 445, 3);
	assert_int_equal(count(denials), 1);
	assert_int_equal(denials_newest(denials)->first, A_START + 1);
	assert_int_equal(denials_newest(denials)->last, A_START + 3);
	assert_int_equal(denials_counts(denials)->logged, 3);
	assert_int_equal(denials_counts(denials)->since, A_START);
	denials_free(denials);
}

/* What passed in audit mode is told from what was denied, in either mode. */
static void test_audited(void **state)
{
	static const char *const cases[][2] = {
	        {"enforce", "logged 3 times; 2 of them passed, in audit mode\n"},
	        {"audit", "logged 3 times; 1 of them denied, before mode"}};
	struct denials *denials = denials_new(8, A_START);
	const struct sent syn = {CLIENT, SERVER, 6, 40000, 445, SYN};

	(void)state;
	denials_set_audit(denials, true);
	add(denials, &syn, A_START);
	add(denials, &syn, A_START);
	denials_set_audit(denials, false);
	add(denials, &syn, A_START);
	assert_newest(denials, 445, 3);
	assert_int_equal(denials_newest(denials)->audited, 2);
	denials_free(denials);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *report = json_pack("{s:s, s:[{s:i, s:i}]}", "mode", cases[i][0], "entries", "count",
		                           3, "audited", 2);
		char *text = denials_text(report);

		assert_non_null(strstr(text, cases[i][1]));
		free(text);
		json_decref(report);
	}
}

/* Each of these alone belongs to CLIENT -> SERVER, port 445. */
static void test_direction_alone(void **state)
{
	static const struct sent packets[] = {
	        {CLIENT, SERVER, 6, 40000, 445, SYN},       {CLIENT, SERVER, 6, 80, 445, SYN},
	        {SERVER, CLIENT, 6, 445, 40000, SYN | ACK}, {SERVER, CLIENT, 6, 445, 80, SYN | ACK},
	        {SERVER, CLIENT, 6, 445, 40000, ACK},       {SERVER, CLIENT, 6, 445, 40000, RST},
	        {CLIENT, SERVER, 6, 40000, 445, ACK},       {CLIENT, SERVER, 17, 400, 445, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		struct denials *denials = denials_new(8, A_START);

		add(denials, &packets[i], A_START);
		assert_newest(denials, 445, 1);
		denials_free(denials);
	}
}

/* An answer joins the entry there is, whatever its port says. */
static void test_direction_known(void **state)
{
	struct denials *denials = denials_new(8, A_START);

	(void)state;
	add(denials, &(struct sent){CLIENT, SERVER, 6, 1000, 50000, SYN}, A_START);
	add(denials, &(struct sent){SERVER, CLIENT, 6, 50000, 1000, ACK}, A_START);
	add(denials, &(struct sent){CLIENT, SERVER, 6, 1000, 50000, ACK}, A_START);
	assert_newest(denials, 50000, 3);
	add(denials, &(struct sent){CLIENT, SERVER, 17, 1000, 50001, 0}, A_START);
	add(denials, &(struct sent){SERVER, CLIENT, 17, 50001, 1000, 0}, A_START);
	assert_newest(denials, 50001, 2);
	assert_int_equal(count(denials), 2);
	denials_free(denials);
}

static void test_icmp(void **state)
{
	struct denials *denials = denials_new(8, A_START);
	struct query query;

	(void)state;
	add(denials, &(struct sent){CLIENT, SERVER, 1, 0, 0, 8}, A_START);
	add(denials, &(struct sent){CLIENT, SERVER, 1, 0, 0, 8}, A_START);
	assert_newest(denials, 8, 2);
	assert_true(denial_query(&denials_newest(denials)->key, &query));
	assert_int_equal(query.proto, PROTO_ICMP);
	add(denials, &(struct sent){CLIENT, SERVER, 1, 0, 0, 13}, A_START);
	assert_newest(denials, 13, 1);
	assert_false(denial_query(&denials_newest(denials)->key, &query));
	add(denials, &(struct sent){CLIENT, SERVER, 99, 0, 0, 0}, A_START);
	assert_false(denial_query(&denials_newest(denials)->key, &query));
	denials_free(denials);
}

static void test_query(void **state)
{
	struct denials *denials = denials_new(8, A_START);
	struct query query;

	(void)state;
	add(denials, &(struct sent){CLIENT, SERVER, 17, 40000, 1434, 0}, A_START);
	assert_true(denial_query(&denials_newest(denials)->key, &query));
	assert_int_equal(query.proto, PROTO_UDP);
	assert_int_equal(query.port, 1434);
	assert_int_equal(query.path, PATH_FORWARD);
	denials_free(denials);
}

/* The least recently seen gives way, and is counted. */
static void test_bounded(void **state)
{
	struct denials *denials = denials_new(4, A_START);

	(void)state;
	for (uint16_t port = 1; port <= 4; port++)
		add(denials, &(struct sent){CLIENT, SERVER, 6, 40000, port, SYN}, A_START);
	add(denials, &(struct sent){CLIENT, SERVER, 6, 40000, 1, SYN}, A_START + 1);
	add(denials, &(struct sent){CLIENT, SERVER, 6, 40000, 5, SYN}, A_START + 2);
	assert_int_equal(count(denials), 4);
	assert_int_equal(denials_counts(denials)->evicted, 1);
	assert_newest(denials, 5, 1);
	assert_int_equal(denials_next(denials, denials_newest(denials))->key.port, 1);
	for (const struct denial *denial = denials_newest(denials); denial;
	     denial = denials_next(denials, denial))
		assert_int_not_equal(denial->key.port, 2);
	denials_free(denials);
}

/* Against the plainest list, for long: newest first, never more than fit, nothing twice. */
static void test_random(void **state)
{
	struct denials *denials = denials_new(32, A_START);
	uint16_t order[32];
	size_t n = 0;

	(void)state;
	srandom(7);
	for (int i = 0; i < 20000; i++) {
		uint16_t port = (uint16_t)(random() % 60 + 1);
		const struct denial *denial;
		size_t at = 0;

		add(denials, &(struct sent){CLIENT, SERVER, 6, 40000, port, SYN}, A_START + i);
		while (at < n && order[at] != port)
			at++;
		if (at == n)
			n = n < 32 ? n + 1 : n;
		at = at < n ? at : n - 1;
		memmove(order + 1, order, at * sizeof(*order));
		order[0] = port;
		denial = denials_newest(denials);
		for (at = 0; at < n; at++, denial = denials_next(denials, denial))
			assert_int_equal(denial->key.port, order[at]);
		assert_null(denial);
	}
	denials_free(denials);
}

static void test_unreadable(void **state)
{
	struct denials *denials = denials_new(4, A_START);

	(void)state;
	denials_add(denials, (const uint8_t *)"no packet", 9, PATH_FORWARD, A_START);
	assert_int_equal(count(denials), 0);
	assert_int_equal(denials_counts(denials)->logged, 1);
	assert_int_equal(denials_counts(denials)->unreadable, 1);
	denials_free(denials);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_counts),
	        cmocka_unit_test(test_audited),
	        cmocka_unit_test(test_direction_alone),
	        cmocka_unit_test(test_direction_known),
	        cmocka_unit_test(test_icmp),
	        cmocka_unit_test(test_query),
	        cmocka_unit_test(test_bounded),
	        cmocka_unit_test(test_random),
	        cmocka_unit_test(test_unreadable),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

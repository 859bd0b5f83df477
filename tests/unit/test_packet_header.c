/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Headers of packets: every kind, cut at every byte, and garbage. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/packet_header.h"

#define TCP4                                                                                                 \
	0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 1, 0, 10, 10, 2, 0, 20, 0x9c, 0x40, 0x16, 0x5b, 0, 0,   \
	        0, 0, 0, 0, 0, 0, 0x50, 0x02, 0, 0, 0, 0, 0, 0
#define ADDRS6                                                                                               \
	0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0x20, 0x01, 0x0d, 0xb8, 0, 2, 0, 0,   \
	        0, 0, 0, 0, 0, 0, 0, 0x20
#define HEAD6(next) 0x60, 0, 0, 0, 0, 32, next, 64, ADDRS6
#define UDP         0x9c, 0x40, 0x00, 0xa1, 0, 8, 0, 0

/* In memory of exactly that length, so that a sanitizer sees one byte too many. */
static int parse(const uint8_t *bytes, size_t len, struct packet_header *ret)
{
	uint8_t *copy = malloc(len ? len : 1);
	int r;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	r = packet_header_parse(copy, len, ret);
	free(copy);
	return r;
}

static void assert_addr(const struct addr *addr, const char *want)
{
	char text[ADDR_TEXT_MAX];

	assert_string_equal(addr_format(addr, text, sizeof(text)), want);
}

static void test_tcp4(void **state)
{
	static const uint8_t bytes[] = {TCP4};
	struct packet_header header;

	(void)state;
	assert_int_equal(parse(bytes, sizeof(bytes), &header), 0);
	assert_addr(&header.src, "10.1.0.10");
	assert_addr(&header.dst, "10.2.0.20");
	assert_int_equal(header.protocol, 6);
	assert_true(header.has_ports && header.has_flags && !header.has_type);
	assert_int_equal(header.sport, 40000);
	assert_int_equal(header.dport, 5723);
	assert_int_equal(header.tcp_flags, 2);
}

static void test_options4(void **state)
{
	static const uint8_t bytes[] = {0x46, 0, 0,  32, 0, 0, 0,  0, 64, 17, 0, 0,  10,
	                                1,    0, 10, 10, 2, 0, 20, 1, 1,  1,  1, UDP};
	struct packet_header header;

	(void)state;
	assert_int_equal(parse(bytes, sizeof(bytes), &header), 0);
	assert_true(header.has_ports && !header.has_flags);
	assert_int_equal(header.dport, 161);
}

static void test_fragments4(void **state)
{
	uint8_t bytes[] = {TCP4};
	struct packet_header header;

	(void)state;
	bytes[6] = 0x20; /* the first of several has its ports */
	assert_int_equal(parse(bytes, sizeof(bytes), &header), 0);
	assert_true(header.has_ports);
	bytes[7] = 1; /* a later one has not */
	assert_int_equal(parse(bytes, sizeof(bytes), &header), 0);
	assert_int_equal(header.protocol, 6);
	assert_false(header.has_ports);
}

static void test_short_header_length4(void **state)
{
	uint8_t bytes[] = {TCP4};
	struct packet_header header;

	(void)state;
	bytes[0] = 0x44; /* less than a header */
	assert_int_equal(parse(bytes, sizeof(bytes), &header), 0);
	assert_false(header.has_ports);
	bytes[0] = 0x4f; /* more than there is */
	assert_int_equal(parse(bytes, sizeof(bytes), &header), 0);
	assert_false(header.has_ports);
}

static void test_icmp(void **state)
{
	static const uint8_t v6[] = {HEAD6(58), 128, 0, 0, 0};
	uint8_t v4[] = {TCP4};
	struct packet_header header;

	(void)state;
	v4[9] = 1;
	v4[20] = 8;
	assert_int_equal(parse(v4, sizeof(v4), &header), 0);
	assert_true(header.has_type && !header.has_ports);
	assert_int_equal(header.icmp_type, 8);
	assert_int_equal(parse(v6, sizeof(v6), &header), 0);
	assert_true(header.has_type);
	assert_int_equal(header.protocol, 58);
	assert_int_equal(header.icmp_type, 128);
}

static void test_extensions6(void **state)
{
	static const uint8_t bytes[] = {HEAD6(0), 60, 0, 1, 4, 0, 0, 0, 0, /* hop by hop */
	                                43,       1,  0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	                                0,        0,  0, 0,             /* destination, 16 bytes */
	                                51,       0,  0, 0, 0, 0, 0, 0, /* routing */
	                                44,       1,  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* authentication */
	                                17,       0,  0, 1, 0, 0, 0, 1,             /* first fragment */
	                                UDP};
	struct packet_header header;

	(void)state;
	assert_int_equal(parse(bytes, sizeof(bytes), &header), 0);
	assert_addr(&header.src, "2001:db8:1::10");
	assert_addr(&header.dst, "2001:db8:2::20");
	assert_int_equal(header.protocol, 17);
	assert_true(header.has_ports);
	assert_int_equal(header.dport, 161);
}

static void test_fragment6(void **state)
{
	static const uint8_t bytes[] = {HEAD6(44), 17, 0, 0, 9, 0, 0, 0, 1, UDP};
	struct packet_header header;

	(void)state;
	assert_int_equal(parse(bytes, sizeof(bytes), &header), 0);
	assert_int_equal(header.protocol, 17);
	assert_false(header.has_ports);
}

static void test_endless_extensions6(void **state)
{
	uint8_t bytes[40 + 8 * 20] = {HEAD6(60)};
	struct packet_header header;

	(void)state;
	for (size_t i = 40; i < sizeof(bytes); i += 8)
		bytes[i] = 60;
	assert_int_equal(parse(bytes, sizeof(bytes), &header), 0);
	assert_false(header.has_ports || header.has_type);
}

/* Whatever the cut, what is said to be there was there, and the addresses do not change. */
static void assert_every_cut(const uint8_t *bytes, size_t len, size_t head)
{
	for (size_t cut = 0; cut <= len; cut++) {
		struct packet_header header = {.protocol = 77};

		if (cut < head) {
			assert_int_equal(parse(bytes, cut, &header), -EBADMSG);
			assert_int_equal(header.protocol, 77);
			continue;
		}
		assert_int_equal(parse(bytes, cut, &header), 0);
		if (header.has_ports)
			assert_true(cut >= head + 4);
		if (header.has_flags)
			assert_true(cut >= head + 14);
	}
}

static void test_truncated(void **state)
{
	static const uint8_t v4[] = {TCP4};
	static const uint8_t v6[] = {HEAD6(44), 17, 0, 0, 1, 0, 0, 0, 1, UDP};

	(void)state;
	assert_every_cut(v4, sizeof(v4), 20);
	assert_every_cut(v6, sizeof(v6), 40);
}

static void test_no_ip(void **state)
{
	uint8_t bytes[64] = {0};
	struct packet_header header;

	(void)state;
	for (unsigned version = 0; version < 16; version++) {
		bytes[0] = (uint8_t)(version << 4 | 5);
		assert_int_equal(parse(bytes, sizeof(bytes), &header),
		                 version == 4 || version == 6 ? 0 : -EBADMSG);
	}
}

/* The sanitizers judge. */
static void test_garbage(void **state)
{
	uint8_t bytes[128];
	struct packet_header header;

	(void)state;
	srandom(1);
	for (int i = 0; i < 200000; i++) {
		size_t len = (size_t)random() % sizeof(bytes);

		for (size_t j = 0; j < len; j++)
			bytes[j] = (uint8_t)random();
		if (len)
			bytes[0] = (uint8_t)((i & 1 ? 0x60 : 0x40) | (bytes[0] & 15));
		if (parse(bytes, len, &header) == 0 && header.has_ports)
			assert_true(header.protocol == 6 || header.protocol == 17);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_tcp4),       cmocka_unit_test(test_options4),
	        cmocka_unit_test(test_fragments4), cmocka_unit_test(test_short_header_length4),
	        cmocka_unit_test(test_icmp),       cmocka_unit_test(test_extensions6),
	        cmocka_unit_test(test_fragment6),  cmocka_unit_test(test_endless_extensions6),
	        cmocka_unit_test(test_truncated),  cmocka_unit_test(test_no_ip),
	        cmocka_unit_test(test_garbage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Members and sets of them: what is read and refused, how ranges merge, and that a set holds what its members held. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/addr.h"
#include "policy/addr_scan.h"
#include "util/array.h"

/* Parses and formats back. */
static const char *parsed(const char *text)
{
	static char buf[ADDR_TEXT_MAX];
	struct addr_range range;

	if (addr_parse(text, strlen(text), &range) != ADDR_OK)
		return "refused";
	return range.is_v6 ? addr_format6(&range.v6, buf, sizeof(buf))
	                   : addr_format4(&range.v4, buf, sizeof(buf));
}

static void test_parse(void **state)
{
	static const char *const same[] = {
	        "10.0.0.1",          "0.0.0.0/8",     "10.0.0.0/24",
	        "10.0.0.1-10.0.0.9", "128.0.0.0/1",   "255.255.255.254",
	        "2001:db8::1",       "2001:db8::/32", "2001:db8::1-2001:db8::9",
	        "224.0.0.0/3",       "240.0.0.0/4",   "64:ff9b::/96",
	        "8000::/1",          "1.2.3.4",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		assert_string_equal(parsed(same[i]), same[i]);
	assert_string_equal(parsed("10.0.0.1/32"), "10.0.0.1");
	assert_string_equal(parsed("10.0.0.1-10.0.0.1"), "10.0.0.1");
	assert_string_equal(parsed("10.0.0.0-10.0.0.255"), "10.0.0.0/24");
	assert_string_equal(parsed("2001:DB8:0::1/128"), "2001:db8::1");
	assert_string_equal(parsed("0.0.0.1-255.255.255.254"), "0.0.0.1-255.255.255.254");
}

static void test_refuse(void **state)
{
	static const struct {
		const char *text;
		enum addr_error error;
	} bad[] = {
	        {"", ADDR_NOT_AN_ADDRESS},
	        {"10.0.0", ADDR_NOT_AN_ADDRESS},
	        {"10.0.0.1.2", ADDR_NOT_AN_ADDRESS},
	        {"10.0.0.256", ADDR_NOT_AN_ADDRESS},
	        {"10.0.0.01", ADDR_NOT_AN_ADDRESS},
	        {"10.0.0.0001", ADDR_NOT_AN_ADDRESS},
	        {"10.0.0.99999999999", ADDR_NOT_AN_ADDRESS},
	        {"10..0.1", ADDR_NOT_AN_ADDRESS},
	        {"10.0.0.1 ", ADDR_NOT_AN_ADDRESS},
	        {"10.0.0.1-", ADDR_NOT_AN_ADDRESS},
	        {"host", ADDR_NOT_AN_ADDRESS},
	        {"2001:db8::g", ADDR_NOT_AN_ADDRESS},
	        {"2001:db8::1-x", ADDR_NOT_AN_ADDRESS},
	        {"fe80::1%eth0", ADDR_NOT_AN_ADDRESS},
	        {"10.0.0.0/", ADDR_BAD_PREFIX},
	        {"10.0.0.0/33", ADDR_BAD_PREFIX},
	        {"10.0.0.0/08", ADDR_BAD_PREFIX},
	        {"10.0.0.0/-1", ADDR_BAD_PREFIX},
	        {"10.0.0.0/255.0.0.0", ADDR_BAD_PREFIX},
	        {"2001:db8::/129", ADDR_BAD_PREFIX},
	        {"10.0.0.1/24", ADDR_HOST_BITS},
	        {"1.0.0.0/0", ADDR_HOST_BITS},
	        {"2001:db8::1/64", ADDR_HOST_BITS},
	        {"10.0.0.2-10.0.0.1", ADDR_REVERSED},
	        {"2001:db8::2-2001:db8::1", ADDR_REVERSED},
	        {"10.0.0.1-2001:db8::1", ADDR_MIXED_FAMILIES},
	        {"2001:db8::1-10.0.0.1", ADDR_MIXED_FAMILIES},
	        {"127.0.0.1", ADDR_LOOPBACK},
	        {"127.0.0.0/8", ADDR_LOOPBACK},
	        {"126.0.0.0-127.0.0.5", ADDR_LOOPBACK},
	        {"::1", ADDR_LOOPBACK},
	        {"169.254.0.0/16", ADDR_LINK_LOCAL},
	        {"fe80::/64", ADDR_LINK_LOCAL},
	        {"febf::1", ADDR_LINK_LOCAL},
	        {"239.1.2.3", ADDR_MULTICAST},
	        {"10.0.0.1-224.0.0.1", ADDR_MULTICAST},
	        {"ff02::1", ADDR_MULTICAST},
	        {"0.0.0.0", ADDR_UNSPECIFIED},
	        {"::", ADDR_UNSPECIFIED},
	        {"255.255.255.255", ADDR_BROADCAST},
	        {"::ffff:10.0.0.1", ADDR_V4_MAPPED},
	        {"::ffff:0:0/100", ADDR_V4_MAPPED},
	        {"0.0.0.0/0", ADDR_EVERYTHING},
	        {"::/0", ADDR_EVERYTHING},
	};
	struct addr_range range;
	char right[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		enum addr_error error = addr_parse(bad[i].text, strlen(bad[i].text), &range);

		if (error != bad[i].error)
			fail_msg("%s: %d, not %d", bad[i].text, error, bad[i].error);
		addr_error_explain(error, bad[i].text, strlen(bad[i].text), right, sizeof(right));
		assert_true(strlen(right) > 0);
	}
}

static void test_output_untouched_on_failure(void **state)
{
	struct addr_range range, before;

	(void)state;
	memset(&range, 0x5a, sizeof(range));
	before = range;
	assert_int_equal(addr_parse("10.0.0.1/24", 11, &range), ADDR_HOST_BITS);
	assert_int_equal(addr_parse("2001:db8::1/24", 14, &range), ADDR_HOST_BITS);
	assert_memory_equal(&range, &before, sizeof(range));
}

/* The fast path of list files must say what addr_parse() says, or nothing. */
static void test_scan_agrees(void **state)
{
	static const char *const octets[] = {"0",   "00",  "1",   "01",   "9",   "10",  "99",
	                                     "099", "100", "127", "169",  "199", "223", "224",
	                                     "254", "255", "256", "1000", "",    "x"};
	static const char *const ends[] = {"",    "/",   "/0",  "/7",   "/8", "/08", "/9", "/16", "/24",
	                                   "/31", "/32", "/33", "/320", "-",  ".",   " ",  "x"};
	struct addr_range range;
	unsigned scanned = 0;
	uint32_t lo, hi;
	char text[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(octets) * ARRAY_SIZE(octets) * ARRAY_SIZE(octets); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(ends); j++) {
			const char *end;

			snprintf(text, sizeof(text), "%s.%s.0.%s%s", octets[i % ARRAY_SIZE(octets)],
			         octets[i / ARRAY_SIZE(octets) % ARRAY_SIZE(octets)],
			         octets[i / ARRAY_SIZE(octets) / ARRAY_SIZE(octets)], ends[j]);
			end = addr_scan_cidr4(text, &lo, &hi);
			if (!end || *end)
				continue;
			scanned++;
			if (addr_parse(text, strlen(text), &range) != ADDR_OK || range.v4.lo != lo ||
			    range.v4.hi != hi)
				fail_msg("%s", text);
		}
	}
	assert_true(scanned > 1000);
}

static void add(struct addr_set *set, const char *text, loc_t loc)
{
	struct addr_range range;

	assert_true(addr_parse(text, strlen(text), &range) == ADDR_OK);
	range.v4.loc = range.v6.loc = loc;
	addr_set_add(set, &range);
}

/* The canonical set of the words of text, as text. */
static char *merged(const char *text)
{
	static char out[1024];
	char copy[1024], buf[ADDR_TEXT_MAX];
	struct addr_set set = {0};

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		add(&set, word, 1);
	addr_set_canonicalize(&set);
	out[0] = '\0';
	for (size_t i = 0; i < set.n4; i++)
		strcat(strcat(out, out[0] ? " " : ""), addr_format4(&set.v4[i], buf, sizeof(buf)));
	for (size_t i = 0; i < set.n6; i++)
		strcat(strcat(out, out[0] ? " " : ""), addr_format6(&set.v6[i], buf, sizeof(buf)));
	addr_set_free(&set);
	return out;
}

static void test_merge(void **state)
{
	(void)state;
	assert_string_equal(merged(""), "");
	assert_string_equal(merged("10.0.0.2 10.0.0.1 10.0.0.1"), "10.0.0.1 10.0.0.2");
	assert_string_equal(merged("10.0.0.5 10.0.0.0/24"), "10.0.0.0/24");
	assert_string_equal(merged("10.0.1.0/24 10.0.0.0/24"), "10.0.0.0/23");
	assert_string_equal(merged("10.0.0.0/24 10.0.1.0"), "10.0.0.0/24 10.0.1.0");
	assert_string_equal(merged("10.0.0.0/24 10.0.1.0 10.0.1.0-10.0.1.255"), "10.0.0.0/23");
	assert_string_equal(merged("10.0.0.0/24 10.0.1.0 10.0.1.1-10.0.1.9"),
	                    "10.0.0.0/24 10.0.1.0 10.0.1.1-10.0.1.9");
	assert_string_equal(merged("10.0.0.0/8 10.1.0.0/16 11.0.0.0/8 9.0.0.1"), "9.0.0.1 10.0.0.0/7");
	assert_string_equal(merged("2001:db8::2 2001:db8::1 2001:db8:1::/48 2001:db8::/48"), "2001:db8::/47");
	assert_string_equal(merged("255.255.255.254 128.0.0.0/1 1.1.1.1"), "1.1.1.1 128.0.0.0/1");
}

static void test_merge_keeps_first_line(void **state)
{
	struct addr_set set = {0};

	(void)state;
	add(&set, "10.0.0.0/24", 9);
	add(&set, "10.0.0.7", 3);
	addr_set_canonicalize(&set);
	assert_int_equal(set.n4, 1);
	assert_int_equal(set.v4[0].loc, 3);
	addr_set_free(&set);
}

/* Against a plain list of bits: 2^16 addresses, random members, overlapping and touching as they like. */
static void test_random_sets(void **state)
{
	static bool bits[2][65536];
	struct addr_set sets[2] = {0};
	struct addr addr = {0};
	bool share = false;

	(void)state;
	srand(42);
	for (int round = 0; round < 600; round++) {
		struct addr_range range = {0};
		uint32_t lo = (uint32_t)rand() % 65536;
		uint32_t hi = round % 3 ? lo : lo + (uint32_t)rand() % 300;

		hi = hi > 65535 ? 65535 : hi;
		range.v4 = (struct range4){0x0a000000 + lo, 0x0a000000 + hi, 1};
		addr_set_add(&sets[round % 2], &range);
		memset(&bits[round % 2][lo], true, hi - lo + 1);
	}
	for (int i = 0; i < 2; i++)
		addr_set_canonicalize(&sets[i]);
	for (uint32_t i = 0; i < 65536; i++) {
		addr.v4 = 0x0a000000 + i;
		assert_int_equal(addr_set_find(&sets[0], &addr) >= 0, bits[0][i]);
		assert_int_equal(addr_set_find(&sets[1], &addr) >= 0, bits[1][i]);
		share = share || (bits[0][i] && bits[1][i]);
	}
	for (size_t i = 1; i < sets[0].n4; i++)
		assert_true(sets[0].v4[i - 1].hi < sets[0].v4[i].lo);
	assert_int_equal(addr_set_overlaps(&sets[0], &sets[1]), share);
	addr_set_free(&sets[0]);
	addr_set_free(&sets[1]);
}

static void test_overlap_and_find(void **state)
{
	struct addr_set a = {0}, b = {0};
	struct addr addr;
	size_t hosts, nets;

	(void)state;
	add(&a, "10.0.0.0/24", 1);
	add(&a, "10.0.2.1", 1);
	add(&a, "2001:db8::/64", 1);
	add(&b, "10.0.1.0/24", 1);
	addr_set_canonicalize(&a);
	assert_false(addr_set_overlaps(&a, &b));
	add(&b, "2001:db8::5", 1);
	assert_true(addr_set_overlaps(&a, &b));
	assert_int_equal(addr_parse_host("10.0.2.1", &addr), 0);
	assert_int_equal(addr_set_find(&a, &addr), 1);
	assert_int_equal(addr_parse_host("10.0.2.2", &addr), 0);
	assert_int_equal(addr_set_find(&a, &addr), -1);
	assert_int_equal(addr_parse_host("127.0.0.1", &addr), 0);
	assert_int_equal(addr_parse_host("10.0.0.0/24", &addr), -EINVAL);
	addr_set_count4(&a, &hosts, &nets);
	assert_int_equal(hosts, 1);
	assert_int_equal(nets, 1);
	addr_set_count6(&a, &hosts, &nets);
	assert_int_equal(hosts, 0);
	assert_int_equal(nets, 1);
	addr_set_free(&a);
	addr_set_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_parse),
	        cmocka_unit_test(test_refuse),
	        cmocka_unit_test(test_output_untouched_on_failure),
	        cmocka_unit_test(test_scan_agrees),
	        cmocka_unit_test(test_merge),
	        cmocka_unit_test(test_merge_keeps_first_line),
	        cmocka_unit_test(test_random_sets),
	        cmocka_unit_test(test_overlap_and_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

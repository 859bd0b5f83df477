// SPDX-License-Identifier: GPL-2.0-or-later
/* Durations: what is read, what is refused, and that what is written reads back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "util/array.h"
#include "util/duration.h"

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		uint64_t seconds;
	} good[] = {
	        {"90s", 90},     {"30m", 1800},       {"4h", 14400},        {"1d", 86400},
	        {"1h30m", 5400}, {"1d2h3m4s", 93784}, {"3650d", 315360000}, {"0h5m", 300},
	};
	uint64_t seconds;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(duration_parse(good[i].text, &seconds), 0);
		assert_int_equal(seconds, good[i].seconds);
	}
}

static void test_refuse(void **state)
{
	static const char *const bad[] = {"",     "4",  "h",  "4 h", "-4h", "+4h", "4h30", "30m4h",
	                                  "1h1h", "0s", "4H", "1w",  "4h ", " 4h", "1.5h", "0d0h"};
	static const char *const too_long[] = {"3651d", "99999999999999999999999d", "87601h"};
	uint64_t seconds = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(duration_parse(bad[i], &seconds), -EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(too_long); i++)
		assert_int_equal(duration_parse(too_long[i], &seconds), -ERANGE);
	assert_int_equal(seconds, 7);
}

static void test_format(void **state)
{
	char text[DURATION_TEXT_MAX];

	(void)state;
	assert_string_equal(duration_format(3600, text, sizeof(text)), "1h");
	assert_string_equal(duration_format(5400, text, sizeof(text)), "1h30m");
	assert_string_equal(duration_format(0, text, sizeof(text)), "0s");
	assert_string_equal(duration_format(86401, text, sizeof(text)), "1d1s");
	assert_string_equal(duration_format(UINT64_MAX, text, sizeof(text)), "213503982334601d7h15s");
	assert_string_equal(duration_format(5400, text, 4), "1h3");
}

static void test_round_trip(void **state)
{
	char text[DURATION_TEXT_MAX];
	uint64_t back;

	(void)state;
	for (uint64_t seconds = 1; seconds < 1000000; seconds += 977) {
		assert_int_equal(duration_parse(duration_format(seconds, text, sizeof(text)), &back), 0);
		assert_int_equal(back, seconds);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_parse),
	        cmocka_unit_test(test_refuse),
	        cmocka_unit_test(test_format),
	        cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

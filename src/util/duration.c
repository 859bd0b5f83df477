// SPDX-License-Identifier: GPL-2.0-or-later
/* Durations: numbers with units, the big unit first. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include "util/array.h"
#include "util/duration.h"

#define LONGEST_SECONDS ((uint64_t)10 * 365 * 86400)

static const struct unit {
	char letter;
	uint32_t seconds;
} units[] = {
        {'d', 86400},
        {'h', 3600},
        {'m', 60},
        {'s', 1},
};

/* Reads digits up to a sane size and moves *text past them; -ERANGE keeps the number from wrapping. */
static int parse_number(const char **text, uint64_t *ret)
{
	uint64_t number = 0;

	if (!isdigit((unsigned char)**text))
		return -EINVAL;
	for (; isdigit((unsigned char)**text); (*text)++) {
		number = number * 10 + (uint64_t)(**text - '0');
		if (number > LONGEST_SECONDS)
			number = LONGEST_SECONDS + 1;
	}
	*ret = number;
	return 0;
}

int duration_parse(const char *text, uint64_t *ret_seconds)
{
	uint64_t total = 0, number;
	size_t unit = 0;

	while (*text) {
		if (parse_number(&text, &number) < 0)
			return -EINVAL;
		while (unit < ARRAY_SIZE(units) && units[unit].letter != *text)
			unit++;
		if (unit == ARRAY_SIZE(units))
			return -EINVAL;
		total += number * units[unit++].seconds;
		text++;
	}
	if (!total)
		return -EINVAL;
	if (total > LONGEST_SECONDS)
		return -ERANGE;
	*ret_seconds = total;
	return 0;
}

char *duration_format(uint64_t seconds, char *buf, size_t size)
{
	size_t used = 0;

	if (!seconds)
		snprintf(buf, size, "0s");
	for (size_t i = 0; i < ARRAY_SIZE(units) && seconds && used < size; i++) {
		uint64_t count = seconds / units[i].seconds;

		if (count)
			used += (size_t)snprintf(buf + used, size - used, "%llu%c", (unsigned long long)count,
			                         units[i].letter);
		seconds %= units[i].seconds;
	}
	return buf;
}

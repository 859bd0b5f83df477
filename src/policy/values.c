// SPDX-License-Identifier: GPL-2.0-or-later
/* Value parsers: small, pure, each for one kind of value. */
#include "policy/values.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/duration.h"

/* A number up to max, decimal or (base 0) with 0x; digits from the first byte on, and *end where they stop. */
static int parse_number(const char *text, int base, uint64_t max, uint64_t *ret, const char **end)
{
	unsigned long long number;
	char *stop;

	/* strtoull() also takes blanks, signs and, with base 0, octal */
	if (!isdigit((unsigned char)text[0]) || (text[0] == '0' && isdigit((unsigned char)text[1])))
		return -EINVAL;
	errno = 0;
	number = strtoull(text, &stop, base);
	if (errno || number > max)
		return -ERANGE;
	*ret = number;
	*end = stop;
	return 0;
}

int value_parse_word(const char *text, const char *const *words, int *ret)
{
	for (int i = 0; words[i]; i++) {
		if (!strcmp(words[i], text)) {
			*ret = i;
			return 0;
		}
	}
	return -EINVAL;
}

int value_parse_yes_no(const char *text, void *ret)
{
	static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1", NULL};
	int index;

	if (value_parse_word(text, words, &index) < 0)
		return -EINVAL;
	*(bool *)ret = index % 2;
	return 0;
}

int value_parse_duration(const char *text, void *ret)
{
	return duration_parse(text, ret);
}

int value_parse_uint16(const char *text, void *ret)
{
	uint64_t number;
	const char *end;
	int r = parse_number(text, 10, UINT16_MAX, &number, &end);

	if (r < 0)
		return r;
	if (*end)
		return -EINVAL;
	*(uint16_t *)ret = (uint16_t)number;
	return 0;
}

int value_parse_log_rate(const char *text, void *settings)
{
	static const struct {
		const char *name;
		uint32_t seconds;
	} units[] = {{"/second", 1}, {"/minute", 60}, {"/hour", 3600}, {"/day", 86400}};
	struct settings *ret = settings;
	uint64_t rate;
	const char *unit;
	int r = parse_number(text, 10, UINT32_MAX, &rate, &unit);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (rate && !strcmp(unit, units[i].name)) {
			ret->log_rate = (uint32_t)rate;
			ret->log_rate_unit = units[i].seconds;
			return 0;
		}
	}
	return -EINVAL;
}

int value_parse_mark(const char *text, void *settings)
{
	struct settings *ret = settings;
	uint64_t value, mask;

	if (!strcmp(text, "none")) {
		ret->accept_mark_set = false;
		ret->accept_mark_value = ret->accept_mark_mask = 0;
		return 0;
	}
	if (parse_number(text, 0, UINT32_MAX, &value, &text) < 0 || *text != '/')
		return -EINVAL;
	if (parse_number(text + 1, 0, UINT32_MAX, &mask, &text) < 0 || *text)
		return -EINVAL;
	if (!mask || (value & ~mask))
		return -ERANGE;
	ret->accept_mark_set = true;
	ret->accept_mark_value = (uint32_t)value;
	ret->accept_mark_mask = (uint32_t)mask;
	return 0;
}

static bool is_date_shaped(const char *text)
{
	static const char shape[] = "dddd-dd-dd";

	for (size_t i = 0; i < sizeof(shape); i++)
		if (shape[i] == 'd' ? !isdigit((unsigned char)text[i]) : text[i] != shape[i])
			return false;
	return true;
}

int value_parse_last_day(const char *text, void *ret)
{
	struct tm day = {.tm_isdst = -1}, next;
	time_t when;

	if (!is_date_shaped(text) ||
	    sscanf(text, "%4d-%2d-%2d", &day.tm_year, &day.tm_mon, &day.tm_mday) != 3)
		return -EINVAL;
	day.tm_year -= 1900;
	day.tm_mon--;
	/* mktime() turns the 30th of February into a day of March: at noon, where no clock is put forward */
	next = day;
	next.tm_hour = 12;
	if (mktime(&next) == (time_t)-1 || next.tm_mday != day.tm_mday || next.tm_mon != day.tm_mon)
		return -EINVAL;
	day.tm_mday++;
	when = mktime(&day);
	if (when < 0) /* a year before 1970 is misspelt */
		return -EINVAL;
	*(time_t *)ret = when;
	return 0;
}

int value_parse_ports(const char *text, size_t len, struct port_range *ret)
{
	char copy[sizeof("65535-65535")];
	uint64_t lo, hi;
	const char *p = copy;

	if (len >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (parse_number(p, 10, UINT64_MAX, &lo, &p) < 0)
		return -EINVAL;
	hi = lo;
	if (*p == '-' && parse_number(p + 1, 10, UINT64_MAX, &hi, &p) < 0)
		return -EINVAL;
	if (*p)
		return -EINVAL;
	if (lo < 1 || hi > UINT16_MAX || lo > hi)
		return -ERANGE;
	*ret = (struct port_range){(uint16_t)lo, (uint16_t)hi};
	return 0;
}

bool value_is_name(const char *text)
{
	size_t len = strlen(text);

	if (!len || len > VALUE_NAME_MAX || !isalpha((unsigned char)text[0]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && text[i] != '-' && text[i] != '_')
			return false;
	return true;
}

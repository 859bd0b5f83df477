/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One form for every moment that people read, so that status, journal and replies can be compared by eye. */
#include "util/timestamp.h"

#include <stdio.h>

char *timestamp_format(time_t when, char *buf, size_t size)
{
	struct tm tm;

	if (!localtime_r(&when, &tm) || strftime(buf, size, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		snprintf(buf, size, "@%lld", (long long)when);
	return buf;
}

uint64_t timestamp_boot_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t timestamp_boot_ms(void)
{
	return timestamp_boot_us() / 1000;
}

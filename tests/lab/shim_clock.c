// SPDX-License-Identifier: GPL-2.0-or-later
/* A calendar that somebody has set: CLOCK_REALTIME is ahead, or behind; all other clocks go on as they do. */
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "tests/lab/shim.h"

int clock_gettime(clockid_t clock, struct timespec *ret)
{
	const struct shim *page = shim_page();
	int r = (int)syscall(SYS_clock_gettime, clock, ret);

	if (r == 0 && page && clock == CLOCK_REALTIME)
		ret->tv_sec += page->ahead;
	return r;
}

time_t time(time_t *ret)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (ret)
		*ret = now.tv_sec;
	return now.tv_sec;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	ret->tv_sec = now.tv_sec;
	ret->tv_usec = now.tv_nsec / 1000;
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Times in which more may pass than else: windows, audit mode, no table at all. That it does pass is looked at as well,
 * by counters, after as many packets as it takes.
 */
#include <string.h>

#include "tests/lab/soak_internal.h"

#define ENOUGH    8   /* packets */
#define MARGIN_MS 300 /* before a window's end nothing is concluded */

static uint64_t sum(enum traffic_class class, bool after)
{
	struct traffic_counts counts;

	traffic_read(&counts);
	return traffic_sum(after ? counts.after[class] : counts.before[class]);
}

static void await_growth(struct torture *torture, enum traffic_class class, bool after, const char *what)
{
	uint64_t first = sum(class, after);

	for (uint64_t end = lab_now_ms() + SOAK_WAIT; sum(class, after) < first + ENOUGH; lab_sleep_ms(5)) {
		if (lab_now_ms() < end)
			continue;
		torture_fail(torture, "%s", what);
		return;
	}
}

void open_prepare(struct torture *torture)
{
	check_traffic(torture, true);
	traffic_hold(torture->traffic);
	traffic_read(&soak_of(torture)->prepared);
	traffic_resume(torture->traffic);
}

void open_begin(struct torture *torture)
{
	await_growth(torture, TRAFFIC_FORBIDDEN, true, "nothing passes, and all should");
}

/* With the traffic held. */
static int64_t lost_of(const struct traffic_counts *counts, enum traffic_kind kind)
{
	return (int64_t)(counts->before[TRAFFIC_ALLOWED][kind] - counts->after[TRAFFIC_ALLOWED][kind]);
}

void open_end(struct torture *torture)
{
	struct soak *soak = soak_of(torture);
	struct traffic_counts counts;

	traffic_hold(torture->traffic);
	traffic_read(&counts);
	traffic_resume(torture->traffic);
	for (enum traffic_kind kind = 0; kind < KIND_MAX; kind++) {
		int64_t lost = lost_of(&counts, kind) - lost_of(&soak->prepared, kind);

		if (lost == 0)
			continue;
		torture_fail(torture, "%lld allowed packets lost of %s", (long long)lost,
		             traffic_kind_name(kind));
		torture->result->lost += lost;
	}
	soak->result->open_passed += check_forgive(torture);
}

void window_ended(struct torture *torture)
{
	torture->window_until = lab_now_ms();
	torture->account.quiet = false;
}

/* Of those that come while the traffic is held at both ends of the time, none may be missing. */
void window_expect(struct torture *torture, uint64_t asked_ms, unsigned seconds)
{
	struct traffic_counts first, last;

	traffic_hold(torture->traffic);
	traffic_read(&first);
	traffic_resume(torture->traffic);
	await_growth(torture, TRAFFIC_WINDOW, false, "there is no traffic");
	traffic_hold(torture->traffic);
	traffic_read(&last);
	traffic_resume(torture->traffic);
	if (lab_now_ms() + MARGIN_MS > asked_ms + seconds * 1000ull)
		return;
	if (traffic_sum(last.before[TRAFFIC_WINDOW]) - traffic_sum(first.before[TRAFFIC_WINDOW]) !=
	    traffic_sum(last.after[TRAFFIC_WINDOW]) - traffic_sum(first.after[TRAFFIC_WINDOW]))
		torture_fail(torture, "packets do not get through an open window");
}

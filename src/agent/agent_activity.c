// SPDX-License-Identifier: GPL-2.0-or-later
/* Looks at the counters every half minute, and writes down every ten what was seen. */
#include "agent/agent_internal.h"

#include <stdlib.h>

#define USEC_PER_SEC  1000000ull
#define LOOK_EVERY_S  30u
#define ACCURACY_USEC (5 * USEC_PER_SEC) /* any other wake-up will do */
#define SAVE_EVERY_S  600

static void arm(sd_event_source *source)
{
	sd_event_source_set_time_relative(source, LOOK_EVERY_S * USEC_PER_SEC);
	sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_activity_timer(sd_event_source *source, uint64_t usec, void *data)
{
	struct agent *agent = data;
	struct activity *activity = &agent->engine.activity;
	struct counter_value *values = NULL;
	size_t n;

	(void)usec;
	if (kernel_counters(agent->engine.kernel, &values, &n) == 0)
		activity_note(activity, values, n, time(NULL));
	free(values);
	if (activity->looked < activity->saved || activity->looked >= activity->saved + SAVE_EVERY_S)
		activity_save(activity, agent->config->engine.state_dir);
	arm(source);
	return 0;
}

int agent_activity_attach(struct agent *agent)
{
	int r = sd_event_add_time(agent->event, &agent->activity_timer, CLOCK_BOOTTIME, 0, ACCURACY_USEC,
	                          on_activity_timer, agent);

	if (r < 0)
		return r;
	arm(agent->activity_timer);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The clock of a policy on trial (confirm.c). It is ours alone: the client that asked may be cut off by the very policy
 * it asked for.
 */
#include "agent/agent_internal.h"

#include "agent/confirm.h"
#include "agent/history_events.h"
#include "util/reply.h"
#include "util/log.h"

#define USEC_PER_MS   1000ull
#define ACCURACY_USEC (50 * USEC_PER_MS)
#define RETRY_MS      1000u

static void end_trial(struct agent *agent, const char *why)
{
	json_t *reply = reply_new();
	enum exit_code code;

	drift_pause(agent->drift);
	code = confirm_return(&agent->engine, reply);
	drift_resume(agent->drift, true);
	agent_log_complaints(reply);
	json_decref(reply);
	if (code != CODE_DONE)
		return;
	history_note(&agent->engine, HISTORY_TRIAL_RETURNED, NULL, "%s was not confirmed%s: %s",
	             agent->config->engine.config, why,
	             agent->engine.removed ? "there is no policy again"
	                                   : "the policy before it is in force again");
	log_event(&(const struct log_event){.priority = LOG_WARNING,
	                                    .id = LOG_ID_RETURNED,
	                                    .fields[LOG_FIELD_EVENT] = "returned",
	                                    .fields[LOG_FIELD_CONFIG] = agent->config->engine.config},
	          "%s was not confirmed%s: %s", agent->config->engine.config, why,
	          agent->engine.removed ? "there was no policy before, and there is none again"
	                                : "the policy before it is in force again");
}

static int on_confirm_timer(sd_event_source *source, uint64_t usec, void *data)
{
	struct agent *agent = data;

	(void)source;
	(void)usec;
	if (agent_works(agent))
		return agent_wait_for_work(agent->confirm_timer);
	if (agent->engine.trial.pending)
		end_trial(agent, " in time");
	sd_event_source_set_enabled(agent->settle, SD_EVENT_ONESHOT);
	return 0;
}

int agent_confirm_attach(struct agent *agent)
{
	int r = sd_event_add_time(agent->event, &agent->confirm_timer, CLOCK_BOOTTIME, 0, ACCURACY_USEC,
	                          on_confirm_timer, agent);

	return r < 0 ? r : sd_event_source_set_enabled(agent->confirm_timer, SD_EVENT_OFF);
}

void agent_confirm_arm(struct agent *agent)
{
	uint64_t left_ms;

	if (!agent->engine.trial.pending) {
		sd_event_source_set_enabled(agent->confirm_timer, SD_EVENT_OFF);
		return;
	}
	left_ms = confirm_left_ms(&agent->engine);
	/* overdue: the kernel has refused to take the one before */
	sd_event_source_set_time_relative(agent->confirm_timer, (left_ms ? left_ms : RETRY_MS) * USEC_PER_MS);
	sd_event_source_set_enabled(agent->confirm_timer, SD_EVENT_ONESHOT);
}

void agent_confirm_end(struct agent *agent)
{
	if (agent->engine.trial.pending)
		end_trial(agent, ", and the agent ends");
}

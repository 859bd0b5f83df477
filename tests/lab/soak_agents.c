/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of the agent and of the policy as a whole: trials, restarts, audit mode, removal. */
#include <signal.h>
#include <stdio.h>

#include "tests/lab/soak_internal.h"

#define ALLOWED   "10.2.0.20 10.1.0.10 tcp/5723"
#define FORBIDDEN "10.2.0.99 10.1.0.10 tcp/5723"
#define WINDOW_S  600u

static unsigned roll(struct torture *torture, unsigned n)
{
	return dice_roll(&torture->dice, n);
}

static void edit(struct torture *torture)
{
	policy_edit(&torture->dice, torture->options->own_table);
}

/* For longer than this action. */
static void window_begin(struct torture *torture)
{
	torture->window_until = lab_now_ms() + WINDOW_S * 1000;
	torture->account.quiet = false;
	soak_ask(torture, CODE(0), "install phase open", "--phase install --for %us --rows cur-01", WINDOW_S);
}

static void trial_begin(struct torture *torture, const char *time)
{
	soak_of(torture)->may |= MAY_RETURN;
	edit(torture);
	soak_ask(torture, CODE(0), "on trial", "reload --confirm %s", time);
	torture->result->loads++;
}

void soak_trial_kept(struct torture *torture)
{
	trial_begin(torture, "10m");
	if (roll(torture, 2) == 0)
		soak_ask(torture, CODE(3), "on trial already", "reload");
	soak_ask(torture, CODE(0), "on trial", "status");
	soak_ask(torture, CODE(0), "stays in force", "confirm");
	soak_ask(torture, CODE(1), NULL, "confirm");
	soak_ask(torture, CODE(0), "the same", "diff");
}

void soak_trial_returned(struct torture *torture)
{
	off_t since = journal_end(torture);

	trial_begin(torture, "1s");
	journal_await(torture, since, "was not confirmed in time");
	soak_ask(torture, CODE(1), "not confirmed", "status");
	soak_ask(torture, CODE(1), "too late", "confirm");
	soak_ask(torture, CODE(0), NULL, "reload");
}

/* An agent that stops returns the policy first, and the next one does not take the file either. */
void soak_trial_ended(struct torture *torture)
{
	trial_begin(torture, "10m");
	agent_stop(torture);
	soak_ask(torture, CODE(1), "never confirmed", "status");
	agent_need(torture);
	soak_ask(torture, CODE(1), "degraded", "status");
	soak_ask(torture, CODE(0), NULL, "reload");
	soak_ask(torture, CODE(0), "in step", "status");
}

void soak_restart(struct torture *torture)
{
	agent_stop(torture);
	if (roll(torture, 2) == 0)
		edit(torture);
	agent_need(torture);
	soak_ask(torture, CODE(0), "in step", "status");
}

/* Commands that do the work themselves; the window goes on into the next agent's life. */
void soak_without_agent(struct torture *torture)
{
	agent_stop(torture);
	soak_ask(torture, CODE(0), "nothing watches", "status");
	edit(torture);
	soak_ask(torture, CODE(0), "no agent runs", "reload");
	soak_ask(torture, CODE(0), "the same", "diff");
	soak_ask(torture, CODE(3), NULL, "denied");
	soak_ask(torture, CODE(3), NULL, "reload --confirm 5s");
	soak_ask(torture, CODE(3), NULL, "confirm");
	soak_ask(torture, CODE(0), "allowed", "explain " ALLOWED);
	soak_ask(torture, CODE(0), NULL, "report --format json");
	window_begin(torture);
	agent_need(torture);
	soak_ask(torture, CODE(0), "install: open", "status");
	soak_ask(torture, CODE(0), "run phase", "--phase run");
	window_ended(torture);
}

void soak_second_agent(struct torture *torture)
{
	soak_ask(torture, CODE(3), "already runs", "agent");
}

/* Judged and counted, and nothing denied. */
void soak_audit(struct torture *torture)
{
	lab_must(torture->lab, NS_GATEWAY, "printf '[omfwd]\\nmode = audit\\n' >" SOAK_DROPIN "/audit.conf");
	open_prepare(torture);
	soak_ask(torture, CODE(0), NULL, "reload");
	open_begin(torture);
	soak_ask(torture, CODE(0), "passes in audit mode", "explain " FORBIDDEN);
	soak_ask(torture, CODE(0), "mode audit", "status");
	soak_ask(torture, CODE(0), "would be denied", "denied");
	lab_must(torture->lab, NS_GATEWAY, "rm " SOAK_DROPIN "/audit.conf");
	soak_ask(torture, CODE(0), NULL, "reload");
	if (lab_now_ms() >= torture->window_until)
		window_ended(torture);
	open_end(torture);
}

/*
 * And back, by a request or by an agent that starts. Without a table connections are not tracked, and the first load
 * of some policies is seen to cost a packet or two: they are counted and told.
 */
void soak_remove(struct torture *torture)
{
	soak_of(torture)->may |= MAY_REMOVE;
	open_prepare(torture);
	soak_ask(torture, CODE(0), "removed", "remove");
	open_begin(torture);
	soak_ask(torture, CODE(1), "the policy was removed", "status");
	soak_ask(torture, CODE(1), "so far nothing is denied", "diff");
	if (roll(torture, 2) == 0) {
		agent_stop(torture);
		soak_ask(torture, CODE(3), "nothing is denied", "status");
		agent_need(torture);
	} else {
		soak_ask(torture, CODE(0), NULL, "reload");
	}
	soak_ask(torture, CODE(0), "in step", "status");
	window_ended(torture);
	open_end(torture);
}

/* The policy works as ever, and status says what could not be kept. */
void soak_state_unwritable(struct torture *torture)
{
	soak_of(torture)->may |= MAY_FORGET;
	lab_must(torture->lab, NS_GATEWAY, "chmod 555 " SOAK_STATE);
	edit(torture);
	soak_ask(torture, CODE(0), NULL, "reload");
	window_begin(torture);
	soak_ask(torture, CODE(0), "run phase", "--phase run");
	window_ended(torture);
	soak_ask(torture, CODE(1), SOAK_STATE, "status");
	lab_must(torture->lab, NS_GATEWAY, "chmod 755 " SOAK_STATE);
	soak_ask(torture, CODE(0), NULL, "reload");
	soak_await_health(torture);
}

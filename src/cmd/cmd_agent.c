/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `omfwd agent`: runs the agent. */
#include "cmd/cmd.h"

#include "agent/agent.h"

int cmd_agent(const struct options *options)
{
	struct agent_config config = {
	        .engine = {.config = options->config, .state_dir = options->state_dir, .watched = true},
	        .run_dir = options->run_dir,
	        .phase = options->phase,
	        .confirm_seconds = options->confirm_seconds,
	};

	return agent_run(&config);
}

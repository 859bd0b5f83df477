/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `omfwd agent`: runs the agent, and lends it the explanations, which are made for people and so live here. */
#include "cmd/cmd.h"

#include "agent/agent.h"
#include "agent/reply.h"
#include "cmd/explain_text.h"

static json_t *answer_explain(const struct policy *policy, const struct lines *lines,
                              gate_is_open_fn now_open, void *data, const json_t *request)
{
	char error[256];
	struct query query;
	json_t *reply;

	if (explain_request_parse(request, &query, error, sizeof(error)) == 0)
		return explain_reply_new(policy, lines, &query, now_open, data, "the running agent");
	reply = reply_new();
	reply_fail(reply, CODE_BAD_INPUT, "%s", error);
	return reply;
}

int cmd_agent(const struct options *options)
{
	struct agent_config config = {
	        .engine = {.config = options->config,
	                   .state_dir = options->state_dir,
	                   .explain = answer_explain,
	                   .watched = true},
	        .run_dir = options->run_dir,
	        .phase = options->phase,
	        .confirm_seconds = options->confirm_seconds,
	};

	return agent_run(&config);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The agent: an engine with a loop around it. */
#ifndef OMFWD_AGENT_H
#define OMFWD_AGENT_H

#include "agent/engine.h"

struct agent_config {
	struct engine_config engine;
	const char *run_dir;
	enum wanted_phase phase;  /* WANT_NOTHING: as the kernel or the state file has it */
	uint64_t confirm_seconds; /* the first load is on trial for so long; 0: it is not */
};

/*
 * Applies the policy and keeps it until SIGTERM or SIGINT, which leave it in the kernel. Returns an exit code; reports
 * to the log.
 */
int agent_run(const struct agent_config *config);

#endif

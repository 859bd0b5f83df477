/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan carried out: the ruleset in a gateway of its own, and what became of every packet. */
#ifndef OMFWD_PROVE_RUN_H
#define OMFWD_PROVE_RUN_H

#include "prove/plan.h"
#include "ruleset/ruleset.h"
#include "util/exit_code.h"

/* Bits by enum step. */
struct outcome {
	uint8_t sent, seen;
};

struct run_result {
	enum exit_code
	        code; /* CODE_DONE: everything was sent, whatever became of it; CODE_UNAVAILABLE: error says why */
	char error[512];
	bool has_v6; /* else v6 was left out: the kernel is without */
	uint64_t packets;
	struct outcome *outcomes; /* by probe of the plan */
	size_t size;              /* of the memory shared with the child */
};

/*
 * Makes the gateway in a child process, loads the ruleset there with kernel_apply() and sends the plan's packets through
 * it. Nothing of the caller's network is touched, and everything made ends with the child, which is never left behind.
 * The ruleset need not be one of the plan's policy, but then there will be differences. Free with run_result_free().
 */
struct run_result *prove_run(const struct plan *plan, struct ruleset *ruleset);
void run_result_free(struct run_result *result);

#endif

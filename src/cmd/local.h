/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a command does when no agent runs: the same, with an engine of its own, under the lock of the namespace. */
#ifndef OMFWD_LOCAL_H
#define OMFWD_LOCAL_H

#include "agent/verbs.h"
#include "cmd/options.h"

/* Does the verb and returns the whole reply. */
json_t *local_answer(const struct options *options, enum verb verb, const json_t *request);

/* Asks the agent for the verb, or does it when there is none; returns the whole reply. */
json_t *local_reply(const struct options *options, enum verb verb);

/* The same; prints the reply and returns the exit code. */
int local_run(const struct options *options, enum verb verb);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A policy on trial: applied, and unless it is confirmed in time, the one before it returns. Nothing depends on who asked
 * for it: the agent keeps the time, and the one before in memory. While one is on trial another is refused. The last
 * good file is written after the confirmation, and a mark in STATEDIR tells an agent that starts in the middle to go
 * back to it.
 */
#ifndef OMFWD_CONFIRM_H
#define OMFWD_CONFIRM_H

#include "agent/engine.h"

#define CONFIRM_SECONDS_MAX (24u * 60 * 60)

/* Reads the role file and puts it on trial. On any error everything stays as it was. */
enum exit_code confirm_load(struct engine *engine, uint64_t seconds, json_t *reply);

/* The policy on trial is good. */
enum exit_code confirm_keep(struct engine *engine, json_t *reply);

/*
 * The one before it returns, with the windows that are open and all counters; if there was none, the table is taken
 * away. When the kernel refuses, the trial goes on, without an end.
 */
enum exit_code confirm_return(struct engine *engine, json_t *reply);

/* Milliseconds until the one before is to return; 0 when it is overdue. */
uint64_t confirm_left_ms(const struct engine *engine);

/* Ends a trial without a word, what is current stays. Also when there is none. */
void confirm_forget(struct engine *engine);

/* Brings the mark in STATEDIR in line with what the engine knows. */
void confirm_save_mark(struct engine *engine);

#endif

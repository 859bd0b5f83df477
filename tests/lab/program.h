/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program under test, as its user sees it: a role file, commands, exit codes, and what nft lists afterwards. */
#ifndef LAB_PROGRAM_H
#define LAB_PROGRAM_H

#include <jansson.h>

#include "tests/lab/lab.h"

#define CONFIG    LAB_DIR "/omfwd.conf"
#define RUN_DIR   LAB_DIR "/run"
#define STATE_DIR LAB_DIR "/state"

/* Runs omfwd with ARGS in the gateway, --config, --run-dir and --state-dir added. */
void omfwd_run(const struct lab *lab, struct run *ret, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));

/* The same; it must end with this exit code. */
void omfwd_expect(const struct lab *lab, int code, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));

/* What both outputs of omfwd say, malloc'ed; it must end with this exit code. */
char *omfwd_said(const struct lab *lab, int code, const char *args);

/* The same; it must say what, among other things. */
void omfwd_expect_says(const struct lab *lab, int code, const char *args, const char *what);

/* Writes the role file and applies it with --phase run, without an agent. */
void omfwd_apply(const struct lab *lab, const char *config);

/* Starts an agent and waits until it says READY=1; notify is the socket it says it on. Returns its pid. */
pid_t omfwd_agent_start(struct lab *lab, int *notify, const char *args);

/* Whether an agent listens in RUN_DIR. The socket's file is there a moment before. */
bool omfwd_agent_listens(void);

/* Sends a signal and waits for the agent's end; returns its exit code. */
int omfwd_agent_stop(struct lab *lab, pid_t pid, int signal);

/* Waits until the agent notifies a line that begins with want (LAB_PATIENCE_MS at most); *ret, if not NULL, gets the message. */
void omfwd_notify_await(int notify, const char *want, char *ret, size_t size);

/* `nft -j list table inet omfwd` in a namespace: its array; json_decref() it. */
json_t *nft_list(const struct lab *lab, enum lab_ns ns);

/* Packets of a named counter, -1 if there is none. */
long nft_counter(const struct lab *lab, const char *name);

#endif

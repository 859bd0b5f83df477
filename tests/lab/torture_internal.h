/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the torture share: the run, and how they speak with the program under test. */
#ifndef LAB_TORTURE_INTERNAL_H
#define LAB_TORTURE_INTERNAL_H

#include "tests/lab/torture.h"
#include "tests/lab/torture_policy.h"

#define OMFWD_ARGS "--config " LAB_DIR "/omfwd.conf --run-dir " LAB_DIR "/run --state-dir " LAB_DIR "/state"
#define AGENT_LOG  LAB_DIR "/agent.log"

/* Where strace puts its next blow. */
struct fault_cursor {
	unsigned call; /* index of a system call */
	unsigned when; /* its n-th time, from 1 */
};

/* What has been counted and is accounted for. */
struct account {
	int64_t lost, leaked; /* already reported, or the price of a repair */
	bool quiet;           /* the window is known to be closed, and since then */
	uint64_t quiet_count; /* so many packets have passed through it */
	uint64_t row_tcp, row_udp, row_tcp_after, row_udp_after; /* the row's counters and ours began here */
	uint64_t last_tcp, last_udp, last_denied;
};

struct torture {
	struct lab *lab;
	const struct torture_options *options;
	struct torture_result *result;
	struct dice dice;
	struct traffic *traffic;
	struct account account;
	int log, notify;       /* what the agent says, and what it tells systemd */
	int said;              /* what commands say: log, or a file of their own */
	pid_t agent;           /* 0: none */
	bool ready;            /* it has said so */
	bool faulty;           /* it runs under strace */
	uint64_t window_until; /* lab_now_ms() after which no packet of TRAFFIC_WINDOW may pass */
	uint64_t sabotaged_at;
	struct fault_cursor kill_cursor;
	char what[256]; /* the step under way, for reports */
};

/* The program (torture_agent.c) */

/* Starts an agent; inject: for strace, or NULL. It is not waited for. */
void agent_start(struct torture *torture, const char *inject);
/* Waits until the agent is ready; false: it ended, or took too long. */
bool agent_await(struct torture *torture);
/* An agent that is ready; fails the test if there is no way to one. */
void agent_need(struct torture *torture);
/* kill -9, and counts it. */
void agent_kill(struct torture *torture);
/* SIGTERM; it must end in order. */
void agent_stop(struct torture *torture);
/* Forgets an agent that has ended by itself; false: it lives. */
bool agent_reap(struct torture *torture);

/* Runs omfwd with these arguments to its end; returns its exit code. */
int client_run(struct torture *torture, const char *args);
/* Starts it; client_wait() returns its exit code. inject: for strace, or NULL. */
pid_t client_start(struct torture *torture, const char *inject, const char *args);
int client_wait(struct torture *torture, pid_t pid);

/* The run (torture_run.c) */

/* A row of a table of actions; those with more weight come more often. */
struct torture_step {
	const char *name;
	unsigned weight;
	void (*run)(struct torture *torture);
};

/* A policy, an agent and traffic over it; the lab must be fresh. */
void torture_open(struct torture *torture, struct lab *lab, const struct torture_options *options,
                  struct torture_result *result);
/* A row of the table at random. */
size_t torture_pick(struct torture *torture, const struct torture_step *steps, size_t n);
/* Does what the i-th row says, and looks at the traffic after it. */
void torture_do(struct torture *torture, const struct torture_step *steps, size_t i);
/* The last look; ends agent and traffic, and searches what they said. */
void torture_close(struct torture *torture);

/* Checks (torture_check.c) */

/* Something is wrong: prints it with the step, and counts it. */
void torture_fail(struct torture *torture, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Looks at the counters; exact: traffic pauses, so that not a packet is missed. */
void check_traffic(struct torture *torture, bool exact);
/* What is wrong by now is the price of what the test did itself: accounts for it; returns what leaked. */
uint64_t check_forgive(struct torture *torture);
/* Reloads and compares the kernel with the role file and the rows' counters with the traffic. */
void check_model(struct torture *torture);

/* The random actions (torture_steps.c, torture_hands.c) */

extern const struct torture_step torture_steps[];
extern const size_t n_torture_steps;

/* Changes by hand to a table that is ours, and their repair. */
void step_hands(struct torture *torture);

#endif

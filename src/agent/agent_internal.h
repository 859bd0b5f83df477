/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the agent share: agent.c (start and end), agent_loop.c (requests), agent_timers.c (moments). */
#ifndef OMFWD_AGENT_INTERNAL_H
#define OMFWD_AGENT_INTERNAL_H

#include <systemd/sd-event.h>

#include "agent/agent.h"
#include "agent/control.h"
#include "agent/cut.h"
#include "agent/drift.h"
#include "agent/lock.h"
#include "agent/metrics_file.h"
#include "agent/netns.h"
#include "agent/verbs.h"
#include "kernel/flowtables.h"
#include "util/baton.h"

/* What agent_cut.c keeps. */
struct agent_cut {
	struct cut *work;             /* NULL until there is a flowtable */
	sd_event_source *source;      /* the next piece of it */
	struct flowtable *flowtables; /* those that were there last */
	size_t n_flowtables;
};

/* What agent_denials.c keeps; the list itself is the engine's, for verbs to ask. */
struct agent_denials {
	struct kernel_nflog *log; /* NULL: nobody listens */
	sd_event_source *source;
	uint16_t group;
	uint64_t lost_before, overruns_before; /* by listeners before this one */
};

#define AGENT_WAITING_MAX 40 /* more than there can be clients, see control.c */

/* What agent_work.c keeps. */
struct agent_work {
	struct baton baton;
	struct change *current; /* NULL: none is being made */
	struct change *waiting[AGENT_WAITING_MAX];
	size_t n_waiting;
	pthread_t thread;
	bool threaded; /* there is one, to be joined */
	int fd;        /* an eventfd: something was done, or is to be done */
	sd_event_source *source;
};

struct agent {
	const struct agent_config *config;
	struct lock lock;
	struct engine engine;
	sd_event *event;
	struct control *control;
	sd_event_source *settle;           /* what comes after a change: state file, timers, status */
	sd_event_source *window_timer;     /* the next end of a window, or the warning before it */
	sd_event_source *expiry_timer;     /* the next site rule that expires */
	sd_event_source *confirm_timer;    /* the end of a trial */
	sd_event_source *activity_timer;   /* the next look at the counters */
	json_t *signal_requests[WANT_MAX]; /* what signals ask for, made before they come */
	char netns[NETNS_ID_MAX];          /* which network namespace is ours */
	bool ready;                        /* systemd has been told */
	struct agent_work work;
	struct agent_cut cut;
	struct agent_denials denials;
	struct metrics_file metrics;
	struct drift *drift; /* NULL: changes by others cannot be listened to */
};

/* Signals, requests and the lock's names are served by the loop from now on. Returns 0 or -errno. */
int agent_loop_attach(struct agent *agent);

/* Until a signal ends it. Returns 0 or -errno. */
int agent_loop_run(struct agent *agent);

/* Does what is asked of the agent, by whomever, at once; returns the whole reply. */
json_t *agent_do(struct agent *agent, enum verb verb, const json_t *request, const struct origin *origin);

/* Answers a request from the control socket, or promises to. */
json_t *agent_answer(void *data, uid_t uid, const json_t *request, uint64_t ticket);

/*
 * Has a change made that takes long (verb_takes_long()); the ticket is that of the client who waits, 0: none does. False
 * when too many wait already.
 */
bool agent_work_add(struct agent *agent, enum verb verb, const json_t *request, const struct origin *origin,
                    uint64_t ticket);
/* Whether one is being made: then nobody else may replace the policy. */
bool agent_works(const struct agent *agent);
/* Returns 0 or -errno. */
int agent_work_attach(struct agent *agent);
/* Finishes the change that is being made, and forgets those that wait. */
void agent_work_end(struct agent *agent);

/* Logs what a reply complains of. */
void agent_log_complaints(const json_t *reply);

/* Tells systemd what is enforced, in one line. */
void agent_notify_status(const struct agent *agent);

/* The timers, not yet armed. Returns 0 or -errno. */
int agent_timers_attach(struct agent *agent);

/* Looks at what is open now, logs what closed, warns of what is about to, and sets the timers for the next moment. */
void agent_timers_arm(struct agent *agent);

/*
 * The first policy of this life, and the windows. On failure the kernel is as it was, and the agent is to end. Returns
 * an exit code.
 */
int agent_start(struct agent *agent);

/* Has a timer come back in a moment, because agent_works(). Returns 0 or -errno. */
int agent_wait_for_work(sd_event_source *timer);

/* The timer of a trial (confirm.h), not yet armed. Returns 0 or -errno. */
int agent_confirm_attach(struct agent *agent);

/* Sets the timer, or stops it when nothing is on trial. */
void agent_confirm_arm(struct agent *agent);

/* Nobody would be left to keep the time: what is on trial ends with the agent. */
void agent_confirm_end(struct agent *agent);

/* The timer that looks at the counters (activity.h), armed. Returns 0 or -errno. */
int agent_activity_attach(struct agent *agent);

/* Listens to what the policy in force logs, to something else or not at all; call it when the policy may have changed. */
void agent_denials_follow(struct agent *agent);

/* Listens no more and forgets the list. */
void agent_denials_end(struct agent *agent);

/* After anything that may have taken something away: cuts what flowtables carry past the rules, if there are any. */
void agent_cut_look(struct agent *agent);

/* Lets go of what agent_cut_look() needed. */
void agent_cut_end(struct agent *agent);

#endif

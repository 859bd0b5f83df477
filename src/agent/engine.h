/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What holds the kernel, the role file and the windows together: the part that the agent and the commands that work
 * without one share. An engine never waits and never asks; whoever owns it sees to the lock (lock.h).
 *
 * Functions that can fail put their errors into a reply and return its code.
 */
#ifndef OMFWD_ENGINE_H
#define OMFWD_ENGINE_H

#include <jansson.h>
#include <stdbool.h>

#include "agent/activity.h"
#include "agent/denial_pairs.h"
#include "agent/drift_history.h"
#include "agent/history.h"
#include "agent/state.h"
#include "policy/explain.h"
#include "util/exit_code.h"

/* Where a generation comes from. Only what was read from the role file can be compiled, explained and judged by. */
enum generation_source {
	FROM_FILE,
	FROM_LAST_GOOD, /* stored, see store.h: its policy is a skeleton and it has no lines */
	FROM_KERNEL,    /* found there: nothing is known but the windows */
};

/* One reading of the role file, and what it means; all NULL when there is none. */
struct generation {
	enum generation_source source;
	time_t saved; /* FROM_LAST_GOOD */
	struct policy *policy;
	struct lines lines;
	struct ruleset *ruleset;
};

/* The last look through the connections, which is taken only where a flowtable exists; see cut.h. */
struct cut_result {
	time_t at;            /* 0: there was none */
	size_t seen, deleted; /* of all connections, and cut */
	size_t left;          /* to be cut, but the kernel refused */
	int error;            /* why, or why it came to no end: -errno */
	uint64_t deleted_ever;
};

/* A policy on trial, see confirm.h. */
struct trial {
	bool pending;
	struct generation before; /* what returns; without a ruleset: nothing, the table goes */
	uint64_t end_ms;          /* CLOCK_BOOTTIME */
	bool marked;              /* the mark is on disk */
};

struct baton;
struct denials;

struct engine_config {
	const char *config, *state_dir;
	bool watched;        /* an agent owns this engine */
	struct baton *baton; /* lent while a file is read or written; NULL: nobody else knows the engine */
};

struct engine {
	struct engine_config config;
	struct kernel *kernel;
	struct kernel_features features;
	struct generation current; /* what was read last without an error */
	bool applied;              /* ... and whether the kernel has it from us */
	bool removed;              /* by request: no policy until the next reload */
	time_t loaded_at;
	uint64_t apply_us;                /* what it took the kernel */
	struct denial_pairs denial_pairs; /* for metrics */
	int metrics_error;                /* why the metrics file could not be written: -errno */
	json_t *last_error;               /* lines of the last reload if it failed, else NULL */
	time_t failed_at;
	struct window_records records;
	bool records_changed; /* since they were saved */
	int state_error;      /* why they could not be: -errno */
	bool good_unsaved;    /* what is current is not yet in the last good file */
	int good_error;       /* why it could not be written: -errno */
	struct trial trial;
	bool unconfirmed; /* the role file was on trial and not confirmed: it is not read before the next reload */
	struct cut_result cut;
	bool changing; /* a load is under way, or what it replaced is still there: not all in the table counts */
	bool stored;  /* systemd keeps a copy of the kernel's socket for the next life */
	bool drifted; /* somebody else changed the table: it is not what it was when it was applied */
	bool guarded; /* the records know of every window that was opened by us; others are set back */
	struct drift_history drift;
	struct denials *denials; /* the agent's list, see denials.h; NULL: nobody listens */
	struct history history;
	struct activity activity;
};

/* Opens the kernel and finds out what it can do. On an error the engine is closed already. */
enum exit_code engine_open(struct engine *engine, const struct engine_config *config, json_t *reply);
void engine_close(struct engine *engine);

/* Reads the role file; the kernel stays as it is. Warnings and errors go to the reply. */
enum exit_code engine_read(struct engine *engine, json_t *reply);

/* Puts what is current into the kernel, again or for the first time. */
enum exit_code engine_apply(struct engine *engine, json_t *reply);

/*
 * Reads the role file and puts it into the kernel; on any error the file read before and the kernel stay as they
 * were. Windows are not touched.
 */
enum exit_code engine_load(struct engine *engine, json_t *reply);

/* Whether the policy's table is to belong to us; adds a warning to the reply when it should and cannot. */
bool engine_owns_table(const struct engine *engine, const struct policy *policy, json_t *reply);

/* Has systemd keep the socket, or let go of it. */
void engine_store_socket(struct engine *engine, bool keep);

/*
 * engine_repair.c: what others have done to the table, and how it is undone.
 *
 * Others have changed rules (""), perhaps the elements of one set, by its name in the kernel, or of every set (NULL).
 */
void engine_distrust(struct engine *engine, const char *kernel_name);
bool engine_set_is_window(const struct engine *engine, const char *kernel_name);
/* Somebody else has closed the window; a repair does not open it again. */
void engine_window_closed(struct engine *engine, const char *set);
/* Reads all elements; sets that are not as they should be are distrusted. Returns whether there were none. */
bool engine_verify_sets(struct engine *engine);
/* Puts back what engine_distrust() was told of, and windows that are gone with it. */
enum exit_code engine_repair(struct engine *engine, json_t *reply);
/* Sets back the windows that are open for longer than the records say. *n: how many. Returns 0 or -errno. */
int engine_windows_hold(struct engine *engine, size_t *n);

/*
 * Takes the table away, and what a boot or an agent that starts would bring back. *existed tells whether there was a
 * table.
 */
enum exit_code engine_remove(struct engine *engine, bool *existed, json_t *reply);

/*
 * What the kernel has open, by gate. Free ret->gates_ms in any case. Sets that are not there count as closed.
 */
int engine_windows_read(struct engine *engine, struct window_state *ret);

/* The time a set has left by a state read before. */
uint64_t engine_window_left(const struct engine *engine, const struct window_state *state, const char *set);

/* The windows of a state, asked by the name of a gate: what policy_explain() asks. data is a struct engine_gates. */
struct engine_gates {
	const struct engine *engine;
	struct window_state state;
};
bool engine_gate_is_open(const char *gate, void *data);

/*
 * Opens or closes as requested and remembers origin, which gets its name (origin.h), as who did it. *plan is what was
 * changed, to be cleared by the caller in any case.
 */
enum exit_code engine_windows_change(struct engine *engine, const struct window_request *request,
                                     struct origin *origin, struct window_plan *plan, json_t *reply);

/* Makes the records say what the kernel says: closed ones go, unknown ones are added without an origin. */
void engine_windows_adopt(struct engine *engine, const struct window_state *state);

/* After a reboot: opens again what the records have left. Records of windows that are no more go. */
enum exit_code engine_windows_restore(struct engine *engine, json_t *reply);

/*
 * Reads the saved windows, the mark of a trial and when counters grew; writes windows, last good policy, mark and history
 * if they changed. Failing is remembered in state_error, good_error and history.error, nothing more.
 */
void engine_state_load(struct engine *engine);
void engine_state_save(struct engine *engine);
/* The last good policy alone; the baton is lent meanwhile. */
void engine_good_save(struct engine *engine);
/* Windows and history alone, which is what may be written while a policy is being loaded. */
void engine_records_save(struct engine *engine);

/* Whether status is to say that the policy in force is not what the role file says. */
bool engine_is_degraded(const struct engine *engine);

/* The set a record is about: the gate, NULL for everything or when there is no such gate any more. */
const struct gate *engine_gate_of_set(const struct engine *engine, const char *set);

#endif

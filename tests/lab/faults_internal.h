/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the faults share. */
#ifndef LAB_FAULTS_INTERNAL_H
#define LAB_FAULTS_INTERNAL_H

#include "tests/lab/faults.h"

/* What is to go wrong: a system call under strace, or something of the preloaded library. */
struct injection {
	const char *call, *error; /* NULL: fault says it */
	enum shim_fault fault;
	unsigned nth;
};

/* Whether something holds, as far as is known. */
enum known { KNOWN_NO, KNOWN_YES, KNOWN_NOT, KNOWN_MAX };

struct faults {
	struct lab *lab;
	const struct faults_options *options;
	struct faults_result *result;
	struct shim *shim;
	int log;             /* where the agent's words go */
	pid_t agent, tracer; /* 0: none */
	int descriptors;     /* of the agent, when it was new */
	bool hung;           /* the agent did neither what it should nor end, and had to be killed */
	unsigned rehearsed;  /* occasions of the fault that a duty has */
	bool wide;           /* the role file has members more (faults_check.c) */
	enum known is_wide;  /* whether the kernel has them */
	enum known is_open;  /* whether the install window is open */
	enum known is_gone;  /* whether the policy was removed, so that everything passes */
	char said[512];      /* what the last command complained of */
	char what[256];      /* the case, for reports */
};

/* What the agent does while something goes wrong (faults_duties.c). */
struct duty {
	const char *name;
	void (*prepare)(struct faults *faults);
	/* Does it, with the injection in place; what is not known to have happened becomes KNOWN_NOT. */
	void (*act)(struct faults *faults, const struct injection *injection);
	bool ends;   /* afterwards there is no agent */
	bool starts; /* the agent does not run yet: act() starts it with the injection */
};
extern const struct duty duties[];
extern const size_t n_duties;

/* The program (faults_agent.c) */

/* Starts an agent; injection: from its first moment, or NULL. True when it listens, false when it ended. */
bool faults_agent_start(struct faults *faults, const struct injection *injection);
/* Whether it does; one that has ended is forgotten. */
bool faults_agent_lives(struct faults *faults);
/* An agent, started if there is none. */
void faults_agent_need(struct faults *faults);
/* Ends it with this signal and waits; kills it when it does not end. Returns its exit code. */
int faults_agent_end(struct faults *faults, int signal);
/* Runs a command; its exit code, 137 if it was not answered in time. */
int faults_ask(struct faults *faults, const char *args);

/* Faults (faults_inject.c) */

/* The command line that has strace inject it into a new process; "" for what is not strace's. buf is returned. */
const char *faults_strace(const struct injection *injection, char *buf, size_t size);
/* From now on in the agent that runs. */
void faults_inject(struct faults *faults, const struct injection *injection);
/* No more; returns how often it happened. */
unsigned faults_relent(struct faults *faults, const struct injection *injection);
/* Has strace note all calls of the agent in the same way; where strace writes. */
#define FAULTS_TRACE LAB_DIR "/trace"

/* One system call and how often it was made. */
struct call_count {
	char name[32];
	unsigned times;
};
/* Counts what FAULTS_TRACE holds; returns how many names are in ret, which has room for max. */
size_t faults_count_calls(struct call_count *ret, size_t max);

/* System calls (faults_table.c): the errors that a call may meet, ended by NULL; NULL for an unknown call. */
const char *const *faults_errors(const char *call);

/* Checks (faults_check.c) */

/* Something is wrong: prints it with the case, and counts it. */
void faults_fail(struct faults *faults, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Writes the role file, with more members or without. */
void faults_policy_write(struct faults *faults, bool wide);
/* Looks at packets; what was not known, becomes known. */
void faults_check_packets(struct faults *faults);

#endif

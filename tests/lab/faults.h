/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults, one at a time: a system call of the agent that fails, a request for memory that is refused, a reply of the kernel
 * that goes astray, at the n-th occasion in each of its duties. After each, packets get the verdict of the policy; a "yes"
 * was true; the agent answers, or another one takes its place; and the next reload puts everything in order.
 */
#ifndef LAB_FAULTS_H
#define LAB_FAULTS_H

#include "tests/lab/program.h"
#include "tests/lab/shim.h"

enum faults_kind { FAULTS_OF_CALLS, FAULTS_OF_MEMORY, FAULTS_OF_REPLIES, FAULTS_KIND_MAX };

struct faults_options {
	enum faults_kind kind;
	enum shim_fault fault; /* of replies, this one alone; SHIM_NOTHING: all */
	const char *call;      /* of system calls, this one alone; NULL: all */
	const char *duty;      /* this one alone; NULL: all */
	unsigned every;        /* the n-th, the 2n-th, ... case of each duty; 1: all */
	bool all_known; /* a system call that is not in the table is a failure; other libraries make others */
	bool verbose;   /* print each case */
};

struct faults_result {
	unsigned cases;    /* tried */
	unsigned struck;   /* in which the fault happened */
	unsigned restarts; /* after which the agent was gone, or did not answer any more */
	unsigned hung;     /* of those: when nothing but SIGKILL helped */
	unsigned refused;  /* in which the client was told of a failure */
	unsigned failures; /* printed */
};

/* Runs them all. */
void faults_run(struct lab *lab, const struct faults_options *options, struct faults_result *ret);

/* Prints it in one line. */
void faults_print(const char *kind, const struct faults_result *result);

/* N reloads of a file that changes each time, at constant memory and descriptors; fails the test if they grow. */
void faults_reloads(struct lab *lab, unsigned reloads);

/* The page shared with omfwd, made anew; and what an agent's environment needs for it, as VARIABLE=VALUE words. */
struct shim *faults_shim_new(void);
const char *faults_shim_environment(void);

/* Descriptors that a process has open. */
int faults_count_descriptors(pid_t pid);

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One case after the other: a healthy agent, a duty with a fault in it, a look at everything, and a cure. How many occasions
 * a duty has is counted in a run of it without faults.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/lab/faults_internal.h"
#include "util/array.h"

#define CALLS_MAX 128
#define LEAK_MAX  3 /* descriptors more than the agent had: of what goes on at the moment */

static const char *const fault_names[SHIM_FAULT_MAX] = {
        [SHIM_NOTHING] = "nothing",
        [SHIM_NO_MEMORY] = "no memory",
        [SHIM_REPLY_LOST] = "reply lost",
        [SHIM_REPLY_LATE] = "reply late",
        [SHIM_REPLY_TWICE] = "reply twice",
        [SHIM_REPLY_CUT] = "reply cut",
        [SHIM_REPLY_OF_STRANGER] = "reply of a stranger",
};

static void tell_what(struct faults *faults, const struct duty *duty, const struct injection *injection)
{
	if (injection->call)
		snprintf(faults->what, sizeof(faults->what), "%s: %s:error=%s:when=%u", duty->name,
		         injection->call, injection->error, injection->nth);
	else
		snprintf(faults->what, sizeof(faults->what), "%s: %s:when=%u", duty->name,
		         fault_names[injection->fault], injection->nth);
	if (faults->options->verbose) {
		printf("%s\n", faults->what);
		fflush(stdout);
	}
}

/* It answers, or is ended: which of the two is its own affair. */
static void check_agent(struct faults *faults)
{
	if (faults_agent_lives(faults) && !faults->hung && faults_ask(faults, "status") <= 1)
		return;
	faults->result->restarts++;
	faults_agent_end(faults, SIGKILL);
	faults_check_packets(faults);
}

static void cure(struct faults *faults)
{
	bool same = faults_agent_lives(faults);

	faults_agent_need(faults);
	faults_ask(faults, "confirm"); /* a policy may be on trial, or none */
	if (faults_ask(faults, "reload") != 0)
		faults_fail(faults, "the next reload fails: %s", faults->said);
	if (faults_ask(faults, "--phase run") != 0)
		faults_fail(faults, "the window cannot be closed afterwards: %s", faults->said);
	if (faults_ask(faults, "diff") != 0)
		faults_fail(faults, "the kernel and the role file differ after a reload: %s", faults->said);
	faults->is_wide = faults->wide ? KNOWN_YES : KNOWN_NO;
	faults->is_open = faults->is_gone = KNOWN_NO;
	faults_check_packets(faults);
	int n = faults_count_descriptors(faults->agent);
	if (same && n > faults->descriptors + LEAK_MAX) {
		faults_fail(faults, "the agent has %d descriptors, %d in the beginning", n,
		            faults->descriptors);
		faults->descriptors = n;
	}
}

/* What the kernel says is there, and nothing else need be believed. */
static bool is_harmless(const struct injection *injection)
{
	return injection->fault == SHIM_REPLY_TWICE || injection->fault == SHIM_REPLY_OF_STRANGER;
}

static void run_case(struct faults *faults, const struct duty *duty, const struct injection *injection)
{
	struct faults_result before = *faults->result;

	tell_what(faults, duty, injection);
	faults->hung = false;
	if (!duty->starts)
		faults_agent_need(faults);
	if (duty->prepare)
		duty->prepare(faults);
	faults_inject(faults, injection);
	duty->act(faults, injection);
	unsigned struck = faults_relent(faults, injection);
	faults_check_packets(faults);
	faults->result->cases++;
	faults->result->hung += faults->hung;
	faults->result->struck += struck > 0;
	if (!duty->ends)
		check_agent(faults);
	if (is_harmless(injection) &&
	    (faults->result->refused > before.refused || faults->result->restarts > before.restarts))
		faults_fail(faults, "somebody believed it");
	if (duty->starts && faults->agent)
		faults_agent_end(faults, SIGTERM); /* strace is with it to its end */
	cure(faults);
}

/* Does a duty with nothing going wrong, while somebody counts. */
static void rehearse(struct faults *faults, const struct duty *duty, enum shim_fault fault)
{
	const struct injection nothing = {.fault = fault};

	unsigned refused = faults->result->refused;

	tell_what(faults, duty, &nothing);
	if (!duty->starts)
		faults_agent_need(faults);
	if (duty->prepare)
		duty->prepare(faults);
	faults_inject(faults, &nothing);
	duty->act(faults, &nothing);
	if (duty->starts)
		faults_agent_end(faults, SIGTERM);
	faults_relent(faults, &nothing);
	faults->rehearsed = (unsigned)faults->shim->seen;
	if (faults->result->refused > refused)
		faults_fail(faults, "fails by itself");
	cure(faults);
}

/* Every n-th case alone, where that is asked for; counted over all errors and occasions of a duty. */
static void run_some(struct faults *faults, const struct duty *duty, const struct injection *injection,
                     unsigned *count)
{
	if (++*count % faults->options->every == 0)
		run_case(faults, duty, injection);
}

static void run_calls(struct faults *faults, const struct duty *duty)
{
	struct call_count calls[CALLS_MAX];
	unsigned count = 0;

	rehearse(faults, duty, SHIM_NOTHING);
	size_t n = faults_count_calls(calls, ARRAY_SIZE(calls));
	if (n < 5)
		faults_fail(faults, "strace saw %zu system calls", n);
	for (size_t i = 0; i < n; i++) {
		const char *const *errors = faults_errors(calls[i].name);

		if (faults->options->call && strcmp(calls[i].name, faults->options->call) != 0)
			continue;
		if (!errors && faults->options->all_known)
			faults_fail(faults, "%s() is not in the table of system calls", calls[i].name);
		for (; errors && *errors; errors++)
			for (unsigned nth = 1; nth <= calls[i].times; nth++)
				run_some(faults, duty,
				         &(struct injection){
				                 .call = calls[i].name, .error = *errors, .nth = nth},
				         &count);
	}
}

/* How often it could happen in a duty is the same for all faults of a kind, and has been counted. */
static void run_fault(struct faults *faults, const struct duty *duty, enum shim_fault fault, unsigned *count)
{
	unsigned times = faults->rehearsed;

	for (unsigned nth = 1; nth <= times; nth++)
		run_some(faults, duty, &(struct injection){.fault = fault, .nth = nth}, count);
}

static void run_faults(struct faults *faults, const struct duty *duty, enum shim_fault first,
                       enum shim_fault last)
{
	unsigned count = 0;

	rehearse(faults, duty, first);
	if (!faults->rehearsed && !duty->ends)
		faults_fail(faults, "the preloaded library saw no occasion");
	for (enum shim_fault fault = first; fault <= last; fault++)
		if (!faults->options->fault || fault == faults->options->fault)
			run_fault(faults, duty, fault, &count);
}

static void run_duty(struct faults *faults, const struct duty *duty)
{
	switch (faults->options->kind) {
	case FAULTS_OF_CALLS:
		run_calls(faults, duty);
		break;
	case FAULTS_OF_MEMORY:
		run_faults(faults, duty, SHIM_NO_MEMORY, SHIM_NO_MEMORY);
		break;
	case FAULTS_OF_REPLIES:
		run_faults(faults, duty, SHIM_REPLY_LOST, SHIM_REPLY_OF_STRANGER);
		break;
	case FAULTS_KIND_MAX:
		break;
	}
}

void faults_run(struct lab *lab, const struct faults_options *options, struct faults_result *ret)
{
	struct faults faults = {.lab = lab, .options = options, .result = ret};

	*ret = (struct faults_result){0};
	lab_must(lab, NS_GATEWAY, "mkdir -p " RUN_DIR " " STATE_DIR);
	faults.shim = faults_shim_new();
	faults.log = open(LAB_DIR "/journal", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	faults_policy_write(&faults, false);
	faults_agent_need(&faults);
	for (size_t i = 0; i < n_duties; i++)
		if (!options->duty || strcmp(options->duty, duties[i].name) == 0)
			run_duty(&faults, &duties[i]);
	if (faults_agent_end(&faults, SIGTERM) != 0)
		faults_fail(&faults, "the last agent did not end in order");
	munmap(faults.shim, sizeof(*faults.shim));
	close(faults.log);
}

void faults_print(const char *kind, const struct faults_result *result)
{
	printf("%s: %u cases, %u in which the fault happened; %u times the client was refused, %u times the "
	       "agent ended or did not answer, of which %u times it hung; %u failures\n",
	       kind, result->cases, result->struck, result->refused, result->restarts, result->hung,
	       result->failures);
}

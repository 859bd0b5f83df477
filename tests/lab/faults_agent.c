// SPDX-License-Identifier: GPL-2.0-or-later
/* The agent that things happen to, and its clients. strace -D keeps the pid that we know the agent's own. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lab/faults_internal.h"

#define DIRECTORIES "--config " CONFIG " --run-dir " RUN_DIR " --state-dir " STATE_DIR
#define SOCKET      RUN_DIR "/control.sock"
#define START_MS    15000 /* what hangs is killed by the service manager */
#define END_MS      15000
#define KILLED      (128 + SIGKILL)
#define ASK_SECONDS                                                                                          \
	18 /* less than the lab gives a command, more than a lost reply of the kernel costs, or two */

static bool has_ended(pid_t pid)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == pid;
}

/* Until it listens or is gone. */
static bool await_listening(struct faults *faults)
{
	for (uint64_t end = lab_now_ms() + START_MS; lab_now_ms() < end; lab_sleep_ms(2)) {
		if (has_ended(faults->agent))
			return false;
		if (omfwd_agent_listens())
			return true;
	}
	faults->hung = true;
	return false;
}

bool faults_agent_start(struct faults *faults, const struct injection *injection)
{
	char strace[256];

	unlink(SOCKET);
	faults->agent = lab_start(faults->lab, NS_GATEWAY, faults->log,
	                          "env ASAN_OPTIONS=detect_leaks=0 %s env %s '%s' agent " DIRECTORIES,
	                          injection ? faults_strace(injection, strace, sizeof(strace)) : "",
	                          faults->options->kind == FAULTS_OF_CALLS ? "" : faults_shim_environment(),
	                          faults->lab->binary);
	return await_listening(faults);
}

bool faults_agent_lives(struct faults *faults)
{
	if (faults->agent && has_ended(faults->agent))
		faults_agent_end(faults, SIGKILL);
	return faults->agent != 0;
}

void faults_agent_need(struct faults *faults)
{
	if (faults_agent_lives(faults))
		return;
	bool listens = faults_agent_start(faults, NULL);
	for (int i = 0; !listens && i < 5; i++) /* a machine that is busy */
		listens = faults_agent_lives(faults) && await_listening(faults);
	faults->hung = false;
	if (!listens || faults_ask(faults, "status") > 1)
		fail_msg("%s: no agent starts any more", faults->what);
	faults->descriptors = faults_count_descriptors(faults->agent);
}

int faults_agent_end(struct faults *faults, int signal)
{
	if (!faults->agent)
		return 0;
	kill(faults->agent, signal);
	for (uint64_t end = lab_now_ms() + END_MS; !has_ended(faults->agent) && lab_now_ms() < end;)
		lab_sleep_ms(1);
	if (signal != SIGKILL && !has_ended(faults->agent))
		faults->hung = true;
	kill(faults->agent, SIGKILL);
	int code = lab_wait(faults->lab, faults->agent);
	faults->agent = 0;
	return code;
}

int faults_ask(struct faults *faults, const char *args)
{
	struct run run;

	lab_run(faults->lab, NS_GATEWAY, NULL, &run, "exec timeout -s KILL %d '%s' " DIRECTORIES " %s",
	        ASK_SECONDS, faults->lab->binary, args);
	int code = run.code;
	if (code == KILLED)
		faults_fail(faults, "nobody answers omfwd %s", args);
	snprintf(faults->said, sizeof(faults->said), "%s%s", run.out, run.err);
	lab_run_free(&run);
	return code;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program under torture. strace -D makes the tracer a grandchild, so that the pid we know is omfwd's own and a
 * signal goes where it should. Everything omfwd says goes into one log, which is searched for sanitizers' reports at
 * the end.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lab/torture_internal.h"

#define READY_MS  LAB_PATIENCE_MS
#define FAULTY_MS 1500 /* of one that may have lost its voice */
#define KILLED    (128 + SIGKILL)

/* "sendmsg:signal=KILL:when=3" -> a command that runs the next one under strace; buf gets it. */
static const char *strace_text(const char *inject, char *buf, size_t size)
{
	if (!inject)
		return "";
	snprintf(buf, size, "strace -D -qq -o /dev/null -e trace=%.*s -e signal=none -e inject=%s ",
	         (int)strcspn(inject, ":"), inject, inject);
	return buf;
}

/* Unread messages are a store of descriptors: in them, a dead agent's socket would go on to own the table. */
static void notify_drain(struct torture *torture)
{
	char message[1024];
	while (recv(torture->notify, message, sizeof(message), MSG_DONTWAIT) >= 0)
		continue;
}

void agent_start(struct torture *torture, const char *inject)
{
	char strace[256];
	torture->ready = false;
	torture->faulty = inject != NULL;
	torture->agent = lab_start(torture->lab, NS_GATEWAY, torture->log,
	                           "env ASAN_OPTIONS=detect_leaks=0 NOTIFY_SOCKET=" LAB_DIR
	                           "/notify %s'%s' agent " OMFWD_ARGS,
	                           strace_text(inject, strace, sizeof(strace)), torture->lab->binary);
}

static void agent_wait(struct torture *torture, bool must_end_well)
{
	int code = lab_wait(torture->lab, torture->agent);
	torture->agent = 0;
	torture->ready = false;
	notify_drain(torture);
	torture->result->kills += code == KILLED;
	if (must_end_well && code != 0)
		torture_fail(torture, "the agent ended with exit code %d", code);
}

bool agent_reap(struct torture *torture)
{
	siginfo_t info = {0};
	if (torture->agent &&
	    (waitid(P_PID, (id_t)torture->agent, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0))
		return false;
	if (torture->agent)
		agent_wait(torture, false);
	return true;
}

static bool is_ready_message(struct torture *torture)
{
	char message[1024];
	ssize_t len = recv(torture->notify, message, sizeof(message) - 1, MSG_DONTWAIT);
	message[len < 0 ? 0 : len] = '\0';
	return strncmp(message, "READY=1", strlen("READY=1")) == 0;
}

bool agent_await(struct torture *torture)
{
	for (uint64_t end = lab_now_ms() + (torture->faulty ? FAULTY_MS : READY_MS);
	     !torture->ready && lab_now_ms() < end;) {
		struct pollfd fd = {.fd = torture->notify, .events = POLLIN};
		if (poll(&fd, 1, 5) == 1)
			torture->ready = is_ready_message(torture);
		if (!torture->ready && agent_reap(torture))
			return false;
	}
	return torture->ready;
}

void agent_need(struct torture *torture)
{
	if (torture->agent && !agent_reap(torture) && torture->ready)
		return;
	if (torture->agent && !agent_await(torture))
		agent_kill(torture);
	if (torture->agent)
		return;
	agent_start(torture, NULL);
	if (!agent_await(torture))
		fail_msg("%s: no agent starts any more; see its log", torture->what);
}

void agent_kill(struct torture *torture)
{
	if (!torture->agent)
		return;
	kill(torture->agent, SIGKILL);
	agent_wait(torture, false);
}

void agent_stop(struct torture *torture)
{
	/* Before it is up, a signal finds a process that has not asked for any yet. */
	if (!torture->agent || !agent_await(torture))
		return;
	kill(torture->agent, SIGTERM);
	agent_wait(torture, true);
}

pid_t client_start(struct torture *torture, const char *inject, const char *args)
{
	char strace[256];
	return lab_start(torture->lab, NS_GATEWAY, torture->said,
	                 "env ASAN_OPTIONS=detect_leaks=0 %s'%s' " OMFWD_ARGS " %s",
	                 strace_text(inject, strace, sizeof(strace)), torture->lab->binary, args);
}

int client_wait(struct torture *torture, pid_t pid)
{
	int code = lab_wait(torture->lab, pid);
	torture->result->kills += code == KILLED;
	return code;
}

int client_run(struct torture *torture, const char *args)
{
	return client_wait(torture, client_start(torture, NULL, args));
}

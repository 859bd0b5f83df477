/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The random actions. Each leaves a state that the others can go on from: an agent that is there or not, a window that
 * is open for at most as long as window_until says. What fails on purpose (a request to an agent that is being killed)
 * is not looked at; the traffic and the model are.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/lab/torture_internal.h"

#define MS_IN_US     1000
#define START_MS_MAX 30 /* in which an agent is up, about */
#define STARTS       4
#define BUSY_MS_MAX  8 /* in which a request is done, about */
#define WINDOW_MAX_S 2

static const char *const kill_calls[] = {"sendmsg",    "recvmsg",  "recvfrom",   "sendto",
                                         "setsockopt", "/^rename", "/^f.*sync$", "%network"};
static const char *const errors[] = {
        "sendmsg:error=ENOBUFS",
        "sendmsg:error=EMSGSIZE",
        "sendmsg:error=EINTR",
        "sendmsg:error=EPERM",
        "recvfrom:error=ENOBUFS",
        "recvfrom:error=EINTR",
        "recvfrom:error=EPERM",
        "recvmsg:error=ENOBUFS",
        "recvmsg:error=EINTR",
        "setsockopt:error=EPERM",
        "setsockopt:error=ENOBUFS",
        /* the reply comes too late */
        "recvfrom:error=EAGAIN",
        /* and never as it was sent */
        "recvfrom:retval=0",
};
#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static unsigned roll(struct torture *torture, unsigned n)
{
	return dice_roll(&torture->dice, n);
}

static void edit(struct torture *torture)
{
	policy_edit(&torture->dice, torture->options->own_table);
}

static void nap(struct torture *torture, unsigned ms_max)
{
	usleep(roll(torture, ms_max * MS_IN_US));
}

static void note(struct torture *torture, const char *detail)
{
	size_t len = strlen(torture->what);
	snprintf(torture->what + len, sizeof(torture->what) - len, ", %s", detail);
}

/* The window's packets may pass until seconds from now, or longer if they already may. */
static void window_allow(struct torture *torture, unsigned seconds)
{
	uint64_t until = lab_now_ms() + seconds * 1000;
	if (until > torture->window_until)
		torture->window_until = until;
	torture->account.quiet = false;
}

/* A request that may or may not get through. */
static const char *request_pick(struct torture *torture)
{
	static const char *const requests[] = {
	        "reload",
	        "--phase run",
	        "--phase run --rows cur-20",
	        "--phase install --for 2s --rows cur-18,cur-20",
	        "--phase install --for 2s --rows cur-01",
	};
	/* Not so often that the window is never closed. */
	return requests[roll(torture, roll(torture, 4) == 0 ? N_ELEMENTS(requests) : 3)];
}

static void expect_done(struct torture *torture, const char *args)
{
	int code = client_run(torture, args);
	if (code != 0)
		torture_fail(torture, "omfwd %s: exit code %d", args, code);
}

static void step_reload(struct torture *torture)
{
	agent_need(torture);
	edit(torture);
	expect_done(torture, "reload");
	torture->result->loads++;
}

static void step_reload_unchanged(struct torture *torture)
{
	agent_need(torture);
	expect_done(torture, "reload");
}

static void step_signal(struct torture *torture)
{
	agent_need(torture);
	edit(torture);
	kill(torture->agent, SIGHUP);
	torture->result->loads++;
	nap(torture, BUSY_MS_MAX);
}

/* Windows of rows that the traffic has nothing to do with; they may be switched off just now. */
static void step_window_others(struct torture *torture)
{
	agent_need(torture);
	client_run(torture, "--phase install --for 30s --section prod --rows cur-18,cur-20");
	if (roll(torture, 2) == 0)
		client_run(torture, "--phase run --rows cur-20");
}

static void window_close(struct torture *torture, const char *args)
{
	note(torture, args);
	expect_done(torture, args);
	torture->window_until = lab_now_ms();
}

/* Opened for a second or two; then closed early, or left to the kernel while other steps go on. */
static void step_window(struct torture *torture)
{
	static const char *const scopes[] = {"", "--rows cur-01", "--section prod --rows cur-01"};
	unsigned seconds = 1 + roll(torture, WINDOW_MAX_S), scope = roll(torture, N_ELEMENTS(scopes));
	char args[128];
	/* Without an agent, omfwd does it itself. */
	if (roll(torture, 4) == 0)
		agent_stop(torture);
	else
		agent_need(torture);
	if (lab_now_ms() < torture->window_until) {
		if (roll(torture, 2) == 0)
			window_close(torture, roll(torture, 2) ? "--phase run" : "--phase run --rows cur-01");
		return;
	}
	snprintf(args, sizeof(args), "--phase install --for %us %s", seconds, scopes[scope]);
	note(torture, args);
	expect_done(torture, args);
	window_allow(torture, seconds);
	torture->result->windows++;
}

static void step_restart(struct torture *torture)
{
	agent_need(torture);
	agent_stop(torture);
	edit(torture);
	if (roll(torture, 3) == 0)
		expect_done(torture, "reload");
	agent_start(torture, NULL);
	if (roll(torture, 2) == 0)
		agent_need(torture);
}

/* kill -9 while the agent starts, a few times in a row. */
static void step_kill_starting(struct torture *torture)
{
	agent_kill(torture);
	for (unsigned i = 0; i < STARTS; i++) {
		if (roll(torture, 2) == 0)
			edit(torture);
		agent_start(torture, NULL);
		nap(torture, START_MS_MAX);
		agent_kill(torture);
		check_traffic(torture, false);
	}
}

/* kill -9 while it does what somebody asked for. */
static void step_kill_busy(struct torture *torture)
{
	const char *request = request_pick(torture);
	agent_need(torture);
	edit(torture);
	note(torture, request);
	pid_t client = client_start(torture, NULL, request);
	nap(torture, BUSY_MS_MAX);
	agent_kill(torture);
	client_wait(torture, client);
	if (strstr(request, "install"))
		window_allow(torture, WINDOW_MAX_S);
}

/* The next place for a kill; survived: that was the last one, go on with another call. */
static void cursor_move(struct fault_cursor *cursor, bool survived)
{
	cursor->when++;
	if (survived) {
		cursor->when = 1;
		cursor->call = (cursor->call + 1) % N_ELEMENTS(kill_calls);
	}
}

/* What administrators do meanwhile, while there is an agent to do it with. */
static void requests_make(struct torture *torture)
{
	for (int i = 0; i < 3 && torture->agent && agent_await(torture); i++) {
		const char *request = request_pick(torture);
		edit(torture);
		client_run(torture, request);
		if (strstr(request, "install"))
			window_allow(torture, WINDOW_MAX_S);
		agent_reap(torture);
	}
}

/* kill -9 at the n-th call of one kind, n counting up until the agent outlives start and a few requests. */
static void step_kill_at_call(struct torture *torture)
{
	char inject[128];
	snprintf(inject, sizeof(inject), "%s:signal=KILL:when=%u", kill_calls[torture->kill_cursor.call],
	         torture->kill_cursor.when);
	note(torture, inject);
	agent_kill(torture);
	if (roll(torture, 2) == 0)
		edit(torture);
	agent_start(torture, inject);
	requests_make(torture);
	cursor_move(&torture->kill_cursor, torture->agent != 0);
	agent_kill(torture);
}

/* The same for a command that does the work without an agent. */
static void step_kill_command(struct torture *torture)
{
	char inject[128];
	const char *request = request_pick(torture);
	unsigned call = roll(torture, N_ELEMENTS(kill_calls)), when = 1 + roll(torture, 12);
	snprintf(inject, sizeof(inject), "%s:signal=KILL:when=%u", kill_calls[call], when);
	note(torture, inject);
	note(torture, request);
	agent_kill(torture);
	edit(torture);
	client_wait(torture, client_start(torture, inject, request));
	if (strstr(request, "install"))
		window_allow(torture, WINDOW_MAX_S);
}

/* System calls fail, once or for a while. */
static void step_errors(struct torture *torture)
{
	char inject[128];
	unsigned first = 1 + roll(torture, 24), last = first + (roll(torture, 2) ? 0 : roll(torture, 4));
	snprintf(inject, sizeof(inject), "%s:when=%u..%u", errors[roll(torture, N_ELEMENTS(errors))], first,
	         last);
	note(torture, inject);
	torture->result->faults++;
	agent_stop(torture);
	agent_start(torture, inject);
	requests_make(torture);
	/* One that lives on must find its way back to the model. */
	if (torture->agent && roll(torture, 2) == 0)
		check_model(torture);
	agent_kill(torture);
}

static void step_others_commit(struct torture *torture)
{
	static const char script[] = "add table inet other\n"
	                             "add set inet other s { type ipv4_addr; flags interval; }\n"
	                             "add chain inet other c { type filter hook forward priority 10; }\n"
	                             "flush chain inet other c\nflush set inet other s\n"
	                             "add element inet other s { 10.0.0.0/9, 192.0.2.1 }\n"
	                             "add rule inet other c ip saddr @s counter accept\n";
	struct run run;
	lab_run(torture->lab, NS_GATEWAY, script, &run, "nft -f - && nft flush chain inet other c%s",
	        roll(torture, 3) == 0 ? " && nft delete table inet other" : "");
	if (run.code != 0)
		torture_fail(torture, "nft cannot commit to another table: %s", run.err);
	lab_run_free(&run);
}

const struct torture_step torture_steps[] = {
        {"reload", 12, step_reload},
        {"reload unchanged", 2, step_reload_unchanged},
        {"SIGHUP", 6, step_signal},
        {"window of other rows", 3, step_window_others},
        {"window", 6, step_window},
        {"restart", 4, step_restart},
        {"kill while starting", 24, step_kill_starting},
        {"kill while busy", 14, step_kill_busy},
        {"kill at a system call", 14, step_kill_at_call},
        {"kill of a command", 6, step_kill_command},
        {"errors", 6, step_errors},
        {"commits by others", 3, step_others_commit},
        {"changes by hand", 2, step_hands},
        {"model", 2, check_model},
};
const size_t n_torture_steps = N_ELEMENTS(torture_steps);

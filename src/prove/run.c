// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Everything happens in a child, because a process that has moved to another network namespace cannot come back without
 * privilege, and because whatever becomes of the child, the kernel clears up behind it. It fills in memory that it
 * shares with its parent, and is killed when it takes too long or its parent dies.
 *
 * Probes go in chunks, each through all the steps, so that the connections of one chunk fit the kernel's table whatever
 * the size of the policy. Every connection has a client port of its own.
 */
#include "prove/run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/conntrack.h"
#include "kernel/kernel.h"
#include "prove/frame.h"
#include "prove/gateway.h"
#include "prove/wire.h"

#define CHUNK         15000  /* probes; each opens two connections at the most */
#define SENDINGS_MAX  3      /* of a packet that should have come through: a busy machine may drop any */
#define TIME_MAX_S    300    /* for all of it; then something is stuck */
#define WINDOW_MS     600000 /* closed long before */
#define FIRST_ID      0x10000
#define CONNECTIONS   2 /* of each probe */
#define PIECE_WAIT_MS 5000

struct runner {
	const struct plan *plan;
	struct run_result *result;
	struct kernel *kernel;
	struct wire *wire;
	const uint16_t *client_ports;
	size_t n_client_ports;
	size_t first, end; /* the chunk */
	enum step step;
};

static uint8_t step_bit(enum step step)
{
	return (uint8_t)(1u << step);
}

static int fail(struct runner *runner, int err, const char *what, const char *why)
{
	snprintf(runner->result->error, sizeof(runner->result->error), "the proof was not finished: %s: %s",
	         what, why);
	return err;
}

static void note_seen(const uint8_t *ip, size_t len, void *data)
{
	struct runner *runner = data;
	uint32_t id;

	if (!frame_read(ip, len, &id))
		return;
	id -= FIRST_ID;
	if (id >= runner->first && id < runner->end)
		runner->result->outcomes[id].seen |= step_bit(runner->step);
}

/* The steps that must have got through before this one is tried. */
static bool is_due(const struct runner *runner, size_t i)
{
	static const uint8_t before[STEP_MAX] = {
	        [STEP_ANSWER] = 1u << STEP_RUN,
	        [STEP_ANSWER_INSTALL] = 1u << STEP_INSTALL,
	        [STEP_CUT] = 1u << STEP_ANSWER_INSTALL,
	};
	const struct probe *probe = &runner->plan->probes[i];
	uint8_t seen = runner->result->outcomes[i].seen;

	return (seen & before[runner->step]) == before[runner->step] &&
	       (runner->result->has_v6 || !runner->plan->hosts.items[probe->src].addr.is_v6);
}

static int probe_send(struct runner *runner, size_t i)
{
	static const enum frame_part parts[STEP_MAX] = {
	        [STEP_RUN] = FRAME_OPEN,     [STEP_ANSWER] = FRAME_ANSWER,
	        [STEP_INSTALL] = FRAME_OPEN, [STEP_ANSWER_INSTALL] = FRAME_ANSWER,
	        [STEP_CUT] = FRAME_MORE,
	};
	const struct probe *probe = &runner->plan->probes[i];
	const struct host *hosts = runner->plan->hosts.items;
	size_t connection = i * CONNECTIONS + (runner->step >= STEP_INSTALL);
	struct frame frame = {
	        .client = &hosts[probe->src].addr,
	        .server = &hosts[probe->dst].addr,
	        .proto = probe->proto,
	        .client_port = runner->client_ports[connection % runner->n_client_ports],
	        .server_port = probe->port,
	        .part = parts[runner->step],
	};
	uint8_t packet[FRAME_MAX];
	size_t len = frame_build(&frame, FIRST_ID + (uint32_t)i, packet);

	runner->result->outcomes[i].sent |= step_bit(runner->step);
	runner->result->packets++;
	return wire_send(runner->wire, packet, len);
}

/* Sends what is due, or again what should have come out and did not. */
static int send_round(struct runner *runner, bool again)
{
	const struct plan *plan = runner->plan;
	int r = 0;

	for (size_t i = runner->first; i < runner->end && r == 0; i++) {
		bool lost = !(runner->result->outcomes[i].seen & step_bit(runner->step)) &&
		            probe_expectation(&plan->probes[i], runner->step) != EXPECT_SHUT;

		if (is_due(runner, i) && (!again || lost))
			r = probe_send(runner, i);
	}
	if (r == 0)
		r = wire_finish(runner->wire);
	return r < 0 ? fail(runner, r, "sending", strerror(-r)) : 0;
}

static int step_do(struct runner *runner, enum step step)
{
	int r = 0;

	runner->step = step;
	for (int i = 0; i < SENDINGS_MAX && r == 0; i++)
		r = send_round(runner, i > 0);
	return r;
}

static int window_set(struct runner *runner, uint64_t timeout_ms)
{
	struct window_change change = {.set = INSTALL_WINDOW, .timeout_ms = timeout_ms};
	int r = kernel_windows_set(runner->kernel, &change, 1);

	return r < 0 ? fail(runner, r, "the install window", kernel_error(runner->kernel)) : 0;
}

static bool every_connection(const struct conntrack_entry *entry, void *data)
{
	(void)entry;
	(void)data;
	return true;
}

/* Forgets the connections of the chunk before. */
static int connections_forget(struct runner *runner)
{
	struct conntrack_tally tally = {.seen = 0};
	struct conntrack *conntrack;
	int r = conntrack_open(&conntrack);

	if (r < 0)
		return fail(runner, r, "connections", strerror(-r));
	r = conntrack_dump_begin(conntrack);
	for (int more = r == 0; more > 0;) {
		struct pollfd fd = {.fd = conntrack_fd(conntrack), .events = POLLIN};

		more = poll(&fd, 1, PIECE_WAIT_MS) > 0
		               ? conntrack_dump_piece(conntrack, every_connection, NULL, &tally)
		               : -ETIMEDOUT;
		r = more < 0 ? more : 0;
	}
	conntrack_close(conntrack);
	return r < 0 ? fail(runner, r, "connections", strerror(-r)) : 0;
}

static int chunk_do(struct runner *runner)
{
	int r = runner->first > 0 ? connections_forget(runner) : 0;

	for (enum step step = 0; step < STEP_MAX && r == 0; step++) {
		if (step == STEP_INSTALL)
			r = window_set(runner, WINDOW_MS);
		else if (step == STEP_CUT)
			r = window_set(runner, 0);
		if (r == 0)
			r = step_do(runner, step);
	}
	return r;
}

static void client_ports_list(struct runner *runner)
{
	uint16_t *list = calloc(UINT16_MAX + 1, sizeof(*list));

	if (!list)
		abort();
	for (unsigned port = 0; port <= UINT16_MAX; port++)
		if (runner->plan->client_ports[port])
			list[runner->n_client_ports++] = (uint16_t)port;
	runner->client_ports = list;
}

static int probes_do(struct runner *runner)
{
	const struct plan *plan = runner->plan;
	int r = 0;

	client_ports_list(runner);
	if (runner->n_client_ports == 0)
		return fail(runner, -ERANGE, "client ports", "the role file takes them all as services");
	for (runner->first = 0; runner->first < plan->n_probes && r == 0; runner->first = runner->end) {
		runner->end = runner->first + CHUNK < plan->n_probes ? runner->first + CHUNK : plan->n_probes;
		r = chunk_do(runner);
	}
	return r;
}

static int work(struct runner *runner, struct ruleset *ruleset)
{
	struct run_result *result = runner->result;
	struct gateway gateway;
	const char *error = NULL;
	int r = gateway_make(&gateway, result->error, sizeof(result->error));

	if (r < 0)
		return r;
	result->has_v6 = gateway.has_v6;
	r = wire_open(&runner->wire, note_seen, runner);
	if (r < 0)
		return fail(runner, r, "the lab's interfaces", strerror(-r));
	r = kernel_open(&runner->kernel, &error);
	if (r < 0)
		return fail(runner, r, "netfilter", error);
	r = kernel_apply(runner->kernel, ruleset, NULL, false);
	if (r < 0)
		return fail(runner, r, "loading the policy", kernel_error(runner->kernel));
	return probes_do(runner);
}

/* Never returns. What was allocated goes with the process. */
static void child_main(const struct plan *plan, struct ruleset *ruleset, struct run_result *result,
                       pid_t parent)
{
	struct runner runner = {.plan = plan, .result = result};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGALRM, SIG_DFL);
	alarm(TIME_MAX_S);
	if (getppid() == parent && work(&runner, ruleset) == 0)
		result->code = CODE_DONE;
	_exit(0);
}

static struct run_result *result_new(const struct plan *plan)
{
	size_t size = sizeof(struct run_result) + (plan->n_probes + 1) * sizeof(struct outcome);
	struct run_result *result =
	        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (result == MAP_FAILED)
		abort();
	result->size = size;
	result->outcomes = (struct outcome *)(result + 1);
	result->code = CODE_UNAVAILABLE;
	return result;
}

static void note_death(struct run_result *result, int status)
{
	bool late = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;

	result->code = CODE_UNAVAILABLE;
	if (late)
		snprintf(result->error, sizeof(result->error),
		         "the proof was not finished within %d seconds; prove one --section at a time",
		         TIME_MAX_S);
	else
		snprintf(result->error, sizeof(result->error),
		         "the proof was not finished: the lab died (%s)",
		         WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "it gave up");
}

struct run_result *prove_run(const struct plan *plan, struct ruleset *ruleset)
{
	struct run_result *result = result_new(plan);
	pid_t parent = getpid(), child = fork();
	int status = 0;

	if (child == 0)
		child_main(plan, ruleset, result, parent);
	if (child < 0) {
		snprintf(result->error, sizeof(result->error), "the lab cannot be made: %s", strerror(errno));
		return result;
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		note_death(result, status);
	return result;
}

void run_result_free(struct run_result *result)
{
	if (result)
		munmap(result, result->size);
}

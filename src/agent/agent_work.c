/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes that take long are made in a thread of their own, one at a time and in the order in which they were asked
 * for, so that the phase can change and questions are answered meanwhile. The thread has the baton (baton.h) while it
 * touches the engine or the kernel, offers it between the batches of a load, and lends it while it reads, compares and
 * writes files. What is current stays in force, and is not replaced by anybody else, until the kernel has the next one.
 *
 * A change is over in three steps: it is answered as soon as the kernel has it; what it left goes when no packet can meet
 * it any more; and the last good policy is written.
 */
#include "agent/agent_internal.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "agent/confirm.h"
#include "util/reply.h"

#define USEC_PER_SEC  1000000ull
#define NSEC_PER_USEC 1000

enum progress { PROGRESS_NONE, PROGRESS_CHANGED, PROGRESS_QUIET, PROGRESS_SAVED };

struct change {
	struct agent *agent;
	enum verb verb;
	json_t *request, *reply;
	struct origin origin;
	uint64_t ticket;              /* 0: nobody waits for the reply */
	enum progress made, followed; /* by the thread; and what the loop has done about it */
};

static void notify_reloading(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
	           (unsigned long long)now.tv_sec * USEC_PER_SEC +
	                   (unsigned long long)now.tv_nsec / NSEC_PER_USEC);
}

static void change_free(struct change *change)
{
	json_decref(change->request);
	json_decref(change->reply);
	free(change);
}

/*
 * A loop that does not hear of it would leave the client without an answer for ever: another agent is better. Nobody
 * wakes it as often as makes 64 bits full; what says EAGAIN has not counted us, and is asked again.
 */
static void wake_loop(const struct agent_work *work)
{
	while (eventfd_write(work->fd, 1) < 0)
		if (errno != EINTR && errno != EAGAIN)
			abort();
}

static void tell(struct change *change, enum progress progress)
{
	change->made = progress;
	wake_loop(&change->agent->work);
}

static void await_packets(struct engine *engine)
{
	bool lent = baton_lend(engine->config.baton);

	kernel_await_packets();
	baton_reclaim(engine->config.baton, lent);
}

/* The thread. */
static void *make_change(void *data)
{
	struct change *change = data;
	struct agent *agent = change->agent;
	struct engine *engine = &agent->engine;

	baton_take(&agent->work.baton, BATON_WORKER);
	kernel_leave_old(engine->kernel, true);
	change->reply = verb_answer(engine, change->verb, change->request, &change->origin);
	kernel_leave_old(engine->kernel, false);
	confirm_save_mark(engine); /* before the answer: what was confirmed stays so after a crash */
	tell(change, PROGRESS_CHANGED);
	if (kernel_has_old(engine->kernel))
		await_packets(engine);
	tell(change, PROGRESS_QUIET);
	engine_good_save(engine);
	tell(change, PROGRESS_SAVED);
	baton_give(&agent->work.baton);
	return NULL;
}

/* Without a thread all is as it is with one, but that nobody is heard meanwhile. */
static void start(struct agent *agent, struct change *change)
{
	struct agent_work *work = &agent->work;

	work->current = change;
	if (change->verb == VERB_RELOAD)
		notify_reloading();
	agent->engine.changing = true;
	drift_pause(agent->drift);
	work->threaded = pthread_create(&work->thread, NULL, make_change, change) == 0;
	if (work->threaded)
		return;
	baton_give(&work->baton);
	make_change(change);
	baton_take(&work->baton, BATON_LOOP);
}

static void start_next(struct agent *agent)
{
	struct agent_work *work = &agent->work;
	struct change *next = work->waiting[0];

	if (work->current || !work->n_waiting)
		return;
	work->n_waiting--;
	for (size_t i = 0; i < work->n_waiting; i++)
		work->waiting[i] = work->waiting[i + 1];
	start(agent, next);
}

/* What is denied from now on is heard of before anybody is told. */
static void answer(struct agent *agent, const struct change *change)
{
	drift_resume(agent->drift, true);
	agent_denials_follow(agent);
	if (change->verb == VERB_RELOAD)
		sd_notify(0, "READY=1");
	if (change->ticket)
		control_reply(agent->control, change->ticket, change->reply);
}

static void drop_old(struct agent *agent)
{
	agent->engine.changing = false;
	if (!kernel_has_old(agent->engine.kernel))
		return;
	drift_pause(agent->drift);
	kernel_drop_old(agent->engine.kernel);
	drift_resume(agent->drift, true);
}

static void join(struct agent_work *work)
{
	if (!work->threaded)
		return;
	baton_give(&work->baton);
	pthread_join(work->thread, NULL);
	baton_take(&work->baton, BATON_LOOP);
	work->threaded = false;
}

/* The loop's part of what the thread has done. */
static void follow(struct agent *agent)
{
	struct change *change = agent->work.current;
	enum progress made = change->made;

	if (made >= PROGRESS_CHANGED && change->followed < PROGRESS_CHANGED)
		answer(agent, change);
	if (made >= PROGRESS_QUIET && change->followed < PROGRESS_QUIET)
		drop_old(agent);
	change->followed = made;
	if (made == PROGRESS_SAVED) {
		join(&agent->work);
		agent->work.current = NULL;
		change_free(change);
	}
	sd_event_source_set_enabled(agent->settle, SD_EVENT_ONESHOT);
}

static int on_progress(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct agent *agent = data;
	eventfd_t count;

	(void)source;
	(void)events;
	if (eventfd_read(fd, &count) == 0 && agent->work.current)
		follow(agent);
	start_next(agent);
	return 0;
}

bool agent_works(const struct agent *agent)
{
	return agent->work.current != NULL;
}

/* Two signals to reload, neither begun, are one. */
static bool is_asked_already(const struct agent_work *work, enum verb verb, uint64_t ticket)
{
	for (size_t i = 0; i < work->n_waiting; i++)
		if (!ticket && !work->waiting[i]->ticket && work->waiting[i]->verb == verb)
			return true;
	return false;
}

bool agent_work_add(struct agent *agent, enum verb verb, const json_t *request, const struct origin *origin,
                    uint64_t ticket)
{
	struct agent_work *work = &agent->work;
	struct change *change;

	if (is_asked_already(work, verb, ticket))
		return true;
	if (work->n_waiting == AGENT_WAITING_MAX)
		return false;
	change = calloc(1, sizeof(*change));
	if (!change)
		abort();
	*change = (struct change){.agent = agent,
	                          .verb = verb,
	                          .request = json_deep_copy(request),
	                          .origin = *origin,
	                          .ticket = ticket};
	work->waiting[work->n_waiting++] = change;
	wake_loop(work);
	return true;
}

int agent_work_attach(struct agent *agent)
{
	struct agent_work *work = &agent->work;
	int r;

	work->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (work->fd < 0)
		return -errno;
	r = sd_event_add_io(agent->event, &work->source, work->fd, EPOLLIN, on_progress, agent);
	return r < 0 ? r : sd_event_source_set_io_fd_own(work->source, true);
}

void agent_work_end(struct agent *agent)
{
	struct agent_work *work = &agent->work;

	while (work->n_waiting > 0)
		change_free(work->waiting[--work->n_waiting]);
	if (!work->current)
		return;
	join(work);
	follow(agent);
}

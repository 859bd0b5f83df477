/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What reaches the agent: signals and requests, both turned into verbs. Signals go first. After a change the kernel has
 * been told and the client answered; the rest (state file, timers, systemd) is done by the settle source, one
 * iteration later. What takes long is done elsewhere (agent_work.c), whenever the loop has nothing to do.
 */
#include "agent/agent_internal.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "agent/origin.h"
#include "util/reply.h"
#include "util/array.h"
#include "util/log.h"

struct signal_verb {
	int number;
	enum verb verb;
	enum wanted_phase phase;
};

static const struct signal_verb signal_verbs[] = {
        {.number = SIGUSR2, .verb = VERB_PHASE, .phase = WANT_RUN},
        {.number = SIGUSR1, .verb = VERB_PHASE, .phase = WANT_INSTALL},
        {.number = SIGHUP, .verb = VERB_RELOAD},
};

void agent_log_complaints(const json_t *reply)
{
	json_t *lines = reply_complaints(reply), *line;
	size_t i;

	json_array_foreach(lines, i, line) log_error("%s", json_string_value(line));
	json_decref(lines);
}

void agent_notify_status(const struct agent *agent)
{
	const struct engine *engine = &agent->engine;

	if (engine->removed)
		sd_notify(0, "STATUS=removed: nothing is denied");
	else if (engine_is_degraded(engine))
		sd_notify(0, "STATUS=degraded: the policy in force is not that of the role file");
	else
		sd_notifyf(0, "STATUS=%s phase, port table %s, mode %s%s%s",
		           wanted_phase_name(engine->records.n > 0 ? WANT_INSTALL : WANT_RUN),
		           port_table_name(engine->current.policy->settings.table),
		           policy_mode_name(engine->current.policy->settings.mode),
		           engine->last_error ? "; the last reload failed, the policy before it stays" : "",
		           engine->drift.alarm ? "; somebody keeps changing the nft table" : "");
}

json_t *agent_do(struct agent *agent, enum verb verb, const json_t *request, const struct origin *origin)
{
	bool changes = verb_changes_kernel(verb);
	json_t *reply;

	if (changes)
		drift_begin_windows(agent->drift);
	else
		drift_look(agent->drift);
	reply = verb_answer(&agent->engine, verb, request, origin);
	if (changes) { /* before the answer: what is denied from then on is heard of, and who opened what is on disk */
		drift_end_windows(agent->drift);
		agent_denials_follow(agent);
		engine_records_save(&agent->engine);
	}
	if (changes || agent->engine.records_changed)
		sd_event_source_set_enabled(agent->settle, SD_EVENT_ONESHOT);
	return reply;
}

/* A request made for another namespace or another file must not be answered with ours. */
static bool request_is_for_us(const struct agent *agent, const json_t *request, json_t *reply)
{
	const char *netns = json_string_value(json_object_get(request, "netns"));
	const char *config = json_string_value(json_object_get(request, "config"));
	char *path = config ? realpath(agent->config->engine.config, NULL) : NULL;

	if (netns && strcmp(netns, agent->netns) != 0)
		reply_fail(reply, CODE_UNAVAILABLE,
		           "the agent in %s works in another network namespace; give --run-dir of the one in "
		           "this",
		           agent->config->run_dir);
	else if (path && strcmp(config, path) != 0)
		reply_fail(reply, CODE_BAD_INPUT, "the agent enforces %s; leave out --config %s", path,
		           config);
	free(path);
	return reply_code(reply) == CODE_DONE;
}

/* Our own user is who "systemctl reload" asks as. */
static bool peer_may_ask(enum verb verb, uid_t uid, json_t *reply)
{
	if (!verb_is_for_root(verb) || uid == 0 || uid == geteuid())
		return true;
	reply_fail(reply, CODE_FORBIDDEN,
	           "%s is for root alone; the group " CONTROL_GROUP
	           " may read the status and change the phase",
	           verb_word(verb));
	return false;
}

/* NULL: the reply follows. */
static json_t *do_or_promise(struct agent *agent, enum verb verb, const json_t *request,
                             const struct origin *origin, uint64_t ticket)
{
	json_t *reply;

	if (!verb_takes_long(verb))
		return agent_do(agent, verb, request, origin);
	if (agent_work_add(agent, verb, request, origin, ticket))
		return NULL;
	reply = reply_new();
	reply_fail(reply, CODE_UNAVAILABLE, "too many changes wait for the agent; ask again");
	return reply;
}

json_t *agent_answer(void *data, uid_t uid, const json_t *request, uint64_t ticket)
{
	const char *word = json_string_value(json_object_get(request, "verb"));
	enum verb verb = word ? verb_find(word) : VERB_MAX;
	struct agent *agent = data;
	json_t *reply = reply_new();
	struct origin origin;

	if (verb == VERB_MAX)
		reply_fail(reply, CODE_BAD_INPUT, "the agent does not know this request");
	if (verb == VERB_MAX || !request_is_for_us(agent, request, reply) || !peer_may_ask(verb, uid, reply))
		return reply;
	json_decref(reply);
	origin_of_request(uid, request, &origin);
	return do_or_promise(agent, verb, request, &origin, ticket);
}

static int on_verb_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
	struct agent *agent = data;
	struct origin origin;
	json_t *reply;

	(void)source;
	for (size_t i = 0; i < ARRAY_SIZE(signal_verbs); i++) {
		const struct signal_verb *wanted = &signal_verbs[i];

		if (wanted->number != (int)info->ssi_signo)
			continue;
		origin_of_signal(info->ssi_uid, (pid_t)info->ssi_pid, &origin);
		reply = do_or_promise(agent, wanted->verb, agent->signal_requests[wanted->phase], &origin, 0);
		if (reply)
			agent_log_complaints(reply);
		json_decref(reply);
	}
	return 0;
}

static int on_end_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
	struct agent *agent = data;

	(void)source;
	(void)info;
	return sd_event_exit(agent->event, 0);
}

static int on_settle(sd_event_source *source, void *data)
{
	struct agent *agent = data;

	(void)source;
	agent_denials_follow(agent);
	agent_cut_look(agent);
	drift_look(agent->drift);
	agent_timers_arm(agent);
	if (agent_works(agent))
		engine_records_save(&agent->engine);
	else
		engine_state_save(&agent->engine);
	metrics_file_update(&agent->metrics);
	agent_notify_status(agent);
	return 0;
}

/* Somebody wants to know who holds the lock: being accepted is not part of the answer. */
static int on_lock_probe(sd_event_source *source, int fd, uint32_t events, void *data)
{
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

	(void)source;
	(void)events;
	(void)data;
	if (client >= 0)
		close(client);
	return 0;
}

static int attach_signal(struct agent *agent, int number, sd_event_signal_handler_t handler)
{
	sd_event_source *source = NULL;
	int r = sd_event_add_signal(agent->event, &source, number, handler, agent);

	if (r >= 0)
		r = sd_event_source_set_priority(source, SD_EVENT_PRIORITY_IMPORTANT);
	if (r >= 0)
		r = sd_event_source_set_floating(source, true);
	sd_event_source_unref(source);
	return r;
}

static int attach_lock(struct agent *agent)
{
	const int fds[] = {agent->lock.change_fd, agent->lock.agent_fd};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fds) && r >= 0; i++)
		if (fds[i] >= 0)
			r = sd_event_add_io(agent->event, NULL, fds[i], EPOLLIN, on_lock_probe, NULL);
	return r;
}

static int attach_settle(struct agent *agent)
{
	int r = sd_event_add_defer(agent->event, &agent->settle, on_settle, agent);

	if (r >= 0)
		r = sd_event_source_set_priority(agent->settle, SD_EVENT_PRIORITY_IDLE);
	return r < 0 ? r : sd_event_source_set_enabled(agent->settle, SD_EVENT_OFF);
}

/* sd_event_loop(), but that the baton is free while it waits. */
int agent_loop_run(struct agent *agent)
{
	struct baton *baton = &agent->work.baton;
	int r = 0;

	while (r >= 0 && sd_event_get_state(agent->event) != SD_EVENT_FINISHED) {
		r = sd_event_prepare(agent->event);
		if (r == 0) {
			baton_give(baton);
			r = sd_event_wait(agent->event, UINT64_MAX);
			baton_take(baton, BATON_LOOP);
		}
		if (r > 0)
			r = sd_event_dispatch(agent->event);
	}
	return r;
}

int agent_loop_attach(struct agent *agent)
{
	int r = attach_lock(agent);

	netns_id(agent->netns, sizeof(agent->netns));
	for (enum wanted_phase phase = WANT_NOTHING; phase < WANT_MAX; phase++)
		agent->signal_requests[phase] = json_pack("{s:s?}", "phase", wanted_phase_name(phase));
	if (r >= 0)
		r = attach_settle(agent);
	for (size_t i = 0; i < ARRAY_SIZE(signal_verbs) && r >= 0; i++)
		r = attach_signal(agent, signal_verbs[i].number, on_verb_signal);
	if (r >= 0)
		r = attach_signal(agent, SIGTERM, on_end_signal);
	return r < 0 ? r : attach_signal(agent, SIGINT, on_end_signal);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Start and end of the agent. Everything is acquired in one order and released in reverse; ready is said when the
 * kernel has the policy (agent_start.c), and a start that fails leaves the kernel as it was.
 */
#include "agent/agent.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <systemd/sd-daemon.h>

#include "agent/agent_internal.h"
#include "agent/origin.h"
#include "agent/sandbox.h"
#include "util/reply.h"
#include "agent/state_dir.h"
#include "util/array.h"
#include "util/log.h"

/* What is larger is a list of members, and goes back to the system once freed; left to itself malloc() would keep it. */
#define LARGE_BYTES (128 * 1024)

/* From the first moment: a signal that comes early waits for the loop instead of ending us. */
static void block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int take_lock(struct agent *agent)
{
	char error[256], stranger[96];

	if (lock_take(LOCK_AGENT, &agent->lock, error, sizeof(error), stranger, sizeof(stranger)) < 0) {
		log_error("%s", error);
		return CODE_UNAVAILABLE;
	}
	if (*stranger)
		log_warning("%s, of an unprivileged user, holds the name omfwd in this network namespace",
		            stranger);
	return CODE_DONE;
}

/* Before anything is read that others wrote, and before there is a second thread. */
static int give_up_privileges(const struct agent_config *config)
{
	char error[256];
	int r = sandbox_drop_capabilities(config->run_dir, config->engine.state_dir, error, sizeof(error));

	if (r < 0) {
		log_error("%s", error);
		return (int)reply_code_of_errno(r);
	}
	r = sandbox_filter_calls();
	if (r < 0)
		log_warning("the agent runs without its filter of system calls: %s", strerror(-r));
	return CODE_DONE;
}

static int open_loop(struct agent *agent)
{
	char error[256];
	int r = sd_event_new(&agent->event);

	if (r >= 0)
		r = agent_timers_attach(agent);
	if (r >= 0)
		r = agent_confirm_attach(agent);
	if (r >= 0)
		r = agent_activity_attach(agent);
	if (r >= 0)
		r = metrics_file_attach(&agent->metrics, &agent->engine, agent->event);
	if (r >= 0)
		r = agent_work_attach(agent);
	if (r >= 0)
		r = agent_loop_attach(agent);
	if (r < 0) {
		log_error("cannot set up the event loop: %s", strerror(-r));
		return CODE_UNAVAILABLE;
	}
	r = drift_open(&agent->engine, agent->event, agent->settle, &agent->drift);
	if (r < 0)
		log_warning("changes of the nft table by others will not be noticed: %s", strerror(-r));
	r = control_open(agent->event, agent->config->run_dir, agent_answer, agent, &agent->control, error,
	                 sizeof(error));
	if (r < 0) {
		log_error("%s", error);
		return (int)reply_code_of_errno(r);
	}
	return CODE_DONE;
}

static int open_engine(struct agent *agent)
{
	struct engine_config config = agent->config->engine;
	json_t *reply = reply_new();
	enum exit_code code;

	config.baton = &agent->work.baton;
	code = engine_open(&agent->engine, &config, reply);
	agent_log_complaints(reply);
	json_decref(reply);
	if (code != CODE_DONE)
		return (int)code;
	state_dir_make(agent->config->engine.state_dir);
	engine_state_load(&agent->engine);
	if (agent->engine.state_error == -EBADMSG)
		log_warning("the windows remembered in %s cannot be understood and are forgotten",
		            agent->config->engine.state_dir);
	return CODE_DONE;
}

static int run_loop(struct agent *agent)
{
	int r;

	sd_event_set_watchdog(agent->event, true);
	log_event(&(const struct log_event){.priority = LOG_INFO,
	                                    .id = LOG_ID_STARTED,
	                                    .fields[LOG_FIELD_EVENT] = "started"},
	          "agent ready");
	agent_denials_follow(agent);
	agent->ready = true;
	metrics_file_update(&agent->metrics);
	sd_notify(0, "READY=1");
	agent_notify_status(agent);
	r = agent_loop_run(agent);
	sd_notify(0, "STOPPING=1");
	agent_work_end(agent);
	agent_confirm_end(agent);
	agent->engine.records_changed = agent->engine.records_changed || agent->engine.records.n > 0;
	engine_state_save(&agent->engine);
	activity_save(&agent->engine.activity, agent->config->engine.state_dir);
	if (r < 0)
		log_error("the event loop ended: %s", strerror(-r));
	log_event(&(const struct log_event){.priority = LOG_INFO,
	                                    .id = LOG_ID_STOPPED,
	                                    .fields[LOG_FIELD_EVENT] = "stopped"},
	          "agent stopped; %s",
	          agent->engine.removed ? "there is no policy" : "the policy stays in the kernel");
	return r < 0 ? CODE_UNAVAILABLE : CODE_DONE;
}

static void release(struct agent *agent)
{
	control_close(agent->control);
	drift_close(agent->drift);
	agent_cut_end(agent);
	agent_denials_end(agent);
	metrics_file_end(&agent->metrics);
	sd_event_source_disable_unref(agent->work.source);
	sd_event_source_disable_unref(agent->settle);
	sd_event_source_disable_unref(agent->window_timer);
	sd_event_source_disable_unref(agent->expiry_timer);
	sd_event_source_disable_unref(agent->confirm_timer);
	sd_event_source_disable_unref(agent->activity_timer);
	sd_event_unref(agent->event);
	for (size_t i = 0; i < ARRAY_SIZE(agent->signal_requests); i++)
		json_decref(agent->signal_requests[i]);
	engine_close(&agent->engine);
	lock_release(&agent->lock);
}

int agent_run(const struct agent_config *config)
{
	struct agent agent = {.config = config, .lock = LOCK_NONE, .work.baton = BATON_INIT};
	int code;

	mallopt(M_ARENA_MAX, 1); /* the threads take turns */
	mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
	baton_take(&agent.work.baton, BATON_LOOP);
	block_signals();
	log_open(LOG_TO_STDERR);
	code = give_up_privileges(config);
	if (code == CODE_DONE)
		code = take_lock(&agent);
	if (code == CODE_DONE)
		code = open_engine(&agent);
	if (code == CODE_DONE)
		code = open_loop(&agent);
	if (code == CODE_DONE)
		code = agent_start(&agent);
	if (code == CODE_DONE)
		code = run_loop(&agent);
	release(&agent);
	return code;
}

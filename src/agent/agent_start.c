/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the agent enforces first. After a boot, when the kernel has no table, that is the last good policy, at once and
 * before the role file is even opened; then the role file replaces it. A file that is wrong leaves the last good policy in
 * force, which is put over the table of an agent before us; without one that table stays as it is. The agent lives on to
 * say so. Only where there is neither it gives up.
 *
 * Where a policy was on trial when the agent before us ended, the role file is that policy: it is not read, and the one
 * before it returns.
 *
 * Windows: what the kernel has open is adopted, never sent again. Only where there was no table is opened again what
 * the state file has left.
 */
#include "agent/agent_internal.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/fallback.h"
#include "agent/history_events.h"
#include "agent/last_good.h"
#include "agent/origin.h"
#include "util/reply.h"
#include "util/log.h"
#include "util/timestamp.h"

struct start {
	struct agent *agent;
	struct engine *engine;
	bool table_existed;
	bool has_last_good; /* it is what is current */
};

/* The phase of the command line; a window that is open is not opened again. */
static void start_phase(struct agent *agent)
{
	enum wanted_phase phase = agent->config->phase;
	struct origin origin;
	json_t *request;

	if (phase == WANT_NOTHING ||
	    (phase == WANT_INSTALL && window_records_find(&agent->engine.records, INSTALL_WINDOW)))
		return;
	request = json_pack("{s:s, s:s}", "phase", wanted_phase_name(phase), "reason",
	                    "the agent's command line");
	origin_of_request(geteuid(), request, &origin);
	json_decref(agent_do(agent, VERB_PHASE, request, &origin));
	json_decref(request);
}

static void start_windows(struct agent *agent, bool table_existed)
{
	struct engine *engine = &agent->engine;
	json_t *reply = reply_new();

	drift_pause(agent->drift);
	if (!table_existed && !engine->removed)
		engine_windows_restore(engine, reply);
	drift_resume(agent->drift, false);
	agent_log_complaints(reply);
	json_decref(reply);
	/* Adopts them; and what cannot be written is noticed now, not when it matters. */
	engine->records_changed = true;
	agent_timers_arm(agent);
	engine->guarded = agent->drift != NULL;
	if (engine->records.n > 0 && !table_existed)
		history_note(engine, HISTORY_RESTORED, NULL,
		             "%zu install windows from before the boot are open again", engine->records.n);
	if (engine->records.n > 0)
		log_info("install windows %s; omfwd status lists them",
		         table_existed ? "are open and stay so" : "from before the boot are open again");
	start_phase(agent);
	engine_state_save(engine);
	if (engine->state_error < 0)
		log_warning("cannot remember windows in %s: %s", engine->config.state_dir,
		            state_strerror(engine->state_error));
	if (engine->good_error < 0)
		log_warning("cannot keep the last good policy in %s: %s", engine->config.state_dir,
		            state_strerror(engine->good_error));
}

static void log_degraded(const char *sentence)
{
	log_event(&(const struct log_event){.priority = LOG_WARNING,
	                                    .id = LOG_ID_DEGRADED,
	                                    .fields[LOG_FIELD_EVENT] = "degraded"},
	          "degraded: %s", sentence);
}

/* Puts what is current into the kernel. */
static enum exit_code apply_current(struct start *start)
{
	json_t *reply = reply_new();
	enum exit_code code = engine_apply(start->engine, reply);

	agent_log_complaints(reply);
	json_decref(reply);
	return code;
}

/* No names, no parsing: what is stored goes into the kernel as it is, and trouble with it is no reason to stop. */
static void start_last_good(struct start *start)
{
	const char *dir = start->agent->config->engine.state_dir;
	int r = fallback_read(start->engine);
	char saved[TIMESTAMP_MAX];

	if (r < 0 && r != -ENOENT)
		log_warning("the last good policy in %s cannot be used: %s", dir, state_strerror(r));
	start->has_last_good = r == 0 && (start->table_existed || apply_current(start) == CODE_DONE);
	if (r == 0 && !start->has_last_good)
		fallback_forget(start->engine);
	if (start->has_last_good && !start->table_existed)
		log_info("the last good policy, of %s, is in force until the role file is read",
		         timestamp_format(start->engine->current.saved, saved, sizeof(saved)));
}

/* Somebody's table is better than none, whatever it holds. */
static int keep_table(struct start *start)
{
	int r = start->has_last_good ? 0 : fallback_adopt_kernel(start->engine);

	return r < 0 ? CODE_UNAVAILABLE : CODE_DONE;
}

static int take_table_away(struct start *start)
{
	bool existed;
	int r = kernel_remove(start->engine->kernel, &existed);

	if (r < 0) {
		log_error("%s", kernel_error(start->engine->kernel));
		return (int)reply_code_of_errno(r);
	}
	fallback_adopt_kernel(start->engine);
	start->engine->removed = true;
	history_windows_closed(start->engine, ENDED_BY_REMOVAL, NULL);
	start->engine->records.n = 0;
	log_degraded("the role file was on trial when the agent ended, and there was no policy before it: "
	             "nothing is "
	             "denied until omfwd reload");
	return CODE_DONE;
}

/* What the kernel has is the policy on trial, unless there was a boot, or the agent before us was here already. */
static int go_back(struct start *start)
{
	enum exit_code code = CODE_DONE;

	if (start->has_last_good && start->table_existed)
		code = apply_current(start);
	else if (!start->has_last_good)
		code = (enum exit_code)keep_table(start);
	if (code == CODE_DONE)
		log_degraded(
		        start->has_last_good
		                ? "the role file was on trial when the agent ended; the last good policy is "
		                  "in force until omfwd reload"
		                : "the role file was on trial when the agent ended, and the policy before it "
		                  "is lost; what the kernel has stays in force until omfwd reload");
	return (int)code;
}

static enum exit_code read_role_file(struct start *start)
{
	struct origin nobody = {.uid = geteuid()};
	json_t *request = json_pack("{s:I}", "confirm", (json_int_t)start->agent->config->confirm_seconds);
	json_t *reply = agent_do(start->agent, VERB_RELOAD, request, &nobody);
	enum exit_code code = reply_code(reply);

	json_decref(reply);
	json_decref(request);
	return code;
}

/*
 * A wrong file does not mend itself by starting again, so the agent stays with what there is. Where the kernel refused
 * to change a table that is there, trying again may help.
 */
static int follow_role_file(struct start *start)
{
	enum exit_code code;
	char saved[TIMESTAMP_MAX], sentence[128];

	if (start->table_existed && !start->has_last_good && keep_table(start) != CODE_DONE)
		return CODE_UNAVAILABLE;
	code = read_role_file(start);
	if (code == CODE_DONE)
		return CODE_DONE;
	if (start->table_existed ? code != CODE_BAD_INPUT : !start->has_last_good)
		return (int)code;
	/* What the kernel has may have been changed while nobody watched; and only what we applied is watched. */
	if (start->table_existed && start->has_last_good) {
		code = apply_current(start);
		if (code != CODE_DONE)
			return (int)code;
	}
	snprintf(sentence, sizeof(sentence), "the role file is wrong, the last good policy of %s is in force",
	         timestamp_format(start->engine->current.saved, saved, sizeof(saved)));
	log_degraded(start->has_last_good ? sentence
	                                  : "the role file is wrong, what the kernel has stays in force");
	return CODE_DONE;
}

int agent_start(struct agent *agent)
{
	struct start start = {.agent = agent, .engine = &agent->engine};
	struct table_state table = {.exists = false};
	enum trial_mark mark = trial_mark_get(agent->config->engine.state_dir);
	int code;

	kernel_table_state(agent->engine.kernel, &table);
	start.table_existed = table.exists;
	start_last_good(&start);
	if (mark == MARK_BEFORE_NOTHING)
		code = take_table_away(&start);
	else if (mark == MARK_BEFORE_LAST_GOOD && (start.has_last_good || table.exists))
		code = go_back(&start);
	else
		code = follow_role_file(&start);
	if (code == CODE_DONE)
		start_windows(agent, table.exists);
	return code;
}

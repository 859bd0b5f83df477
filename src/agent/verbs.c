/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One function a verb: take the request apart, let the engine act, then say and log what happened. Opening and closing
 * are in verb_phase.c, the answers of explain in verb_explain.c.
 */
#include "agent/verbs.h"

#include <string.h>

#include "agent/confirm.h"
#include "agent/fallback.h"
#include "agent/history_events.h"
#include "agent/metrics.h"
#include "agent/origin.h"
#include "util/reply.h"
#include "agent/status.h"
#include "agent/verb_denied.h"
#include "agent/verb_explain.h"
#include "agent/verb_phase.h"
#include "agent/verb_report.h"
#include "util/array.h"
#include "util/duration.h"
#include "util/log.h"

static void log_load(const struct engine *engine, enum exit_code code, const json_t *reply)
{
	json_t *complaints = reply_complaints(reply);
	json_t *line;
	size_t i;

	json_array_foreach(complaints, i, line)
	        log_event(&(const struct log_event){.priority = code == CODE_DONE ? LOG_WARNING : LOG_ERR},
	                  "%s", json_string_value(line));
	if (code == CODE_DONE)
		log_event(&(const struct log_event){.priority = LOG_NOTICE,
		                                    .id = LOG_ID_LOADED,
		                                    .fields[LOG_FIELD_EVENT] = "loaded",
		                                    .fields[LOG_FIELD_CONFIG] = engine->config.config},
		          "%s applied", engine->config.config);
	else
		log_event(&(const struct log_event){.priority = LOG_ERR,
		                                    .id = LOG_ID_LOAD_FAILED,
		                                    .fields[LOG_FIELD_EVENT] = "load-failed",
		                                    .fields[LOG_FIELD_CONFIG] = engine->config.config},
		          "%s not applied, %s", engine->config.config,
		          engine->applied ? "the policy before it stays" : "the kernel is as it was");
	json_decref(complaints);
}

/* While a policy is on trial a reload would leave open what returns when. */
static enum exit_code load(struct engine *engine, uint64_t trial_seconds, json_t *reply)
{
	if (trial_seconds > 0 && !engine->config.watched)
		reply_fail(
		        reply, CODE_UNAVAILABLE,
		        "no agent runs, and nobody else would bring the policy before back; start the agent, "
		        "or reload without --confirm");
	else if (trial_seconds > 0 || engine->trial.pending)
		return confirm_load(engine, trial_seconds, reply);
	else
		return engine_load(engine, reply);
	return reply_code(reply);
}

static void say_applied(const struct engine *engine, uint64_t trial_seconds, json_t *reply)
{
	char length[DURATION_TEXT_MAX];

	if (trial_seconds > 0)
		reply_say(reply, "%s applied on trial: unless omfwd confirm follows within %s, %s",
		          engine->config.config, duration_format(trial_seconds, length, sizeof(length)),
		          engine->trial.before.ruleset ? "the policy before it returns"
		                                       : "the nft table is taken away again");
	else
		reply_say(reply, "%s applied", engine->config.config);
	if (!engine->config.watched)
		reply_say(reply, "no agent runs: nothing watches the table");
}

static void answer_reload(struct engine *engine, const json_t *request, const struct origin *origin,
                          json_t *reply)
{
	json_int_t seconds = json_integer_value(json_object_get(request, "confirm"));
	uint64_t trial_seconds = seconds > 0 ? (uint64_t)seconds : 0;
	struct policy_size before = history_policy_size(engine);
	enum exit_code code = load(engine, trial_seconds, reply);
	struct origin who = *origin;

	origin_name(&who);
	if (code == CODE_DONE) {
		say_applied(engine, trial_seconds, reply);
		history_reloaded(engine, trial_seconds ? HISTORY_TRIAL_BEGUN : HISTORY_RELOAD, &who, &before);
	} else {
		history_note(engine, HISTORY_RELOAD_FAILED, &who, "%s was not applied",
		             engine->config.config);
	}
	log_load(engine, code, reply);
}

static void answer_confirm(struct engine *engine, const json_t *request, const struct origin *origin,
                           json_t *reply)
{
	struct origin who = *origin;

	(void)request;
	if (!engine->config.watched)
		reply_fail(reply, CODE_UNAVAILABLE, "no agent runs, so that nothing is on trial");
	else if (engine->unconfirmed)
		reply_fail(
		        reply, CODE_NO,
		        "too late: %s was not confirmed in time and is not in force; omfwd reload applies it",
		        engine->config.config);
	else if (!engine->trial.pending)
		reply_fail(reply, CODE_NO, "nothing is on trial");
	if (reply_code(reply) != CODE_DONE || confirm_keep(engine, reply) != CODE_DONE)
		return;
	origin_name(&who);
	reply_say(reply, "confirmed: %s stays in force", engine->config.config);
	history_note(engine, HISTORY_TRIAL_CONFIRMED, &who, "%s stays in force", engine->config.config);
	log_event(&(const struct log_event){.priority = LOG_NOTICE,
	                                    .id = LOG_ID_CONFIRMED,
	                                    .fields[LOG_FIELD_EVENT] = "confirmed",
	                                    .fields[LOG_FIELD_USER] = who.user,
	                                    .fields[LOG_FIELD_FROM] = who.from,
	                                    .fields[LOG_FIELD_CONFIG] = engine->config.config},
	          "%s confirmed by %s", engine->config.config, who.user);
}

/* What passes from now on that was denied, as far as the policy is known. */
static void say_what_opens(const struct policy *policy, json_t *reply)
{
	static const char *const scopes[] = {
	        [DENY_NONE] = "deny_scope was none: nothing was denied",
	        [DENY_ROLES] = "whatever was denied between a server role and another role passes",
	        [DENY_SERVERS] = "whatever was denied to and from server roles passes",
	        [DENY_EVERYTHING] = "whatever was denied of all that is forwarded passes",
	};

	if (!policy)
		reply_say(reply, "nothing is denied any more, until omfwd reload");
	else if (policy->settings.mode == MODE_AUDIT)
		reply_say(reply, "mode was audit: nothing was denied");
	else
		reply_say(reply, "%s, on every port, until omfwd reload",
		          scopes[policy->settings.deny_scope]);
}

static void say_forgotten(const struct engine *engine, json_t *reply)
{
	if (engine->good_error < 0)
		reply_warn(reply,
		           "warning: cannot remove the last good policy from %s (%s): the next boot brings "
		           "it back",
		           engine->config.state_dir, state_strerror(engine->good_error));
	else
		reply_say(reply, "the last good policy is forgotten as well; an agent that starts begins "
		                 "with the role "
		                 "file");
}

/* Known before it is gone. An engine that works alone has read nothing yet. */
static const struct policy *policy_in_force(struct engine *engine)
{
	if (!engine->config.watched)
		fallback_read(engine);
	return engine->current.source == FROM_KERNEL ? NULL : engine->current.policy;
}

static void answer_remove(struct engine *engine, const json_t *request, const struct origin *origin,
                          json_t *reply)
{
	const struct policy *policy = policy_in_force(engine);
	bool existed = false;
	enum exit_code code = engine_remove(engine, &existed, reply);
	struct origin who = *origin;

	(void)request;
	if (code != CODE_DONE)
		return;
	json_object_set_new(reply, "existed", json_boolean(existed));
	if (!existed) {
		reply_say(reply, "there was no nft table inet omfwd; nothing is denied");
		say_forgotten(engine, reply);
		return;
	}
	origin_name(&who);
	reply_say(reply, "nft table inet omfwd removed");
	history_note(engine, HISTORY_REMOVED, &who, "nft table removed: nothing is denied any more");
	say_what_opens(policy, reply);
	say_forgotten(engine, reply);
	log_event(&(const struct log_event){.priority = LOG_WARNING,
	                                    .id = LOG_ID_REMOVED,
	                                    .fields[LOG_FIELD_EVENT] = "removed",
	                                    .fields[LOG_FIELD_USER] = who.user,
	                                    .fields[LOG_FIELD_FROM] = who.from},
	          "nft table removed by %s: nothing is denied any more", who.user);
}

static void answer_status(struct engine *engine, const json_t *request, const struct origin *origin,
                          json_t *reply)
{
	(void)request;
	(void)origin;
	status_report(engine, reply);
}

static void answer_metrics(struct engine *engine, const json_t *request, const struct origin *origin,
                           json_t *reply)
{
	(void)request;
	(void)origin;
	metrics_report(engine, reply);
}

struct verb_spec {
	const char *word;
	bool changes_kernel, for_root;
	void (*answer)(struct engine *engine, const json_t *request, const struct origin *origin,
	               json_t *reply);
};

static const struct verb_spec verbs[VERB_MAX] = {
        [VERB_PHASE] = {.word = "phase", .changes_kernel = true, .answer = verb_phase_answer},
        [VERB_RELOAD] = {.word = "reload", .changes_kernel = true, .for_root = true, .answer = answer_reload},
        [VERB_CONFIRM] = {.word = "confirm",
                          .changes_kernel = true,
                          .for_root = true,
                          .answer = answer_confirm},
        [VERB_REMOVE] = {.word = "remove", .changes_kernel = true, .for_root = true, .answer = answer_remove},
        [VERB_STATUS] = {.word = "status", .answer = answer_status},
        [VERB_EXPLAIN] = {.word = "explain", .answer = verb_explain_answer},
        [VERB_REPORT] = {.word = "report", .answer = verb_report_answer},
        [VERB_DENIED] = {.word = "denied", .answer = verb_denied_answer},
        [VERB_METRICS] = {.word = "metrics", .answer = answer_metrics},
};

const char *verb_word(enum verb verb)
{
	return verbs[verb].word;
}

enum verb verb_find(const char *word)
{
	enum verb verb = VERB_PHASE;

	while (verb < VERB_MAX && strcmp(verbs[verb].word, word) != 0)
		verb++;
	return verb;
}

bool verb_changes_kernel(enum verb verb)
{
	return verbs[verb].changes_kernel;
}

bool verb_takes_long(enum verb verb)
{
	return verbs[verb].changes_kernel && verb != VERB_PHASE;
}

bool verb_is_for_root(enum verb verb)
{
	return verbs[verb].for_root;
}

json_t *verb_answer(struct engine *engine, enum verb verb, const json_t *request, const struct origin *origin)
{
	json_t *reply = reply_new();

	verbs[verb].answer(engine, request, origin, reply);
	return reply;
}

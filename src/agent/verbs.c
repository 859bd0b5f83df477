/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One function a verb: take the request apart, let the engine act, then say and log what happened. Opening and closing
 * are in verb_phase.c.
 */
#include "agent/verbs.h"

#include <stdlib.h>
#include <string.h>

#include "agent/reply.h"
#include "agent/status.h"
#include "agent/verb_phase.h"
#include "util/array.h"
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

static void answer_reload(struct engine *engine, const json_t *request, const struct origin *origin,
                          json_t *reply)
{
	enum exit_code code = engine_load(engine, reply);

	(void)request;
	(void)origin;
	if (code == CODE_DONE)
		reply_say(reply, "%s applied", engine->config.config);
	if (code == CODE_DONE && !engine->config.watched)
		reply_say(reply, "no agent runs: nothing watches the table");
	log_load(engine, code, reply);
}

static void answer_remove(struct engine *engine, const json_t *request, const struct origin *origin,
                          json_t *reply)
{
	bool existed = false;
	enum exit_code code = engine_remove(engine, &existed, reply);

	(void)request;
	if (code != CODE_DONE)
		return;
	json_object_set_new(reply, "existed", json_boolean(existed));
	if (!existed) {
		reply_say(reply, "there was no nft table inet omfwd; nothing is denied");
		return;
	}
	reply_say(reply, "nft table inet omfwd removed: nothing is denied any more, until omfwd reload");
	log_event(&(const struct log_event){.priority = LOG_WARNING,
	                                    .id = LOG_ID_REMOVED,
	                                    .fields[LOG_FIELD_EVENT] = "removed",
	                                    .fields[LOG_FIELD_USER] = origin->user,
	                                    .fields[LOG_FIELD_FROM] = origin->from},
	          "nft table removed by %s: nothing is denied any more", origin->user);
}

static void answer_status(struct engine *engine, const json_t *request, const struct origin *origin,
                          json_t *reply)
{
	(void)request;
	(void)origin;
	status_report(engine, reply);
}

static void answer_explain(struct engine *engine, const json_t *request, const struct origin *origin,
                           json_t *reply)
{
	struct engine_gates gates = {.engine = engine};
	const struct generation *current = &engine->current;
	json_t *explained;

	(void)origin;
	if (engine->removed) {
		reply_fail(reply, CODE_UNAVAILABLE,
		           "the policy was removed: everything passes until omfwd reload");
		return;
	}
	if (engine_windows_read(engine, &gates.state) < 0) {
		reply_fail(reply, CODE_UNAVAILABLE, "%s", kernel_error(engine->kernel));
	} else {
		explained = engine->config.explain(current->policy, &current->lines, engine_gate_is_open,
		                                   &gates, request);
		json_object_update(reply, explained);
		json_decref(explained);
	}
	free((void *)gates.state.gates_ms);
}

struct verb_spec {
	const char *word;
	bool changes_kernel;
	void (*answer)(struct engine *engine, const json_t *request, const struct origin *origin,
	               json_t *reply);
};

static const struct verb_spec verbs[VERB_MAX] = {
        [VERB_PHASE] = {.word = "phase", .changes_kernel = true, .answer = verb_phase_answer},
        [VERB_RELOAD] = {.word = "reload", .changes_kernel = true, .answer = answer_reload},
        [VERB_REMOVE] = {.word = "remove", .changes_kernel = true, .answer = answer_remove},
        [VERB_STATUS] = {.word = "status", .answer = answer_status},
        [VERB_EXPLAIN] = {.word = "explain", .answer = answer_explain},
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

json_t *verb_answer(struct engine *engine, enum verb verb, const json_t *request, const struct origin *origin)
{
	json_t *reply = reply_new();

	verbs[verb].answer(engine, request, origin, reply);
	return reply;
}

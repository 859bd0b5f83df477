/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An engine for as long as one command takes. The kernel keeps what it is told, deadlines included, so that nothing is
 * lost when the command ends but somebody who watches; replies say so.
 */
#include "cmd/local.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/cut.h"
#include "agent/history_events.h"
#include "agent/lock.h"
#include "agent/origin.h"
#include "util/reply.h"
#include "agent/state_dir.h"
#include "agent/verb_phase.h"
#include "cmd/client.h"
#include "util/log.h"

static bool take_lock(const struct options *options, struct lock *lock, json_t *reply)
{
	char error[256], stranger[96];
	int r = lock_take(LOCK_COMMAND, lock, error, sizeof(error), stranger, sizeof(stranger));

	if (r == -EEXIST)
		reply_fail(reply, CODE_UNAVAILABLE, "%s, but it does not answer in %s; give its --run-dir",
		           error, options->run_dir);
	else if (r < 0)
		reply_fail(reply, CODE_UNAVAILABLE, "%s", error);
	else if (*stranger)
		reply_warn(reply, "warning: %s, of an unprivileged user, holds the name omfwd", stranger);
	return r == 0;
}

/* Who opened what is still open, so that the file keeps it when it is written again. */
static void adopt_windows(struct engine *engine)
{
	struct window_state state;

	if (engine_windows_read(engine, &state) == 0)
		engine_windows_adopt(engine, &state);
	free((void *)state.gates_ms);
}

static bool closes_everything(const json_t *request)
{
	const char *phase = json_string_value(json_object_get(request, "phase"));

	return phase && wanted_phase_find(phase) == WANT_RUN &&
	       json_array_size(json_object_get(request, "sections")) == 0 &&
	       json_array_size(json_object_get(request, "rows")) == 0;
}

/* What can be opened must be closed, whatever has become of the role file meanwhile; the kernel knows its windows. */
static void close_windows(struct engine *engine, const json_t *request, json_t *reply)
{
	struct origin origin;
	struct window_change *changes;
	char **names;
	size_t n;

	if (kernel_window_sets(engine->kernel, &names, &n) < 0)
		return;
	changes = calloc(n + 1, sizeof(*changes));
	if (!changes)
		abort();
	changes[n].set = INSTALL_WINDOW;
	for (size_t i = 0; i < n; i++)
		changes[i].set = names[i];
	if (kernel_windows_set(engine->kernel, changes, n + 1) == 0) {
		reply_say(reply, "install windows closed; nothing else was changed");
		origin_of_request(getuid(), request, &origin);
		origin_name(&origin);
		history_windows_closed(engine, ENDED_BY_COMMAND, &origin);
		engine->records.n = 0;
		engine->records_changed = true;
		engine_state_save(engine);
	}
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
	free(changes);
}

static void prepare_phase(struct engine *engine, const json_t *request, json_t *reply)
{
	if (engine->unconfirmed)
		reply_fail(reply, CODE_UNAVAILABLE,
		           "the role file was on trial and never confirmed; omfwd reload applies it");
	else if (engine_read(engine, reply) == CODE_DONE &&
	         verb_phase_check(engine, request, reply) == CODE_DONE &&
	         engine_apply(engine, reply) == CODE_DONE)
		adopt_windows(engine);
	if (reply_code(reply) != CODE_DONE && closes_everything(request))
		close_windows(engine, request, reply);
}

/* What must be known before the verb: a phase needs the policy in the kernel, a status what the file says. */
static void prepare(struct engine *engine, enum verb verb, const json_t *request, json_t *reply)
{
	json_t *reading;

	engine_state_load(engine);
	switch (verb) {
	case VERB_PHASE:
		prepare_phase(engine, request, reply);
		break;
	case VERB_STATUS:
	case VERB_DENIED:
	case VERB_METRICS:
	case VERB_REPORT:
		reading = reply_new();
		if (engine_read(engine, reading) != CODE_DONE) {
			engine->last_error = reply_complaints(reading);
			engine->failed_at = time(NULL);
		}
		json_decref(reading);
		break;
	case VERB_RELOAD:
	case VERB_CONFIRM:
	case VERB_REMOVE:
	case VERB_EXPLAIN:
	case VERB_MAX:
		break;
	}
}

static void save_state(struct engine *engine, json_t *reply)
{
	engine_state_save(engine);
	if (engine->state_error < 0)
		reply_warn(reply, "warning: cannot remember windows in %s: %s", engine->config.state_dir,
		           state_strerror(engine->state_error));
	if (engine->history.error < 0)
		reply_warn(reply, "warning: cannot write the history in %s: %s", engine->config.state_dir,
		           state_strerror(engine->history.error));
	if (engine->good_unsaved)
		reply_warn(reply, "warning: cannot keep the last good policy in %s: %s",
		           engine->config.state_dir, state_strerror(engine->good_error));
}

/* The rules have cut the rest already. */
static void cut_connections(struct engine *engine, json_t *reply)
{
	int r = cut_now(engine);

	if (engine->cut.deleted > 0)
		reply_say(reply,
		          "%zu connections that are no longer allowed were cut, because of a flowtable",
		          engine->cut.deleted);
	if (r < 0 || engine->cut.error)
		reply_warn(
		        reply,
		        "warning: connections that a flowtable carries past the rules could not be cut: %s",
		        strerror(r < 0 ? -r : -engine->cut.error));
}

/* Adds what was said before the verb, in front of what the verb said. */
static void prepend_complaints(json_t *reply, const json_t *before)
{
	static const char *const lists[] = {"diagnostics", "errors"};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		json_t *all = json_copy(json_object_get(before, lists[i]));

		json_array_extend(all, json_object_get(reply, lists[i]));
		json_object_set_new(reply, lists[i], all);
	}
}

/* Consumes prepared; returns the whole reply. */
static json_t *work(struct engine *engine, enum verb verb, const json_t *request, json_t *prepared)
{
	struct origin origin;
	json_t *reply;

	prepare(engine, verb, request, prepared);
	if (reply_code(prepared) != CODE_DONE)
		return prepared;
	origin_of_request(getuid(), request, &origin);
	reply = verb_answer(engine, verb, request, &origin);
	prepend_complaints(reply, prepared);
	json_decref(prepared);
	if (verb == VERB_RELOAD && reply_code(reply) == CODE_DONE)
		adopt_windows(engine);
	if (verb_changes_kernel(verb))
		save_state(engine, reply);
	if (verb_changes_kernel(verb) && verb != VERB_REMOVE && reply_code(reply) == CODE_DONE)
		cut_connections(engine, reply);
	return reply;
}

json_t *local_answer(const struct options *options, enum verb verb, const json_t *request)
{
	struct engine_config config = {.config = options->config, .state_dir = options->state_dir};
	struct lock lock = LOCK_NONE;
	struct engine engine;
	json_t *reply = reply_new();

	log_open(LOG_TO_JOURNAL);
	if (verb_changes_kernel(verb) && !take_lock(options, &lock, reply))
		return reply;
	if (verb_changes_kernel(verb))
		state_dir_make(config.state_dir);
	if (engine_open(&engine, &config, reply) == CODE_DONE) {
		reply = work(&engine, verb, request, reply);
		engine_close(&engine);
	}
	lock_release(&lock);
	return reply;
}

static json_t *ask_or_answer(const struct options *options, enum verb verb, const json_t *request)
{
	char error[256];
	json_t *reply;
	int r = client_ask(options, request, &reply, error, sizeof(error));

	if (r == 0)
		return reply;
	if (r == -ENOENT)
		return local_answer(options, verb, request);
	reply = reply_new();
	reply_fail(reply, reply_code_of_errno(r), "%s", error);
	return reply;
}

json_t *local_reply(const struct options *options, enum verb verb)
{
	json_t *request = client_request_new(options, verb_word(verb));
	json_t *reply = ask_or_answer(options, verb, request);

	json_decref(request);
	return reply;
}

int local_run(const struct options *options, enum verb verb)
{
	json_t *reply = local_reply(options, verb);
	int code = client_print(options, reply);

	json_decref(reply);
	return code;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order is always the same: read, build, hand to the kernel, and only when the kernel said yes does the engine
 * believe it. A generation (policy, lines, ruleset) is replaced whole, and the old one freed after the new one is in.
 */
#include "agent/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/confirm.h"
#include "agent/engine_internal.h"
#include "agent/history_events.h"
#include "agent/last_good.h"
#include "agent/fd_store.h"
#include "util/baton.h"
#include "util/reply.h"

#define USEC_PER_SEC  1000000u
#define NSEC_PER_USEC 1000u

void generation_clear(struct generation *generation)
{
	ruleset_free(generation->ruleset);
	policy_free(generation->policy);
	*generation = (struct generation){.policy = NULL};
}

/* One reply line a diagnostic, in the order of the file. */
static void reply_add_diags(json_t *reply, const struct diag_list *diags)
{
	char *text = NULL, *rest = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	diag_print(diags, out);
	fclose(out);
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		reply_diagnose(reply, "%s", line);
	free(text);
}

static void generation_make(const char *path, struct generation *ret, struct diag_list *diags)
{
	ret->policy = policy_load_trusted(path, time(NULL), diags);
	if (!ret->policy)
		return;
	ret->lines = policy_compile(ret->policy);
	ret->ruleset = ruleset_build(ret->policy, &ret->lines);
}

enum exit_code generation_from_file(const struct engine_config *config, struct generation *ret, json_t *reply)
{
	struct diag_list diags = {.sources = NULL};
	bool lent = baton_lend(config->baton);

	generation_make(config->config, ret, &diags);
	baton_reclaim(config->baton, lent);
	reply_add_diags(reply, &diags);
	if (!ret->policy)
		policy_load_free_sources(&diags);
	diag_clear(&diags);
	if (!ret->policy) {
		reply_set_code(reply, CODE_BAD_INPUT);
		return CODE_BAD_INPUT;
	}
	return CODE_DONE;
}

/* An agent goes on with the socket of its life before, which may own the table. */
static int open_kernel(struct engine *engine, const char **error)
{
	int fd = engine->config.watched ? fd_store_take() : -1;

	engine->stored = fd >= 0 && kernel_adopt(fd, &engine->kernel, error) == 0;
	if (engine->stored)
		return 0;
	if (fd >= 0)
		fd_store_remove();
	return kernel_open(&engine->kernel, error);
}

enum exit_code engine_open(struct engine *engine, const struct engine_config *config, json_t *reply)
{
	const char *error = "";
	int r;

	*engine = (struct engine){.config = *config};
	r = open_kernel(engine, &error);
	if (r < 0) {
		reply_fail(reply, reply_code_of_errno(r), "%s", error);
		return reply_code(reply);
	}
	kernel_share(engine->kernel, config->baton);
	r = kernel_probe(engine->kernel, &engine->features);
	if (r < 0)
		reply_fail(reply, reply_code_of_errno(r), "%s", kernel_error(engine->kernel));
	else if (!engine->features.supported)
		reply_fail(reply, CODE_UNAVAILABLE,
		           "this kernel lacks %s; the oldest that has everything is 5.10",
		           engine->features.missing);
	if (reply_code(reply) != CODE_DONE)
		engine_close(engine);
	return reply_code(reply);
}

void engine_close(struct engine *engine)
{
	kernel_close(engine->kernel);
	confirm_forget(engine);
	generation_clear(&engine->current);
	window_records_clear(&engine->records);
	denial_pairs_clear(&engine->denial_pairs);
	history_clear(&engine->history);
	activity_clear(&engine->activity);
	json_decref(engine->last_error);
	*engine = (struct engine){.kernel = NULL};
}

/* What the kernel had to say, with the line of the role file it is about. */
static enum exit_code fail_kernel(const struct engine *engine, const struct policy *policy, int r,
                                  json_t *reply)
{
	unsigned line = 0;
	loc_t loc = kernel_error_loc(engine->kernel);
	const char *file = loc && policy ? source_file(policy->sources, loc, &line) : NULL;

	if (file) {
		reply_diagnose(reply, "%s:%u: %s", file, line, kernel_error(engine->kernel));
		reply_set_code(reply, reply_code_of_errno(r));
	} else {
		reply_fail(reply, reply_code_of_errno(r), "%s", kernel_error(engine->kernel));
	}
	return reply_code(reply);
}

void engine_adopt(struct engine *engine, const struct generation *next, bool applied)
{
	generation_clear(&engine->current);
	engine->current = *next;
	engine->applied = applied;
	engine->loaded_at = time(NULL);
	engine->good_unsaved = applied && next->source == FROM_FILE;
}

enum exit_code engine_read(struct engine *engine, json_t *reply)
{
	struct generation next = {.policy = NULL};
	enum exit_code code = generation_from_file(&engine->config, &next, reply);

	if (code == CODE_DONE)
		engine_adopt(engine, &next, false);
	return code;
}

void engine_store_socket(struct engine *engine, bool keep)
{
	if (keep && !engine->stored)
		fd_store_put(kernel_fd(engine->kernel));
	else if (!keep && engine->stored)
		fd_store_remove();
	engine->stored = keep;
}

/* Ownership ends with our socket, so that only a process that stays can be an owner. */
bool engine_owns_table(const struct engine *engine, const struct policy *policy, json_t *reply)
{
	if (!engine->config.watched)
		return false;
	switch (policy->settings.own_table) {
	case OWN_TABLE_NO:
		return false;
	case OWN_TABLE_AUTO:
		return engine->features.persist && getenv("NOTIFY_SOCKET");
	case OWN_TABLE_YES:
		if (!engine->features.persist)
			reply_warn(reply,
			           "warning: own_table = yes needs Linux 6.9; others can change the table");
		return engine->features.persist;
	}
	return false;
}

/* What need not be sent again: nothing, unless the table is still the one we made. */
static const struct ruleset *engine_previous(struct engine *engine)
{
	if (!engine->applied || engine->drifted || !kernel_holds(engine->kernel))
		return NULL;
	return engine->current.ruleset;
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / NSEC_PER_USEC;
}

enum exit_code engine_apply_generation(struct engine *engine, const struct generation *next, json_t *reply)
{
	bool own = engine_owns_table(engine, next->policy, reply);
	uint64_t begin_us = now_us();
	int r;

	/* Kept before it owns anything, so that there is no moment in which a kill would make the table nobody's. */
	if (own)
		engine_store_socket(engine, true);
	r = kernel_apply(engine->kernel, next->ruleset, engine_previous(engine), own);
	if (r < 0)
		return fail_kernel(engine, next->policy, r, reply);
	engine->drifted = false;
	engine->apply_us = now_us() - begin_us;
	return CODE_DONE;
}

enum exit_code engine_apply(struct engine *engine, json_t *reply)
{
	enum exit_code code;

	if (engine->current.source == FROM_KERNEL) { /* a model of the windows alone would open everything */
		reply_fail(reply, CODE_UNAVAILABLE, "nothing is known of the policy but what the kernel has");
		return reply_code(reply);
	}
	code = engine_apply_generation(engine, &engine->current, reply);
	if (code == CODE_DONE) {
		engine->applied = true;
		engine->removed = false;
		engine->good_unsaved = engine->current.source == FROM_FILE;
	}
	return code;
}

bool engine_is_degraded(const struct engine *engine)
{
	return engine->unconfirmed || engine->current.source != FROM_FILE;
}

/* The lines that a failed reload leaves for status. */
void engine_note_failure(struct engine *engine, enum exit_code code, const json_t *reply)
{
	json_decref(engine->last_error);
	engine->last_error = NULL;
	if (code == CODE_DONE)
		return;
	engine->last_error = reply_complaints(reply);
	engine->failed_at = time(NULL);
}

enum exit_code engine_load(struct engine *engine, json_t *reply)
{
	struct generation next = {.policy = NULL};
	enum exit_code code = generation_from_file(&engine->config, &next, reply);

	if (code == CODE_DONE)
		code = engine_apply_generation(engine, &next, reply);
	if (code == CODE_DONE) {
		engine_adopt(engine, &next, true);
		engine->removed = engine->unconfirmed = false;
	} else {
		generation_clear(&next);
	}
	engine_note_failure(engine, code, reply);
	return code;
}

/* A table that could not be removed may be half-way to it, and deny nothing any more. */
static void put_back(struct engine *engine, json_t *reply)
{
	json_t *repair;

	if (kernel_holds(engine->kernel))
		return;
	repair = reply_new();
	engine->drifted = true;
	if (engine->applied && engine_repair(engine, repair) == CODE_DONE)
		reply_warn(reply, "warning: the policy stays in force");
	else
		reply_warn(reply, "warning: it may deny nothing any more; omfwd reload puts the policy back");
	json_decref(repair);
}

enum exit_code engine_remove(struct engine *engine, bool *existed, json_t *reply)
{
	int r = kernel_remove(engine->kernel, existed);

	if (r < 0) {
		fail_kernel(engine, NULL, r, reply);
		put_back(engine, reply);
		return reply_code(reply);
	}
	engine->applied = false;
	engine->drifted = false;
	engine->removed = true;
	engine->records_changed = engine->records_changed || engine->records.n > 0;
	history_windows_closed(engine, ENDED_BY_REMOVAL, NULL);
	engine->records.n = 0;
	confirm_forget(engine);
	engine->unconfirmed = engine->good_unsaved = false;
	engine->good_error = last_good_remove(engine->config.state_dir);
	return CODE_DONE;
}

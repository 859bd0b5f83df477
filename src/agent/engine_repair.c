/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel made again what the engine believes. Sets that others may have touched are distrusted and sent anew, all
 * others are kept. Windows come back with what our own records say they have left, never more: what somebody else has
 * closed stays closed, and what somebody else has opened or extended is set back.
 */
#include "agent/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/reply.h"
#include "util/timestamp.h"

#define REPAIR_TRIES_MAX 5
#define WINDOW_READS_MAX 5
#define WINDOW_SPARE_MS                                                                                      \
	10 /* what record and kernel may differ by: never too long is more than never too short */
#define WINDOW_GRAIN_MS 250 /* by which two readings of one window may differ */

static struct nft_set *set_of(const struct engine *engine, const char *kernel_name)
{
	const struct ruleset *ruleset = engine->current.ruleset;

	for (size_t i = 0; ruleset && i < ruleset->n_sets; i++)
		if (ruleset->sets[i]->kernel_name && strcmp(ruleset->sets[i]->kernel_name, kernel_name) == 0)
			return ruleset->sets[i];
	return NULL;
}

bool engine_set_is_window(const struct engine *engine, const char *kernel_name)
{
	const struct nft_set *set = set_of(engine, kernel_name);

	return set && set->type == SET_WINDOW;
}

void engine_distrust(struct engine *engine, const char *kernel_name)
{
	struct ruleset *ruleset = engine->current.ruleset;
	struct nft_set *set = kernel_name ? set_of(engine, kernel_name) : NULL;

	engine->drifted = true;
	if (set)
		set->distrusted = true;
	for (size_t i = 0; ruleset && !kernel_name && i < ruleset->n_sets; i++)
		ruleset->sets[i]->distrusted = true;
}

bool engine_verify_sets(struct engine *engine)
{
	const struct ruleset *ruleset = engine->current.ruleset;
	bool intact = true;

	for (size_t i = 0; ruleset && i < ruleset->n_sets; i++)
		if (!kernel_set_is_intact(engine->kernel, ruleset->sets[i])) {
			ruleset->sets[i]->distrusted = true;
			intact = false;
		}
	return intact;
}

static uint64_t record_left_ms(const struct engine *engine, const char *set)
{
	const struct window_record *record = window_records_find(&engine->records, set);
	uint64_t now = timestamp_boot_ms();

	return record && record->end_ms > now + WINDOW_SPARE_MS ? record->end_ms - now - WINDOW_SPARE_MS : 0;
}

void engine_window_closed(struct engine *engine, const char *set)
{
	struct window_record *record = window_records_find(&engine->records, set);

	if (record)
		record->end_ms = 0;
}

/* Windows that are not there any more are made open, so that there is no moment in which they are closed. */
static void plan_windows(const struct engine *engine, bool open)
{
	const struct ruleset *ruleset = engine->current.ruleset;

	for (size_t i = 0; i < ruleset->n_sets; i++)
		if (ruleset->sets[i]->type == SET_WINDOW)
			ruleset->sets[i]->opens_ms =
			        open ? record_left_ms(engine, ruleset->sets[i]->name) : 0;
}

/* Copies of the sets that can be kept. Free them with intact_sets_free(). */
static struct ruleset intact_sets(const struct ruleset *ruleset)
{
	struct ruleset intact = {.sets = calloc(ruleset->n_sets + 1, sizeof(*intact.sets))};

	if (!intact.sets)
		abort();
	for (size_t i = 0; i < ruleset->n_sets; i++) {
		const struct nft_set *set = ruleset->sets[i];
		struct nft_set *copy;

		if (set->distrusted || !set->kernel_name)
			continue;
		copy = malloc(sizeof(*copy));
		if (!copy)
			abort();
		*copy = *set;
		copy->kernel_name = strdup(set->kernel_name);
		if (!copy->kernel_name)
			abort();
		intact.sets[intact.n_sets++] = copy;
	}
	return intact;
}

static void intact_sets_free(struct ruleset *intact)
{
	for (size_t i = 0; i < intact->n_sets; i++) {
		free(intact->sets[i]->kernel_name);
		free(intact->sets[i]);
	}
	free(intact->sets);
}

/* Whether the kernel objects to what is in the table. */
static bool is_beyond_mending(int r)
{
	static const int objections[] = {EEXIST, ENOENT, EBUSY, ENOTEMPTY, EINVAL, EOPNOTSUPP, ENFILE, ELOOP};

	for (size_t i = 0; i < sizeof(objections) / sizeof(objections[0]); i++)
		if (r == -objections[i])
			return true;
	return false;
}

/*
 * No memory, an answer that was lost, a send that failed: that says nothing of the table, and is tried again, as long
 * as it takes no time. Without the table everything would pass.
 */
static int mend(struct engine *engine, const struct ruleset *intact, bool own)
{
	int r = -EAGAIN;

	for (int i = 0; i < REPAIR_TRIES_MAX && r < 0 && r != -EPERM && !is_beyond_mending(r); i++)
		r = kernel_repair(engine->kernel, engine->current.ruleset, intact, own);
	return r;
}

/* A table that was bent so far that it cannot be mended. */
static int rebuild(struct engine *engine, bool own)
{
	bool existed;
	int r = kernel_remove(engine->kernel, &existed);

	return r < 0 ? r : kernel_repair(engine->kernel, engine->current.ruleset, NULL, own);
}

enum exit_code engine_repair(struct engine *engine, json_t *reply)
{
	struct ruleset *ruleset = engine->current.ruleset;
	struct ruleset intact = intact_sets(ruleset);
	bool own = engine_owns_table(engine, engine->current.policy, reply);
	int r;

	plan_windows(engine, true);
	r = mend(engine, &intact, own);
	if (is_beyond_mending(r))
		r = rebuild(engine, own);
	plan_windows(engine, false);
	intact_sets_free(&intact);
	if (r < 0) {
		reply_fail(reply, reply_code_of_errno(r), "%s", kernel_error(engine->kernel));
		return reply_code(reply);
	}
	for (size_t i = 0; i < ruleset->n_sets; i++)
		ruleset->sets[i]->distrusted = false;
	engine->drifted = false;
	return CODE_DONE;
}

/* Dumps of elements are believed twice the same; what does not come to rest counts as open for ever. */
static int64_t window_left(struct engine *engine, const char *set)
{
	int64_t before = kernel_window_left(engine->kernel, set);

	for (int i = 0; i < WINDOW_READS_MAX && before >= 0; i++) {
		int64_t now = kernel_window_left(engine->kernel, set);

		if (now < 0 || (now <= before && before - now <= WINDOW_GRAIN_MS))
			return now;
		before = now;
	}
	return before < 0 ? before : INT64_MAX;
}

int engine_windows_hold(struct engine *engine, size_t *n)
{
	const struct ruleset *ruleset = engine->current.ruleset;
	struct window_change *changes = calloc(ruleset->n_sets + 1, sizeof(*changes));
	int r = 0;

	if (!changes)
		abort();
	*n = 0;
	for (size_t i = 0; i < ruleset->n_sets; i++) {
		const char *set = ruleset->sets[i]->name;
		uint64_t known;
		int64_t left;

		if (ruleset->sets[i]->type != SET_WINDOW)
			continue;
		left = window_left(engine, set);
		known = record_left_ms(engine, set);
		if (left > 0 && (uint64_t)left > known + WINDOW_GRAIN_MS)
			changes[(*n)++] = (struct window_change){.set = set, .timeout_ms = known};
		else if (left == 0)
			engine_window_closed(engine, set);
	}
	if (*n > 0)
		r = kernel_windows_set(engine->kernel, changes, *n);
	free(changes);
	return r;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file says which addresses have which role, so that only root may read it. A policy that is there already is not
 * written again: reloads may be frequent, and flash wears.
 */
#include "agent/last_good.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/state_dir.h"

#define LAST_GOOD_FILE "last-good"
#define MARK_FILE      "unconfirmed"
#define FILE_MODE      0600

static bool is_saved(const char *dir, const char *bytes, size_t len)
{
	char *before;
	size_t before_len;
	bool same;

	if (state_dir_read(dir, LAST_GOOD_FILE, &before, &before_len) < 0)
		return false;
	same = store_same(before, before_len, bytes, len);
	free(before);
	return same;
}

int last_good_save(const char *dir, const struct policy *policy, const struct ruleset *ruleset, time_t now)
{
	size_t len;
	char *bytes = store_write(policy, ruleset, now, &len);
	int r = is_saved(dir, bytes, len) ? 0 : state_dir_replace(dir, LAST_GOOD_FILE, bytes, len, FILE_MODE);

	free(bytes);
	return r;
}

int last_good_load(const char *dir, struct stored *ret)
{
	char *bytes;
	size_t len;
	int r = state_dir_read(dir, LAST_GOOD_FILE, &bytes, &len);

	if (r == -ENOTDIR)
		return -ENOENT;
	if (r < 0)
		return r;
	r = store_read(bytes, len, ret);
	free(bytes);
	return r;
}

int last_good_remove(const char *dir)
{
	return state_dir_remove(dir, LAST_GOOD_FILE);
}

static const char nothing_before[] = "the policy on trial had none before it\n";
static const char policy_before[] = "the policy on trial replaced the last good one\n";

int trial_mark_set(const char *dir, enum trial_mark mark)
{
	switch (mark) {
	case MARK_NONE:
		break;
	case MARK_BEFORE_LAST_GOOD:
		return state_dir_replace(dir, MARK_FILE, policy_before, strlen(policy_before), FILE_MODE);
	case MARK_BEFORE_NOTHING:
		return state_dir_replace(dir, MARK_FILE, nothing_before, strlen(nothing_before), FILE_MODE);
	}
	return state_dir_remove(dir, MARK_FILE);
}

enum trial_mark trial_mark_get(const char *dir)
{
	enum trial_mark mark;
	char *text;
	size_t len;
	int r = state_dir_read(dir, MARK_FILE, &text, &len);

	if (r == -ENOENT || r == -ENOTDIR)
		return MARK_NONE;
	if (r < 0)
		return MARK_BEFORE_LAST_GOOD;
	mark = strcmp(text, nothing_before) == 0 ? MARK_BEFORE_NOTHING : MARK_BEFORE_LAST_GOOD;
	free(text);
	return mark;
}

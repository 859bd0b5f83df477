// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The files of the state directory, damaged: the last good policy, which is believed only when it holds together, the
 * windows, the history, when counters grew, and the mark of a policy on trial. The first byte of the input says which.
 */
#include "tests/fuzz/fuzz.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/activity.h"
#include "agent/history.h"
#include "agent/last_good.h"
#include "agent/state.h"
#include "ruleset/store.h"
#include "ruleset/store_format.h"
#include "util/array.h"

/* With the checksum that fits, half of the time: else nothing would get past it. */
static void fuzz_last_good(uint8_t *bytes, size_t size, bool mend)
{
	struct stored stored;
	uint64_t sum;

	if (mend && size > STORE_BODY_AT) {
		memcpy(bytes, STORE_MAGIC STORE_VERSION, STORE_CHECKSUM_AT);
		sum = htole64(store_checksum((char *)bytes + STORE_SAVED_AT, size - STORE_SAVED_AT));
		memcpy(bytes + STORE_CHECKSUM_AT, &sum, sizeof(sum));
	}
	if (store_read((char *)bytes, size, &stored) == 0) {
		char *text = NULL;
		size_t len;
		FILE *out = open_memstream(&text, &len);

		ruleset_print_nft(stored.ruleset, out);
		fclose(out);
		free(text);
		free(store_write(stored.policy, stored.ruleset, stored.saved, &len));
		ruleset_free(stored.ruleset);
		policy_free(stored.policy);
	}
}

/* Writes a file of the state directory, whose path it returns. */
static const char *write_state(const char *name, const uint8_t *bytes, size_t size)
{
	static char dir[] = "/tmp/omfwd-fuzz.XXXXXX";
	static bool made;
	char path[sizeof(dir) + 32];
	FILE *out;

	FUZZ_HOLDS(made || mkdtemp(dir));
	made = true;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	out = fopen(path, "w");
	FUZZ_HOLDS(out);
	FUZZ_HOLDS(fwrite(bytes, 1, size, out) == size && fclose(out) == 0);
	return dir;
}

static void fuzz_windows(const uint8_t *bytes, size_t size)
{
	struct window_records records = {0};
	const char *dir = write_state("windows.json", bytes, size);

	if (state_load(dir, &records) == 0) {
		for (size_t i = 0; i < records.n; i++)
			FUZZ_HOLDS(window_record_left(&records.items[i], records.seen, 1790000000000u,
			                              3600) <= 3600000);
		FUZZ_HOLDS(state_save(dir, &records) == 0);
	}
	window_records_clear(&records);
}

/* Whatever is torn is left out, and what is there goes on to be read after one more. */
static void fuzz_history(const uint8_t *bytes, size_t size)
{
	const char *dir = write_state("history.jsonl", bytes, size);
	struct history history = {.pending = NULL};
	json_t *before = history_read(&history, dir), *after;

	history_add(&history, json_pack("{s:i, s:s}", "time", 1790000000, "event", "reload"));
	history_flush(&history, dir);
	after = history_read(&history, dir);
	FUZZ_HOLDS(history.error == 0 && json_is_array(before));
	FUZZ_HOLDS(json_array_size(after) >= json_array_size(before));
	json_decref(before);
	json_decref(after);
	history_clear(&history);
}

static void fuzz_activity(const uint8_t *bytes, size_t size)
{
	const char *dir = write_state("activity.json", bytes, size);
	struct activity activity = {.n = 0};
	size_t n;

	activity_load(&activity, dir);
	n = activity.n;
	activity.changed = true;
	activity_save(&activity, dir);
	FUZZ_HOLDS(activity.error == 0);
	activity_clear(&activity);
	activity_load(&activity, dir);
	FUZZ_HOLDS(activity.n == n);
	activity_clear(&activity);
}

/* A mark is a mark, whatever is in it, and one that is written is read as it was meant. */
static void fuzz_mark(const uint8_t *bytes, size_t size)
{
	const char *dir = write_state("unconfirmed", bytes, size);
	enum trial_mark mark = trial_mark_get(dir);

	FUZZ_HOLDS(mark == MARK_BEFORE_LAST_GOOD || mark == MARK_BEFORE_NOTHING);
	FUZZ_HOLDS(trial_mark_set(dir, mark) == 0 && trial_mark_get(dir) == mark);
	FUZZ_HOLDS(trial_mark_set(dir, MARK_NONE) == 0 && trial_mark_get(dir) == MARK_NONE);
}

static void fuzz_one(uint8_t what, uint8_t *bytes, size_t size)
{
	if (what & 1)
		fuzz_windows(bytes, size);
	else if (what & 4)
		fuzz_history(bytes, size);
	else if (what & 8)
		fuzz_activity(bytes, size);
	else if (what & 16)
		fuzz_mark(bytes, size);
	else
		fuzz_last_good(bytes, size, what & 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = malloc(size + 1);

	if (!bytes)
		abort();
	memcpy(bytes, data, size);
	if (size)
		fuzz_one(data[0], bytes + 1, size - 1);
	free(bytes);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The files of the state directory, damaged: the last good policy, which is believed only when it holds together, and
 * the windows. The first byte of the input says which.
 */
#include "tests/fuzz/fuzz.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void fuzz_windows(const uint8_t *bytes, size_t size)
{
	static char dir[] = "/tmp/omfwd-fuzz.XXXXXX";
	static char path[sizeof(dir) + 16];
	struct window_records records = {0};
	FILE *out;

	if (!path[0] && mkdtemp(dir))
		snprintf(path, sizeof(path), "%s/windows.json", dir);
	out = fopen(path, "w");
	FUZZ_HOLDS(out);
	fwrite(bytes, 1, size, out);
	fclose(out);
	if (state_load(dir, &records) == 0) {
		for (size_t i = 0; i < records.n; i++)
			FUZZ_HOLDS(window_record_left(&records.items[i], records.seen, 1790000000000u,
			                              3600) <= 3600000);
		FUZZ_HOLDS(state_save(dir, &records) == 0);
	}
	window_records_clear(&records);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = malloc(size + 1);

	if (!bytes)
		abort();
	memcpy(bytes, data, size);
	if (size && data[0] & 1)
		fuzz_windows(bytes + 1, size - 1);
	else if (size)
		fuzz_last_good(bytes + 1, size - 1, data[0] & 2);
	free(bytes);
	return 0;
}

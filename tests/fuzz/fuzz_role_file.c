// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A role file, and everything that is made of it: lines, the ruleset, its text, its stored form, an explanation. What
 * the file says may be anything; a file that loads must compile, store, and come back the same.
 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/explain.h"
#include "ruleset/store.h"

#define NOW ((time_t)1790000000) /* 2026-09-21 */

static void explain_something(const struct policy *policy, const struct lines *lines, const uint8_t *data,
                              size_t size)
{
	struct query query = {.proto = PROTO_TCP, .port = 5723};
	struct explanation explanation;
	uint32_t ends[2] = {0x0a000001, 0x0a000102};

	if (size >= sizeof(ends))
		memcpy(ends, data + size - sizeof(ends), sizeof(ends));
	query.src.v4 = ends[0];
	query.dst.v4 = ends[1];
	policy_explain(policy, lines, &query, NULL, NULL, &explanation);
	FUZZ_HOLDS(explanation.verdict == policy_judge(policy, lines, &query, NULL, NULL));
}

static void store_and_return(const struct policy *policy, const struct ruleset *ruleset)
{
	struct stored stored;
	size_t len, again_len;
	char *bytes = store_write(policy, ruleset, NOW, &len), *again;

	FUZZ_HOLDS(store_read(bytes, len, &stored) == 0);
	again = store_write(stored.policy, stored.ruleset, NOW, &again_len);
	FUZZ_HOLDS(store_same(bytes, len, again, again_len));
	ruleset_free(stored.ruleset);
	policy_free(stored.policy);
	free(bytes);
	free(again);
}

static void use_policy(struct policy *policy, const uint8_t *data, size_t size)
{
	static FILE *nowhere;
	struct lines lines = policy_compile(policy);
	struct ruleset *ruleset = ruleset_build(policy, &lines);

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	ruleset_print_nft(ruleset, nowhere);
	store_and_return(policy, ruleset);
	explain_something(policy, &lines, data, size);
	ruleset_free(ruleset);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diag_list diags = {0};
	struct policy *policy = policy_load(fuzz_file(0, data, size), NOW, &diags);

	FUZZ_HOLDS(policy || diags.n_errors);
	if (policy)
		use_policy(policy, data, size);
	else
		policy_load_free_sources(&diags);
	policy_free(policy);
	diag_clear(&diags);
	return 0;
}

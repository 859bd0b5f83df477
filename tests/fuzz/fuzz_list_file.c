// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A list file of members. What loads is canonical: sorted, apart, and every member of it found again.
 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <string.h>

#include "policy/policy.h"

static const char *role_file(const char *list)
{
	char text[256];

	snprintf(text, sizeof(text),
	         "[roles]\nmanagement_pack_catalog = @file:%s\nwindows_agent = @file:%s\n", list, list);
	return fuzz_file(1, (const uint8_t *)text, strlen(text));
}

static void check_canonical(const struct addr_set *set)
{
	for (size_t i = 0; i < set->n4; i++) {
		struct addr first = {.v4 = set->v4[i].lo}, last = {.v4 = set->v4[i].hi};

		FUZZ_HOLDS(set->v4[i].lo <= set->v4[i].hi);
		FUZZ_HOLDS(!i || set->v4[i - 1].hi < set->v4[i].lo);
		FUZZ_HOLDS(addr_set_find(set, &first) == (ptrdiff_t)i);
		FUZZ_HOLDS(addr_set_find(set, &last) == (ptrdiff_t)i);
	}
	for (size_t i = 0; i < set->n6; i++) {
		struct addr first = {.is_v6 = true, .v6 = set->v6[i].lo};

		FUZZ_HOLDS(set->v6[i].lo <= set->v6[i].hi);
		FUZZ_HOLDS(!i || set->v6[i - 1].hi < set->v6[i].lo);
		FUZZ_HOLDS(addr_set_find(set, &first) == (ptrdiff_t)i);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diag_list diags = {0};
	const char *list = fuzz_file(0, data, size);
	struct policy *policy = policy_load(role_file(list), 0, &diags);

	FUZZ_HOLDS(policy || diags.n_errors);
	if (policy)
		check_canonical(&policy->sections[0].roles[ROLE_WINDOWS_AGENT].addrs);
	else
		policy_load_free_sources(&diags);
	policy_free(policy);
	diag_clear(&diags);
	return 0;
}

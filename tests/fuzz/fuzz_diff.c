// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two role files, apart by a NUL byte, and the difference between them. A policy does not differ from itself; what
 * opens one way closes the other way; and what was denied, put into the words of `denied --suggest`, makes a file that
 * loads beside the first and takes nothing away.
 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "policy/explain.h"
#include "policy/opening_diff.h"
#include "words/suggest.h"

#define NOW   ((time_t)1790000000) /* 2026-09-21 */
#define FLOWS 4

static struct policy *load(const char *path)
{
	struct diag_list diags = {0};
	struct policy *policy = policy_load(path, NOW, &diags);

	if (!policy)
		policy_load_free_sources(&diags);
	diag_clear(&diags);
	return policy;
}

static void compare(const struct openings *a, const struct openings *b, bool same)
{
	struct opening_diff there, back;

	opening_diff(a, b, &there);
	opening_diff(b, a, &back);
	FUZZ_HOLDS(!same || opening_diff_is_empty(&there));
	FUZZ_HOLDS(opening_diff_is_empty(&there) == opening_diff_is_empty(&back));
	FUZZ_HOLDS(!there.n_opens == !back.n_closes && !there.n_closes == !back.n_opens);
	FUZZ_HOLDS(!there.released.n == !back.captured.n && !there.captured.n == !back.released.n);
	opening_diff_clear(&there);
	opening_diff_clear(&back);
}

static void compare_policies(const struct policy *one, const struct policy *other)
{
	struct lines lines[2] = {policy_compile(one), policy_compile(other)};
	struct openings openings[2];

	openings_of_policy(one, &lines[0], &openings[0]);
	openings_of_policy(other, &lines[1], &openings[1]);
	compare(&openings[0], &openings[0], true);
	compare(&openings[1], &openings[1], true);
	compare(&openings[0], &openings[1], one == other);
	openings_clear(&openings[0]);
	openings_clear(&openings[1]);
}

/* The role file, and beside it the suggestions as a file of its .d directory. */
static const char *write_beside(const uint8_t *data, size_t size, const char *suggested)
{
	static char dir[] = "/tmp/omfwd-fuzz.XXXXXX";
	static char path[sizeof(dir) + 16], drop_ins[sizeof(path) + 16], drop_in[sizeof(drop_ins) + 16];
	FILE *out;

	if (!path[0]) {
		FUZZ_HOLDS(mkdtemp(dir));
		snprintf(path, sizeof(path), "%s/main", dir);
		snprintf(drop_ins, sizeof(drop_ins), "%s.d", path);
		snprintf(drop_in, sizeof(drop_in), "%s/one.conf", drop_ins);
		FUZZ_HOLDS(mkdir(drop_ins, 0700) == 0);
	}
	out = fopen(path, "w");
	FUZZ_HOLDS(out && fwrite(data, 1, size, out) == size && fclose(out) == 0);
	out = fopen(drop_in, "w");
	FUZZ_HOLDS(out && fputs(suggested, out) >= 0 && fclose(out) == 0);
	return path;
}

/* Flows between members, or near them, so that there is something to suggest. */
static struct addr some_addr(const struct policy *policy, uint8_t choice)
{
	const struct section *section = &policy->sections[choice % policy->n_sections];
	struct addr addr = {.v4 = 0x0a000000u + choice};

	for (enum role role = choice % ROLE_MAX; role < ROLE_MAX; role++) {
		const struct addr_set *addrs = &section->roles[role].addrs;

		if (addrs->n4 > 0) {
			addr.v4 = addrs->v4[choice % addrs->n4].hi + (choice >> 7);
			break;
		}
	}
	return addr;
}

static size_t choose_flows(const struct policy *policy, const uint8_t *data, size_t size,
                           struct denied_flow flows[FLOWS])
{
	static const uint16_t ports[] = {5723, 1433, 445, 135, 80, 443, 22, 1, 65535, 50000, 5724, 161};
	size_t n = size / 4 < FLOWS ? size / 4 : FLOWS;

	for (size_t i = 0; i < n; i++) {
		const uint8_t *from = data + size - 4 * (i + 1);
		enum proto proto = (enum proto)(from[2] % PROTO_MAX);

		flows[i] = (struct denied_flow){
		        .query = {.src = some_addr(policy, from[0]),
		                  .dst = some_addr(policy, from[1]),
		                  .proto = proto,
		                  .port = proto == PROTO_ICMP
		                                  ? 0
		                                  : ports[from[3] % (sizeof(ports) / sizeof(ports[0]))]},
		        .count = 1 + from[3],
		};
	}
	return n;
}

static void check_suggestion(const struct policy *before, const struct policy *after,
                             const struct denied_flow *flows, size_t n)
{
	struct lines old = policy_compile(before), new = policy_compile(after);

	for (size_t i = 0; i < n; i++)
		FUZZ_HOLDS(policy_judge(before, &old, &flows[i].query, NULL, NULL) != VERDICT_ALLOWED ||
		           policy_judge(after, &new, &flows[i].query, NULL, NULL) == VERDICT_ALLOWED);
}

static void suggest(const struct policy *policy, const uint8_t *data, size_t size)
{
	struct denied_flow flows[FLOWS];
	struct lines lines = policy_compile(policy);
	size_t n = policy->n_sections ? choose_flows(policy, data, size, flows) : 0;
	struct policy *after;
	char *text;

	if (n == 0)
		return;
	text = suggest_text(policy, &lines, NULL, NULL, flows, n);
	after = load(write_beside(data, size, text));
	FUZZ_HOLDS(after);
	check_suggestion(policy, after, flows, n);
	policy_free(after);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *cut = size ? memchr(data, 0, size) : NULL;
	size_t first = cut ? (size_t)(cut - data) : size, second = cut ? size - first - 1 : 0;
	struct policy *one = load(fuzz_file(0, data, first));
	struct policy *other = cut ? load(fuzz_file(1, cut + 1, second)) : NULL;

	if (one)
		compare_policies(one, other ? other : one);
	/* not one with @file: what it names is somewhere else now */
	if (one && !memmem(data, first, "@file", 5))
		suggest(one, data, first);
	policy_free(one);
	policy_free(other);
	return 0;
}

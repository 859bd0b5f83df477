/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hands on the table that is ours. A table that its agent owns cannot be touched: nft is told so, and no packet notices.
 * Anybody's table can, and until the agent has repaired it packets fare wrongly: how long is measured and bounded.
 */
#include <stdio.h>
#include <string.h>

#include "tests/lab/torture_internal.h"

#define PAUSE_MS      2500 /* between two changes: a repair is rate-limited */
#define REPAIR_MS_MAX 500  /* on a machine that is busy with the torture */
#define STABLE_MS     30
#define GIVE_UP_MS    3000

/* $set is a set of hosts that send. */
static const char *const changes[] = {
        "nft flush ruleset",
        "nft delete table inet omfwd",
        "nft delete element inet omfwd $set { 10.2.0.20 }",
        "nft insert rule inet omfwd forward accept",
        "nft flush chain inet omfwd judge",
        "nft flush chain inet omfwd forward",
};
#define N_CHANGES (sizeof(changes) / sizeof(changes[0]))

static int change_make(struct torture *torture, const char *change)
{
	struct run run;
	lab_run(torture->lab, NS_GATEWAY, NULL, &run,
	        "set=$(nft list table inet omfwd | grep -o 'prod.windows_agent.hosts4[.0-9]*' | head -n 1); "
	        "%s",
	        change);
	int code = run.code;
	lab_run_free(&run);
	return code;
}

struct wrongs {
	int64_t lost, leaked;
};

static struct wrongs wrongs_read(void)
{
	struct traffic_counts counts;
	traffic_read(&counts);
	return (struct wrongs){
	        .lost = (int64_t)(traffic_sum(counts.before[TRAFFIC_ALLOWED]) -
	                          traffic_sum(counts.after[TRAFFIC_ALLOWED])),
	        .leaked = (int64_t)traffic_sum(counts.after[TRAFFIC_FORBIDDEN]),
	};
}

/* Whether packets fared wrongly between the two readings, a few that were under way aside. */
static bool wrongs_grow(const struct wrongs *before, const struct wrongs *now)
{
	return now->leaked != before->leaked || now->lost - before->lost > 8;
}

/* Waits until packets fare well again; returns how long that took from start, or GIVE_UP_MS. */
static uint64_t repair_await(uint64_t start)
{
	struct wrongs last = wrongs_read();
	uint64_t wrong_at = lab_now_ms(), now = wrong_at;
	while (now - wrong_at < STABLE_MS && now - start < GIVE_UP_MS) {
		lab_sleep_ms(2);
		struct wrongs read = wrongs_read();
		now = lab_now_ms();
		if (wrongs_grow(&last, &read)) {
			last = read;
			wrong_at = now;
		}
	}
	return now - wrong_at < STABLE_MS ? GIVE_UP_MS : wrong_at - start;
}

static void hands_on_anybodys(struct torture *torture, const char *change)
{
	struct torture_result *result = torture->result;
	uint64_t start = lab_now_ms();
	if (change_make(torture, change) != 0)
		torture_fail(torture, "nft could not do it");
	uint64_t took = repair_await(start);
	result->repairs++;
	result->repair_leaked += check_forgive(torture);
	result->repair_ms_max = took > result->repair_ms_max ? took : result->repair_ms_max;
	if (took > REPAIR_MS_MAX)
		torture_fail(torture, "packets fared wrongly for %llu ms", (unsigned long long)took);
}

static void hands_on_owned(struct torture *torture, const char *change)
{
	/* A flush takes everybody's tables but owned ones, and says nothing. */
	if (change_make(torture, change) == 0 && strcmp(change, "nft flush ruleset") != 0)
		torture_fail(torture, "nft could do it to a table that has an owner");
}

void step_hands(struct torture *torture)
{
	const char *change = changes[dice_roll(&torture->dice, N_CHANGES)];
	bool owned = torture->options->own_table;
	if (!owned && (!torture->repairs || lab_now_ms() < torture->sabotaged_at + PAUSE_MS))
		return;
	agent_need(torture);
	check_traffic(torture, true);
	snprintf(torture->what + strlen(torture->what), sizeof(torture->what) - strlen(torture->what), ", %s",
	         change);
	if (owned)
		hands_on_owned(torture, change);
	else
		hands_on_anybodys(torture, change);
	torture->sabotaged_at = lab_now_ms();
}

bool hands_are_repaired(struct torture *torture)
{
	struct run run;
	agent_need(torture);
	lab_must(torture->lab, NS_GATEWAY, "nft insert rule inet omfwd forward accept comment torture");
	lab_sleep_ms(300);
	lab_run(torture->lab, NS_GATEWAY, NULL, &run, "nft list chain inet omfwd forward | grep torture");
	bool repaired = run.code != 0;
	lab_run_free(&run);
	if (!repaired)
		lab_must(torture->lab, NS_GATEWAY, "nft flush chain inet omfwd forward");
	if (!repaired)
		client_run(torture, "reload");
	return repaired;
}

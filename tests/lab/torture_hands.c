/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hands on the table that is ours. A table that its agent owns cannot be touched: nft is told so, and no packet notices.
 * Anybody's table can, and until the agent has repaired it packets fare wrongly: how long is measured and bounded.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/lab/torture_internal.h"

#define PAUSE_MS      2500 /* between two changes: a repair is rate-limited */
#define REPAIR_MS_MAX 5000 /* half of what an alarm puts it off; how fast it is depends on the machine */
#define START_MS      100  /* in which nft has done it */
#define STABLE_MS     40
#define STABLE_SEEN   100 /* packets meanwhile: who sends may have to wait for a CPU */
#define GIVE_UP_MS    9000

/* $set is a set of hosts that send; one of them is enough to notice. */
static const char *const changes[] = {
        "nft flush ruleset",
        "nft delete table inet omfwd",
        "nft delete element inet omfwd $set { 10.2.0.20 }",
        "nft insert rule inet omfwd forward accept",
        "nft flush chain inet omfwd denied",
        "nft flush chain inet omfwd forward",
};
#define N_CHANGES (sizeof(changes) / sizeof(changes[0]))

/* Starts to do it; lab_wait() tells how that went. */
static pid_t change_start(struct torture *torture, const char *change)
{
	struct run run;
	lab_run(torture->lab, NS_GATEWAY, NULL, &run,
	        /* the one that rules refer to: another may be about to go */
	        "nft list table inet omfwd | grep -o -m 1 '@prod.windows_agent.hosts4[.0-9]*' | head -n 1 | "
	        "tr -d @");
	run.out[strcspn(run.out, "\n")] = '\0';
	pid_t pid =
	        lab_start(torture->lab, NS_GATEWAY, torture->log, "env set='%s' sh -c '%s'", run.out, change);
	lab_run_free(&run);
	return pid;
}

struct wrongs {
	int64_t lost, leaked;
	uint64_t seen; /* packets, right or wrong */
};

static struct wrongs wrongs_read(void)
{
	struct traffic_counts counts;
	traffic_read(&counts);
	return (struct wrongs){
	        .lost = (int64_t)(traffic_sum(counts.before[TRAFFIC_ALLOWED]) -
	                          traffic_sum(counts.after[TRAFFIC_ALLOWED])),
	        .leaked = (int64_t)traffic_sum(counts.after[TRAFFIC_FORBIDDEN]),
	        .seen = traffic_sum(counts.before[TRAFFIC_ALLOWED]) +
	                traffic_sum(counts.before[TRAFFIC_FORBIDDEN]),
	};
}

/* Whether packets fared wrongly between the two readings, a few that were under way aside. */
static bool wrongs_grow(const struct wrongs *before, const struct wrongs *now)
{
	return now->leaked != before->leaked || now->lost - before->lost > 8;
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = {0};
	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid != 0;
}

/*
 * Watches packets from before the change until they fare well again. Returns how long they did not, to a few
 * milliseconds; GIVE_UP_MS if there is no end to it.
 */
static uint64_t repair_await(pid_t pid)
{
	struct wrongs last = wrongs_read(), read = last;
	uint64_t start = lab_now_ms(), now = start, first = 0, latest = 0, quiet_since = start;
	uint64_t quiet_seen = last.seen;
	while (now - quiet_since < STABLE_MS || read.seen - quiet_seen < STABLE_SEEN) {
		if (now - start > GIVE_UP_MS)
			return GIVE_UP_MS;
		lab_sleep_ms(1);
		read = wrongs_read();
		uint64_t before = now;
		now = lab_now_ms();
		bool grow = wrongs_grow(&last, &read);
		if (grow) {
			last = read;
			first = first ? first : before;
			latest = now;
		}
		if (grow || !has_ended(pid)) {
			quiet_since = now;
			quiet_seen = read.seen;
		}
	}
	return latest - first;
}

static void hands_on_anybodys(struct torture *torture, const char *change)
{
	struct torture_result *result = torture->result;
	pid_t pid = change_start(torture, change);
	uint64_t took = repair_await(pid);
	if (lab_wait(torture->lab, pid) != 0)
		torture_fail(torture, "nft could not do it");
	result->repairs++;
	result->repair_leaked += check_forgive(torture);
	result->repair_ms_max = took > result->repair_ms_max ? took : result->repair_ms_max;
	if (took > REPAIR_MS_MAX)
		torture_fail(torture, "packets fared wrongly for %llu ms", (unsigned long long)took);
}

static void hands_on_owned(struct torture *torture, const char *change)
{
	/* A flush takes everybody's tables but owned ones, and says nothing. */
	if (lab_wait(torture->lab, change_start(torture, change)) == 0 &&
	    strcmp(change, "nft flush ruleset") != 0)
		torture_fail(torture, "nft could do it to a table that has an owner");
}

void step_hands(struct torture *torture)
{
	const char *change = changes[dice_roll(&torture->dice, N_CHANGES)];
	bool owned = torture->options->own_table;
	if (!owned && lab_now_ms() < torture->sabotaged_at + PAUSE_MS)
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

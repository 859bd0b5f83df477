/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What others do: hands in the table, many new connections, a flood of what is denied. */
#include <stdio.h>
#include <string.h>

#include "tests/lab/soak_internal.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))
#define PAUSE_MS      2500  /* between two changes: a repair is rate-limited */
#define FLOOD         20000 /* packets a second, at most */
#define FLOOD_PACKETS 3000

static uint64_t forbidden_sent(void)
{
	struct traffic_counts counts;

	traffic_read(&counts);
	return traffic_sum(counts.before[TRAFFIC_FORBIDDEN]);
}

static void await_packets(struct torture *torture, uint64_t packets)
{
	uint64_t first = forbidden_sent();

	for (uint64_t end = lab_now_ms() + SOAK_WAIT; forbidden_sent() < first + packets; lab_sleep_ms(10)) {
		if (lab_now_ms() < end)
			continue;
		torture_fail(torture, "there is hardly any traffic");
		return;
	}
}

static void pace_usual(struct torture *torture)
{
	traffic_pace(torture->traffic, torture->options->packets_per_second, false);
}

static void hands_on_anybodys(struct torture *torture, const char *change)
{
	off_t since = journal_end(torture);

	soak_of(torture)->may |= MAY_REPAIR;
	lab_must(torture->lab, NS_GATEWAY, "%s", change);
	journal_await(torture, since, "repaired");
	soak_ask(torture, CODE(0), "in step", "status");
	torture->result->repairs++;
	torture->result->repair_leaked += check_forgive(torture);
}

static void hands_on_owned(struct torture *torture, const char *change)
{
	struct run run;

	lab_run(torture->lab, NS_GATEWAY, NULL, &run, "%s", change);
	if (run.code == 0 && strcmp(change, "nft flush ruleset") != 0)
		torture_fail(torture, "nft could do it to a table that has an owner");
	lab_run_free(&run);
	soak_ask(torture, CODE(0), "in step", "status");
}

void soak_hands(struct torture *torture)
{
	static const char *const changes[] = {
	        "nft flush ruleset",
	        "nft delete table inet omfwd",
	        "nft insert rule inet omfwd forward accept",
	        "nft flush chain inet omfwd forward",
	        "nft add chain inet omfwd own",
	};
	const char *change = changes[dice_roll(&torture->dice, N_ELEMENTS(changes))];
	size_t len = strlen(torture->what);

	if (lab_now_ms() < torture->sabotaged_at + PAUSE_MS)
		return;
	snprintf(torture->what + len, sizeof(torture->what) - len, ", %s", change);
	check_traffic(torture, true);
	if (torture->options->own_table)
		hands_on_owned(torture, change);
	else
		hands_on_anybodys(torture, change);
	torture->sabotaged_at = lab_now_ms();
}

/* Every packet begins a connection; then all that are known are forgotten at once. */
void soak_churn(struct torture *torture)
{
	traffic_pace(torture->traffic, FLOOD / 10, true);
	await_packets(torture, FLOOD_PACKETS / 10);
	check_traffic(torture, true);
	traffic_hold(torture->traffic);
	traffic_begin_anew(torture->lab, torture->traffic);
	pace_usual(torture);
	traffic_resume(torture->traffic);
}

/* The agent hears of what the rules log, and lists it. */
void soak_flood(struct torture *torture)
{
	bool listed = false;

	lab_must(torture->lab, NS_GATEWAY,
	         "printf '[omfwd]\\nlog_denied = yes\\n' >" SOAK_DROPIN "/log.conf");
	soak_ask(torture, CODE(0), NULL, "reload");
	traffic_pace(torture->traffic, FLOOD, true);
	await_packets(torture, FLOOD_PACKETS);
	for (uint64_t end = lab_now_ms() + SOAK_WAIT; !listed && lab_now_ms() < end;) {
		json_t *denied = soak_ask_json(torture, CODE(0), "denied --since 1h --json");

		listed = json_array_size(json_object_get(denied, "entries")) > 0;
		json_decref(denied);
	}
	if (!listed)
		torture_fail(torture, "of a flood of denied packets none is listed");
	pace_usual(torture);
	soak_ask(torture, CODE(0), NULL, "denied --suggest");
	lab_must(torture->lab, NS_GATEWAY, "rm " SOAK_DROPIN "/log.conf");
	soak_ask(torture, CODE(0), NULL, "reload");
}

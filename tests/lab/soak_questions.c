/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything that can be asked. Where the traffic gives the answer, the two must agree. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/soak_internal.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))
#define REPORT        LAB_DIR "/report.out"

static unsigned roll(struct torture *torture, unsigned n)
{
	return dice_roll(&torture->dice, n);
}

void soak_questions(struct torture *torture)
{
	static const struct {
		const char *args, *says;
		unsigned codes;
	} questions[] = {
	        {"status", "in step", CODE(0)},
	        {"check", "the kernel accepts it", CODE(0)},
	        {"check --system", NULL, CODE(0) | CODE(1)},
	        {"show", "cur-16", CODE(0)},
	        {"show --format nft", "table inet omfwd", CODE(0)},
	        {"show --section prod", "management_server", CODE(0)},
	        {"show --section nowhere", NULL, CODE(2)},
	        {"diff", "the same", CODE(0)},
	        {"denied", "by the kernel's counter", CODE(0)},
	        {"denied --since 1h", "by the kernel's counter", CODE(0)},
	        {"denied --since 1s", NULL, CODE(0)},
	        {"denied --suggest", NULL, CODE(0)},
	        {"verify-script windows_agent --section prod", "5723", CODE(0)},
	        {"verify-script windows_agent --section prod --format sh", "5723", CODE(0)},
	        {"verify-script nobody", NULL, CODE(2)},
	        {"explain 10.2.0.20 10.1.0.10", "5723", CODE(0)},
	        {"explain 10.2.0.300 10.1.0.10", NULL, CODE(2)},
	        {"reload now", NULL, CODE(2)},
	        {"--version", NULL, CODE(0)},
	};
	static const char *const json[] = {"status --json",
	                                   "show --format json",
	                                   "denied --json",
	                                   "diff --json",
	                                   "explain 10.2.0.20 10.1.0.10 tcp/5723 --json",
	                                   "check --json"};

	for (int i = 0; i < 4; i++) {
		size_t at = roll(torture, N_ELEMENTS(questions));

		soak_ask(torture, questions[at].codes, questions[at].says, "%s", questions[at].args);
	}
	json_decref(soak_ask_json(torture, CODE(0), json[roll(torture, N_ELEMENTS(json))]));
}

/* What passes and what does not, of that which flows all the time. */
void soak_verdicts(struct torture *torture)
{
	static const struct {
		const char *packet;
		bool allowed;
	} verdicts[] = {
	        {"10.2.0.20 10.1.0.10 tcp/5723", true},
	        {"10.2.0.99 10.1.0.10 tcp/5723", false},
	        {"10.1.0.10 10.2.0.50 udp/1434", true},
	        {"10.1.0.10 10.2.0.50 udp/1435", false},
	        {"10.2.8.77 10.1.0.10 tcp/5723", true},
	        {"10.2.10.1 10.1.0.10 tcp/5723", false},
	        {"2001:db8:2::20 2001:db8:1::10 tcp/5723", true},
	        {"2001:db8:2:a::1 2001:db8:1::10 tcp/5723", false},
	};
	size_t i = roll(torture, N_ELEMENTS(verdicts));

	soak_ask(torture, CODE(verdicts[i].allowed ? 0 : 1), verdicts[i].allowed ? "allowed" : "denied",
	         "explain %s", verdicts[i].packet);
	soak_ask(torture, CODE(1), "denied", "explain 10.1.0.10 10.2.0.50 tcp/135 --phase run");
	soak_ask(torture, CODE(0), "cur-01", "explain 10.1.0.10 10.2.0.50 tcp/135 --phase install");
}

static uint64_t packets_of(const json_t *status, const char *name)
{
	const json_t *counters = json_object_get(status, "counters"), *counter;
	size_t i;

	json_array_foreach(counters, i, counter)
	{
		if (strcmp(json_string_value(json_object_get(counter, "name")), name) == 0)
			return (uint64_t)json_integer_value(json_object_get(counter, "packets"));
	}
	return 0;
}

static void row_note(void *data, const char *name, uint64_t packets)
{
	if (strcmp(name, "prod.cur-16") == 0)
		*(uint64_t *)data = packets;
}

/* With the traffic held, status has the kernel's number. */
void soak_counters(struct torture *torture)
{
	uint64_t kernel = 0, told;
	json_t *status;

	traffic_hold(torture->traffic);
	status = soak_ask_json(torture, CODE(0), "status --json");
	counters_read("omfwd", row_note, &kernel);
	traffic_resume(torture->traffic);
	told = packets_of(status, "prod.cur-16");
	if (told != kernel)
		torture_fail(torture, "status has %llu packets of cur-16, the kernel %llu",
		             (unsigned long long)told, (unsigned long long)kernel);
	json_decref(status);
}

void soak_metrics(struct torture *torture)
{
	soak_ask(torture, CODE(0), "omfwd_agent_running 1", "metrics");
	if (roll(torture, 2) == 0)
		soak_ask(torture, CODE(0), NULL, "metrics --output " REPORT);
	if (roll(torture, 4) == 0)
		soak_ask(torture, CODE(3), NULL, "metrics --output " LAB_DIR "/nowhere/metrics");
}

void soak_report(struct torture *torture)
{
	static const char *const formats[] = {"html", "csv", "json"};
	size_t i = roll(torture, N_ELEMENTS(formats));

	soak_ask(torture, CODE(0), "cur-16", "report --format %s", formats[i]);
	if (i == 2)
		json_decref(soak_ask_json(torture, CODE(0), "report --format json"));
	if (roll(torture, 2) == 0)
		soak_ask(torture, CODE(0), NULL, "report --format %s --output " REPORT, formats[i]);
}

/* Somebody watches for a while and goes: by Ctrl-C, or because the terminal is closed. */
void soak_follow(struct torture *torture)
{
	int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGKILL}, end = ends[roll(torture, N_ELEMENTS(ends))];
	pid_t pids[3];

	for (size_t i = 0; i < N_ELEMENTS(pids); i++)
		pids[i] = client_start(torture, NULL, i % 2 ? "denied --follow --json" : "denied --follow");
	soak_ask(torture, CODE(0), NULL, "denied");
	for (size_t i = 0; i < N_ELEMENTS(pids); i++) {
		kill(pids[i], end);
		client_wait(torture, pids[i]);
	}
}

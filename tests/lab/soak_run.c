/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The run: every action once, in an order that the seed makes, then at random. Between them everybody rests until the
 * run has taken no more than its share of a CPU, and the traffic is looked at all the while.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include "tests/lab/soak_internal.h"

#define SAID_LOG      LAB_DIR "/said.log" /* of commands that are not judged */
#define STATE_EVERY   16                  /* actions between two looks at the files */
#define REST_MS       500                 /* between two looks at the traffic */
#define MINUTE_MS     60000
#define N_ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))

/* An agent lives for some hundred actions: shorter lives would show no growth. */
static const struct torture_step actions[] = {
        {"edit", 200, soak_edit},
        {"edit and SIGHUP", 120, soak_edit_signal},
        {"edit and diff", 80, soak_diff},
        {"a file of conf.d", 80, soak_part},
        {"wrong file", 200, soak_wrong},
        {"wrong file at start", 1, soak_wrong_start},
        {"window", 160, soak_window},
        {"window of other rows", 60, soak_window_others},
        {"window by signals", 40, soak_window_signals},
        {"window refused", 40, soak_window_refused},
        {"trial, confirmed", 60, soak_trial_kept},
        {"trial, not confirmed", 40, soak_trial_returned},
        {"trial, agent stopped", 1, soak_trial_ended},
        {"restart", 1, soak_restart},
        {"without an agent", 1, soak_without_agent},
        {"second agent", 20, soak_second_agent},
        {"audit mode", 40, soak_audit},
        {"removal", 4, soak_remove},
        {"state not writable", 20, soak_state_unwritable},
        {"questions", 240, soak_questions},
        {"verdicts asked", 160, soak_verdicts},
        {"counters asked", 80, soak_counters},
        {"metrics", 60, soak_metrics},
        {"report", 60, soak_report},
        {"denied --follow", 60, soak_follow},
        {"changes by hand", 40, soak_hands},
        {"new connections", 60, soak_churn},
        {"flood of denials", 40, soak_flood},
        {"model", 40, check_model},
};

static uint64_t timeval_ms(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * 1000 + (uint64_t)time->tv_usec / 1000;
}

static uint64_t usage_ms(int who)
{
	struct rusage usage;

	getrusage(who, &usage);
	return timeval_ms(&usage.ru_utime) + timeval_ms(&usage.ru_stime);
}

static uint64_t agent_cpu_ms(const struct torture *torture)
{
	clockid_t clock;
	struct timespec used = {0};

	if (torture->agent && clock_getcpuclockid(torture->agent, &clock) == 0)
		clock_gettime(clock, &used);
	return (uint64_t)used.tv_sec * 1000 + (uint64_t)used.tv_nsec / 1000000;
}

/* Of this process, of all it waited for, and of the two that live on. */
static uint64_t cpu_ms(const struct soak *soak)
{
	return usage_ms(RUSAGE_SELF) + usage_ms(RUSAGE_CHILDREN) + agent_cpu_ms(&soak->torture) +
	       traffic_cpu_ms(soak->torture.traffic);
}

static bool is_over(const struct soak *soak)
{
	unsigned seconds = soak->options->traffic.seconds;

	return seconds && lab_now_ms() - soak->start_ms >= seconds * 1000ull;
}

static void rest(struct soak *soak)
{
	unsigned share = soak->options->cpu_percent;

	while (share && !is_over(soak) && cpu_ms(soak) * 100 > (lab_now_ms() - soak->start_ms) * share) {
		lab_sleep_ms(REST_MS);
		check_traffic(&soak->torture, false);
	}
}

static void act(struct soak *soak, size_t action)
{
	torture_do(&soak->torture, actions, action);
	watch_agent(soak);
	if (soak->result->traffic.steps % STATE_EVERY == 0)
		watch_state(soak);
	journal_judge(soak);
	rest(soak);
}

/* In an order of the seed's. The run may end before. */
static void each_once(struct soak *soak)
{
	size_t left[N_ELEMENTS(actions)];

	for (size_t i = 0; i < N_ELEMENTS(actions); i++)
		left[i] = i;
	for (size_t n = N_ELEMENTS(actions); n > 0 && !is_over(soak); n--) {
		size_t i = dice_roll(&soak->torture.dice, (unsigned)n);

		act(soak, left[i]);
		left[i] = left[n - 1];
	}
}

static void progress_tell(struct soak *soak, uint64_t *told)
{
	const struct soak_result *result = soak->result;

	if (lab_now_ms() - *told < MINUTE_MS)
		return;
	*told = lab_now_ms();
	fprintf(stderr, "%u actions, %u kB, %u failures\n", result->traffic.steps, result->rss_kb,
	        result->traffic.failures);
}

static void soak_open(struct soak *soak, struct lab *lab, const struct soak_options *options,
                      struct soak_result *ret)
{
	*ret = (struct soak_result){0};
	*soak = (struct soak){.options = options, .result = ret};
	torture_open(&soak->torture, lab, &options->traffic, &ret->traffic);
	soak->torture.said = open(SAID_LOG, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	lab_must(lab, NS_GATEWAY, "mkdir -p " SOAK_DROPIN);
	soak->start_ms = lab_now_ms();
}

void soak_run(struct lab *lab, const struct soak_options *options, struct soak_result *ret)
{
	struct soak soak;
	uint64_t told = lab_now_ms();

	soak_open(&soak, lab, options, ret);
	each_once(&soak);
	while (!options->each_once && !is_over(&soak)) {
		act(&soak, torture_pick(&soak.torture, actions, N_ELEMENTS(actions)));
		progress_tell(&soak, &told);
	}
	check_model(&soak.torture);
	watch_agent(&soak);
	ret->cpu_ms = cpu_ms(&soak);
	torture_close(&soak.torture);
	watch_state(&soak);
	journal_judge(&soak);
	ret->traffic.ms = lab_now_ms() - soak.start_ms;
}

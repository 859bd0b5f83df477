/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The run: a policy, traffic over it, one random step after the other with a look at the counters in between, and at
 * the end a reload, after which the kernel must have what the file says. The two controls share the traffic and the
 * look, and differ in what happens meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/lab/torture_internal.h"

#define EXACT_EVERY    16 /* steps between looks that make the traffic pause */
#define MINUTES_IN_SEC 60
#define CONTROL_STEPS  20 /* at least, however slow the machine */

/* Its queue is long, because nobody reads what an agent says once it is up. */
static int notify_open(const struct lab *lab)
{
	lab_must(lab, NS_GATEWAY, "echo 100000 >/proc/sys/net/unix/max_dgram_qlen");
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = LAB_DIR "/notify"};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		fail_msg("notify socket: %s", strerror(errno));
	return fd;
}

/* The policy goes in before the traffic starts, so that rows and traffic are counted from one moment on. */
void torture_open(struct torture *torture, struct lab *lab, const struct torture_options *options,
                  struct torture_result *result)
{
	*result = (struct torture_result){0};
	*torture = (struct torture){
	        .lab = lab, .options = options, .result = result, .kill_cursor = {.when = 1}};
	torture->dice.state = options->seed * 2 + 1;
	snprintf(torture->what, sizeof(torture->what), "start");
	lab_must(lab, NS_GATEWAY, "mkdir -p " LAB_DIR "/run " LAB_DIR "/state");
	torture->log = open(AGENT_LOG, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	torture->said = torture->log;
	torture->notify = notify_open(lab);
	policy_edit(&torture->dice, options->own_table);
	agent_need(torture);
	counting_start(lab);
	torture->traffic = traffic_start(lab, options->packets_per_second);
	check_forgive(torture);
}

/* A sanitizer's report is a failure wherever it came from. */
static void log_judge(struct torture *torture)
{
	struct run run;
	lab_run(torture->lab, NS_GATEWAY, NULL, &run,
	        "grep -E -A 12 'ERROR: .*Sanitizer|runtime error|Assertion' " AGENT_LOG " | head -n 40");
	if (*run.out)
		torture_fail(torture, "omfwd's log says:\n%s", run.out);
	lab_run_free(&run);
}

void torture_close(struct torture *torture)
{
	struct traffic_counts counts;
	snprintf(torture->what, sizeof(torture->what), "end");
	check_traffic(torture, true);
	traffic_read(&counts);
	torture->result->allowed = traffic_sum(counts.before[TRAFFIC_ALLOWED]);
	torture->result->forbidden = traffic_sum(counts.before[TRAFFIC_FORBIDDEN]);
	agent_stop(torture);
	traffic_stop(torture->lab, torture->traffic);
	log_judge(torture);
}

size_t torture_pick(struct torture *torture, const struct torture_step *steps, size_t n)
{
	unsigned sum = 0, at;
	size_t i = 0;
	for (size_t j = 0; j < n; j++)
		sum += steps[j].weight;
	at = dice_roll(&torture->dice, sum);
	while (at >= steps[i].weight)
		at -= steps[i++].weight;
	return i;
}

void torture_do(struct torture *torture, const struct torture_step *steps, size_t i)
{
	struct torture_result *result = torture->result;
	result->steps++;
	result->by_step[i].name = steps[i].name;
	result->by_step[i].times++;
	snprintf(torture->what, sizeof(torture->what), "%s", steps[i].name);
	steps[i].run(torture);
	check_traffic(torture, result->steps % EXACT_EVERY == 0);
}

static bool run_is_over(const struct torture *torture, uint64_t start)
{
	const struct torture_options *options = torture->options;
	return (options->seconds && lab_now_ms() - start >= options->seconds * 1000ull) ||
	       (options->kills && torture->result->kills >= options->kills);
}

void torture_run(struct lab *lab, const struct torture_options *options, struct torture_result *ret)
{
	struct torture torture;
	torture_open(&torture, lab, options, ret);
	uint64_t start = lab_now_ms(), told = start;
	while (!run_is_over(&torture, start)) {
		torture_do(&torture, torture_steps, torture_pick(&torture, torture_steps, n_torture_steps));
		if (lab_now_ms() - told < MINUTES_IN_SEC * 1000)
			continue;
		told = lab_now_ms();
		fprintf(stderr, "%u steps, %u kills, %u failures\n", ret->steps, ret->kills, ret->failures);
	}
	agent_kill(&torture);
	check_model(&torture);
	torture_close(&torture);
	ret->ms = lab_now_ms() - start;
}

static const struct torture_options control_options = {.seed = 1};

void torture_control(struct lab *lab, unsigned packets_per_second, unsigned ms, struct torture_result *ret)
{
	struct torture torture;
	struct torture_options options = control_options;
	options.packets_per_second = packets_per_second;
	torture_open(&torture, lab, &options, ret);
	snprintf(torture.what, sizeof(torture.what), "control");
	for (uint64_t start = lab_now_ms(); lab_now_ms() - start < ms || ret->steps < CONTROL_STEPS;
	     ret->steps++) {
		lab_must(lab, NS_GATEWAY,
		         "nft 'add table inet other; add chain inet other c { type filter hook forward "
		         "priority 10; }; add rule inet other c counter; flush table inet other'");
		check_traffic(&torture, false);
	}
	torture_close(&torture);
}

void torture_positive_control(struct lab *lab, unsigned packets_per_second, unsigned ms,
                              struct torture_result *ret)
{
	struct torture torture;
	struct torture_options options = control_options;
	options.packets_per_second = packets_per_second;
	torture_open(&torture, lab, &options, ret);
	agent_stop(&torture);
	lab_must(lab, NS_GATEWAY,
	         "{ echo 'table inet omfwd'; echo 'delete table inet omfwd'; '%s' " OMFWD_ARGS
	         " show --format nft; } >" LAB_DIR "/again.nft",
	         lab->binary);
	for (uint64_t start = lab_now_ms(); lab_now_ms() - start < ms && !ret->lost && !ret->leaked;
	     ret->steps++) {
		ret->two_commits = lab_now_ms() - start > ms / 2;
		lab_must(lab, NS_GATEWAY, "%snft -f " LAB_DIR "/again.nft",
		         ret->two_commits ? "nft delete table inet omfwd; " : "");
		struct traffic_counts counts;
		traffic_hold(torture.traffic);
		traffic_read(&counts);
		ret->leaked = (int64_t)traffic_sum(counts.after[TRAFFIC_FORBIDDEN]) - torture.account.leaked;
		ret->lost = (int64_t)(traffic_sum(counts.before[TRAFFIC_ALLOWED]) -
		                      traffic_sum(counts.after[TRAFFIC_ALLOWED])) -
		            torture.account.lost;
		traffic_resume(torture.traffic);
	}
	traffic_stop(lab, torture.traffic);
}

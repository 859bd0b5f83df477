/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must hold, looked at after every step. A leaked packet shows at once. Lost ones are the difference of two
 * counters, which are read a moment apart while packets flow: a suspicion makes the traffic pause, and then it is exact.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/lab/listing.h"
#include "tests/lab/torture_internal.h"

#define SUSPICION      8  /* packets that may be between two readings */
#define WINDOW_SLACK   20 /* ms: the kernel's timers are exact to 4 ms, our clock readings less so */
#define FAILURES_SHOWN 30
#define LOG_TAIL       600
#define MODEL_TRIES    8

/* The last that omfwd said. */
static void log_tail_print(const struct torture *torture)
{
	char tail[LOG_TAIL + 1];
	off_t size = lseek(torture->log, 0, SEEK_END);
	ssize_t len = pread(torture->log, tail, LOG_TAIL, size > LOG_TAIL ? size - LOG_TAIL : 0);
	tail[len < 0 ? 0 : len] = '\0';
	const char *line = size > LOG_TAIL ? strchr(tail, '\n') : tail;
	fprintf(stderr, "%s", line ? line : tail);
}

void torture_fail(struct torture *torture, const char *fmt, ...)
{
	if (torture->result->failures++ >= FAILURES_SHOWN)
		return;
	va_list ap;
	va_start(ap, fmt);
	fprintf(stderr, "seed %llu, step %u, %s: ", (unsigned long long)torture->options->seed,
	        torture->result->steps, torture->what);
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, "\n");
	va_end(ap);
	log_tail_print(torture);
}

static int64_t lost_of(const struct traffic_counts *counts)
{
	return (int64_t)(traffic_sum(counts->before[TRAFFIC_ALLOWED]) -
	                 traffic_sum(counts->after[TRAFFIC_ALLOWED]));
}

static int64_t leaked_of(const struct traffic_counts *counts)
{
	return (int64_t)traffic_sum(counts->after[TRAFFIC_FORBIDDEN]);
}

/* "tcp4 3, udp6 1": the kinds of packets that are missing or too many. */
static const char *kinds_text(const struct traffic_counts *counts, enum traffic_class class, char *buf,
                              size_t size)
{
	size_t used = 0;
	buf[0] = '\0';
	for (int kind = 0; kind < KIND_MAX && used < size; kind++)
		used += (size_t)snprintf(
		        buf + used, size - used, "%s %lld ", traffic_kind_name((enum traffic_kind)kind),
		        class == TRAFFIC_ALLOWED
		                ? (long long)(counts->before[class][kind] - counts->after[class][kind])
		                : (long long)counts->after[class][kind]);
	return buf;
}

static void verdicts_judge(struct torture *torture, const struct traffic_counts *counts)
{
	struct account *account = &torture->account;
	int64_t lost = lost_of(counts) - account->lost, leaked = leaked_of(counts) - account->leaked;
	char kinds[128];
	if (lost != 0)
		torture_fail(torture, "%lld allowed packets lost (all so far: %s)", (long long)lost,
		             kinds_text(counts, TRAFFIC_ALLOWED, kinds, sizeof(kinds)));
	if (leaked != 0)
		torture_fail(torture, "%lld forbidden packets passed (all so far: %s)", (long long)leaked,
		             kinds_text(counts, TRAFFIC_FORBIDDEN, kinds, sizeof(kinds)));
	torture->result->lost += lost;
	torture->result->leaked += leaked;
	account->lost += lost;
	account->leaked += leaked;
}

/* now: taken before the counters were read. */
static void window_judge(struct torture *torture, const struct traffic_counts *counts, uint64_t now)
{
	struct account *account = &torture->account;
	uint64_t passed = traffic_sum(counts->after[TRAFFIC_WINDOW]);
	bool quiet = now > torture->window_until + WINDOW_SLACK;
	if (quiet && account->quiet && passed != account->quiet_count)
		torture_fail(torture, "%llu packets passed through a window that ended %llu ms ago",
		             (unsigned long long)(passed - account->quiet_count),
		             (unsigned long long)(now - torture->window_until));
	account->quiet = quiet;
	account->quiet_count = passed;
	torture->result->window_passed = passed;
}

struct row_counts {
	uint64_t tcp, udp, denied; /* prod.cur-16, prod.cur-01, denied */
};

static void row_note(void *data, const char *name, uint64_t packets)
{
	struct row_counts *rows = data;
	if (strcmp(name, "prod.cur-16") == 0)
		rows->tcp = packets;
	else if (strcmp(name, "prod.cur-01") == 0)
		rows->udp = packets;
	else if (strcmp(name, "denied") == 0)
		rows->denied = packets;
}

static struct row_counts rows_read(void)
{
	struct row_counts rows = {0};
	counters_read("omfwd", row_note, &rows);
	return rows;
}

static void rows_judge(struct torture *torture)
{
	struct account *account = &torture->account;
	struct row_counts rows = rows_read();
	if (rows.tcp < account->last_tcp || rows.udp < account->last_udp ||
	    rows.denied < account->last_denied)
		torture_fail(
		        torture,
		        "a counter went back: cur-16 %llu to %llu, cur-01 %llu to %llu, denied %llu to %llu",
		        (unsigned long long)account->last_tcp, (unsigned long long)rows.tcp,
		        (unsigned long long)account->last_udp, (unsigned long long)rows.udp,
		        (unsigned long long)account->last_denied, (unsigned long long)rows.denied);
	account->last_tcp = rows.tcp;
	account->last_udp = rows.udp;
	account->last_denied = rows.denied;
}

static uint64_t row_tcp_after(const struct traffic_counts *counts)
{
	return counts->after[TRAFFIC_ALLOWED][KIND_TCP4] + counts->after[TRAFFIC_ALLOWED][KIND_TCP6];
}

static uint64_t row_udp_after(const struct traffic_counts *counts)
{
	return counts->after[TRAFFIC_ALLOWED][KIND_UDP4] + counts->after[TRAFFIC_ALLOWED][KIND_UDP6] +
	       traffic_sum(counts->after[TRAFFIC_WINDOW]);
}

/* With the traffic held: each packet that passed was counted by its row, once. */
static void rows_compare(struct torture *torture)
{
	const struct account *account = &torture->account;
	struct traffic_counts counts;
	struct row_counts rows = rows_read();
	traffic_read(&counts);
	int64_t tcp =
	        (int64_t)(rows.tcp - account->row_tcp - row_tcp_after(&counts) + account->row_tcp_after);
	int64_t udp =
	        (int64_t)(rows.udp - account->row_udp - row_udp_after(&counts) + account->row_udp_after);
	if (tcp != 0 || udp != 0)
		torture_fail(torture, "the rows' counters are off: cur-16 by %lld, cur-01 by %lld",
		             (long long)tcp, (long long)udp);
}

void check_traffic(struct torture *torture, bool exact)
{
	struct traffic_counts counts;
	uint64_t now = lab_now_ms();
	traffic_read(&counts);
	window_judge(torture, &counts, now);
	int64_t lost = lost_of(&counts) - torture->account.lost;
	int64_t leaked = leaked_of(&counts) - torture->account.leaked;
	if (exact || leaked != 0 || lost > SUSPICION || lost < -SUSPICION) {
		traffic_hold(torture->traffic);
		traffic_read(&counts);
		verdicts_judge(torture, &counts);
		traffic_resume(torture->traffic);
	}
	rows_judge(torture);
}

uint64_t check_forgive(struct torture *torture)
{
	struct account *account = &torture->account;
	struct traffic_counts counts;
	traffic_hold(torture->traffic);
	traffic_read(&counts);
	struct row_counts rows = rows_read();
	uint64_t leaked = (uint64_t)(leaked_of(&counts) - account->leaked);
	account->lost = lost_of(&counts);
	account->leaked = leaked_of(&counts);
	account->last_tcp = account->row_tcp = rows.tcp;
	account->last_udp = account->row_udp = rows.udp;
	account->last_denied = rows.denied;
	account->row_tcp_after = row_tcp_after(&counts);
	account->row_udp_after = row_udp_after(&counts);
	account->quiet = false;
	traffic_begin_anew(torture->lab, torture->traffic);
	traffic_resume(torture->traffic);
	return leaked;
}

/* Whatever happened before: it must succeed in the end. */
static bool model_request(struct torture *torture, const char *args)
{
	int code = -1;
	for (int i = 0; i < MODEL_TRIES && code != 0; i++) {
		agent_need(torture);
		code = client_run(torture, args);
	}
	if (code != 0)
		torture_fail(torture, "omfwd %s succeeds no more: exit code %d", args, code);
	return code == 0;
}

/* After these two, the kernel has what the file says. */
static bool model_load(struct torture *torture)
{
	if (!model_request(torture, "reload") || !model_request(torture, "--phase run"))
		return false;
	torture->window_until = lab_now_ms();
	return true;
}

void check_model(struct torture *torture)
{
	struct lab *lab = torture->lab;
	if (!model_load(torture))
		return;
	lab_must(lab, NS_FAR,
	         "nft flush ruleset; '%s' " OMFWD_ARGS " show --format nft >" LAB_DIR
	         "/model.nft && nft -f " LAB_DIR "/model.nft",
	         lab->binary);
	size_t n = listings_compare(lab, NS_GATEWAY, NS_FAR, "the kernel alone has", "the model alone has");
	if (n > 0)
		torture_fail(torture, "kernel and model differ in %zu objects", n);
	traffic_hold(torture->traffic);
	rows_compare(torture);
	traffic_resume(torture->traffic);
	torture->result->comparisons++;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the soak share. Each action leaves an agent that enforces the role file as it is. */
#ifndef LAB_SOAK_INTERNAL_H
#define LAB_SOAK_INTERNAL_H

#include <jansson.h>
#include <sys/types.h>

#include "tests/lab/soak.h"
#include "tests/lab/torture_internal.h"

#define SOAK_CONFIG LAB_DIR "/omfwd.conf"
#define SOAK_DROPIN LAB_DIR "/omfwd.conf.d"
#define SOAK_STATE  LAB_DIR "/state"
#define SOAK_WAIT   LAB_PATIENCE_MS /* until something must have happened */

/* What the journal may tell beyond the daily business, until the action ends. */
enum soak_may {
	MAY_REFUSE = 1 << 0, /* a role file that is wrong */
	MAY_RETURN = 1 << 1, /* a trial that ends without confirmation */
	MAY_REMOVE = 1 << 2,
	MAY_REPAIR = 1 << 3, /* drift; from the first on for ever */
	MAY_FORGET = 1 << 4, /* a state directory that cannot be written */
};

/* One agent from its start to its end. */
struct soak_life {
	pid_t pid;
	unsigned looks, rss_kb_warm;
};

struct soak {
	struct torture torture; /* first */
	const struct soak_options *options;
	struct soak_result *result;
	struct soak_life life;
	off_t journal_at; /* judged up to here */
	unsigned may;
	uint64_t start_ms;
	struct traffic_counts prepared; /* by open_prepare() */
};

static inline struct soak *soak_of(struct torture *torture)
{
	return (struct soak *)torture;
}

/* Asking (soak_ask.c) */

#define CODE(n) (1u << (n))
/* Runs omfwd with ARGS to its end: it must end with one of codes and say says (or NULL) among other things. */
void soak_ask(struct torture *torture, unsigned codes, const char *says, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));
/* The same, and what it says must be JSON, which is returned (NULL when it is not). */
json_t *soak_ask_json(struct torture *torture, unsigned codes, const char *args);
/* Asks for the status until it ends with 0: files are written after an answer. */
void soak_await_health(struct torture *torture);

/* The journal (soak_journal.c) */

/* Where it ends now. */
off_t journal_end(const struct torture *torture);
/* Waits until it says text after since. */
void journal_await(struct torture *torture, off_t since, const char *text);
/* Every line since the last time must be one that an agent has reason to say. */
void journal_judge(struct soak *soak);

/* What time shows (soak_watch.c) */

/* The agent with nothing to do: memory, descriptors, threads. */
void watch_agent(struct soak *soak);
/* The files that it keeps. */
void watch_state(struct soak *soak);

/* What is open on purpose (soak_open.c) */

/*
 * From open_prepare() to open_end() forbidden packets may pass; open_begin() waits until some have. Allowed ones may
 * not be lost.
 */
void open_prepare(struct torture *torture);
void open_begin(struct torture *torture);
void open_end(struct torture *torture);
/* A window was asked for before asked_ms, for so many seconds: waits for packets of its kind, which must pass. */
void window_expect(struct torture *torture, uint64_t asked_ms, unsigned seconds);
/* Whatever window there was is closed now. */
void window_ended(struct torture *torture);

/* The actions, by the files they are in */
void soak_edit(struct torture *torture);
void soak_edit_signal(struct torture *torture);
void soak_diff(struct torture *torture);
void soak_part(struct torture *torture);
void soak_wrong(struct torture *torture);
void soak_wrong_start(struct torture *torture);

void soak_window(struct torture *torture);
void soak_window_others(struct torture *torture);
void soak_window_signals(struct torture *torture);
void soak_window_refused(struct torture *torture);

void soak_trial_kept(struct torture *torture);
void soak_trial_returned(struct torture *torture);
void soak_trial_ended(struct torture *torture);

void soak_restart(struct torture *torture);
void soak_without_agent(struct torture *torture);
void soak_second_agent(struct torture *torture);
void soak_audit(struct torture *torture);
void soak_remove(struct torture *torture);
void soak_state_unwritable(struct torture *torture);

void soak_questions(struct torture *torture);
void soak_verdicts(struct torture *torture);
void soak_counters(struct torture *torture);
void soak_metrics(struct torture *torture);
void soak_report(struct torture *torture);
void soak_follow(struct torture *torture);

void soak_hands(struct torture *torture);
void soak_churn(struct torture *torture);
void soak_flood(struct torture *torture);

#endif

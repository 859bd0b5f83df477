/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Install windows: opened for all or for some, extended, closed early or by their deadline, asked for wrongly. */
#include <signal.h>
#include <stdio.h>

#include "tests/lab/soak_internal.h"

#define N_ELEMENTS(a)  (sizeof(a) / sizeof((a)[0]))
#define LONGEST_S      6
#define DEFAULT_WINDOW 3600 /* at least so long is a window that nobody gave a time */

static unsigned roll(struct torture *torture, unsigned n)
{
	return dice_roll(&torture->dice, n);
}

static void open_for(struct torture *torture, const char *scope, unsigned seconds)
{
	uint64_t asked = lab_now_ms(), until;

	soak_ask(torture, CODE(0), "install phase open", "--phase install --for %us %s", seconds, scope);
	until = lab_now_ms() + seconds * 1000;
	if (until > torture->window_until)
		torture->window_until = until;
	torture->account.quiet = false;
	torture->result->windows++;
	window_expect(torture, asked, seconds);
}

static void close_now(struct torture *torture, const char *args)
{
	soak_ask(torture, CODE(0), "run phase", "%s", args);
	window_ended(torture);
}

/* What is open for all stays so when one row's window closes: so all are closed. */
void soak_window(struct torture *torture)
{
	static const char *const scopes[] = {"", "--rows cur-01 --reason 'disk swap'",
	                                     "--section prod --rows cur-01,cur-18 --ticket CHG0012345",
	                                     "--section prod --reason migration --ticket 'CHG 7'"};
	unsigned seconds = 1 + roll(torture, LONGEST_S);

	open_for(torture, scopes[roll(torture, N_ELEMENTS(scopes))], seconds);
	soak_ask(torture, CODE(0), NULL, "status");
	if (roll(torture, 3) == 0)
		open_for(torture, scopes[roll(torture, N_ELEMENTS(scopes))], seconds + 1);
	if (roll(torture, 2) == 0)
		soak_ask(torture, CODE(0), NULL, "reload");
	if (roll(torture, 2) == 0)
		close_now(torture, "--phase run");
}

/* Scopes in which the traffic's row is not. */
void soak_window_others(struct torture *torture)
{
	soak_ask(torture, CODE(0) | CODE(2), NULL,
	         "--phase install --for %us --rows cur-18,cur-20 --reason 'roll-out'",
	         1 + roll(torture, LONGEST_S));
	if (roll(torture, 2) == 0)
		soak_ask(torture, CODE(0) | CODE(2), NULL, "--phase run --rows cur-20");
}

void soak_window_signals(struct torture *torture)
{
	off_t since = journal_end(torture);
	uint64_t asked = lab_now_ms();

	torture->window_until = asked + 24ull * DEFAULT_WINDOW * 1000;
	torture->account.quiet = false;
	kill(torture->agent, SIGUSR1);
	journal_await(torture, since, "install phase open");
	torture->result->windows++;
	window_expect(torture, asked, DEFAULT_WINDOW);
	json_decref(soak_ask_json(torture, CODE(0), "status --json"));
	since = journal_end(torture);
	kill(torture->agent, SIGUSR2);
	journal_await(torture, since, "run phase");
	window_ended(torture);
}

void soak_window_refused(struct torture *torture)
{
	static const char *const wrong[] = {"--for 30h",     "--section nowhere", "--rows cur-99",
	                                    "--rows cur-16", "--for 0s",          "--for soon"};

	soak_ask(torture, CODE(2), NULL, "--phase install %s", wrong[roll(torture, N_ELEMENTS(wrong))]);
}

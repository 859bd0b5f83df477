// SPDX-License-Identifier: GPL-2.0-or-later
/* What the agent does all its life. A client that is told "yes" must find it done; after anything else either is right. */
#include <signal.h>

#include "tests/lab/faults_internal.h"
#include "util/array.h"

/* What a command has changed, by its exit code. */
static void believe(struct faults *faults, enum known *what, bool wanted, int code)
{
	if (code == 0)
		*what = wanted ? KNOWN_YES : KNOWN_NO;
	else
		*what = KNOWN_NOT;
	faults->result->refused += code > 1;
}

static void no_agent(struct faults *faults)
{
	faults_agent_end(faults, SIGTERM);
}

static void start(struct faults *faults, const struct injection *injection)
{
	faults_agent_start(faults, injection);
}

/* The signal waits for the loop: an agent that ends at once has ended well. */
static void stop(struct faults *faults, const struct injection *injection)
{
	(void)injection;
	faults_agent_end(faults, SIGTERM);
}

static void edited(struct faults *faults)
{
	faults_policy_write(faults, !faults->wide);
}

static void reload(struct faults *faults, const struct injection *injection)
{
	(void)injection;
	believe(faults, &faults->is_wide, faults->wide, faults_ask(faults, "reload"));
}

static void confirm(struct faults *faults, const struct injection *injection)
{
	int code = faults_ask(faults, "reload --confirm 60s");

	(void)injection;
	if (code == 0)
		code = faults_ask(faults, "confirm");
	believe(faults, &faults->is_wide, faults->wide, code);
}

static void open_window(struct faults *faults, const struct injection *injection)
{
	(void)injection;
	believe(faults, &faults->is_open, true,
	        faults_ask(faults, "--phase install --for 10m --reason faults"));
}

static void window_is_open(struct faults *faults)
{
	faults_ask(faults, "--phase install --for 10m");
	faults->is_open = KNOWN_NOT;
	faults_check_packets(faults);
	if (faults->is_open != KNOWN_YES)
		faults_fail(faults, "the window does not open");
}

static void close_window(struct faults *faults, const struct injection *injection)
{
	(void)injection;
	believe(faults, &faults->is_open, false, faults_ask(faults, "--phase run"));
}

static void status(struct faults *faults, const struct injection *injection)
{
	(void)injection;
	faults->result->refused += faults_ask(faults, "status") > 1;
}

static void denied(struct faults *faults, const struct injection *injection)
{
	(void)injection;
	faults->result->refused += faults_ask(faults, "denied") > 1;
}

static void remove_policy(struct faults *faults, const struct injection *injection)
{
	(void)injection;
	believe(faults, &faults->is_gone, true, faults_ask(faults, "remove"));
}

const struct duty duties[] = {
        {.name = "start", .prepare = no_agent, .act = start, .starts = true},
        {.name = "reload", .prepare = edited, .act = reload},
        {.name = "open", .act = open_window},
        {.name = "close", .prepare = window_is_open, .act = close_window},
        {.name = "status", .act = status},
        {.name = "denied", .act = denied},
        {.name = "confirm", .prepare = edited, .act = confirm},
        {.name = "remove", .act = remove_policy},
        {.name = "stop", .act = stop, .ends = true},
};
const size_t n_duties = ARRAY_SIZE(duties);

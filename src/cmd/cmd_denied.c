// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `omfwd denied`: the list is asked of the agent once, or with --follow again and again, each time for what was touched since
 * the last answer. Asking anew finds out by itself when the agent ends.
 */
#include "cmd/cmd.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "agent/denials.h"
#include "cmd/client.h"
#include "cmd/local.h"
#include "util/reply.h"

#define POLL_NSEC (500 * 1000 * 1000)

static volatile sig_atomic_t ended;

static void on_signal(int number)
{
	(void)number;
	ended = 1;
}

static void catch_signals(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = on_signal};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &action, NULL);
}

/* Oldest first, as they came; the list has them the other way round. One JSON object a line. */
static void print_new(const struct options *options, const json_t *reply)
{
	const json_t *entries = json_object_get(reply, "entries");

	for (size_t i = json_array_size(entries); i-- > 0;) {
		const json_t *entry = json_array_get(entries, i);

		if (options->json) {
			json_dumpf(entry, stdout, JSON_COMPACT);
			putchar('\n');
		} else {
			denials_print_entry(entry, reply_text(reply, "mode"), stdout);
		}
	}
	fflush(stdout);
}

/* Asks once and prints what is new; returns an exit code, CODE_DONE to go on. */
static int follow_once(const struct options *options, json_t *request)
{
	char error[256];
	json_t *reply;
	int r = client_ask(options, request, &reply, error, sizeof(error)), code;

	if (r < 0) {
		if (ended)
			return CODE_DONE;
		fprintf(stderr, "omfwd: %s; only a running agent keeps a list of what was denied\n", error);
		return (int)reply_code_of_errno(r);
	}
	code = (int)reply_code(reply);
	if (code == CODE_DONE)
		print_new(options, reply);
	else
		client_print(options, reply);
	json_object_set(request, "after", json_object_get(reply, "cursor"));
	json_decref(reply);
	return code;
}

static int follow(const struct options *options)
{
	static const struct timespec pause = {.tv_nsec = POLL_NSEC};
	json_t *request = client_request_new(options, verb_word(VERB_DENIED));
	int code = CODE_DONE;

	catch_signals();
	while (!ended && code == CODE_DONE && !ferror(stdout)) {
		code = follow_once(options, request);
		if (code == CODE_DONE && !ended)
			nanosleep(&pause, NULL);
	}
	json_decref(request);
	return code;
}

int cmd_denied(const struct options *options)
{
	return options->follow ? follow(options) : local_run(options, VERB_DENIED);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `omfwd metrics`: what the agent would write to metrics_file, on standard output or into a file of one's own. */
#include "cmd/cmd.h"

#include <stdio.h>
#include <string.h>

#include "agent/metrics_file.h"
#include "cmd/client.h"
#include "cmd/local.h"
#include "util/reply.h"

static void write_file(const struct options *options, json_t *reply)
{
	const char *text = json_string_value(json_object_get(reply, "text"));
	int r = metrics_file_write(options->output, text ? text : "");

	if (r < 0)
		reply_fail(reply, reply_code_of_errno(r), "cannot write %s: %s", options->output,
		           strerror(-r));
	json_object_set_new(reply, "text", json_string(""));
}

int cmd_metrics(const struct options *options)
{
	json_t *reply = local_reply(options, VERB_METRICS);
	int code;

	if (options->output && reply_code(reply) == CODE_DONE)
		write_file(options, reply);
	code = client_print(options, reply);
	json_decref(reply);
	return code;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program: argv becomes options, options choose a command. Everything else is a library. */
#include <stdio.h>

#include "cmd/cmd.h"
#include "util/reply.h"

static int (*const run[COMMAND_MAX])(const struct options *options) = {
        [COMMAND_VERIFY_SCRIPT] = cmd_verify_script,
        [COMMAND_DIFF] = cmd_diff,
        [COMMAND_PHASE] = cmd_phase,
        [COMMAND_AGENT] = cmd_agent,
        [COMMAND_CHECK] = cmd_check,
        [COMMAND_SHOW] = cmd_show,
        [COMMAND_STATUS] = cmd_status,
        [COMMAND_EXPLAIN] = cmd_explain,
        [COMMAND_RELOAD] = cmd_reload,
        [COMMAND_REMOVE] = cmd_remove,
        [COMMAND_CONFIRM] = cmd_confirm,
        [COMMAND_METRICS] = cmd_metrics,
        [COMMAND_REPORT] = cmd_report,
        [COMMAND_DENIED] = cmd_denied,
        [COMMAND_PROVE] = cmd_prove,
};

static int dispatch(const struct options *options)
{
	if (options->help) {
		options_print_help(options->command, stdout);
		return CODE_DONE;
	}
	if (options->version) {
		puts("omfwd " PACKAGE_VERSION);
		return CODE_DONE;
	}
	return run[options->command](options);
}

int main(int argc, char *argv[])
{
	struct options options;
	char error[512];
	int code;

	reply_need_memory();
	if (options_parse(argc, argv, &options, error, sizeof(error)) < 0) {
		fprintf(stderr, "omfwd: %s\n", error);
		code = CODE_BAD_INPUT;
	} else {
		code = dispatch(&options);
	}
	options_free(&options);
	return code;
}

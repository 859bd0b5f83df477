// SPDX-License-Identifier: GPL-2.0-or-later
/* `omfwd check --system`: the file as `omfwd check` reads it, and then the machine it is meant for. */
#include <stdio.h>

#include "cmd/client.h"
#include "cmd/cmd.h"
#include "cmd/loaded.h"
#include "doctor/doctor.h"
#include "util/reply.h"

static json_t *examine(const struct options *options, const struct loaded *file)
{
	const struct doctor_question question = {
	        .policy = file->policy,
	        .lines = &file->lines,
	        .proc = "/proc",
	        .state_dir = options->state_dir,
	        .run_dir = options->run_dir,
	};

	return doctor_examine(&question);
}

int cmd_check_system(const struct options *options)
{
	const char *path = options->args.n ? options->args.items[0] : options->config;
	struct loaded file;
	enum exit_code code = loaded_open(&file, path);
	json_t *reply = code == CODE_DONE ? examine(options, &file) : reply_new();

	if (code != CODE_DONE)
		reply_set_code(reply, code);
	loaded_diagnose(&file, reply);
	code = (enum exit_code)client_print(options, reply);
	json_decref(reply);
	loaded_close(&file);
	return code;
}

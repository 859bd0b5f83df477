// SPDX-License-Identifier: GPL-2.0-or-later
/* `omfwd check --system`: the file as `omfwd check` reads it, and then the machine it is meant for. */
#include <stdio.h>

#include "cmd/client.h"
#include "cmd/cmd.h"
#include "cmd/loaded.h"
#include "doctor/doctor.h"
#include "util/reply.h"

int cmd_check_system(const struct options *options)
{
	const char *path = options->args.n ? options->args.items[0] : options->config;
	struct loaded file;
	enum exit_code code = loaded_open_and_print(&file, path);

	if (code == CODE_DONE) {
		json_t *reply = doctor_examine(&(const struct doctor_question){
		        .policy = file.policy,
		        .lines = &file.lines,
		        .proc = "/proc",
		        .state_dir = options->state_dir,
		        .run_dir = options->run_dir,
		});

		code = (enum exit_code)client_print(options, reply);
		json_decref(reply);
	}
	loaded_close(&file);
	return code;
}

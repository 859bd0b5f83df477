// SPDX-License-Identifier: GPL-2.0-or-later
/* The pure stages in a row: file -> policy -> lines -> ruleset. Lines live as long as the policy. */
#include "cmd/loaded.h"

#include <stdio.h>
#include <time.h>

#include "cmd/client.h"
#include "util/reply.h"

#define DIAG_LINE_MAX 2048

static enum exit_code complete(struct loaded *file)
{
	if (!file->policy)
		return CODE_BAD_INPUT;
	file->lines = policy_compile(file->policy);
	file->ruleset = ruleset_build(file->policy, &file->lines);
	return CODE_DONE;
}

enum exit_code loaded_open(struct loaded *file, const char *path)
{
	*file = (struct loaded){.policy = NULL};
	file->policy = policy_load(path, time(NULL), &file->diags);
	return complete(file);
}

enum exit_code loaded_open_trusted(struct loaded *file, const char *path)
{
	*file = (struct loaded){.policy = NULL};
	file->policy = policy_load_trusted(path, time(NULL), &file->diags);
	return complete(file);
}

void loaded_diagnose(const struct loaded *file, json_t *reply)
{
	for (size_t i = 0; i < file->diags.n; i++) {
		char line[DIAG_LINE_MAX];

		diag_format(&file->diags, &file->diags.items[i], line, sizeof(line));
		reply_diagnose(reply, "%s", line);
	}
}

void loaded_complain(const struct loaded *file, const struct options *options)
{
	json_t *reply;

	if (file->policy || !options->json) {
		diag_print(&file->diags, stderr);
		return;
	}
	reply = reply_new();
	reply_set_code(reply, CODE_BAD_INPUT);
	loaded_diagnose(file, reply);
	client_print(options, reply);
	json_decref(reply);
}

enum exit_code loaded_open_and_print(struct loaded *file, const struct options *options, const char *path)
{
	enum exit_code code = loaded_open(file, path);

	loaded_complain(file, options);
	return code;
}

void loaded_close(struct loaded *file)
{
	ruleset_free(file->ruleset);
	if (file->policy)
		policy_free(file->policy);
	else
		policy_load_free_sources(&file->diags);
	diag_clear(&file->diags);
}

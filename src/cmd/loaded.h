/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A role file read for a command that needs no agent: parsed, compiled and built, or refused with its diagnostics. */
#ifndef OMFWD_LOADED_H
#define OMFWD_LOADED_H

#include <jansson.h>

#include "cmd/options.h"
#include "policy/compile.h"
#include "ruleset/ruleset.h"
#include "util/exit_code.h"

struct loaded {
	struct diag_list diags; /* errors and warnings, printed by the caller */
	struct policy *policy;  /* NULL when there was an error; then the rest is empty too */
	struct lines lines;
	struct ruleset *ruleset;
};

/* Reads the file of that path. Returns CODE_DONE or CODE_BAD_INPUT; close in either case. */
enum exit_code loaded_open(struct loaded *file, const char *path);

/* The same; what would not be enforced, because others can write it, is an error too. */
enum exit_code loaded_open_trusted(struct loaded *file, const char *path);

/* Adds the diagnostics to a reply. */
void loaded_diagnose(const struct loaded *file, json_t *reply);

/* Prints the diagnostics on standard error; with --json, a refused file is a reply on standard output as well. */
void loaded_complain(const struct loaded *file, const struct options *options);

/* loaded_open(), and loaded_complain(). */
enum exit_code loaded_open_and_print(struct loaded *file, const struct options *options, const char *path);

void loaded_close(struct loaded *file);

#endif

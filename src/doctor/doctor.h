/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is wrong with the machine, not with the role file: everything outside omfwd's own table that keeps a connection
 * from passing which the role file allows. Reads /proc, routes and netfilter; changes nothing and runs no program.
 */
#ifndef OMFWD_DOCTOR_H
#define OMFWD_DOCTOR_H

#include <jansson.h>

#include "policy/compile.h"

struct doctor_question {
	const struct policy *policy;
	const struct lines *lines;
	const char *proc; /* "/proc"; tests have their own */
	const char *state_dir, *run_dir;
};

/*
 * The reply: "code" (CODE_DONE, or CODE_NO when there are warnings or errors), "text", and "findings": a list of {"id",
 * "severity": "error", "warning" or "note", "what", "consequence", "remedy": [sentences], "commands": [lines for a
 * shell], "role_file": [lines for the role file]}. "netfilter" tells whether that could be looked at.
 */
json_t *doctor_examine(const struct doctor_question *question);

#endif

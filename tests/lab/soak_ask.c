/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands, and what they must answer: each is told what it may end with, and none may end with a sanitizer's report. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/soak_internal.h"

#define ARGS_MAX 512
#define SHOWN    400

static const char *const reports[] = {"Sanitizer", "runtime error:", "Assertion"};

static void said_judge(struct torture *torture, const struct run *run, const char *args)
{
	for (size_t i = 0; i < sizeof(reports) / sizeof(reports[0]); i++)
		if (strstr(run->err, reports[i]))
			torture_fail(torture, "omfwd %s: %s", args, run->err);
}

static void ask(struct torture *torture, unsigned codes, const char *args, struct run *ret)
{
	size_t len = strlen(torture->what);

	if (len + strlen(args) + 3 < sizeof(torture->what))
		sprintf(torture->what + len, ", %s", args);
	lab_run(torture->lab, NS_GATEWAY, NULL, ret, "exec '%s' " OMFWD_ARGS " %s", torture->lab->binary,
	        args);
	if (ret->code > 31 || !(codes & CODE(ret->code)))
		torture_fail(torture, "omfwd %s: exit code %d\n%.*s%.*s", args, ret->code, SHOWN, ret->out,
		             SHOWN, ret->err);
	said_judge(torture, ret, args);
	soak_of(torture)->result->questions++;
}

void soak_ask(struct torture *torture, unsigned codes, const char *says, const char *fmt, ...)
{
	char args[ARGS_MAX];
	struct run run;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(args, sizeof(args), fmt, ap);
	va_end(ap);
	ask(torture, codes, args, &run);
	if (says && !strstr(run.out, says) && !strstr(run.err, says))
		torture_fail(torture, "omfwd %s does not say \"%s\" but\n%.*s%.*s", args, says, SHOWN,
		             run.out, SHOWN, run.err);
	lab_run_free(&run);
}

json_t *soak_ask_json(struct torture *torture, unsigned codes, const char *args)
{
	struct run run;
	json_error_t error;
	json_t *root;

	ask(torture, codes, args, &run);
	root = json_loads(run.out, 0, &error);
	if (!root)
		torture_fail(torture, "omfwd %s: no JSON: %s\n%.*s", args, error.text, SHOWN, run.out);
	lab_run_free(&run);
	return root;
}

void soak_await_health(struct torture *torture)
{
	uint64_t end = lab_now_ms() + SOAK_WAIT;
	struct run run;

	do {
		ask(torture, CODE(0) | CODE(1), "status", &run);
		if (run.code != 0 && lab_now_ms() > end)
			torture_fail(torture, "omfwd status does not become 0:\n%.*s", SHOWN, run.out);
		lab_run_free(&run);
	} while (run.code != 0 && lab_now_ms() < end);
}

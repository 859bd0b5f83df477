/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of the status that is there only where another table has a flowtable. */
#include "agent/status.h"

#include <stdlib.h>
#include <string.h>

#include "util/reply.h"
#include "kernel/flowtables.h"

static json_t *result_to_json(const struct cut_result *result)
{
	json_t *object = json_pack("{s:I, s:I, s:I, s:I}", "at", (json_int_t)result->at, "deleted",
	                           (json_int_t)result->deleted, "left", (json_int_t)result->left,
	                           "deleted_ever", (json_int_t)result->deleted_ever);

	json_object_set_new(object, "error",
	                    result->error ? json_string(strerror(-result->error)) : json_null());
	return object;
}

void status_flowtables_report(const struct engine *engine, json_t *reply)
{
	struct flowtable *flowtables = NULL;
	json_t *names;
	size_t n = 0;

	if (kernel_flowtables(engine->kernel, &flowtables, &n) < 0) {
		reply_warn(reply, "warning: cannot ask for flowtables: %s", kernel_error(engine->kernel));
		return;
	}
	names = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(names, reply_string(flowtables[i].name));
	json_object_set_new(reply, "flowtables", names);
	if (engine->cut.at)
		json_object_set_new(reply, "cut", result_to_json(&engine->cut));
	free(flowtables);
}

static void print_result(const json_t *cut, FILE *out)
{
	const char *error = json_string_value(json_object_get(cut, "error"));
	long long left = reply_number(cut, "left");

	fprintf(out, "  cut so far: %lld connections, %lld of them after the last change\n",
	        reply_number(cut, "deleted_ever"), reply_number(cut, "deleted"));
	if (left > 0)
		fprintf(out, "  not cut although no longer allowed: %lld, %s\n", left, error ? error : "");
	else if (error)
		fprintf(out, "  looking through the connections failed: %s\n", error);
}

void status_flowtables_print(const json_t *reply, FILE *out)
{
	const json_t *cut = json_object_get(reply, "cut"), *names = json_object_get(reply, "flowtables");
	bool watched = json_object_get(json_object_get(reply, "agent"), "pid");
	json_t *name;
	size_t i;

	json_array_foreach(names, i, name)
	        fprintf(out, "flowtable %s carries connections past every rule\n", json_string_value(name));
	if (json_array_size(names) == 0)
		return;
	fprintf(out, watched ? "  the agent cuts those that are no longer allowed, within a second or two\n"
	                     : "  without an agent nothing cuts them when a window ends by itself\n");
	if (cut)
		print_result(cut, out);
}

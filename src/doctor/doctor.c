// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The round of the doctor: samples of what the role file allows, then one source of trouble after the other. What cannot
 * be looked at is told, and is no finding.
 */
#include "doctor/doctor.h"

#include <libmnl/libmnl.h>
#include <stdlib.h>

#include "doctor/findings.h"
#include "kernel/kernel.h"
#include "util/reply.h"

static void checkup_open(struct checkup *checkup, const struct doctor_question *question, const char **error)
{
	*checkup = (struct checkup){.question = question, .arena = arena_new()};
	*error = NULL;
	if (kernel_open(&checkup->kernel, error) < 0)
		checkup->kernel = NULL;
	else if (kernel_foreign_read(checkup->kernel, &checkup->foreign) < 0)
		*error = arena_strdup(checkup->arena, kernel_error(checkup->kernel));
	if (routes_open(&checkup->routes) < 0)
		checkup->routes = NULL;
}

static void checkup_close(struct checkup *checkup)
{
	if (checkup->routes)
		mnl_socket_close(checkup->routes);
	foreign_free(checkup->foreign);
	if (checkup->kernel)
		kernel_close(checkup->kernel);
	free(checkup->samples);
	free(checkup->findings);
	arena_free(checkup->arena);
}

/* The worst first. */
static void report(json_t *reply, const struct checkup *checkup)
{
	json_t *list = json_array();

	for (int severity = SEVERITY_MAX - 1; severity >= 0; severity--)
		for (size_t i = 0; i < checkup->n_findings; i++) {
			if ((int)finding_severity(&checkup->findings[i]) != severity)
				continue;
			json_array_append_new(list, finding_json(&checkup->findings[i]));
			finding_say(reply, &checkup->findings[i]);
			if (severity != SEVERITY_NOTE)
				reply_set_code(reply, CODE_NO);
		}
	json_object_set_new(reply, "findings", list);
}

json_t *doctor_examine(const struct doctor_question *question)
{
	json_t *reply = reply_new();
	struct checkup checkup;
	const char *error;

	checkup_open(&checkup, question, &error);
	samples_take(&checkup);
	check_kernel(&checkup);
	check_chains(&checkup);
	check_settings(&checkup);
	check_routes(&checkup);
	check_files(&checkup);
	report(reply, &checkup);
	json_object_set_new(reply, "netfilter", json_boolean(!error));
	if (error)
		reply_say(reply, "not looked at: netfilter (%s)", error);
	if (reply_code(reply) == CODE_DONE)
		reply_say(reply, error ? "nothing wrong in what could be looked at" : "nothing wrong");
	checkup_close(&checkup);
	return reply;
}

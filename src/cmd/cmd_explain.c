// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `omfwd explain`: the running agent knows what is open now, so it is asked first. Without one, or with --phase, the
 * role file answers for a phase that is the same for all rows.
 */
#include "cmd/cmd.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "agent/elsewhere.h"
#include "util/reply.h"
#include "cmd/client.h"
#include "words/explain_text.h"
#include "cmd/loaded.h"

#define SERVICE_MAX 64

/* SRC DST [PROTO[/PORT]] as a request; the words are checked by explain_request_parse(). */
static json_t *request_new(const struct options *options)
{
	json_t *request = client_request_new(options, "explain");
	const char *const *args = options->args.items;
	char service[SERVICE_MAX];
	char *port;

	if (options->args.n < 3) {
		explain_request_set(request, args[0], args[1], NULL, NULL);
		return request;
	}
	snprintf(service, sizeof(service), "%s", args[2]);
	port = strchr(service, '/');
	if (port)
		*port++ = '\0';
	explain_request_set(request, args[0], args[1], service, port);
	return request;
}

static bool every_gate_is_open(const char *gate, void *data)
{
	(void)gate;
	(void)data;
	return true;
}

static int answer_from_file(const struct options *options, const struct query *query, const char *answered_by)
{
	struct loaded file;
	enum exit_code code = loaded_open(&file, options->config);

	if (code == CODE_DONE) {
		json_t *reply = explain_reply_new(file.policy, &file.lines, query,
		                                  options->phase == WANT_INSTALL ? every_gate_is_open : NULL,
		                                  NULL, answered_by);

		elsewhere_add_here(reply, file.policy, query);
		code = (enum exit_code)client_print(options, reply);
		json_decref(reply);
	} else {
		loaded_complain(&file, options);
	}
	loaded_close(&file);
	return code;
}

static int answer_as_in_phase(const struct options *options, const struct query *query)
{
	return answer_from_file(options, query,
	                        options->phase == WANT_INSTALL ? "the role file, as in the install phase"
	                                                       : "the role file, as in the run phase");
}

/*
 * The agent's reply, or NULL and why there is none. The question is known to be right, so an agent that calls it wrong
 * has another file than the one that was named: it cannot answer either.
 */
static json_t *ask_agent(const struct options *options, const json_t *request, char *error, size_t size)
{
	json_t *reply, *errors;

	if (client_ask(options, request, &reply, error, size) < 0)
		return NULL;
	if (reply_code(reply) != CODE_BAD_INPUT)
		return reply;
	errors = json_object_get(reply, "errors");
	snprintf(error, size, "%s", json_string_value(json_array_get(errors, 0)));
	json_decref(reply);
	return NULL;
}

/* As things are now, if the agent knows; else as the file says with nothing open. */
static int answer_as_it_is(const struct options *options, const json_t *request, const struct query *query)
{
	char error[EXPLAIN_ERROR_MAX], answered_by[EXPLAIN_ERROR_MAX + 64];
	json_t *reply = ask_agent(options, request, error, sizeof(error));
	int code;

	if (!reply) {
		snprintf(answered_by, sizeof(answered_by), "the role file, as in the run phase; %s", error);
		return answer_from_file(options, query, answered_by);
	}
	code = client_print(options, reply);
	json_decref(reply);
	return code;
}

int cmd_explain(const struct options *options)
{
	json_t *request = request_new(options);
	char error[EXPLAIN_ERROR_MAX];
	struct query query;
	int code;

	if (explain_request_parse(request, &query, error, sizeof(error)) < 0) {
		fprintf(stderr, "omfwd: %s\n", error);
		code = CODE_BAD_INPUT;
	} else if (options->phase != WANT_NOTHING) {
		code = answer_as_in_phase(options, &query);
	} else {
		code = answer_as_it_is(options, request, &query);
	}
	json_decref(request);
	return code;
}

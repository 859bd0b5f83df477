// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `omfwd explain`: the running agent knows what is open now, so it is asked first. Without one, or with --phase, the
 * role file answers for a phase that is the same for all rows.
 */
#include "cmd/cmd.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cmd/client.h"
#include "cmd/explain_text.h"
#include "cmd/loaded.h"

#define SERVICE_MAX 64

/* SRC DST PROTO[/PORT] as a request; the words are checked by explain_request_parse(). */
static json_t *request_new(const struct options *options)
{
	json_t *request = client_request_new(options, "explain");
	const char *const *args = options->args.items;
	char service[SERVICE_MAX];
	char *port;

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

static int answer_from_file(const struct options *options, const struct query *query)
{
	bool install = options->phase == WANT_INSTALL;
	struct loaded file;
	enum exit_code code = loaded_open_and_print(&file, options->config);

	if (code == CODE_DONE) {
		json_t *reply = explain_reply_new(file.policy, &file.lines, query,
		                                  install ? every_gate_is_open : NULL, NULL,
		                                  install ? "the role file, as in the install phase"
		                                          : "the role file, as in the run phase");

		code = (enum exit_code)client_print(options, reply);
		json_decref(reply);
	}
	loaded_close(&file);
	return code;
}

/* Asks the agent; returns its exit code, or -1 when the file has to answer. */
static int answer_from_agent(const struct options *options, const json_t *request)
{
	char error[EXPLAIN_ERROR_MAX];
	json_t *reply;
	int code;

	if (client_ask(options, request, &reply, error, sizeof(error)) < 0)
		return -1;
	code = client_print(options, reply);
	json_decref(reply);
	return code;
}

int cmd_explain(const struct options *options)
{
	json_t *request = request_new(options);
	char error[EXPLAIN_ERROR_MAX];
	struct query query;
	int code = -1;

	if (explain_request_parse(request, &query, error, sizeof(error)) < 0) {
		fprintf(stderr, "omfwd: %s\n", error);
		code = CODE_BAD_INPUT;
	} else if (options->phase == WANT_NOTHING) {
		code = answer_from_agent(options, request);
	}
	json_decref(request);
	return code < 0 ? answer_from_file(options, &query) : code;
}

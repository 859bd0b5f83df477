/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command's side of the control socket: one request, one reply {"code": exit code, "text": lines for people,
 * "errors": [lines], ...}. A verb that finds no agent is done by the command itself, with the same function.
 */
#ifndef OMFWD_CLIENT_H
#define OMFWD_CLIENT_H

#include <jansson.h>

#include "cmd/options.h"

/* A request {"verb": verb, ...} with everything the command line says about it and where the caller sits. */
json_t *client_request_new(const struct options *options, const char *verb);

/*
 * Asks the agent behind --run-dir. Returns 0 and *reply (to be released with json_decref()), or -ENOENT when no agent
 * listens there, -EACCES when this user may not ask, or another -errno; then *error is a sentence.
 */
int client_ask(const struct options *options, const json_t *request, json_t **reply, char *error,
               size_t size);

/* Prints diagnostics and errors to stderr. */
void client_print_complaints(const json_t *reply);

/* Prints errors to stderr, and the text (or with --json the reply without it) to stdout. Returns the reply's code. */
int client_print(const struct options *options, const json_t *reply);

#endif

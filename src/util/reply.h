/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The answer to a request, as JSON: {"code": exit_code, "text": lines for people, "errors": [lines],
 * "diagnostics": [FILE:LINE: lines], ...}. The same object is sent over the control socket and printed by a command
 * that works without an agent.
 */
#ifndef OMFWD_REPLY_H
#define OMFWD_REPLY_H

#include <jansson.h>

#include "util/exit_code.h"

/* An empty reply: CODE_DONE, no text, no errors. */
json_t *reply_new(void);

/*
 * To be called once, before the first value is made. Without memory jansson has values go missing in silence: an answer
 * that never comes, a request without its limits. From now on it aborts, as everything else does.
 */
void reply_need_memory(void);

/* Adds a line of text. */
void reply_say(json_t *reply, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Adds an error line and sets the code, unless one is set already. */
void reply_fail(json_t *reply, enum exit_code code, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));

/* Adds an error line without touching the code: a warning. */
void reply_warn(json_t *reply, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Adds what is to be said about a line of the role file, an error or a warning. */
void reply_diagnose(json_t *reply, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Every diagnostic and every error, in this order; a new list. */
json_t *reply_complaints(const json_t *reply);

/* A text of a reply or of an object in it, "" where there is none; a number, 0 where there is none. */
const char *reply_text(const json_t *object, const char *key);
long long reply_number(const json_t *object, const char *key);

enum exit_code reply_code(const json_t *reply);
void reply_set_code(json_t *reply, enum exit_code code);

/* The code for a failed call: CODE_FORBIDDEN for EPERM and EACCES, else CODE_UNAVAILABLE. */
enum exit_code reply_code_of_errno(int r);

/* Text as a JSON string, whatever bytes it holds; unprintable ones as \xNN. */
json_t *reply_string(const char *text);

#endif

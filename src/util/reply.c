/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small helpers that keep every reply in one shape. What enters it may come from a role file: it is made printable. */
#include "util/reply.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/text.h"

static void *need(size_t size)
{
	void *memory = malloc(size);

	if (!memory)
		abort();
	return memory;
}

void reply_need_memory(void)
{
	json_set_alloc_funcs(need, free);
}

json_t *reply_new(void)
{
	return json_pack("{s:i, s:s, s:[], s:[]}", "code", CODE_DONE, "text", "", "errors", "diagnostics");
}

json_t *reply_string(const char *text)
{
	size_t len = strlen(text), size = len * 4 + 1; /* a byte may become \xNN */
	char *buf = malloc(size);
	json_t *string;

	if (!buf)
		abort();
	string = json_string(text_escape(text, len, buf, size));
	free(buf);
	return string;
}

static json_t *format_line(const char *fmt, va_list args)
{
	char *line;
	json_t *string;

	if (vasprintf(&line, fmt, args) < 0)
		abort();
	string = reply_string(line);
	free(line);
	return string;
}

void reply_say(json_t *reply, const char *fmt, ...)
{
	const char *before = json_string_value(json_object_get(reply, "text"));
	json_t *line;
	va_list args;

	va_start(args, fmt);
	line = format_line(fmt, args);
	va_end(args);
	json_object_set_new(reply, "text", json_sprintf("%s%s\n", before, json_string_value(line)));
	json_decref(line);
}

void reply_fail(json_t *reply, enum exit_code code, const char *fmt, ...)
{
	va_list args;

	if (reply_code(reply) == CODE_DONE)
		reply_set_code(reply, code);
	va_start(args, fmt);
	json_array_append_new(json_object_get(reply, "errors"), format_line(fmt, args));
	va_end(args);
}

void reply_warn(json_t *reply, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	json_array_append_new(json_object_get(reply, "errors"), format_line(fmt, args));
	va_end(args);
}

void reply_diagnose(json_t *reply, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	json_array_append_new(json_object_get(reply, "diagnostics"), format_line(fmt, args));
	va_end(args);
}

json_t *reply_complaints(const json_t *reply)
{
	json_t *lines = json_array();

	json_array_extend(lines, json_object_get(reply, "diagnostics"));
	json_array_extend(lines, json_object_get(reply, "errors"));
	return lines;
}

const char *reply_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

long long reply_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

enum exit_code reply_code(const json_t *reply)
{
	return (enum exit_code)json_integer_value(json_object_get(reply, "code"));
}

void reply_set_code(json_t *reply, enum exit_code code)
{
	json_object_set_new(reply, "code", json_integer(code));
}

enum exit_code reply_code_of_errno(int r)
{
	return r == -EPERM || r == -EACCES ? CODE_FORBIDDEN : CODE_UNAVAILABLE;
}

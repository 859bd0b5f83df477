// SPDX-License-Identifier: GPL-2.0-or-later
/* Small readers of the gathered report. */
#include "report/report_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *report_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

json_int_t report_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

bool report_is(const json_t *object, const char *key, const char *text)
{
	return strcmp(report_text(object, key), text) == 0;
}

char *report_time(time_t when, char *buf, size_t size)
{
	struct tm tm;

	if (!localtime_r(&when, &tm) || strftime(buf, size, "%Y-%m-%d %H:%M:%S %z", &tm) == 0)
		snprintf(buf, size, "@%lld", (long long)when);
	return buf;
}

char *report_who(const json_t *object, char *buf, size_t size)
{
	const char *user = report_text(object, "user"), *login = report_text(object, "login");
	const char *from = report_text(object, "from");

	if (!*user && !*login)
		snprintf(buf, size, "the agent");
	else
		snprintf(buf, size, "%s%s%s%s%s%s", *login ? login : user, *login ? " (as " : "",
		         *login ? user : "", *login ? ")" : "", *from ? " from " : "", from);
	return buf;
}

char *report_join(const json_t *list, const char *between)
{
	char *text = NULL;
	size_t size = 0, i;
	FILE *out = open_memstream(&text, &size);
	json_t *item;

	if (!out)
		abort();
	json_array_foreach(list, i, item)
	        fprintf(out, "%s%s", i ? between : "", json_is_string(item) ? json_string_value(item) : "");
	fclose(out);
	return text;
}

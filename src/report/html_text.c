// SPDX-License-Identifier: GPL-2.0-or-later
/* Escaping in one place, and cells in one form. */
#include "report/html_text.h"

#include <string.h>

#include "report/report_json.h"

#define DIGITS_MAX 32

void html_put(const char *text, FILE *out)
{
	for (; *text; text++)
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&#39;", out);
			break;
		default:
			fputc(*text, out);
		}
}

void html_put_name(const char *name, FILE *out)
{
	while (*name) {
		size_t len = strcspn(name, "_");
		char piece[2] = "";

		for (size_t i = 0; i < len; i++) {
			piece[0] = name[i];
			html_put(piece, out);
		}
		name += len;
		if (*name) {
			fputs("_<wbr>", out);
			name++;
		}
	}
}

void html_cell(const char *text, FILE *out)
{
	fputs("<td>", out);
	html_put(text, out);
	fputs("</td>", out);
}

void html_cell_name(const char *name, FILE *out)
{
	fputs("<td>", out);
	html_put_name(name, out);
	fputs("</td>", out);
}

static void put_number(json_int_t number, FILE *out)
{
	char digits[DIGITS_MAX];
	size_t len = (size_t)snprintf(digits, sizeof(digits), "%lld", (long long)number);

	for (size_t i = 0; i < len; i++)
		fprintf(out, "%s%c", i > 0 && (len - i) % 3 == 0 ? "\xe2\x80\xaf" : "", digits[i]);
}

void html_cell_number(const json_t *number, FILE *out)
{
	fputs("<td class=\"n\">", out);
	if (json_is_integer(number))
		put_number(json_integer_value(number), out);
	fputs("</td>", out);
}

static void put_time(const json_t *when, FILE *out)
{
	char text[REPORT_TIME_MAX];

	fprintf(out, "<time>%s</time>", report_time((time_t)json_integer_value(when), text, sizeof(text)));
}

void html_cell_time(const json_t *when, FILE *out)
{
	fputs("<td class=\"t\">", out);
	if (json_is_integer(when))
		put_time(when, out);
	fputs("</td>", out);
}

void html_cell_last(const json_t *last_packet, FILE *out)
{
	const json_t *before = json_object_get(last_packet, "before");

	fputs("<td class=\"t\">", out);
	if (before) {
		fputs(json_is_integer(json_object_get(last_packet, "after")) ? "" : "before ", out);
		put_time(before, out);
	} else {
		fputs(last_packet ? "none yet" : "", out);
	}
	fputs("</td>", out);
}

void html_table_begin(const char *caption, const char *const *heads, FILE *out)
{
	fputs("<div class=\"wide\"><table><caption>", out);
	html_put(caption, out);
	fputs("</caption>\n<thead><tr>", out);
	for (; *heads; heads++) {
		fprintf(out, "<th scope=\"col\"%s>", **heads == '#' ? " class=\"n\"" : "");
		html_put(*heads + (**heads == '#'), out);
		fputs("</th>", out);
	}
	fputs("</tr></thead>\n", out);
}

void html_table_end(FILE *out)
{
	fputs("</table></div>\n", out);
}

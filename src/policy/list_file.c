// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * "@file:PATH": one member a line. A list may hold a million members, so it is read in one go and parsed in place,
 * once, however many roles name it. Comments begin with '#' or ';', on a line of their own or after a blank.
 */
#include "policy/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/addr_scan.h"
#include "util/array.h"
#include "util/file.h"
#include "util/file_trust.h"
#include "util/text.h"

#define ERRORS_SHOWN 100 /* of one file: a wrong file can be wrong a million times */

struct list_file {
	struct list_file *next;
	const char *path;
	struct addr_set addrs;
	struct addr_set everything; /* 0.0.0.0/0 and ::/0, which only some owners may hold */
	size_t n_errors;
};

static void report_line(struct load *load, struct list_file *list, enum addr_error error, const char *text,
                        size_t len, loc_t loc)
{
	char quoted[TEXT_QUOTE_MAX], right[256];

	if (++list->n_errors > ERRORS_SHOWN)
		return;
	text_quote(text, len, quoted, sizeof(quoted));
	if (text[0] == '@') {
		diag_error(load->diags, loc,
		           "%s is a reference; write it in the role file, list files hold addresses", quoted);
		return;
	}
	addr_error_explain(error, text, len, right, sizeof(right));
	if (error == ADDR_NOT_AN_ADDRESS || memchr(text, ',', len))
		strcpy(right, "write one host, network or range to a line");
	diag_error(load->diags, loc, "%s %s; %s", quoted, addr_error_text(error), right);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The member of the line: from the first byte that is no blank to the comment or the end. */
static size_t member_length(const char *start, const char *end)
{
	const char *p = start;

	while (p < end && !is_blank(*p))
		p++;
	while (p < end) {
		const char *word = p;

		while (word < end && is_blank(*word))
			word++;
		if (word == end || *word == '#' || *word == ';')
			break;
		p = word;
		while (p < end && !is_blank(*p))
			p++;
	}
	return (size_t)(p - start);
}

static void parse_line(struct load *load, struct list_file *list, const char *start, const char *end,
                       loc_t loc)
{
	struct addr_range range;
	enum addr_error error;
	size_t len;

	while (start < end && is_blank(*start))
		start++;
	if (start == end || *start == '#' || *start == ';')
		return;
	len = member_length(start, end);
	error = addr_parse(start, len, &range);
	range.v4.loc = range.v6.loc = loc;
	if (error == ADDR_OK)
		addr_set_add(&list->addrs, &range);
	else if (error == ADDR_EVERYTHING)
		addr_set_add(&list->everything, &range);
	else
		report_line(load, list, error, start, len, loc);
}

/* A line that is one IPv4 host or CIDR and nothing else; returns its end, NULL for any other line. */
static inline const char *parse_plain_line(struct list_file *list, const char *text, loc_t loc)
{
	struct addr_set *set = &list->addrs;
	struct range4 range = {.loc = loc};
	const char *end = addr_scan_cidr4(text, &range.lo, &range.hi);

	if (end && *end == '\r')
		end++;
	if (!end || *end != '\n')
		return NULL;
	*ARRAY_PUSH(set->v4, set->n4, set->cap4) = range;
	return end;
}

/* text is followed by a NUL byte. */
static void parse_list(struct load *load, struct list_file *list, const char *text, size_t len)
{
	const char *end = text + len;
	loc_t first = source_loc(load->sources, 1), loc = first;

	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		text += 3;
	for (; text < end; loc++) {
		const char *line_end = parse_plain_line(list, text, loc);

		if (!line_end) {
			line_end = memchr(text, '\n', (size_t)(end - text));
			line_end = line_end ? line_end : end;
			parse_line(load, list, text, line_end, loc);
		}
		text = line_end + 1;
	}
	source_loc(load->sources, loc - first + 1);
	if (list->n_errors > ERRORS_SHOWN)
		diag_error(load->diags, source_loc(load->sources, 0),
		           "%zu lines are wrong, of which %d are shown; is this "
		           "a list of addresses?",
		           list->n_errors, ERRORS_SHOWN);
}

static const char *list_path(struct load *load, const char *path, size_t len, loc_t loc)
{
	unsigned line;
	const char *file = source_file(load->sources, loc, &line);
	const char *slash = file ? strrchr(file, '/') : NULL;

	if (path[0] == '/' || !slash)
		return arena_strndup(load->arena, path, len);
	return arena_printf(load->arena, "%.*s/%.*s", (int)(slash - file), file, (int)len, path);
}

static void report_unreadable(struct load *load, int error, const char *why, const char *path, loc_t loc)
{
	char quoted[TEXT_QUOTE_MAX];

	text_quote(path, strlen(path), quoted, sizeof(quoted));
	if (error == -ENOENT)
		diag_error(load->diags, loc, "the list file %s does not exist; create it or correct the path",
		           quoted);
	else if (error == -EISDIR)
		diag_error(load->diags, loc, "%s is a directory; name a file with one member a line", quoted);
	else if (error == -EINVAL)
		diag_error(load->diags, loc, "%s is a pipe or a device; name a file with one member a line",
		           quoted);
	else if (*why)
		diag_error(load->diags, loc, "%s: %s", quoted, why);
	else
		diag_error(load->diags, loc,
		           "the list file %s cannot be read: %s; make it readable (the service is the user "
		           "omfwd)",
		           quoted, strerror(-error));
}

/* The list at path, read now or before; NULL if it cannot be read. */
static struct list_file *find_list(struct load *load, const char *path, loc_t loc)
{
	struct list_file *list = load->lists;
	char *text, why[FILE_DISTRUST_MAX] = "";
	size_t len;
	int r;

	while (list && strcmp(list->path, path))
		list = list->next;
	if (list)
		return list;
	r = load->trusted ? file_read_trusted(path, &text, &len, why, sizeof(why))
	                  : file_read_regular(path, &text, &len);
	if (r < 0) {
		report_unreadable(load, r, why, path, loc);
		return NULL;
	}
	list = ARENA_NEW(load->arena, struct list_file);
	list->path = path;
	list->next = load->lists;
	load->lists = list;
	source_begin(load->sources, path);
	parse_list(load, list, text, len);
	free(text);
	return list;
}

void load_list_file(struct load *load, const char *path, size_t len, loc_t loc, const char *owner,
                    bool may_hold_everything, struct addr_set *ret)
{
	const struct list_file *list;
	char right[256];

	if (!len) {
		diag_error(load->diags, loc, "@file: names no file; write @file:PATH");
		return;
	}
	list = find_list(load, list_path(load, path, len, loc), loc);
	if (!list)
		return;
	addr_set_add_set(ret, &list->addrs);
	if (may_hold_everything) {
		addr_set_add_set(ret, &list->everything);
	} else if (!addr_set_is_empty(&list->everything)) {
		addr_error_explain(ADDR_EVERYTHING, "", 0, right, sizeof(right));
		diag_error(load->diags,
		           list->everything.n4 ? list->everything.v4[0].loc : list->everything.v6[0].loc,
		           "%s: this line %s; %s", owner, addr_error_text(ADDR_EVERYTHING), right);
	}
}

void load_free_list_files(struct load *load)
{
	for (struct list_file *list = load->lists; list; list = list->next) {
		addr_set_free(&list->addrs);
		addr_set_free(&list->everything);
	}
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inih as distributions build it cuts lines at 199 bytes, takes the tail of a long comment for configuration, cuts
 * names at 49 bytes, knows no line numbers to tell, and lets an indented "other = 5" become the value of the key
 * above. So inih sees nothing but lines made here: "[section]" and "key=piece", with a value cut into as many pieces as
 * fit the buffer that inih brings (the num of its reader). The handler puts the pieces of one physical line together
 * again; glue says which blank a cut has swallowed. No blank follows the '=', hence no piece can look like a comment.
 */
#include "policy/ini_lines.h"

#include <ini.h>
#include <stdlib.h>
#include <string.h>

#include "policy/ini_split.h"
#include "util/array.h"
#include "util/text.h"

#define PIECE_MIN 16 /* less room than this for a piece: no inih we know */

struct ini_lines {
	const char *next, *end; /* the text not yet read */
	unsigned line;
	struct source_map *sources;
	struct diag_list *diags;
	const struct ini_sink *sink;

	char section[INI_NAME_MAX + 1]; /* "": none yet */
	char key[INI_NAME_MAX + 1];     /* what an indented line continues; "": nothing */
	bool skipping;                  /* the line above was wrong: so are the indented lines below it */
	bool section_lost;              /* the section line was wrong: whose keys these are nobody knows */

	char *value; /* of this physical line; value_cap bytes */
	size_t value_len, value_cap, value_used;
	bool has_value, is_continuation;

	char *joined; /* what came back from inih */
	size_t joined_len, joined_cap;
	char glue; /* ' ' before the next piece, or 0 */
};

static loc_t ini_loc(struct ini_lines *lines)
{
	return source_loc(lines->sources, lines->line);
}

/* Reports a wrong line; the indented lines below it are not worth a message of their own. */
static void ini_refuse(struct ini_lines *lines, const char *what, const char *text, size_t len,
                       const char *right)
{
	char quoted[TEXT_QUOTE_MAX];

	diag_error(lines->diags, ini_loc(lines), "%s%s; %s",
	           text ? text_quote(text, len, quoted, sizeof(quoted)) : "", what, right);
	lines->skipping = true;
	lines->key[0] = '\0';
}

/* Section and key names beyond what inih holds are shown whole, as far as that is bearable. */
static bool ini_name_fits(struct ini_lines *lines, const char *what, struct ini_text name)
{
	if (name.len <= INI_NAME_MAX)
		return true;
	diag_error(lines->diags, ini_loc(lines),
	           "the %s name \"%.*s\" is %zu bytes long; at most %d are possible", what,
	           (int)(name.len < 1000 ? name.len : 1000), name.at, name.len, INI_NAME_MAX);
	lines->skipping = true;
	lines->key[0] = '\0';
	return false;
}

/* Says what is wrong with a section line; true when nothing is. */
static bool ini_section_is_fine(struct ini_lines *lines, struct ini_text line, struct ini_text *name)
{
	struct ini_text rest;

	if (!ini_split_section(line, name, &rest))
		ini_refuse(lines, " has no closing bracket", line.at, line.len,
		           "write [section] or [section NAME]");
	else if (rest.len)
		ini_refuse(lines, " stands behind the section's bracket", rest.at, rest.len,
		           "write one section or key to a line");
	else if (!ini_is_words(*name))
		ini_refuse(lines, " is no section name", name->at, name->len,
		           "write [section] or [section NAME] with letters, digits, '_' and '-'");
	else
		return ini_name_fits(lines, "section", *name);
	return false;
}

static bool ini_read_section(struct ini_lines *lines, struct ini_text line)
{
	struct ini_text name;

	lines->section_lost = !ini_section_is_fine(lines, line, &name);
	if (lines->section_lost)
		return false;
	lines->section[ini_collapse(name, lines->section)] = '\0';
	lines->key[0] = '\0';
	lines->skipping = false;
	lines->sink->section(lines->sink->data, lines->section, ini_loc(lines));
	return true;
}

/* Takes over the value of a line: without its comment, blanks collapsed. */
static void ini_take_value(struct ini_lines *lines, struct ini_text value, bool is_continuation)
{
	value = ini_strip_comment(value, !lines->sink->is_text(lines->key));
	lines->value = array_reserve(lines->value, &lines->value_cap, value.len + 1, 1);
	lines->value_len = ini_collapse(value, lines->value);
	lines->value_used = 0;
	lines->has_value = true;
	lines->is_continuation = is_continuation;
	lines->joined_len = 0;
	lines->glue = 0;
}

static void ini_refuse_key_line(struct ini_lines *lines, struct ini_text line, bool has_equals)
{
	if (!has_equals)
		ini_refuse(lines, " has no '='", line.at, line.len, "write key = value");
	else
		ini_refuse(lines, " has no valid key before the '='", line.at, line.len,
		           "write key = value; a key is letters, digits, '_' and '-'");
}

static bool ini_read_key(struct ini_lines *lines, struct ini_text line)
{
	struct ini_text key, value;
	bool has_equals = ini_split_key(line, &key, &value);

	if (!has_equals || !ini_is_word(key)) {
		ini_refuse_key_line(lines, line, has_equals);
		return false;
	}
	if (!ini_name_fits(lines, "key", key))
		return false;
	if (lines->section_lost) {
		lines->skipping = true;
		lines->key[0] = '\0';
		return false;
	}
	if (!lines->section[0]) {
		ini_refuse(lines, " stands before the first section", key.at, key.len,
		           "write [omfwd], [roles] or another section above it");
		return false;
	}
	memcpy(lines->key, key.at, key.len);
	lines->key[key.len] = '\0';
	lines->skipping = false;
	ini_take_value(lines, value, false);
	return true;
}

/* An indented line continues the value above; unless it looks as if it wanted to be more. */
static bool ini_read_indented(struct ini_lines *lines, struct ini_text line)
{
	struct ini_text key, value;

	if ((ini_split_key(line, &key, &value) && ini_is_word(key)) || line.at[0] == '[') {
		ini_refuse(lines, " is indented and would continue the value above", line.at, line.len,
		           "remove the blanks before it");
		return false;
	}
	if (lines->skipping)
		return false;
	if (!lines->key[0]) {
		ini_refuse(lines, " is indented, and there is no key above that it could continue", line.at,
		           line.len, "write key = value, without blanks before it");
		return false;
	}
	ini_take_value(lines, line, true);
	return true;
}

/* Says what makes the bytes of a line unreadable; true when they are fine. */
static bool ini_bytes_are_fine(struct ini_lines *lines, struct ini_text line)
{
	size_t bad;

	if (line.len > INI_LINE_MAX) {
		ini_refuse(lines, "this line is longer than 1 MiB", NULL, 0,
		           "repeat the key, continue on indented lines, or use @file:PATH");
		return false;
	}
	bad = ini_find_bad_byte(line);
	if (bad == line.len)
		return true;
	if (!line.at[bad])
		ini_refuse(lines, "this line holds a NUL byte", NULL, 0, "write plain text");
	else
		ini_refuse(lines, " holds a control character or is no UTF-8", line.at + bad,
		           line.len - bad < 8 ? line.len - bad : 8, "write plain UTF-8 text");
	return false;
}

/* Reads the next physical line that means something into section or value; false at the end of the file. */
static bool ini_read_line(struct ini_lines *lines)
{
	struct ini_text line, content;

	while (ini_next_line(&lines->next, lines->end, &line)) {
		lines->line++;
		if (!ini_bytes_are_fine(lines, line))
			continue;
		content = ini_trim(line);
		if (!content.len || content.at[0] == ';' || content.at[0] == '#')
			continue;
		if (content.at != line.at) {
			if (ini_read_indented(lines, content))
				return true;
		} else if (content.at[0] == '[') {
			if (ini_read_section(lines, content))
				return true;
		} else if (ini_read_key(lines, content)) {
			return true;
		}
	}
	return false;
}

/* How much of the value fits into room bytes; a blank at the cut goes to the glue of the next piece. */
static size_t ini_cut_piece(struct ini_lines *lines, size_t room, size_t *skip)
{
	const char *rest = lines->value + lines->value_used;
	size_t len = lines->value_len - lines->value_used;

	*skip = 0;
	if (len <= room)
		return len;
	if (rest[room] == ' ' || rest[room - 1] == ' ')
		*skip = 1;
	return rest[room] == ' ' ? room : room - *skip;
}

static char *ini_write_piece(struct ini_lines *lines, char *str, size_t num)
{
	size_t key_len = strlen(lines->key), skip, len;

	len = ini_cut_piece(lines, num - key_len - 4, &skip);
	memcpy(str, lines->key, key_len);
	str[key_len] = '=';
	memcpy(str + key_len + 1, lines->value + lines->value_used, len);
	strcpy(str + key_len + 1 + len, "\n");
	lines->value_used += len + skip;
	lines->glue = skip ? ' ' : 0;
	return str;
}

/* The reader that inih calls: one short line into str, NULL at the end. */
static char *ini_reader_next(char *str, int num, void *stream)
{
	struct ini_lines *lines = stream;

	if (num < INI_NAME_MAX + 4 + PIECE_MIN) {
		diag_error(lines->diags, ini_loc(lines),
		           "the installed inih holds %d bytes of a line; install one with "
		           "INI_MAX_LINE of 200 or more",
		           num);
		return NULL;
	}
	if (!lines->has_value && !ini_read_line(lines))
		return NULL;
	if (lines->has_value)
		return ini_write_piece(lines, str, (size_t)num);
	strcpy(str, "[");
	strcat(str, lines->section);
	return strcat(str, "]\n");
}

/* The handler that inih calls: appends the piece, and passes the value on when it is whole. */
static int ini_handle(void *user, const char *section, const char *name, const char *value)
{
	struct ini_lines *lines = user;
	size_t len;

	if (!name || !value) /* some builds announce sections */
		return 1;
	if (strcmp(section, lines->section) || strcmp(name, lines->key))
		return 0;
	len = strlen(value);
	lines->joined = array_reserve(lines->joined, &lines->joined_cap, lines->joined_len + len + 2, 1);
	memcpy(lines->joined + lines->joined_len, value, len);
	lines->joined_len += len;
	if (lines->glue)
		lines->joined[lines->joined_len++] = lines->glue;
	if (lines->value_used < lines->value_len)
		return 1;
	lines->has_value = false;
	lines->joined[lines->joined_len] = '\0';
	/* a build of inih with options of its own could alter a value: better no policy than another one */
	if (lines->joined_len != lines->value_len || memcmp(lines->joined, lines->value, lines->value_len))
		return 0;
	lines->sink->value(lines->sink->data, lines->key, lines->joined, ini_loc(lines),
	                   lines->is_continuation);
	return 1;
}

void ini_lines_parse(const char *text, size_t len, struct source_map *sources, struct diag_list *diags,
                     const struct ini_sink *sink)
{
	static const char bom[] = "\xef\xbb\xbf";
	struct ini_lines lines = {
	        .next = text, .end = text + len, .sources = sources, .diags = diags, .sink = sink};

	if (len >= 3 && !memcmp(text, bom, 3))
		lines.next += 3;
	if (ini_parse_stream(ini_reader_next, &lines, ini_handle, &lines) != 0)
		diag_error(diags, source_loc(sources, 0),
		           "the installed inih did not return this file as it was "
		           "given; install the distribution's build of inih");
	free(lines.value);
	free(lines.joined);
}

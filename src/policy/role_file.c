// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From files to raw sections. The reader (ini_lines.c) delivers section lines and values one by one; here they find
 * their place: which section, which key, and whether a value adds to, overrides or contradicts what is there.
 */
#include "policy/role_file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/ini_lines.h"
#include "policy/key_unknown.h"
#include "policy/values.h"
#include "util/array.h"
#include "util/file.h"
#include "util/file_trust.h"
#include "util/text.h"

struct role_file {
	struct arena *arena;
	struct source_map *sources;
	struct diag_list *diags;
	bool trusted; /* only files that nobody else can write are read */
	struct raw_section *first, *last;
	struct raw_section *current; /* NULL: an unknown section, whose keys nobody can judge */
	unsigned file;               /* number of the file being read, from 1 */
	bool key_refused;            /* the key above was wrong: its indented lines need no message */
};

char *role_file_section_text(enum section_kind kind, const char *name, char *buf, size_t size)
{
	snprintf(buf, size, "[%s%s%s]", section_kind_words[kind], name ? " " : "", name ? name : "");
	return buf;
}

static bool same_name(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

struct raw_section *role_file_section(struct raw_section *sections, enum section_kind kind, const char *name)
{
	for (; sections; sections = sections->next)
		if (sections->kind == kind && same_name(sections->name, name))
			return sections;
	return NULL;
}

static unsigned line_of(const struct role_file *file, loc_t loc)
{
	unsigned line = 0;

	source_file(file->sources, loc, &line);
	return line;
}

static void report_unknown_section(struct role_file *file, const char *kind, loc_t loc)
{
	char quoted[TEXT_QUOTE_MAX];
	const char *near = nearest_word(kind, section_kind_words);

	text_quote(kind, strlen(kind), quoted, sizeof(quoted));
	if (near)
		diag_error(file->diags, loc, "%s is no section; did you mean [%s]?", quoted, near);
	else
		diag_error(
		        file->diags, loc,
		        "%s is no section; write [omfwd], [ports], [roles NAME], [rows] or [site_rule NAME]",
		        quoted);
}

/* Whether a section of that kind can have that name (NULL: none); reports it if not. */
static bool check_section_name(struct role_file *file, enum section_kind kind, const char *name, loc_t loc)
{
	char quoted[TEXT_QUOTE_MAX];

	if (!name && kind == SECTION_SITE_RULE)
		diag_error(file->diags, loc, "[site_rule] has no name; write [site_rule NAME]");
	else if (name && kind == SECTION_OMFWD)
		diag_error(file->diags, loc, "[omfwd] takes no name; write [omfwd] alone");
	else if (name && !value_is_name(name))
		diag_error(file->diags, loc,
		           "%s is no name; write letters, digits, '-' and '_', a letter first, at most %d",
		           text_quote(name, strlen(name), quoted, sizeof(quoted)), VALUE_NAME_MAX);
	else if (name && kind == SECTION_ROLES && !strcmp(name, "site"))
		diag_error(file->diags, loc,
		           "\"site\" stands for the site rules in counters and logs; choose another name");
	else
		return true;
	return false;
}

static struct raw_section *add_section(struct role_file *file, enum section_kind kind, const char *name,
                                       loc_t loc)
{
	struct raw_section *section = ARENA_NEW(file->arena, struct raw_section);

	section->kind = kind;
	section->name = name ? arena_strdup(file->arena, name) : NULL;
	section->loc = loc;
	if (file->last)
		file->last->next = section;
	else
		file->first = section;
	file->last = section;
	return section;
}

/* Opens a section: a new one, or one that an earlier file began. */
static void open_section(struct role_file *file, enum section_kind kind, const char *name, loc_t loc)
{
	struct raw_section *section = role_file_section(file->first, kind, name);
	char text[SECTION_TEXT_MAX];

	if (!section)
		section = add_section(file, kind, name, loc);
	else if (section->file == file->file)
		diag_error(file->diags, loc,
		           "%s stands twice in this file, first in line %u; put its keys there",
		           role_file_section_text(kind, name, text, sizeof(text)),
		           line_of(file, section->loc));
	if (section->file != file->file)
		section->loc = loc;
	section->file = file->file;
	file->current = section;
}

static void on_section(void *data, const char *text, loc_t loc)
{
	struct role_file *file = data;
	char kind_text[INI_NAME_MAX + 1];
	const char *blank = strchr(text, ' ');
	const char *name = blank ? blank + 1 : NULL;
	int kind;

	file->current = NULL;
	snprintf(kind_text, sizeof(kind_text), "%.*s", blank ? (int)(blank - text) : INI_NAME_MAX, text);
	if (value_parse_word(kind_text, section_kind_words, &kind) < 0) {
		report_unknown_section(file, kind_text, loc);
		return;
	}
	if (!check_section_name(file, (enum section_kind)kind, name, loc))
		return;
	if (kind == SECTION_ROLES && !name)
		name = DEFAULT_SECTION;
	open_section(file, (enum section_kind)kind, name, loc);
}

/* Whether one more value may be put to the key; forgets what it overrides. */
static bool make_room(struct role_file *file, int id, struct raw_key *key, loc_t loc, bool is_continuation)
{
	bool is_list = key_form(id) == KEY_MEMBERS || key_form(id) == KEY_PORTS;

	if (is_continuation && !is_list) {
		diag_error(file->diags, loc,
		           "%s takes one value, and this indented line would add to it; "
		           "write it on one line",
		           key_name(id));
		return false;
	}
	if (key->first && key->file == file->file && !is_list) {
		diag_error(file->diags, loc, "%s is set twice, first in line %u; keep one of them",
		           key_name(id), line_of(file, key->loc));
		return false;
	}
	if (key_form(id) != KEY_MEMBERS && key->file != file->file)
		key->first = key->last = NULL;
	return true;
}

static void add_value(struct role_file *file, struct raw_key *key, const char *text, loc_t loc)
{
	struct raw_value *value = ARENA_NEW(file->arena, struct raw_value);

	value->text = arena_strdup(file->arena, text);
	value->loc = loc;
	if (!key->first) {
		key->first = value;
		key->loc = loc;
	} else {
		key->last->next = value;
	}
	key->last = value;
	key->file = file->file;
}

static void on_value(void *data, const char *name, const char *value, loc_t loc, bool is_continuation)
{
	struct role_file *file = data;
	struct raw_key *key;
	int id;

	if (!file->current || (is_continuation && file->key_refused))
		return;
	id = key_find(file->current->kind, name);
	file->key_refused = id < 0;
	if (id < 0) {
		key_unknown_report(file->diags, loc, file->current->kind, name);
		return;
	}
	key = &file->current->keys[id];
	file->key_refused = !make_room(file, id, key, loc, is_continuation);
	if (!file->key_refused)
		add_value(file, key, value, loc);
}

static bool is_text(const char *name)
{
	int id = key_find(SECTION_SITE_RULE, name);

	return id >= 0 && key_form(id) == KEY_TEXT;
}

static void report_unreadable(struct role_file *file, int error, const char *why)
{
	loc_t loc = source_loc(file->sources, 0);

	if (error == -ENOENT)
		diag_error(file->diags, loc,
		           "there is no such file; create it, or name another with --config");
	else if (error == -EISDIR)
		diag_error(file->diags, loc, "this is a directory; name a file");
	else if (error == -EINVAL)
		diag_error(file->diags, loc, "this is a pipe or a device; name a file");
	else if (*why)
		diag_error(file->diags, loc, "%s", why);
	else
		diag_error(file->diags, loc,
		           "cannot be read: %s; make it readable (the service is the user omfwd)",
		           strerror(-error));
}

static void read_one(struct role_file *file, const char *path)
{
	const struct ini_sink sink = {
	        .section = on_section, .value = on_value, .is_text = is_text, .data = file};
	char *text, why[FILE_DISTRUST_MAX] = "";
	size_t len;
	int r;

	file->file++;
	file->current = NULL;
	file->key_refused = false;
	source_begin(file->sources, path);
	r = file->trusted ? file_read_trusted(path, &text, &len, why, sizeof(why))
	                  : file_read(path, &text, &len);
	if (r < 0) {
		report_unreadable(file, r, why);
		return;
	}
	ini_lines_parse(text, len, file->sources, file->diags, &sink);
	free(text);
}

static int is_drop_in(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 && !strcmp(entry->d_name + len - 5, ".conf");
}

/* By bytes, in every locale alike. */
static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void read_drop_ins(struct role_file *file, const char *path)
{
	char *dir = arena_printf(file->arena, "%s.d", path);
	struct dirent **names;
	int n = scandir(dir, &names, is_drop_in, compare_names);

	if (n < 0 && errno != ENOENT && errno != ENOTDIR) {
		int error = errno;

		source_begin(file->sources, dir);
		report_unreadable(file, -error, "");
	}
	for (int i = 0; i < n; i++) {
		read_one(file, arena_printf(file->arena, "%s/%s", dir, names[i]->d_name));
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

struct raw_section *role_file_read(const char *path, bool trusted, struct arena *arena,
                                   struct source_map *sources, struct diag_list *diags)
{
	struct role_file file = {.arena = arena, .sources = sources, .diags = diags, .trusted = trusted};

	read_one(&file, path);
	read_drop_ins(&file, path);
	return file.first;
}

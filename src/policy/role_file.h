/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The role file and its drop-ins as sections and values, still text: known sections, known keys, duplicates judged,
 * drop-ins merged. What the values mean is for later stages.
 */
#ifndef OMFWD_ROLE_FILE_H
#define OMFWD_ROLE_FILE_H

#include "policy/keys.h"

/* One physical line of a key. */
struct raw_value {
	struct raw_value *next;
	const char *text;
	loc_t loc;
};

struct raw_key {
	struct raw_value *first, *last; /* NULL: not set */
	loc_t loc;                      /* the first line that sets it */
	unsigned file;                  /* the last file that sets it, from 1 */
};

struct raw_section {
	struct raw_section *next;
	enum section_kind kind;
	const char *name; /* NULL: none; never for [roles], which is DEFAULT_SECTION */
	loc_t loc;
	unsigned file;
	struct raw_key keys[KEY_ID_MAX];
};

/*
 * Reads path and its drop-ins. Everything lives in the arena. Returns the sections in the order of the files; NULL if
 * there are none. trusted: only files that nobody else can write. What is wrong goes to diags.
 */
struct raw_section *role_file_read(const char *path, bool trusted, struct arena *arena,
                                   struct source_map *sources, struct diag_list *diags);

/* The section of that kind and name (NULL: without one), or NULL. */
struct raw_section *role_file_section(struct raw_section *sections, enum section_kind kind, const char *name);

/* Writes "[roles prod]"; returns buf. */
char *role_file_section_text(enum section_kind kind, const char *name, char *buf, size_t size);
#define SECTION_TEXT_MAX 64

#endif

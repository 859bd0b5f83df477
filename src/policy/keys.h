/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The grammar of the role file as one table: which keys a section may hold, how a value is parsed and where it goes,
 * what holds when the key is not set, and one sentence of help. Roles (in [roles]) and row ids (in [rows]) are keys
 * too; their names come from roles.h and port_tables.h.
 */
#ifndef OMFWD_KEYS_H
#define OMFWD_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/policy.h"

enum section_kind {
	SECTION_OMFWD,
	SECTION_PORTS,
	SECTION_ROLES,
	SECTION_ROWS,
	SECTION_SITE_RULE,
	SECTION_KIND_MAX,
};

/* "omfwd", "ports" ...; ends with NULL at SECTION_KIND_MAX. */
extern const char *const section_kind_words[];

enum key_form {
	KEY_SCALAR,  /* one value; a later file overrides it */
	KEY_TEXT,    /* the same, but free text: '#' begins no comment */
	KEY_MEMBERS, /* a list of members; grows wherever it is repeated */
	KEY_PORTS,   /* a list of ports; grows within a file, a later file replaces it */
};

struct key {
	enum section_kind section;
	const char *name;
	enum key_form form;
	const char *const *words;                  /* the value is one of these, into an enum at offset */
	int (*parse)(const char *text, void *ret); /* else this parses it */
	size_t offset;                             /* in struct settings, section or site_rule */
	const char *default_text;                  /* NULL: nothing, or as in [omfwd] */
	const char *default_2016;                  /* in table 2016, if it differs */
	const char *right;                         /* what a right value looks like, after "write " */
	const char *help;
};

#define KEY_COUNT 41
extern const struct key keys[KEY_COUNT];

/* Every key has a number: first the table above, then the roles, then the rows. */
#define KEY_ROLE_BASE KEY_COUNT
#define KEY_ROW_BASE  (KEY_ROLE_BASE + ROLE_MAX)
#define KEY_ID_MAX    (KEY_ROW_BASE + ROW_COUNT)

/* The number of a key of such a section, or -1. Role aliases are found. */
int key_find(enum section_kind section, const char *name);

/* The full name of a key by its number. */
const char *key_name(int id);
enum key_form key_form(int id);

/* The number of the key that a port has in [ports]. */
int key_of_port(enum port_key port);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The grammar of the command line as data: which commands there are and which options go with them. */
#ifndef OMFWD_OPTION_TABLE_H
#define OMFWD_OPTION_TABLE_H

#include "cmd/options.h"

#ifndef SYSCONFDIR
#define SYSCONFDIR "/etc"
#endif

#define DEFAULT_CONFIG    SYSCONFDIR "/omfwd/omfwd.conf"
#define DEFAULT_RUN_DIR   "/run/omfwd"
#define DEFAULT_STATE_DIR "/var/lib/omfwd"

struct command_spec {
	const char *name;     /* NULL: the command has no word of its own */
	const char *synopsis; /* what follows "omfwd " */
	const char *help;
	unsigned min_args, max_args;
	const char *const *formats; /* the words of --format, the default first; NULL: it has none */
};

extern const struct command_spec command_specs[COMMAND_MAX];

enum value_kind {
	VALUE_NONE,     /* bool: the option stands alone */
	VALUE_TEXT,     /* const char * */
	VALUE_WORD,     /* const char *, one of words */
	VALUE_LIST,     /* struct word_list; commas separate, repeating appends */
	VALUE_DURATION, /* uint64_t seconds */
	VALUE_PHASE,    /* enum wanted_phase */
};

struct option_spec {
	const char *name;
	const char *value; /* what the help calls it; NULL for VALUE_NONE */
	const char *help;
	enum value_kind kind;
	size_t offset;            /* in struct options */
	unsigned commands;        /* COMMAND_BIT()s it may stand with */
	const char *const *words; /* VALUE_WORD and VALUE_PHASE: ends with NULL */
};

#define COMMAND_BIT(command) (1u << (command))
#define OPTION_COUNT         19

extern const struct option_spec option_specs[OPTION_COUNT];

#endif

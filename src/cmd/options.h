/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line as a struct. Options and commands are tables in options.c: parsing, --help and the messages about
 * misspelt words come from them. Options may stand before or after the command, as --option VALUE or --option=VALUE.
 */
#ifndef OMFWD_OPTIONS_H
#define OMFWD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "agent/windows.h"

enum command {
	COMMAND_NONE,  /* --help, --version */
	COMMAND_PHASE, /* no word: `omfwd --phase P` */
	COMMAND_AGENT,
	COMMAND_CHECK,
	COMMAND_SHOW,
	COMMAND_DIFF,
	COMMAND_STATUS,
	COMMAND_EXPLAIN,
	COMMAND_DENIED,
	COMMAND_VERIFY_SCRIPT,
	COMMAND_RELOAD,
	COMMAND_CONFIRM,
	COMMAND_METRICS,
	COMMAND_REPORT,
	COMMAND_PROVE,
	COMMAND_REMOVE,
	COMMAND_MAX
};

/* A list that grows as the option is repeated. */
struct word_list {
	const char **items;
	size_t n, cap;
};

struct options {
	enum command command;
	bool help, version;
	const char *config, *run_dir, *state_dir; /* never NULL after parsing */
	bool run_dir_named;                       /* on the command line */
	bool json;
	bool system; /* check: the machine too */
	enum wanted_phase phase;
	uint64_t for_seconds, confirm_seconds; /* 0: not given */
	uint64_t since_seconds;                /* likewise */
	bool follow, suggest;
	struct word_list sections, rows;
	const char *reason, *ticket; /* NULL: not given */
	const char *format;          /* likewise; one of the command's words */
	const char *output;          /* likewise */
	struct word_list args;       /* what is neither option nor command: FILE; SRC DST PROTO/PORT */
	struct word_list owned;      /* texts that had to be copied */
};

/*
 * Parses argv. Returns 0, or -EINVAL with a sentence in error ("what is wrong; what would be right"). The strings
 * belong to argv, the environment or *ret: release with options_free(), also after an error.
 */
int options_parse(int argc, char *const argv[], struct options *ret, char *error, size_t size);
void options_free(struct options *options);

/* The command's word ("status", "--phase"). */
const char *command_name(enum command command);

/* Help for one command, or for all with COMMAND_NONE. */
void options_print_help(enum command command, FILE *out);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What omfwd-docs writes: texts that repeat the tables of the program, and are therefore not written by hand. */
#ifndef OMFWD_DOCS_H
#define OMFWD_DOCS_H

#include <stdio.h>

#include "cmd/option_table.h"

/* omfwd-port-tables(7): every row of both documents. */
void docs_print_man(FILE *out);

/* Completion for the three shells. */
void docs_print_bash(FILE *out);
void docs_print_zsh(FILE *out);
void docs_print_fish(FILE *out);

/* row_notes.c: what is to be said about a row beyond its lines, or NULL. */
const char *row_note(const char *id);

/* completion.c: what may stand where a text is wanted. */
enum completion {
	COMPLETE_NOTHING,
	COMPLETE_WORDS, /* of the option */
	COMPLETE_FILES,
	COMPLETE_DIRECTORIES,
	COMPLETE_TIMES,
	COMPLETE_SECTIONS, /* of the role file */
	COMPLETE_ROWS,
	COMPLETE_ROLES,
	COMPLETE_PROTOCOLS,
};

/* Times that are worth offering, blanks between them. */
#define COMPLETION_TIMES     "30m 1h 2h 4h 8h"
#define COMPLETION_PROTOCOLS "tcp/ udp/ icmp"

/* Of the value of an option. */
enum completion completion_of_option(const struct option_spec *option);
/* Of an argument of a command, from 0; COMPLETE_NOTHING past the end. */
enum completion completion_of_argument(enum command command, unsigned index);

/* The words of an option where it stands with a command; COMMAND_NONE: all of them. */
const char *const *completion_words_of(const struct option_spec *option, enum command command);

/* All words of a list, with blanks between them. */
void completion_print_words(const char *const *words, FILE *out);
void completion_print_rows(FILE *out);
void completion_print_roles(FILE *out);

/* A help text as it may stand between single quotes of any of the shells, up to its first semicolon. */
void completion_print_help(const char *help, FILE *out);

/* Whether an option goes with a command; what goes with all of them goes with none too. */
bool completion_goes_with(const struct option_spec *option, enum command command);

#endif

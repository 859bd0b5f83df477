/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A remedy while it is being written, and its parts. Internal to explain_remedy.c. */
#ifndef OMFWD_EXPLAIN_ADVICE_H
#define OMFWD_EXPLAIN_ADVICE_H

#include "words/explain_text.h"

/* The texts of struct remedy, open for writing. */
struct advice {
	const struct explained *about;
	FILE *sentence, *lines, *commands;
	loc_t near;
};

/* "[roles prod]"; plain "[roles]" is how the section default is written. */
void advice_print_heading(const char *kind, const struct section *section, FILE *out);

/*
 * One key of the role file: the sentence names it, the lines hold it. Sentences of several keys join with "and". near:
 * where the key or what it overrides stands, 0 for the section itself. Every kind of section once: a file may not have
 * it twice.
 */
void advice_add_key(struct advice *advice, const char *kind, const struct section *section, const char *key,
                    loc_t near);

/* The command that puts the lines into force. */
void advice_add_reload(struct advice *advice);

/* After the lines are there: what is of the install phase still needs its window. section is NULL for a site rule. */
void advice_add_window(struct advice *advice, enum line_phase phase, const struct section *section,
                       const char *row);

/* Multicast, link-local and the like cannot be members, whatever one writes: true, and the sentence says so. */
bool advice_refuses(struct advice *advice, const struct addr *addr);

/* A site rule for exactly this packet; the sentence says when it is the thing to do. Reason: what the rule is for. */
void advice_add_rule(struct advice *advice, const char *sentence, enum line_phase phase, const char *reason);

#endif

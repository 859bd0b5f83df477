/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The difference of two policies in words: what changes, what that opens, what it closes, and what is cut. One sentence
 * for all services between the same two groups of addresses. Gathered as JSON, of which the text is the sentences.
 */
#ifndef OMFWD_DIFF_H
#define OMFWD_DIFF_H

#include <jansson.h>
#include <stdio.h>

#include "policy/opening_diff.h"

struct diff_side {
	const char *name; /* for people: a path, "the kernel" */
	const struct openings *openings;
	const struct policy *policy; /* NULL: it was not read from a role file */
};

/*
 * {"before", "after", "same": bool, "same_for_packets": bool, "changes": [...], "opens": [...], "closes": [...], "stays_open_by_row": [...], "stays_open_without_row": [...]}; every
 * item of the lists has a "sentence". "same" is about settings and names too.
 */
json_t *diff_to_json(const struct diff_side *before, const struct diff_side *after,
                     const struct opening_diff *diff);

/* The sentences of such an object, and of the lists "strange" and "cut" if it has them; long lists are cut short. */
void diff_print(const json_t *diff, FILE *out);

/* diff_changes.c: what stands behind the difference: settings, sections, site rules, rows, ports, members. */
json_t *diff_changes(const struct diff_side *before, const struct diff_side *after);

/* diff_members.c: who becomes a member of what, and who is no longer. */
void diff_say_members(const struct diff_side *before, const struct diff_side *after, json_t *list);

/* Appends {"what": what, "sentence": ...} to a list. */
void diff_say(json_t *list, const char *what, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* "10.20.1.11, 10.20.1.12" or "3 hosts"; free() it. */
char *diff_members(const struct addr_set *addrs);

#endif

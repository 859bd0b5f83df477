/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the explanation of a packet and the list of lines between two ends have in common. Internal to explain_*.c. */
#ifndef OMFWD_EXPLAIN_PARTS_H
#define OMFWD_EXPLAIN_PARTS_H

#include "words/explain_text.h"

/* "  label        ", the column on the left. */
void explain_print_label(const char *label, FILE *out);

/* "  source  ROLE in SECTION (FILE:LINE)", one line each, and the same of the destination. */
void explain_print_ends(const struct explained *about, FILE *out);

/* "  answered by  the running agent (FILE)" */
void explain_print_source(const struct explained *about, FILE *out);

/* An end: "address", "roles". */
json_t *explain_end_json(const struct policy *policy, const struct addr *addr, const struct held_role *held,
                         size_t n);

/* A line with its rows, or its site rule; null for NULL. */
json_t *explain_line_json(const struct policy *policy, const struct line *line);

/* Sets "source", "destination", "path", "answered_by" and "file". */
void explain_ends_set(const struct explained *about, json_t *json);

/*
 * Answers a question without protocol: all lines between the two ends, in either direction, as text and as fields of
 * the reply, and its code: whether anything may pass from src to dst now.
 */
void explain_pair_answer(const struct explained *about, const struct lines *lines, gate_is_open_fn now_open,
                         void *data, json_t *reply);

#endif

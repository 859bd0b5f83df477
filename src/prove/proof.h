/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A proof for people and for programs. Pure. */
#ifndef OMFWD_PROOF_H
#define OMFWD_PROOF_H

#include <jansson.h>
#include <stdio.h>

#include "prove/tally.h"

/* Everything that is told about one proof. */
struct proof {
	const struct plan *plan;
	const struct run_result *result;
	const struct tally *tally;
	bool was_audit; /* the file says mode = audit, and was proved as with enforce */
};

/* Spelled out of each row; the others are counted. */
#define DIFFERENCES_SHOWN 10

/* The table of rows, what differs, and a line that sums it up. */
void proof_print(const struct proof *proof, FILE *out);

/* The same as JSON: "code", "file", "rows", "differences", "totals", "notes". A new object. */
json_t *proof_to_json(const struct proof *proof);

/* CODE_DONE, or CODE_NO when anything differs. */
enum exit_code proof_code(const struct proof *proof);

/* What must be known to read the numbers: sampling, a mode that was not taken, what cannot be seen. */
size_t proof_notes(const struct proof *proof, const char **ret, size_t max);
#define PROOF_NOTES_MAX 8

/* "prod cur-16 windows_agent 10.0.0.1 -> 10.0.0.2 tcp/5723, run phase: let through, must be shut"; returns buf. */
char *proof_difference(const struct proof *proof, const struct difference *difference, char *buf,
                       size_t size);
#define PROOF_DIFFERENCE_MAX 512

#endif

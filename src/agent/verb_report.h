/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verb "report", see verbs.h. */
#ifndef OMFWD_VERB_REPORT_H
#define OMFWD_VERB_REPORT_H

#include "agent/engine.h"

/*
 * Adds "report" to the reply: everything an auditor asks about, in one object. What status and show say is taken from
 * them as it is; beside it stand
 *
 *   "generated" (epoch seconds), "host", "kernel", "omfwd", "hash" of the nft table's model, "source" of the policy
 *   ("file", "last_good", "kernel")
 *   in every role: "n_members"; "members" are the first 20
 *   in every row: "status" (open, install, off, unassigned, setting, port_off), "why" if it is not open; "packets",
 *   "bytes" and "last_packet" if it has a counter; "counted_with" other rows
 *   in every site rule: "packets", "bytes", "last_packet"
 *   "denied" as the verb of that name answers
 *   "windows_past" and "events": from the history, the latest first
 */
void verb_report_answer(struct engine *engine, const json_t *request, const struct origin *origin,
                        json_t *reply);

#endif

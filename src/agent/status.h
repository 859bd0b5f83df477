/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is enforced right now: gathered as JSON by status.c, written for people by status_text.c. */
#ifndef OMFWD_STATUS_H
#define OMFWD_STATUS_H

#include <stdio.h>

#include "agent/engine.h"

/*
 * Fills a reply with the state of engine and kernel. Its code: CODE_DONE in step, CODE_NO drifted, degraded or removed,
 * CODE_UNAVAILABLE when neither agent nor table is there.
 */
void status_report(struct engine *engine, json_t *reply);

/* status_troubles.c: the last error, a policy on trial, and everything that is degraded. */
void status_troubles_report(const struct engine *engine, json_t *reply);
void status_troubles_print(const json_t *reply, FILE *out);

/* status_flowtables.c: flowtables of other tables and what was cut because of them; nothing where there are none. */
void status_flowtables_report(const struct engine *engine, json_t *reply);
void status_flowtables_print(const json_t *reply, FILE *out);

/* status_drift.c: "drift", what others did to the nft table, in the reply of an agent; and its lines for people. */
void status_drift_report(struct engine *engine, json_t *reply);
void status_drift_print(const json_t *reply, FILE *out);

/* The text of a filled reply; free() it. now is for the time left. */
char *status_text(const json_t *reply, time_t now);

#endif

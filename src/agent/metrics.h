/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `omfwd metrics` answers, and what the agent writes to metrics_file. */
#ifndef OMFWD_METRICS_H
#define OMFWD_METRICS_H

#include "agent/engine.h"

/*
 * Fills a reply with everything that status says and what only metrics need: version, hash of the table, members of the
 * roles, moments of the last load. Its text is Prometheus' format. CODE_DONE whenever it could be told, whatever it says.
 */
void metrics_report(struct engine *engine, json_t *reply);

/* Makes the text of a filled reply anew. */
void metrics_say(json_t *reply);

#endif

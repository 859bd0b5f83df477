/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of omfwd in Prometheus' text format, for node_exporter's textfile collector. */
#ifndef OMFWD_METRICS_TEXT_H
#define OMFWD_METRICS_TEXT_H

#include <jansson.h>
#include <stdio.h>
#include <time.h>

/*
 * Writes every metric that the facts hold: the reply of the verb "metrics" (agent/metrics.h). What is missing there is
 * left out. now is for the time that windows have left.
 */
void metrics_print(const json_t *facts, time_t now, FILE *out);

/* The name of the metric of an index, NULL past the end: for tests and documentation. */
const char *metrics_name_at(size_t index);

#endif

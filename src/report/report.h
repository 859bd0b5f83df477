/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Renders the report that the verb of this name has gathered (agent/verb_report.h). All of it is pure: the JSON is all
 * there is, and times are shown in the local time zone.
 */
#ifndef OMFWD_REPORT_H
#define OMFWD_REPORT_H

#include <jansson.h>
#include <stdio.h>

/* One file that needs no other: no script, no link, printable. */
void report_print_html(const json_t *report, FILE *out);

/* RFC 4180, a head line, then one line for each row and what it opens, and for each site rule. */
void report_print_csv(const json_t *report, FILE *out);

#endif

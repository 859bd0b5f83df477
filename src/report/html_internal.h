/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the page, in its order. */
#ifndef OMFWD_HTML_INTERNAL_H
#define OMFWD_HTML_INTERNAL_H

#include <jansson.h>
#include <stdio.h>

extern const char html_style[];

/* What is enforced where, by which file; and what is not as it should be. */
void html_print_header(const json_t *report, FILE *out);

/* One section: its picture, its roles, its rows. */
void html_print_section(const json_t *report, const json_t *section, size_t index, FILE *out);

void html_print_site_rules(const json_t *report, FILE *out);
void html_print_windows(const json_t *report, FILE *out);
void html_print_denials(const json_t *report, FILE *out);
void html_print_events(const json_t *report, FILE *out);

#endif

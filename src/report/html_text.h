/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pieces of HTML. Every text goes through html_put(), whoever wrote it. */
#ifndef OMFWD_HTML_TEXT_H
#define OMFWD_HTML_TEXT_H

#include <jansson.h>
#include <stdio.h>

/* Text, for elements and for attributes in double quotes. */
void html_put(const char *text, FILE *out);

/* A name of ours, which may be broken after each underscore. */
void html_put_name(const char *name, FILE *out);

/* A cell of text; "" makes an empty one. */
void html_cell(const char *text, FILE *out);
void html_cell_name(const char *name, FILE *out);

/* A cell with a number in groups of three, on the right; empty if it is no number. */
void html_cell_number(const json_t *number, FILE *out);

/* A cell with a moment, and one with when a counter's last packet was seen. */
void html_cell_time(const json_t *when, FILE *out);
void html_cell_last(const json_t *last_packet, FILE *out);

/* Begins a table: its caption, and the heads of its columns, NULL at the end; those that begin with '#' are numbers. */
void html_table_begin(const char *caption, const char *const *heads, FILE *out);
void html_table_end(FILE *out);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The picture of a section: roles are nodes, and what one may open to another is an edge with the rows that say so.
 * graph.c makes it of the report, graph_layout.c gives everything its place, graph_svg.c draws it.
 */
#ifndef OMFWD_GRAPH_H
#define OMFWD_GRAPH_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum graph_kind { GRAPH_ALWAYS, GRAPH_INSTALL, GRAPH_SITE, GRAPH_KIND_MAX };

#define GRAPH_COLUMNS 4 /* who opens, gateways between, management servers, what they need */

struct graph_node {
	char *name;
	long long members;
	bool server, outside; /* outside: an end of a site rule that is no role of the section */
	int column;
	double y, height;
};

#define GRAPH_LABEL_LINES 8
#define GRAPH_LABEL_CHARS 120

struct graph_edge {
	size_t from, to; /* nodes */
	enum graph_kind kind;
	json_t *rows, *ports; /* ids; {"tcp": ["5723"]} */
	char label[GRAPH_LABEL_LINES][GRAPH_LABEL_CHARS];
	int n_bold, n_lines; /* of the label: the rows, all */
	double left[GRAPH_COLUMNS],
	        right[GRAPH_COLUMNS]; /* where it meets each column's sides; see graph_span() */
};

struct graph {
	struct graph_node *nodes;
	size_t n_nodes, cap_nodes;
	struct graph_edge *edges;
	size_t n_edges, cap_edges;
	int n_columns;
	double width, height;
};

/* The graph of a section and of the site rules that touch it; without a place yet. */
void graph_make(const json_t *section, const json_t *site_rules, struct graph *ret);
void graph_clear(struct graph *graph);

/* The columns an edge goes between, left and right, and whether its arrow points to the left. */
struct graph_span {
	int left, right;
	size_t left_node, right_node;
	bool backwards;
};
struct graph_span graph_span(const struct graph *graph, const struct graph_edge *edge);

/* Measures; all in the units of the picture. */
#define GRAPH_NODE_WIDTH  140.0
#define GRAPH_LABEL_WIDTH 158.0 /* straight on, beside the node on the left */
#define GRAPH_CURVE_WIDTH 70.0
#define GRAPH_COLUMN_STEP (GRAPH_NODE_WIDTH + GRAPH_LABEL_WIDTH + GRAPH_CURVE_WIDTH)
#define GRAPH_LINE        11.0 /* of a label */
#define GRAPH_NAME_LINE   14.0
#define GRAPH_NAME_CHARS  17 /* what fits into a node */

/* Puts the label of an edge into lines. */
void graph_label(struct graph_edge *edge);

void graph_layout(struct graph *graph);

/* The name of a node in lines that fit, broken after underscores, cut if need be; returns how many. */
#define GRAPH_NAME_LINES 4
int graph_name_lines(const char *name, char lines[GRAPH_NAME_LINES][GRAPH_LABEL_CHARS]);

/* As an SVG element with this title. */
void graph_print_svg(const struct graph *graph, const char *title, const char *id, FILE *out);

#endif

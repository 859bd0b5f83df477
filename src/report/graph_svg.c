// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Draws the graph. Colours and dashes belong to the page's style sheet, by the class of each piece; what a colour says a
 * dash says too.
 */
#include "report/graph.h"

#include <stdlib.h>
#include <string.h>

#include "report/html_text.h"
#include "report/report_json.h"

#define MARGIN     6.0
#define ARROW      7.0
#define LABEL_LEFT 12.0 /* behind the arrow head */
#define LOOP_BULGE 34.0

static const char *const kind_classes[GRAPH_KIND_MAX] = {
        [GRAPH_ALWAYS] = "always",
        [GRAPH_INSTALL] = "install",
        [GRAPH_SITE] = "site",
};

static const char *const kind_words[GRAPH_KIND_MAX] = {
        [GRAPH_ALWAYS] = "always",
        [GRAPH_INSTALL] = "while installing",
        [GRAPH_SITE] = "by a site rule, not in the documents",
};

static double column_left(int column)
{
	return column * GRAPH_COLUMN_STEP;
}

static void put_edge_title(const struct graph *graph, const struct graph_edge *edge, FILE *out)
{
	fputs("<title>", out);
	html_put(graph->nodes[edge->from].name, out);
	fputs(" to ", out);
	html_put(graph->nodes[edge->to].name, out);
	fprintf(out, ", %s:", kind_words[edge->kind]);
	for (int i = 0; i < edge->n_lines; i++) {
		fputc(' ', out);
		html_put(edge->label[i], out);
	}
	fputs("</title>", out);
}

static void put_label(const struct graph_edge *edge, double x, double y, FILE *out)
{
	for (int i = 0; i < edge->n_lines; i++) {
		fprintf(out, "<text class=\"label%s\" x=\"%.1f\" y=\"%.1f\">", i < edge->n_bold ? " row" : "",
		        x, y - 3 - (edge->n_lines - 1 - i) * GRAPH_LINE);
		html_put(edge->label[i], out);
		fputs("</text>", out);
	}
}

/* The tip at x, y, pointing right (1) or left (-1). */
static void put_arrow(double x, double y, int direction, FILE *out)
{
	fprintf(out, "<path class=\"head\" d=\"M%.1f %.1fl%.1f -3.5v7z\"/>", x, y, -direction * ARROW);
}

/* From the right side of a column over the lane of the label to the left side of the next. */
static void put_step(const struct graph_edge *edge, int column, FILE *out)
{
	double bend = column_left(column) + GRAPH_NODE_WIDTH + GRAPH_LABEL_WIDTH;
	double end = column_left(column + 1), middle = (bend + end) / 2;

	fprintf(out, "H%.1fC%.1f %.1f %.1f %.1f %.1f %.1f", bend, middle, edge->right[column], middle,
	        edge->left[column + 1], end, edge->left[column + 1]);
}

static void put_between(const struct graph_edge *edge, const struct graph_span *span, FILE *out)
{
	double start = column_left(span->left) + GRAPH_NODE_WIDTH, y = edge->right[span->left];

	fprintf(out, "<path class=\"line\" d=\"M%.1f %.1f", start, y);
	for (int column = span->left; column < span->right; column++)
		put_step(edge, column, out);
	fputs("\"/>", out);
	if (span->backwards)
		put_arrow(start, y, -1, out);
	else
		put_arrow(column_left(span->right), edge->left[span->right], 1, out);
	put_label(edge, start + LABEL_LEFT, y, out);
}

/* Within a column: out to the right, and back. */
static void put_loop(const struct graph_edge *edge, const struct graph_span *span, FILE *out)
{
	double start = column_left(span->left) + GRAPH_NODE_WIDTH, bend = start + GRAPH_LABEL_WIDTH;
	double from = edge->right[span->left], to = edge->left[span->left];

	fprintf(out, "<path class=\"line\" d=\"M%.1f %.1fH%.1fC%.1f %.1f %.1f %.1f %.1f %.1fH%.1f\"/>", start,
	        from, bend, bend + LOOP_BULGE, from, bend + LOOP_BULGE, to, bend, to, start);
	put_arrow(start, to, -1, out);
	put_label(edge, start + LABEL_LEFT, from, out);
}

static void put_edge(const struct graph *graph, const struct graph_edge *edge, FILE *out)
{
	struct graph_span span = graph_span(graph, edge);

	if (edge->from == edge->to)
		return;
	fprintf(out, "<g class=\"edge %s\">", kind_classes[edge->kind]);
	put_edge_title(graph, edge, out);
	if (span.left == span.right)
		put_loop(edge, &span, out);
	else
		put_between(edge, &span, out);
	fputs("</g>\n", out);
}

/* What members of a role may open to one another stands inside it. */
static double put_own_edges(const struct graph *graph, size_t index, double x, double y, FILE *out)
{
	for (size_t i = 0; i < graph->n_edges; i++) {
		const struct graph_edge *edge = &graph->edges[i];

		if (edge->from != index || edge->to != index)
			continue;
		fprintf(out, "<g class=\"edge own %s\">", kind_classes[edge->kind]);
		put_edge_title(graph, edge, out);
		y += edge->n_lines * GRAPH_LINE + 8;
		put_label(edge, x, y, out);
		fputs("</g>", out);
	}
	return y;
}

static double own_height(const struct graph *graph, size_t index)
{
	double height = 0;

	for (size_t i = 0; i < graph->n_edges; i++)
		if (graph->edges[i].from == index && graph->edges[i].to == index)
			height += graph->edges[i].n_lines * GRAPH_LINE + 8;
	return height;
}

static void put_node(const struct graph *graph, size_t index, FILE *out)
{
	const struct graph_node *node = &graph->nodes[index];
	double x = column_left(node->column), middle = x + GRAPH_NODE_WIDTH / 2, y;
	char lines[GRAPH_NAME_LINES][GRAPH_LABEL_CHARS];
	int n = graph_name_lines(node->name, lines);

	fprintf(out,
	        "<g class=\"node%s%s\"><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"6\"/>",
	        node->server ? " server" : "", node->outside ? " outside" : "", x, node->y, GRAPH_NODE_WIDTH,
	        node->height);
	y = node->y + (node->height - (n + 1) * GRAPH_NAME_LINE - own_height(graph, index)) / 2;
	for (int i = 0; i < n; i++) {
		y += GRAPH_NAME_LINE;
		fprintf(out, "<text class=\"name\" x=\"%.1f\" y=\"%.1f\">", middle, y - 3);
		html_put(lines[i], out);
		fputs("</text>", out);
	}
	y += GRAPH_NAME_LINE;
	fprintf(out, "<text class=\"count\" x=\"%.1f\" y=\"%.1f\">%lld member%s</text>", middle, y - 3,
	        node->members, node->members == 1 ? "" : "s");
	put_own_edges(graph, index, middle, y, out);
	fputs("</g>\n", out);
}

void graph_print_svg(const struct graph *graph, const char *title, const char *id, FILE *out)
{
	fprintf(out,
	        "<svg role=\"img\" aria-labelledby=\"%s\" viewBox=\"%.0f %.0f %.0f %.0f\" width=\"%.0f\" "
	        "height=\"%.0f\">\n<title id=\"%s\">",
	        id, -MARGIN, -MARGIN, graph->width + 2 * MARGIN, graph->height + 2 * MARGIN,
	        graph->width + 2 * MARGIN, graph->height + 2 * MARGIN, id);
	html_put(title, out);
	fputs("</title>\n", out);
	for (size_t i = 0; i < graph->n_edges; i++)
		put_edge(graph, &graph->edges[i], out);
	for (size_t i = 0; i < graph->n_nodes; i++)
		put_node(graph, i, out);
	fputs("</svg>\n", out);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Columns of nodes, and between them edges, each with a lane of its own on either side of every column it meets: so no
 * label can lie on another, by construction. The label stands on the lane to the right of the column where its edge begins,
 * before anything bends. An edge that passes a column without ending there takes a lane between the nodes. What a column
 * is ordered by is the middle of what its items are connected to on the left; a few rounds of that settle.
 */
#include "report/graph.h"

#include <stdlib.h>
#include <string.h>

#include "util/array.h"

#define ROUNDS       8
#define ITEM_GAP     14.0
#define LANE_PLAIN   13.0 /* a lane without a label */
#define LANE_MARGIN  9.0  /* above a label */
#define NODE_PADDING 8.0
#define PASSING      16.0 /* the height of an edge between nodes */

/* What stands in a column: a node, or an edge that passes. */
struct item {
	bool passes;
	size_t index;
	double y, height, wish;
};

struct column {
	struct item *items;
	size_t n, cap;
};

struct layout {
	struct graph *graph;
	struct column columns[GRAPH_COLUMNS];
	size_t *lanes; /* room for every edge, to be sorted */
	int pass;      /* the column being worked on, for comparisons */
};

static bool is_self(const struct graph_edge *edge)
{
	return edge->from == edge->to;
}

/* Heights */

static double label_height(const struct graph_edge *edge)
{
	return edge->n_lines * GRAPH_LINE + LANE_MARGIN;
}

static bool meets_right_side(const struct graph *graph, const struct graph_edge *edge, size_t node)
{
	struct graph_span span = graph_span(graph, edge);

	return !is_self(edge) &&
	       (span.left_node == node || (span.left == span.right && span.right_node == node));
}

static bool meets_left_side(const struct graph *graph, const struct graph_edge *edge, size_t node)
{
	struct graph_span span = graph_span(graph, edge);

	return span.left < span.right && span.right_node == node;
}

static double node_text_height(const struct graph *graph, size_t index)
{
	char lines[GRAPH_NAME_LINES][GRAPH_LABEL_CHARS];
	double height = (graph_name_lines(graph->nodes[index].name, lines) + 1) * GRAPH_NAME_LINE;

	for (size_t i = 0; i < graph->n_edges; i++)
		if (is_self(&graph->edges[i]) && graph->edges[i].from == index)
			height += label_height(&graph->edges[i]);
	return height;
}

static void measure_node(struct graph *graph, size_t index)
{
	double right = 0, left = 0, height = node_text_height(graph, index);

	for (size_t i = 0; i < graph->n_edges; i++) {
		if (meets_right_side(graph, &graph->edges[i], index))
			right += label_height(&graph->edges[i]);
		if (meets_left_side(graph, &graph->edges[i], index))
			left += LANE_PLAIN;
	}
	if (right > height)
		height = right;
	if (left > height)
		height = left;
	graph->nodes[index].height = height + 2 * NODE_PADDING;
}

/* Columns */

static void add_item(struct layout *layout, int column, const struct item *item)
{
	struct column *to = &layout->columns[column];

	*ARRAY_PUSH(to->items, to->n, to->cap) = *item;
}

static void fill_columns(struct layout *layout)
{
	const struct graph *graph = layout->graph;

	for (size_t i = 0; i < graph->n_nodes; i++)
		add_item(layout, graph->nodes[i].column,
		         &(struct item){.index = i, .height = graph->nodes[i].height});
	for (size_t i = 0; i < graph->n_edges; i++) {
		struct graph_span span = graph_span(graph, &graph->edges[i]);

		for (int column = span.left + 1; column < span.right; column++)
			add_item(layout, column,
			         &(struct item){.passes = true, .index = i, .height = PASSING});
	}
}

static double column_height(const struct column *column)
{
	double height = 0;

	for (size_t i = 0; i < column->n; i++)
		height += column->items[i].height + (i ? ITEM_GAP : 0);
	return height;
}

/* Where an item would like its middle to be: beside what it is connected to on the left. */
static double wish_of(const struct graph *graph, const struct item *item, int column)
{
	double sum = 0;
	size_t n = 0;

	if (item->passes)
		return graph->edges[item->index].right[column - 1];
	for (size_t i = 0; i < graph->n_edges; i++)
		if (meets_left_side(graph, &graph->edges[i], item->index)) {
			sum += graph->edges[i].right[column - 1];
			n++;
		}
	return n ? sum / (double)n : -1;
}

static int compare_wishes(const void *a, const void *b)
{
	const struct item *left = a, *right = b;

	return (left->wish > right->wish) - (left->wish < right->wish);
}

/* Downwards each as near to its wish as the one above allows, then upwards until all are inside. */
static void place_items(struct column *column, double height)
{
	double limit = 0;

	for (size_t i = 0; i < column->n; i++) {
		struct item *item = &column->items[i];
		double y = item->wish - item->height / 2;

		item->y = y > limit ? y : limit;
		limit = item->y + item->height + ITEM_GAP;
	}
	limit = height;
	for (size_t i = column->n; i-- > 0;) {
		struct item *item = &column->items[i];

		if (item->y + item->height > limit)
			item->y = limit - item->height;
		limit = item->y - ITEM_GAP;
	}
}

static void take_places(struct layout *layout, int index)
{
	struct graph *graph = layout->graph;
	struct column *column = &layout->columns[index];

	for (size_t i = 0; i < column->n; i++) {
		struct item *item = &column->items[i];

		if (item->passes)
			graph->edges[item->index].left[index] = graph->edges[item->index].right[index] =
			        item->y + item->height / 2;
		else
			graph->nodes[item->index].y = item->y;
	}
}

/* Lanes at the sides of a node, in the order of where they lead. */

static struct layout *sorting; /* qsort() hands nothing on */

static double far_end(const struct graph_edge *edge, bool right_side)
{
	const struct graph *graph = sorting->graph;
	struct graph_span span = graph_span(graph, edge);
	int column = right_side ? span.left : span.right;
	size_t other = right_side ? span.right_node : span.left_node;

	if (span.left == span.right)
		return 1e9; /* beside the node, below everything else */
	if (right_side && span.right > column + 1)
		return edge->left[column + 1];
	if (!right_side)
		return edge->right[column - 1];
	return graph->nodes[other].y + graph->nodes[other].height / 2;
}

static int compare_right(const void *a, const void *b)
{
	double left = far_end(&sorting->graph->edges[*(const size_t *)a], true);
	double right = far_end(&sorting->graph->edges[*(const size_t *)b], true);

	return (left > right) - (left < right);
}

static int compare_left(const void *a, const void *b)
{
	double left = far_end(&sorting->graph->edges[*(const size_t *)a], false);
	double right = far_end(&sorting->graph->edges[*(const size_t *)b], false);

	return (left > right) - (left < right);
}

static size_t choose_lanes(struct layout *layout, size_t node,
                           bool (*meets)(const struct graph *, const struct graph_edge *, size_t))
{
	size_t n = 0;

	for (size_t i = 0; i < layout->graph->n_edges; i++)
		if (meets(layout->graph, &layout->graph->edges[i], node))
			layout->lanes[n++] = i;
	return n;
}

static void lay_right(struct layout *layout, size_t index)
{
	struct graph *graph = layout->graph;
	const struct graph_node *node = &graph->nodes[index];
	size_t n = choose_lanes(layout, index, meets_right_side);
	double y = node->y + NODE_PADDING, all = 0;

	qsort(layout->lanes, n, sizeof(layout->lanes[0]), compare_right);
	for (size_t i = 0; i < n; i++)
		all += label_height(&graph->edges[layout->lanes[i]]);
	y += (node->height - 2 * NODE_PADDING - all) / 2;
	for (size_t i = 0; i < n; i++) {
		struct graph_edge *edge = &graph->edges[layout->lanes[i]];
		struct graph_span span = graph_span(graph, edge);

		y += label_height(edge);
		/* both ends of an edge within the column: the second one is kept as its left side */
		if (span.left == span.right && span.right_node == index)
			edge->left[span.left] = y - 3;
		else
			edge->right[span.left] = y - 3;
	}
}

static void lay_left(struct layout *layout, size_t index)
{
	struct graph *graph = layout->graph;
	const struct graph_node *node = &graph->nodes[index];
	size_t n = choose_lanes(layout, index, meets_left_side);
	double y = node->y + (node->height - (double)n * LANE_PLAIN) / 2 + LANE_PLAIN / 2;

	qsort(layout->lanes, n, sizeof(layout->lanes[0]), compare_left);
	for (size_t i = 0; i < n; i++)
		graph->edges[layout->lanes[i]].left[node->column] = y + (double)i * LANE_PLAIN;
}

static void settle(struct layout *layout, double height)
{
	struct graph *graph = layout->graph;

	sorting = layout;
	for (int column = 0; column < graph->n_columns; column++) {
		struct column *items = &layout->columns[column];

		for (size_t i = 0; column > 0 && i < items->n; i++)
			items->items[i].wish = wish_of(graph, &items->items[i], column);
		if (column > 0 && items->n > 0)
			qsort(items->items, items->n, sizeof(items->items[0]), compare_wishes);
		place_items(items, height);
		take_places(layout, column);
		for (size_t i = 0; i < graph->n_nodes; i++)
			if (graph->nodes[i].column == column) {
				lay_left(layout, i);
				lay_right(layout, i);
			}
	}
}

static bool has_loops_at_the_end(const struct graph *graph)
{
	for (size_t i = 0; i < graph->n_edges; i++) {
		struct graph_span span = graph_span(graph, &graph->edges[i]);

		if (span.left == graph->n_columns - 1 && !is_self(&graph->edges[i]))
			return true;
	}
	return false;
}

static void set_size(struct graph *graph, double height)
{
	graph->height = height;
	graph->width = (graph->n_columns - 1) * GRAPH_COLUMN_STEP + GRAPH_NODE_WIDTH;
	if (has_loops_at_the_end(graph))
		graph->width += GRAPH_LABEL_WIDTH + GRAPH_CURVE_WIDTH;
}

void graph_layout(struct graph *graph)
{
	struct layout layout = {.graph = graph, .lanes = calloc(graph->n_edges + 1, sizeof(size_t))};
	double height = 0;

	if (!layout.lanes)
		abort();
	for (size_t i = 0; i < graph->n_edges; i++)
		graph_label(&graph->edges[i]);
	for (size_t i = 0; i < graph->n_nodes; i++)
		measure_node(graph, i);
	fill_columns(&layout);
	for (int i = 0; i < graph->n_columns; i++)
		if (column_height(&layout.columns[i]) > height)
			height = column_height(&layout.columns[i]);
	for (int i = 0; i < ROUNDS; i++)
		settle(&layout, height);
	set_size(graph, height);
	for (int i = 0; i < GRAPH_COLUMNS; i++)
		free(layout.columns[i].items);
	free(layout.lanes);
}

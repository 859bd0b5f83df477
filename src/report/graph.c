// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One edge for each pair of roles, direction and phase: its rows and ports are gathered on it, however many lines they
 * are. A site rule is an edge of its own kind; an end of it that is no role of the section becomes a node outside.
 */
#include "report/graph.h"

#include <stdlib.h>
#include <string.h>

#include "policy/roles.h"
#include "report/report_json.h"
#include "util/array.h"

#define OUTSIDE_NAME_MAX 40

/* Where a role stands when nothing says otherwise: what opens most is on the left. */
static const int columns[ROLE_MAX] = {
        [ROLE_GATEWAY_SERVER] = 1,
        [ROLE_WEB_CONSOLE_SERVER] = 1,
        [ROLE_REPORTING_SERVER] = 1,
        [ROLE_MANAGEMENT_SERVER] = 2,
        [ROLE_OMED_SERVICE] = 2,
        [ROLE_ACS_COLLECTOR] = 2,
        [ROLE_OPERATIONS_MANAGER_DATABASE] = 3,
        [ROLE_REPORTING_DATA_WAREHOUSE] = 3,
        [ROLE_SQL_REPORTING_SERVICES] = 3,
        [ROLE_MANAGEMENT_PACK_CATALOG] = 3,
        [ROLE_CONNECTED_MANAGEMENT_SERVER] = 3,
        [ROLE_DOMAIN_CONTROLLER] = 3,
        [ROLE_REMOTE_DOMAIN_CONTROLLER] = 3,
        [ROLE_ACS_DATABASE] = 3,
        [ROLE_AEM_FILE_SHARE] = 3,
        [ROLE_CEIP_ENDPOINT] = 3,
};

static size_t node_get(struct graph *graph, const char *name, bool outside)
{
	struct graph_node *node;
	char *copy;

	for (size_t i = 0; i < graph->n_nodes; i++)
		if (strcmp(graph->nodes[i].name, name) == 0 && graph->nodes[i].outside == outside)
			return i;
	copy = strdup(name);
	if (!copy)
		abort();
	node = ARRAY_PUSH(graph->nodes, graph->n_nodes, graph->cap_nodes);
	*node = (struct graph_node){.name = copy, .outside = outside};
	return graph->n_nodes - 1;
}

static size_t role_node(struct graph *graph, const json_t *section, const char *name)
{
	size_t index = node_get(graph, name, false), i;
	struct graph_node *node = &graph->nodes[index];
	int role = role_find(name);
	json_t *object;

	node->column = role >= 0 ? columns[role] : 0;
	node->server = role >= 0 && role_is_server((enum role)role);
	json_array_foreach(json_object_get(section, "roles"), i, object)
	{
		if (report_is(object, "role", name))
			node->members = report_number(object, "n_members");
	}
	return index;
}

static struct graph_edge *edge_get(struct graph *graph, size_t from, size_t to, enum graph_kind kind)
{
	struct graph_edge *edge;

	for (size_t i = 0; i < graph->n_edges; i++) {
		edge = &graph->edges[i];
		if (edge->from == from && edge->to == to && edge->kind == kind)
			return edge;
	}
	edge = ARRAY_PUSH(graph->edges, graph->n_edges, graph->cap_edges);
	*edge = (struct graph_edge){
	        .from = from, .to = to, .kind = kind, .rows = json_array(), .ports = json_object()};
	return edge;
}

static void list_add(json_t *list, const char *text)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (strcmp(json_string_value(item), text) == 0)
			return;
	}
	json_array_append_new(list, json_string(text));
}

static void edge_add_ports(struct graph_edge *edge, const json_t *line)
{
	const char *protocol = report_text(line, "protocol");
	json_t *ports = json_object_get(edge->ports, protocol), *port;
	size_t i;

	if (!ports)
		json_object_set_new(edge->ports, protocol, ports = json_array());
	json_array_foreach(json_object_get(line, "ports"), i, port) list_add(ports, json_string_value(port));
}

static void add_line(struct graph *graph, const json_t *section, const json_t *row, const json_t *line)
{
	size_t from = role_node(graph, section, report_text(line, "from"));
	size_t to = role_node(graph, section, report_text(line, "to"));
	enum graph_kind kind = report_is(line, "phase", "install") ? GRAPH_INSTALL : GRAPH_ALWAYS;
	struct graph_edge *edge = edge_get(graph, from, to, kind);

	list_add(edge->rows, report_text(row, "id"));
	edge_add_ports(edge, line);
}

/* "@prod.windows_agent", or "@windows_agent" of the section that has no name: the role, or NULL. */
static const char *role_of_text(const json_t *section, const char *text)
{
	const char *dot = strchr(text, '.'), *name = report_text(section, "section");
	size_t len = strlen(name);

	if (*text++ != '@')
		return NULL;
	if (dot && strncmp(text, name, len) == 0 && text[len] == '.')
		return role_find(dot + 1) >= 0 ? role_name((enum role)role_find(dot + 1)) : NULL;
	if (!dot && strcmp(name, "default") == 0 && role_find(text) >= 0)
		return role_name((enum role)role_find(text));
	return NULL;
}

static size_t site_node(struct graph *graph, const json_t *section, const json_t *end, int column)
{
	const char *text = report_text(end, "text"), *role = role_of_text(section, text);
	char shown[OUTSIDE_NAME_MAX + 4];
	size_t len = OUTSIDE_NAME_MAX, index;

	if (role)
		return role_node(graph, section, role);
	while (len > 0 && strlen(text) > len && (text[len] & 0xc0) == 0x80) /* not within a character */
		len--;
	snprintf(shown, sizeof(shown), "%.*s%s", (int)len, text, strlen(text) > len ? "…" : "");
	index = node_get(graph, shown, true);
	graph->nodes[index].column = column;
	graph->nodes[index].members = report_number(end, "n_members");
	return index;
}

static void add_site_rule(struct graph *graph, const json_t *section, const json_t *rule)
{
	const json_t *from = json_object_get(rule, "from"), *to = json_object_get(rule, "to");
	struct graph_edge *edge;
	json_t *line;
	size_t i;

	if (json_array_size(json_object_get(rule, "lines")) == 0 ||
	    (!role_of_text(section, report_text(from, "text")) &&
	     !role_of_text(section, report_text(to, "text"))))
		return;
	edge = edge_get(graph, site_node(graph, section, from, 0),
	                site_node(graph, section, to, GRAPH_COLUMNS - 1), GRAPH_SITE);
	list_add(edge->rows, report_text(rule, "site_rule"));
	json_array_foreach(json_object_get(rule, "lines"), i, line) edge_add_ports(edge, line);
}

/* Columns that nobody stands in are left out. */
static void close_up(struct graph *graph)
{
	int used[GRAPH_COLUMNS] = {0};

	for (size_t i = 0; i < graph->n_nodes; i++)
		used[graph->nodes[i].column] = 1;
	for (int i = 0; i < GRAPH_COLUMNS; i++)
		used[i] = used[i] ? graph->n_columns++ : 0;
	for (size_t i = 0; i < graph->n_nodes; i++)
		graph->nodes[i].column = used[graph->nodes[i].column];
}

void graph_make(const json_t *section, const json_t *site_rules, struct graph *ret)
{
	json_t *row, *line, *rule;
	size_t i, j;

	*ret = (struct graph){.n_nodes = 0};
	json_array_foreach(json_object_get(section, "rows"), i, row)
	{
		json_array_foreach(json_object_get(row, "lines"), j, line) add_line(ret, section, row, line);
	}
	json_array_foreach(site_rules, i, rule) add_site_rule(ret, section, rule);
	close_up(ret);
}

void graph_clear(struct graph *graph)
{
	for (size_t i = 0; i < graph->n_nodes; i++)
		free(graph->nodes[i].name);
	for (size_t i = 0; i < graph->n_edges; i++) {
		json_decref(graph->edges[i].rows);
		json_decref(graph->edges[i].ports);
	}
	free(graph->nodes);
	free(graph->edges);
	*graph = (struct graph){.n_nodes = 0};
}

struct graph_span graph_span(const struct graph *graph, const struct graph_edge *edge)
{
	int from = graph->nodes[edge->from].column, to = graph->nodes[edge->to].column;
	bool backwards = to < from;

	return (struct graph_span){.left = backwards ? to : from,
	                           .right = backwards ? from : to,
	                           .left_node = backwards ? edge->to : edge->from,
	                           .right_node = backwards ? edge->from : edge->to,
	                           .backwards = backwards};
}

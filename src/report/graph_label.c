// SPDX-License-Identifier: GPL-2.0-or-later
/* What stands at an edge and in a node, in lines short enough for their place whatever the font. */
#include "report/graph.h"

#include <string.h>

#define LABEL_WRAP 27 /* characters that surely fit into GRAPH_LABEL_WIDTH */

static void label_add(struct graph_edge *edge, const char *text)
{
	if (edge->n_lines < GRAPH_LABEL_LINES)
		snprintf(edge->label[edge->n_lines++], GRAPH_LABEL_CHARS, "%s", text);
}

/* The characters of a text: bytes that do not go on with one. */
static size_t text_columns(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

/* Words of a list, separated by commas, in lines. */
static void label_wrap(struct graph_edge *edge, const char *head, const json_t *words)
{
	char line[GRAPH_LABEL_CHARS];
	json_t *word;
	size_t i;

	snprintf(line, sizeof(line), "%s", head);
	json_array_foreach(words, i, word)
	{
		const char *text = json_string_value(word);
		bool last = i + 1 == json_array_size(words);

		if (i > 0 && text_columns(line) + 1 + text_columns(text) + !last > LABEL_WRAP) {
			label_add(edge, line);
			line[0] = '\0';
		}
		snprintf(line + strlen(line), sizeof(line) - strlen(line), "%s%.*s%s", *line ? " " : "",
		         LABEL_WRAP, text, last ? "" : ",");
	}
	label_add(edge, line);
}

void graph_label(struct graph_edge *edge)
{
	const char *protocol;
	json_t *ports;

	label_wrap(edge, "", edge->rows);
	edge->n_bold = edge->n_lines;
	json_object_foreach(edge->ports, protocol, ports) label_wrap(edge, protocol, ports);
}

/* The bytes of the first word, with what it ends in, or of as much of it as fits into a line. */
static size_t name_word(const char *name)
{
	size_t len = strcspn(name, "_, "), columns = 0, i = 0;

	len += name[len] != '\0';
	while (i < len && columns <= GRAPH_NAME_CHARS) {
		columns += (name[i] & 0xc0) != 0x80;
		i += columns <= GRAPH_NAME_CHARS;
	}
	return i;
}

int graph_name_lines(const char *name, char lines[GRAPH_NAME_LINES][GRAPH_LABEL_CHARS])
{
	size_t columns = 0;
	int n = 1;

	lines[0][0] = '\0';
	while (*name) {
		size_t len = name_word(name), have = strlen(lines[n - 1]);
		char word[GRAPH_LABEL_CHARS];

		snprintf(word, sizeof(word), "%.*s", (int)len, name);
		columns += text_columns(word);
		if (have > 0 && columns > GRAPH_NAME_CHARS && n == GRAPH_NAME_LINES)
			return n;
		if (have > 0 && columns > GRAPH_NAME_CHARS) {
			lines[n++][0] = '\0';
			have = 0;
			columns = text_columns(word);
		}
		snprintf(lines[n - 1] + have, GRAPH_LABEL_CHARS - have, "%s", word);
		name += len;
	}
	return n;
}

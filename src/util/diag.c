// SPDX-License-Identifier: GPL-2.0-or-later
/* Diagnostics are kept as they come and sorted when printed: a stage reports when it notices, people read by line. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/diag.h"
#include "util/text.h"

#define PRINT_LINE_MAX 4096

static void diag_add(struct diag_list *list, enum diag_level level, loc_t loc, const char *fmt, va_list args)
{
	struct diag *item = ARRAY_PUSH(list->items, list->n, list->cap);

	item->level = level;
	item->loc = loc;
	if (vasprintf(&item->text, fmt, args) < 0)
		abort();
}

void diag_error(struct diag_list *list, loc_t loc, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	diag_add(list, DIAG_ERROR, loc, fmt, args);
	va_end(args);
	list->n_errors++;
}

void diag_warning(struct diag_list *list, loc_t loc, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	diag_add(list, DIAG_WARNING, loc, fmt, args);
	va_end(args);
}

void diag_format(const struct diag_list *list, const struct diag *item, char *buf, size_t size)
{
	const char *level = item->level == DIAG_WARNING ? "warning: " : "";
	unsigned line = 0;
	const char *file = list->sources ? source_file(list->sources, item->loc, &line) : NULL;

	if (!file)
		snprintf(buf, size, "%s%s", level, item->text);
	else if (!line)
		snprintf(buf, size, "%s: %s%s", file, level, item->text);
	else
		snprintf(buf, size, "%s:%u: %s%s", file, line, level, item->text);
}

static int compare_diags(const void *a, const void *b)
{
	const struct diag *left = *(const struct diag *const *)a;
	const struct diag *right = *(const struct diag *const *)b;

	if (left->loc != right->loc)
		return left->loc < right->loc ? -1 : 1;
	return (left > right) - (left < right);
}

void diag_print(const struct diag_list *list, FILE *out)
{
	const struct diag **sorted = calloc(list->n + 1, sizeof(struct diag *));
	char raw[PRINT_LINE_MAX], shown[4 * PRINT_LINE_MAX];

	if (!sorted)
		abort();
	for (size_t i = 0; i < list->n; i++)
		sorted[i] = &list->items[i];
	qsort(sorted, list->n, sizeof(sorted[0]), compare_diags);
	for (size_t i = 0; i < list->n; i++) {
		diag_format(list, sorted[i], raw, sizeof(raw));
		fprintf(out, "%s\n", text_escape(raw, strlen(raw), shown, sizeof(shown)));
	}
	free(sorted);
}

void diag_clear(struct diag_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->items[i].text);
	free(list->items);
	list->items = NULL;
	list->n = list->cap = list->n_errors = 0;
}

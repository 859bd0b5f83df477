// SPDX-License-Identifier: GPL-2.0-or-later
/* The sentences of a difference for people: what opens first, then what closes, then what is cut. */
#include "words/diff.h"

#define SENTENCES_MAX 30 /* in one list */

static void print_list(const json_t *diff, const char *key, const char *title, FILE *out)
{
	const json_t *list = json_object_get(diff, key);
	size_t n = json_array_size(list);
	json_t *item;
	size_t i;

	if (!n)
		return;
	fprintf(out, "\n%s\n", title);
	json_array_foreach(list, i, item)
	{
		if (i >= SENTENCES_MAX)
			break;
		fprintf(out, "  %s\n", json_string_value(json_object_get(item, "sentence")));
	}
	if (n > SENTENCES_MAX)
		fprintf(out, "  ... and %zu more; --json has all\n", n - SENTENCES_MAX);
}

void diff_print(const json_t *diff, FILE *out)
{
	const char *before = json_string_value(json_object_get(diff, "before"));
	const char *after = json_string_value(json_object_get(diff, "after"));

	if (json_is_true(json_object_get(diff, "same"))) {
		fprintf(out, "the same: %s and %s\n", before, after);
		return;
	}
	fprintf(out, "from %s to %s\n", before, after);
	print_list(diff, "strange", "not of omfwd, and not taken into account below:", out);
	print_list(diff, "changes", "what changes:", out);
	print_list(diff, "opens", "opens:", out);
	print_list(diff, "closes", "closes:", out);
	print_list(diff, "stays_open_by_row",
	           "stays open, now by a row (so far nothing of it is denied):", out);
	print_list(diff, "stays_open_without_row",
	           "stays open, without a row (nothing of it is denied any more):", out);
	if (json_is_true(json_object_get(diff, "same_for_packets")))
		fputs("\nnothing changes for packets\n", out);
	print_list(diff, "cut", "is cut:", out);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A listing becomes a list of sorted lines, one for each object of the table; those that only one side has are the
 * difference. Rules carry their place in their chain, because there order is meaning.
 */
#include "tests/lab/listing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A listing as lines that can be compared, sorted. */
struct listing {
	char **lines;
	size_t n;
};

static int line_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sets and maps list their elements in an order of their own. */
static void elements_sort(json_t *elements)
{
	size_t n = json_array_size(elements);
	char **texts = calloc(n + 1, sizeof(*texts));
	for (size_t i = 0; i < n; i++)
		texts[i] = json_dumps(json_array_get(elements, i), JSON_SORT_KEYS | JSON_ENCODE_ANY);
	qsort(texts, n, sizeof(*texts), line_compare);
	json_array_clear(elements);
	for (size_t i = 0; i < n; i++) {
		json_array_append_new(elements, json_string(texts[i]));
		free(texts[i]);
	}
	free(texts);
}

/* How many rules of the same chain stand before item i: rules keep their order, the rest of a table has none. */
static size_t rule_place(const json_t *list, size_t i)
{
	const json_t *chain = json_object_get(json_object_get(json_array_get(list, i), "rule"), "chain");
	size_t place = 0;
	while (i-- > 0) {
		const json_t *rule = json_object_get(json_array_get(list, i), "rule");
		place += rule && json_equal(json_object_get(rule, "chain"), chain);
	}
	return place;
}

/* Cuts ".2" off "prod.windows_agent.hosts4.2"; returns text in buf. */
static const char *generation_cut(const char *text, char *buf, size_t size)
{
	snprintf(buf, size, "%s", text);
	size_t len = strlen(buf), end = len;
	while (end > 0 && strchr("0123456789", buf[end - 1]))
		end--;
	if (end > 0 && end < len && buf[end - 1] == '.')
		buf[end - 1] = '\0';
	return buf;
}

/* A reference "@set.2" anywhere below value. */
static json_t *references_cut(json_t *value)
{
	char buf[256];
	const char *key, *text = json_string_value(value);
	json_t *inner;
	size_t i;
	if (text && *text == '@')
		return json_string(generation_cut(text, buf, sizeof(buf)));
	json_object_foreach(value, key, inner) json_object_set_new(value, key, references_cut(inner));
	json_array_foreach(value, i, inner) json_array_set_new(value, i, references_cut(inner));
	return json_incref(value);
}

/* Filled by the kernel's own rules, and alone in having keys of several parts; nft -j does not say "dynamic". */
static bool is_dynamic(const json_t *set)
{
	return json_is_array(json_object_get(set, "type"));
}

static void listing_normalise(const char *kind, json_t *object)
{
	char buf[256];
	const char *name = json_string_value(json_object_get(object, "name"));
	if (strcmp(kind, "counter") == 0) {
		json_object_del(object, "packets");
		json_object_del(object, "bytes");
	} else if (strcmp(kind, "set") == 0 || strcmp(kind, "map") == 0) {
		json_object_set_new(object, "name", json_string(generation_cut(name, buf, sizeof(buf))));
		if (is_dynamic(object))
			json_object_del(object, "elem");
	} else if (strcmp(kind, "rule") == 0) {
		json_decref(references_cut(object));
	} else if (strcmp(kind, "table") == 0) {
		json_object_del(object, "flags"); /* who owns it; nft 1.0.6 prints rubbish for "persist" */
	}
}

static struct listing listing_read(const struct lab *lab, enum lab_ns ns)
{
	json_t *list = nft_list(lab, ns), *item, *inner;
	struct listing listing = {calloc(json_array_size(list), sizeof(char *)), 0};
	const char *kind;
	size_t i;
	json_array_foreach(list, i, item)
	{
		json_object_foreach(item, kind, inner)
		{
			if (strcmp(kind, "metainfo") == 0)
				continue;
			json_object_del(inner, "handle");
			listing_normalise(kind, inner);
			elements_sort(json_object_get(inner, "elem"));
			char *text = json_dumps(inner, JSON_SORT_KEYS);
			if (asprintf(&listing.lines[listing.n++], "%s %06zu %s", kind,
			             strcmp(kind, "rule") == 0 ? rule_place(list, i) : 0, text) < 0)
				abort();
			free(text);
		}
	}
	json_decref(list);
	qsort(listing.lines, listing.n, sizeof(char *), line_compare);
	return listing;
}

static void listing_free(struct listing *listing)
{
	for (size_t i = 0; i < listing->n; i++)
		free(listing->lines[i]);
	free(listing->lines);
}

static bool listing_has(const struct listing *listing, const char *line)
{
	for (size_t i = 0; i < listing->n; i++)
		if (strcmp(listing->lines[i], line) == 0)
			return true;
	return false;
}

/* Prints what only one of the two has; returns how much that is. */
static size_t listings_differ(const struct listing *a, const struct listing *b, const char *only)
{
	size_t n = 0;
	for (size_t i = 0; i < a->n; i++) {
		if (listing_has(b, a->lines[i]))
			continue;
		if (n++ < 5)
			fprintf(stderr, "%s: %s\n", only, a->lines[i]);
	}
	return n;
}

size_t listings_compare(const struct lab *lab, enum lab_ns a, enum lab_ns b, const char *only_a,
                        const char *only_b)
{
	struct listing first = listing_read(lab, a), second = listing_read(lab, b);
	assert_true(first.n > 3);
	size_t n = listings_differ(&first, &second, only_a) + listings_differ(&second, &first, only_b);
	listing_free(&first);
	listing_free(&second);
	return n;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Printer against encoder, for every good role file there is: the text of `omfwd show --format nft` loaded by nft, and
 * omfwd itself over netlink, make the same table; and what nft lists of it loads again.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/program.h"

#define FILES_MIN 12

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

static size_t namespaces_differ(const struct lab *lab, enum lab_ns a, enum lab_ns b, const char *only_a,
                                const char *only_b)
{
	struct listing first = listing_read(lab, a), second = listing_read(lab, b);
	assert_true(first.n > 3);
	size_t n = listings_differ(&first, &second, only_a) + listings_differ(&second, &first, only_b);
	listing_free(&first);
	listing_free(&second);
	return n;
}

static void command_expect(const struct lab *lab, enum lab_ns ns, const char *file, const char *command)
{
	struct run run;
	lab_run(lab, ns, NULL, &run, "%s", command);
	if (run.code != 0)
		fail_msg("%s: exit code %d from %s\n%s", file, run.code, command, run.err);
	lab_run_free(&run);
}

/* The gateway gets the table over netlink, far from the printed text, and right from nft's own listing. */
static size_t file_differs(struct lab *lab, const char *file)
{
	char command[16384];
	snprintf(command, sizeof(command),
	         "'%s' --phase run --config '%s' --run-dir " LAB_DIR " --state-dir " LAB_DIR, lab->binary,
	         file);
	command_expect(lab, NS_GATEWAY, file, command);
	snprintf(command, sizeof(command),
	         "'%s' show --format nft --config '%s' > " LAB_DIR "/printed.nft && nft -f " LAB_DIR
	         "/printed.nft",
	         lab->binary, file);
	command_expect(lab, NS_FAR, file, command);
	command_expect(lab, NS_GATEWAY, file, "nft list table inet omfwd > " LAB_DIR "/listed.nft");
	command_expect(lab, NS_RIGHT, file, "nft -f " LAB_DIR "/listed.nft");
	size_t n = namespaces_differ(lab, NS_GATEWAY, NS_FAR, "only over netlink", "only printed");
	n += namespaces_differ(lab, NS_GATEWAY, NS_RIGHT, "only in the kernel", "only in nft's text");
	command_expect(lab, NS_RIGHT, file,
	               "nft list table inet omfwd > " LAB_DIR "/again.nft; cmp " LAB_DIR
	               "/listed.nft " LAB_DIR "/again.nft");
	command_expect(lab, NS_GATEWAY, file, "nft delete table inet omfwd");
	command_expect(lab, NS_FAR, file, "nft delete table inet omfwd");
	command_expect(lab, NS_RIGHT, file, "nft delete table inet omfwd");
	return n;
}

static void test_printer_and_encoder_agree(void **state)
{
	struct lab *lab = lab_need(state);
	glob_t files;
	assert_int_equal(glob(TOP_SRCDIR "/tests/golden/good/*.conf", 0, NULL, &files), 0);
	glob(TOP_SRCDIR "/etc/examples/*.conf", GLOB_APPEND, NULL, &files);
	size_t wrong = 0;
	for (size_t i = 0; i < files.gl_pathc; i++) {
		size_t n = file_differs(lab, files.gl_pathv[i]);
		if (n)
			fprintf(stderr, "%s: %zu differences\n", files.gl_pathv[i], n);
		wrong += n;
	}
	assert_true(files.gl_pathc >= FILES_MIN);
	globfree(&files);
	assert_int_equal(wrong, 0);
}

/* A comparison that can see: one element, rule, chain or counter too many. */
static void test_differences_are_seen(void **state)
{
	struct lab *lab = lab_need(state);
	static const char *const changes[] = {
	        "nft add element inet omfwd prod.management_server.hosts4 { 10.99.0.1 }",
	        "nft insert rule inet omfwd judge counter",
	        "nft add chain inet omfwd surplus",
	        "nft add counter inet omfwd surplus",
	};
	lab_must(lab, NS_GATEWAY, "'%s' --phase run --config '%s' --run-dir " LAB_DIR " --state-dir " LAB_DIR,
	         lab->binary, TOP_SRCDIR "/tests/golden/good/all_roles_2016.conf");
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		lab_must(lab, NS_FAR, "'%s' show --format nft --config '%s' | nft -f -", lab->binary,
		         TOP_SRCDIR "/tests/golden/good/all_roles_2016.conf");
		assert_int_equal(namespaces_differ(lab, NS_GATEWAY, NS_FAR, "netlink", "printed"), 0);
		lab_must(lab, NS_FAR, "%s", changes[i]);
		assert_true(namespaces_differ(lab, NS_GATEWAY, NS_FAR, "as wanted", "as wanted") > 0);
		lab_must(lab, NS_FAR, "nft delete table inet omfwd");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LAB_TEST(test_printer_and_encoder_agree),
	        LAB_TEST(test_differences_are_seen),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}

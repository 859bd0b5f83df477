// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Compiled policies as bytes: what is written is read back the same, and no damage, by accident or by design, gets
 * further than the reader.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ruleset/amend.h"
#include "ruleset/difference.h"
#include "ruleset/store.h"
#include "ruleset/store_format.h"
#include "util/file.h"

#define SAVED       1790000000
#define FORGED_RUNS 5000

struct compiled {
	struct policy *policy;
	struct lines lines;
	struct ruleset *ruleset;
};

static bool compile(const char *path, struct compiled *ret)
{
	struct diag_list diags = {.sources = NULL};

	ret->policy = policy_load(path, SAVED, &diags);
	if (!ret->policy)
		policy_load_free_sources(&diags);
	diag_clear(&diags);
	if (!ret->policy)
		return false;
	ret->lines = policy_compile(ret->policy);
	ret->ruleset = ruleset_build(ret->policy, &ret->lines);
	return true;
}

static void compiled_free(struct compiled *compiled)
{
	ruleset_free(compiled->ruleset);
	policy_free(compiled->policy);
}

static void stored_free(struct stored *stored)
{
	ruleset_free(stored->ruleset);
	policy_free(stored->policy);
}

static char *print(const struct ruleset *ruleset)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	ruleset_print_nft(ruleset, out);
	fclose(out);
	return text;
}

static void assert_same(const struct compiled *compiled, const struct stored *stored)
{
	const struct ruleset *a = compiled->ruleset, *b = stored->ruleset;
	char *was = print(a), *is = print(b);
	struct ruleset_difference difference;

	assert_string_equal(was, is);
	free(was);
	free(is);
	ruleset_difference(a, b, &difference);
	assert_int_equal(difference.change, CHANGE_NONE);
	ruleset_difference_clear(&difference);
	assert_string_equal(a->install_window->name, b->install_window->name);
	assert_int_equal(a->n_gates, b->n_gates);
	for (size_t i = 0; i < a->n_gates; i++) {
		assert_string_equal(a->gates[i].name, b->gates[i].name);
		assert_string_equal(a->gates[i].row, b->gates[i].row);
		assert_string_equal(a->gates[i].window->name, b->gates[i].window->name);
		assert_int_equal(!a->gates[i].section, !b->gates[i].section);
	}
	for (size_t i = 0; i < a->n_sets; i++)
		assert_int_equal(a->sets[i]->size, b->sets[i]->size);
}

static void assert_same_policy(const struct policy *a, const struct policy *b)
{
	assert_string_equal(a->path, b->path);
	assert_int_equal(a->settings.table, b->settings.table);
	assert_int_equal(a->settings.mode, b->settings.mode);
	assert_int_equal(a->settings.deny_scope, b->settings.deny_scope);
	assert_int_equal(a->settings.own_table, b->settings.own_table);
	assert_int_equal(a->settings.install_window, b->settings.install_window);
	assert_int_equal(a->settings.install_window_max, b->settings.install_window_max);
	assert_int_equal(a->n_sections, b->n_sections);
	for (size_t i = 0; i < a->n_sections; i++)
		assert_string_equal(a->sections[i].name, b->sections[i].name);
	assert_int_equal(a->n_site_rules, b->n_site_rules);
	for (size_t i = 0; i < a->n_site_rules; i++) {
		assert_string_equal(a->site_rules[i].name, b->site_rules[i].name);
		assert_int_equal(a->site_rules[i].expires, b->site_rules[i].expires);
		assert_int_equal(a->site_rules[i].expired, b->site_rules[i].expired);
	}
}

static void check_round_trip(const char *path, size_t *n)
{
	struct compiled compiled;
	struct stored stored;
	size_t len;
	char *bytes;

	if (!compile(path, &compiled))
		return;
	bytes = store_write(compiled.policy, compiled.ruleset, SAVED, &len);
	if (store_read(bytes, len, &stored) < 0)
		fail_msg("%s is not read back", path);
	assert_int_equal(stored.saved, SAVED);
	assert_same(&compiled, &stored);
	assert_same_policy(compiled.policy, stored.policy);
	stored_free(&stored);
	compiled_free(&compiled);
	free(bytes);
	++*n;
}

static void test_round_trip(void **state)
{
	static const char *const patterns[] = {TOP_SRCDIR "/etc/examples/*.conf",
	                                       TOP_SRCDIR "/tests/golden/good/*.conf",
	                                       TOP_SRCDIR "/tests/golden/show/*.conf"};
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		glob_t found;

		if (glob(patterns[i], 0, NULL, &found) != 0)
			continue;
		for (size_t j = 0; j < found.gl_pathc; j++)
			check_round_trip(found.gl_pathv[j], &n);
		globfree(&found);
	}
	assert_in_range(n, 5, 1000);
}

/* What the fuzzer begins with (a byte of its own before it): one of another version would keep it out of all that follows. */
static void test_seed_of_the_fuzzer(void **state)
{
	struct stored stored;
	size_t len;
	char *bytes;

	(void)state;
	assert_int_equal(file_read(TOP_SRCDIR "/tests/fuzz/corpus/state/last-good", &bytes, &len), 0);
	assert_int_equal(store_read(bytes + 1, len - 1, &stored), 0);
	stored_free(&stored);
	free(bytes);
}

/* A statement or a set that this file's writer has no word for could not be read back. */
static void test_every_kind_has_a_word(void **state)
{
	(void)state;
	for (enum stmt_kind kind = 0; kind < STMT_MAX; kind++)
		assert_non_null(stmt_formats[kind].word);
	for (enum set_type type = 0; type < SET_TYPE_MAX; type++)
		assert_non_null(set_type_words[type]);
}

#define SMALL TOP_SRCDIR "/etc/examples/lab.conf"

/* A small policy as bytes of its own size, so that a step beyond them is noticed. */
static char *small_policy(size_t *len)
{
	struct compiled compiled;
	char *bytes, *exact;

	assert_true(compile(SMALL, &compiled));
	bytes = store_write(compiled.policy, compiled.ruleset, SAVED, len);
	compiled_free(&compiled);
	exact = malloc(*len);
	assert_non_null(exact);
	memcpy(exact, bytes, *len);
	free(bytes);
	return exact;
}

static void test_same_but_for_the_date(void **state)
{
	struct compiled compiled;
	size_t a_len, b_len;
	char *a = small_policy(&a_len), *b;

	(void)state;
	assert_true(compile(SMALL, &compiled));
	b = store_write(compiled.policy, compiled.ruleset, SAVED + 1, &b_len);
	assert_true(store_same(a, a_len, b, b_len));
	assert_int_equal(memcmp(a, b, a_len) != 0, 1);
	b[b_len - 1] = (char)(b[b_len - 1] ^ 1);
	assert_false(store_same(a, a_len, b, b_len));
	assert_false(store_same(a, a_len, a, a_len - 1));
	assert_false(store_same(a, 3, a, 3));
	free(a);
	free(b);
	compiled_free(&compiled);
}

static void test_every_flipped_byte_is_noticed(void **state)
{
	struct stored stored;
	size_t len;
	char *bytes = small_policy(&len);

	(void)state;
	for (size_t i = 0; i < len; i++) {
		bytes[i] = (char)(bytes[i] ^ 0x10);
		assert_int_equal(store_read(bytes, len, &stored),
		                 -EBADMSG + (i == 6 || i == 7) * (EBADMSG - ENOTSUP));
		bytes[i] = (char)(bytes[i] ^ 0x10);
	}
	assert_int_equal(store_read(bytes, len, &stored), 0);
	stored_free(&stored);
	free(bytes);
}

/* With a checksum that fits, as somebody who knows it would write. */
static void seal(char *bytes, size_t len)
{
	uint64_t sum = store_checksum(bytes + STORE_SAVED_AT, len - STORE_SAVED_AT);

	for (size_t i = 0; i < 8; i++)
		bytes[STORE_CHECKSUM_AT + i] = (char)(sum >> (8 * i));
}

static void test_every_truncation_is_noticed(void **state)
{
	struct stored stored;
	size_t len;
	char *bytes = small_policy(&len);

	(void)state;
	for (size_t n = 0; n < len; n++) {
		char *cut = malloc(n + 1);

		assert_non_null(cut);
		memcpy(cut, bytes, n);
		if (n >= STORE_SAVED_AT)
			seal(cut, n);
		assert_int_equal(store_read(cut, n, &stored), -EBADMSG);
		free(cut);
	}
	bytes = realloc(bytes, len + 1);
	assert_non_null(bytes);
	bytes[len] = 0;
	seal(bytes, len + 1);
	assert_int_equal(store_read(bytes, len + 1, &stored), -EBADMSG);
	free(bytes);
}

/* Random damage behind a good checksum: refused, or a model that holds together. */
static void test_forged(void **state)
{
	size_t len, refused = 0;
	char *good = small_policy(&len), *bad = malloc(len);

	(void)state;
	assert_non_null(bad);
	srandom(20261121);
	for (int run = 0; run < FORGED_RUNS; run++) {
		struct stored stored;

		memcpy(bad, good, len);
		for (long n = random() % 4; n >= 0; n--)
			bad[STORE_SAVED_AT + (size_t)random() % (len - STORE_SAVED_AT)] = (char)random();
		seal(bad, len);
		if (store_read(bad, len, &stored) < 0) {
			refused++;
			continue;
		}
		free(print(stored.ruleset));
		stored_free(&stored);
	}
	print_message("%zu of %d forged policies refused\n", refused, FORGED_RUNS);
	assert_in_range(refused, FORGED_RUNS / 10, FORGED_RUNS - 1);
	free(good);
	free(bad);
}

static const char first_file[] = "[roles prod]\nmanagement_server = 10.0.1.11\nwindows_agent = 10.1.0.0/16\n"
                                 "[site_rule backup]\nfrom = @prod.management_server\nto = 10.7.0.1\n"
                                 "protocol = tcp\nports = 10000\nphase = both\nreason = nightly\n"
                                 "[site_rule setup]\nfrom = 10.7.0.2\nto = @prod.management_server\n"
                                 "protocol = tcp\nports = 10001\nphase = install\nreason = setup\n";
static const char second_file[] = "[roles test]\nmanagement_server = 10.0.1.11\n"
                                  "operations_manager_database = 10.0.2.50\n";

static void compile_text(const char *text, struct compiled *ret)
{
	char path[] = "/tmp/test_store.XXXXXX";
	int fd = mkstemp(path);
	FILE *out = fdopen(fd, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
	assert_true(compile(path, ret));
	remove(path);
}

static bool has_gate(const struct ruleset *ruleset, const char *name)
{
	for (size_t i = 0; i < ruleset->n_gates; i++)
		if (strcmp(ruleset->gates[i].name, name) == 0)
			return true;
	return false;
}

/* What was kept is the other's by name alone: that one may be freed. */
static void test_keep_from(void **state)
{
	struct compiled first, second;
	size_t n_counters, n_gates, n_sets, n_chains;
	char *text;

	(void)state;
	compile_text(first_file, &first);
	compile_text(second_file, &second);
	n_counters = second.ruleset->n_counters;
	n_gates = second.ruleset->n_gates;
	n_sets = second.ruleset->n_sets;
	n_chains = second.ruleset->n_chains;
	assert_false(has_gate(second.ruleset, "site.setup"));
	ruleset_keep_from(second.ruleset, first.ruleset);
	assert_true(has_gate(second.ruleset, "site.setup"));
	assert_true(has_gate(second.ruleset, "prod.cur-18"));
	assert_int_equal(second.ruleset->n_sets - n_sets, second.ruleset->n_gates - n_gates);
	assert_int_equal(second.ruleset->n_chains, n_chains);
	assert_true(second.ruleset->n_counters > n_counters);
	n_counters = second.ruleset->n_counters;
	ruleset_keep_from(second.ruleset, first.ruleset);
	assert_int_equal(second.ruleset->n_counters, n_counters);
	compiled_free(&first);
	text = print(second.ruleset);
	assert_non_null(strstr(text, "counter site.backup"));
	assert_non_null(strstr(text, "set site.setup.window"));
	free(text);
	compiled_free(&second);
}

static void test_drop_counted(void **state)
{
	struct compiled first;
	char *text;

	(void)state;
	compile_text(first_file, &first);
	assert_in_range(ruleset_drop_counted(first.ruleset, "site.backup"), 1, 100);
	assert_int_equal(ruleset_drop_counted(first.ruleset, "site.backup"), 0);
	/* the gate's chain: everything's window and its own */
	assert_in_range(ruleset_drop_counted(first.ruleset, "site.setup"), 2, 100);
	text = print(first.ruleset);
	assert_null(strstr(text, "counter name \"site."));
	assert_non_null(strstr(text, "counter name \"prod.cur-16\" accept"));
	free(text);
	compiled_free(&first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_round_trip),
	        cmocka_unit_test(test_seed_of_the_fuzzer),
	        cmocka_unit_test(test_every_kind_has_a_word),
	        cmocka_unit_test(test_same_but_for_the_date),
	        cmocka_unit_test(test_every_flipped_byte_is_noticed),
	        cmocka_unit_test(test_every_truncation_is_noticed),
	        cmocka_unit_test(test_forged),
	        cmocka_unit_test(test_keep_from),
	        cmocka_unit_test(test_drop_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

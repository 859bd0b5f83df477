/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The manual against the tables of the program: every command, option, key, exit code, row and role has its place in the
 * pages, nothing else has, and what the pages and --help say of a command is the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/option_table.h"
#include "policy/keys.h"
#include "policy/port_tables.h"
#include "tests/docs/page.h"
#include "util/array.h"
#include "util/exit_code.h"

#define OMFWD_8    TOP_SRCDIR "/man/omfwd.8"
#define OMFWD_CONF TOP_SRCDIR "/man/omfwd.conf.5"
#define TABLES_7   TOP_BUILDDIR "/man/omfwd-port-tables.7"

static struct page omfwd_8, omfwd_conf, tables_7;

static int open_pages(void **state)
{
	(void)state;
	page_open(OMFWD_8, "omfwd(8)", &omfwd_8);
	page_open(OMFWD_CONF, "omfwd.conf(5)", &omfwd_conf);
	page_open(TABLES_7, "omfwd-port-tables(7)", &tables_7);
	return 0;
}

static int close_pages(void **state)
{
	(void)state;
	page_close(&omfwd_8);
	page_close(&omfwd_conf);
	page_close(&tables_7);
	return 0;
}

static void test_commands_have_entries(void **state)
{
	(void)state;
	assert_true(page_has_entry(&omfwd_8, "COMMANDS", "--phase install"));
	assert_true(page_has_entry(&omfwd_8, "COMMANDS", "--phase run"));
	for (enum command command = COMMAND_NONE; command < COMMAND_MAX; command++)
		if (command_specs[command].name &&
		    !page_has_entry(&omfwd_8, "COMMANDS", command_specs[command].name))
			fail_msg("omfwd(8) has no entry for %s in COMMANDS", command_specs[command].name);
}

static void test_options_have_entries(void **state)
{
	(void)state;
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (!page_has_entry(&omfwd_8, "OPTIONS", option_specs[i].name))
			fail_msg("omfwd(8) has no entry for %s in OPTIONS", option_specs[i].name);
}

static bool is_option(const char *word, size_t len)
{
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (strlen(option_specs[i].name) == len && strncmp(option_specs[i].name, word, len) == 0)
			return true;
	return false;
}

/* An option that no command has any more. */
static void test_no_option_is_invented(void **state)
{
	size_t end;

	(void)state;
	for (size_t i = page_section(&omfwd_8, "OPTIONS", &end); i + 1 < end; i++) {
		const char *tag = omfwd_8.lines[i + 1].text;

		if (strcmp(omfwd_8.lines[i].macro, "TP") == 0 && strncmp(tag, "--", 2) == 0 &&
		    !is_option(tag, strcspn(tag, " ,=[")))
			fail_msg("omfwd(8) has an entry for %s, which is no option", tag);
	}
}

/* Adds what is not blank. */
static void squeeze(char *to, size_t size, const char *text)
{
	size_t n = strlen(to);

	for (; *text && n + 1 < size; text++)
		if (!isspace((unsigned char)*text))
			to[n++] = *text;
	to[n] = '\0';
}

/* The synopses between .SY and .YS are those of --help, in their order. */
static void test_synopses_agree(void **state)
{
	char written[1024] = "", wanted[1024];
	enum command command = COMMAND_NONE;
	size_t end;

	(void)state;
	for (size_t i = page_section(&omfwd_8, "SYNOPSIS", &end); i < end; i++) {
		if (strcmp(omfwd_8.lines[i].macro, "SY") == 0)
			*written = '\0';
		squeeze(written, sizeof(written), omfwd_8.lines[i].text);
		if (strcmp(omfwd_8.lines[i].macro, "YS") != 0)
			continue;
		if (++command == COMMAND_MAX)
			fail_msg("omfwd(8) has one synopsis too many: %s", written);
		snprintf(wanted, sizeof(wanted), "omfwd");
		squeeze(wanted, sizeof(wanted), command_specs[command].synopsis);
		assert_string_equal(written, wanted);
	}
	assert_int_equal(command, COMMAND_MAX - 1);
}

static void test_exit_codes_have_entries(void **state)
{
	static const char *const codes[] = {"0", "1", "2", "3", "4"};

	(void)state;
	_Static_assert(CODE_DONE == 0 && CODE_FORBIDDEN == 4, "these are the codes");
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		assert_true(page_has_entry(&omfwd_8, "EXIT STATUS", codes[i]));
}

static bool page_mentions(const struct page *page, const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i < page->n; i++)
		for (const char *at = page->lines[i].text; (at = strstr(at, word)); at++) {
			bool begins = at == page->lines[i].text ||
			              !(isalnum((unsigned char)at[-1]) || at[-1] == '_');

			if (begins && !isalnum((unsigned char)at[len]) && at[len] != '_')
				return true;
		}
	return false;
}

/* Keys of [omfwd] and of site rules have entries; those of [ports] and of sections stand in tables and sentences. */
static void test_keys_have_their_places(void **state)
{
	(void)state;
	for (int id = 0; id < KEY_COUNT; id++) {
		if (keys[id].section == SECTION_OMFWD &&
		    !page_has_entry(&omfwd_conf, "THE [omfwd] SECTION", keys[id].name))
			fail_msg("omfwd.conf(5) has no entry for %s", keys[id].name);
		if (!page_mentions(&omfwd_conf, keys[id].name))
			fail_msg("omfwd.conf(5) does not mention %s", keys[id].name);
	}
}

/* "cur-01: management server ..." */
static bool has_row(const struct table_row *row)
{
	char title[256];

	snprintf(title, sizeof(title), "%s: %s", row->id, row->feature);
	for (size_t i = 0; i < tables_7.n; i++)
		if (strcmp(tables_7.lines[i].macro, "SS") == 0 && strcmp(tables_7.lines[i].text, title) == 0)
			return true;
	return false;
}

static void test_rows_and_roles_are_in_the_tables(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (!has_row(&table_rows[i]))
			fail_msg("omfwd-port-tables(7) has no row %s", table_rows[i].id);
	for (enum role role = 0; role < ROLE_MAX; role++)
		assert_true(page_has_entry(&tables_7, "ROLES", role_name(role)));
	for (enum port_key key = 0; key < PORT_KEY_MAX; key++)
		assert_true(page_mentions(&tables_7, port_key_name(key)));
}

/* Whether a line that begins with these ports is said of a phase. */
static bool has_ports(const char *phase, const char *ports)
{
	for (size_t i = 0; i + 2 < tables_7.n; i++)
		if (strcmp(tables_7.lines[i].macro, "TP") == 0 &&
		    strcmp(tables_7.lines[i + 1].text, phase) == 0 &&
		    strncmp(tables_7.lines[i + 2].text, ports, strlen(ports)) == 0)
			return true;
	return false;
}

/* A few cells, read off the document by hand. */
static void test_rows_say_what_the_document_says(void **state)
{
	(void)state;
	assert_true(has_ports("install", "tcp 135,"));
	assert_false(has_ports("always", "tcp 135,"));
	assert_true(has_ports("always", "tcp 5723 (health_service)"));
	assert_false(has_ports("install", "tcp 5723"));
	assert_true(page_mentions(&tables_7, "tcp 49152-65535 (rpc_dynamic)"));
	assert_true(page_mentions(&tables_7, "tcp 51908 (web_console)"));
	assert_true(page_mentions(&tables_7, "tcp 80, 443 (web_console)"));
	assert_true(page_mentions(&tables_7, "windows_agent > gateway_server"));
	assert_true(page_mentions(&tables_7, "acs_collector > acs_database"));
	assert_false(page_mentions(&tables_7, "acs_database > acs_collector"));
	assert_true(page_mentions(&tables_7, "it is management_server, gateway_server."));
	assert_true(page_mentions(&tables_7, "Also written operational_database, opsdb."));
	assert_true(page_mentions(&tables_7, "udp 88 (only with authentication = kerberos)"));
}

/* The page that scripts/lint cannot see, because it is not in the sources. */
static void test_generated_page_is_clean(void **state)
{
	(void)state;
	if (system("command -v man >/dev/null") != 0) {
		if (getenv("CI"))
			fail_msg("man is not installed; scripts/setup --ci installs it");
		print_message("[ SKIPPING ] man is not installed; scripts/setup --ci installs it\n");
		skip();
	}
	assert_int_equal(
	        system("test -z \"$(LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man --warnings -E UTF-8 -l "
	               "-Tutf8 -Z " TABLES_7 " 2>&1 >/dev/null)\""),
	        0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_commands_have_entries),
	        cmocka_unit_test(test_options_have_entries),
	        cmocka_unit_test(test_no_option_is_invented),
	        cmocka_unit_test(test_synopses_agree),
	        cmocka_unit_test(test_exit_codes_have_entries),
	        cmocka_unit_test(test_keys_have_their_places),
	        cmocka_unit_test(test_rows_and_roles_are_in_the_tables),
	        cmocka_unit_test(test_rows_say_what_the_document_says),
	        cmocka_unit_test(test_generated_page_is_clean),
	};

	return cmocka_run_group_tests(tests, open_pages, close_pages);
}

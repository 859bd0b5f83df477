// SPDX-License-Identifier: GPL-2.0-or-later
/* The tables are consistent in themselves; that they say what the documents say is tested with packets in tests/lab. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "policy/port_tables.h"

static void test_every_line_belongs_to_a_row_of_its_table(void **state)
{
	(void)state;
	for (enum port_table table = 0; table < TABLE_MAX; table++) {
		size_t n;
		const struct table_line *lines = table_lines(table, &n);

		assert_true(n > 0);
		for (size_t i = 0; i < n; i++) {
			int row = row_find(lines[i].row);

			assert_in_range(row, 0, ROW_COUNT - 1);
			assert_int_equal(table_rows[row].table, table);
			assert_true(lines[i].from && lines[i].to);
			assert_true(lines[i].ports.lo <= lines[i].ports.hi);
			assert_true((lines[i].proto == PROTO_ICMP) == (lines[i].ports.lo == 0));
		}
	}
}

static bool row_has_line(const struct table_row *row)
{
	size_t n;
	const struct table_line *lines = table_lines(row->table, &n);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(lines[i].row, row->id))
			return true;
	return false;
}

static void test_every_row_is_whole(void **state)
{
	(void)state;
	for (int i = 0; i < ROW_COUNT; i++) {
		assert_non_null(table_rows[i].id);
		assert_non_null(table_rows[i].feature);
		assert_non_null(table_rows[i].document);
		assert_int_equal(row_find(table_rows[i].id), i); /* no id twice */
		if (!row_has_line(&table_rows[i]))
			fail_msg("%s opens nothing", table_rows[i].id);
		if (table_rows[i].parent)
			assert_true(row_find(table_rows[i].parent) >= 0);
	}
}

/* A later line of the same row with the same ends, protocol and port would be a slip of the pen. */
static void test_no_line_stands_twice_in_a_row(void **state)
{
	(void)state;
	for (enum port_table table = 0; table < TABLE_MAX; table++) {
		size_t n;
		const struct table_line *lines = table_lines(table, &n);

		for (size_t i = 0; i < n; i++)
			for (size_t j = i + 1; j < n; j++)
				assert_false(!strcmp(lines[i].row, lines[j].row) &&
				             lines[i].from == lines[j].from && lines[i].to == lines[j].to &&
				             lines[i].proto == lines[j].proto &&
				             lines[i].ports.lo == lines[j].ports.lo);
	}
}

static void test_a_fixed_port_names_a_row_that_exists(void **state)
{
	static const char *const names[] = {"snmp", "ldap", "135",     "operations_console",
	                                    "1270", "ssrs", "kerberos"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct fixed_port *fixed = fixed_port_find(names[i]);

		assert_non_null(fixed);
		assert_true(row_find(fixed->row) >= 0);
	}
	assert_null(fixed_port_find("health_service"));
	for (int key = 0; key < PORT_KEY_MAX; key++)
		assert_null(fixed_port_find(port_key_name((enum port_key)key)));
}

static void test_keys_are_found_by_name(void **state)
{
	(void)state;
	for (int key = 0; key < PORT_KEY_MAX; key++)
		assert_int_equal(port_key_find(port_key_name((enum port_key)key)), key);
	assert_int_equal(port_key_find("no_such_key"), -1);
	assert_null(port_key_name(PORT_FIXED));
}

static void test_roles_of_2016_are_a_part_of_those_of_current(void **state)
{
	(void)state;
	assert_int_equal(table_roles(TABLE_2016) & ~table_roles(TABLE_CURRENT), 0);
	assert_false(table_roles(TABLE_2016) & ROLE_BIT(ROLE_NETWORK_DEVICE));
	assert_true(table_roles(TABLE_CURRENT) & ROLE_BIT(ROLE_NETWORK_DEVICE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_every_line_belongs_to_a_row_of_its_table),
	        cmocka_unit_test(test_every_row_is_whole),
	        cmocka_unit_test(test_no_line_stands_twice_in_a_row),
	        cmocka_unit_test(test_a_fixed_port_names_a_row_that_exists),
	        cmocka_unit_test(test_keys_are_found_by_name),
	        cmocka_unit_test(test_roles_of_2016_are_a_part_of_those_of_current),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

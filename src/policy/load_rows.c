// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * [rows] and [rows NAME]: the state of every row in every section. A row's own override counts before its parent's
 * ("cur-18" speaks for its half "cur-18-dc" too), and [rows NAME] before [rows].
 */
#include "policy/load.h"

#include <stdio.h>
#include <string.h>

#include "policy/settings_words.h"

struct row_overrides {
	struct row_override rows[ROW_COUNT];
};

static void load_overrides(struct load *load, const struct raw_section *raw, struct row_overrides *ret)
{
	char what[32];
	int state;

	for (int row = 0; raw && row < ROW_COUNT; row++) {
		const struct raw_value *value = raw->keys[KEY_ROW_BASE + row].first;

		if (!value)
			continue;
		snprintf(what, sizeof(what), "row %s", table_rows[row].id);
		if (load_word(load, what, value, row_state_words, &state))
			ret->rows[row] = (struct row_override){(enum row_state)state, value->loc};
	}
}

static struct row_override effective_override(const struct row_overrides *common,
                                              const struct row_overrides *own, int row)
{
	int parent = table_rows[row].parent ? row_find(table_rows[row].parent) : row;
	const struct row_override *candidates[] = {
	        &own->rows[row],
	        &common->rows[row],
	        &own->rows[parent],
	        &common->rows[parent],
	};

	for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++)
		if (candidates[i]->loc)
			return *candidates[i];
	return (struct row_override){0};
}

/* [rows NAME] with a row of the other document. */
static void refuse_other_table(struct load *load, const struct section *section,
                               const struct row_overrides *own)
{
	for (int row = 0; row < ROW_COUNT; row++)
		if (own->rows[row].loc && table_rows[row].table != section->table)
			diag_error(load->diags, own->rows[row].loc,
			           "row %s is of table %s, and section %s has table %s; write a row of that "
			           "table",
			           table_rows[row].id, port_table_name(table_rows[row].table), section->name,
			           port_table_name(section->table));
}

static void warn_unused_tables(struct load *load, const struct row_overrides *common)
{
	const struct policy *policy = load->policy;
	bool used[TABLE_MAX] = {false};

	for (size_t i = 0; i < policy->n_sections; i++)
		used[policy->sections[i].table] = true;
	for (int row = 0; policy->n_sections && row < ROW_COUNT; row++)
		if (common->rows[row].loc && !used[table_rows[row].table])
			diag_warning(load->diags, common->rows[row].loc,
			             "row %s is of table %s, which no section has, so it does nothing; "
			             "remove this line",
			             table_rows[row].id, port_table_name(table_rows[row].table));
}

static void load_section_rows(struct load *load, struct section *section, const struct row_overrides *common)
{
	struct row_overrides own = {0};

	load_overrides(load, role_file_section(load->raw, SECTION_ROWS, section->name), &own);
	refuse_other_table(load, section, &own);
	for (int row = 0; row < ROW_COUNT; row++)
		section->rows[row] = effective_override(common, &own, row);
}

void load_rows(struct load *load)
{
	struct row_overrides common = {0};
	struct policy *policy = load->policy;
	char text[SECTION_TEXT_MAX];

	load_overrides(load, role_file_section(load->raw, SECTION_ROWS, NULL), &common);
	warn_unused_tables(load, &common);
	for (size_t i = 0; i < policy->n_sections; i++)
		load_section_rows(load, &policy->sections[i], &common);
	for (const struct raw_section *raw = load->raw; raw; raw = raw->next)
		if (raw->kind == SECTION_ROWS && raw->name)
			load_find_section(load, raw->name, raw->loc,
			                  role_file_section_text(raw->kind, raw->name, text, sizeof(text)));
}

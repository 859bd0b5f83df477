// SPDX-License-Identifier: GPL-2.0-or-later
/* The role file's meaning as JSON: the same rows as the table, with nothing left out and every place named. */
#include "words/show.h"

#include <stdlib.h>

#include "words/words.h"

static void append_range4(json_t *list, const struct range4 *range)
{
	char text[ADDR_TEXT_MAX];

	json_array_append_new(list, json_string(addr_format4(range, text, sizeof(text))));
}

static void append_range6(json_t *list, const struct range6 *range)
{
	char text[ADDR_TEXT_MAX];

	json_array_append_new(list, json_string(addr_format6(range, text, sizeof(text))));
}

static json_t *addrs_json(const struct addr_set *addrs)
{
	json_t *list = json_array();

	for (size_t i = 0; i < addrs->n4; i++)
		append_range4(list, &addrs->v4[i]);
	for (size_t i = 0; i < addrs->n6; i++)
		append_range6(list, &addrs->v6[i]);
	return list;
}

static json_t *settings_json(const struct policy *policy)
{
	const struct settings *settings = &policy->settings;

	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:s, s:o}", "mode", policy_mode_name(settings->mode),
	                 "deny_scope", deny_scope_name(settings->deny_scope), "deny_action",
	                 deny_action_name(settings->deny_action), "install_window",
	                 (json_int_t)settings->install_window, "install_window_max",
	                 (json_int_t)settings->install_window_max, "own_table",
	                 own_table_name(settings->own_table), "never_deny", addrs_json(&policy->never_deny));
}

static json_t *roles_json(const struct policy *policy, const struct section *section)
{
	role_mask used = table_roles(section->table);
	json_t *roles = json_array();

	for (enum role role = 0; role < ROLE_MAX; role++) {
		const struct role_members *members = &section->roles[role];

		if (members->assigned)
			json_array_append_new(roles,
			                      json_pack("{s:s, s:o, s:o, s:b, s:b}", "role", role_name(role),
			                                "at", words_place_json(policy, members->loc),
			                                "members", addrs_json(&members->addrs), "server",
			                                (int)role_is_server(role), "in_table",
			                                (used & ROLE_BIT(role)) != 0));
	}
	return roles;
}

static json_t *ports_json(enum proto proto, const struct port_range *ranges, size_t n)
{
	json_t *list = json_array();
	char text[PORTS_MAX];

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(words_ports(proto, &ranges[i], text, sizeof(text))));
	return list;
}

/* The other rows that open the same line. */
static json_t *also_json(const struct line *line, int row)
{
	json_t *ids = json_array();

	for (unsigned i = 0; i < line->n_rows; i++)
		if (line->rows[i] != row)
			json_array_append_new(ids, json_string(table_rows[line->rows[i]].id));
	return ids;
}

static json_t *service_json(const struct shown_line *shown)
{
	const struct line *line = shown->line;

	return json_pack("{s:s, s:o, s:s}", "protocol", proto_name(line->proto), "ports",
	                 ports_json(line->proto, shown->ranges, shown->n_ranges), "phase",
	                 words_phase(line->phase));
}

static json_t *line_json(const struct policy *policy, const struct shown_line *shown, int row)
{
	const struct line *line = shown->line;
	json_t *json = json_pack("{s:s, s:s}", "from", role_name(line->from), "to", role_name(line->to));
	char counter[GATE_NAME_MAX];

	json_object_update_new(json, service_json(shown));
	json_object_update_new(json, json_pack("{s:s?, s:o, s:o, s:s}", "key", port_key_name(line->key),
	                                       "key_at", words_place_json(policy, line->key_loc),
	                                       "shared_with", also_json(line, row), "counter",
	                                       line_gate_name(line, counter, sizeof(counter))));
	return json;
}

static json_t *mask_json(role_mask roles)
{
	json_t *list = json_array();

	for (enum role role = 0; role < ROLE_MAX; role++)
		if (roles & ROLE_BIT(role))
			json_array_append_new(list, json_string(role_name(role)));
	return list;
}

static json_t *why_json(const struct policy *policy, const struct absence *absence, enum port_key key)
{
	char *text;
	size_t size;
	FILE *out = words_begin(&text, &size);
	json_t *json;

	words_print_absence(policy, absence, key, out);
	json = words_text_json(words_end(out, &text));
	free(text);
	return json;
}

static json_t *absent_line_json(const struct policy *policy, const struct absence *absence,
                                const struct table_line *line)
{
	return json_pack("{s:o, s:o, s:s, s:o, s:s, s:s, s:o}", "from", mask_json(line->from), "to",
	                 mask_json(line->to), "protocol", proto_name(line->proto), "ports",
	                 ports_json(line->proto, &line->ports, 1), "phase", words_phase(line->phase),
	                 "reason", words_absence(absence->reason), "why",
	                 why_json(policy, absence, line->key));
}

static json_t *row_json(const struct policy *policy, const struct shown_row *shown)
{
	const struct table_row *row = &table_rows[shown->row];
	json_t *lines = json_array(), *inert = json_array();

	for (size_t i = 0; i < shown->n_lines; i++)
		json_array_append_new(lines, line_json(policy, &shown->lines[i], shown->row));
	for (size_t i = 0; i < shown->n_absences; i++)
		for (size_t j = 0; j < shown->absences[i].n; j++)
			json_array_append_new(inert, absent_line_json(policy, &shown->absences[i].absence,
			                                              shown->absences[i].lines[j]));
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "id", row->id, "feature", row->feature,
	                 "document", row->document, "state", row_state_name(shown->override->state),
	                 "state_at", words_place_json(policy, shown->override->loc), "lines", lines, "inert",
	                 inert);
}

static json_t *section_json(const struct policy *policy, const struct lines *lines,
                            const struct section *section)
{
	size_t n;
	const struct shown_row *shown = show_rows_new(policy, lines, section, &n);
	json_t *rows = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(rows, row_json(policy, &shown[i]));
	return json_pack("{s:s, s:o, s:s, s:s, s:s, s:s, s:o, s:o}", "section", section->name, "at",
	                 words_place_json(policy, section->loc), "table", port_table_name(section->table),
	                 "authentication", authentication_name(section->authentication), "snmp",
	                 snmp_mode_name(section->snmp), "catalog_dynamic_ports",
	                 catalog_mode_name(section->catalog_dynamic_ports), "roles",
	                 roles_json(policy, section), "rows", rows);
}

static json_t *site_end_json(const char *text, const struct addr_set *addrs)
{
	return json_pack("{s:o, s:o}", "text", words_text_json(text), "members", addrs_json(addrs));
}

static json_t *site_rule_json(const struct policy *policy, const struct lines *lines,
                              const struct site_rule *rule)
{
	size_t n;
	const struct shown_line *shown = show_site_rule_new(policy, lines, rule, &n);
	json_t *services = json_array();
	char day[16];

	for (size_t i = 0; i < n; i++)
		json_array_append_new(services, service_json(&shown[i]));
	return json_pack(
	        "{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "site_rule", rule->name, "at",
	        words_place_json(policy, rule->loc), "from", site_end_json(rule->from_text, &rule->from),
	        "to", site_end_json(rule->to_text, &rule->to), "lines", services, "reason",
	        words_text_json(rule->reason), "ticket", words_text_json(rule->ticket), "expires",
	        words_text_json(show_last_day(rule, day, sizeof(day))), "expired", (int)rule->expired);
}

json_t *show_to_json(const struct policy *policy, const struct lines *lines)
{
	json_t *sections = json_array(), *site_rules = json_array();

	for (size_t i = 0; i < policy->n_sections; i++)
		json_array_append_new(sections, section_json(policy, lines, &policy->sections[i]));
	for (size_t i = 0; i < policy->n_site_rules; i++)
		json_array_append_new(site_rules, site_rule_json(policy, lines, &policy->site_rules[i]));
	return json_pack("{s:o, s:o, s:o, s:o}", "file", words_text_json(policy->path), "settings",
	                 settings_json(policy), "sections", sections, "site_rules", site_rules);
}

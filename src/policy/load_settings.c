// SPDX-License-Identifier: GPL-2.0-or-later
/* [omfwd], and the sections with the settings they may have of their own. Scalars go by the table of keys. */
#include "policy/load.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "policy/values.h"
#include "util/duration.h"
#include "util/text.h"

#define WORDS_TEXT_MAX 160
#define METRICS_SUFFIX ".prom" /* node_exporter reads no other */

/* "enforce or audit", "none, roles, servers or everything". */
static char *words_text(const char *const *words, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; words[i] && used < size; i++) {
		const char *glue = i == 0 ? "" : words[i + 1] ? ", " : " or ";

		used += (size_t)snprintf(buf + used, size - used, "%s%s", glue, words[i]);
	}
	return buf;
}

bool load_word(struct load *load, const char *what, const struct raw_value *value, const char *const *words,
               int *ret)
{
	char quoted[TEXT_QUOTE_MAX], text[WORDS_TEXT_MAX];

	if (value_parse_word(value->text, words, ret) == 0)
		return true;
	diag_error(load->diags, value->loc, "%s cannot be %s; write %s", what,
	           text_quote(value->text, strlen(value->text), quoted, sizeof(quoted)),
	           words_text(words, text, sizeof(text)));
	return false;
}

bool load_scalar(struct load *load, int id, const struct raw_key *raw, void *base)
{
	const struct key *key = &keys[id];
	char *field = (char *)base + key->offset;
	char quoted[TEXT_QUOTE_MAX];
	int r;

	if (!raw->first)
		return false;
	if (key->words)
		return load_word(load, key->name, raw->first, key->words, (int *)(void *)field);
	r = key->parse(raw->first->text, field);
	if (r < 0)
		diag_error(load->diags, raw->first->loc, "%s cannot be %s%s; write %s", key->name,
		           text_quote(raw->first->text, strlen(raw->first->text), quoted, sizeof(quoted)),
		           r == -ERANGE ? ", which is out of range" : "", key->right);
	return r == 0;
}

/* True for the keys whose value goes straight into a field. */
static bool is_scalar_of(int id, enum section_kind section)
{
	return keys[id].section == section && keys[id].form == KEY_SCALAR;
}

static void set_defaults(enum section_kind section, void *base)
{
	for (int id = 0; id < KEY_COUNT; id++) {
		char *field = (char *)base + keys[id].offset;

		if (!is_scalar_of(id, section) || !keys[id].default_text)
			continue;
		if (keys[id].words)
			value_parse_word(keys[id].default_text, keys[id].words, (int *)(void *)field);
		else
			keys[id].parse(keys[id].default_text, field);
	}
}

static void load_scalars(struct load *load, const struct raw_section *raw, void *base)
{
	for (int id = 0; id < KEY_COUNT; id++)
		if (is_scalar_of(id, raw->kind))
			load_scalar(load, id, &raw->keys[id], base);
}

/* Reported where the window is set; with the default window, where its maximum is. */
static void check_window(struct load *load, const struct raw_section *raw)
{
	const struct settings *settings = &load->policy->settings;
	const struct raw_key *window = &raw->keys[key_find(SECTION_OMFWD, "install_window")];
	const struct raw_key *max = &raw->keys[key_find(SECTION_OMFWD, "install_window_max")];
	char window_text[DURATION_TEXT_MAX], max_text[DURATION_TEXT_MAX];

	if (settings->install_window <= settings->install_window_max)
		return;
	diag_error(load->diags, window->first ? window->loc : max->loc,
	           "install_window (%s) is longer than install_window_max (%s); shorten the one or raise the "
	           "other",
	           duration_format(settings->install_window, window_text, sizeof(window_text)),
	           duration_format(settings->install_window_max, max_text, sizeof(max_text)));
}

/* Root writes it, so that a slip must not cost a file of somebody else's. */
static bool is_metrics_file(const char *path)
{
	size_t len = strlen(path), suffix = strlen(METRICS_SUFFIX);
	const char *name = strrchr(path, '/');

	return path[0] == '/' && len < PATH_MAX && strlen(name) > suffix + 1 &&
	       !strcmp(path + len - suffix, METRICS_SUFFIX);
}

static void load_metrics_file(struct load *load, const struct raw_section *raw)
{
	const struct key *key = &keys[key_find(SECTION_OMFWD, "metrics_file")];
	const struct raw_value *value = raw->keys[key - keys].first;
	char quoted[TEXT_QUOTE_MAX];

	if (!value || !strcmp(value->text, key->default_text))
		return;
	if (is_metrics_file(value->text))
		load->policy->settings.metrics_file = value->text;
	else
		diag_error(load->diags, value->loc, "metrics_file cannot be %s; write %s",
		           text_quote(value->text, strlen(value->text), quoted, sizeof(quoted)), key->right);
}

void load_settings(struct load *load)
{
	const struct raw_section *raw = role_file_section(load->raw, SECTION_OMFWD, NULL);

	set_defaults(SECTION_OMFWD, &load->policy->settings);
	if (!raw)
		return;
	load_scalars(load, raw, &load->policy->settings);
	check_window(load, raw);
	load_metrics_file(load, raw);
}

static void load_section(struct load *load, const struct raw_section *raw, struct section *section)
{
	const struct settings *settings = &load->policy->settings;

	section->name = raw->name;
	section->loc = raw->loc;
	section->table = settings->table;
	section->authentication = settings->authentication;
	section->snmp = settings->snmp;
	section->catalog_dynamic_ports = settings->catalog_dynamic_ports;
	load_scalars(load, raw, section);
}

void load_sections(struct load *load)
{
	struct policy *policy = load->policy;
	size_t n = 0;

	for (const struct raw_section *raw = load->raw; raw; raw = raw->next)
		n += raw->kind == SECTION_ROLES;
	policy->sections = ARENA_ARRAY(load->arena, struct section, n);
	load->nodes = ARENA_ARRAY(load->arena, struct section_nodes, n);
	for (const struct raw_section *raw = load->raw; raw; raw = raw->next)
		if (raw->kind == SECTION_ROLES)
			load_section(load, raw, &policy->sections[policy->n_sections++]);
}

struct section *load_find_section(struct load *load, const char *name, loc_t loc, const char *what)
{
	struct policy *policy = load->policy;
	const char **names = ARENA_ARRAY(load->arena, const char *, policy->n_sections + 1);
	const char *near;

	for (size_t i = 0; i < policy->n_sections; i++) {
		names[i] = policy->sections[i].name;
		if (!strcmp(names[i], name))
			return &policy->sections[i];
	}
	near = nearest_word(name, names);
	diag_error(load->diags, loc, "%s is about a section that does not exist; %s%s%s", what,
	           near ? "did you mean " : "write [roles ", near ? near : name, near ? "?" : "] too");
	return NULL;
}

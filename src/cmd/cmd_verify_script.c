// SPDX-License-Identifier: GPL-2.0-or-later
/* `omfwd verify-script`: the role file's outbound lines of one role as a script for its hosts. Asks nobody but the file. */
#include "cmd/cmd.h"

#include <stdio.h>
#include <string.h>

#include "cmd/loaded.h"
#include "words/verify_script.h"

static enum exit_code refuse(const char *what, const char *word, const char *instead)
{
	fprintf(stderr, "omfwd: %s %s; %s\n", what, word, instead);
	return CODE_BAD_INPUT;
}

static enum exit_code find_role(const char *word, enum role *ret)
{
	const char *names[2 * ROLE_MAX], *near;
	int role = role_find(word);
	unsigned n = 0;
	char instead[128];

	if (role >= 0) {
		*ret = (enum role)role;
		return CODE_DONE;
	}
	while (n < 2 * ROLE_MAX - 1 && role_name_at(n)) {
		names[n] = role_name_at(n);
		n++;
	}
	names[n] = NULL;
	near = nearest_word(word, names);
	snprintf(instead, sizeof(instead), near ? "did you mean %s?" : "see omfwd.conf(5) for the roles",
	         near);
	return refuse("there is no role", word, instead);
}

static bool has_role(const struct section *section, enum role role)
{
	return !addr_set_is_empty(&section->roles[role].addrs);
}

/* The section that is named, else the only one that has the role. */
static const struct section *only_section(const struct policy *policy, enum role role)
{
	const struct section *found = NULL;

	for (size_t i = 0; i < policy->n_sections; i++) {
		if (!has_role(&policy->sections[i], role))
			continue;
		if (found) {
			refuse("several sections have members of", role_name(role),
			       "name one with --section");
			return NULL;
		}
		found = &policy->sections[i];
	}
	if (!found)
		refuse("nobody holds the role", role_name(role), "assign it in a [roles] section");
	return found;
}

static const struct section *find_section(const struct options *options, const struct policy *policy,
                                          enum role role)
{
	const struct section *section;

	if (options->sections.n > 1) {
		refuse("verify-script knows one --section at a time, not also", options->sections.items[1],
		       "run it twice");
		return NULL;
	}
	if (!options->sections.n)
		return only_section(policy, role);
	section = policy_section(policy, options->sections.items[0]);
	if (!section)
		refuse("there is no section", options->sections.items[0], "omfwd show lists them");
	else if (!has_role(section, role))
		refuse("nobody in that section holds the role", role_name(role),
		       "assign it, or name another");
	else
		return section;
	return NULL;
}

static enum exit_code print(const struct options *options, const struct loaded *file)
{
	const struct section *section;
	struct script script;
	enum role role = ROLE_MAX;
	enum exit_code code = find_role(options->args.items[0], &role);

	if (code != CODE_DONE)
		return code;
	section = find_section(options, file->policy, role);
	if (!section)
		return CODE_BAD_INPUT;
	script_new(file->policy, &file->lines, section, role, &script);
	if (!script.n)
		return refuse("there is nothing to test: no row opens anything from", role_name(role),
		              "omfwd show lists what the rows open");
	if (options->format && strcmp(options->format, "sh") == 0)
		script_print_sh(&script, stdout);
	else
		script_print_powershell(&script, stdout);
	return CODE_DONE;
}

int cmd_verify_script(const struct options *options)
{
	struct loaded file;
	enum exit_code code = loaded_open_and_print(&file, options, options->config);

	if (code == CODE_DONE)
		code = print(options, &file);
	loaded_close(&file);
	return code;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* `omfwd show`: what the role file means, whoever runs it and wherever; the kernel is not asked. */
#include "cmd/cmd.h"

#include <stdio.h>
#include <string.h>

#include "cmd/loaded.h"
#include "words/show.h"

enum show_format { FORMAT_TABLE, FORMAT_NFT, FORMAT_JSON };

/* --json says the same as --format json; an explicit --format wins. */
static enum show_format wanted_format(const struct options *options)
{
	if (!options->format)
		return options->json ? FORMAT_JSON : FORMAT_TABLE;
	if (!strcmp(options->format, "nft"))
		return FORMAT_NFT;
	return !strcmp(options->format, "json") ? FORMAT_JSON : FORMAT_TABLE;
}

/* The one section asked for, NULL: all. Returns false for more than one. */
static bool one_section(const struct options *options, const char **ret)
{
	*ret = options->sections.n ? options->sections.items[0] : NULL;
	if (options->sections.n <= 1)
		return true;
	fprintf(stderr, "omfwd: show knows one --section at a time; leave it away for all of them\n");
	return false;
}

/* The policy as if it had no other sections; false when it has no such one. NULL: all of it. Site rules belong to none and stay. */
static bool narrow(const struct policy *policy, const char *name, struct policy *ret)
{
	const struct section *section = name ? policy_section(policy, name) : NULL;

	*ret = *policy;
	if (!name)
		return true;
	if (!section) {
		fprintf(stderr, "omfwd: there is no section %s; omfwd show lists them\n", name);
		return false;
	}
	ret->sections = (struct section *)section;
	ret->n_sections = 1;
	return true;
}

static void print_json(const struct loaded *file, const struct policy *view)
{
	json_t *json = show_to_json(view, &file->lines);

	json_dumpf(json, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(json);
}

int cmd_show(const struct options *options)
{
	struct loaded file;
	struct policy view;
	const char *name;
	enum exit_code code = loaded_open_and_print(&file, options, options->config);

	if (code == CODE_DONE && (!one_section(options, &name) || !narrow(file.policy, name, &view)))
		code = CODE_BAD_INPUT;
	if (code == CODE_DONE)
		switch (wanted_format(options)) {
		case FORMAT_TABLE:
			show_print_table(&view, &file.lines, stdout);
			break;
		case FORMAT_NFT:
			ruleset_print_nft(file.ruleset, stdout);
			break;
		case FORMAT_JSON:
			print_json(&file, &view);
			break;
		}
	loaded_close(&file);
	return code;
}

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

static void print_json(const struct loaded *file)
{
	json_t *json = show_to_json(file->policy, &file->lines);

	json_dumpf(json, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(json);
}

int cmd_show(const struct options *options)
{
	struct loaded file;
	enum exit_code code = loaded_open_and_print(&file, options->config);

	if (code == CODE_DONE)
		switch (wanted_format(options)) {
		case FORMAT_TABLE:
			show_print_table(file.policy, &file.lines, stdout);
			break;
		case FORMAT_NFT:
			ruleset_print_nft(file.ruleset, stdout);
			break;
		case FORMAT_JSON:
			print_json(&file);
			break;
		}
	loaded_close(&file);
	return code;
}

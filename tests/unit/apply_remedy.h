/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does what a remedy says: writes its lines into a file beside the role file, loads both, opens the windows that its
 * commands open, and asks again. A header with its functions in it, for the tests of explanations.
 */
#ifndef APPLY_REMEDY_H
#define APPLY_REMEDY_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/explain.h"
#include "words/explain_text.h"

/* The gates that commands open: "omfwd --phase install [--section S] --rows R" is "S.R" or "site.R". */
static bool commands_open(const char *gate, void *data)
{
	static const char command[] = "omfwd --phase install";
	char opened[128], section[64], row[64];

	for (const char *line = data; *line; line = strchrnul(line, '\n'), line += *line == '\n') {
		const char *rest = line + strlen(command);

		if (strncmp(line, command, strlen(command)))
			continue;
		if (sscanf(rest, " --section %63s --rows %63s", section, row) == 2)
			snprintf(opened, sizeof(opened), "%s.%s", section, row);
		else if (sscanf(rest, " --rows %63s", row) == 1)
			snprintf(opened, sizeof(opened), "site.%s", row);
		else
			return false;
		if (!strcmp(opened, gate))
			return true;
	}
	return false;
}

/* The policy of the role file at path, as it is after the lines; NULL when they make it wrong. */
static struct policy *load_with_lines(const char *path, const char *lines, time_t now)
{
	char dir[256], file[300];
	struct diag_list diags = {0};
	struct policy *policy;
	FILE *out;

	snprintf(dir, sizeof(dir), "%s.d", path);
	snprintf(file, sizeof(file), "%s/90-remedy.conf", dir);
	if (mkdir(dir, 0700) < 0 || !(out = fopen(file, "w")))
		abort();
	fputs(lines, out);
	fclose(out);
	policy = policy_load(path, now, &diags);
	if (!policy) {
		diag_print(&diags, stderr);
		policy_load_free_sources(&diags);
	}
	diag_clear(&diags);
	unlink(file);
	rmdir(dir);
	return policy;
}

/* The verdict after lines and commands; VERDICT_MAX when the lines make the file wrong. */
static enum verdict verdict_after(const char *path, const char *lines, const char *commands, time_t now,
                                  const struct query *query)
{
	struct policy *policy = load_with_lines(path, lines, now);
	struct lines compiled;
	enum verdict verdict;

	if (!policy)
		return VERDICT_MAX;
	compiled = policy_compile(policy);
	verdict = policy_judge(policy, &compiled, query, commands_open, (void *)commands);
	policy_free(policy);
	return verdict;
}

#endif

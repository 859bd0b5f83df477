// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who else can write what omfwd believes: the role file, the files beside it that assign roles, and the two directories. A directory
 * that is not there is made by the agent and not missed here.
 */
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor/findings.h"

/* Root, the user that the agent may run as, and whoever tries a file of his own. */
static bool is_trusted(uid_t uid)
{
	const struct passwd *agent = getpwnam("omfwd");

	return uid == 0 || uid == geteuid() || (agent && uid == agent->pw_uid);
}

static void check_path(struct checkup *checkup, const char *path)
{
	struct finding *finding;
	struct stat about;

	if (stat(path, &about) < 0)
		return;
	if (about.st_mode & S_IWOTH && !(S_ISDIR(about.st_mode) && about.st_mode & S_ISVTX)) {
		finding = finding_add(checkup, FINDING_WRITABLE_BY_OTHERS, "everybody can write %s", path);
		finding_line(checkup, &finding->commands, "chmod o-w %s", path);
	} else if (!is_trusted(about.st_uid)) {
		finding = finding_add(checkup, FINDING_WRITABLE_BY_OTHERS,
		                      "%s belongs to user %u, who is neither root nor omfwd", path,
		                      (unsigned)about.st_uid);
		finding_line(checkup, &finding->commands, "chown root %s", path);
	}
}

#define FILES_MAX 64

struct files {
	const char *items[FILES_MAX];
	size_t n;
};

static void check_once(struct checkup *checkup, struct files *seen, const char *path)
{
	for (size_t i = 0; i < seen->n; i++)
		if (!strcmp(seen->items[i], path))
			return;
	if (seen->n < FILES_MAX)
		seen->items[seen->n++] = path;
	check_path(checkup, path);
}

/* Every place of the policy names its file. */
static void check_sources(struct checkup *checkup)
{
	const struct policy *policy = checkup->question->policy;
	struct files seen = {.n = 0};

	check_once(checkup, &seen, policy->path);
	for (size_t i = 0; i < policy->n_sections; i++)
		for (unsigned role = 0; role < ROLE_MAX; role++) {
			const struct role_members *members = &policy->sections[i].roles[role];
			unsigned line;
			const char *file = source_file(policy->sources, members->loc, &line);

			if (file)
				check_once(checkup, &seen, file);
		}
}

void check_files(struct checkup *checkup)
{
	check_sources(checkup);
	check_path(checkup, checkup->question->state_dir);
	check_path(checkup, checkup->question->run_dir);
}

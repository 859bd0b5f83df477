// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who else can write what omfwd believes: the role file with all the files it names, and the two directories. A directory
 * that is not there is made by the agent and not missed here.
 */
#include <pwd.h>
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

/* Locations are numbered through all files: each new name that comes up is one of them. */
static void check_sources(struct checkup *checkup)
{
	const struct policy *policy = checkup->question->policy;
	const char *last = NULL;

	check_path(checkup, policy->path);
	for (size_t i = 0; i < policy->n_sections; i++)
		for (unsigned role = 0; role < ROLE_MAX; role++) {
			unsigned line;
			const char *file =
			        source_file(policy->sources, policy->sections[i].roles[role].loc, &line);

			if (file && file != policy->path && file != last)
				check_path(checkup, file);
			last = file ? file : last;
		}
}

void check_files(struct checkup *checkup)
{
	check_sources(checkup);
	check_path(checkup, checkup->question->state_dir);
	check_path(checkup, checkup->question->run_dir);
}

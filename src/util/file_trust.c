// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owner and mode are those of the descriptor that is read afterwards, so that there is no moment between. The directory is
 * asked by its name: who can exchange it can write in the one above, which is not looked at.
 */
#include "util/file_trust.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/file.h"

#define TRUSTED_NAME "omfwd"

/* Whether id is the number that sudo has left of its caller, who gives the orders here. The agent of a unit has none. */
static bool is_caller(const char *variable, unsigned id)
{
	const char *text = getenv(variable);
	char number[16];

	snprintf(number, sizeof(number), "%u", id);
	return text && strcmp(text, number) == 0;
}

static bool trusts_user(uid_t uid)
{
	bool own = uid == 0 || uid == geteuid() || is_caller("SUDO_UID", uid);
	const struct passwd *user = own ? NULL : getpwnam(TRUSTED_NAME);

	return own || (user && uid == user->pw_uid);
}

static bool trusts_group(gid_t gid)
{
	bool own = gid == 0 || gid == getegid() || is_caller("SUDO_GID", gid);
	const struct group *group = own ? NULL : getgrnam(TRUSTED_NAME);

	return own || (group && gid == group->gr_gid);
}

static int judge_file(const struct stat *about, char *why, size_t size)
{
	if (about->st_mode & S_IWOTH)
		snprintf(why, size, "everybody can write this file; chmod o-w");
	else if (about->st_mode & S_IWGRP && !trusts_group(about->st_gid))
		snprintf(why, size, "group %u can write this file; chmod g-w, or chgrp root",
		         (unsigned)about->st_gid);
	else if (!trusts_user(about->st_uid))
		snprintf(why, size, "this file belongs to user %u, who is neither root nor omfwd; chown root",
		         (unsigned)about->st_uid);
	else
		return 0;
	return -EPERM;
}

/* In a sticky directory, as /tmp, a file is its owner's all the same, and the directory's. */
static int judge_replacing(const struct stat *about, char *why, size_t size)
{
	bool sticky = about->st_mode & S_ISVTX;

	if (about->st_mode & S_IWOTH && !sticky)
		snprintf(why, size, "everybody can replace this file; chmod o-w its directory");
	else if (about->st_mode & S_IWGRP && !sticky && !trusts_group(about->st_gid))
		snprintf(why, size,
		         "group %u can replace this file; chmod g-w its directory, or chgrp root it",
		         (unsigned)about->st_gid);
	else if (!trusts_user(about->st_uid))
		snprintf(why, size,
		         "user %u can replace this file, being the owner of its directory; chown root that",
		         (unsigned)about->st_uid);
	else
		return 0;
	return -EPERM;
}

static int judge_directory(const char *path, char *why, size_t size)
{
	const char *slash = strrchr(path, '/');
	char dir[4096];
	struct stat about;
	int len = slash ? (int)(slash - path) : 0;

	snprintf(dir, sizeof(dir), "%.*s%s", len, path, slash ? "/" : ".");
	return stat(dir, &about) < 0 ? -errno : judge_replacing(&about, why, size);
}

static int read_judged(int fd, const char *path, char **text, size_t *len, char *why, size_t size)
{
	struct stat about;
	int r;

	if (fstat(fd, &about) < 0)
		return -errno;
	if (S_ISDIR(about.st_mode))
		return -EISDIR;
	if (!S_ISREG(about.st_mode))
		return -EINVAL;
	r = judge_file(&about, why, size);
	if (r == 0)
		r = judge_directory(path, why, size);
	return r == 0 ? file_read_fd(fd, text, len) : r;
}

int file_read_trusted(const char *path, char **text, size_t *len, char *why, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), r;

	*why = '\0';
	if (fd < 0)
		return -errno;
	r = read_judged(fd, path, text, len, why, size);
	close(fd);
	return r;
}

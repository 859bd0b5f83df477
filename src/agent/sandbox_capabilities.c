// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * systemd starts the agent as the user omfwd with one capability. Started by hand as root it ends up with as little: root
 * without capabilities still owns root's files, which is how it reads a role file that nobody else may read. Where the state
 * directory belongs to omfwd, root without capabilities could not write there, and the agent becomes that user.
 *
 * The group omfwd is among the groups, so that the control socket can be given to it without CAP_CHOWN.
 */
#include "agent/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/control.h"

#define AGENT_USER "omfwd"

static const cap_value_t kept = CAP_NET_ADMIN;

static bool has_effective(cap_value_t capability)
{
	cap_flag_value_t value = CAP_CLEAR;
	cap_t now = cap_get_proc();

	if (now)
		cap_get_flag(now, capability, CAP_EFFECTIVE, &value);
	cap_free(now);
	return value == CAP_SET;
}

/* What no program started by us could have either. */
static int drop_bounding(void)
{
	if (!has_effective(CAP_SETPCAP))
		return 0;
	for (cap_value_t capability = 0; capability < cap_max_bits(); capability++)
		if (capability != kept && CAP_IS_SUPPORTED(capability) && cap_drop_bound(capability) < 0)
			return -errno;
	return 0;
}

/* A user namespace may forbid it, and then there are no groups to lose. */
static int drop_groups(void)
{
	const struct group *group = getgrnam(CONTROL_GROUP);
	gid_t gid = group ? group->gr_gid : 0;

	if (!has_effective(CAP_SETGID) || setgroups(group ? 1 : 0, &gid) == 0)
		return 0;
	return errno == EPERM || errno == EINVAL ? 0 : -errno;
}

/* The user that the state directory was made for, NULL when we stay who we are. */
static const struct passwd *user_of(const char *state_dir)
{
	const struct passwd *user = getpwnam(AGENT_USER);
	struct stat about;

	if (!user || user->pw_uid == 0 || !has_effective(CAP_SETUID) || stat(state_dir, &about) < 0)
		return NULL;
	return about.st_uid == user->pw_uid ? user : NULL;
}

static int become(const struct passwd *user, const char *run_dir)
{
	if (mkdir(run_dir, 0755) == 0 && chown(run_dir, user->pw_uid, user->pw_gid) < 0)
		return -errno;
	if (setresgid(user->pw_gid, user->pw_gid, user->pw_gid) < 0 || cap_setuid(user->pw_uid) < 0)
		return -errno;
	return 0;
}

/* Of the one that is kept, what there is of it. Returns NULL when out of memory. */
static cap_t wanted_of(cap_t now)
{
	cap_flag_value_t had = CAP_CLEAR;
	cap_t wanted = cap_init();

	if (wanted && cap_get_flag(now, kept, CAP_PERMITTED, &had) == 0 && had == CAP_SET) {
		cap_set_flag(wanted, CAP_PERMITTED, 1, &kept, CAP_SET);
		cap_set_flag(wanted, CAP_EFFECTIVE, 1, &kept, CAP_SET);
	}
	return wanted;
}

/* Under systemd nothing is left to give up, and its filter does not let us try. */
static int keep_one(void)
{
	cap_t now = cap_get_proc(), wanted = now ? wanted_of(now) : NULL;
	int r = wanted ? 0 : -errno, differs = r == 0 ? cap_compare(now, wanted) : 0;

	if (r == 0 && cap_reset_ambient() < 0)
		r = -errno;
	if (r == 0 && (CAP_DIFFERS(differs, CAP_EFFECTIVE) || CAP_DIFFERS(differs, CAP_PERMITTED)) &&
	    cap_set_proc(wanted) < 0)
		r = -errno;
	cap_free(now);
	cap_free(wanted);
	return r;
}

int sandbox_drop_capabilities(const char *run_dir, const char *state_dir, char *error, size_t size)
{
	const struct passwd *user = geteuid() == 0 ? user_of(state_dir) : NULL;
	int r = geteuid() == 0 ? drop_groups() : 0;

	if (r == 0)
		r = drop_bounding();
	if (r == 0 && user)
		r = become(user, run_dir);
	if (r == 0)
		r = keep_one();
	if (r == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		r = -errno;
	if (r < 0)
		snprintf(error, size, "cannot give up the capabilities that are not needed: %s",
		         strerror(-r));
	return r;
}

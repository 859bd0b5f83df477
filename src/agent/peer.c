/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The groups are those the peer had when it connected (SO_PEERGROUPS): the same that the mode of the socket file was
 * judged by, and no name service can delay the answer.
 */
#include "agent/peer.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/control.h"

#define GROUPS_MAX 65536 /* NGROUPS_MAX of Linux */

static bool is_member(int fd, gid_t own, gid_t wanted)
{
	gid_t *groups = calloc(GROUPS_MAX, sizeof(*groups));
	socklen_t len = GROUPS_MAX * sizeof(*groups);
	bool found = own == wanted;

	if (!groups)
		abort();
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) < 0)
		len = 0;
	for (size_t i = 0; !found && i < len / sizeof(*groups); i++)
		found = groups[i] == wanted;
	free(groups);
	return found;
}

int peer_read(int fd, struct peer *ret)
{
	struct ucred credentials;
	socklen_t len = sizeof(credentials);
	const struct group *group;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) < 0)
		return -errno;
	*ret = (struct peer){.pid = credentials.pid, .uid = credentials.uid, .gid = credentials.gid};
	ret->allowed = ret->uid == 0 || ret->uid == geteuid();
	if (!ret->allowed) {
		group = getgrnam(CONTROL_GROUP);
		ret->allowed = group && is_member(fd, ret->gid, group->gr_gid);
	}
	return 0;
}

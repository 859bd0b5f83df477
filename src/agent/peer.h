/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is at the other end of a control connection, by the kernel's word. */
#ifndef OMFWD_PEER_H
#define OMFWD_PEER_H

#include <stdbool.h>
#include <sys/types.h>

struct peer {
	pid_t pid;
	uid_t uid;
	gid_t gid;
	bool allowed; /* root, our own user, or a member of the group omfwd */
};

/* Returns 0 or -errno. */
int peer_read(int fd, struct peer *ret);

#endif

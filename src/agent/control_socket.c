/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The socket file. It is made under the final name with no permissions that matter yet (umask), then given to the group;
 * whoever connects is asked for credentials all the same. A file that nobody listens on was left by a dead agent.
 */
#include "agent/control_socket.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/control.h"

#define BACKLOG         64
#define CONNECT_SECONDS 10 /* an agent that does not accept is stuck */

int control_path(const char *run_dir, char *buf, size_t size)
{
	int n = snprintf(buf, size, "%s/" CONTROL_SOCKET, run_dir);

	if (n < 0 || (size_t)n >= size || (size_t)n >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return -ENAMETOOLONG;
	return 0;
}

int control_connect(const char *path)
{
	static const struct timeval patience = {.tv_sec = CONNECT_SECONDS};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), r;

	if (fd < 0)
		return -errno;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

/* Returns -EADDRINUSE when somebody listens; else the way is free. */
static int remove_stale(const char *path)
{
	int fd = control_connect(path);

	if (fd >= 0) {
		close(fd);
		return -EADDRINUSE;
	}
	if (fd == -ECONNREFUSED && unlink(path) < 0)
		return -errno;
	return 0;
}

static int bind_and_listen(int fd, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct group *group = getgrnam(CONTROL_GROUP);
	mode_t mask = umask(0117);
	int r;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	r = bind(fd, (struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (r < 0)
		return -errno;
	/* Without the right to give it away it stays ours: root still gets in. */
	if (group && chown(path, (uid_t)-1, group->gr_gid) < 0 && errno != EPERM)
		return -errno;
	return listen(fd, BACKLOG) < 0 ? -errno : 0;
}

int control_socket_listen(const char *run_dir, const char *path)
{
	int fd, r;

	if (mkdir(run_dir, 0755) < 0 && errno != EEXIST)
		return -errno;
	r = remove_stale(path);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	r = bind_and_listen(fd, path);
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

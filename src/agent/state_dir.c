// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A rename is on disk only once the directory is: so it is synced as well, after every change. Files belong to whoever
 * the directory belongs to: under systemd that is the agent's user.
 */
#include "agent/state_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "util/file.h"

#define NAME_MAX_LEN 64
#define DIR_MODE     0755

static int open_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	return errno == ENOENT ? -ENOTDIR : -errno;
}

void state_dir_make(const char *dir)
{
	(void)mkdir(dir, DIR_MODE);
}

int state_dir_read(const char *dir, const char *name, char **bytes, size_t *len)
{
	int dir_fd = open_dir(dir), fd, r;

	if (dir_fd < 0)
		return dir_fd;
	fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	r = fd < 0 ? -errno : file_read_fd(fd, bytes, len);
	if (fd >= 0)
		close(fd);
	close(dir_fd);
	return r;
}

static int write_synced(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		len -= (size_t)n;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

/* The agent may be another user than the one who works without it, and must be able to read what root wrote. */
static int give_to_owner_of(int dir_fd, int fd)
{
	struct stat dir;

	if (fstat(dir_fd, &dir) < 0)
		return -errno;
	if (geteuid() != 0 || (dir.st_uid == 0 && dir.st_gid == 0))
		return 0;
	return fchown(fd, dir.st_uid, dir.st_gid) < 0 ? -errno : 0;
}

/* Always a new file: who may write in the directory must not lend us one of somebody else. */
static int write_aside(int dir_fd, const char *aside, const char *bytes, size_t len, mode_t mode)
{
	int fd, r;

	if (unlinkat(dir_fd, aside, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(dir_fd, aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return -errno;
	r = give_to_owner_of(dir_fd, fd);
	if (r == 0)
		r = write_synced(fd, bytes, len);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	return r;
}

int state_dir_replace(const char *dir, const char *name, const char *bytes, size_t len, mode_t mode)
{
	int dir_fd = open_dir(dir), r;
	char aside[NAME_MAX_LEN];

	if (dir_fd < 0)
		return dir_fd;
	snprintf(aside, sizeof(aside), "%s.new", name);
	r = write_aside(dir_fd, aside, bytes, len, mode);
	if (r == 0 && (renameat(dir_fd, aside, dir_fd, name) < 0 || fsync(dir_fd) < 0))
		r = -errno;
	if (r < 0) /* half a file would only fill the disk */
		unlinkat(dir_fd, aside, 0);
	close(dir_fd);
	return r;
}

static int open_to_append(int dir_fd, const char *name, struct stat *st, mode_t mode)
{
	int fd =
	        openat(dir_fd, name, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, mode);
	int r;

	if (fd < 0)
		return -errno;
	if (fstat(fd, st) < 0)
		r = -errno;
	else if (!S_ISREG(st->st_mode) || st->st_nlink != 1)
		r = -EBADMSG;
	else
		r = st->st_size == 0 ? give_to_owner_of(dir_fd, fd) : 0;
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

/* One write, so that others see all of it or, at worst, a beginning. */
static int append_synced(int fd, const struct stat *st, const char *bytes, size_t len)
{
	struct iovec parts[] = {{.iov_base = (char *)"\n", .iov_len = 0},
	                        {.iov_base = (char *)bytes, .iov_len = len}};
	ssize_t written;
	char last;

	if (st->st_size > 0 && pread(fd, &last, 1, st->st_size - 1) == 1 && last != '\n')
		parts[0].iov_len = 1;
	written = writev(fd, parts, 2);
	if (written < 0)
		return -errno;
	if ((size_t)written != len + parts[0].iov_len)
		return -ENOSPC;
	return fsync(fd) < 0 ? -errno : 0;
}

int state_dir_append(const char *dir, const char *name, const char *old, size_t max, const char *bytes,
                     size_t len, mode_t mode)
{
	int dir_fd = open_dir(dir), fd;
	struct stat st;
	int r;

	if (dir_fd < 0)
		return dir_fd;
	fd = open_to_append(dir_fd, name, &st, mode);
	/* A descriptor comes with its size. NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
	if (fd >= 0 && st.st_size > 0 && (size_t)st.st_size + len > max) {
		close(fd);
		fd = renameat(dir_fd, name, dir_fd, old) < 0 ? -errno
		                                             : open_to_append(dir_fd, name, &st, mode);
	}
	r = fd < 0 ? fd : append_synced(fd, &st, bytes, len);
	if (fd >= 0)
		close(fd);
	if (r == 0 && st.st_size == 0 && fsync(dir_fd) < 0)
		r = -errno;
	close(dir_fd);
	return r;
}

int state_dir_remove(const char *dir, const char *name)
{
	int dir_fd = open_dir(dir), r = 0;

	if (dir_fd < 0)
		return dir_fd == -ENOTDIR ? 0 : dir_fd;
	if (unlinkat(dir_fd, name, 0) == 0)
		r = fsync(dir_fd) < 0 ? -errno : 0;
	else if (errno != ENOENT)
		r = -errno;
	close(dir_fd);
	return r;
}

const char *state_strerror(int r)
{
	if (r == -ENOTDIR)
		return "there is no such directory";
	if (r == -EBADMSG)
		return "what is there is damaged, or no state of ours";
	if (r == -ENOTSUP)
		return "what is there is of another version of omfwd";
	return strerror(-r);
}

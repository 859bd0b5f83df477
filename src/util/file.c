// SPDX-License-Identifier: GPL-2.0-or-later
/* Files are read in one go when their size is known, else in growing pieces. */
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/array.h"

#define FILE_MAX   ((size_t)1 << 30)
#define FIRST_READ ((size_t)64 * 1024)

/* How much to make room for at first: one byte more than the file, to see its end without growing. */
static int file_size_hint(int fd, size_t *ret)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (st.st_size > (off_t)FILE_MAX)
		return -EFBIG;
	*ret = S_ISREG(st.st_mode) && st.st_size > 0 ? (size_t)st.st_size + 2 : FIRST_READ;
	return 0;
}

int file_read_fd(int fd, char **text, size_t *len)
{
	size_t want = 0, cap = 0, used = 0;
	char *buf = NULL;
	ssize_t n;
	int r = file_size_hint(fd, &want);

	if (r < 0)
		return r;
	do {
		buf = array_reserve(buf, &cap, want, 1);
		n = read(fd, buf + used, cap - used - 1);
		if (n < 0)
			r = errno == EINTR ? 0 : -errno;
		else if ((used += (size_t)n) > FILE_MAX)
			r = -EFBIG;
		want = used + 2;
	} while (r == 0 && n != 0);
	if (r < 0) {
		free(buf);
		return r;
	}
	buf[used] = '\0';
	*text = buf;
	*len = used;
	return 0;
}

int file_read(const char *path, char **text, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = file_read_fd(fd, text, len);
	close(fd);
	return r;
}

int file_read_regular(const char *path, char **text, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int r = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		r = -errno;
	else if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		r = -EINVAL;
	if (r == 0)
		r = file_read_fd(fd, text, len);
	close(fd);
	return r;
}

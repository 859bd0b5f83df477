/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A whole file in memory. */
#ifndef OMFWD_FILE_H
#define OMFWD_FILE_H

#include <stddef.h>

/*
 * Reads all of path (regular file, pipe or the like) into *text, malloc'ed and followed by a NUL byte. Returns 0 or
 * -errno: -EISDIR for a directory, -EFBIG beyond 1 GiB. Read and not mapped: a file that shrinks must not kill us.
 */
int file_read(const char *path, char **text, size_t *len);

/* The same of a regular file; -EINVAL for a pipe or a device, which might have no end or never answer. */
int file_read_regular(const char *path, char **text, size_t *len);

/* All that a descriptor has, which stays open. */
int file_read_fd(int fd, char **text, size_t *len);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file whose words become policy, read only if nobody else can put words into it. */
#ifndef OMFWD_FILE_TRUST_H
#define OMFWD_FILE_TRUST_H

#include <stddef.h>

#define FILE_DISTRUST_MAX 160

/*
 * As file_read_regular(), without ever waiting for a pipe, and -EPERM for a file that others can write, that belongs to a
 * stranger, or whose directory lets others replace it. Trusted are root, the user and the group omfwd, and the
 * caller, also the one behind sudo. why is set with -EPERM: what is wrong; what would be right ("" where opening failed so).
 */
int file_read_trusted(const char *path, char **text, size_t *len, char *why, size_t size);

#endif

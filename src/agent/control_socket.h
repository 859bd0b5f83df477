/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file RUNDIR/control.sock, seen from both ends. */
#ifndef OMFWD_CONTROL_SOCKET_H
#define OMFWD_CONTROL_SOCKET_H

#include <stddef.h>

/* The path of the socket, into buf; -ENAMETOOLONG when no socket can have it. */
int control_path(const char *run_dir, char *buf, size_t size);
#define CONTROL_PATH_MAX 108

/* Connects; returns a blocking socket or -errno: -ENOENT or -ECONNREFUSED when no agent listens. */
int control_connect(const char *path);

/*
 * Listens, mode 0660, for the group omfwd if there is one; makes run_dir if it is missing. Returns a non-blocking
 * socket or -errno: -EADDRINUSE when another agent listens there.
 */
int control_socket_listen(const char *run_dir, const char *path);

#endif

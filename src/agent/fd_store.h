/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file descriptor that systemd keeps for us from one life to the next, kill -9 or not. Without systemd, or with a
 * unit whose FileDescriptorStoreMax is 0, nothing is kept and nothing is said.
 */
#ifndef OMFWD_FD_STORE_H
#define OMFWD_FD_STORE_H

/* The descriptor of the life before, now ours to close; -1: there is none. Only the first call can find one. */
int fd_store_take(void);

/* Gives systemd a copy to keep. Giving it the same one again changes nothing. */
void fd_store_put(int fd);

/* Has systemd let go of it. */
void fd_store_remove(void);

#endif

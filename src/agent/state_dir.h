/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of STATEDIR. They are read whole and replaced whole: written aside, synced, renamed, so that a reader and a
 * crash see the old or the new one. No symbolic link is followed, no failure leaves anything behind.
 */
#ifndef OMFWD_STATE_DIR_H
#define OMFWD_STATE_DIR_H

#include <stddef.h>
#include <sys/types.h>

/* Makes the directory where there is none. What it fails for is told by those who read and write in it. */
void state_dir_make(const char *dir);

/*
 * Reads a file into *bytes, malloc'ed and followed by a NUL byte. Returns 0, -ENOENT when there is none, -ENOTDIR when
 * there is no such directory, or another -errno.
 */
int state_dir_read(const char *dir, const char *name, char **bytes, size_t *len);

/* Replaces a file; it belongs to the directory's owner. Returns 0 or -errno; then the old one is still there. */
int state_dir_replace(const char *dir, const char *name, const char *bytes, size_t len, mode_t mode);

/*
 * Appends whole lines in one write, and makes the file where there is none. A line that an earlier write left torn is
 * ended first. A file that would grow beyond max bytes becomes old, which replaces the one of that name. Returns 0 or
 * -errno; then a part of the bytes may have been written.
 */
int state_dir_append(const char *dir, const char *name, const char *old, size_t max, const char *bytes,
                     size_t len, mode_t mode);

/* Removes a file for good. Returns 0, also when there was none, or -errno. */
int state_dir_remove(const char *dir, const char *name);

/* What a negative result means, for people. */
const char *state_strerror(int r);

#endif

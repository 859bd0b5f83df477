// SPDX-License-Identifier: GPL-2.0-or-later
/* Files of the fuzzers live in memory: a million inputs are a million files. */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLOTS 4

const char *fuzz_file(int slot, const uint8_t *data, size_t size)
{
	static struct {
		int fd;
		char path[64];
	} files[SLOTS];

	if (!files[slot].fd) {
		files[slot].fd = memfd_create("fuzz", MFD_CLOEXEC);
		snprintf(files[slot].path, sizeof(files[slot].path), "/proc/self/fd/%d", files[slot].fd);
	}
	/* nobody may write what an agent believes */
	if (files[slot].fd < 0 || fchmod(files[slot].fd, 0600) < 0 || ftruncate(files[slot].fd, 0) < 0 ||
	    pwrite(files[slot].fd, data, size, 0) != (ssize_t)size)
		abort();
	return files[slot].path;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the fuzzers share: the entrance that libFuzzer and replay.c call, and bytes as a file. */
#ifndef OMFWD_FUZZ_H
#define OMFWD_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* One input. Returns 0; whatever is wrong with the program ends it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * A file that holds the bytes, until the next call for the same slot. Returns its path; slots are few (0 to 3), and the
 * directory of the paths has no other files a member could name.
 */
const char *fuzz_file(int slot, const uint8_t *data, size_t size);

/* Ends the program when what must hold does not. */
#define FUZZ_HOLDS(condition)                                                                                \
	do {                                                                                                 \
		if (!(condition))                                                                            \
			__builtin_trap();                                                                    \
	} while (0)

#endif

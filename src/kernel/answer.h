/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading what the kernel answers, and telling it to people. */
#ifndef OMFWD_ANSWER_H
#define OMFWD_ANSWER_H

#include "kernel/session.h"

/* One NLMSG_ERROR: the message it is about, 0 or -errno, and the offset of the attribute it names (0: none). */
struct answer {
	uint32_t seq;
	int error;
	uint32_t offset;
};

/* Finds the next answer in a datagram from *offset on; false at its end. Anything malformed ends it. */
bool answer_next(const char *buf, size_t len, size_t *offset, struct answer *ret);

/* Sets kernel->error and error_loc to what the answer means and returns the -errno. */
int answer_tell(struct kernel *kernel, const struct answer *answer);

/*
 * Hands the messages of one datagram of a dump to dump->each(). Returns 1 when more will come, 0 at the end, or
 * -errno when the kernel refused. *interrupted is set when a commit came between: what was read may be inconsistent.
 */
int answer_dump(const char *buf, size_t len, uint32_t seq, const struct dump *dump, bool *interrupted);

#endif

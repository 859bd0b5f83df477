/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A compiled policy as bytes, and back: the ruleset, and of the policy what is needed without its file (settings that
 * windows and status ask for, names of sections, when site rules expire). Pure. What is read may be damaged: nothing
 * of it is believed unchecked.
 */
#ifndef OMFWD_STORE_H
#define OMFWD_STORE_H

#include "ruleset/ruleset.h"

/* The bytes, malloc'ed. saved is when; it does not count for store_same(). */
char *store_write(const struct policy *policy, const struct ruleset *ruleset, time_t saved, size_t *len);

struct stored {
	time_t saved;
	struct policy
	        *policy; /* without members, ports and site rules' ends: it cannot be compiled or explained */
	struct ruleset *ruleset; /* no set has a kernel_name */
};

/*
 * Returns 0, -ENOTSUP when another version of omfwd wrote it, or -EBADMSG when it is damaged or nothing of ours. On
 * failure ret is untouched. Release with ruleset_free(), then policy_free().
 */
int store_read(const char *bytes, size_t len, struct stored *ret);

/* Whether two texts hold the same policy, whenever they were saved. */
bool store_same(const char *a, size_t a_len, const char *b, size_t b_len);

#endif

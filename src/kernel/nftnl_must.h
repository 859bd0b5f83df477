/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libnftnl keeps copies of names, and leaves what it has no memory for out of the message: rules to delete without their
 * chain's name are all rules of the table. Without memory the process ends instead; the policy stays in the kernel.
 */
#ifndef OMFWD_NFTNL_MUST_H
#define OMFWD_NFTNL_MUST_H

#include <stdlib.h>

/* What nftnl_*_alloc() returns, which is not NULL then. */
static inline void *nftnl_must_have(void *object)
{
	if (!object)
		abort();
	return object;
}

/* What nftnl_*_set_str() and its like return: -1 when nothing was set. */
static inline void nftnl_must_set(int r)
{
	if (r < 0)
		abort();
}

#endif

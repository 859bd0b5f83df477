/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an agent gives up before it reads anything that others wrote: every capability but CAP_NET_ADMIN, and the system
 * calls that it has no use for. Only the agent: commands end by themselves, and prove needs namespaces.
 */
#ifndef OMFWD_SANDBOX_H
#define OMFWD_SANDBOX_H

#include <stddef.h>

/*
 * Started as root: no capability but CAP_NET_ADMIN is left, nor can be won back; the supplementary groups are the group
 * omfwd alone. Becomes the user omfwd where state_dir is that user's, as systemd leaves it; run_dir, if it is missing, is
 * made first. Started as somebody else: gives up what there is. Returns 0, or -errno with a sentence in error.
 */
int sandbox_drop_capabilities(const char *run_dir, const char *state_dir, char *error, size_t size);

/*
 * The filter of system calls, for this thread and those it starts. What nobody but an attacker would try ends the
 * process, anything else that is not needed is answered with ENOSYS, which the C library knows how to live with. Returns 0 or
 * -errno.
 */
int sandbox_filter_calls(void);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which network namespace this is. The control socket is a file and reaches across namespaces; the policy does not.
 */
#ifndef OMFWD_NETNS_H
#define OMFWD_NETNS_H

#include <stddef.h>

/* "DEVICE:INODE" of our network namespace, "" when it cannot be known; returns buf. */
char *netns_id(char *buf, size_t size);
#define NETNS_ID_MAX 48

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who asks. The uid is the kernel's word; how root came to be root, and from where, only the asking process knows and
 * is believed only if it is root.
 */
#ifndef OMFWD_ORIGIN_H
#define OMFWD_ORIGIN_H

#include <jansson.h>
#include <stddef.h>
#include <sys/types.h>

#include "agent/state.h"

/* What this process knows about its user: "login" and "from", set in a request. */
void origin_claim(json_t *request);

/* The origin of a request that uid sent: claims, "reason" and "ticket" are taken from it. It has no name yet. */
void origin_of_request(uid_t uid, const json_t *request, struct origin *ret);

/* The origin of a signal, without a name. */
void origin_of_signal(uid_t uid, pid_t pid, struct origin *ret);

/*
 * Looks up what the user is called, unless that is known. It reads files, or asks whom nsswitch.conf names: not before the
 * kernel has heard what the user wants.
 */
void origin_name(struct origin *origin);

/* "alice (as root) from 192.0.2.7", "somebody" when nothing is known. */
char *origin_format(const struct origin *origin, char *buf, size_t size);
#define ORIGIN_FORMAT_MAX 512

#endif

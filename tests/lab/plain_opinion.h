/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A random role file, and what the plainest evaluator (tests/unit/plain_world.h) says of packets by it. Its own file,
 * because it and src/prove have the same names for what they do not share.
 */
#ifndef PLAIN_OPINION_H
#define PLAIN_OPINION_H

#include <stdio.h>

#include "policy/explain.h"

#define PLAIN_ADDRESSES 64 /* of each family: 10.0.0.0 to 10.0.0.63 and 2001:db8:: to 2001:db8::3f */

struct plain_opinion;

/* Writes a role file, random by random(3), to out. To be freed with plain_opinion_free(). */
struct plain_opinion *plain_opinion_new(FILE *out);
void plain_opinion_free(struct plain_opinion *opinion);

/*
 * What happens to the query's packet with all windows closed (install false) or open: VERDICT_ALLOWED, VERDICT_NOT_JUDGED,
 * VERDICT_NEVER_DENY or VERDICT_DENIED, as with mode = enforce.
 */
enum verdict plain_opinion_of(struct plain_opinion *opinion, const struct query *query, bool install);

/* Address number i of a family. */
struct addr plain_addr(bool v6, unsigned i);

/* A port that the role file may be about. */
uint16_t plain_port(void);

#endif

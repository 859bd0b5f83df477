/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every role with a host on either side, and the packets that tell whether a gateway does what the documents say:
 * around each line, or for all pairs of roles. The judge is expected_lines.c.
 */
#ifndef LAB_SWEEP_H
#define LAB_SWEEP_H

#include "tests/lab/burst.h"
#include "tests/lab/expected_lines.h"

/* A probe and what the documents say about it. */
struct trial {
	int from, to;                     /* roles; NO_ROLE: the address beside one */
	const struct expected_line *line; /* that opens it; NULL: none */
	bool passes;
};

struct sweep {
	struct probe *probes;
	struct trial *trials;
	size_t n, cap;
	size_t wrong;
};

/* The host of a role on a side (1 left, 2 right). */
struct address sweep_address(int role, int side, int family);
/* Its neighbour, which holds no role. */
struct address sweep_address_beside(int role, int side, int family);

/* Writes the role file of a policy: all assigned roles, one section, deny_scope and table; extra is put in front. */
void sweep_config_write(const struct expected_policy *policy, const char *extra);

/* Each line of the table, and around it: neighbour ports, other protocol, reverse, strangers; both ways, v4 and v6. */
void sweep_add_lines(struct sweep *sweep, const struct expected_policy *policy);

/* Each pair of roles, each port of the table and its neighbours, tcp and udp, and echo; both ways, v4 and v6. */
void sweep_add_pairs(struct sweep *sweep, const struct expected_policy *policy);

/* Sends everything and counts what got another verdict; the first few go to standard error when loud. */
void sweep_run(struct lab *lab, struct sweep *sweep, bool loud);

static inline bool sweep_is_wrong(const struct sweep *sweep, size_t i)
{
	return sweep->probes[i].arrived != sweep->trials[i].passes;
}

/* Sends the sweep in one phase and fails the test on any wrong verdict. */
void sweep_expect(struct lab *lab, const struct expected_policy *policy,
                  void (*add)(struct sweep *, const struct expected_policy *));

void sweep_free(struct sweep *sweep);

#endif

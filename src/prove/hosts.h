/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The addresses a proof speaks for: of every set of members a handful, chosen at the edges, and the addresses just
 * outside. Each knows which roles it holds, found out by looking at every range of the policy one by one. Pure.
 */
#ifndef OMFWD_PROVE_HOSTS_H
#define OMFWD_PROVE_HOSTS_H

#include "policy/policy.h"

enum family { FAMILY_4, FAMILY_6, FAMILY_MAX };

struct host {
	struct addr addr;
	role_mask *held; /* by section, as the sections stand in the policy */
	bool *from, *to; /* by site rule */
	bool never_denied;
};

struct hosts {
	const struct policy *policy;
	struct arena *arena;
	struct host *items;
	size_t n, cap;
};

/* Hosts of one set and family, as indices. */
#define SAMPLE_MAX 10
struct sample {
	size_t hosts[SAMPLE_MAX];
	size_t n;
};

struct samples {
	struct sample inside[FAMILY_MAX], outside[FAMILY_MAX];
};

/* What the hosts know lives in the arena; the list itself is freed with hosts_free(). */
void hosts_init(struct hosts *hosts, const struct policy *policy, struct arena *arena);
void hosts_free(struct hosts *hosts);

/* The index of the host with that address, which is added if it is new. */
size_t hosts_add(struct hosts *hosts, const struct addr *addr);

/*
 * Adds the edges of a set: the first, middle and last single address, both ends of the first and of the last range, and
 * the addresses just below and above it all. Addresses that no router forwards are moved inwards or left out.
 */
void hosts_sample(struct hosts *hosts, const struct addr_set *addrs, struct samples *ret);

/* Adds an address of each family that both sets hold, while the sample has room. */
void hosts_sample_shared(struct hosts *hosts, const struct addr_set *addrs, const struct addr_set *other,
                         struct samples *ret);

/* An address that is in nobody's list, of documentation's networks; false if they are all taken. */
bool hosts_add_nobody(struct hosts *hosts, enum family family, size_t *ret);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The version of the nft program of this machine, found without running it. */
#ifndef OMFWD_NFT_VERSION_H
#define OMFWD_NFT_VERSION_H

#include <stdbool.h>
#include <stddef.h>

struct nft_version {
	unsigned major, minor, patch;
};

/*
 * The version that a program file carries as a string of its own ("1.0.6"); the first one. False when it has none: then
 * nothing is known.
 */
bool nft_version_find(const char *bytes, size_t len, struct nft_version *ret);

/* The same of the program in one of the usual places. */
bool nft_version_here(struct nft_version *ret);

/* Whether it can load again what it lists of a table that is owned and persistent: from 1.1.0 on. */
bool nft_version_knows_persist(const struct nft_version *version);

#endif

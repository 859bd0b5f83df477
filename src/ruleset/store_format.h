/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What writer and reader of a stored policy share. Little endian throughout:
 *
 *   magic and version, 8 bytes; checksum of all that follows, 8; moment of saving, 8; policy; ruleset
 *
 * A text is its length in 2 bytes and its characters; lists are preceded by their length in 4 bytes. A host is its
 * address, a net its first and its last, the low half of IPv6 before the high one. Kinds that the
 * program numbers as it likes are written as words, so that a renumbered one is never taken for another.
 */
#ifndef OMFWD_STORE_FORMAT_H
#define OMFWD_STORE_FORMAT_H

#include "ruleset/ruleset.h"

#define STORE_MAGIC       "omfwd\n"
#define STORE_MAGIC_LEN   6 /* the rest is the version */
#define STORE_VERSION     "04"
#define STORE_CHECKSUM_AT 8u
#define STORE_SAVED_AT    16u
#define STORE_BODY_AT     24u
#define STORE_NO_TEXT     UINT16_MAX
#define STORE_NO_SET      UINT32_MAX
#define STORE_NAME_MAX    200 /* of sets, chains, counters, log prefixes */
#define STORE_COMMENT_MAX 127
#define STORE_PATH_MAX    4096

/* What a statement of a kind cannot do without. */
struct stmt_format {
	const char *word;
	unsigned sets; /* the types its set may have, a bit each; 0: it has none */
	bool named;    /* a counter, a chain, or a prefix */
	bool protocol; /* TCP, UDP, ICMP or ICMPv6 */
};

extern const struct stmt_format stmt_formats[STMT_MAX];
extern const char *const set_type_words[SET_TYPE_MAX];

/* FNV-1a over words of 64 bits, the last one filled up with zeros: finds damage, not malice. */
uint64_t store_checksum(const char *bytes, size_t len);

#endif

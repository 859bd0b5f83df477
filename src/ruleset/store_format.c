// SPDX-License-Identifier: GPL-2.0-or-later
/* The words of a stored policy. A kind that is added to the model needs its line here. */
#include "ruleset/store_format.h"

#include <endian.h>
#include <string.h>

#define TYPE(type)  (1u << SET_##type)
#define ADDRESSES_4 (TYPE(HOSTS4) | TYPE(NETS4))
#define ADDRESSES   (ADDRESSES_4 | TYPE(HOSTS6) | TYPE(NETS6))

const struct stmt_format stmt_formats[STMT_MAX] = {
        [STMT_L4PROTO] = {.word = "l4proto", .protocol = true},
        [STMT_L4PROTO_SET] = {.word = "l4proto-set", .sets = TYPE(WINDOW)},
        [STMT_CT_INVALID] = {.word = "ct-invalid"},
        [STMT_CT_UNPLACED] = {.word = "ct-unplaced"},
        [STMT_CT_PROTOCOL] = {.word = "ct-protocol", .protocol = true},
        [STMT_CT_ADDR] = {.word = "ct-addr", .sets = ADDRESSES},
        [STMT_CT_ADDR_VMAP] = {.word = "ct-addr-vmap", .sets = TYPE(ENDS4) | TYPE(ENDS6)},
        [STMT_CT_REPLY_PORT] = {.word = "ct-reply-port"},
        [STMT_CT_REPLY_VMAP] = {.word = "ct-reply-vmap", .sets = TYPE(SERVICES)},
        [STMT_CT_ORIGINAL_VMAP] = {.word = "ct-original-vmap", .sets = TYPE(SERVICES)},
        [STMT_CT_ESTABLISHED] = {.word = "ct-established"},
        [STMT_CT_RELATED] = {.word = "ct-related"},
        [STMT_TCP_RST] = {.word = "tcp-rst"},
        [STMT_CT_IS_REPLY] = {.word = "ct-is-reply"},
        [STMT_TCP_NOT_SYN] = {.word = "tcp-not-syn"},
        [STMT_CT_ORIGINAL_ICMP] = {.word = "ct-original-icmp"},
        [STMT_SADDR] = {.word = "saddr", .sets = ADDRESSES},
        [STMT_DADDR] = {.word = "daddr", .sets = ADDRESSES},
        [STMT_ICMPV6_TYPE] = {.word = "icmpv6-type", .sets = TYPE(ICMPV6)},
        [STMT_IIF_LO] = {.word = "iif-lo"},
        [STMT_OIF_LO] = {.word = "oif-lo"},
        [STMT_COUNTER] = {.word = "counter", .named = true},
        [STMT_MARK] = {.word = "mark"},
        [STMT_LIMIT] = {.word = "limit"},
        [STMT_LOUD] = {.word = "loud", .sets = TYPE(FLOWS4) | TYPE(FLOWS6) | TYPE(PAIRS4) | TYPE(PAIRS6)},
        [STMT_LOG] = {.word = "log", .named = true},
        [STMT_REJECT_RESET] = {.word = "reject-reset"},
        [STMT_REJECT_ICMP] = {.word = "reject-icmp"},
        [STMT_ACCEPT] = {.word = "accept"},
        [STMT_DROP] = {.word = "drop"},
        [STMT_RETURN] = {.word = "return"},
        [STMT_JUMP] = {.word = "jump", .named = true},
        [STMT_GOTO] = {.word = "goto", .named = true},
};

const char *const set_type_words[SET_TYPE_MAX] = {
        [SET_HOSTS4] = "hosts4", [SET_NETS4] = "nets4",   [SET_HOSTS6] = "hosts6",
        [SET_NETS6] = "nets6",   [SET_WINDOW] = "window", [SET_SERVICES] = "services",
        [SET_ICMPV6] = "icmpv6", [SET_FLOWS4] = "flows4", [SET_FLOWS6] = "flows6",
        [SET_PAIRS4] = "pairs4", [SET_PAIRS6] = "pairs6", [SET_ENDS4] = "ends4",
        [SET_ENDS6] = "ends6",
};

/* A kind without a word would make every stored policy unreadable, and show only at the next boot. */
_Static_assert(STMT_MAX == 33, "every kind of statement needs its line in stmt_formats");
_Static_assert(SET_TYPE_MAX == 13, "every type of set needs its line in set_type_words");

#define FNV_OFFSET 0xcbf29ce484222325u
#define FNV_PRIME  0x100000001b3u

/* The high half is folded in: a product alone never carries a bit downwards. */
static uint64_t checksum_add(uint64_t sum, uint64_t word)
{
	sum = (sum ^ le64toh(word)) * FNV_PRIME;
	return sum ^ sum >> 32;
}

uint64_t store_checksum(const char *bytes, size_t len)
{
	uint64_t sum = FNV_OFFSET ^ len, word;

	for (; len >= sizeof(word); bytes += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		sum = checksum_add(sum, word);
	}
	word = 0;
	memcpy(&word, bytes, len);
	return checksum_add(sum, word);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules of other tables, and what they do to a packet that omfwd accepts. An accept is final in its own base chain
 * only, a drop is final everywhere: so another table can take away what the role file gives. foreign_read.c reads, and
 * foreign_walk() is pure: it follows the first packet of a connection through what was read.
 */
#ifndef OMFWD_FOREIGN_H
#define OMFWD_FOREIGN_H

#include <net/if.h>
#include <netinet/in.h> /* before the headers of Linux */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/arena.h"

struct kernel;
struct nftnl_rule;

#define FOREIGN_DATA_MAX     64    /* the longest key or value of nf_tables, in bytes */
#define FOREIGN_FIELDS_MAX   16    /* of a concatenation */
#define FOREIGN_ELEMENTS_MAX 65536 /* larger sets are not looked into */

struct foreign_element {
	uint8_t key[FOREIGN_DATA_MAX], end[FOREIGN_DATA_MAX]; /* end: of a range in a concatenation */
	uint8_t data[FOREIGN_DATA_MAX];                       /* of a map */
	bool has_end;
	uint32_t flags;    /* NFT_SET_ELEM_* */
	bool is_verdict;   /* of a verdict map: */
	int verdict;       /* NF_*, NFT_JUMP ... */
	const char *chain; /* of jump and goto */
};

struct foreign_set {
	uint8_t family;
	const char *table, *name;
	uint32_t flags, key_len;
	uint8_t fields[FOREIGN_FIELDS_MAX]; /* the lengths of a concatenation's parts */
	size_t n_fields;
	bool known; /* false: too large, or of a kind that cannot be read */
	struct foreign_element *elements;
	size_t n, cap;
};

struct foreign_rule {
	struct nftnl_rule *nftnl; /* NULL: made of something this program does not know */
	uint64_t handle;
	const char *comment; /* NULL: none */
};

struct foreign_chain {
	uint8_t family;
	const char *table, *name, *type; /* type: "filter", "nat", "route"; "" unless a base chain */
	bool owned;                      /* its table belongs to a process: nobody else can change it */
	bool is_base;
	uint32_t hook;
	int32_t priority;
	int policy; /* NF_ACCEPT, NF_DROP */
	struct foreign_rule *rules;
	size_t n, cap;
};

struct foreign {
	struct arena *arena; /* of all names */
	struct foreign_chain *chains;
	struct foreign_set *sets;
	size_t n_chains, cap_chains, n_sets, cap_sets;
};

/* Reads the chains, rules and sets of all tables but our own; foreign_free() it. 0 or -errno, as kernel_dump(). */
int kernel_foreign_read(struct kernel *kernel, struct foreign **ret);
void foreign_free(struct foreign *foreign); /* NULL is allowed */

enum foreign_path { FOREIGN_FORWARD, FOREIGN_INPUT, FOREIGN_OUTPUT, FOREIGN_PATH_MAX };

/* The first packet of a connection. Numbers in host byte order, addresses as on the wire. */
struct foreign_packet {
	bool v6;
	uint8_t src[16], dst[16]; /* the first 4 of v4 */
	uint8_t proto;            /* IPPROTO_*; ICMP: an echo request of the family */
	uint16_t port;            /* the server's; the client's is not known */
	enum foreign_path path;
	char iif[IFNAMSIZ], oif[IFNAMSIZ]; /* "": not known */
	uint32_t iif_index, oif_index;
	uint32_t mark, mark_mask; /* what omfwd sets on what it accepts; mask 0: nothing */
};

enum foreign_answer {
	FOREIGN_PASSES,
	FOREIGN_DROPS,
	FOREIGN_UNSURE, /* passes or is dropped: that cannot be told */
	FOREIGN_UNTRACKS, /* takes it, surely or perhaps, out of connection tracking, without which we cannot judge */
	FOREIGN_ANSWER_MAX
};

/* What one base chain does to a packet. */
struct foreign_verdict {
	enum foreign_answer answer;
	bool rejects;                     /* FOREIGN_DROPS: with an answer to the sender */
	const struct foreign_chain *base; /* where it began */
	/* Where it was dropped, or why that cannot be told. rule is NULL when it is the policy of the chain. */
	const struct foreign_chain *chain;
	const struct foreign_rule *rule;
};

/* Every base chain that does not surely let the packet pass as it was: at most max; returns how many, in the order they are met. */
size_t foreign_walk(const struct foreign *foreign, const struct foreign_packet *packet,
                    struct foreign_verdict *ret, size_t max);

/* "drops", "unsure" ...; "rejects" of FOREIGN_DROPS with an answer. */
const char *foreign_answer_name(const struct foreign_verdict *verdict);

/* "ip", "inet" ...; "prerouting", "forward" ... of an IP family. */
const char *foreign_family_name(uint8_t family);
const char *foreign_hook_name(uint32_t hook);

/*
 * "table inet firewalld, chain filter_FORWARD, would reject it (rule handle 123)", without full stop. Returns buf.
 */
char *foreign_verdict_text(const struct foreign_verdict *verdict, char *buf, size_t size);
#define FOREIGN_TEXT_MAX 1024

#endif

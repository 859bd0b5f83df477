/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The model of the nft table "inet omfwd": counters, sets, maps, chains and rules, before anything is sent. Built from
 * lines (build.c), printed as nft text (print.c), sent by src/kernel. Printer and encoder are written apart and tested
 * against each other.
 *
 * Names: "prod.windows_agent.hosts4" (hosts, nets; 4, 6), "servers.hosts4", "never_deny.nets6", "tcp_services",
 * chain "tcp_5723" or "tcp_49152_65535", gate chain "prod.cur-01.install", maps "to4", "from6" with the chains
 * "to4.prod.management_server", "to4.prod.management_server.tcp_5723", window sets "install_window" (everything)
 * and "prod.cur-01.window" (one row of one section).
 */
#ifndef OMFWD_RULESET_H
#define OMFWD_RULESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "policy/compile.h"

#define RULESET_TABLE "omfwd"

/* Of the base chains, NF_IP_PRI_FILTER - 5: before iptables (0) and firewalld (10), who can see accept_mark only then. */
#define RULESET_PRIORITY (-5)

#define INSTALL_WINDOW "install_window"
#define LOG_SNAPLEN    96 /* bytes of a denied packet that NFLOG hands on: headers, no content */
#define LOUD_BURST     2  /* packets of a flow that are logged before it counts as loud */
#define LOUD_SECONDS   60 /* of silence after which it is forgotten */

enum set_type {
	SET_HOSTS4,   /* ipv4_addr, hash, with a size */
	SET_NETS4,    /* ipv4_addr, interval */
	SET_HOSTS6,   /* ipv6_addr, hash, with a size */
	SET_NETS6,    /* ipv6_addr, interval */
	SET_WINDOW,   /* inet_proto, timeout: elements are the kernel's, never the model's */
	SET_SERVICES, /* map inet_service : verdict, with a size where it belongs to one address */
	SET_ENDS4,    /* map ipv4_addr : verdict, with a size */
	SET_ENDS6,    /* map ipv6_addr : verdict, with a size */
	SET_ICMPV6,   /* icmpv6_type */
	/* What was denied lately, for the log; dynamic: elements are the kernel's, never the model's. */
	SET_FLOWS4, /* ipv4_addr . ipv4_addr . inet_proto . inet_service */
	SET_FLOWS6, /* ipv6_addr . ipv6_addr . inet_proto . inet_service */
	SET_PAIRS4, /* ipv4_addr . ipv4_addr . inet_proto */
	SET_PAIRS6, /* ipv6_addr . ipv6_addr . inet_proto */
	SET_TYPE_MAX
};

struct service {
	uint16_t port;
	const char *chain;
};

struct end {
	struct addr addr;
	const char *chain;
};

struct nft_set {
	const char *name;  /* the plain name; what the kernel calls it may carry a suffix, see kernel_name */
	char *kernel_name; /* NULL until loaded: then the name in the kernel (name, or name.2, name.3 ...) */
	enum set_type type;
	const struct addr_set *addrs;   /* for the address types: the hosts or the wider ranges of it */
	size_t n_elements;              /* addresses, services or types */
	size_t size;                    /* NFTA_SET_DESC_SIZE: a hard cap with headroom; 0: none */
	const struct service *services; /* SET_SERVICES, sorted by port */
	const struct end *ends;         /* SET_ENDS4, SET_ENDS6: sorted by address */
	const uint8_t *types;           /* SET_ICMPV6 */
	loc_t loc;                      /* where the role was assigned */
	uint64_t opens_ms; /* SET_WINDOW: how long it is open when it has to be made; 0: closed */
	bool distrusted;   /* others may have changed its elements in the kernel */
	bool gathered;     /* address types: all its members stand in sets of roles as well */
};

enum ct_dir { CT_ORIGINAL, CT_REPLY };

enum stmt_kind {
	STMT_L4PROTO,          /* meta l4proto tcp */
	STMT_L4PROTO_SET,      /* meta l4proto @set */
	STMT_CT_INVALID,       /* ct state invalid */
	STMT_CT_UNPLACED,      /* ct state invalid,untracked */
	STMT_CT_PROTOCOL,      /* ct protocol tcp (of the connection an ICMP error speaks of) */
	STMT_CT_ADDR,          /* ct original ip saddr @set; ct reply ip6 saddr @set */
	STMT_CT_ADDR_VMAP,     /* ct reply ip saddr vmap @map */
	STMT_CT_REPLY_PORT,    /* ct reply proto-src 49152-65535 */
	STMT_CT_REPLY_VMAP,    /* ct reply proto-src vmap @map */
	STMT_CT_ORIGINAL_VMAP, /* ct original proto-src vmap @map */
	STMT_CT_ESTABLISHED,   /* ct state established */
	STMT_CT_RELATED,       /* ct state related */
	STMT_TCP_RST,          /* tcp flags rst */
	STMT_CT_IS_REPLY,      /* ct direction reply */
	STMT_TCP_NOT_SYN,      /* tcp flags & (syn | ack) != syn */
	STMT_CT_ORIGINAL_ICMP, /* ct original proto-dst 2048: type 8, code 0 */
	STMT_SADDR,            /* ip saddr @set */
	STMT_DADDR,            /* ip daddr @set */
	STMT_ICMPV6_TYPE,      /* icmpv6 type @set */
	STMT_IIF_LO,           /* iif "lo" */
	STMT_OIF_LO,           /* oif "lo" */
	STMT_COUNTER,          /* counter name "prod.cur-16" */
	STMT_MARK,             /* meta mark set meta mark & ~mask | value */
	STMT_LIMIT,            /* limit rate 20/second burst 20 packets */
	STMT_LOUD, /* update @set { ip saddr . ip daddr . meta l4proto limit rate over 6/minute burst 2 packets } */
	STMT_LOG,          /* log prefix "..." group 5 snaplen 96 */
	STMT_REJECT_RESET, /* reject with tcp reset */
	STMT_REJECT_ICMP,  /* reject with icmpx admin-prohibited */
	STMT_ACCEPT,
	STMT_DROP,
	STMT_RETURN,
	STMT_JUMP,
	STMT_GOTO,
	STMT_MAX
};

struct stmt {
	enum stmt_kind kind;
	enum ct_dir dir;         /* STMT_CT_ADDR, STMT_CT_ADDR_VMAP */
	uint8_t proto;           /* IPPROTO_*: STMT_L4PROTO, STMT_CT_PROTOCOL */
	struct port_range ports; /* STMT_CT_REPLY_PORT; lo alone for STMT_CT_ORIGINAL_ICMP */
	struct nft_set *set;     /* the statements with @set or @map */
	const char *name;        /* counter, chain, or log prefix */
	uint32_t value, mask;    /* STMT_MARK */
	uint32_t rate, unit;     /* STMT_LIMIT, STMT_LOUD: rate packets in unit seconds */
	uint16_t group;          /* STMT_LOG */
};

#define RULE_STMTS_MAX 8

struct nft_rule {
	struct stmt stmts[RULE_STMTS_MAX];
	unsigned n;
	const char *comment; /* NULL: none; at most 127 bytes */
	loc_t loc;           /* what an error of the kernel is about */
};

enum chain_hook { HOOK_NONE, HOOK_INPUT, HOOK_FORWARD, HOOK_OUTPUT };

struct nft_chain {
	const char *name;
	enum chain_hook hook;
	bool policy_drop; /* base chains; every base chain ends in an explicit verdict all the same */
	struct nft_rule *rules;
	size_t n, cap;
};

/* An install gate: the rows of one section (or one site rule) that hang behind the window. */
struct gate {
	const char *name;       /* "prod.cur-01", "site.NAME": also the counter's */
	const char *section;    /* NULL for a site rule */
	const char *row;        /* "cur-01"; the name of the site rule */
	struct nft_set *window; /* "prod.cur-01.window" */
};

struct ruleset {
	struct arena *arena; /* the policy's */
	const char **counters;
	size_t n_counters;
	struct nft_set *
	        *sets; /* addresses first, those that accept before those that deny; then windows and maps */
	size_t n_sets;
	struct nft_chain **chains; /* those without hook before those that jump to them; base chains last */
	size_t n_chains;
	struct gate *gates;
	size_t n_gates;
	struct nft_set *install_window;
};

/* Whether the kernel alone fills the set, by rules: then the model knows nothing of its elements. */
bool set_is_dynamic(const struct nft_set *set);

/* The NFLOG group that rules of the model log to; false when none logs. */
bool ruleset_log_group(const struct ruleset *ruleset, uint16_t *ret);

/* Builds the model; lives in the policy's arena, as long as the policy. */
struct ruleset *ruleset_build(const struct policy *policy, const struct lines *lines);

/* Frees what the arena does not hold; call before policy_free(). NULL is allowed. */
void ruleset_free(struct ruleset *ruleset);

/* Prints the model as text that `nft -f` loads: the same table that src/kernel makes. */
void ruleset_print_nft(const struct ruleset *ruleset, FILE *out);

/* Counters of denied packets: "denied" in enforce mode, "would_be_denied" in audit mode. */
#define COUNTER_DENIED          "denied"
#define COUNTER_WOULD_BE_DENIED "would_be_denied"
#define LOG_PREFIX_DENIED       "omfwd:denied "
#define LOG_PREFIX_AUDIT        "omfwd:would_be_denied "

#endif

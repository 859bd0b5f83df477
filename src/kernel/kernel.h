/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only effects on netfilter. A session owns one netlink socket for life. Functions return 0 or -errno; on
 * failure kernel_error() has the sentence for people.
 */
#ifndef OMFWD_KERNEL_H
#define OMFWD_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "ruleset/ruleset.h"

struct baton;
struct kernel;

/*
 * Opens the socket. -EPERM: no CAP_NET_ADMIN in this network namespace; -EPROTONOSUPPORT: no nf_tables.
 * On failure *error is a sentence in static storage.
 */
int kernel_open(struct kernel **ret, const char **error);
/*
 * The same on a socket of an earlier life of this program, which keeps its port id and with it what it owns. What is
 * queued in it is thrown away. -EXDEV: it is none of netfilter, or of another network namespace. The socket belongs to
 * the session from then on, also when this fails.
 */
int kernel_adopt(int fd, struct kernel **ret, const char **error);
void kernel_close(struct kernel *kernel);

/* The socket, and the port id by which the kernel knows it. */
int kernel_fd(const struct kernel *kernel);
uint32_t kernel_port(const struct kernel *kernel);

/* What has been sent so far, answered or not. */
struct kernel_statistics {
	uint64_t batches, messages, bytes; /* to change something, or to have it validated */
	uint64_t reads;                    /* questions: dumps, numbers of generations */
};
const struct kernel_statistics *kernel_statistics(const struct kernel *kernel);

/* What the last failed call had to say; never NULL. */
const char *kernel_error(const struct kernel *kernel);
/* The place in the role file the last failure is about, 0 if none. */
loc_t kernel_error_loc(const struct kernel *kernel);

/* What this kernel can do, found out by trying (batches that are validated and never committed). */
struct kernel_features {
	bool supported;      /* everything omfwd needs; false means older than 5.10 */
	const char *missing; /* what is missing, for people */
	bool owner;          /* 5.12: a table may belong to a socket */
	bool persist;        /* 6.9: and outlive it */
};
int kernel_probe(struct kernel *kernel, struct kernel_features *ret);

/*
 * Puts the ruleset into the kernel by the two-batch method: new sets first, unreferenced, in batches of a few thousand
 * elements; then one small batch that swaps the rules of the kept chains and drops what is old. Windows and counters
 * that stay are not touched. own: create the table owned and persistent.
 *
 * previous, or NULL, is what this session applied last; the caller vouches that the kernel holds it still (see
 * kernel_holds()), and nothing is read. Then nothing is sent when nothing changed, and members that come and go are
 * sent in one batch to the sets that are there; whatever else changed, sets that did not are kept. Should the kernel turn
 * out not to hold previous, everything is read and sent as with NULL.
 *
 * Fills in kernel_name of every set, and the size that is in force of those that are kept. Nothing has changed when it
 * fails, in the kernel or in ruleset.
 */
int kernel_apply(struct kernel *kernel, struct ruleset *ruleset, const struct ruleset *previous, bool own);

/*
 * A load offers the baton between its batches, and lends it while it waits or compares. Whoever gets it may do with the
 * session what he likes, but for another load.
 */
void kernel_share(struct kernel *kernel, struct baton *baton);

/*
 * What no rule refers to any more after a load can go only when every packet is through that met the old rules, which
 * takes 10 to 20 ms. A load waits for them and drops it; or, once told to leave it, returns at once, and others wait
 * (kernel_await_packets(), in any thread) and call kernel_drop_old(). A load that finds something left drops it first,
 * and a repair takes it away besides. kernel_drop_old() does not wait, and cannot fail in a way that matters.
 */
void kernel_leave_old(struct kernel *kernel, bool leave);
bool kernel_has_old(const struct kernel *kernel);
void kernel_await_packets(void);
void kernel_drop_old(struct kernel *kernel);

/*
 * Whether the kernel still holds what this session applied last, found out with one question: true when nobody else has
 * changed any table of the namespace since. Somebody who listens to what others do (monitor.h) knows more, and says so:
 * all changes by others up to this generation have left our table alone.
 */
bool kernel_holds(struct kernel *kernel);
void kernel_others_harmless(struct kernel *kernel, uint32_t generation);

/*
 * Undoes what others did to the table: wakes it, puts everything of the ruleset back by the two-batch method, and takes
 * away what is not of it. intact: the sets in force whose elements are what they should be, which are kept; or NULL.
 * Window sets that are gone are made open for opens_ms.
 */
int kernel_repair(struct kernel *kernel, struct ruleset *ruleset, const struct ruleset *intact, bool own);

/* The generation in force, 0: unknown. */
uint32_t kernel_generation(struct kernel *kernel);

/* A number that changes with any table flag, chain or rule; elements and counters do not count. */
int kernel_fingerprint(struct kernel *kernel, uint64_t *ret);

/* Whether the elements of a set are those of the model; false also when they cannot be read or are too many: load it anew. */
bool kernel_set_is_intact(struct kernel *kernel, const struct nft_set *set);

/* Whether the table belongs to this session: then nobody else can change it. */
bool kernel_owns_table(struct kernel *kernel);

/* Validates the ruleset in the kernel under another table name; commits nothing. */
int kernel_check(struct kernel *kernel, struct ruleset *ruleset);

/* Deletes the table. *existed tells whether there was one. */
int kernel_remove(struct kernel *kernel, bool *existed);

/* A window set and the time its elements have left; see window.h in src/agent for what they mean. */
struct window_change {
	const char *set;     /* "install_window", "prod.cur-01.window" */
	uint64_t timeout_ms; /* 0: close */
};
/* Closes and opens windows in one batch: delete, then add with the timeout. */
int kernel_windows_set(struct kernel *kernel, const struct window_change *changes, size_t n);

/* Milliseconds the window has left, 0 when closed, -ENOENT when there is no such set. */
int64_t kernel_window_left(struct kernel *kernel, const char *set);

/*
 * The names of the windows of single rows that the table has, whoever made it. malloc'ed: free each and the list, which
 * is NULL after an error.
 */
int kernel_window_sets(struct kernel *kernel, char ***ret, size_t *n);

struct counter_value {
	char name[96];
	uint64_t packets, bytes;
};
/* All named counters of the table, malloc'ed; free() them. -ENOENT: no table. */
int kernel_counters(struct kernel *kernel, struct counter_value **ret, size_t *n);

/* Whether the table is there. */
struct table_state {
	bool exists, owned, owned_by_us;
	size_t n_sets, n_chains, n_rules; /* n_sets counts maps too */
};
int kernel_table_state(struct kernel *kernel, struct table_state *ret);

#endif

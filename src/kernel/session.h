/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of a session, for the files of src/kernel alone. */
#ifndef OMFWD_SESSION_H
#define OMFWD_SESSION_H

#include "kernel/batch.h"
#include "kernel/kernel.h"

struct kernel {
	struct mnl_socket *socket;
	const char *table;  /* the name of the nft table: RULESET_TABLE, another one for checks and probes */
	struct batch batch; /* reused for every transaction */
	uint32_t seq;       /* of the last dump */
	uint32_t genid;     /* of our last commit while nobody else came between; 0: unknown */
	bool unsure;        /* a commit went unanswered, or left something behind: names tell nothing */
	struct kernel_statistics statistics;
	struct baton *baton;     /* offered between the batches of a load; or NULL */
	bool leaves_old;         /* loads do not drop what is old but leave it in old */
	struct table_names *old; /* ... for kernel_drop_old(); NULL: nothing */
	char error[512];
	loc_t error_loc;
};

struct baton;
struct table_names;

/* Sets the sentence for people and returns err. */
int kernel_fail(struct kernel *kernel, int err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/*
 * Ends the batch, sends it with one sendmsg and reads every answer. Returns 0 when the kernel committed it (or, when
 * dry, found nothing wrong), else the first error as -errno, told in kernel->error; then nothing was changed.
 * An empty batch is not sent.
 */
int kernel_commit(struct kernel *kernel, bool dry);

/*
 * Sends one dump request (NFT_MSG_GET*) and calls each() for every answer. build() may append attributes; both may be
 * NULL. Repeats the dump when the kernel says it was interrupted by a commit; restart() then forgets what was read.
 */
struct dump {
	uint16_t type;
	uint16_t family;
	void (*build)(struct nlmsghdr *message, void *data);
	int (*each)(const struct nlmsghdr *message, void *data);
	void (*restart)(void *data);
	void *data;
};
int kernel_dump(struct kernel *kernel, const struct dump *dump);

/* encode_objects.c: one message each into kernel->batch. */
void encode_table(struct kernel *kernel, uint16_t type, uint32_t flags);
void encode_chain(struct kernel *kernel, uint16_t type, const struct nft_chain *chain);
void encode_counter(struct kernel *kernel, uint16_t type, const char *name);
/* Deletes every rule of a chain; NULL: of every chain of the table. */
void encode_flush_rules(struct kernel *kernel, const char *chain);

/* encode_set.c */
void encode_set(struct kernel *kernel, uint16_t type, const struct nft_set *set);
void encode_delete_set(struct kernel *kernel, const char *name);
/* Empties a set and, with a timeout, fills it with every protocol for so long. */
void encode_window(struct kernel *kernel, const char *set, uint64_t timeout_ms);
/*
 * Appends a message (NFT_MSG_NEWSETELEM, NFT_MSG_DELSETELEM) with the elements of the set from member *next on, as far
 * as one message goes; advances *next and returns true while there are more.
 */
bool encode_elements(struct kernel *kernel, uint16_t type, const struct nft_set *set, size_t *next);

/*
 * encode_members.c: appends the addresses of a set from member *next on to the element list that message ends in; as
 * above.
 */
bool encode_members(struct kernel *kernel, struct nlmsghdr *message, const struct nft_set *set, size_t *next);

/* encode_rule.c */
void encode_rule(struct kernel *kernel, const struct nft_chain *chain, const struct nft_rule *rule);

/* What the kernel holds of the table, by name. */
struct name_list {
	char **names;
	size_t n, cap;
};
struct table_names {
	bool exists;
	uint32_t flags, owner; /* owner: port id of the socket it belongs to, 0: none */
	struct name_list sets, chains, counters;
	size_t n_rules;
};
int table_names_read(struct kernel *kernel, struct table_names *ret, bool count_rules);
void table_names_free(struct table_names *names);
/* Its flags alone, which is one question; 0 when it is not there. */
int table_flags_read(struct kernel *kernel, uint32_t *ret);
void name_list_add(struct name_list *list, const char *name);
bool name_list_has(const struct name_list *list, const char *name);

/* Table flags newer than the headers of Debian 12. */
#define TABLE_FLAG_DORMANT 0x1u
#define TABLE_FLAG_OWNER   0x2u
#define TABLE_FLAG_PERSIST 0x4u

#endif

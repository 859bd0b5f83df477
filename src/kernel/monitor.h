/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What others do to the nft table, as the kernel tells it: after every commit one event for each thing that changed,
 * and last the new generation with the name of the process that made it. A group is what one commit did to our table.
 */
#ifndef OMFWD_MONITOR_H
#define OMFWD_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum monitor_object {
	MONITOR_TABLE,
	MONITOR_CHAIN,
	MONITOR_RULE,
	MONITOR_SET, /* maps too */
	MONITOR_ELEMENT,
	MONITOR_OBJECT, /* counters and their like */
	MONITOR_FLOWTABLE,
	MONITOR_MAX
};

/* The same thing done count times. */
struct monitor_change {
	enum monitor_object object;
	bool removed;   /* else added or altered */
	unsigned count; /* events */
	char name[256]; /* the chain of rules, the set of elements; "" for rules of several chains */
};

#define MONITOR_CHANGES_MAX 48

struct monitor_group {
	struct monitor_change changes[MONITOR_CHANGES_MAX + 2]; /* room for the table going and coming */
	size_t n;                                               /* 0: the commit left our table alone */
	bool overflow;                                          /* there were more than that */
	uint32_t port;                                          /* of the socket it came from */
	uint32_t generation;                                    /* that it made */
	uint32_t pid;                                           /* 0: unknown */
	char process[32];                                       /* "" unknown; printable */
};

/*
 * Pure: reads events of the inet table from buf, from *offset on, and adds them to the group; the caller begins with
 * an empty one. Returns 1 at the end of a group (the next call begins another: empty it first), 0 when the buffer is
 * used up within one, -EBADMSG when it is malformed. buf is aligned as a struct nlmsghdr.
 */
int monitor_parse(struct monitor_group *group, const char *table, const char *buf, size_t len,
                  size_t *offset);

/* Whether the group says something about things of this kind, and of this name unless it is NULL. */
bool monitor_group_has(const struct monitor_group *group, enum monitor_object object, bool removed,
                       const char *name);

/* Which of its changes tells best what was done: "deleted the table", "added 2 rules to chain forward" ... */
void monitor_group_describe(const struct monitor_group *group, char *buf, size_t size);

struct monitor;

/* Opens a monitor that hears nothing yet. own_port: of the session whose changes are ours. Returns 0 or -errno. */
int monitor_open(uint32_t own_port, struct monitor **ret);
void monitor_close(struct monitor *monitor);

/* Readable when there is something to read. */
int monitor_fd(const struct monitor *monitor);

/* Begins or ceases to listen. While anybody listens, the kernel tells of every single element that is loaded. */
int monitor_listen(struct monitor *monitor, bool on);

/*
 * Reads all there is, and hands on what others did to our table. Returns 0, or -ENOBUFS when events were lost: then
 * anything may have happened.
 */
int monitor_read(struct monitor *monitor, void (*each)(const struct monitor_group *group, void *data),
                 void *data);

/* The last generation heard of, 0: none, or not all events up to it were heard; and setting it to what is known. */
uint32_t monitor_generation(const struct monitor *monitor);
void monitor_set_generation(struct monitor *monitor, uint32_t generation);

#endif

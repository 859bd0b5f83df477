// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A socket of its own, so that nothing queues up in the one that owns the table. Only the last event of a commit tells
 * who made it, therefore events are gathered until then; what belongs to other tables is forgotten at once. Lengths
 * come from outside and are checked before anything is read.
 */
#include "kernel/monitor.h"

#include <ctype.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel/attrs.h"
#include "kernel/receive.h"
#include "ruleset/ruleset.h"
#include "util/array.h"

#define RECEIVE_BUFFER (16 * 1024 * 1024) /* what may queue up while we load; only used as far as needed */
#define DATAGRAM_MAX   (64 * 1024)
#define TABLE_ATTR     1 /* where every event has the name of the table */

struct monitor {
	int fd;
	uint32_t own_port, generation;
	struct monitor_group group;
	char buf[DATAGRAM_MAX] __attribute__((aligned(8)));
};

struct event {
	enum monitor_object object;
	bool known, removed;
	int name_attr;
};

static const struct event events[] = {
        [NFT_MSG_NEWTABLE] = {MONITOR_TABLE, true, false, NFTA_TABLE_NAME},
        [NFT_MSG_DELTABLE] = {MONITOR_TABLE, true, true, NFTA_TABLE_NAME},
        [NFT_MSG_NEWCHAIN] = {MONITOR_CHAIN, true, false, NFTA_CHAIN_NAME},
        [NFT_MSG_DELCHAIN] = {MONITOR_CHAIN, true, true, NFTA_CHAIN_NAME},
        [NFT_MSG_NEWRULE] = {MONITOR_RULE, true, false, NFTA_RULE_CHAIN},
        [NFT_MSG_DELRULE] = {MONITOR_RULE, true, true, NFTA_RULE_CHAIN},
        [NFT_MSG_NEWSET] = {MONITOR_SET, true, false, NFTA_SET_NAME},
        [NFT_MSG_DELSET] = {MONITOR_SET, true, true, NFTA_SET_NAME},
        [NFT_MSG_NEWSETELEM] = {MONITOR_ELEMENT, true, false, NFTA_SET_ELEM_LIST_SET},
        [NFT_MSG_DELSETELEM] = {MONITOR_ELEMENT, true, true, NFTA_SET_ELEM_LIST_SET},
        [NFT_MSG_NEWOBJ] = {MONITOR_OBJECT, true, false, NFTA_OBJ_NAME},
        [NFT_MSG_DELOBJ] = {MONITOR_OBJECT, true, true, NFTA_OBJ_NAME},
        [NFT_MSG_NEWFLOWTABLE] = {MONITOR_FLOWTABLE, true, false, NFTA_FLOWTABLE_NAME},
        [NFT_MSG_DELFLOWTABLE] = {MONITOR_FLOWTABLE, true, true, NFTA_FLOWTABLE_NAME},
};

/* A name that somebody chose, to be shown to people. */
static void copy_printable(char *to, size_t size, const char *from)
{
	size_t i = 0;

	for (; from[i] && i + 1 < size; i++)
		to[i] = isprint((unsigned char)from[i]) ? from[i] : '?';
	to[i] = '\0';
}

/* Rules are counted over all chains; sets, chains and elements stay apart by name. The last one is the likeliest. */
static struct monitor_change *find_change(struct monitor_group *group, const struct event *event,
                                          const char *name)
{
	for (size_t i = group->n; i-- > 0;) {
		struct monitor_change *change = &group->changes[i];

		if (change->object != event->object || change->removed != event->removed)
			continue;
		if (strcmp(change->name, name) == 0)
			return change;
		if (event->object == MONITOR_RULE) {
			change->name[0] = '\0';
			return change;
		}
	}
	return NULL;
}

static void note_change(struct monitor_group *group, const struct event *event, const char *name)
{
	struct monitor_change *change = find_change(group, event, name);

	/* the table's own end or return says more than all else, and comes last: there is always room for it */
	if (!change && group->n >= MONITOR_CHANGES_MAX && event->object != MONITOR_TABLE) {
		group->overflow = true;
		return;
	}
	if (!change) {
		change = &group->changes[group->n++];
		*change = (struct monitor_change){.object = event->object, .removed = event->removed};
		snprintf(change->name, sizeof(change->name), "%s", name);
	}
	change->count++;
}

/* Returns 1 when the message ends the group. */
static int note_message(struct monitor_group *group, const char *table, const struct nlmsghdr *message)
{
	const struct nfgenmsg *header = mnl_nlmsg_get_payload(message);
	unsigned type = message->nlmsg_type & 0xff;
	struct attrs attrs;

	if (message->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES)
		return 0;
	if (mnl_nlmsg_get_payload_len(message) < sizeof(*header))
		return -EBADMSG;
	attrs = attrs_parse(message);
	if (type == NFT_MSG_NEWGEN) {
		group->port = message->nlmsg_pid;
		group->generation = attrs_u32(&attrs, NFTA_GEN_ID);
		group->pid = attrs_u32(&attrs, NFTA_GEN_PROC_PID);
		copy_printable(group->process, sizeof(group->process),
		               attrs_text(&attrs, NFTA_GEN_PROC_NAME));
		return 1;
	}
	if (type < ARRAY_SIZE(events) && events[type].known && header->nfgen_family == NFPROTO_INET &&
	    strcmp(attrs_text(&attrs, TABLE_ATTR), table) == 0)
		note_change(group, &events[type], attrs_text(&attrs, events[type].name_attr));
	return 0;
}

int monitor_parse(struct monitor_group *group, const char *table, const char *buf, size_t len, size_t *offset)
{
	int r = 0;

	while (r == 0 && *offset < len) {
		const struct nlmsghdr *message = (const struct nlmsghdr *)(buf + *offset);

		if (len - *offset < sizeof(*message) || message->nlmsg_len < sizeof(*message) ||
		    message->nlmsg_len > len - *offset)
			return -EBADMSG;
		*offset += MNL_ALIGN(message->nlmsg_len);
		r = note_message(group, table, message);
	}
	return r;
}

bool monitor_group_has(const struct monitor_group *group, enum monitor_object object, bool removed,
                       const char *name)
{
	for (size_t i = 0; i < group->n; i++)
		if (group->changes[i].object == object && group->changes[i].removed == removed &&
		    (!name || strcmp(group->changes[i].name, name) == 0))
			return true;
	return false;
}

static const struct {
	const char *noun;
	const char *from, *to; /* before the name, when it is of what holds the thing */
} words[MONITOR_MAX] = {
        [MONITOR_TABLE] = {"table", NULL, NULL},
        [MONITOR_CHAIN] = {"chain", NULL, NULL},
        [MONITOR_RULE] = {"rule", "from chain", "to chain"},
        [MONITOR_SET] = {"set", NULL, NULL},
        [MONITOR_ELEMENT] = {"element", "from set", "to set"},
        [MONITOR_OBJECT] = {"object", NULL, NULL},
        [MONITOR_FLOWTABLE] = {"flowtable", NULL, NULL},
};

static const char *verb_of(const struct monitor_change *change)
{
	if (change->removed)
		return "deleted";
	/* These events stand for an alteration, too; which, nobody tells. */
	return change->object == MONITOR_TABLE || change->object == MONITOR_CHAIN ? "added or changed"
	                                                                          : "added";
}

static int describe_change(const struct monitor_change *change, char *buf, size_t size)
{
	const char *noun = words[change->object].noun;
	char name[sizeof(change->name)];

	copy_printable(name, sizeof(name), change->name);
	if (!words[change->object].from)
		return snprintf(buf, size, "%s the %s%s%s", verb_of(change), noun,
		                change->object == MONITOR_TABLE ? "" : " ",
		                change->object == MONITOR_TABLE ? "" : name);
	if (!*name)
		return snprintf(buf, size, "%s %u %ss %s several chains", verb_of(change), change->count,
		                noun, change->removed ? "of" : "to");
	return snprintf(buf, size, "%s %u %s%s %s %s", verb_of(change), change->count, noun,
	                change->count > 1 ? "s" : "",
	                change->removed ? words[change->object].from : words[change->object].to, name);
}

/* Who deletes the table deletes everything in it, which need not be told. */
void monitor_group_describe(const struct monitor_group *group, char *buf, size_t size)
{
	bool table_gone = monitor_group_has(group, MONITOR_TABLE, true, NULL);
	size_t used = 0, told = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < group->n && told < 3 && used < size; i++) {
		const struct monitor_change *change = &group->changes[i];

		if (table_gone && change->object != MONITOR_TABLE)
			continue;
		used += (size_t)snprintf(buf + used, size - used, "%s", told++ ? ", " : "");
		if (used < size)
			used += (size_t)describe_change(change, buf + used, size - used);
	}
	if (!table_gone && group->n > told && used < size)
		snprintf(buf + used, size - used, " and more");
}

int monitor_open(uint32_t own_port, struct monitor **ret)
{
	struct monitor *monitor = calloc(1, sizeof(*monitor));
	struct sockaddr_nl any = {.nl_family = AF_NETLINK};
	int size = RECEIVE_BUFFER, r;

	if (!monitor)
		abort();
	monitor->own_port = own_port;
	monitor->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);
	if (monitor->fd < 0 || bind(monitor->fd, (struct sockaddr *)&any, sizeof(any)) < 0) {
		r = -errno;
		monitor_close(monitor);
		return r;
	}
	setsockopt(monitor->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	*ret = monitor;
	return 0;
}

void monitor_close(struct monitor *monitor)
{
	if (!monitor)
		return;
	if (monitor->fd >= 0)
		close(monitor->fd);
	free(monitor);
}

int monitor_fd(const struct monitor *monitor)
{
	return monitor->fd;
}

int monitor_listen(struct monitor *monitor, bool on)
{
	int group = NFNLGRP_NFTABLES;
	int option = on ? NETLINK_ADD_MEMBERSHIP : NETLINK_DROP_MEMBERSHIP;

	return setsockopt(monitor->fd, SOL_NETLINK, option, &group, sizeof(group)) < 0 ? -errno : 0;
}

uint32_t monitor_generation(const struct monitor *monitor)
{
	return monitor->generation;
}

void monitor_set_generation(struct monitor *monitor, uint32_t generation)
{
	monitor->generation = generation;
}

static void forget(struct monitor *monitor)
{
	monitor->group.n = 0;
	monitor->group.overflow = false;
}

static int read_datagram(struct monitor *monitor, size_t len,
                         void (*each)(const struct monitor_group *group, void *data), void *data)
{
	size_t offset = 0;
	int r;

	while ((r = monitor_parse(&monitor->group, RULESET_TABLE, monitor->buf, len, &offset)) == 1) {
		monitor->generation = monitor->group.generation;
		if (monitor->group.n > 0 && monitor->group.port != monitor->own_port)
			each(&monitor->group, data);
		forget(monitor);
	}
	return r;
}

int monitor_read(struct monitor *monitor, void (*each)(const struct monitor_group *group, void *data),
                 void *data)
{
	int result = 0;

	for (;;) {
		ssize_t len = receive_datagram(monitor->fd, monitor->buf, sizeof(monitor->buf), 0);

		if (len < 0 && len != -ENOBUFS && len != -EMSGSIZE)
			break;
		if (len < 0 || read_datagram(monitor, (size_t)len, each, data) < 0) {
			forget(monitor);
			result = -ENOBUFS;
		}
	}
	if (result < 0)
		monitor->generation = 0;
	return result;
}

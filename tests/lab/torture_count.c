/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counting in the gateway, before and after the filter hook. The table belongs to the socket of an interactive nft that
 * waits on a FIFO: nobody else can flush it, and it vanishes with that process. Counters are read over a socket of our
 * own, again whenever somebody commits meanwhile.
 */
#include "tests/lab/torture_traffic.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <libnftnl/object.h>

#define COUNT_TABLE   "torture"
#define FIFO          LAB_DIR "/count.fifo"
#define START_WAIT_MS 5000
#define READ_TRIES    200

static const char *const class_names[TRAFFIC_MAX] = {
        [TRAFFIC_ALLOWED] = "allowed",
        [TRAFFIC_FORBIDDEN] = "forbidden",
        [TRAFFIC_WINDOW] = "window",
};
static const char *const kind_names[KIND_MAX] = {
        [KIND_TCP4] = "tcp4",
        [KIND_TCP6] = "tcp6",
        [KIND_UDP4] = "udp4",
        [KIND_UDP6] = "udp6",
};
static const char *const kind_matches[KIND_MAX] = {
        [KIND_TCP4] = "meta nfproto ipv4 meta l4proto tcp",
        [KIND_TCP6] = "meta nfproto ipv6 meta l4proto tcp",
        [KIND_UDP4] = "meta nfproto ipv4 meta l4proto udp",
        [KIND_UDP6] = "meta nfproto ipv6 meta l4proto udp",
};
static const struct {
	const char *name;
	int priority;
} places[] = {{"before", -50}, {"after", 50}};

const char *traffic_kind_name(enum traffic_kind kind)
{
	return kind_names[kind];
}

uint64_t traffic_sum(const uint64_t counts[KIND_MAX])
{
	uint64_t sum = 0;
	for (int kind = 0; kind < KIND_MAX; kind++)
		sum += counts[kind];
	return sum;
}

static void class_print(FILE *out, const char *place, enum traffic_class class)
{
	int first = TRAFFIC_PORT + TRAFFIC_PORTS * (int)class, last = first + TRAFFIC_PORTS - 1;
	const char *name = class_names[class];
	fprintf(out, "add chain inet " COUNT_TABLE " %s_%s\n", place, name);
	for (int kind = 0; kind < KIND_MAX; kind++) {
		fprintf(out, "add counter inet " COUNT_TABLE " %s_%s_%s\n", place, name, kind_names[kind]);
		fprintf(out, "add rule inet " COUNT_TABLE " %s_%s %s counter name %s_%s_%s\n", place, name,
		        kind_matches[kind], place, name, kind_names[kind]);
	}
	fprintf(out, "add rule inet " COUNT_TABLE " %s th sport %d-%d goto %s_%s\n", place, first, last,
	        place, name);
	fprintf(out, "add rule inet " COUNT_TABLE " %s th dport %d-%d goto %s_%s\n", place, first, last,
	        place, name);
}

static char *table_text(void)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	fprintf(out, "add table inet " COUNT_TABLE " { flags owner; }\n");
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		fprintf(out, "add chain inet " COUNT_TABLE " %s { type filter hook forward priority %d; }\n",
		        places[i].name, places[i].priority);
		for (int class = 0; class < TRAFFIC_MAX; class ++)
			class_print(out, places[i].name, (enum traffic_class) class);
	}
	fprintf(out, "add counter inet " COUNT_TABLE " complete\n");
	fclose(out);
	return text;
}

struct counter_reader {
	void (*note)(void *data, const char *name, uint64_t packets);
	void *data;
};

static int object_note(const struct nlmsghdr *message, void *data)
{
	const struct counter_reader *reader = data;
	struct nftnl_obj *object = nftnl_obj_alloc();
	if (nftnl_obj_nlmsg_parse(message, object) == 0 &&
	    nftnl_obj_get_u32(object, NFTNL_OBJ_TYPE) == NFT_OBJECT_COUNTER)
		reader->note(reader->data, nftnl_obj_get_str(object, NFTNL_OBJ_NAME),
		             nftnl_obj_get_u64(object, NFTNL_OBJ_CTR_PKTS));
	nftnl_obj_free(object);
	return MNL_CB_OK;
}

/* 0, or -1 when somebody committed meanwhile. */
static int counters_dump(struct mnl_socket *socket, const char *table, struct counter_reader *reader)
{
	_Alignas(struct nlmsghdr) char buf[32768];
	struct nlmsghdr *message = nftnl_nlmsg_build_hdr(buf, NFT_MSG_GETOBJ, NFPROTO_INET, NLM_F_DUMP, 1);
	mnl_attr_put_strz(message, NFTA_OBJ_TABLE, table);
	if (mnl_socket_sendto(socket, message, message->nlmsg_len) < 0)
		fail_msg("counters: %s", strerror(errno));
	bool interrupted = false;
	for (int more = MNL_CB_OK; more > MNL_CB_STOP;) {
		ssize_t len = mnl_socket_recvfrom(socket, buf, sizeof(buf));
		if (len < 0)
			fail_msg("counters: %s", strerror(errno));
		more = mnl_cb_run(buf, (size_t)len, 1, 0, object_note, reader);
		if (more < 0 && errno != EINTR)
			fail_msg("counters: %s", strerror(errno));
		interrupted |= more < 0;
	}
	return interrupted ? -1 : 0;
}

void counters_read(const char *table, void (*note)(void *data, const char *name, uint64_t packets),
                   void *data)
{
	struct counter_reader reader = {note, data};
	int result = -1;
	for (int i = 0; i < READ_TRIES && result < 0; i++) {
		struct mnl_socket *socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
		if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
			fail_msg("counters: %s", strerror(errno));
		result = counters_dump(socket, table, &reader);
		mnl_socket_close(socket);
	}
	if (result < 0)
		fail_msg("the counters never stand still");
}

static void count_note(void *data, const char *name, uint64_t packets)
{
	struct traffic_counts *counts = data;
	char full[64];
	for (int class = 0; class < TRAFFIC_MAX; class ++) {
		for (int kind = 0; kind < KIND_MAX; kind++) {
			snprintf(full, sizeof(full), "before_%s_%s", class_names[class], kind_names[kind]);
			if (strcmp(name, full) == 0)
				counts->before[class][kind] = packets;
			snprintf(full, sizeof(full), "after_%s_%s", class_names[class], kind_names[kind]);
			if (strcmp(name, full) == 0)
				counts->after[class][kind] = packets;
		}
	}
}

void traffic_read(struct traffic_counts *ret)
{
	memset(ret, 0, sizeof(*ret));
	counters_read(COUNT_TABLE, count_note, ret);
}

static void complete_note(void *data, const char *name, uint64_t packets)
{
	(void)packets;
	*(bool *)data |= strcmp(name, "complete") == 0;
}

int counting_start(struct lab *lab)
{
	char *text = table_text();
	bool complete = false;
	int made = mkfifo(FIFO, 0600), fifo = open(FIFO, O_RDWR | O_CLOEXEC);
	if (made < 0 || fifo < 0)
		fail_msg(FIFO ": %s", strerror(errno));
	lab_start(lab, NS_GATEWAY, -1, "sh -c 'exec nft -i <" FIFO "'");
	if (write(fifo, text, strlen(text)) != (ssize_t)strlen(text))
		fail_msg(FIFO ": %s", strerror(errno));
	free(text);
	for (uint64_t end = lab_now_ms() + START_WAIT_MS; !complete; lab_sleep_ms(5)) {
		counters_read(COUNT_TABLE, complete_note, &complete);
		if (lab_now_ms() > end)
			fail_msg("no table to count in");
	}
	return fifo;
}

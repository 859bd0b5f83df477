// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What netlink answers. The sockets are replaced, so that every answer comes from the input: the session, the dumps and
 * the monitor read it as if the kernel had sent it. An answer of the input is two bytes of length and the datagram; half
 * of the time its sequence numbers are made to fit, else nothing would be read. Tracked connections and the rules of
 * others are left out: libnetfilter_conntrack and libnftnl end the program over an attribute of the wrong length, by
 * their own decision; the policy stays, and the agent is started again.
 *
 * The first byte chooses the question. With OMFWD_FUZZ_RECORD=DIR nothing is replaced: every question is asked of the
 * kernel this runs on, as root and in a network namespace of its own (unshare -n), and the answers are written to DIR as
 * inputs.
 */
#include "tests/fuzz/fuzz.h"

#include <dlfcn.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "kernel/conntrack.h"
#include "kernel/flowtables.h"
#include "kernel/kernel.h"
#include "kernel/monitor.h"
#include "kernel/nflog.h"
#include "kernel/routes.h"
#include "kernel/session.h"
#include "policy/packet_header.h"
#include "tests/unit/hand_policy.h"
#include "util/array.h"

#define PORT       4242
#define ANSWER_MAX (1 << 20)

static struct {
	const uint8_t *at, *end;
	uint32_t seq; /* of the last question */
	bool mend;
} input;

/* The answers to a question, when they are recorded. */
static struct {
	bool on;
	size_t n;
	uint8_t bytes[ANSWER_MAX];
} record;

/* The next datagram of the input, cut to size; -EAGAIN when there is none. */
static ssize_t next_datagram(void *buf, size_t size)
{
	size_t left = (size_t)(input.end - input.at), len;

	if (left < 2) {
		errno = EAGAIN;
		return -1;
	}
	len = (size_t)input.at[0] << 8 | input.at[1];
	len = len > left - 2 ? left - 2 : len;
	memcpy(buf, input.at + 2, len < size ? len : size);
	input.at += 2 + len;
	return (ssize_t)len;
}

/* As if the messages of a datagram answered the last question. */
static void mend(char *buf, size_t len)
{
	struct nlmsghdr header;

	for (size_t at = 0; input.mend && len - at >= sizeof(header);) {
		memcpy(&header, buf + at, sizeof(header));
		header.nlmsg_seq = input.seq;
		header.nlmsg_pid = PORT;
		memcpy(buf + at, &header, sizeof(header));
		if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > len - at)
			return;
		at += MNL_ALIGN(header.nlmsg_len) < len - at ? MNL_ALIGN(header.nlmsg_len) : len - at;
	}
}

/* Whatever is sent arrives; a question has a number. */
static void note_question(const void *bytes, size_t len)
{
	struct nlmsghdr header;

	if (len < sizeof(header))
		return;
	memcpy(&header, bytes, sizeof(header));
	input.seq = header.nlmsg_seq;
}

static void record_datagram(const void *bytes, size_t len)
{
	if (len > UINT16_MAX || record.n + 2 + len > sizeof(record.bytes))
		return;
	record.bytes[record.n++] = (uint8_t)(len >> 8);
	record.bytes[record.n++] = (uint8_t)len;
	memcpy(record.bytes + record.n, bytes, len);
	record.n += len;
}

/*
 * The functions of glibc that libmnl and the program call to speak with the kernel. This program's own come first, for
 * libmnl too.
 */

static ssize_t real_recvmsg(int fd, struct msghdr *message, int flags)
{
	ssize_t (*real)(int, struct msghdr *, int) =
	        (ssize_t(*)(int, struct msghdr *, int))dlsym(RTLD_NEXT, "recvmsg");
	ssize_t len = real(fd, message, flags);

	if (len > 0)
		record_datagram(message->msg_iov[0].iov_base, (size_t)len);
	return len;
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	struct iovec *buf = &message->msg_iov[0];
	ssize_t len;

	if (record.on)
		return real_recvmsg(fd, message, flags);
	len = next_datagram(buf->iov_base, buf->iov_len);
	if (len < 0)
		return len;
	mend(buf->iov_base, (size_t)len < buf->iov_len ? (size_t)len : buf->iov_len);
	if (message->msg_name)
		memcpy(message->msg_name, &kernel, sizeof(kernel));
	message->msg_namelen = sizeof(kernel);
	message->msg_flags = (size_t)len > buf->iov_len ? MSG_TRUNC : 0;
	return (size_t)len > buf->iov_len && !(flags & MSG_TRUNC) ? (ssize_t)buf->iov_len : len;
}

ssize_t recv(int fd, void *bytes, size_t size, int flags)
{
	struct iovec buf = {.iov_base = bytes, .iov_len = size};
	struct msghdr message = {.msg_iov = &buf, .msg_iovlen = 1};

	return recvmsg(fd, &message, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	ssize_t (*real)(int, const struct msghdr *, int) =
	        (ssize_t(*)(int, const struct msghdr *, int))dlsym(RTLD_NEXT, "sendmsg");
	size_t len = 0;

	if (record.on)
		return real(fd, message, flags);
	for (size_t i = 0; i < message->msg_iovlen; i++)
		len += message->msg_iov[i].iov_len;
	if (message->msg_iovlen == 1)
		note_question(message->msg_iov[0].iov_base, len);
	return (ssize_t)len;
}

ssize_t sendto(int fd, const void *bytes, size_t len, int flags, const struct sockaddr *to, socklen_t to_len)
{
	struct iovec buf = {.iov_base = (void *)bytes, .iov_len = len};
	struct msghdr message = {
	        .msg_name = (void *)to, .msg_namelen = to_len, .msg_iov = &buf, .msg_iovlen = 1};

	return sendmsg(fd, &message, flags);
}

/* What can be asked: the parts of src/kernel that read. */

static struct fixture *fixture;
static struct kernel *kernel;
static struct monitor *monitor;
static struct conntrack *conntrack;
static struct mnl_socket *routes;
static struct kernel_nflog *nflog;

static void ask_counters(void)
{
	struct counter_value *values;
	size_t n;

	if (kernel_counters(kernel, &values, &n) == 0)
		free(values);
}

static void ask_table_state(void)
{
	struct table_state state;

	kernel_table_state(kernel, &state);
	kernel_owns_table(kernel);
}

static void ask_window_left(void)
{
	kernel_window_left(kernel, "install_window");
}

static void ask_window_sets(void)
{
	char **names;
	size_t n;

	kernel_window_sets(kernel, &names, &n);
	for (size_t i = 0; names && i < n; i++)
		free(names[i]);
	free(names);
}

static void ask_flowtables(void)
{
	struct flowtable *flowtables;
	size_t n;

	if (kernel_flowtables(kernel, &flowtables, &n) == 0)
		free(flowtables);
}

static void ask_fingerprint(void)
{
	uint64_t fingerprint;

	kernel_fingerprint(kernel, &fingerprint);
	kernel_generation(kernel);
	kernel_holds(kernel);
}

static void ask_sets(void)
{
	for (size_t i = 0; i < fixture->ruleset->n_sets; i++)
		kernel_set_is_intact(kernel, fixture->ruleset->sets[i]);
}

static void ask_apply(void)
{
	kernel_apply(kernel, fixture->ruleset, NULL, false);
}

static void ask_remove(void)
{
	struct window_change change = {.set = "install_window", .timeout_ms = 1000};
	bool existed;

	kernel_windows_set(kernel, &change, 1);
	if (!record.on)
		kernel_remove(kernel, &existed);
}

static void note_group(const struct monitor_group *group, void *data)
{
	char text[200];

	(void)data;
	monitor_group_describe(group, text, sizeof(text));
	FUZZ_HOLDS(strlen(text) < sizeof(text));
}

static void ask_monitor(void)
{
	monitor_read(monitor, note_group, NULL);
}

static void ask_route(void)
{
	struct addr addr = {.v4 = 0x7f000001};

	conntrack_addr_is_local(conntrack, &addr);
}

static void ask_where_to(void)
{
	struct addr addr = {.v4 = 0x0a000001};
	struct route route;

	route_find(routes, &addr, &route);
}

static void note_packet(const struct nflog_packet *packet, void *data)
{
	struct packet_header header;

	(void)data;
	packet_header_parse(packet->bytes, packet->len, &header);
}

/* Nothing where the group cannot be bound: that takes a privilege. */
static void ask_log(void)
{
	if (nflog)
		kernel_nflog_read(nflog, note_packet, NULL);
}

static void (*const questions[])(void) = {
        ask_counters,    ask_table_state, ask_window_left, ask_window_sets, ask_flowtables,
        ask_fingerprint, ask_sets,        ask_apply,       ask_remove,      ask_monitor,
        ask_route,       ask_where_to,    ask_log,
};

/* Sockets are opened, and next to nothing is asked of them yet. */
static void open_all(void)
{
	struct sockaddr_nl any = {.nl_family = AF_NETLINK};

	kernel = calloc(1, sizeof(*kernel));
	FUZZ_HOLDS(kernel);
	kernel->table = RULESET_TABLE;
	kernel->socket = mnl_socket_open(NETLINK_NETFILTER);
	FUZZ_HOLDS(kernel->socket && mnl_socket_bind(kernel->socket, any.nl_groups, MNL_SOCKET_AUTOPID) == 0);
	FUZZ_HOLDS(monitor_open(kernel_port(kernel), &monitor) == 0 && conntrack_open(&conntrack) == 0);
	FUZZ_HOLDS(routes_open(&routes) == 0);
	record.on = true; /* this one asks the kernel when it is opened */
	if (kernel_nflog_open(77, &nflog) < 0)
		nflog = NULL;
	record.on = false;
	fixture = fixture_new();
	add_member(fixture, ROLE_MANAGEMENT_SERVER, "10.0.1.11");
	add_member(fixture, ROLE_MANAGEMENT_SERVER, "2001:db8::11");
	add_member(fixture, ROLE_OPERATIONS_MANAGER_DATABASE, "10.0.2.50");
	add_member(fixture, ROLE_WINDOWS_AGENT, "10.1.0.0/16");
	add_member(fixture, ROLE_WINDOWS_AGENT, "10.2.0.7");
	fixture_build(fixture);
}

/* Packets of both families that a rule of others logs. The kernel gathers for a while, and sends them in one message. */
static void log_packets(void)
{
	FUZZ_HOLDS(system("ip link set lo up && nft 'table inet others { chain out { type filter hook output "
	                  "priority 0; log group 77 prefix \"omfwd:would_be_denied\"; }; }' && "
	                  "bash -c 'echo >/dev/udp/127.0.0.1/5723; ! echo >/dev/tcp/::1/5723' 2>/dev/null && "
	                  "sleep 0.5") == 0);
}

static void record_question(const char *dir, size_t i)
{
	char path[4096];
	FILE *out;

	record.n = 0;
	questions[i]();
	snprintf(path, sizeof(path), "%s/kernel-%02zu", dir, i);
	out = fopen(path, "w");
	FUZZ_HOLDS(out);
	fputc((int)i, out);
	fputc(1, out);
	fwrite(record.bytes, 1, record.n, out);
	fclose(out);
}

static void record_all(const char *dir)
{
	record.on = true;
	FUZZ_HOLDS(monitor_listen(monitor, true) == 0);
	FUZZ_HOLDS(kernel_apply(kernel, fixture->ruleset, NULL, false) == 0);
	log_packets();
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++)
		record_question(dir, i);
	record.on = false;
}

/* Names that the last input gave to sets are not those of the next. */
static void forget_names(void)
{
	for (size_t i = 0; i < fixture->ruleset->n_sets; i++) {
		free(fixture->ruleset->sets[i]->kernel_name);
		fixture->ruleset->sets[i]->kernel_name = strdup(fixture->ruleset->sets[i]->name);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!kernel) {
		open_all();
		if (getenv("OMFWD_FUZZ_RECORD"))
			record_all(getenv("OMFWD_FUZZ_RECORD"));
	}
	if (size < 2)
		return 0;
	forget_names();
	kernel->genid = 0;
	input.at = data + 2;
	input.end = data + size;
	input.mend = data[1] & 1;
	questions[data[0] % ARRAY_SIZE(questions)]();
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asking many flows at once: every client says one word that was never said before, servers say it back, and whoever
 * hears its word in time is alive. Nothing that was sent earlier and arrives late can be taken for it.
 */
#include "tests/lab/flow.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK_TIMEOUT 400  /* ms */
#define OPEN_TIMEOUT  1000 /* ms */
#define PUMP_TIMEOUT  5000 /* ms */
#define IP_HEADER     20
#define SAID_MIN      100 /* words of the pump, however long they take */

static uint32_t last_word;

struct echo {
	uint8_t type, code;
	uint16_t checksum, id, sequence;
	uint32_t word;
};

/* ICMPv6 sums are the kernel's, with the addresses in them. */
static void echo_sum(struct echo *echo)
{
	uint16_t halves[sizeof(*echo) / 2];
	uint32_t sum = 0;
	memcpy(halves, echo, sizeof(halves));
	for (size_t i = 0; i < sizeof(halves) / sizeof(halves[0]); i++)
		sum += halves[i];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	echo->checksum = (uint16_t)~sum;
}

static void echo_say(const struct flow *flow, uint32_t word)
{
	struct echo echo = {.type = flow->v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO,
	                    .id = htons(flow->echo_id),
	                    .sequence = htons((uint16_t)word),
	                    .word = word};
	if (!flow->v6)
		echo_sum(&echo);
	send(flow->conn.client, &echo, sizeof(echo), MSG_NOSIGNAL);
}

static bool echo_is(const struct flow *flow, const uint8_t *packet, ssize_t len, uint32_t word)
{
	struct echo echo;
	size_t skip = flow->v6 ? 0 : IP_HEADER;
	if (len < (ssize_t)(skip + sizeof(echo)))
		return false;
	memcpy(&echo, packet + skip, sizeof(echo));
	return echo.type == (flow->v6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY) && echo.word == word &&
	       ntohs(echo.id) == flow->echo_id;
}

static void flow_say(const struct flow *flow, uint32_t word)
{
	if (flow->proto == IPPROTO_ICMP)
		echo_say(flow, word);
	else
		send(flow->conn.client, &word, sizeof(word), MSG_NOSIGNAL);
}

/* The server says back whatever it hears. */
static void flow_answer(const struct flow *flow)
{
	uint8_t buf[2048];
	ssize_t len;
	while ((len = recv(flow->conn.server, buf, sizeof(buf), 0)) > 0)
		send(flow->conn.server, buf, (size_t)len, MSG_NOSIGNAL);
}

static bool flow_hears(const struct flow *flow, uint32_t word)
{
	uint8_t buf[2048];
	ssize_t len;
	bool heard = false;
	while ((len = recv(flow->conn.client, buf, sizeof(buf), 0)) > 0) {
		if (flow->proto == IPPROTO_ICMP)
			heard |= echo_is(flow, buf, len, word);
		else
			for (ssize_t at = 0; at + (ssize_t)sizeof(word) <= len; at += (ssize_t)sizeof(word))
				heard |= memcmp(buf + at, &word, sizeof(word)) == 0;
	}
	return heard;
}

static bool all_alive(const struct flow *flows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!flows[i].alive)
			return false;
	return true;
}

static void flows_ask(struct flow *flows, size_t n, unsigned timeout)
{
	uint32_t first = last_word + 1;
	last_word += (uint32_t)n;
	for (size_t i = 0; i < n; i++) {
		flows[i].alive = false;
		flow_say(&flows[i], first + (uint32_t)i);
	}
	for (uint64_t end = lab_now_ms() + timeout; !all_alive(flows, n) && lab_now_ms() < end;) {
		lab_sleep_ms(1);
		for (size_t i = 0; i < n; i++) {
			if (flows[i].conn.server >= 0)
				flow_answer(&flows[i]);
			flows[i].alive |= flow_hears(&flows[i], first + (uint32_t)i);
		}
	}
}

void flows_check(struct flow *flows, size_t n)
{
	flows_ask(flows, n, CHECK_TIMEOUT);
}

/* The listener goes, so that the next flow may listen there. */
static bool tcp_open(const struct lab *lab, struct flow *flow, const struct endpoint *client,
                     const struct endpoint *server, const struct endpoint *via)
{
	bool opened = conn_open(lab, &flow->conn, client, server, via);
	close(flow->conn.listener);
	flow->conn.listener = -1;
	return opened;
}

/* The server's socket learns its client from the first datagram, so that several can share an address and port. */
static bool udp_open(const struct lab *lab, struct flow *flow, const struct endpoint *client,
                     const struct endpoint *server, const struct endpoint *to)
{
	struct conn *conn = &flow->conn;
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	char byte = 'q';
	conn->server = endpoint_bind(lab, server, SOCK_DGRAM, 0, server->port);
	conn->client = endpoint_bind(lab, client, SOCK_DGRAM, 0, 0);
	struct pollfd ready = {.fd = conn->server, .events = POLLIN};
	return endpoint_connect(conn->client, to) == 0 && send(conn->client, &byte, 1, 0) == 1 &&
	       poll(&ready, 1, OPEN_TIMEOUT) == 1 &&
	       recvfrom(conn->server, &byte, 1, 0, (struct sockaddr *)&peer, &len) == 1 &&
	       connect(conn->server, (struct sockaddr *)&peer, len) == 0;
}

static bool echo_open(const struct lab *lab, struct flow *flow, const struct endpoint *client,
                      const struct endpoint *to)
{
	static uint16_t last_id = 1000;
	struct endpoint portless = {to->ns, to->address, 0};
	flow->echo_id = ++last_id;
	flow->conn.client = endpoint_bind(lab, client, SOCK_RAW, flow->v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, 0);
	return endpoint_connect(flow->conn.client, &portless) == 0;
}

bool flow_open(const struct lab *lab, struct flow *flow, const struct endpoint *client,
               const struct endpoint *server, const struct endpoint *via)
{
	const struct endpoint *to = via ? via : server;
	bool opened;
	flow->v6 = strchr(client->address, ':') != NULL;
	flow->conn = (struct conn){-1, -1, -1};
	if (flow->proto == IPPROTO_TCP)
		opened = tcp_open(lab, flow, client, server, via);
	else if (flow->proto == IPPROTO_UDP)
		opened = udp_open(lab, flow, client, server, to);
	else
		opened = echo_open(lab, flow, client, to);
	if (opened)
		flows_ask(flow, 1, OPEN_TIMEOUT);
	return opened && flow->alive;
}

void flow_close(struct flow *flow)
{
	conn_close(&flow->conn);
}

struct pump_share {
	volatile bool stop;
	volatile unsigned long said, stalled;
};

static bool word_passes(int from, int to, uint32_t word)
{
	struct pollfd ready = {.fd = to, .events = POLLIN};
	uint32_t got = 0;
	return send(from, &word, sizeof(word), MSG_NOSIGNAL) == sizeof(word) &&
	       poll(&ready, 1, PUMP_TIMEOUT) == 1 && recv(to, &got, sizeof(got), 0) == sizeof(got) &&
	       got == word;
}

static void pump_run(const struct pump *pump)
{
	for (uint32_t word = 1; !pump->share->stop; word++) {
		for (int i = 0; i < 2; i++) {
			const struct conn *conn = &pump->conns[i];
			if (word_passes(conn->client, conn->server, word) &&
			    word_passes(conn->server, conn->client, word))
				pump->share->said++;
			else
				pump->share->stalled++;
		}
		poll(NULL, 0, 1);
	}
}

/* A packet that comes to the first chain and not to the second was lost between them. */
static const char counters[] =
        "table inet pump {\n"
        "counter before { }\ncounter behind { }\n"
        "chain before { type filter hook forward priority -300; ip saddr { 10.1.0.%1$u, 10.2.0.%1$u } "
        "ip daddr { 10.1.0.%1$u, 10.2.0.%1$u } counter name before\n"
        "ip6 saddr { 2001:db8:1::%1$u, 2001:db8:2::%1$u } ip6 daddr { 2001:db8:1::%1$u, 2001:db8:2::%1$u } "
        "counter name before\n}\n"
        "chain behind { type filter hook forward priority 300; ip saddr { 10.1.0.%1$u, 10.2.0.%1$u } "
        "ip daddr { 10.1.0.%1$u, 10.2.0.%1$u } counter name behind\n"
        "ip6 saddr { 2001:db8:1::%1$u, 2001:db8:2::%1$u } ip6 daddr { 2001:db8:1::%1$u, 2001:db8:2::%1$u } "
        "counter name behind\n}\n}\n";

static void pump_connect(const struct lab *lab, struct pump *pump, unsigned host)
{
	static const char *const networks[2][2] = {{"10.1.0.", "10.2.0."}, {"2001:db8:1::", "2001:db8:2::"}};
	for (int i = 0; i < 2; i++) {
		char left[64], right[64];
		snprintf(left, sizeof(left), "%s%u", networks[i][0], host);
		snprintf(right, sizeof(right), "%s%u", networks[i][1], host);
		const struct endpoint client = {NS_LEFT, left, 0}, server = {NS_RIGHT, right, 5723};
		if (!conn_open(lab, &pump->conns[i], &client, &server, NULL))
			fail_msg("the connection of the pump did not come about");
	}
}

void pump_start(const struct lab *lab, struct pump *pump, unsigned host)
{
	char rules[4096];
	snprintf(rules, sizeof(rules), counters, host);
	lab_write("pump.nft", rules);
	lab_must(lab, NS_GATEWAY, "nft -f " LAB_DIR "/pump.nft");
	pump_connect(lab, pump, host);
	pump->share =
	        mmap(NULL, sizeof(*pump->share), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (pump->share == MAP_FAILED)
		fail_msg("mmap: %s", strerror(errno));
	pump->pid = fork();
	if (pump->pid != 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pump_run(pump);
	_exit(0);
}

static unsigned long counter_read(const struct lab *lab, const char *name)
{
	struct run run;
	unsigned long packets = 0;
	lab_run(lab, NS_GATEWAY, NULL, &run, "nft list counter inet pump %s", name);
	const char *found = strstr(run.out, "packets ");
	if (!found || sscanf(found, "packets %lu", &packets) != 1)
		fail_msg("no counter %s: %s", name, run.err);
	lab_run_free(&run);
	return packets;
}

/* A delayed acknowledgement may pass between the two readings; what is lost stays lost. */
static void counters_await(const struct lab *lab, unsigned long *before, unsigned long *behind)
{
	uint64_t end = lab_now_ms() + LAB_PATIENCE_MS;
	do {
		lab_sleep_ms(50);
		*before = counter_read(lab, "before");
		*behind = counter_read(lab, "behind");
	} while (*before != *behind && lab_now_ms() < end);
}

void pump_stop(const struct lab *lab, struct pump *pump)
{
	unsigned long before, behind;
	for (uint64_t end = lab_now_ms() + LAB_PATIENCE_MS;
	     pump->share->said < SAID_MIN && lab_now_ms() < end;)
		lab_sleep_ms(10);
	pump->share->stop = true;
	waitpid(pump->pid, NULL, 0);
	counters_await(lab, &before, &behind);
	unsigned long said = pump->share->said, stalled = pump->share->stalled;
	munmap(pump->share, sizeof(*pump->share));
	for (int i = 0; i < 2; i++)
		conn_close(&pump->conns[i]);
	lab_must(lab, NS_GATEWAY, "nft delete table inet pump");
	if (before != behind || stalled > 0 || said < SAID_MIN)
		fail_msg("5723 lost %lu of %lu packets, stalled %lu of %lu times", before - behind, before,
		         stalled, said);
}

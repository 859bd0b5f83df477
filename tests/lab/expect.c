/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text to probes, verdicts to text. */
#include "tests/lab/expect.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPECTATIONS_MAX 256

static const struct {
	const char *word;
	uint8_t proto, tcp_flags;
	bool echo_reply;
} sendables[] = {
        {"tcp", IPPROTO_TCP, TCP_SYN, false},  {"ack", IPPROTO_TCP, TCP_ACK, false},
        {"udp", IPPROTO_UDP, 0, false},        {"icmp", IPPROTO_ICMP, 0, false},
        {"echo-reply", IPPROTO_ICMP, 0, true}, {"proto", 0, 0, false},
};

struct address address_of(const char *text)
{
	struct address address = {.family = strchr(text, ':') ? AF_INET6 : AF_INET};
	if (inet_pton(address.family, text, address.bytes) != 1) {
		fprintf(stderr, "the test names no address: %s\n", text);
		abort();
	}
	return address;
}

const char *address_text(const struct address *address, char *buf)
{
	return inet_ntop(address->family, address->bytes, buf, INET6_ADDRSTRLEN);
}

const char *probe_text(const struct probe *probe, char *buf)
{
	const char *name =
	        probe->proto == IPPROTO_TCP ? (probe->tcp_flags == TCP_ACK ? "ack" : "tcp") : "udp";
	if (probe->proto == IPPROTO_ICMP)
		snprintf(buf, 32, "%s", probe->echo_reply ? "echo-reply" : "icmp");
	else if (probe->proto == IPPROTO_TCP || probe->proto == IPPROTO_UDP)
		snprintf(buf, 32, "%s/%u", name, probe->dport);
	else
		snprintf(buf, 32, "proto/%u", probe->proto);
	return buf;
}

static void sendable_read(const char *text, struct probe *probe)
{
	char word[32];
	unsigned number = 0;
	sscanf(text, "%31[^/]/%u", word, &number);
	for (size_t i = 0; i < sizeof(sendables) / sizeof(sendables[0]); i++) {
		if (strcmp(word, sendables[i].word) != 0)
			continue;
		probe->proto = sendables[i].proto ? sendables[i].proto : (uint8_t)number;
		probe->tcp_flags = sendables[i].tcp_flags;
		probe->dport = (uint16_t)number;
		probe->echo_reply = sendables[i].echo_reply;
		return;
	}
	fprintf(stderr, "the test sends no such thing: %s\n", text);
	abort();
}

static void expectation_read(const char *text, char *verdict, struct probe *probe)
{
	char src[64], dst[64], what[64];
	if (sscanf(text, "%15s %63s %63s %63s", verdict, src, dst, what) != 4) {
		fprintf(stderr, "the test cannot read: %s\n", text);
		abort();
	}
	*probe = (struct probe){.src = address_of(src), .dst = address_of(dst)};
	sendable_read(what, probe);
}

static const char *verdict_of(const struct probe *probe)
{
	if (probe->arrived)
		return "pass";
	if (probe->answer == ANSWER_RESET)
		return "reset";
	return probe->answer == ANSWER_PROHIBITED ? "prohibited" : "drop";
}

void expect_verdicts(struct lab *lab, const char *file, int line, const char *const *expectations)
{
	struct probe probes[EXPECTATIONS_MAX];
	char verdicts[EXPECTATIONS_MAX][16], wrong[8192] = "";
	size_t n = 0;
	for (; expectations[n]; n++)
		expectation_read(expectations[n], verdicts[n], &probes[n]);
	burst_run(lab, probes, n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(verdicts[i], verdict_of(&probes[i])) != 0)
			snprintf(wrong + strlen(wrong), sizeof(wrong) - strlen(wrong), "\n  %s: %s",
			         expectations[i], verdict_of(&probes[i]));
	if (wrong[0])
		fail_msg("%s:%d: other verdicts than expected:%s", file, line, wrong);
}

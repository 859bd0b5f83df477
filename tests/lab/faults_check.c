// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The policy has two forms, one with more members than the other. Whatever went wrong, the kernel has one of them or the
 * other, whole, or, where it was removed, neither; and the install window is open for all that it opens, or shut.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/lab/expect.h"
#include "tests/lab/faults_internal.h"
#include "util/array.h"

#define NARROW                                                                                               \
	"[omfwd]\ndeny_scope = everything\n[roles]\nmanagement_server = 10.1.0.10\n"                         \
	"windows_agent = 10.2.0.20\n"
#define MORE "management_server = 10.1.0.11\nwindows_agent = 10.2.0.21, 10.2.0.22\n"

enum when { ALWAYS, NEVER, WHEN_WIDE, WHEN_OPEN, WHEN_MAX };

static const struct {
	enum when when;
	const char *src, *dst;
	uint16_t port;
} packets[] = {
        {ALWAYS, "10.2.0.20", "10.1.0.10", 5723},    {NEVER, "10.2.0.20", "10.1.0.10", 5724},
        {NEVER, "10.2.0.99", "10.1.0.10", 5723},     {NEVER, "10.1.0.10", "10.2.0.20", 3389},
        {WHEN_WIDE, "10.2.0.20", "10.1.0.11", 5723}, {WHEN_WIDE, "10.2.0.21", "10.1.0.10", 5723},
        {WHEN_WIDE, "10.2.0.22", "10.1.0.11", 5723}, {WHEN_OPEN, "10.1.0.10", "10.2.0.20", 445},
        {WHEN_OPEN, "10.1.0.10", "10.2.0.20", 135},
};

void faults_fail(struct faults *faults, const char *fmt, ...)
{
	va_list args;

	faults->result->failures++;
	printf("FAILED: %s: ", faults->what);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

void faults_policy_write(struct faults *faults, bool wide)
{
	faults->wide = wide;
	lab_write("omfwd.conf", wide ? NARROW MORE : NARROW);
}

/* All packets of a kind pass, or none does. */
static void check_kind(struct faults *faults, const struct probe *probes, enum when when,
                       enum known *expected)
{
	unsigned n = 0, passed = 0;

	for (size_t i = 0; i < ARRAY_SIZE(packets); i++) {
		if (packets[i].when != when)
			continue;
		n++;
		passed += probes[i].arrived;
		if (*expected != KNOWN_NOT && probes[i].arrived != (*expected == KNOWN_YES))
			faults_fail(faults, "%s -> %s tcp/%u %s", packets[i].src, packets[i].dst,
			            packets[i].port, probes[i].arrived ? "passed" : "was denied");
	}
	if (*expected == KNOWN_NOT && passed != 0 && passed != n)
		faults_fail(faults, "half of it was applied");
	*expected = passed == n ? KNOWN_YES : KNOWN_NO;
}

/* What no policy lets through tells whether there is one; without it, all of the rest passes, too. */
static void check_kinds(struct faults *faults, const struct probe *probes)
{
	enum known all = KNOWN_YES, wide = KNOWN_YES, open = KNOWN_YES;

	check_kind(faults, probes, NEVER, &faults->is_gone);
	check_kind(faults, probes, ALWAYS, &all);
	check_kind(faults, probes, WHEN_WIDE, faults->is_gone == KNOWN_YES ? &wide : &faults->is_wide);
	check_kind(faults, probes, WHEN_OPEN, faults->is_gone == KNOWN_YES ? &open : &faults->is_open);
}

void faults_check_packets(struct faults *faults)
{
	struct probe probes[ARRAY_SIZE(packets)];

	memset(probes, 0, sizeof(probes));
	for (size_t i = 0; i < ARRAY_SIZE(packets); i++) {
		probes[i].src = address_of(packets[i].src);
		probes[i].dst = address_of(packets[i].dst);
		probes[i].proto = IPPROTO_TCP;
		probes[i].dport = packets[i].port;
	}
	burst_run(faults->lab, probes, ARRAY_SIZE(probes));
	check_kinds(faults, probes);
}

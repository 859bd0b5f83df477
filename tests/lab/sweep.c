/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sweeps. Hosts of roles lie four apart, so that the address beside one is never another. */
#include "tests/lab/sweep.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/expect.h"

#define SHOWN_MAX 20

static const char *const scope_names[] = {"none", "roles", "servers", "everything"};

/* Left to right and back, in both families. */
struct way {
	int from_side, family;
};
static const struct way ways[] = {{1, AF_INET}, {2, AF_INET}, {1, AF_INET6}, {2, AF_INET6}};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

static struct address address_make(int side, int family, int number)
{
	struct address v4 = {AF_INET, {10, (uint8_t)side, 0, (uint8_t)number}};
	struct address v6 = {AF_INET6, {0x20, 0x01, 0x0d, 0xb8, 0, (uint8_t)side, [15] = (uint8_t)number}};
	return family == AF_INET ? v4 : v6;
}

struct address sweep_address(int role, int side, int family)
{
	return address_make(side, family, 4 * role + 2);
}

struct address sweep_address_beside(int role, int side, int family)
{
	return address_make(side, family, 4 * role + 3);
}

static void members_print(FILE *out, int role)
{
	char text[INET6_ADDRSTRLEN];
	fprintf(out, "%s = ", expected_roles[role].name);
	for (size_t i = 0; i < WAYS; i++) {
		struct address address = sweep_address(role, ways[i].from_side, ways[i].family);
		fprintf(out, "%s%s", i ? ", " : "", address_text(&address, text));
	}
	fprintf(out, "\n");
}

void sweep_config_write(const struct expected_policy *policy, const char *extra)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	fprintf(out, "[omfwd]\ntable = %s\ndeny_scope = %s\nlog_denied = no\n", policy->table->name,
	        scope_names[policy->scope]);
	fprintf(out, "%s\n[roles prod]\n", extra);
	for (int role = 0; role < EXPECTED_ROLES; role++)
		if (policy->assigned[role])
			members_print(out, role);
	fclose(out);
	FILE *file = fopen(LAB_DIR "/omfwd.conf", "we");
	if (!file || fputs(text, file) < 0 || fclose(file) != 0)
		fail_msg("cannot write the role file");
	free(text);
}

static struct trial *trial_add(struct sweep *sweep, const struct probe *probe)
{
	if (sweep->n == sweep->cap) {
		sweep->cap = sweep->cap ? sweep->cap * 2 : 1024;
		sweep->probes = realloc(sweep->probes, sweep->cap * sizeof(*sweep->probes));
		sweep->trials = realloc(sweep->trials, sweep->cap * sizeof(*sweep->trials));
		if (!sweep->probes || !sweep->trials)
			abort();
	}
	sweep->probes[sweep->n] = *probe;
	return &sweep->trials[sweep->n++];
}

/* A probe between the hosts of two roles; beside: from or to the neighbour of the host instead. */
enum beside { BESIDE_NONE, BESIDE_FROM, BESIDE_TO };

struct ends {
	const struct way *way;
	int from, to;
	enum beside beside;
};

static void sweep_add(struct sweep *sweep, const struct expected_policy *policy, const struct ends *ends,
                      uint8_t proto, int port)
{
	if (port < 0 || port > 65535)
		return;
	int family = ends->way->family, side = ends->way->from_side;
	struct probe probe = {.proto = proto, .dport = (uint16_t)port};
	probe.src = ends->beside == BESIDE_FROM ? sweep_address_beside(ends->from, side, family)
	                                        : sweep_address(ends->from, side, family);
	probe.dst = ends->beside == BESIDE_TO ? sweep_address_beside(ends->to, 3 - side, family)
	                                      : sweep_address(ends->to, 3 - side, family);
	struct trial *trial = trial_add(sweep, &probe);
	trial->from = ends->beside == BESIDE_FROM ? NO_ROLE : ends->from;
	trial->to = ends->beside == BESIDE_TO ? NO_ROLE : ends->to;
	trial->line = expected_opens(policy, trial->from, trial->to, proto, (uint16_t)port);
	trial->passes = expected_passes(policy, trial->from, trial->to, proto, (uint16_t)port);
}

static void line_add_ends(struct sweep *sweep, const struct expected_policy *policy,
                          const struct expected_line *line, struct ends ends)
{
	uint8_t other = line->proto == IPPROTO_TCP ? IPPROTO_UDP : IPPROTO_TCP;
	int low = line->low, high = line->high;
	const int ports[] = {low - 1, low, (low + high) / 2, high, high + 1};
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		sweep_add(sweep, policy, &ends, line->proto, ports[i]);
	sweep_add(sweep, policy, &ends, other, low);
	sweep_add(sweep, policy, &ends, other, high);
	struct ends reverse = ends;
	reverse.from = ends.to;
	reverse.to = ends.from;
	sweep_add(sweep, policy, &reverse, line->proto, low);
	ends.beside = BESIDE_FROM;
	sweep_add(sweep, policy, &ends, line->proto, low);
	ends.beside = BESIDE_TO;
	sweep_add(sweep, policy, &ends, line->proto, low);
}

void sweep_add_lines(struct sweep *sweep, const struct expected_policy *policy)
{
	struct ends ends = {0};
	for (size_t i = 0; i < policy->table->n * WAYS; i++) {
		const struct expected_line *line = &policy->table->lines[i / WAYS];
		ends.way = &ways[i % WAYS];
		for (int pair = 0; pair < EXPECTED_ROLES * EXPECTED_ROLES; pair++) {
			ends.from = pair / EXPECTED_ROLES;
			ends.to = pair % EXPECTED_ROLES;
			if (policy->assigned[ends.from] && policy->assigned[ends.to] &&
			    expected_acts(policy, ends.from, line->from) &&
			    expected_acts(policy, ends.to, line->to))
				line_add_ends(sweep, policy, line, ends);
		}
	}
}

/* Every port that occurs in the table, and the one before and after it. */
static size_t ports_collect(const struct expected_table *table, int *ports)
{
	static bool occurs[65537];
	memset(occurs, 0, sizeof(occurs));
	for (size_t i = 0; i < table->n; i++) {
		const struct expected_line *line = &table->lines[i];
		if (line->low == 0)
			continue;
		for (int step = -1; step <= 1; step++)
			occurs[line->low + step] = occurs[line->high + step] = true;
	}
	size_t n = 0;
	for (int port = 1; port <= 65535; port++)
		if (occurs[port])
			ports[n++] = port;
	return n;
}

void sweep_add_pairs(struct sweep *sweep, const struct expected_policy *policy)
{
	int ports[256];
	size_t n_ports = ports_collect(policy->table, ports);
	for (size_t i = 0; i < EXPECTED_ROLES * EXPECTED_ROLES * WAYS; i++) {
		struct ends ends = {.way = &ways[i % WAYS],
		                    .from = (int)(i / WAYS) / EXPECTED_ROLES,
		                    .to = (int)(i / WAYS) % EXPECTED_ROLES};
		if (!policy->assigned[ends.from] || !policy->assigned[ends.to])
			continue;
		for (size_t p = 0; p < n_ports; p++) {
			sweep_add(sweep, policy, &ends, IPPROTO_TCP, ports[p]);
			sweep_add(sweep, policy, &ends, IPPROTO_UDP, ports[p]);
		}
		sweep_add(sweep, policy, &ends, IPPROTO_ICMP, 0);
	}
}

static const char *role_text(int role)
{
	return role == NO_ROLE ? "nobody" : expected_roles[role].name;
}

static void wrong_print(const struct probe *probe, const struct trial *trial)
{
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN], what[32];
	fprintf(stderr, "%s: %s %s -> %s %s %s: %s\n", trial->line ? trial->line->row : "no line",
	        role_text(trial->from), address_text(&probe->src, src), role_text(trial->to),
	        address_text(&probe->dst, dst), probe_text(probe, what),
	        trial->passes ? "was denied, but should pass" : "passed, but should be denied");
}

void sweep_run(struct lab *lab, struct sweep *sweep, bool loud)
{
	conntrack_flush(lab);
	burst_run(lab, sweep->probes, sweep->n);
	sweep->wrong = 0;
	for (size_t i = 0; i < sweep->n; i++) {
		if (!sweep_is_wrong(sweep, i))
			continue;
		if (loud && sweep->wrong < SHOWN_MAX)
			wrong_print(&sweep->probes[i], &sweep->trials[i]);
		sweep->wrong++;
	}
}

void sweep_expect(struct lab *lab, const struct expected_policy *policy,
                  void (*add)(struct sweep *, const struct expected_policy *))
{
	struct sweep sweep = {0};
	add(&sweep, policy);
	sweep_run(lab, &sweep, true);
	size_t wrong = sweep.wrong, n = sweep.n;
	sweep_free(&sweep);
	if (wrong)
		fail_msg("%zu of %zu packets got the wrong verdict (table %s, deny_scope %s, %s phase)",
		         wrong, n, policy->table->name, scope_names[policy->scope],
		         policy->installing ? "install" : "run");
	assert_true(n > 0);
}

void sweep_free(struct sweep *sweep)
{
	free(sweep->probes);
	free(sweep->trials);
	*sweep = (struct sweep){0};
}

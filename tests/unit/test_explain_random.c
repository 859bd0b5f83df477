// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random role files and random packets: what policy_load(), policy_compile() and policy_explain() say together must be
 * what the plainest evaluator says, one that shares nothing with them but the port tables. Addresses are numbers from
 * 0 to 63, so that members are bits of a word and everything meets everything often. What a remedy says is done, and
 * must open the packet.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "policy/explain.h"
#include "tests/unit/apply_remedy.h"
#include "tests/unit/plain_reason.h"
#include "tests/unit/plain_writer.h"

#define WORLDS       80
#define QUERIES      600
#define NOW          1000000000 /* in 2001 */
#define REMEDIES     60         /* of each reason are all tried, and then ... */
#define REMEDY_EVERY 40
#define PORT_CHOICE  (sizeof(ports) / sizeof(ports[0]))

static const uint16_t ports[] = {5723,  5724,  1433,  1434,  135,  137,        138,   139,   445,
                                 49151, 49152, 60000, 65535, 53,   88,         389,   161,   162,
                                 80,    443,   1270,  22,    8886, 636,        51905, 51906, 51907,
                                 51908, 51909, 51910, 7000,  7010, MOVED_PORT, 1};

/* A random world, as the plain evaluator and as the program have it, and what was seen in all of them. */
struct trial {
	struct world world;
	char path[32];
	struct policy *policy;
	struct lines lines;
	unsigned verdicts[VERDICT_MAX], reasons[REASON_MAX];
};

/* Some address that holds a role of the mask in the section; any, if there is none. */
static unsigned pick_holder(const struct world_section *section, role_mask mask, bool v6)
{
	for (unsigned i = 0, addr = rnd(64); i < 64; i++, addr = (addr + 1) % 64)
		if (acts(section, mask, v6, addr))
			return addr;
	return rnd(64);
}

/* A packet that some line of the documents is about, often but not always in force. */
static struct packet likely_packet(const struct world *world)
{
	const struct world_section *section = &world->sections[rnd((unsigned)world->n_sections)];
	size_t n;
	const struct table_line *lines = table_lines(section->table, &n);
	const struct table_line *line = &lines[rnd((unsigned)n)];
	bool v6 = CHANCE(3);

	return (struct packet){
	        .v6 = v6,
	        .src = pick_holder(section, line->from, v6),
	        .dst = pick_holder(section, line->to, v6),
	        .proto = line->proto,
	        .port = line->key == PORT_HEALTH_SERVICE && section->health_moved && CHANCE(2)
	                        ? MOVED_PORT
	                        : line->ports.hi,
	};
}

static unsigned pick_member(struct family_bits bits, bool v6)
{
	for (unsigned i = 0, addr = rnd(64); i < 64; i++, addr = (addr + 1) % 64)
		if (holds(bits, v6, addr))
			return addr;
	return rnd(64);
}

/* A packet that a site rule is about. */
static struct packet rule_packet(const struct world *world)
{
	const struct world_rule *rule = &world->rules[rnd((unsigned)world->n_rules)];
	bool v6 = CHANCE(3);

	return (struct packet){
	        .v6 = v6,
	        .src = pick_member(rule->from, v6),
	        .dst = pick_member(rule->to, v6),
	        .proto = rule->proto,
	        .port = rule->lo,
	};
}

static struct packet random_packet(const struct world *world)
{
	if (world->n_rules && CHANCE(20))
		return rule_packet(world);
	if (CHANCE(2))
		return likely_packet(world);
	return (struct packet){
	        .v6 = CHANCE(3),
	        .src = rnd(64),
	        .dst = rnd(64),
	        .proto = CHANCE(6)   ? PROTO_ICMP
	                 : CHANCE(3) ? PROTO_UDP
	                             : PROTO_TCP,
	        .port = ports[rnd(PORT_CHOICE)],
	};
}

static struct query query_of(const struct packet *packet, enum packet_path path)
{
	struct query query = {
	        .proto = packet->proto, .port = packet->proto == PROTO_ICMP ? 0 : packet->port, .path = path};
	u128 net6 = (u128)0x20010db8 << 96;

	query.src.is_v6 = query.dst.is_v6 = packet->v6;
	query.src.v4 = 0x0a000000 + packet->src;
	query.dst.v4 = 0x0a000000 + packet->dst;
	query.src.v6 = net6 + packet->src;
	query.dst.v6 = net6 + packet->dst;
	return query;
}

/* Names are all that there is to see of what one cannot undo: that nothing should, or that it takes a decision. */
static bool is_left_to_people(const struct remedy *remedy, enum denial_reason reason)
{
	return !strncmp(remedy->sentence, "nothing ", strlen("nothing ")) || reason == REASON_RULE_EXPIRED;
}

/* What the remedy says, done, must open the packet. */
static void check_remedy(const struct trial *trial, const struct query *query,
                         const struct explanation *explanation)
{
	struct explained about = {.policy = trial->policy, .query = query, .explanation = explanation};
	struct remedy remedy;

	assert_true(explain_remedy_new(&about, &remedy));
	if (!remedy.lines[0] && !remedy.commands[0])
		assert_true(is_left_to_people(&remedy, explanation->reason));
	else if (explanation->reason != REASON_RULE_EXPIRED &&
	         verdict_after(trial->path, remedy.lines, remedy.commands, NOW, query) != VERDICT_ALLOWED)
		fail_msg("%s, %s: not opened by %s\n%s%s", trial->path,
		         denial_reason_name(explanation->reason), remedy.sentence, remedy.lines,
		         remedy.commands);
	explain_remedy_clear(&remedy);
}

/* All lines that match are keepers, and those alone are open that have an open gate. */
static void check_keepers(const struct trial *trial, const struct query *query,
                          const struct explanation *explanation)
{
	size_t n = 0;

	for (size_t i = 0; i < trial->lines.n; i++) {
		const struct line *line = &trial->lines.items[i];

		if (line->proto != query->proto || query->port < line->ports.lo ||
		    query->port > line->ports.hi || addr_set_find(line->from_addrs, &query->src) < 0 ||
		    addr_set_find(line->to_addrs, &query->dst) < 0)
			continue;
		assert_ptr_equal(line, explanation->keepers[n].line);
		assert_int_equal(line_is_open(line, gate_is_open, (void *)&trial->world),
		                 explanation->keepers[n].open);
		n++;
	}
	assert_int_equal(n, explanation->n_keepers);
}

static void check_denial(struct trial *trial, const struct packet *packet, const struct query *query,
                         enum opening opening, const struct explanation *explanation)
{
	enum denial_reason reason = plain_reason(&trial->world, packet, opening);

	if (reason != explanation->reason)
		fail_msg("%s: %s %u -> %u %s/%u: %s, and not %s", trial->path, packet->v6 ? "v6" : "v4",
		         packet->src, packet->dst, proto_name(packet->proto), packet->port,
		         denial_reason_name(reason), denial_reason_name(explanation->reason));
	if (trial->reasons[reason]++ < REMEDIES || CHANCE(REMEDY_EVERY))
		check_remedy(trial, query, explanation);
}

static void check_packet(struct trial *trial)
{
	struct packet packet = random_packet(&trial->world);
	enum packet_path path = CHANCE(4) ? PATH_LOCAL : PATH_FORWARD;
	struct query query = query_of(&packet, path);
	enum opening opening = judge_packet(&trial->world, &packet);
	enum verdict expected = plain_verdict(&trial->world, &packet, path, opening);
	struct explanation explanation;

	policy_explain(trial->policy, &trial->lines, &query, gate_is_open, &trial->world, &explanation);
	if (expected != explanation.verdict)
		fail_msg("%s: %s %u -> %u %s/%u: %s, and not %s", trial->path, packet.v6 ? "v6" : "v4",
		         packet.src, packet.dst, proto_name(packet.proto), packet.port,
		         verdict_name(expected), verdict_name(explanation.verdict));
	trial->verdicts[expected]++;
	check_keepers(trial, &query, &explanation);
	if (expected == VERDICT_DENIED || expected == VERDICT_AUDITED)
		check_denial(trial, &packet, &query, opening, &explanation);
	else
		assert_int_equal(REASON_NONE, explanation.reason);
	assert_int_equal(expected == VERDICT_ALLOWED,
	                 explanation.line != NULL && explanation.reason == REASON_NONE);
}

/* Writes a world of its own to the path, which is kept when something fails. */
static void load_world(struct trial *trial)
{
	struct diag_list diags = {0};
	int fd;
	FILE *out;

	strcpy(trial->path, "/tmp/test_explain_XXXXXX");
	fd = mkstemp(trial->path);
	out = fdopen(fd, "w");
	assert_non_null(out);
	write_world(&trial->world, out);
	fclose(out);
	trial->policy = policy_load(trial->path, NOW, &diags);
	if (!trial->policy) {
		diag_print(&diags, stderr);
		fail_msg("%s, which is kept, should be right", trial->path);
	}
	trial->lines = policy_compile(trial->policy);
	diag_clear(&diags);
}

static void test_random_worlds(void **state)
{
	struct trial trial = {.reasons = {0}};

	(void)state;
	for (unsigned seed = 1; seed <= WORLDS; seed++) {
		srandom(seed);
		load_world(&trial);
		for (unsigned i = 0; i < QUERIES; i++)
			check_packet(&trial);
		policy_free(trial.policy);
		unlink(trial.path);
	}
	for (enum verdict verdict = 0; verdict < VERDICT_MAX; verdict++) {
		print_message("%s: %u\n", verdict_name(verdict), trial.verdicts[verdict]);
		assert_true(trial.verdicts[verdict] > WORLDS);
	}
	for (enum denial_reason reason = REASON_NONE + 1; reason < REASON_MAX; reason++) {
		print_message("%s: %u\n", denial_reason_name(reason), trial.reasons[reason]);
		assert_true(trial.reasons[reason] > WORLDS / 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_worlds)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

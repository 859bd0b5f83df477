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
#include "tests/unit/plain_world.h"
#include "util/array.h"

#define WORLDS       80
#define QUERIES      600
#define NOW          1000000000 /* in 2001 */
#define REMEDIES     60         /* of each reason are all tried, and then ... */
#define REMEDY_EVERY 40
#define CHANCE(n)    (rnd(n) == 0)
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

static unsigned rnd(unsigned below)
{
	return (unsigned)random() % below;
}

/* Writes one member, a host, a CIDR or a range, and returns its bits. */
static uint64_t write_member(FILE *out, bool v6)
{
	const char *prefix = v6 ? "2001:db8::" : "10.0.0.";
	const char *format = v6 ? "%s%x" : "%s%u";
	unsigned first = rnd(64), last = first, shape = rnd(4);

	if (shape == 0) {
		first &= ~3u;
		last = first + 3;
	} else if (shape == 1) {
		last = first + rnd(64 - first);
	}
	fprintf(out, format, prefix, first);
	if (shape == 0) {
		fprintf(out, "/%u", v6 ? 126 : 30);
	} else if (last > first) {
		fputc('-', out);
		fprintf(out, format, prefix, last);
	}
	return (last - first == 63 ? ~(uint64_t)0 : (((uint64_t)1 << (last - first + 1)) - 1)) << first;
}

static struct family_bits write_members(FILE *out, const char *key)
{
	struct family_bits bits = {0};
	unsigned n = 1 + rnd(3);

	fprintf(out, "%s = ", key);
	for (unsigned i = 0; i < n; i++) {
		fputs(i ? ", " : "", out);
		if (CHANCE(3))
			bits.v6 |= write_member(out, true);
		else
			bits.v4 |= write_member(out, false);
	}
	fputs("\n", out);
	return bits;
}

static void write_rows(struct world_section *section, FILE *out)
{
	static const enum row_state states[] = {ROW_ON, ROW_OFF, ROW_BOTH, ROW_INSTALL, ROW_REVERSE};

	fprintf(out, "[rows %s]\n", section->name);
	for (int row = 0; row < ROW_COUNT; row++) {
		if (table_rows[row].table != section->table || !CHANCE(3))
			continue;
		section->row_set[row] = true;
		section->rows[row] = states[rnd(ARRAY_SIZE(states))];
		fprintf(out, "%s = %s\n", table_rows[row].id, row_state_name(section->rows[row]));
	}
}

static void write_ports(struct world_section *section, FILE *out)
{
	fprintf(out, "[ports %s]\n", section->name);
	if ((section->health_moved = CHANCE(3)))
		fprintf(out, "health_service = %d\n", MOVED_PORT);
	if ((section->browser_off = section->table == TABLE_CURRENT && CHANCE(3)))
		fputs("sql_browser = off\n", out);
}

static void write_section(struct world_section *section, const char *name, FILE *out)
{
	section->name = name;
	section->table = CHANCE(3) ? TABLE_2016 : TABLE_CURRENT;
	section->certificate = CHANCE(3);
	section->snmp_purpose = CHANCE(2);
	section->catalog_reply_only = CHANCE(2);
	fprintf(out, "[roles %s]\ntable = %s\n", name, port_table_name(section->table));
	fprintf(out, "authentication = %s\n", section->certificate ? "certificate" : "kerberos");
	fprintf(out, "snmp = %s\n", section->snmp_purpose ? "purpose" : "bidirectional");
	fprintf(out, "catalog_dynamic_ports = %s\n",
	        section->catalog_reply_only ? "reply_only" : "bidirectional");
	for (enum role role = 0; role < ROLE_MAX; role++)
		if (CHANCE(3) || role == ROLE_MANAGEMENT_SERVER)
			section->roles[role] = write_members(out, role_name(role));
	write_rows(section, out);
	write_ports(section, out);
}

static void write_rule(struct world_rule *rule, unsigned number, FILE *out)
{
	snprintf(rule->name, sizeof(rule->name), "rule%u", number);
	fprintf(out, "[site_rule %s]\n", rule->name);
	rule->from = write_members(out, "from");
	rule->to = write_members(out, "to");
	rule->proto = (enum proto)rnd(PROTO_MAX);
	rule->lo = 7000;
	rule->hi = (uint16_t)(7000 + rnd(20));
	rule->install = CHANCE(2);
	rule->expired = CHANCE(3);
	fprintf(out, "protocol = %s\nphase = %s\nreason = test\n", proto_name(rule->proto),
	        rule->install ? "install" : "both");
	if (rule->expired)
		fputs("expires = 2000-12-31\n", out);
	if (rule->proto == PROTO_ICMP)
		fputs("ports = echo-request\n", out);
	else
		fprintf(out, "ports = %u-%u\n", rule->lo, rule->hi);
}

static void write_world(struct world *world, FILE *out)
{
	static const char *const names[SECTIONS] = {"alpha", "beta", "gamma"};

	*world = (struct world){.scope = (enum deny_scope)rnd(4), .audit = CHANCE(5), .open = rnd(1000)};
	fprintf(out, "[omfwd]\nmode = %s\ndeny_scope = %s\n", world->audit ? "audit" : "enforce",
	        deny_scope_name(world->scope));
	if (CHANCE(2))
		world->never_deny = write_members(out, "never_deny");
	world->n_sections = 1 + rnd(SECTIONS);
	for (size_t i = 0; i < world->n_sections; i++)
		write_section(&world->sections[i], names[i], out);
	world->n_rules = rnd(SITE_RULES + 1);
	for (unsigned i = 0; i < world->n_rules; i++)
		write_rule(&world->rules[i], i, out);
}

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

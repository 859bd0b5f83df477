// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random role files, each changed a little, and random packets: what the difference says of a packet must be what the
 * verdicts of the two policies say, in both phases, and nothing may be told twice.
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

#include "policy/addr_algebra.h"
#include "policy/opening_diff.h"
#include "util/array.h"

#define WORLDS   120
#define QUERIES  500
#define HEAD     8  /* settings */
#define ENTRIES  24 /* a section's roles, rows and ports */
#define SECTIONS 2
#define RULES    2
#define LINE_MAX 160

/* A role file as lines that can be written anew one by one. */
struct world {
	char head[HEAD][LINE_MAX];
	char roles[SECTIONS][ENTRIES][LINE_MAX], rows[SECTIONS][ENTRIES][LINE_MAX];
	char rules[RULES][4 * LINE_MAX];
};

struct side {
	struct policy *policy;
	struct lines lines;
	struct openings openings;
};

static unsigned rnd(unsigned below)
{
	return (unsigned)random() % below;
}

static void write_member(char *buf, size_t size)
{
	unsigned first = rnd(64), last = first + rnd(64 - first);

	if (rnd(4) == 0)
		snprintf(buf, size, "2001:db8::%x-2001:db8::%x", first, last);
	else if (rnd(2))
		snprintf(buf, size, "10.0.0.%u-10.0.0.%u", first, last);
	else
		snprintf(buf, size, "10.0.0.%u", first);
}

static void write_members(char *buf, size_t size, const char *key)
{
	char a[48], b[48];

	write_member(a, sizeof(a));
	write_member(b, sizeof(b));
	snprintf(buf, size, "%s = %s, %s\n", key, a, b);
}

static void change_head(struct world *world)
{
	snprintf(world->head[0], LINE_MAX, "deny_scope = %s\n", deny_scope_name((enum deny_scope)rnd(4)));
	snprintf(world->head[1], LINE_MAX, "snmp = %s\n", rnd(2) ? "purpose" : "bidirectional");
	*world->head[2] = '\0';
	if (rnd(2))
		write_members(world->head[2], LINE_MAX, "never_deny");
}

static void change_role(struct world *world, unsigned section)
{
	char *line = world->roles[section][rnd(ENTRIES)];

	if (rnd(4) == 0)
		*line = '\0';
	else
		write_members(line, LINE_MAX, role_name((enum role)rnd(ROLE_MAX)));
}

static void change_row(struct world *world, unsigned section)
{
	static const char *const states[] = {"off", "both", "install", "reverse"};
	unsigned entry = rnd(ENTRIES);
	char *line = world->rows[section][entry];

	*line = '\0';
	if (rnd(2)) /* every entry has rows of its own: none may be named twice */
		snprintf(line, LINE_MAX, "cur-%02u = %s\n", entry + 1, states[rnd(ARRAY_SIZE(states))]);
}

static void change_rule(struct world *world)
{
	unsigned i = rnd(RULES), lo = 5700 + rnd(60);
	char from[LINE_MAX], to[LINE_MAX];

	write_members(from, sizeof(from), "from");
	write_members(to, sizeof(to), "to");
	snprintf(world->rules[i], sizeof(world->rules[i]),
	         "[site_rule rule%u]\n%s%sprotocol = tcp\nports = %u-%u\nphase = %s\nreason = test\n", i,
	         from, to, lo, lo + rnd(60), rnd(2) ? "both" : "install");
}

static void change(struct world *world)
{
	unsigned section = rnd(SECTIONS);

	switch (rnd(8)) {
	case 0:
		change_head(world);
		break;
	case 1:
	case 2:
		change_row(world, section);
		break;
	case 3:
		change_rule(world);
		break;
	default:
		change_role(world, section);
		break;
	}
}

static void write_world(const struct world *world, FILE *out)
{
	fputs("[omfwd]\n", out);
	for (size_t i = 0; i < HEAD; i++)
		fputs(world->head[i], out);
	for (unsigned s = 0; s < SECTIONS; s++) {
		fprintf(out, "[roles section%u]\n", s);
		for (size_t i = 0; i < ENTRIES; i++)
			fputs(world->roles[s][i], out);
		fprintf(out, "[rows section%u]\n", s);
		for (size_t i = 0; i < ENTRIES; i++)
			fputs(world->rows[s][i], out);
	}
	for (size_t i = 0; i < RULES; i++)
		fputs(world->rules[i], out);
}

static void side_load(struct side *side, const struct world *world)
{
	char path[] = "/tmp/test_opening_diff_XXXXXX";
	struct diag_list diags = {0};
	FILE *out = fdopen(mkstemp(path), "w");

	assert_non_null(out);
	write_world(world, out);
	fclose(out);
	side->policy = policy_load(path, 0, &diags);
	if (!side->policy) {
		diag_print(&diags, stderr);
		fail_msg("%s, which is kept, should be right", path);
	}
	unlink(path);
	diag_clear(&diags);
	side->lines = policy_compile(side->policy);
	openings_of_policy(side->policy, &side->lines, &side->openings);
}

static void side_free(struct side *side)
{
	openings_clear(&side->openings);
	policy_free(side->policy);
}

static bool always(const char *gate, void *data)
{
	(void)gate;
	(void)data;
	return true;
}

static bool is_denied(const struct side *side, const struct query *query, enum line_phase phase)
{
	enum verdict verdict =
	        policy_judge(side->policy, &side->lines, query, phase == PHASE_INSTALL ? always : NULL, NULL);

	return verdict == VERDICT_DENIED || verdict == VERDICT_AUDITED;
}

static struct query random_query(void)
{
	static const uint16_t ports[] = {5723, 5724, 1433, 135,  445, 50000, 53,
	                                 161,  162,  80,   1270, 22,  5730,  5790};
	struct query query = {.proto = (enum proto)(rnd(8) ? rnd(2) : PROTO_ICMP)};

	query.src.is_v6 = query.dst.is_v6 = rnd(4) == 0;
	query.src.v4 = 0x0a000000 + rnd(64);
	query.dst.v4 = 0x0a000000 + rnd(64);
	query.src.v6 = ((u128)0x20010db8 << 96) + rnd(64);
	query.dst.v6 = ((u128)0x20010db8 << 96) + rnd(64);
	query.port = query.proto == PROTO_ICMP ? 0 : ports[rnd(ARRAY_SIZE(ports))];
	return query;
}

/* Whether a change speaks of the phase: PHASE_ALWAYS stands for run. */
static bool change_is_of(const struct opening_change *change, enum line_phase phase)
{
	if (phase == PHASE_ALWAYS)
		return change->phase == PHASE_ALWAYS;
	return change->phase == PHASE_INSTALL || !change->in_install;
}

/* Of the changes that hold the packet in that phase, there is one at most. */
static bool is_told(const struct opening_change *changes, size_t n, const struct query *query,
                    enum line_phase phase)
{
	unsigned judged = 0, all = 0;

	for (size_t i = 0; i < n; i++) {
		bool held = change_is_of(&changes[i], phase) && box_has(&changes[i].box, query);

		all += held;
		judged += held && changes[i].judged;
	}
	assert_true(all <= 1);
	return judged;
}

static bool boxes_have(const struct boxes *boxes, const struct query *query)
{
	for (size_t i = 0; i < boxes->n; i++)
		if (box_has(&boxes->items[i], query))
			return true;
	return false;
}

/* Told: by a line, or by who is judged at all. */
static void check_packet(const struct side *old, const struct side *new, const struct opening_diff *diff,
                         unsigned seen[3])
{
	struct query query = random_query();

	for (enum line_phase phase = PHASE_ALWAYS; phase <= PHASE_INSTALL; phase++) {
		bool before = is_denied(old, &query, phase), after = is_denied(new, &query, phase);
		bool opens = is_told(diff->opens, diff->n_opens, &query, phase);
		bool closes = is_told(diff->closes, diff->n_closes, &query, phase);
		bool released = boxes_have(&diff->released, &query),
		     captured = boxes_have(&diff->captured, &query);

		assert_int_equal(before && !after, opens || (released && before));
		assert_int_equal(after && !before, closes || (captured && after));
		assert_false(released && after);
		assert_false(captured && before);
		seen[before == after ? 0 : before ? 1 : 2]++;
	}
}

static void check_worlds(struct world *world, unsigned seen[3])
{
	struct side old, new;
	struct opening_diff diff;

	side_load(&old, world);
	for (unsigned i = 1 + rnd(4); i > 0; i--)
		change(world);
	side_load(&new, world);
	opening_diff(&old.openings, &new.openings, &diff);
	for (unsigned i = 0; i < QUERIES; i++)
		check_packet(&old, &new, &diff, seen);
	opening_diff_clear(&diff);
	opening_diff(&old.openings, &old.openings, &diff);
	assert_true(opening_diff_is_empty(&diff));
	opening_diff_clear(&diff);
	side_free(&old);
	side_free(&new);
}

static void test_random_changes(void **state)
{
	unsigned seen[3] = {0};

	(void)state;
	for (unsigned seed = 1; seed <= WORLDS; seed++) {
		struct world world = {.head = {"", "", ""}};

		srandom(seed);
		for (unsigned i = 0; i < 40; i++)
			change(&world);
		check_worlds(&world, seen);
	}
	print_message("same %u, opens %u, closes %u\n", seen[0], seen[1], seen[2]);
	assert_true(seen[1] > WORLDS && seen[2] > WORLDS);
}

static void add_range(struct addr_set *set, uint32_t lo, uint32_t hi)
{
	addr_set_add(set, &(struct addr_range){.v4 = {.lo = lo, .hi = hi}});
}

static void test_algebra(void **state)
{
	struct arena *arena = arena_new();
	struct addr_set all = {0}, hole = {0}, left, back;

	(void)state;
	add_range(&all, 0, UINT32_MAX);
	add_range(&hole, 10, 19);
	add_range(&hole, UINT32_MAX, UINT32_MAX);
	left = addr_set_minus(arena, &all, &hole);
	assert_int_equal(2, left.n4);
	assert_int_equal(9, left.v4[0].hi);
	assert_int_equal(20, left.v4[1].lo);
	assert_int_equal(UINT32_MAX - 1, left.v4[1].hi);
	back = addr_set_both(arena, &left, &hole);
	assert_true(addr_set_equal(&back, &all));
	assert_false(addr_set_equal(&left, &all));
	back = addr_set_common(arena, &left, &hole);
	assert_true(addr_set_is_empty(&back));
	addr_set_free(&all);
	addr_set_free(&hole);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_algebra),
	        cmocka_unit_test(test_random_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

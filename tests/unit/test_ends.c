/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which chains the ends of connections lead to. That packets get the verdicts they should is for the tests in tests/lab;
 * here is that they get there in few steps, and that what is short for speed counts what it should.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/hand_policy.h"

static const struct nft_chain *find_chain(const struct ruleset *ruleset, const char *name)
{
	for (size_t i = 0; i < ruleset->n_chains; i++)
		if (!strcmp(ruleset->chains[i]->name, name))
			return ruleset->chains[i];
	return NULL;
}

static bool has_set(const struct ruleset *ruleset, const char *name)
{
	for (size_t i = 0; i < ruleset->n_sets; i++)
		if (!strcmp(ruleset->sets[i]->name, name))
			return true;
	return false;
}

/* The chain that the map has for an address; "" if it is no key. */
static const char *chain_of(const struct ruleset *ruleset, const char *map, const char *text)
{
	const struct nft_set *set = find_set(ruleset, map);
	struct addr addr;

	assert_int_equal(addr_parse_host(text, &addr), 0);
	for (size_t i = 0; i < set->n_elements; i++)
		if (addr_same(&set->ends[i].addr, &addr))
			return set->ends[i].chain;
	return "";
}

/* The sets that the rules of a chain ask for, one after the other. */
static const char *sets_of(const struct ruleset *ruleset, const char *name)
{
	static char text[1024];
	const struct nft_chain *chain = find_chain(ruleset, name);

	assert_non_null(chain);
	*text = '\0';
	for (size_t i = 0; i < chain->n; i++)
		for (unsigned j = 0; j < chain->rules[i].n; j++)
			if (chain->rules[i].stmts[j].set)
				snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s ",
				         chain->rules[i].stmts[j].set->name);
	return text;
}

static struct fixture *build(const struct member *members, size_t n)
{
	struct fixture *f = fixture_new();

	for (size_t i = 0; i < n; i++)
		add_member(f, members[i].role, members[i].text);
	fixture_build(f);
	return f;
}

static void test_servers_share_a_chain(void **state)
{
	static const struct member members[] = {
	        {ROLE_MANAGEMENT_SERVER, "10.1.0.1"},   {ROLE_MANAGEMENT_SERVER, "10.1.0.2"},
	        {ROLE_MANAGEMENT_SERVER, "10.1.0.3"},   {ROLE_WEB_CONSOLE_SERVER, "10.1.0.3"},
	        {ROLE_WINDOWS_AGENT, "10.2.0.1"},       {ROLE_MANAGEMENT_SERVER, "2001:db8::1"},
	        {ROLE_WEB_CONSOLE_BROWSER, "10.3.0.1"},
	};
	struct fixture *f = build(members, ARRAY_SIZE(members));

	(void)state;
	assert_string_equal(chain_of(f->ruleset, "to4", "10.1.0.1"), "to4.prod.management_server");
	assert_string_equal(chain_of(f->ruleset, "to4", "10.1.0.2"), "to4.prod.management_server");
	assert_string_equal(chain_of(f->ruleset, "to4", "10.1.0.3"), "to4.prod.management_server_2");
	assert_string_equal(chain_of(f->ruleset, "to4", "10.2.0.1"), "");
	assert_string_equal(chain_of(f->ruleset, "from4", "10.1.0.1"), "from4.prod.management_server");
	/* nobody else has an IPv6 address, but it talks to itself */
	assert_string_equal(chain_of(f->ruleset, "to6", "2001:db8::1"), "to6.prod.management_server");
	fixture_free(f);
}

/* A server that nobody may open anything to is denied the same: its key leads there at once. */
static void test_server_without_a_line(void **state)
{
	static const struct member members[] = {{ROLE_MANAGEMENT_SERVER, "10.1.0.1"},
	                                        {ROLE_WEB_CONSOLE_SERVER, "10.1.0.9"}};
	struct fixture *f = build(members, ARRAY_SIZE(members));

	(void)state;
	assert_string_equal(chain_of(f->ruleset, "to4", "10.1.0.9"), "judged");
	fixture_free(f);
}

/* What the maps hold by all its servers stands nowhere else; one that is a network needs the other way. */
static void test_listed_once(void **state)
{
	static const struct member members[] = {
	        {ROLE_MANAGEMENT_SERVER, "10.1.0.1"},
	        {ROLE_WINDOWS_AGENT, "10.2.0.0/16"},
	        {ROLE_MANAGEMENT_SERVER, "10.1.1.0/24"},
	};
	struct fixture *hosts = build(members, 2), *mixed = build(members, 3);

	(void)state;
	assert_false(has_set(hosts->ruleset, "tcp_services"));
	assert_null(find_chain(hosts->ruleset, "judge"));
	assert_string_equal(sets_of(hosts->ruleset, "forward"), "to4 from4 ");
	assert_true(has_set(mixed->ruleset, "tcp_services"));
	assert_string_equal(chain_of(mixed->ruleset, "to4", "10.1.0.1"), "to4.prod.management_server");
	assert_string_equal(sets_of(mixed->ruleset, "forward"), "to4 from4 servers.nets4 servers.nets4 ");
	fixture_free(hosts);
	fixture_free(mixed);
}

/* Where everything is judged, the way by the keys comes first, and what it does not know goes on. */
static void test_everything_is_judged(void **state)
{
	static const struct member members[] = {{ROLE_MANAGEMENT_SERVER, "10.1.0.1"},
	                                        {ROLE_WINDOWS_AGENT, "10.2.0.1"}};
	struct fixture *f = fixture_new();
	const struct nft_chain *forward, *end;

	(void)state;
	f->policy.settings.deny_scope = DENY_EVERYTHING;
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		add_member(f, members[i].role, members[i].text);
	fixture_build(f);
	forward = find_chain(f->ruleset, "forward");
	end = find_chain(f->ruleset, "to4.prod.management_server");
	assert_string_equal(sets_of(f->ruleset, "forward"), "to4 from4 ");
	assert_int_equal(forward->rules[forward->n - 1].stmts[0].kind, STMT_GOTO);
	assert_string_equal(forward->rules[forward->n - 1].stmts[0].name, "denied");
	assert_int_not_equal(end->rules[end->n - 1].stmts[0].kind, STMT_GOTO);
	fixture_free(f);
}

static void test_too_many_keys(void **state)
{
	struct fixture *f = fixture_new();
	struct addr_set *servers = &f->section.roles[ROLE_MANAGEMENT_SERVER].addrs;

	(void)state;
	for (uint32_t i = 0; i < 5000; i++)
		addr_set_add(servers,
		             &(struct addr_range){.v4 = {0x0a000000 + 2 * i, 0x0a000000 + 2 * i, 0}});
	addr_set_canonicalize(servers);
	add_member(f, ROLE_WINDOWS_AGENT, "11.0.0.1");
	fixture_build(f);
	assert_false(has_set(f->ruleset, "to4"));
	assert_true(has_set(f->ruleset, "tcp_services"));
	assert_string_equal(sets_of(f->ruleset, "forward"), "servers.hosts4 servers.hosts4 ");
	fixture_free(f);
}

/* The line with the most hosts comes first, unless a line before it would have counted some of its packets. */
static void test_busiest_line(void **state)
{
	static const struct member members[] = {
	        {ROLE_MANAGEMENT_SERVER, "10.1.0.1"},  {ROLE_GATEWAY_SERVER, "10.1.0.2"},
	        {ROLE_OPERATIONS_CONSOLE, "10.4.0.1"}, {ROLE_NETWORK_DEVICE, "10.5.0.1"},
	        {ROLE_WINDOWS_AGENT, "10.2.0.1"},      {ROLE_WINDOWS_AGENT, "10.2.0.3"},
	        {ROLE_WINDOWS_AGENT, "10.2.0.5"},      {ROLE_WINDOWS_AGENT, "10.2.0.7"},
	        {ROLE_WINDOWS_AGENT, "10.1.0.2"}, /* an agent on the gateway server */
	};
	struct fixture *apart = build(members, ARRAY_SIZE(members) - 1),
	               *both = build(members, ARRAY_SIZE(members));
	static const char first[] = "prod.windows_agent.hosts4 ";

	(void)state;
	assert_memory_equal(sets_of(apart->ruleset, "to4.prod.management_server"), first, sizeof(first) - 1);
	assert_memory_not_equal(sets_of(both->ruleset, "to4.prod.management_server"), first,
	                        sizeof(first) - 1);
	/* and the map has it all the same, for ICMP errors */
	assert_non_null(strstr(sets_of(apart->ruleset, "to4.prod.management_server.tcp_5723"), first));
	fixture_free(apart);
	fixture_free(both);
}

static uint64_t count_paths(const struct ruleset *ruleset, const char *name);

static uint64_t count_targets(const struct ruleset *ruleset, const struct stmt *stmt)
{
	uint64_t n = 0;

	if (stmt->kind == STMT_JUMP || stmt->kind == STMT_GOTO)
		return count_paths(ruleset, stmt->name);
	if (!stmt->set)
		return 0;
	for (size_t i = 0; stmt->set->type == SET_SERVICES && i < stmt->set->n_elements; i++)
		n += count_paths(ruleset, stmt->set->services[i].chain);
	for (size_t i = 0;
	     (stmt->set->type == SET_ENDS4 || stmt->set->type == SET_ENDS6) && i < stmt->set->n_elements; i++)
		n += count_paths(ruleset, stmt->set->ends[i].chain);
	return n;
}

/* Rules on all paths of jumps from a chain on: what a kernel that keeps no notes looks at when the rules are loaded. */
static uint64_t count_paths(const struct ruleset *ruleset, const char *name)
{
	const struct nft_chain *chain = find_chain(ruleset, name);
	uint64_t n = chain->n;

	for (size_t i = 0; i < chain->n && n < UINT32_MAX; i++)
		for (unsigned j = 0; j < chain->rules[i].n; j++)
			n += count_targets(ruleset, &chain->rules[i].stmts[j]);
	return n;
}

/* A host of each family for each role, in each section. */
static void fill_section(struct fixture *f, struct section *ret, int s)
{
	for (enum role role = 0; role < ROLE_MAX; role++) {
		char text[64];

		snprintf(text, sizeof(text), "10.%d.0.%d", s + 1, role + 1);
		add_member(f, role, text);
		snprintf(text, sizeof(text), "2001:db8:%d::%d", s + 1, role + 1);
		add_member(f, role, text);
	}
	*ret = f->section;
	ret->name = arena_printf(f->policy.arena, "section%d", s);
	memset(f->section.roles, 0, sizeof(f->section.roles));
}

/* Hosts' chains lead on to what judges them as long as that is no matter, which it is for one section, but not for ten. */
static void test_paths_are_few(void **state)
{
	static const struct {
		size_t n_sections;
		const char *asked;
		uint64_t most;
	} cases[] = {
	        {1, "to4 from4 to6 from6 ", 150000},
	        {10, "to4 from4 to6 from6 judged.hosts4 judged.hosts6 judged.hosts4 judged.hosts6 ", 100000},
	};

	(void)state;
	for (size_t c = 0; c < ARRAY_SIZE(cases); c++) {
		struct fixture *f = fixture_new();
		struct section sections[10];

		for (size_t s = 0; s < cases[c].n_sections; s++)
			fill_section(f, &sections[s], (int)s);
		f->policy.sections = sections;
		f->policy.n_sections = cases[c].n_sections;
		fixture_build(f);
		assert_string_equal(sets_of(f->ruleset, "forward"), cases[c].asked);
		assert_in_range(count_paths(f->ruleset, "forward"), 1, cases[c].most);
		for (size_t s = 0; s < cases[c].n_sections; s++)
			for (enum role role = 0; role < ROLE_MAX; role++)
				addr_set_free(&sections[s].roles[role].addrs);
		fixture_free(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_servers_share_a_chain), cmocka_unit_test(test_server_without_a_line),
	        cmocka_unit_test(test_listed_once),           cmocka_unit_test(test_everything_is_judged),
	        cmocka_unit_test(test_too_many_keys),         cmocka_unit_test(test_busiest_line),
	        cmocka_unit_test(test_paths_are_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

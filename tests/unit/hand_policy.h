/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A policy made by hand, without a role file: one section, with the members that a test gives. A header with its
 * functions in it, for the tests of src/kernel.
 */
#ifndef HAND_POLICY_H
#define HAND_POLICY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ruleset/ruleset.h"
#include "util/array.h"

struct fixture {
	struct policy policy;
	struct section section;
	struct lines lines;
	struct ruleset *ruleset;
};

static struct port_range default_ports[PORT_KEY_MAX] = {
        [PORT_SQL_OPERATIONS_MANAGER_DATABASE] = {1433, 1433},
        [PORT_SQL_REPORTING_DATA_WAREHOUSE] = {1433, 1433},
        [PORT_SQL_ACS_DATABASE] = {1433, 1433},
        [PORT_SQL_BROWSER] = {1434, 1434},
        [PORT_HEALTH_SERVICE] = {5723, 5723},
        [PORT_WEB_CONSOLE] = {443, 443},
        [PORT_WEB_CONSOLE_TO_MANAGEMENT_SERVER] = {5724, 5724},
        [PORT_SSH] = {22, 22},
        [PORT_OMED] = {8886, 8886},
        [PORT_ACS] = {51909, 51909},
        [PORT_AEM] = {51906, 51906},
        [PORT_CEIP] = {51907, 51907},
        [PORT_RPC_DYNAMIC] = {49152, 65535},
};

static __attribute__((unused)) void add_member(struct fixture *f, enum role role, const char *text)
{
	struct addr_range range;

	assert_int_equal(addr_parse(text, strlen(text), &range), ADDR_OK);
	f->section.roles[role].assigned = true;
	addr_set_add(&f->section.roles[role].addrs, &range);
	addr_set_canonicalize(&f->section.roles[role].addrs);
}

static struct fixture *fixture_new(void)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->policy.arena = arena_new();
	f->policy.settings = (struct settings){
	        .deny_scope = DENY_ROLES,
	        .log_denied = true,
	        .log_rate = 20,
	        .log_rate_unit = 1,
	        .log_group = 5,
	};
	f->policy.sections = &f->section;
	f->policy.n_sections = 1;
	f->section.name = "prod";
	for (int key = 0; key < PORT_KEY_MAX; key++)
		f->section.ports[key] = (struct port_list){.ranges = &default_ports[key], .n = 1};
	return f;
}

static struct ruleset *fixture_build(struct fixture *f)
{
	f->lines = policy_compile(&f->policy);
	f->ruleset = ruleset_build(&f->policy, &f->lines);
	return f->ruleset;
}

static __attribute__((unused)) void fixture_free(struct fixture *f)
{
	ruleset_free(f->ruleset);
	for (enum role role = 0; role < ROLE_MAX; role++)
		addr_set_free(&f->section.roles[role].addrs);
	arena_free(f->policy.arena);
	free(f);
}

static __attribute__((unused)) const struct nft_set *find_set(const struct ruleset *ruleset, const char *name)
{
	for (size_t i = 0; i < ruleset->n_sets; i++)
		if (!strcmp(ruleset->sets[i]->name, name))
			return ruleset->sets[i];
	fail_msg("no set %s", name);
	return NULL;
}

struct member {
	enum role role;
	const char *text;
};

/* What every policy of policy_of() begins with. */
static const struct member common_members[] = {
        {ROLE_MANAGEMENT_SERVER, "10.20.1.11"},
        {ROLE_MANAGEMENT_SERVER, "10.20.3.0/28"},
        {ROLE_MANAGEMENT_SERVER, "2001:db8:20::11"},
        {ROLE_WINDOWS_AGENT, "10.20.64.0/18"},
        {ROLE_WINDOWS_AGENT, "10.9.0.7"},
        {ROLE_WINDOWS_AGENT, "2001:db8:9::7"},
        {ROLE_UNIX_LINUX_AGENT, "10.30.0.1"},
};

/* Those and more, up to one without a text. */
static __attribute__((unused)) struct fixture *policy_of(const struct member *more)
{
	struct fixture *f = fixture_new();

	for (size_t i = 0; i < ARRAY_SIZE(common_members); i++)
		add_member(f, common_members[i].role, common_members[i].text);
	for (size_t i = 0; more && more[i].text; i++)
		add_member(f, more[i].role, more[i].text);
	fixture_build(f);
	return f;
}

/* Agents 11.0.0.0, 11.0.0.2, 11.0.0.4 ... from the first on. */
static __attribute__((unused)) struct fixture *policy_of_many(uint32_t first, uint32_t n)
{
	struct fixture *f = fixture_new();
	struct addr_set *agents = &f->section.roles[ROLE_WINDOWS_AGENT].addrs;

	add_member(f, ROLE_MANAGEMENT_SERVER, "10.20.1.11");
	add_member(f, ROLE_WINDOWS_AGENT, "10.9.0.7");
	for (uint32_t i = first; i < first + n; i++) {
		const struct addr_range host = {.v4 = {0x0b000000 + 2 * i, 0x0b000000 + 2 * i, 0}};

		addr_set_add(agents, &host);
	}
	addr_set_canonicalize(agents);
	fixture_build(f);
	return f;
}

#endif

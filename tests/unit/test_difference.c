// SPDX-License-Identifier: GPL-2.0-or-later
/* Which changes of members may be made in place, in which order, and which ones take new sets. */
#include "ruleset/difference.h"
#include "tests/unit/hand_policy.h"
#include "util/array.h"

#define AGENT  ROLE_WINDOWS_AGENT
#define SERVER ROLE_MANAGEMENT_SERVER
#define LINUX  ROLE_UNIX_LINUX_AGENT

#define MEMBERS_MAX 9 /* the last one empty */

struct case_of_change {
	const char *what;
	struct member before[MEMBERS_MAX], after[MEMBERS_MAX]; /* besides the common ones */
	enum ruleset_change change;
	size_t n_sets, removed, added; /* in place */
	const char *first;             /* the set that changes first, when it matters */
};

#define IN_PLACE(n, removed, added, first) CHANGE_MEMBERS, n, removed, added, first
/* Enough that one more makes no other line the busiest. */
#define NETS                                                                                                 \
	{AGENT, "10.12.0.0/24"}, {AGENT, "10.12.2.0/24"}, {AGENT, "10.12.4.0/24"}, {LINUX, "10.31.0.0/24"},  \
	{                                                                                                    \
		LINUX, "10.31.2.0/24"                                                                        \
	}
#define NEW_SETS CHANGE_RULES, 0, 0, 0, NULL

static const struct case_of_change cases[] = {
        {"nothing", {{0}}, {{0}}, CHANGE_NONE, 0, 0, 0, NULL},
        {"a host comes", {{0}}, {{AGENT, "10.9.0.8"}}, IN_PLACE(1, 0, 1, "prod.windows_agent.hosts4")},
        {"a host goes", {{AGENT, "2001:db8:9::8"}}, {{0}}, IN_PLACE(1, 1, 0, "prod.windows_agent.hosts6")},
        {"a server is replaced: it is a key of verdict maps",
         {{SERVER, "10.20.1.12"}},
         {{SERVER, "10.20.1.13"}},
         NEW_SETS},
        {"a range grows", {{AGENT, "10.8.0.0/24"}}, {{AGENT, "10.8.0.0/23"}}, NEW_SETS},
        {"an IPv6 range loses what is in its middle",
         {{AGENT, "2001:db8:8::-2001:db8:8::ff"}},
         {{AGENT, "2001:db8:8::-2001:db8:8::f"}, {AGENT, "2001:db8:8::20-2001:db8:8::ff"}},
         NEW_SETS},
        {"an IPv6 range loses its ends",
         {{AGENT, "2001:db8:8::-2001:db8:8::ff"}},
         {{AGENT, "2001:db8:8::10-2001:db8:8::ef"}},
         NEW_SETS},
        {"an IPv6 range loses its last address",
         {{AGENT, "2001:db8:8::-2001:db8:8::ff"}},
         {{AGENT, "2001:db8:8::-2001:db8:8::fe"}},
         NEW_SETS},
        {"an IPv6 range is replaced by the one behind it",
         {{AGENT, "2001:db8:8::-2001:db8:8::ff"}},
         {{AGENT, "2001:db8:8::100-2001:db8:8::1ff"}},
         IN_PLACE(1, 1, 1, "prod.windows_agent.nets6")},
        {"two ranges become one",
         {{AGENT, "10.8.0.0/24"}, {AGENT, "10.8.2.0/24"}},
         {{AGENT, "10.8.0.0/24"}, {AGENT, "10.8.2.0/24"}, {AGENT, "10.8.1.0/24"}},
         NEW_SETS},
        {"a range is replaced in the one set that has it",
         {{AGENT, "10.8.0.0/24"}},
         {{AGENT, "10.8.4.0/24"}},
         IN_PLACE(1, 1, 1, "prod.windows_agent.nets4")},
        {"a range of servers comes: accepted before it is denied",
         {{0}},
         {{SERVER, "10.21.0.0/24"}},
         IN_PLACE(2, 0, 2, "prod.management_server.nets4")},
        {"a range of servers goes: not denied before it is not accepted",
         {{SERVER, "10.21.0.0/24"}},
         {{0}},
         IN_PLACE(2, 2, 0, "servers.nets4")},
        {"a range of servers is replaced, in two sets one after the other",
         {{SERVER, "10.21.0.0/24"}},
         {{SERVER, "10.22.0.0/24"}},
         NEW_SETS},
        {"a range comes to two roles: it would be one, and denied what it may do as the other",
         {NETS},
         {NETS, {AGENT, "10.8.0.0/24"}, {LINUX, "10.8.0.0/24"}},
         NEW_SETS},
        {"a range goes from two roles",
         {NETS, {AGENT, "10.8.0.0/24"}, {LINUX, "10.8.0.0/24"}},
         {NETS},
         NEW_SETS},
        {"a range comes to one role, and one of its hosts to another",
         {NETS},
         {NETS, {AGENT, "10.8.0.0/24"}, {LINUX, "10.8.0.9"}},
         NEW_SETS},
        {"ranges come to two roles, one of them had a role",
         {NETS},
         {NETS, {LINUX, "10.20.80.0/24"}, {AGENT, "10.8.0.0/24"}},
         NEW_SETS},
        {"ranges come to two roles, and have no other",
         {NETS},
         {NETS, {LINUX, "10.33.0.0/24"}, {AGENT, "10.8.0.0/24"}},
         IN_PLACE(2, 0, 2, NULL)},
        {"a range and a host come to one role",
         {NETS},
         {NETS, {AGENT, "10.8.0.0/24"}, {AGENT, "10.9.0.8"}},
         IN_PLACE(2, 0, 2, NULL)},
        {"a host goes, a range comes elsewhere", {{LINUX, "10.30.0.2"}}, {{AGENT, "10.8.0.0/24"}}, NEW_SETS},
        {"a host goes, another comes elsewhere",
         {{LINUX, "10.30.0.2"}},
         {{AGENT, "10.8.0.1"}},
         IN_PLACE(2, 1, 1, NULL)},
        {"a host changes roles", {{LINUX, "10.30.0.2"}}, {{AGENT, "10.30.0.2"}}, NEW_SETS},
        {"a host becomes part of a range", {{0}}, {{AGENT, "10.9.0.0/24"}}, NEW_SETS},
        {"a set appears", {{0}}, {{LINUX, "2001:db8:30::1"}}, NEW_SETS},
        {"a set disappears", {{LINUX, "10.31.0.0/24"}}, {{0}}, NEW_SETS},
};

static void assert_case(const struct case_of_change *expected)
{
	struct fixture *f = policy_of(expected->before), *g = policy_of(expected->after);
	struct ruleset_difference difference;
	size_t removed = 0, added = 0;

	ruleset_difference(f->ruleset, g->ruleset, &difference);
	if (difference.change != expected->change)
		fail_msg("%s: change %d", expected->what, difference.change);
	for (size_t i = 0; i < difference.n; i++) {
		removed += difference.sets[i].removed.n4 + difference.sets[i].removed.n6;
		added += difference.sets[i].added.n4 + difference.sets[i].added.n6;
	}
	if (expected->change == CHANGE_MEMBERS &&
	    (difference.n != expected->n_sets || removed != expected->removed || added != expected->added ||
	     (expected->first && strcmp(difference.sets[0].after->name, expected->first) != 0)))
		fail_msg("%s: %zu sets, %zu removed, %zu added, %s first", expected->what, difference.n,
		         removed, added, difference.sets[0].after->name);
	ruleset_difference_clear(&difference);
	fixture_free(f);
	fixture_free(g);
}

static void test_what_can_be_done_in_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_case(&cases[i]);
}

static void test_much_takes_a_new_set(void **state)
{
	static const struct {
		uint32_t n, shift;
		enum ruleset_change change;
	} sizes[] = {
	        {20, 20, CHANGE_MEMBERS},      {1000, 100, CHANGE_MEMBERS}, {1000, 400, CHANGE_RULES},
	        {20000, 2000, CHANGE_MEMBERS}, {20000, 2100, CHANGE_RULES},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct fixture *f = policy_of_many(0, sizes[i].n),
		               *g = policy_of_many(sizes[i].shift, sizes[i].n);
		struct ruleset_difference difference;

		ruleset_difference(f->ruleset, g->ruleset, &difference);
		assert_int_equal(difference.change, sizes[i].change);
		ruleset_difference_clear(&difference);
		fixture_free(f);
		fixture_free(g);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_what_can_be_done_in_place),
	        cmocka_unit_test(test_much_takes_a_new_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

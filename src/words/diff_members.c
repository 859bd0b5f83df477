// SPDX-License-Identifier: GPL-2.0-or-later
/* Members that come to a role, leave it, or move from one to another, by section and role: one sentence for each group. */
#include "words/diff.h"

#include <stdlib.h>

#include "policy/addr_algebra.h"
#include "util/text.h"

struct comparison {
	const struct diff_side *before, *after;
	json_t *list;
};

static bool has_section(const struct openings *openings, size_t n, const char *section)
{
	for (size_t i = 0; i < n; i++)
		if (text_same(openings->items[i].section, section))
			return true;
	return false;
}

/* Those that some line is about: what the kernel knows. Returns whether there is such a line. */
static bool members_with_lines(struct arena *arena, const struct diff_side *side, const char *name,
                               enum role role, struct addr_set *ret)
{
	bool any = false;

	*ret = (struct addr_set){0};
	for (size_t i = 0; i < side->openings->n; i++) {
		const struct opening *opening = &side->openings->items[i];

		if (!text_same(opening->section, name))
			continue;
		if (text_same(opening->from_name, role_name(role)))
			*ret = addr_set_both(arena, ret, opening->from);
		else if (text_same(opening->to_name, role_name(role)))
			*ret = addr_set_both(arena, ret, opening->to);
		else
			continue;
		any = true;
	}
	return any;
}

/* A role file knows all its members. Returns whether they are known. */
static bool members_of(struct arena *arena, const struct diff_side *side, const char *name, enum role role,
                       struct addr_set *ret)
{
	const struct section *section = side->policy ? policy_section(side->policy, name) : NULL;

	if (!section)
		return members_with_lines(arena, side, name, role, ret);
	*ret = section->roles[role].addrs;
	return true;
}

/* The members that role has lost, and which of them another role has gained. */
struct moves {
	struct addr_set gone[ROLE_MAX], come[ROLE_MAX];
};

static void find_moves(struct arena *arena, const struct comparison *c, const char *section,
                       struct moves *ret)
{
	*ret = (struct moves){.gone = {{0}}};
	for (enum role role = 0; role < ROLE_MAX; role++) {
		struct addr_set old, new, shown;
		bool before = members_of(arena, c->before, section, role, &old);
		bool after = members_of(arena, c->after, section, role, &new);

		if (!before || !after)
			continue;
		ret->gone[role] = addr_set_minus(arena, &old, &new);
		if (c->before->policy)
			shown = new;
		else /* who has no line has not come, the kernel was not told of them before either */
			members_with_lines(arena, c->after, section, role, &shown);
		ret->come[role] = addr_set_minus(arena, &shown, &old);
	}
}

/* verbs: of one member, and of more. */
static void say_members(const struct comparison *c, const struct addr_set *addrs, const char *const verbs[2],
                        const char *section, const char *tail)
{
	char *members = diff_members(addrs);
	bool many = addrs->n4 + addrs->n6 > 1;

	if (!addr_set_is_empty(addrs))
		diff_say(c->list, "members", "%s %s %s%s", members, verbs[many], tail, section);
	free(members);
}

/* Whoever leaves one role and enters another has moved; the rest has come or gone. */
static void say_moves(struct arena *arena, const struct comparison *c, const char *section,
                      struct moves *moves)
{
	static const char *const moving[] = {"moves from", "move from"},
	                         *const coming[] = {"becomes", "become"},
	                         *const going[] = {"is no longer", "are no longer"};
	char tail[96], in[160];

	snprintf(in, sizeof(in), " of %s", section);
	for (enum role a = 0; a < ROLE_MAX; a++)
		for (enum role b = 0; b < ROLE_MAX; b++) {
			struct addr_set both = addr_set_common(arena, &moves->gone[a], &moves->come[b]);

			snprintf(tail, sizeof(tail), "%s to %s", role_name(a), role_name(b));
			say_members(c, &both, moving, in, tail);
			moves->gone[a] = addr_set_minus(arena, &moves->gone[a], &both);
			moves->come[b] = addr_set_minus(arena, &moves->come[b], &both);
		}
	for (enum role role = 0; role < ROLE_MAX; role++) {
		say_members(c, &moves->come[role], coming, in, role_name(role));
		say_members(c, &moves->gone[role], going, in, role_name(role));
	}
}

void diff_say_members(const struct diff_side *before, const struct diff_side *after, json_t *list)
{
	struct comparison comparison = {.before = before, .after = after, .list = list}, *c = &comparison;
	const struct openings *new = after->openings;

	for (size_t i = 0; i < new->n; i++) {
		const char *section = new->items[i].section;
		struct arena *arena;
		struct moves moves;

		if (!section || has_section(new, i, section) ||
		    !has_section(before->openings, before->openings->n, section))
			continue;
		arena = arena_new();
		find_moves(arena, c, section, &moves);
		say_moves(arena, c, section, &moves);
		arena_free(arena);
	}
}

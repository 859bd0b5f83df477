// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where the members of the roles are, as the routes of this machine see it. Told once for each role, with an example; of
 * lines both of whose ends are neighbours behind one interface, one for each section.
 */
#include <string.h>

#include "doctor/findings.h"
#include "util/array.h"

#define TOLD_MAX 64

struct told {
	const void *about; /* members, or the section of a line */
	enum finding_kind kind;
};

struct tellings {
	struct told items[TOLD_MAX];
	size_t n;
};

/* Whether this is the first time for these members, or this section. */
static bool first_time(struct tellings *told, const void *about, enum finding_kind kind)
{
	for (size_t i = 0; i < told->n; i++)
		if (told->items[i].about == about && told->items[i].kind == kind)
			return false;
	if (told->n == TOLD_MAX)
		return false;
	told->items[told->n++] = (struct told){about, kind};
	return true;
}

/* "windows_agent in prod", or the site rule's end. */
static const char *end_name(struct checkup *checkup, const struct line *line, bool is_from)
{
	if (!line->section)
		return arena_printf(checkup->arena, "site rule %s", line->site_rule->name);
	return arena_printf(checkup->arena, "%s in %s", role_name(is_from ? line->from : line->to),
	                    line->section->name);
}

static void check_end(struct checkup *checkup, struct tellings *told, const struct sample *sample,
                      bool is_from)
{
	const struct route *route = is_from ? &sample->back : &sample->there;
	const struct addr_set *members = is_from ? sample->line->from_addrs : sample->line->to_addrs;
	const char *name = end_name(checkup, sample->line, is_from);
	char addr[ADDR_TEXT_MAX];
	struct finding *finding;

	addr_format(is_from ? &sample->query.src : &sample->query.dst, addr, sizeof(addr));
	if (!route->exists && first_time(told, members, FINDING_NO_ROUTE)) {
		finding = finding_add(checkup, FINDING_NO_ROUTE, "no route leads to %s (%s)", addr, name);
		finding_line(
		        checkup, &finding->remedy,
		        "add a route to its network, or take it out of the role file if it is not there");
	} else if (route->local && first_time(told, members, FINDING_OWN_ADDRESS)) {
		finding_add(checkup, FINDING_OWN_ADDRESS, "%s (%s) is this machine's own address", addr,
		            name);
	}
}

static void check_side(struct checkup *checkup, struct tellings *told, const struct sample *sample)
{
	const struct route *back = &sample->back, *there = &sample->there;
	struct finding *finding;

	if (!back->exists || !there->exists || back->local || there->local || !back->is_direct ||
	    !there->is_direct || back->index != there->index ||
	    !first_time(told, sample->line->section, FINDING_ONE_SIDE))
		return;
	finding = finding_add(checkup, FINDING_ONE_SIDE, "both ends of %s are neighbours behind %s",
	                      sample_text(checkup, sample), back->interface);
	finding_line(checkup, &finding->remedy,
	             "nothing to do, unless they were meant to be on different sides");
}

/* A gateway has its roles on several sides. Where all is left to the default route, it may not know of them. */
static void check_default(struct checkup *checkup)
{
	struct finding *finding;

	for (size_t i = 0; i < checkup->n_samples; i++)
		if (!checkup->samples[i].back.by_default || !checkup->samples[i].there.by_default)
			return;
	if (!checkup->n_samples)
		return;
	finding = finding_add(checkup, FINDING_DEFAULT_ROUTE,
	                      "only the default route, by %s, leads to any member of a role",
	                      checkup->samples[0].there.interface);
	finding_line(checkup, &finding->remedy, "add routes to the networks that lie behind this gateway");
}

void check_routes(struct checkup *checkup)
{
	struct tellings told = {.n = 0};

	if (!checkup->routes)
		return;
	check_default(checkup);
	for (size_t i = 0; i < checkup->n_samples; i++) {
		check_end(checkup, &told, &checkup->samples[i], true);
		check_end(checkup, &told, &checkup->samples[i], false);
		check_side(checkup, &told, &checkup->samples[i]);
	}
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The packets of one line between two roles. Members are paired off, the first with the first and so on, so that each is
 * used and their number stays that of the larger side. Between the first pair of each family everything beside the line
 * is tried as well: the ports next to it, the other protocol, the opposite direction, the addresses next to the members,
 * nobody, the same port to every other role, and the same roles of other sections.
 */
#include "prove/planner.h"

#include "util/array.h"

/* What people try when something does not work, and the documents do not open everywhere. */
static const uint16_t popular_ports[] = {22, 80, 135, 443, 445, 636, 1433, 3268, 3389, 5723, 5724, 5985};

const struct plan_depth plan_depths[DEPTHS] = {
        {SAMPLE_MAX, 3, true, true, NULL},
        {4, 1, true, true,
         "the file is large: 4 pairs of members for each line and pair of roles, and one other section"},
        {2, 1, false, true,
         "the file is large: 2 pairs of members for each line and pair of roles, one other section, and no "
         "third role"},
        {1, 1, false, false,
         "the file is large: one pair of members for each line and pair of roles, one other section, and no "
         "third role; --section tries more"},
};

bool planner_is_full(const struct planner *planner)
{
	const struct plan *plan = planner->plan;

	return plan->n_probes > PROBES_MAX && plan->depth != &plan_depths[DEPTHS - 1];
}

void planner_add(struct planner *planner, size_t src, size_t dst, enum proto proto, unsigned port)
{
	struct plan *plan = planner->plan;
	struct packet packet = {
	        .src = &plan->hosts.items[src],
	        .dst = &plan->hosts.items[dst],
	        .proto = proto,
	        .port = (uint16_t)port,
	};

	if (planner_is_full(planner) || src == dst ||
	    (proto != PROTO_ICMP && (port < 1 || port > UINT16_MAX)))
		return;
	*ARRAY_PUSH(plan->probes, plan->n_probes, plan->cap_probes) = (struct probe){
	        .src = src,
	        .dst = dst,
	        .row = planner->row,
	        .proto = proto,
	        .port = packet.port,
	        .run = (uint8_t)expect_packet(plan->policy, &packet, false),
	        .install = (uint8_t)expect_packet(plan->policy, &packet, true),
	};
}

static unsigned first_port(const struct plan_line *line)
{
	return line->proto == PROTO_ICMP || line->n_ports == 0 ? line->documented : line->ports[0].lo;
}

static void add_ports(struct planner *planner, const struct plan_line *line, size_t src, size_t dst)
{
	if (line->proto == PROTO_ICMP)
		planner_add(planner, src, dst, PROTO_ICMP, 0);
	for (size_t i = 0; line->proto != PROTO_ICMP && i < line->n_ports; i++) {
		unsigned lo = line->ports[i].lo, hi = line->ports[i].hi;

		planner_add(planner, src, dst, line->proto, lo);
		if (hi - lo > 1)
			planner_add(planner, src, dst, line->proto, (lo + hi) / 2);
		if (hi > lo)
			planner_add(planner, src, dst, line->proto, hi);
	}
}

static void add_port_neighbours(struct planner *planner, const struct plan_line *line, size_t src, size_t dst)
{
	enum proto other = line->proto == PROTO_TCP ? PROTO_UDP : PROTO_TCP;

	for (size_t i = 0; line->proto != PROTO_ICMP && i < line->n_ports; i++) {
		planner_add(planner, src, dst, line->proto, line->ports[i].lo - 1u);
		planner_add(planner, src, dst, line->proto, line->ports[i].hi + 1u);
		planner_add(planner, src, dst, other, line->ports[i].lo);
		planner_add(planner, src, dst, other, line->ports[i].hi);
	}
	if (line->documented)
		planner_add(planner, src, dst, line->proto, line->documented);
	for (size_t i = 0; planner->plan->depth->popular_ports && i < ARRAY_SIZE(popular_ports); i++)
		planner_add(planner, src, dst, PROTO_TCP, popular_ports[i]);
	if (line->proto != PROTO_ICMP)
		planner_add(planner, src, dst, PROTO_ICMP, 0);
}

static void add_address_neighbours(struct planner *planner, const struct plan_line *line, enum family family,
                                   size_t src, size_t dst)
{
	const struct sample *before = &line->from->outside[family], *after = &line->to->outside[family];
	unsigned port = first_port(line);

	for (size_t i = 0; i < before->n; i++)
		planner_add(planner, before->hosts[i], dst, line->proto, port);
	for (size_t i = 0; i < after->n; i++)
		planner_add(planner, src, after->hosts[i], line->proto, port);
	if (!planner->has_nobody[family])
		return;
	planner_add(planner, planner->nobody[family], dst, line->proto, port);
	planner_add(planner, src, planner->nobody[family], line->proto, port);
}

static void add_other_roles(struct planner *planner, const struct plan_line *line, enum family family,
                            size_t src, size_t dst)
{
	for (enum role role = 0; planner->plan->depth->other_roles && role < ROLE_MAX; role++) {
		const struct sample *others = &planner->roles[line->section][role].inside[family];

		if (others->n > 0 && role != line->to_role)
			planner_add(planner, src, others->hosts[0], line->proto, first_port(line));
		if (others->n > 0 && role != line->from_role)
			planner_add(planner, others->hosts[0], dst, line->proto, first_port(line));
	}
}

static void add_other_sections(struct planner *planner, const struct plan_line *line, enum family family,
                               size_t src, size_t dst)
{
	size_t n = planner->plan->policy->n_sections;

	for (size_t i = 1; i <= planner->plan->depth->other_sections && i < n; i++) {
		struct samples *other = planner->roles[(line->section + i) % n];
		const struct sample *from = &other[line->from_role].inside[family];
		const struct sample *to = &other[line->to_role].inside[family];

		for (size_t k = 0; k < from->n && k < planner->plan->depth->pairs; k++)
			planner_add(planner, from->hosts[k], dst, line->proto, first_port(line));
		for (size_t k = 0; k < to->n && k < planner->plan->depth->pairs; k++)
			planner_add(planner, src, to->hosts[k], line->proto, first_port(line));
	}
}

static void add_neighbours(struct planner *planner, const struct plan_line *line, enum family family,
                           size_t src, size_t dst)
{
	add_port_neighbours(planner, line, src, dst);
	add_address_neighbours(planner, line, family, src, dst);
	if (line->section == SECTION_NONE)
		return;
	add_other_roles(planner, line, family, src, dst);
	add_other_sections(planner, line, family, src, dst);
}

/* The partner of a member: the one of the same number, or the one after it when that is the member itself. */
static size_t partner(const struct sample *to, size_t src, size_t i)
{
	return to->hosts[i % to->n] == src ? to->hosts[(i + 1) % to->n] : to->hosts[i % to->n];
}

static void add_pairs(struct planner *planner, const struct plan_line *line, enum family family)
{
	const struct sample *from = &line->from->inside[family], *to = &line->to->inside[family];
	size_t n = from->n > to->n ? from->n : to->n;

	n = n < planner->plan->depth->pairs ? n : planner->plan->depth->pairs;
	for (size_t i = 0; from->n > 0 && to->n > 0 && i < n; i++) {
		size_t src = from->hosts[i % from->n], dst = partner(to, src, i);

		add_ports(planner, line, src, dst);
		add_ports(planner, line, dst, src);
		if (i == 0)
			add_neighbours(planner, line, family, src, dst);
	}
}

void planner_add_line(struct planner *planner, const struct plan_line *line)
{
	for (enum family family = 0; family < FAMILY_MAX; family++)
		add_pairs(planner, line, family);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* What is no error and still seldom meant. Each warning is one function over one section. */
#include "policy/load.h"

#include <stdio.h>
#include <string.h>

#define WIDEST4 ((uint32_t)1 << 20) /* a /12 */
#define WIDEST6 ((u128)1 << 96)     /* a /32 */

static bool is_assigned(const struct section *section, enum role role)
{
	return section->roles[role].assigned;
}

static void warn_inert_roles(struct load *load, const struct section *section)
{
	role_mask used = table_roles(section->table);

	for (int role = 0; role < ROLE_MAX; role++)
		if (is_assigned(section, (enum role)role) && !(used & ROLE_BIT(role)))
			diag_warning(load->diags, section->roles[role].loc,
			             "%s is inert: no row of table %s uses it; remove it, or choose the "
			             "other table",
			             role_name((enum role)role), port_table_name(section->table));
}

/* Silent where an error above may be the reason. */
static void warn_empty_roles(struct load *load, const struct section *section,
                             const struct section_nodes *nodes)
{
	for (int role = 0; role < ROLE_MAX; role++) {
		bool untold = !nodes->roles[role].members.n_tokens || !load->diags->n_errors;

		if (is_assigned(section, (enum role)role) && addr_set_is_empty(&section->roles[role].addrs) &&
		    untold)
			diag_warning(
			        load->diags, section->roles[role].loc,
			        "%s has no members, so its rows open nothing; add members or remove the line",
			        role_name((enum role)role));
	}
}

/* The members of one role as written, lists included: the first that is wide. */
static void warn_wide_role(struct load *load, enum role role, const struct addr_set *set)
{
	static const char text[] = "%s: %s is wider than %s; name the networks you mean";
	char range[ADDR_TEXT_MAX];

	for (size_t i = 0; i < set->n4; i++) {
		if (set->v4[i].hi - set->v4[i].lo >= WIDEST4) {
			diag_warning(load->diags, set->v4[i].loc, text, role_name(role),
			             addr_format4(&set->v4[i], range, sizeof(range)), "/12");
			break;
		}
	}
	for (size_t i = 0; i < set->n6; i++) {
		if (set->v6[i].hi - set->v6[i].lo >= WIDEST6) {
			diag_warning(load->diags, set->v6[i].loc, text, role_name(role),
			             addr_format6(&set->v6[i], range, sizeof(range)), "/32");
			break;
		}
	}
}

static void warn_wide_members(struct load *load, const struct section_nodes *nodes)
{
	for (int role = 0; role < ROLE_MAX; role++)
		if (role != ROLE_MANAGEMENT_PACK_CATALOG)
			warn_wide_role(load, (enum role)role, &nodes->roles[role].members.addrs);
}

/* Writes the first network of outer that holds a member of inner, and returns its line; 0 if none does. */
static loc_t find_network_around4(const struct addr_set *outer, const struct addr_set *inner, char *text,
                                  size_t size)
{
	for (size_t i = 0, j = 0; i < outer->n4; i++) {
		const struct range4 *net = &outer->v4[i];

		while (j < inner->n4 && inner->v4[j].lo < net->lo)
			j++;
		if (net->lo != net->hi && j < inner->n4 && inner->v4[j].hi <= net->hi) {
			addr_format4(net, text, size);
			return net->loc;
		}
	}
	return 0;
}

static loc_t find_network_around6(const struct addr_set *outer, const struct addr_set *inner, char *text,
                                  size_t size)
{
	for (size_t i = 0, j = 0; i < outer->n6; i++) {
		const struct range6 *net = &outer->v6[i];

		while (j < inner->n6 && inner->v6[j].lo < net->lo)
			j++;
		if (net->lo != net->hi && j < inner->n6 && inner->v6[j].hi <= net->hi) {
			addr_format6(net, text, size);
			return net->loc;
		}
	}
	return 0;
}

/* An agent inside a console's network may do what a console may. */
static void warn_agents_in_consoles(struct load *load, const struct section *section)
{
	static const enum role agents[] = {ROLE_WINDOWS_AGENT, ROLE_UNIX_LINUX_AGENT, ROLE_PUSH_TARGET,
	                                   ROLE_ACS_FORWARDER};
	static const enum role consoles[] = {ROLE_OPERATIONS_CONSOLE, ROLE_WEB_CONSOLE_BROWSER};

	for (size_t i = 0; i < sizeof(agents) / sizeof(agents[0]); i++) {
		for (size_t j = 0; j < sizeof(consoles) / sizeof(consoles[0]); j++) {
			const struct addr_set *outer = &section->roles[consoles[j]].addrs;
			const struct addr_set *inner = &section->roles[agents[i]].addrs;
			char net[ADDR_TEXT_MAX];
			loc_t loc = find_network_around4(outer, inner, net, sizeof(net));

			if (!loc)
				loc = find_network_around6(outer, inner, net, sizeof(net));
			if (loc)
				diag_warning(load->diags, loc,
				             "%s: %s also holds members of %s, which so get what consoles "
				             "get; name "
				             "the consoles' own addresses",
				             role_name(consoles[j]), net, role_name(agents[i]));
		}
	}
}

static void warn_plain_web_console(struct load *load, const struct section *section)
{
	const struct port_list *ports = &section->ports[PORT_WEB_CONSOLE];
	const struct role_members *server = &section->roles[ROLE_WEB_CONSOLE_SERVER];

	for (size_t i = 0; server->assigned && i < ports->n; i++) {
		if (ports->ranges[i].lo <= 80 && ports->ranges[i].hi >= 80) {
			diag_warning(load->diags, ports->loc ? ports->loc : server->loc,
			             "the web console of section %s is open on port 80, where passwords pass "
			             "in clear "
			             "text; set web_console = 443",
			             section->name);
			return;
		}
	}
}

/* One has IPv4 addresses only, the other IPv6 addresses only. */
static bool never_meet(const struct addr_set *a, const struct addr_set *b)
{
	return (a->n4 && !a->n6 && b->n6 && !b->n4) || (a->n6 && !a->n4 && b->n4 && !b->n6);
}

/* One line of the table; told remembers, for each role, with which others it was reported. */
static void warn_families_of_line(struct load *load, const struct section *section,
                                  const struct table_line *line, role_mask *told)
{
	for (int from = 0; from < ROLE_MAX; from++) {
		for (int to = 0; (line->from & ROLE_BIT(from)) && to < ROLE_MAX; to++) {
			const struct role_members *a = &section->roles[from], *b = &section->roles[to];

			if (!(line->to & ROLE_BIT(to)) || (told[from] & ROLE_BIT(to)) ||
			    !never_meet(&a->addrs, &b->addrs))
				continue;
			told[from] |= ROLE_BIT(to);
			told[to] |= ROLE_BIT(from);
			diag_warning(load->diags, a->loc > b->loc ? a->loc : b->loc,
			             "%s and %s never meet: one has IPv4 members only, the other IPv6 "
			             "members only; "
			             "add members of the same family",
			             role_name((enum role)from), role_name((enum role)to));
		}
	}
}

static void warn_families(struct load *load, const struct section *section)
{
	role_mask told[ROLE_MAX] = {0};
	size_t n;
	const struct table_line *lines = table_lines(section->table, &n);

	for (size_t i = 0; i < n; i++)
		if (section->rows[row_find(lines[i].row)].state != ROW_OFF)
			warn_families_of_line(load, section, &lines[i], told);
}

static void warn_catalog_of_everything(struct load *load, const struct section *section)
{
	const struct addr_set *set = &section->roles[ROLE_MANAGEMENT_PACK_CATALOG].addrs;
	loc_t loc = 0;

	if (set->n4 && set->v4[0].lo == 0 && set->v4[0].hi == UINT32_MAX)
		loc = set->v4[0].loc;
	else if (set->n6 && set->v6[0].lo == 0 && set->v6[0].hi == ~(u128)0)
		loc = set->v6[0].loc;
	if (loc && load->policy->settings.deny_scope == DENY_ROLES)
		diag_warning(
		        load->diags, loc,
		        "with this catalog every address holds a role, so deny_scope = roles denies "
		        "everything "
		        "between server roles and anybody that no line allows; name the catalog's networks");
}

/* A file that is empty, or was cut short while somebody wrote it, is well formed, and opens the gateway. */
static void warn_no_sections(struct load *load)
{
	loc_t loc = load->raw ? load->raw->loc : source_loc(load->sources, 0);
	enum deny_scope scope = load->policy->settings.deny_scope;

	if (!load->diags->n_errors && !load->policy->n_sections &&
	    (scope == DENY_ROLES || scope == DENY_SERVERS))
		diag_warning(load->diags, loc,
		             "no section assigns roles, so nothing is denied; write [roles NAME] and who has "
		             "which role");
}

void load_warnings(struct load *load)
{
	warn_no_sections(load);
	for (size_t i = 0; i < load->policy->n_sections; i++) {
		const struct section *section = &load->policy->sections[i];

		warn_inert_roles(load, section);
		warn_empty_roles(load, section, &load->nodes[i]);
		warn_wide_members(load, &load->nodes[i]);
		warn_agents_in_consoles(load, section);
		warn_plain_web_console(load, section);
		warn_families(load, section);
		warn_catalog_of_everything(load, section);
	}
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* "@role" and "@section.role": which role of which section is meant. */
#include "policy/load.h"

#include <stdio.h>
#include <string.h>

#include "util/text.h"

#define NAME_TEXT_MAX 64

/* Outside of [roles] a plain @role means plain [roles], or the only section there is. */
struct section *load_reference_home(struct load *load)
{
	struct policy *policy = load->policy;

	for (size_t i = 0; i < policy->n_sections; i++)
		if (!strcmp(policy->sections[i].name, DEFAULT_SECTION))
			return &policy->sections[i];
	return policy->n_sections == 1 ? &policy->sections[0] : NULL;
}

static void report_unknown_role(struct load *load, const char *name, const char *quoted, loc_t loc)
{
	const char *candidates[2 * ROLE_MAX + 1];
	unsigned n = 0;
	const char *near;

	while (n < 2 * ROLE_MAX && (candidates[n] = role_name_at(n)))
		n++;
	candidates[n] = NULL;
	near = nearest_word(name, candidates);
	if (near)
		diag_error(load->diags, loc, "%s refers to a role that does not exist; did you mean %s?",
		           quoted, near);
	else
		diag_error(load->diags, loc,
		           "%s refers to a role that does not exist; see omfwd.conf(5) for all roles",
		           quoted);
}

/* The section before the dot, or home when there is none. */
static struct section *find_section(struct load *load, const char *name, const char *quoted, loc_t loc,
                                    struct section *home)
{
	if (name)
		return load_find_section(load, name, loc, quoted);
	if (!home)
		diag_error(load->diags, loc, "%s does not say of which section; write @SECTION.ROLE", quoted);
	return home;
}

bool load_reference(struct load *load, const char *text, size_t len, loc_t loc, struct section *home,
                    struct member_ref *ret)
{
	char name[NAME_TEXT_MAX], quoted[TEXT_QUOTE_MAX];
	struct section *section;
	char *dot, *role_text;
	int role;

	text_quote(text - 1, len + 1, quoted, sizeof(quoted)); /* with its @ */
	snprintf(name, sizeof(name), "%.*s", (int)(len < sizeof(name) ? len : sizeof(name) - 1), text);
	dot = strchr(name, '.');
	if (dot)
		*dot = '\0';
	role_text = dot ? dot + 1 : name;
	role = len < sizeof(name) ? role_find(role_text) : -1;
	if (role < 0) {
		report_unknown_role(load, role_text, quoted, loc);
		return false;
	}
	section = find_section(load, dot ? name : NULL, quoted, loc, home);
	if (!section)
		return false;
	if (!section->roles[role].assigned)
		diag_warning(load->diags, loc,
		             "%s is not assigned, so nobody is meant; assign %s in section %s", quoted,
		             role_name((enum role)role), section->name);
	*ret = (struct member_ref){section, (enum role)role, loc};
	return true;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Lists of members from text: addresses into sets, references noted for later, list files read at once. */
#include "policy/load.h"

#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/text.h"

#define FILE_PREFIX     "@file:"
#define FILE_PREFIX_LEN (sizeof(FILE_PREFIX) - 1)

/* Where a list of members stands. */
struct member_context {
	struct load *load;
	struct section *home;
	const char *owner;
	bool may_hold_everything;
};

bool load_next_part(const char **text, const char **at, size_t *len)
{
	const char *start = *text, *end;

	while (*start == ' ' || *start == ',')
		start++;
	if (!*start)
		return false;
	end = start + strcspn(start, ",");
	*text = end;
	while (end[-1] == ' ')
		end--;
	*at = start;
	*len = (size_t)(end - start);
	return true;
}

static void report_member(const struct member_context *context, enum addr_error error, const char *text,
                          size_t len, loc_t loc)
{
	char quoted[TEXT_QUOTE_MAX], right[256];

	addr_error_explain(error, text, len, right, sizeof(right));
	diag_error(context->load->diags, loc, "%s: %s %s; %s", context->owner,
	           text_quote(text, len, quoted, sizeof(quoted)), addr_error_text(error), right);
}

static void load_address(const struct member_context *context, const char *text, size_t len, loc_t loc,
                         struct addr_set *ret)
{
	struct addr_range range;
	enum addr_error error = addr_parse(text, len, &range);

	if (error == ADDR_EVERYTHING && context->may_hold_everything)
		error = ADDR_OK;
	if (error != ADDR_OK) {
		report_member(context, error, text, len, loc);
		return;
	}
	range.v4.loc = range.v6.loc = loc;
	addr_set_add(ret, &range);
}

static void load_member(const struct member_context *context, const char *text, size_t len, loc_t loc,
                        struct members *ret)
{
	struct load *load = context->load;
	struct member_ref ref;

	ret->n_tokens++;
	if (text[0] != '@') {
		load_address(context, text, len, loc, &ret->addrs);
	} else if (len >= FILE_PREFIX_LEN && !strncmp(text, FILE_PREFIX, FILE_PREFIX_LEN)) {
		load_list_file(load, text + FILE_PREFIX_LEN, len - FILE_PREFIX_LEN, loc, context->owner,
		               context->may_hold_everything, &ret->addrs);
	} else if (load_reference(load, text + 1, len - 1, loc, context->home, &ref)) {
		*ARRAY_PUSH(ret->refs, ret->n_refs, ret->cap_refs) = ref;
	}
}

void load_members(struct load *load, const struct raw_key *raw, struct section *home, const char *owner,
                  bool may_hold_everything, struct members *ret)
{
	const struct member_context context = {load, home, owner, may_hold_everything};
	const char *text, *part;
	size_t len;

	for (const struct raw_value *value = raw->first; value; value = value->next) {
		text = value->text;
		while (load_next_part(&text, &part, &len))
			load_member(&context, part, len, value->loc, ret);
	}
}

void members_free(struct members *members)
{
	addr_set_free(&members->addrs);
	free(members->refs);
	*members = (struct members){0};
}

static void load_section_members(struct load *load, struct section *section, struct section_nodes *nodes)
{
	const struct raw_section *raw = role_file_section(load->raw, SECTION_ROLES, section->name);

	for (int role = 0; role < ROLE_MAX; role++) {
		const struct raw_key *key = &raw->keys[KEY_ROLE_BASE + role];

		if (!key->first)
			continue;
		load_members(load, key, section, role_name((enum role)role),
		             role == ROLE_MANAGEMENT_PACK_CATALOG, &nodes->roles[role].members);
	}
}

/* First who is assigned at all, so that references know, then the members. */
void load_role_members(struct load *load)
{
	struct policy *policy = load->policy;

	for (size_t i = 0; i < policy->n_sections; i++) {
		const struct raw_section *raw =
		        role_file_section(load->raw, SECTION_ROLES, policy->sections[i].name);

		for (int role = 0; role < ROLE_MAX; role++) {
			policy->sections[i].roles[role].assigned =
			        raw->keys[KEY_ROLE_BASE + role].first != NULL;
			policy->sections[i].roles[role].loc = raw->keys[KEY_ROLE_BASE + role].loc;
		}
	}
	for (size_t i = 0; i < policy->n_sections; i++)
		load_section_members(load, &policy->sections[i], &load->nodes[i]);
}

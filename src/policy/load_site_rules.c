// SPDX-License-Identifier: GPL-2.0-or-later
/* What the administrator adds to the documents: site rules, and the addresses that are never denied. */
#include "policy/load.h"

#include <stdio.h>
#include <string.h>

#include "util/text.h"

#define ECHO_REQUEST "echo-request"

void load_never_deny(struct load *load)
{
	const struct raw_section *raw = role_file_section(load->raw, SECTION_OMFWD, NULL);
	const struct raw_key *key = raw ? &raw->keys[key_find(SECTION_OMFWD, "never_deny")] : NULL;
	struct members members = {0};

	if (!key || !key->first)
		return;
	load_members(load, key, load_reference_home(load), "never_deny", false, &members);
	load_resolve_members(load, &members, "never_deny", key->loc, &load->policy->never_deny);
	members_free(&members);
}

static const struct raw_key *rule_key(const struct raw_section *raw, const char *name)
{
	return &raw->keys[key_find(SECTION_SITE_RULE, name)];
}

/* The lines of a list as one text. */
static const char *joined_text(struct load *load, const struct raw_key *key)
{
	const char *text = "";

	for (const struct raw_value *value = key->first; value; value = value->next) {
		size_t len = strlen(text);
		const char *glue = !len ? "" : text[len - 1] == ',' ? " " : ", ";

		text = arena_printf(load->arena, "%s%s%s", text, glue, value->text);
	}
	return text;
}

static void report_missing(struct load *load, const struct site_rule *rule, const char *key,
                           const char *right)
{
	diag_error(load->diags, rule->loc, "[site_rule %s] has no %s; write %s = %s", rule->name, key, key,
	           right);
}

/* An end of the rule: its addresses, and the role when it is exactly one. */
static void load_end(struct load *load, const struct raw_section *raw, const struct site_rule *rule,
                     const char *name, struct addr_set *ret, const char **text,
                     const struct section **section, enum role *role)
{
	const struct raw_key *key = rule_key(raw, name);
	struct members members = {0};

	*text = joined_text(load, key);
	load_members(load, key, load_reference_home(load), name, false, &members);
	if (!members.n_tokens)
		report_missing(load, rule, name, "addresses or @section.role");
	load_resolve_members(load, &members, name, key->first ? key->loc : rule->loc, ret);
	if (members.n_tokens == 1 && members.n_refs == 1) {
		*section = members.refs[0].section;
		*role = members.refs[0].role;
	}
	members_free(&members);
}

static void load_icmp(struct load *load, const struct raw_key *ports)
{
	char quoted[TEXT_QUOTE_MAX];

	for (const struct raw_value *value = ports->first; value; value = value->next)
		if (strcmp(value->text, ECHO_REQUEST))
			diag_error(load->diags, value->loc,
			           "ports cannot be %s with protocol icmp; write " ECHO_REQUEST
			           ", or leave it out",
			           text_quote(value->text, strlen(value->text), quoted, sizeof(quoted)));
}

static void load_service(struct load *load, const struct raw_section *raw, struct site_rule *rule)
{
	int protocol = key_find(SECTION_SITE_RULE, "protocol"), ports = key_find(SECTION_SITE_RULE, "ports");

	if (!raw->keys[protocol].first)
		report_missing(load, rule, "protocol", "tcp, udp or icmp");
	else if (!load_scalar(load, protocol, &raw->keys[protocol], rule))
		return;
	else if (rule->proto == PROTO_ICMP)
		load_icmp(load, &raw->keys[ports]);
	else if (!raw->keys[ports].first)
		report_missing(load, rule, "ports", "80, 443, 5000-5010");
	else
		load_port_list(load, ports, &raw->keys[ports], &rule->ports);
}

/* NULL when not given, or given with nothing in it. */
static const char *rule_text(const struct raw_section *raw, const char *name)
{
	const struct raw_key *key = rule_key(raw, name);

	return key->first && key->first->text[0] ? key->first->text : NULL;
}

static void load_validity(struct load *load, const struct raw_section *raw, struct site_rule *rule)
{
	const struct raw_key *key = rule_key(raw, "expires");

	if (!load_scalar(load, key_find(SECTION_SITE_RULE, "expires"), key, rule))
		return;
	rule->expired = load->now >= rule->expires;
	if (rule->expired)
		diag_warning(
		        load->diags, key->loc,
		        "[site_rule %s] expired after %s and opens nothing; remove it or set a later day",
		        rule->name, key->first->text);
}

static void load_site_rule(struct load *load, const struct raw_section *raw, struct site_rule *rule)
{
	int phase = PHASE_ALWAYS;
	const struct raw_key *phase_key = rule_key(raw, "phase");

	rule->name = raw->name;
	rule->loc = raw->loc;
	load_end(load, raw, rule, "from", &rule->from, &rule->from_text, &rule->from_section,
	         &rule->from_role);
	load_end(load, raw, rule, "to", &rule->to, &rule->to_text, &rule->to_section, &rule->to_role);
	load_service(load, raw, rule);
	if (phase_key->first)
		load_scalar(load, key_find(SECTION_SITE_RULE, "phase"), phase_key, rule);
	else
		rule->phase = (enum line_phase)phase;
	rule->reason = rule_text(raw, "reason");
	rule->ticket = rule_text(raw, "ticket");
	if (!rule->reason)
		report_missing(load, rule, "reason", "why the rule is there");
	load_validity(load, raw, rule);
}

void load_site_rules(struct load *load)
{
	struct policy *policy = load->policy;
	size_t n = 0;

	for (const struct raw_section *raw = load->raw; raw; raw = raw->next)
		n += raw->kind == SECTION_SITE_RULE;
	policy->site_rules = ARENA_ARRAY(load->arena, struct site_rule, n);
	for (const struct raw_section *raw = load->raw; raw; raw = raw->next)
		if (raw->kind == SECTION_SITE_RULE)
			load_site_rule(load, raw, &policy->site_rules[policy->n_site_rules++]);
}

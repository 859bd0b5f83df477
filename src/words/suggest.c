// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each flow is explained, and the nearest reason says what is suggested: a role for an address that has none and that a row
 * would serve, a site rule for what no row is about, and for the rest (a closed window, the wrong direction, a port nobody
 * should open, a line the role file took away) a comment, because opening it by a site rule would be the wrong answer.
 */
#include "words/suggest.h"

#include <stdlib.h>
#include <string.h>

#include "policy/known_ports.h"
#include "util/array.h"
#include "words/explain_text.h"
#include "words/words.h"

/* An address for a role. */
struct member_wish {
	const struct section *section;
	enum role role;
	struct addr addr;
	const char *row;      /* that would serve it */
	struct query example; /* what it was denied */
};

/* What is not suggested, by what would have to be done instead. */
struct note {
	char *because, *sentence;
	struct query example;
	size_t n_flows;
};

struct suggestions {
	const struct policy *policy;
	struct member_wish *members;
	size_t n_members, cap_members;
	struct denied_flow *rules;
	size_t n_rules, cap_rules;
	struct note *notes;
	size_t n_notes, cap_notes;
};

/* "10.2.0.99 -> 10.1.0.10, tcp 5723" */
static void print_flow(const struct query *query, FILE *out)
{
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX], ports[PORTS_MAX];
	struct port_range port = {query->port, query->port};

	fprintf(out, "%s -> %s, %s %s", addr_format(&query->src, src, sizeof(src)),
	        addr_format(&query->dst, dst, sizeof(dst)), proto_name(query->proto),
	        words_ports(query->proto, &port, ports, sizeof(ports)));
}

static void add_member(struct suggestions *all, const struct explained *about)
{
	const struct role_offer *offer = &about->explanation->offer;
	const struct addr *addr = offer->to_src ? &about->query->src : &about->query->dst;

	for (size_t i = 0; i < all->n_members; i++)
		if (all->members[i].section == offer->section && all->members[i].role == offer->role &&
		    addr_same(&all->members[i].addr, addr))
			return;
	*ARRAY_PUSH(all->members, all->n_members, all->cap_members) =
	        (struct member_wish){.section = offer->section,
	                             .role = offer->role,
	                             .addr = *addr,
	                             .row = offer->line->row,
	                             .example = *about->query};
}

static void add_note(struct suggestions *all, const struct explained *about)
{
	char *sentence = explain_remedy(about);

	for (size_t i = 0; i < all->n_notes; i++)
		if (!strcmp(all->notes[i].sentence, sentence)) {
			all->notes[i].n_flows++;
			free(sentence);
			return;
		}
	*ARRAY_PUSH(all->notes, all->n_notes, all->cap_notes) =
	        (struct note){.because = explain_because(about),
	                      .sentence = sentence,
	                      .example = *about->query,
	                      .n_flows = 1};
}

/* Not loopback, multicast and the like, which the role file refuses. */
static bool may_be_written(const struct addr *addr)
{
	char text[ADDR_TEXT_MAX];
	struct addr_range range;

	addr_format(addr, text, sizeof(text));
	return addr_parse(text, strlen(text), &range) == ADDR_OK;
}

/* A role that would open it at any time. */
static bool role_helps(const struct role_offer *offer)
{
	return offer->section && table_line_phase(offer->section, offer->line) == PHASE_ALWAYS;
}

static bool rule_helps(const struct explanation *explanation)
{
	switch (explanation->reason) {
	case REASON_KNOWN_PORT:
	case REASON_NO_LINE:
		return !explanation->known || !explanation->known->advice;
	case REASON_NO_ROLE:
		return !explanation->offer.section && (!explanation->known || !explanation->known->advice);
	case REASON_NONE:
	case REASON_WINDOW_CLOSED:
	case REASON_RULE_EXPIRED:
	case REASON_OTHER_PROTOCOL:
	case REASON_OPPOSITE_DIRECTION:
	case REASON_OTHER_SECTION:
	case REASON_OTHER_TABLE:
	case REASON_PORT_MOVED:
	case REASON_TAKEN_AWAY:
	case REASON_MAX:
		break;
	}
	return false;
}

static void add_flow(struct suggestions *all, const struct explained *about, const struct denied_flow *flow)
{
	const struct explanation *explanation = about->explanation;
	bool may = may_be_written(&flow->query.src) && may_be_written(&flow->query.dst);

	if (explanation->reason == REASON_NONE)
		return;
	if (may && explanation->reason == REASON_NO_ROLE && role_helps(&explanation->offer))
		add_member(all, about);
	else if (may && rule_helps(explanation))
		*ARRAY_PUSH(all->rules, all->n_rules, all->cap_rules) = *flow;
	else
		add_note(all, about);
}

/* Members of one role, each with a comment on why. */
static void print_role(const struct suggestions *all, const struct section *section, enum role role,
                       FILE *out)
{
	char addr[ADDR_TEXT_MAX];

	for (size_t i = 0; i < all->n_members; i++) {
		const struct member_wish *member = &all->members[i];

		if (member->section != section || member->role != role)
			continue;
		fprintf(out, "; row %s: ", member->row);
		print_flow(&member->example, out);
		fprintf(out, "\n%s = %s\n", role_name(role), addr_format(&member->addr, addr, sizeof(addr)));
	}
}

static void print_members(const struct suggestions *all, FILE *out)
{
	for (size_t s = 0; s < all->policy->n_sections; s++) {
		const struct section *section = &all->policy->sections[s];
		size_t n = 0;

		for (size_t i = 0; i < all->n_members; i++)
			n += all->members[i].section == section;
		if (!n)
			continue;
		fprintf(out, "\n[roles %s]\n", section->name);
		for (enum role role = 0; role < ROLE_MAX; role++)
			print_role(all, section, role, out);
	}
}

static void print_note(const struct note *note, FILE *out)
{
	fputs(";   ", out);
	print_flow(&note->example, out);
	if (note->n_flows > 1)
		fprintf(out, " and %zu more", note->n_flows - 1);
	fprintf(out, ": %s\n;     %s\n", note->because, note->sentence);
}

static void print_all(const struct suggestions *all, FILE *out)
{
	if (!all->n_members && !all->n_rules && !all->n_notes) {
		fputs("; nothing was denied that is denied still: there is nothing to suggest\n", out);
		return;
	}
	fprintf(out,
	        "; What would allow what was denied. Judge every line, and delete what should stay closed.\n"
	        "; This makes a file of its own, as in %s.d/allowed.conf; in a file that has the same\n"
	        "; [roles NAME] already, put the members there.\n",
	        all->policy->path);
	print_members(all, out);
	suggest_rules_print(all->policy, all->rules, all->n_rules, out);
	if (all->n_notes)
		fputs("\n; Not suggested:\n", out);
	for (size_t i = 0; i < all->n_notes; i++)
		print_note(&all->notes[i], out);
}

static void clear(struct suggestions *all)
{
	for (size_t i = 0; i < all->n_notes; i++) {
		free(all->notes[i].because);
		free(all->notes[i].sentence);
	}
	free(all->members);
	free(all->rules);
	free(all->notes);
}

char *suggest_text(const struct policy *policy, const struct lines *lines, gate_is_open_fn now_open,
                   void *data, const struct denied_flow *flows, size_t n)
{
	struct suggestions all = {.policy = policy};
	char *text;
	size_t size;
	FILE *out = words_begin(&text, &size);

	for (size_t i = 0; i < n; i++) {
		struct explanation explanation;
		struct explained about = {
		        .policy = policy, .query = &flows[i].query, .explanation = &explanation};

		policy_explain(policy, lines, &flows[i].query, now_open, data, &explanation);
		add_flow(&all, &about, &flows[i]);
	}
	print_all(&all, out);
	clear(&all);
	return words_end(out, &text);
}

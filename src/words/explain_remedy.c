// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What would open a denial: a sentence, the lines for the role file and the commands, one function for each reason.
 * The lines are complete and load as they stand, so that nobody has to guess where a key belongs; where nothing should
 * be opened, there are none and the sentence says so.
 */
#include "words/explain_advice.h"

#include <stdlib.h>

#include "words/words.h"
#include "policy/absence.h"
#include "policy/known_ports.h"

#define CATALOG_WIDEST4 ((uint32_t)1 << 16) /* as in load_resolve.c, a /16 ... */
#define CATALOG_WIDEST6 ((u128)1 << 80)     /* ... and a /48 */

static void remedy_window_closed(struct advice *advice)
{
	const struct line *line = advice->about->explanation->line;
	const char *row = line->section ? table_rows[line->rows[0]].id : line->site_rule->name;

	fputs("omfwd --phase install", advice->sentence);
	if (line->section)
		fprintf(advice->sentence, " --section %s", line->section->name);
	fprintf(advice->sentence, " --rows %s", row);
	advice_add_window(advice, PHASE_INSTALL, line->section, row);
}

/* Which day is for people to say. */
static void remedy_rule_expired(struct advice *advice)
{
	const struct site_rule *rule = advice->about->explanation->site_rule;

	fprintf(advice->sentence, "expires = YYYY-MM-DD, a day to come, under [site_rule %s]", rule->name);
	words_print_place(advice->about->policy, rule->loc, advice->sentence);
	fputs(", if it must be", advice->sentence);
	advice->near = rule->loc;
	advice_add_reload(advice);
	advice_add_window(advice, rule->phase, NULL, rule->name);
}

static void remedy_other_protocol(struct advice *advice)
{
	const struct line *line = advice->about->explanation->line;

	if (line->section)
		fprintf(advice->sentence, "nothing should; the documents name %s alone",
		        proto_name(line->proto));
	else
		advice_add_rule(advice, "a site rule of its own, if this protocol is meant too", line->phase,
		                line->site_rule->reason);
}

static void remedy_opposite_direction(struct advice *advice)
{
	fputs("nothing should; answers pass with the connection they belong to", advice->sentence);
}

/* "windows_agent = 10.0.3.7 under [roles dmz]", and its window. */
static bool advise_role(struct advice *advice, const struct section *section, enum role role,
                        const struct addr *addr, const struct table_line *line)
{
	char key[ADDR_TEXT_MAX + 64], text[ADDR_TEXT_MAX];

	if (advice_refuses(advice, addr))
		return false;
	snprintf(key, sizeof(key), "%s = %s", role_name(role), addr_format(addr, text, sizeof(text)));
	advice_add_key(advice, "roles", section, key, section->roles[role].loc);
	advice_add_reload(advice);
	advice_add_window(advice, table_line_phase(section, line), section, line->row);
	return true;
}

/* The role that src needs there: the one it holds, unless another acts for it in that section. */
static enum role role_to_add(const struct section *section, const struct table_line *line, enum role held)
{
	role_mask acting = document_side(section, line, true);
	enum role role = 0;

	if (acting & ROLE_BIT(held))
		return held;
	while (!(acting & ROLE_BIT(role)))
		role++;
	return role;
}

static void remedy_other_section(struct advice *advice)
{
	const struct document_line *document = &advice->about->explanation->document;
	const struct section *section = document->dst.section;

	if (advise_role(advice, section, role_to_add(section, document->line, document->src.role),
	                &advice->about->query->src, document->line))
		fputs(", if it belongs there", advice->sentence);
}

static void remedy_other_table(struct advice *advice)
{
	const struct document_line *document = &advice->about->explanation->document;
	const struct section *section = document->dst.section;
	char reason[64];
	const char *table = port_table_name(table_rows[row_find(document->line->row)].table);

	snprintf(reason, sizeof(reason), "row %s of the %s document", document->line->row, table);
	fprintf(advice->sentence, "table = %s under ", table);
	advice_print_heading("roles", section, advice->sentence);
	words_print_place(advice->about->policy, section->loc, advice->sentence);
	advice->near = section->loc;
	advice_add_rule(advice, ", if that is the edition of this group; else a site rule",
	                document->line->phase, reason);
}

/* The port that the key has to hold; rpc_dynamic takes one range only. */
static void advise_port(struct advice *advice, const struct section *section, const struct table_line *line)
{
	char key[96];

	if (line->key == PORT_RPC_DYNAMIC)
		snprintf(key, sizeof(key), "%s = %u-%u", port_key_name(line->key), line->ports.lo,
		         line->ports.hi);
	else
		snprintf(key, sizeof(key), "%s = %u", port_key_name(line->key), advice->about->query->port);
	advice_add_key(advice, "ports", section, key, section->ports[line->key].loc);
}

static void remedy_port_moved(struct advice *advice)
{
	const struct document_line *document = &advice->about->explanation->document;
	const struct section *section = document->dst.section;

	advise_port(advice, section, document->line);
	fputs(", if that is where it listens; else connect to ", advice->sentence);
	words_print_port_list(&section->ports[document->line->key], advice->sentence);
	advice_add_reload(advice);
	advice_add_window(advice, table_line_phase(section, document->line), section, document->line->row);
}

/* The loader refuses catalog_dynamic_ports = bidirectional with such a catalog. */
static bool catalog_is_wide(const struct section *section)
{
	const struct addr_set *set = &section->roles[ROLE_MANAGEMENT_PACK_CATALOG].addrs;

	for (size_t i = 0; i < set->n4; i++)
		if (set->v4[i].hi - set->v4[i].lo >= CATALOG_WIDEST4)
			return true;
	for (size_t i = 0; i < set->n6; i++)
		if (set->v6[i].hi - set->v6[i].lo >= CATALOG_WIDEST6)
			return true;
	return false;
}

/* The section as it would be with the keys that were advised so far. */
struct trial {
	struct section section;
	struct port_range range; /* behind the port list that was off */
};

static void apply_setting(struct section *trial, enum line_condition condition)
{
	switch (condition) {
	case LINE_KERBEROS:
	case LINE_KERBEROS_ACROSS:
		trial->authentication = AUTHENTICATION_KERBEROS;
		break;
	case LINE_SNMP_BIDIRECTIONAL:
		trial->snmp = SNMP_BIDIRECTIONAL;
		break;
	case LINE_CATALOG_DYNAMIC:
		trial->catalog_dynamic_ports = CATALOG_BIDIRECTIONAL;
		break;
	case LINE_UNCONDITIONAL:
		break;
	}
}

/* Undoes one thing that keeps the line away, in words and in the trial; false when keys cannot. */
static bool undo_absence(struct advice *advice, struct trial *trial, const struct table_line *line,
                         const struct absence *absence)
{
	char key[32];

	switch (absence->reason) {
	case ABSENT_ROW_OFF:
		snprintf(key, sizeof(key), "%s = on", line->row);
		advice_add_key(advice, "rows", &trial->section, key, absence->loc);
		trial->section.rows[row_find(line->row)].state = ROW_ON;
		return true;
	case ABSENT_BY_SETTING:
		advice_add_key(advice, "roles", &trial->section, absence->instead, absence->loc);
		apply_setting(&trial->section, line->condition);
		return true;
	case ABSENT_PORT_OFF:
		advise_port(advice, &trial->section, line);
		trial->range = line->ports;
		trial->section.ports[line->key] = (struct port_list){.ranges = &trial->range, .n = 1};
		return true;
	case ABSENT_NOT:
	case ABSENT_UNASSIGNED:
	case ABSENT_MAX:
		break;
	}
	return false;
}

/* Several things may keep a line away, each behind the other. */
static void advise_all_undone(struct advice *advice, const struct section *section,
                              const struct table_line *line)
{
	struct trial trial = {.section = *section};
	struct absence absence;

	do {
		line_absence(&trial.section, line, &absence);
	} while (undo_absence(advice, &trial, line, &absence));
	if (!document_carries(line, &trial.section, advice->about->query))
		advise_port(advice, &trial.section, line);
	advice_add_reload(advice);
	advice_add_window(advice, table_line_phase(&trial.section, line), section, line->row);
}

static void remedy_taken_away(struct advice *advice)
{
	const struct document_line *document = &advice->about->explanation->document;
	const struct section *section = document->dst.section;
	bool no_remote = document->line->condition == LINE_KERBEROS_ACROSS &&
	                 !section->roles[ROLE_REMOTE_DOMAIN_CONTROLLER].assigned;

	if (document->line->condition == LINE_CATALOG_DYNAMIC && catalog_is_wide(section))
		fputs("nothing should; answers pass with their connection, and a catalog this wide may open "
		      "none",
		      advice->sentence);
	else if (no_remote)
		advice_add_rule(
		        advice,
		        "remote_domain_controller and its addresses under [roles], if there is a second "
		        "domain; else a site rule",
		        PHASE_ALWAYS, "Kerberos authentication across domains");
	else
		advise_all_undone(advice, section, document->line);
}

static void remedy_known_port(struct advice *advice)
{
	const struct known_port *known = advice->about->explanation->known;

	if (known->advice)
		fprintf(advice->sentence, "nothing should; %s", known->advice);
	else
		advice_add_rule(advice, "nothing in the documents; a site rule, if it must be", PHASE_ALWAYS,
		                known->name);
}

static void remedy_no_line(struct advice *advice)
{
	advice_add_rule(advice, "nothing in the documents; a site rule, if it must be", PHASE_ALWAYS,
	                "write here why it is needed");
}

static void remedy_no_role(struct advice *advice)
{
	const struct role_offer *offer = &advice->about->explanation->offer;
	const struct query *query = advice->about->query;

	if (!offer->section)
		remedy_no_line(advice);
	else if (advise_role(advice, offer->section, offer->role, offer->to_src ? &query->src : &query->dst,
	                     offer->line))
		fputs(", if it is one", advice->sentence);
}

static void (*const remedies[REASON_MAX])(struct advice *advice) = {
        [REASON_WINDOW_CLOSED] = remedy_window_closed,
        [REASON_RULE_EXPIRED] = remedy_rule_expired,
        [REASON_OTHER_PROTOCOL] = remedy_other_protocol,
        [REASON_OPPOSITE_DIRECTION] = remedy_opposite_direction,
        [REASON_OTHER_SECTION] = remedy_other_section,
        [REASON_OTHER_TABLE] = remedy_other_table,
        [REASON_PORT_MOVED] = remedy_port_moved,
        [REASON_TAKEN_AWAY] = remedy_taken_away,
        [REASON_KNOWN_PORT] = remedy_known_port,
        [REASON_NO_LINE] = remedy_no_line,
        [REASON_NO_ROLE] = remedy_no_role,
};

bool explain_remedy_new(const struct explained *about, struct remedy *ret)
{
	struct advice advice = {.about = about};
	size_t sizes[3];

	*ret = (struct remedy){.sentence = NULL};
	if (about->explanation->reason == REASON_NONE)
		return false;
	advice.sentence = words_begin(&ret->sentence, &sizes[0]);
	advice.lines = words_begin(&ret->lines, &sizes[1]);
	advice.commands = words_begin(&ret->commands, &sizes[2]);
	remedies[about->explanation->reason](&advice);
	words_end(advice.sentence, &ret->sentence);
	words_end(advice.lines, &ret->lines);
	words_end(advice.commands, &ret->commands);
	ret->near = advice.near;
	return true;
}

void explain_remedy_clear(struct remedy *remedy)
{
	free(remedy->sentence);
	free(remedy->lines);
	free(remedy->commands);
	*remedy = (struct remedy){.sentence = NULL};
}

char *explain_remedy(const struct explained *about)
{
	struct remedy remedy;
	char *sentence;

	if (!explain_remedy_new(about, &remedy))
		return NULL;
	sentence = remedy.sentence;
	remedy.sentence = NULL;
	explain_remedy_clear(&remedy);
	return sentence;
}

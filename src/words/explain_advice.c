// SPDX-License-Identifier: GPL-2.0-or-later
/* What remedies are put together from: a key under its heading, a site rule for one packet, the commands that follow. */
#include "words/explain_advice.h"

#include <string.h>

#include "words/words.h"

#define RULE_NAME_MAX 32

void advice_print_heading(const char *kind, const struct section *section, FILE *out)
{
	bool plain = !strcmp(kind, "roles") && !strcmp(section->name, DEFAULT_SECTION);

	fprintf(out, plain ? "[%s]" : "[%s %s]", kind, section->name);
}

void advice_add_key(struct advice *advice, const char *kind, const struct section *section, const char *key,
                    loc_t near)
{
	fprintf(advice->sentence, "%s%s under ", ftell(advice->sentence) > 0 ? " and " : "", key);
	advice_print_heading(kind, section, advice->sentence);
	words_print_place(advice->about->policy, near ? near : section->loc, advice->sentence);
	advice_print_heading(kind, section, advice->lines);
	fprintf(advice->lines, "\n%s\n", key);
	if (!advice->near)
		advice->near = near ? near : section->loc;
}

void advice_add_reload(struct advice *advice)
{
	fputs("omfwd reload\n", advice->commands);
}

void advice_add_window(struct advice *advice, enum line_phase phase, const struct section *section,
                       const char *row)
{
	if (phase != PHASE_INSTALL)
		return;
	fputs("omfwd --phase install", advice->commands);
	if (section)
		fprintf(advice->commands, " --section %s", section->name);
	fprintf(advice->commands, " --rows %s\n", row);
}

bool advice_refuses(struct advice *advice, const struct addr *addr)
{
	char text[ADDR_TEXT_MAX];
	struct addr_range ignored;
	enum addr_error error;

	addr_format(addr, text, sizeof(text));
	error = addr_parse(text, strlen(text), &ignored);
	if (error != ADDR_OK && ftell(advice->sentence) == 0)
		fprintf(advice->sentence, "nothing can; %s %s, and no line may name it", text,
		        addr_error_text(error));
	return error != ADDR_OK;
}

static bool is_taken(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->n_site_rules; i++)
		if (!strcmp(policy->site_rules[i].name, name))
			return true;
	return false;
}

/* "tcp-4242", or with a number behind it where a rule has that name: a second one of it would widen the first. */
static char *rule_name(const struct explained *about, char *buf, size_t size)
{
	const struct query *query = about->query;
	char port[8] = "";

	if (query->proto != PROTO_ICMP)
		snprintf(port, sizeof(port), "-%u", query->port);
	snprintf(buf, size, "%s%s", proto_name(query->proto), port);
	for (unsigned i = 2; is_taken(about->policy, buf); i++)
		snprintf(buf, size, "%s%s-%u", proto_name(query->proto), port, i);
	return buf;
}

static void print_rule(const struct explained *about, const char *name, enum line_phase phase,
                       const char *reason, FILE *out)
{
	const struct query *query = about->query;
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX], ports[PORTS_MAX];
	struct port_range range = {.lo = query->port, .hi = query->port};

	fprintf(out, "[site_rule %s]\nfrom = %s\nto = %s\nprotocol = %s\nports = %s\n", name,
	        addr_format(&query->src, src, sizeof(src)), addr_format(&query->dst, dst, sizeof(dst)),
	        proto_name(query->proto), words_ports(query->proto, &range, ports, sizeof(ports)));
	if (phase == PHASE_INSTALL)
		fputs("phase = install\n", out);
	fprintf(out, "reason = %s\n", reason);
}

void advice_add_rule(struct advice *advice, const char *sentence, enum line_phase phase, const char *reason)
{
	char name[RULE_NAME_MAX];

	if (advice_refuses(advice, &advice->about->query->src) ||
	    advice_refuses(advice, &advice->about->query->dst))
		return;
	fputs(sentence, advice->sentence);
	rule_name(advice->about, name, sizeof(name));
	print_rule(advice->about, name, phase, reason, advice->lines);
	advice_add_reload(advice);
	advice_add_window(advice, phase, NULL, name);
}

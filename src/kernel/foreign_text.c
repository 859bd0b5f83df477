// SPDX-License-Identifier: GPL-2.0-or-later
/* The verdict of another table as a sentence; names and comments are others' words, and made printable. */
#include "kernel/foreign.h"

#include <linux/netfilter.h>
#include <stdio.h>
#include <string.h>

#include "util/array.h"
#include "util/text.h"

const char *foreign_family_name(uint8_t family)
{
	static const struct {
		uint8_t number;
		const char *name;
	} families[] = {
	        {NFPROTO_INET, "inet"},     {NFPROTO_IPV4, "ip"}, {NFPROTO_IPV6, "ip6"},
	        {NFPROTO_NETDEV, "netdev"}, {NFPROTO_ARP, "arp"}, {NFPROTO_BRIDGE, "bridge"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (families[i].number == family)
			return families[i].name;
	return "unknown";
}

const char *foreign_hook_name(uint32_t hook)
{
	static const char *const names[] = {
	        [NF_INET_PRE_ROUTING] = "prerouting",   [NF_INET_LOCAL_IN] = "input",
	        [NF_INET_FORWARD] = "forward",          [NF_INET_LOCAL_OUT] = "output",
	        [NF_INET_POST_ROUTING] = "postrouting",
	};

	return hook < ARRAY_SIZE(names) ? names[hook] : "unknown";
}

const char *foreign_answer_name(const struct foreign_verdict *verdict)
{
	static const char *const names[FOREIGN_ANSWER_MAX] = {
	        [FOREIGN_PASSES] = "passes",
	        [FOREIGN_DROPS] = "drops",
	        [FOREIGN_UNSURE] = "unsure",
	        [FOREIGN_UNTRACKS] = "untracks",
	};

	return verdict->rejects ? "rejects" : names[verdict->answer];
}

static void print_place(const struct foreign_verdict *verdict, FILE *out)
{
	char comment[TEXT_QUOTE_MAX];

	if (!verdict->rule) {
		fputs(" (its policy)", out);
		return;
	}
	fprintf(out, " (rule handle %llu", (unsigned long long)verdict->rule->handle);
	if (verdict->rule->comment)
		fprintf(out, ", %s",
		        text_quote(verdict->rule->comment, strlen(verdict->rule->comment), comment,
		                   sizeof(comment)));
	fputc(')', out);
}

char *foreign_verdict_text(const struct foreign_verdict *verdict, char *buf, size_t size)
{
	static const char *const words[FOREIGN_ANSWER_MAX] = {
	        [FOREIGN_PASSES] = "would let it pass",
	        [FOREIGN_DROPS] = "would drop it",
	        [FOREIGN_UNSURE] = "might drop it, which cannot be told from here",
	        [FOREIGN_UNTRACKS] = "takes it out of connection tracking, so that omfwd cannot judge it",
	};
	char raw[FOREIGN_TEXT_MAX / 4] = "";
	FILE *out = fmemopen(raw, sizeof(raw), "w");

	*buf = '\0';
	if (!out)
		return buf;
	fprintf(out, "table %s %s, chain %s", foreign_family_name(verdict->base->family),
	        verdict->base->table, verdict->base->name);
	if (verdict->chain != verdict->base)
		fprintf(out, " (in %s)", verdict->chain->name);
	fprintf(out, ", %s", verdict->rejects ? "would reject it" : words[verdict->answer]);
	print_place(verdict, out);
	fclose(out);
	raw[sizeof(raw) - 1] = '\0';
	return text_escape(raw, strlen(raw), buf, size);
}

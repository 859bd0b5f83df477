// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The samples on their way through the tables of others. One finding for each base chain and what it does: the first
 * sample it does it to, and how many more.
 */
#include "doctor/findings.h"

#include <linux/netfilter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/file.h"
#include "util/text.h"

#define VERDICTS_MAX 16

struct objection {
	struct foreign_verdict verdict; /* the first */
	const struct sample *sample;
	size_t n;
};

struct objections {
	struct objection *items;
	size_t n, cap;
};

static const enum finding_kind kinds[FOREIGN_ANSWER_MAX] = {
        [FOREIGN_PASSES] = FINDING_MAX,
        [FOREIGN_DROPS] = FINDING_CHAIN_DROPS,
        [FOREIGN_UNSURE] = FINDING_CHAIN_MAY_DROP,
        [FOREIGN_UNTRACKS] = FINDING_CHAIN_UNTRACKS,
};

static void note(struct objections *objections, const struct foreign_verdict *verdict,
                 const struct sample *sample)
{
	for (size_t i = 0; i < objections->n; i++) {
		struct objection *known = &objections->items[i];

		if (known->verdict.base == verdict->base && known->verdict.answer == verdict->answer) {
			known->n++;
			return;
		}
	}
	*ARRAY_PUSH(objections->items, objections->n, objections->cap) =
	        (struct objection){*verdict, sample, 1};
}

static void tell(struct checkup *checkup, const struct objection *objection)
{
	char text[FOREIGN_TEXT_MAX];
	struct finding *finding = finding_add(checkup, kinds[objection->verdict.answer], "%s: %s",
	                                      sample_text(checkup, objection->sample),
	                                      foreign_verdict_text(&objection->verdict, text, sizeof(text)));

	if (objection->n > 1)
		finding->what = arena_printf(checkup->arena, "%s, and so for %zu more of the examples tried",
		                             finding->what, objection->n - 1);
	if (objection->verdict.answer == FOREIGN_UNTRACKS)
		finding_line(checkup, &finding->remedy, "except the members of the roles from that rule");
	else if (objection->verdict.answer == FOREIGN_DROPS)
		honour_mark(checkup, &objection->verdict, objection->sample, finding);
}

static void walk_samples(struct checkup *checkup)
{
	struct objections objections = {.items = NULL};

	for (size_t i = 0; i < checkup->n_samples; i++) {
		struct foreign_verdict verdicts[VERDICTS_MAX];
		size_t n =
		        foreign_walk(checkup->foreign, &checkup->samples[i].packet, verdicts, VERDICTS_MAX);

		for (size_t k = 0; k < n; k++)
			note(&objections, &verdicts[k], &checkup->samples[i]);
	}
	for (size_t i = 0; i < objections.n; i++)
		tell(checkup, &objections.items[i]);
	free(objections.items);
}

/* Chains of families that see frames, not packets: told by name when they can drop anything. */
static void tell_frames(struct checkup *checkup)
{
	for (size_t i = 0; i < checkup->foreign->n_chains; i++) {
		const struct foreign_chain *chain = &checkup->foreign->chains[i];
		struct finding *finding;

		if (!chain->is_base || (chain->family != NFPROTO_BRIDGE && chain->family != NFPROTO_NETDEV) ||
		    (!chain->n && chain->policy != NF_DROP))
			continue;
		finding = finding_add(checkup, FINDING_CHAIN_NOT_LOOKED_INTO,
		                      "table %s %s, chain %s, judges frames before they are packets",
		                      foreign_family_name(chain->family), chain->table, chain->name);
		finding_line(checkup, &finding->remedy, "look for yourself: nft list chain %s %s %s",
		             foreign_family_name(chain->family), chain->table, chain->name);
	}
}

/* The tables of iptables-legacy are known by name only. */
static void tell_legacy(struct checkup *checkup, const char *file, const char *program)
{
	char *names, *path = arena_printf(checkup->arena, "%s/net/%s", checkup->question->proc, file);
	struct finding *finding;
	size_t len;

	if (file_read(path, &names, &len) < 0)
		return;
	for (char *at = names; *at; at++)
		if (*at == '\n')
			*at = at[1] ? ' ' : '\0';
	if (*names) {
		finding = finding_add(checkup, FINDING_LEGACY_IPTABLES, "%s has tables: %s", program, names);
		finding_line(checkup, &finding->remedy, "look for yourself: %s -S; better, use %s", program,
		             !strcmp(program, "iptables-legacy") ? "iptables-nft" : "ip6tables-nft");
	}
	free(names);
}

void check_chains(struct checkup *checkup)
{
	tell_legacy(checkup, "ip_tables_names", "iptables-legacy");
	tell_legacy(checkup, "ip6_tables_names", "ip6tables-legacy");
	if (!checkup->foreign)
		return;
	walk_samples(checkup);
	tell_frames(checkup);
}

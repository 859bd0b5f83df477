// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A packet on its way through the base chains of others. A chain answers with everything that may come of it: accept,
 * drop, or going on behind it. A rule that surely matches ends the walk of its chain with its verdict; one that may
 * match adds its verdict, and the walk goes on. So the answer is never wrong, and sure where nothing mattered that is
 * not known.
 */
#include "kernel/foreign_state.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "ruleset/ruleset.h"

#define DEPTH_MAX 20    /* the kernel allows 16 jumps */
#define RULES_MAX 20000 /* looked at for one packet, before it is given up */

/* What may come of a chain. */
#define MAY_ACCEPT  0x1u
#define MAY_DROP    0x2u
#define MAY_GO_ON   0x4u
#define MAY_GO_BACK 0x8u /* from a rule: return */

struct walker {
	const struct foreign *foreign;
	struct foreign_state state;
	unsigned depth, rules;
	struct place {
		const struct foreign_chain *chain;
		const struct foreign_rule *rule;
		bool sure, rejects;
	} drop, doubt, untrack; /* the first rule that drops, that may match and matters, that untracks */
};

static unsigned chain_walk(struct walker *walker, const struct foreign_chain *chain);

/* The first place counts, but what happens for sure before what may happen. */
static void note(const struct walker *walker, struct place *place, const struct foreign_chain *chain,
                 const struct foreign_rule *rule)
{
	bool sure = !walker->state.unsure;

	if (!place->chain || (sure && !place->sure))
		*place = (struct place){.chain = chain, .rule = rule, .sure = sure};
}

static const struct foreign_chain *chain_named(const struct foreign *foreign,
                                               const struct foreign_chain *beside, const char *name)
{
	for (size_t i = 0; i < foreign->n_chains; i++) {
		const struct foreign_chain *chain = &foreign->chains[i];

		if (chain->family == beside->family && !strcmp(chain->table, beside->table) &&
		    !strcmp(chain->name, name))
			return chain;
	}
	return NULL;
}

static unsigned follow(struct walker *walker, const struct foreign_chain *from, const char *name,
                       bool is_jump)
{
	const struct foreign_chain *chain = name ? chain_named(walker->foreign, from, name) : NULL;
	unsigned may = chain ? chain_walk(walker, chain) : MAY_ACCEPT | MAY_DROP | MAY_GO_ON;

	if (!is_jump && may & MAY_GO_ON) /* what is behind a goto is not come back to */
		may = (may & ~MAY_GO_ON) | MAY_GO_BACK;
	return may;
}

static unsigned verdict_outcomes(struct walker *walker, const struct foreign_chain *chain,
                                 const struct foreign_rule *rule, int verdict, const char *name)
{
	switch (verdict) {
	case NF_ACCEPT:
	case NF_STOLEN:
		return MAY_ACCEPT;
	case NF_DROP:
		note(walker, &walker->drop, chain, rule);
		return MAY_DROP;
	case NFT_JUMP:
	case NFT_GOTO:
		return follow(walker, chain, name, verdict == NFT_JUMP);
	case NFT_RETURN:
		return MAY_GO_BACK;
	case NFT_CONTINUE:
		return MAY_GO_ON;
	default: /* a queue, and whatever else others decide about */
		note(walker, &walker->doubt, chain, rule);
		return MAY_ACCEPT | MAY_DROP;
	}
}

/* Any verdict of a map whose key is not known. */
static unsigned map_outcomes(struct walker *walker, const struct foreign_chain *chain,
                             const struct foreign_rule *rule, const struct foreign_set *set)
{
	unsigned may = set->known ? MAY_GO_ON : MAY_GO_ON | MAY_ACCEPT | MAY_DROP;

	for (size_t i = 0; i < set->n; i++)
		may |= verdict_outcomes(walker, chain, rule, set->elements[i].verdict,
		                        set->elements[i].chain);
	return may;
}

static unsigned rule_walk(struct walker *walker, const struct foreign_chain *chain,
                          const struct foreign_rule *rule)
{
	struct foreign_decision decision;
	uint32_t tracked = walker->state.ct_state;
	enum match match = foreign_rule_match(walker->foreign, chain, rule, &walker->state, &decision);
	bool unsure = walker->state.unsure;
	unsigned may;

	if (walker->state.ct_state != tracked)
		note(walker, &walker->untrack, chain, rule);

	if (match == MATCH_NO || !decision.decided)
		return MAY_GO_ON;
	walker->state.unsure |= match == MATCH_MAYBE;
	may = decision.any_of ? map_outcomes(walker, chain, rule, decision.any_of)
	                      : verdict_outcomes(walker, chain, rule, decision.verdict, decision.chain);
	walker->state.unsure = unsure;
	if (walker->drop.rule == rule)
		walker->drop.rejects = decision.rejects;
	if (match == MATCH_MAYBE && may != MAY_GO_ON) {
		may |= MAY_GO_ON;
		note(walker, &walker->doubt, chain, rule);
	}
	return may;
}

static unsigned rules_walk(struct walker *walker, const struct foreign_chain *chain)
{
	unsigned may = 0;

	for (size_t i = 0; i < chain->n; i++) {
		unsigned one;

		if (++walker->rules > RULES_MAX) {
			note(walker, &walker->doubt, chain, &chain->rules[i]);
			return MAY_ACCEPT | MAY_DROP | MAY_GO_ON;
		}
		one = rule_walk(walker, chain, &chain->rules[i]);
		may |= one & ~MAY_GO_ON;
		if (!(one & MAY_GO_ON))
			return may;
	}
	return may | MAY_GO_BACK;
}

/* Behind the last rule of a chain, and where a rule returns, its caller goes on. */
static unsigned chain_walk(struct walker *walker, const struct foreign_chain *chain)
{
	unsigned may;

	if (walker->depth >= DEPTH_MAX)
		return MAY_ACCEPT | MAY_DROP | MAY_GO_ON;
	walker->depth++;
	may = rules_walk(walker, chain);
	walker->depth--;
	return may & MAY_GO_BACK ? (may & ~MAY_GO_BACK) | MAY_GO_ON : may;
}

static enum foreign_answer answer(const struct walker *walker, unsigned may)
{
	if (may == MAY_DROP)
		return FOREIGN_DROPS;
	if (may != MAY_ACCEPT)
		return FOREIGN_UNSURE;
	return walker->untrack.chain ? FOREIGN_UNTRACKS : FOREIGN_PASSES;
}

static unsigned base_outcomes(struct walker *walker, const struct foreign_chain *base)
{
	unsigned may = chain_walk(walker, base);

	if (!(may & MAY_GO_ON))
		return may;
	if (base->policy != NF_DROP)
		return (may & ~MAY_GO_ON) | MAY_ACCEPT;
	note(walker, &walker->drop, base, NULL);
	return (may & ~MAY_GO_ON) | MAY_DROP;
}

/* Returns whether there is anything to say. */
static bool base_walk(struct walker *walker, const struct foreign_chain *base, struct foreign_verdict *ret)
{
	struct place place = {.chain = NULL};

	walker->drop = walker->doubt = walker->untrack = place;
	walker->rules = 0;
	*ret = (struct foreign_verdict){.base = base};
	ret->answer = answer(walker, base_outcomes(walker, base));
	if (ret->answer == FOREIGN_PASSES)
		return false;
	ret->rejects = ret->answer == FOREIGN_DROPS && walker->drop.rejects;
	place = ret->answer == FOREIGN_UNTRACKS                        ? walker->untrack
	        : ret->answer == FOREIGN_UNSURE && walker->doubt.chain ? walker->doubt
	                                                               : walker->drop;
	ret->chain = place.chain ? place.chain : base;
	ret->rule = place.rule;
	return true;
}

static bool is_met(const struct foreign_chain *chain, uint32_t hook, bool v6)
{
	return chain->is_base && chain->hook == hook && strcmp(chain->type, "nat") != 0 &&
	       (chain->family == NFPROTO_INET || chain->family == (v6 ? NFPROTO_IPV6 : NFPROTO_IPV4));
}

static bool is_ours(uint32_t hook)
{
	return hook == NF_INET_LOCAL_IN || hook == NF_INET_FORWARD || hook == NF_INET_LOCAL_OUT;
}

/* Our own chain comes here: what it accepts carries its mark from now on. */
static void accept_mark(struct foreign_state *state)
{
	const struct foreign_packet *packet = state->packet;

	state->mark = (state->mark & ~packet->mark_mask) | packet->mark;
	state->mark_known |= packet->mark_mask | packet->mark;
}

/* The base chain of the hook that comes next: by priority, and then as they were listed. */
static const struct foreign_chain *next_base(const struct walker *walker, const struct foreign_chain *last)
{
	const struct foreign_chain *next = NULL;

	for (size_t i = 0; i < walker->foreign->n_chains; i++) {
		const struct foreign_chain *chain = &walker->foreign->chains[i];
		bool is_behind = !last || chain->priority > last->priority ||
		                 (chain->priority == last->priority && chain > last);

		if (is_behind && is_met(chain, walker->state.hook, walker->state.packet->v6) &&
		    (!next || chain->priority < next->priority))
			next = chain;
	}
	return next;
}

size_t foreign_walk(const struct foreign *foreign, const struct foreign_packet *packet,
                    struct foreign_verdict *ret, size_t max)
{
	static const struct {
		uint32_t hooks[3];
		size_t n;
	} paths[FOREIGN_PATH_MAX] = {
	        [FOREIGN_FORWARD] = {{NF_INET_PRE_ROUTING, NF_INET_FORWARD, NF_INET_POST_ROUTING}, 3},
	        [FOREIGN_INPUT] = {{NF_INET_PRE_ROUTING, NF_INET_LOCAL_IN}, 2},
	        [FOREIGN_OUTPUT] = {{NF_INET_LOCAL_OUT, NF_INET_POST_ROUTING}, 2},
	};
	struct walker walker = {.foreign = foreign};
	struct foreign_verdict verdict;
	size_t n = 0;

	foreign_state_begin(&walker.state, packet);
	for (size_t i = 0; i < paths[packet->path].n; i++) {
		bool ours = is_ours(paths[packet->path].hooks[i]);

		walker.state.hook = paths[packet->path].hooks[i];
		for (const struct foreign_chain *base = next_base(&walker, NULL); base;
		     base = next_base(&walker, base)) {
			if (ours && base->priority > RULESET_PRIORITY) {
				accept_mark(&walker.state);
				ours = false;
			}
			if (base_walk(&walker, base, &verdict) && n < max)
				ret[n++] = verdict;
		}
		if (ours)
			accept_mark(&walker.state);
	}
	return n;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A line between two roles of a thousand members each is a million pairs. A few stand for all: members are taken from the
 * beginning, the middle and the end of their list, where they most likely lie in different networks.
 */
#include <stdio.h>
#include <string.h>

#include "agent/elsewhere.h"
#include "doctor/findings.h"
#include "util/array.h"
#include "words/words.h"

#define SPREAD      3
#define SAMPLES_MAX 4000 /* for all lines together */

/* The first host of a range; of one that begins where there are none, as 0.0.0.0/0 does, the first that can be one. */
static uint32_t host_in4(const struct range4 *range)
{
	uint32_t first = 1u << 24 | 1; /* 1.0.0.1 */

	return range->lo < first && range->hi >= first ? first : range->lo + (range->hi > range->lo);
}

static u128 host_in6(const struct range6 *range)
{
	u128 first = (u128)0x2000 << 112 | 1; /* 2000::1 */

	return range->lo < first && range->hi >= first ? first : range->lo + (range->hi > range->lo);
}

/* Member number `which` of SPREAD of a family; false: there is no such one. */
static bool pick(const struct addr_set *set, bool v6, size_t which, struct addr *ret)
{
	size_t n = v6 ? set->n6 : set->n4, at;

	if (which >= n || which >= SPREAD)
		return false;
	at = n <= SPREAD ? which : which * (n - 1) / (SPREAD - 1);
	*ret = (struct addr){.is_v6 = v6};
	if (v6)
		ret->v6 = host_in6(&set->v6[at]);
	else
		ret->v4 = host_in4(&set->v4[at]);
	return true;
}

static void take(struct checkup *checkup, const struct line *line, const struct addr *src,
                 const struct addr *dst)
{
	struct sample *sample;

	if (addr_same(src, dst) || checkup->n_samples >= SAMPLES_MAX)
		return;
	sample = ARRAY_PUSH(checkup->samples, checkup->n_samples, checkup->cap_samples);
	*sample = (struct sample){
	        .line = line,
	        .query = {.src = *src, .dst = *dst, .proto = line->proto, .port = line->ports.lo},
	};
	if (checkup->routes) {
		route_find(checkup->routes, src, &sample->back);
		route_find(checkup->routes, dst, &sample->there);
	}
	elsewhere_packet(checkup->routes, &sample->query, &sample->packet);
	if (checkup->question->policy->settings.accept_mark_set) {
		sample->packet.mark = checkup->question->policy->settings.accept_mark_value;
		sample->packet.mark_mask = checkup->question->policy->settings.accept_mark_mask;
	}
}

static void take_line(struct checkup *checkup, const struct line *line, bool v6)
{
	struct addr src, dst;

	for (size_t i = 0; pick(line->from_addrs, v6, i, &src); i++)
		for (size_t k = 0; pick(line->to_addrs, v6, k, &dst); k++)
			take(checkup, line, &src, &dst);
}

void samples_take(struct checkup *checkup)
{
	const struct lines *lines = checkup->question->lines;

	for (size_t i = 0; i < lines->n; i++) {
		take_line(checkup, &lines->items[i], false);
		take_line(checkup, &lines->items[i], true);
	}
}

const char *sample_text(struct checkup *checkup, const struct sample *sample)
{
	const struct query *query = &sample->query;
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX], gate[GATE_NAME_MAX], port[8] = "";

	if (query->proto != PROTO_ICMP)
		snprintf(port, sizeof(port), "/%u", query->port);
	return arena_printf(checkup->arena, "%s%s from %s to %s (%s)", proto_name(query->proto), port,
	                    addr_format(&query->src, src, sizeof(src)),
	                    addr_format(&query->dst, dst, sizeof(dst)),
	                    line_gate_name(sample->line, gate, sizeof(gate)));
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mistakes with addresses are made at edges: the first and the last of a network, the one beside it, the host that is
 * also somebody else. Who holds what is found with plain loops over all ranges, and not with addr_set_find(), because
 * the rules and explain are judged by the answer.
 */
#include "prove/hosts.h"

#include <stdlib.h>

#include "util/array.h"

/* A range of either family; v4 in the low 32 bits. */
struct span {
	u128 lo, hi;
};

#define V6(group0) ((u128)(group0) << 112)

/* What routers forward, as far as a member can lie outside it: not 0/8, 127/8, 169.254/16, 224/3, ::/16, fe00::/7. */
static const struct span forwarded4[] = {
        {0x01000000u, 0x7effffffu},
        {0x80000000u, 0xa9fdffffu},
        {0xa9ff0000u, 0xdfffffffu},
};
static const struct span forwarded6[] = {{V6(1), V6(0xfe00) - 1}};

static const struct span documentation[FAMILY_MAX][3] = {
        [FAMILY_4] = {{0xc6336401u, 0xc63364feu}, {0xcb007101u, 0xcb0071feu}, {0xc0000201u, 0xc00002feu}},
        [FAMILY_6] = {{((u128)0x20010db8ffffffffu << 64) + 1, ((u128)0x20010db8ffffffffu << 64) + 254},
                      {((u128)0x3fff0fffffffffffu << 64) + 1, ((u128)0x3fff0fffffffffffu << 64) + 254},
                      {((u128)0x3fff000000000000u << 64) + 1, ((u128)0x3fff000000000000u << 64) + 254}},
};

static size_t span_count(const struct addr_set *set, enum family family)
{
	return family == FAMILY_4 ? set->n4 : set->n6;
}

static struct span span_at(const struct addr_set *set, enum family family, size_t i)
{
	if (family == FAMILY_4)
		return (struct span){set->v4[i].lo, set->v4[i].hi};
	return (struct span){set->v6[i].lo, set->v6[i].hi};
}

static struct addr addr_of(enum family family, u128 number)
{
	if (family == FAMILY_4)
		return (struct addr){.v4 = (uint32_t)number};
	return (struct addr){.is_v6 = true, .v6 = number};
}

static bool set_holds(const struct addr_set *set, const struct addr *addr)
{
	enum family family = addr->is_v6 ? FAMILY_6 : FAMILY_4;
	u128 number = addr->is_v6 ? addr->v6 : addr->v4;

	for (size_t i = 0; i < span_count(set, family); i++) {
		struct span span = span_at(set, family, i);

		if (span.lo <= number && number <= span.hi)
			return true;
	}
	return false;
}

void hosts_init(struct hosts *hosts, const struct policy *policy, struct arena *arena)
{
	*hosts = (struct hosts){.policy = policy, .arena = arena};
}

void hosts_free(struct hosts *hosts)
{
	free(hosts->items);
	hosts->items = NULL;
}

static void host_learn(struct host *host, const struct policy *policy, struct arena *arena)
{
	host->held = ARENA_ARRAY(arena, role_mask, policy->n_sections + 1);
	host->from = ARENA_ARRAY(arena, bool, policy->n_site_rules + 1);
	host->to = ARENA_ARRAY(arena, bool, policy->n_site_rules + 1);
	for (size_t s = 0; s < policy->n_sections; s++)
		for (enum role role = 0; role < ROLE_MAX; role++)
			if (set_holds(&policy->sections[s].roles[role].addrs, &host->addr))
				host->held[s] |= ROLE_BIT(role);
	for (size_t i = 0; i < policy->n_site_rules; i++) {
		host->from[i] = set_holds(&policy->site_rules[i].from, &host->addr);
		host->to[i] = set_holds(&policy->site_rules[i].to, &host->addr);
	}
	host->never_denied = set_holds(&policy->never_deny, &host->addr);
}

size_t hosts_add(struct hosts *hosts, const struct addr *addr)
{
	struct host *host;

	for (size_t i = 0; i < hosts->n; i++)
		if (addr_same(&hosts->items[i].addr, addr))
			return i;
	host = ARRAY_PUSH(hosts->items, hosts->n, hosts->cap);
	*host = (struct host){.addr = *addr};
	host_learn(host, hosts->policy, hosts->arena);
	return hosts->n - 1;
}

static void sample_add(struct hosts *hosts, struct sample *sample, enum family family, u128 number)
{
	struct addr addr = addr_of(family, number);
	size_t host;

	if (sample->n == SAMPLE_MAX)
		return;
	host = hosts_add(hosts, &addr);
	for (size_t i = 0; i < sample->n; i++)
		if (sample->hosts[i] == host)
			return;
	sample->hosts[sample->n++] = host;
}

/* What of the span can be forwarded, between its first and last such address; false for nothing. */
static bool span_clip(enum family family, struct span *span)
{
	const struct span *good = family == FAMILY_4 ? forwarded4 : forwarded6;
	size_t n = family == FAMILY_4 ? ARRAY_SIZE(forwarded4) : ARRAY_SIZE(forwarded6);
	struct span found = {1, 0};

	for (size_t i = 0; i < n; i++) {
		u128 lo = span->lo > good[i].lo ? span->lo : good[i].lo;
		u128 hi = span->hi < good[i].hi ? span->hi : good[i].hi;

		if (lo > hi)
			continue;
		if (found.lo > found.hi)
			found.lo = lo;
		found.hi = hi;
	}
	*span = found;
	return found.lo <= found.hi;
}

/* The span number n_wanted (from the end: of n - 1 - n_wanted) that is single or not; both ends of it. */
static void sample_spans(struct hosts *hosts, const struct addr_set *set, enum family family, bool single,
                         struct sample *ret)
{
	size_t n = span_count(set, family), first = n, last = n;

	for (size_t i = 0; i < n; i++) {
		struct span span = span_at(set, family, i);

		if ((span.lo == span.hi) != single || !span_clip(family, &span))
			continue;
		first = first == n ? i : first;
		last = i;
	}
	for (size_t i = first; i < n; i = i == last ? n : last) {
		struct span span = span_at(set, family, i);

		span_clip(family, &span);
		sample_add(hosts, ret, family, span.lo);
		sample_add(hosts, ret, family, span.hi);
	}
}

static void sample_middle(struct hosts *hosts, const struct addr_set *set, enum family family,
                          struct sample *ret)
{
	struct span span = span_at(set, family, span_count(set, family) / 2);

	if (span_clip(family, &span))
		sample_add(hosts, ret, family, span.lo);
}

static void sample_outside(struct hosts *hosts, const struct addr_set *set, enum family family,
                           struct sample *ret)
{
	struct span below = span_at(set, family, 0);
	struct span above = span_at(set, family, span_count(set, family) - 1);

	below.hi = --below.lo;
	above.lo = ++above.hi;
	if (span_clip(family, &below))
		sample_add(hosts, ret, family, below.lo);
	if (span_clip(family, &above))
		sample_add(hosts, ret, family, above.lo);
}

void hosts_sample(struct hosts *hosts, const struct addr_set *addrs, struct samples *ret)
{
	*ret = (struct samples){.inside = {{.n = 0}}};
	for (enum family family = 0; family < FAMILY_MAX; family++) {
		if (span_count(addrs, family) == 0)
			continue;
		sample_spans(hosts, addrs, family, true, &ret->inside[family]);
		sample_spans(hosts, addrs, family, false, &ret->inside[family]);
		sample_middle(hosts, addrs, family, &ret->inside[family]);
		sample_outside(hosts, addrs, family, &ret->outside[family]);
	}
}

static bool shared_find(const struct addr_set *a, const struct addr_set *b, enum family family, u128 *ret)
{
	for (size_t i = 0, j = 0; i < span_count(a, family) && j < span_count(b, family);) {
		struct span left = span_at(a, family, i), right = span_at(b, family, j);
		struct span both = {left.lo > right.lo ? left.lo : right.lo,
		                    left.hi < right.hi ? left.hi : right.hi};

		if (both.lo <= both.hi && span_clip(family, &both)) {
			*ret = both.lo;
			return true;
		}
		if (left.hi < right.hi)
			i++;
		else
			j++;
	}
	return false;
}

void hosts_sample_shared(struct hosts *hosts, const struct addr_set *addrs, const struct addr_set *other,
                         struct samples *ret)
{
	u128 number;

	for (enum family family = 0; family < FAMILY_MAX; family++)
		if (ret->inside[family].n < SAMPLE_MAX && shared_find(addrs, other, family, &number))
			sample_add(hosts, &ret->inside[family], family, number);
}

static bool anybody_holds(const struct policy *policy, const struct host *host)
{
	bool holds = host->never_denied;

	for (size_t s = 0; s < policy->n_sections; s++)
		holds |= host->held[s] != 0;
	for (size_t i = 0; i < policy->n_site_rules; i++)
		holds |= host->from[i] || host->to[i];
	return holds;
}

bool hosts_add_nobody(struct hosts *hosts, enum family family, size_t *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(documentation[family]); i++)
		for (u128 number = documentation[family][i].hi; number >= documentation[family][i].lo;
		     number -= 50) {
			struct addr addr = addr_of(family, number);

			*ret = hosts_add(hosts, &addr);
			if (!anybody_holds(hosts->policy, &hosts->items[*ret]))
				return true;
		}
	return false;
}

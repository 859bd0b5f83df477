// SPDX-License-Identifier: GPL-2.0-or-later
/* Between the numbers of a plain world and the addresses of the program. */
#include "tests/lab/plain_opinion.h"

#include "tests/unit/plain_writer.h"

#define NET4 ((uint32_t)0x0a000000)
#define NET6 ((u128)0x20010db8 << 96)

struct plain_opinion {
	struct world world;
};

struct plain_opinion *plain_opinion_new(FILE *out)
{
	struct plain_opinion *opinion = calloc(1, sizeof(*opinion));

	if (!opinion)
		abort();
	write_world(&opinion->world, out);
	opinion->world.closed = true;
	opinion->world.audit = false;
	return opinion;
}

void plain_opinion_free(struct plain_opinion *opinion)
{
	free(opinion);
}

/* Any number that is not in the world stands for everybody else. */
static unsigned number_of(const struct addr *addr)
{
	u128 number = addr->is_v6 ? addr->v6 - NET6 : (uint32_t)(addr->v4 - NET4);

	return number < PLAIN_ADDRESSES ? (unsigned)number : PLAIN_ADDRESSES;
}

enum verdict plain_opinion_of(struct plain_opinion *opinion, const struct query *query, bool install)
{
	struct packet packet = {
	        .v6 = query->src.is_v6,
	        .src = number_of(&query->src),
	        .dst = number_of(&query->dst),
	        .proto = query->proto,
	        .port = query->port,
	};
	enum opening opening = judge_packet(&opinion->world, &packet);

	if (opening == BEHIND_CLOSED_GATE && install)
		opening = OPEN;
	return plain_verdict(&opinion->world, &packet, query->path, opening);
}

struct addr plain_addr(bool v6, unsigned i)
{
	struct addr addr = {.is_v6 = v6};

	if (v6)
		addr.v6 = NET6 + i;
	else
		addr.v4 = NET4 + i;
	return addr;
}

uint16_t plain_port(void)
{
	static const uint16_t others[] = {1,   22,    53,    88,    135,        389,
	                                  443, 49151, 49152, 65535, MOVED_PORT, 7000};
	size_t n;
	const struct table_line *lines = table_lines(CHANCE(2) ? TABLE_2016 : TABLE_CURRENT, &n);
	const struct table_line *line = &lines[rnd((unsigned)n)];

	return line->proto == PROTO_ICMP || CHANCE(4) ? others[rnd(ARRAY_SIZE(others))]
	       : CHANCE(2)                            ? line->ports.lo
	                                              : line->ports.hi;
}

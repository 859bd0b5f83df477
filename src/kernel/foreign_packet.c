// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The packet as rules see it: the bytes of its headers, each with what is known of it. Whatever the sender is free to
 * choose, its port, lifetime or identification, stays unknown.
 */
#include "kernel/foreign_state.h"

#include <linux/netfilter/nf_conntrack_common.h>
#include <string.h>

#define TCP_FLAGS_AT 13
#define TCP_SYN      0x02

static void put(struct foreign_bytes *bytes, size_t at, const void *value, size_t len)
{
	memcpy(bytes->value + at, value, len);
	memset(bytes->known + at, 0xff, len);
}

static void put_byte(struct foreign_bytes *bytes, size_t at, uint8_t value)
{
	put(bytes, at, &value, 1);
}

/* No options, no fragment; an IPv6 packet has no extension headers. */
static void begin_network(struct foreign_state *state)
{
	const struct foreign_packet *packet = state->packet;
	uint8_t proto = packet->proto;

	if (packet->v6) {
		if (proto == IPPROTO_ICMP)
			proto = IPPROTO_ICMPV6;
		state->network.value[0] = 0x60;
		state->network.known[0] = 0xf0;
		put_byte(&state->network, 6, proto);
		put(&state->network, 8, packet->src, 16);
		put(&state->network, 24, packet->dst, 16);
	} else {
		put_byte(&state->network, 0, 0x45);
		state->network.known[6] = 0x3f;
		state->network.known[7] = 0xff;
		put_byte(&state->network, 9, proto);
		put(&state->network, 12, packet->src, 4);
		put(&state->network, 16, packet->dst, 4);
	}
}

static void begin_transport(struct foreign_state *state)
{
	const struct foreign_packet *packet = state->packet;

	if (packet->proto == IPPROTO_ICMP) {
		put_byte(&state->transport, 0, packet->v6 ? 128 : 8);
		put_byte(&state->transport, 1, 0);
		return;
	}
	put_byte(&state->transport, 2, (uint8_t)(packet->port >> 8));
	put_byte(&state->transport, 3, (uint8_t)packet->port);
	if (packet->proto == IPPROTO_TCP) {
		state->transport.value[TCP_FLAGS_AT] = TCP_SYN;
		state->transport.known[TCP_FLAGS_AT] = 0x3f; /* ECN is the sender's to ask for */
	}
}

void foreign_state_begin(struct foreign_state *state, const struct foreign_packet *packet)
{
	*state = (struct foreign_state){
	        .packet = packet,
	        .mark_known = UINT32_MAX,
	        .ct_mark_known = UINT32_MAX,
	        .ct_state = NF_CT_STATE_BIT(IP_CT_NEW),
	        .ct_state_known = true,
	};
	begin_network(state);
	begin_transport(state);
}

void foreign_mark_set(const struct foreign_state *state, uint32_t *mark, uint32_t *known, uint32_t value,
                      uint32_t value_known)
{
	if (state->unsure) /* it has one value or the other: only where they agree it is known */
		value_known &= *known & ~(*mark ^ value);
	*mark = value;
	*known = value_known;
}

void foreign_state_untrack(struct foreign_state *state)
{
	state->ct_state = NF_CT_STATE_UNTRACKED_BIT;
	if (state->unsure)
		state->ct_state_known = false;
}

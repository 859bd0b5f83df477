// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Expressions that fill a register: parts of the packet, what is known around it, its connection. And those that write
 * back marks. What is not listed here leaves its register unknown.
 */
#include "kernel/foreign_state.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <net/ethernet.h>
#include <string.h>

#include "util/array.h"

#define VALUE_MAX 16 /* of meta and ct: the name of an interface, labels */

/* Fills a register; whole words, as the kernel does. known NULL: all of it. */
static void store(struct foreign_state *state, uint32_t number, const void *value, const void *known,
                  size_t len)
{
	size_t words = (len + 3) / 4 * 4;
	int at = foreign_register(number, words);

	if (at < 0)
		return;
	/* No pointer to a part is NULL. NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
	memset(state->registers.value + at, 0, words);
	memset(state->registers.known + at, 0xff, words);
	memcpy(state->registers.value + at, value, len);
	if (known)
		memcpy(state->registers.known + at, known, len);
}

/* len: at least that of what is not known. */
static void forget(struct foreign_state *state, uint32_t number, size_t len)
{
	size_t words = (len + 3) / 4 * 4;
	int at = foreign_register(number, 4);

	if (at < 0)
		return;
	for (size_t i = (size_t)at; i < (size_t)at + words && i < FOREIGN_DATA_MAX; i++)
		state->registers.value[i] = state->registers.known[i] = 0;
}

static void store_u8(struct foreign_state *state, uint32_t number, uint8_t value)
{
	store(state, number, &value, NULL, 1);
}

static void store_u32(struct foreign_state *state, uint32_t number, uint32_t value)
{
	store(state, number, &value, NULL, 4);
}

/* The part of a header that an expression is about; NULL: not one of those whose bytes are kept. */
static struct foreign_bytes *header_of(struct foreign_state *state, uint32_t base, uint32_t offset,
                                       uint32_t len)
{
	if (len > FOREIGN_HEADER_MAX || offset > FOREIGN_HEADER_MAX - len)
		return NULL;
	return base == NFT_PAYLOAD_NETWORK_HEADER     ? &state->network
	       : base == NFT_PAYLOAD_TRANSPORT_HEADER ? &state->transport
	                                              : NULL;
}

/* What a rule writes into the packet is not followed: those bytes are known no more. */
static void payload(struct foreign_state *state, const struct nftnl_expr *expr)
{
	uint32_t base = nftnl_expr_get_u32(expr, NFTNL_EXPR_PAYLOAD_BASE);
	uint32_t offset = nftnl_expr_get_u32(expr, NFTNL_EXPR_PAYLOAD_OFFSET);
	uint32_t len = nftnl_expr_get_u32(expr, NFTNL_EXPR_PAYLOAD_LEN);
	uint32_t number = nftnl_expr_get_u32(expr, NFTNL_EXPR_PAYLOAD_DREG);
	struct foreign_bytes *header = header_of(state, base, offset, len);

	if (header && nftnl_expr_is_set(expr, NFTNL_EXPR_PAYLOAD_SREG))
		memset(header->known + offset, 0, len);
	else if (header)
		store(state, number, header->value + offset, header->known + offset, len);
	else if (!nftnl_expr_is_set(expr, NFTNL_EXPR_PAYLOAD_SREG) && len <= FOREIGN_DATA_MAX)
		forget(state, number, len);
}

/* An interface by name or number: known, not there in this hook, or not known. */
static void load_interface(struct foreign_state *state, uint32_t number, bool by_name, bool in)
{
	const struct foreign_packet *packet = state->packet;
	bool absent = in ? state->hook == NF_INET_LOCAL_OUT ||
	                              (state->hook == NF_INET_POST_ROUTING && packet->path == FOREIGN_OUTPUT)
	                 : state->hook == NF_INET_PRE_ROUTING || state->hook == NF_INET_LOCAL_IN;
	char name[IFNAMSIZ] = "";
	uint32_t index = in ? packet->iif_index : packet->oif_index;

	snprintf(name, sizeof(name), "%s",
	         in ? packet->iif : packet->oif); /* the rest is zeros, as in the kernel */
	if (absent)
		memset(name, 0, sizeof(name));
	if (!absent && !*name)
		forget(state, number, by_name ? sizeof(name) : 4);
	else if (by_name)
		store(state, number, name, NULL, sizeof(name));
	else
		store_u32(state, number, absent ? 0 : index);
}

static void load_meta(struct foreign_state *state, uint32_t number, uint32_t key)
{
	uint16_t ether = htons(state->packet->v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
	uint8_t proto = state->packet->proto;

	if (key == NFT_META_PROTOCOL)
		store(state, number, &ether, NULL, 2);
	else if (key == NFT_META_NFPROTO)
		store_u8(state, number, state->packet->v6 ? NFPROTO_IPV6 : NFPROTO_IPV4);
	else if (key == NFT_META_L4PROTO)
		store_u8(state, number, proto == IPPROTO_ICMP && state->packet->v6 ? IPPROTO_ICMPV6 : proto);
	else if (key == NFT_META_MARK)
		store(state, number, &state->mark, &state->mark_known, 4);
	else if (key == NFT_META_IIF || key == NFT_META_IIFNAME)
		load_interface(state, number, key == NFT_META_IIFNAME, true);
	else if (key == NFT_META_OIF || key == NFT_META_OIFNAME)
		load_interface(state, number, key == NFT_META_OIFNAME, false);
	else if (key == NFT_META_PKTTYPE)
		store_u8(state, number, 0); /* PACKET_HOST */
	else
		forget(state, number, VALUE_MAX);
}

static void store_mark(struct foreign_state *state, uint32_t number, uint32_t *mark, uint32_t *known)
{
	int at = foreign_register(number, 4);
	uint32_t value = 0, value_known = 0;

	if (at >= 0) {
		memcpy(&value, state->registers.value + at, 4);
		memcpy(&value_known, state->registers.known + at, 4);
	}
	foreign_mark_set(state, mark, known, value, value_known);
}

static void meta(struct foreign_state *state, const struct nftnl_expr *expr)
{
	uint32_t key = nftnl_expr_get_u32(expr, NFTNL_EXPR_META_KEY);

	if (!nftnl_expr_is_set(expr, NFTNL_EXPR_META_SREG))
		load_meta(state, nftnl_expr_get_u32(expr, NFTNL_EXPR_META_DREG), key);
	else if (key == NFT_META_MARK)
		store_mark(state, nftnl_expr_get_u32(expr, NFTNL_EXPR_META_SREG), &state->mark,
		           &state->mark_known);
}

/* Of a connection without address translation, seen with its first packet. */
static void load_tuple(struct foreign_state *state, uint32_t number, uint32_t key, bool reply)
{
	const struct foreign_packet *packet = state->packet;
	size_t len = packet->v6 ? 16 : 4;
	uint16_t port = htons(packet->port);
	bool source =
	        key == NFT_CT_SRC || key == NFT_CT_SRC_IP || key == NFT_CT_SRC_IP6 || key == NFT_CT_PROTO_SRC;

	if (key != NFT_CT_PROTO_SRC && key != NFT_CT_PROTO_DST)
		store(state, number, source != reply ? packet->src : packet->dst, NULL, len);
	else if (source == reply && packet->proto != IPPROTO_ICMP)
		store(state, number, &port, NULL, 2);
	else
		forget(state, number, 2);
}

static void load_ct(struct foreign_state *state, uint32_t number, uint32_t key, bool reply)
{
	static const uint32_t tuple_keys[] = {NFT_CT_SRC,       NFT_CT_DST,      NFT_CT_SRC_IP,
	                                      NFT_CT_DST_IP,    NFT_CT_SRC_IP6,  NFT_CT_DST_IP6,
	                                      NFT_CT_PROTO_SRC, NFT_CT_PROTO_DST};

	for (size_t i = 0; i < ARRAY_SIZE(tuple_keys); i++)
		if (key == tuple_keys[i]) {
			load_tuple(state, number, key, reply);
			return;
		}
	if (key == NFT_CT_STATE && state->ct_state_known)
		store_u32(state, number, state->ct_state);
	else if (key == NFT_CT_STATUS)
		store_u32(state, number, 0);
	else if (key == NFT_CT_MARK)
		store(state, number, &state->ct_mark, &state->ct_mark_known, 4);
	else if (key == NFT_CT_DIRECTION)
		store_u8(state, number, IP_CT_DIR_ORIGINAL);
	else if (key == NFT_CT_L3PROTOCOL)
		load_meta(state, number, NFT_META_NFPROTO);
	else if (key == NFT_CT_PROTOCOL)
		load_meta(state, number, NFT_META_L4PROTO);
	else
		forget(state, number, VALUE_MAX);
}

static void connection(struct foreign_state *state, const struct nftnl_expr *expr)
{
	uint32_t key = nftnl_expr_get_u32(expr, NFTNL_EXPR_CT_KEY);

	if (!nftnl_expr_is_set(expr, NFTNL_EXPR_CT_SREG))
		load_ct(state, nftnl_expr_get_u32(expr, NFTNL_EXPR_CT_DREG), key,
		        nftnl_expr_is_set(expr, NFTNL_EXPR_CT_DIR) &&
		                nftnl_expr_get_u8(expr, NFTNL_EXPR_CT_DIR) == IP_CT_DIR_REPLY);
	else if (key == NFT_CT_MARK)
		store_mark(state, nftnl_expr_get_u32(expr, NFTNL_EXPR_CT_SREG), &state->ct_mark,
		           &state->ct_mark_known);
}

/*
 * The way back to the sender leads over the interface it came in by, as far as is known: that is how the interface was
 * found. So "fib saddr . iif oif" is there.
 */
static void load_fib(struct foreign_state *state, const struct nftnl_expr *expr)
{
	uint32_t number = nftnl_expr_get_u32(expr, NFTNL_EXPR_FIB_DREG);
	uint32_t flags = nftnl_expr_get_u32(expr, NFTNL_EXPR_FIB_FLAGS);
	uint32_t result = nftnl_expr_get_u32(expr, NFTNL_EXPR_FIB_RESULT);
	const struct foreign_packet *packet = state->packet;
	bool back = flags & NFTA_FIB_F_SADDR && *packet->iif;
	bool local =
	        flags & NFTA_FIB_F_SADDR ? packet->path == FOREIGN_OUTPUT : packet->path == FOREIGN_INPUT;

	if (result == NFT_FIB_RESULT_ADDRTYPE)
		store_u32(state, number, local ? RTN_LOCAL : RTN_UNICAST);
	else if (result == NFT_FIB_RESULT_OIF && back && flags & NFTA_FIB_F_PRESENT)
		store_u32(state, number, 1);
	else if (result == NFT_FIB_RESULT_OIF && back)
		store_u32(state, number, packet->iif_index);
	else
		forget(state, number, result == NFT_FIB_RESULT_OIFNAME ? IFNAMSIZ : 4);
}

static void load_immediate(struct foreign_state *state, const struct nftnl_expr *expr)
{
	uint32_t len = 0;
	const void *data = nftnl_expr_get(expr, NFTNL_EXPR_IMM_DATA, &len);

	if (data && len <= FOREIGN_DATA_MAX)
		store(state, nftnl_expr_get_u32(expr, NFTNL_EXPR_IMM_DREG), data, NULL, len);
}

bool foreign_load(struct foreign_state *state, const struct nftnl_expr *expr, const char *name)
{
	static const struct {
		const char *name;
		void (*load)(struct foreign_state *state, const struct nftnl_expr *expr);
	} loaders[] = {
	        {"payload", payload},          {"meta", meta}, {"ct", connection}, {"fib", load_fib},
	        {"immediate", load_immediate},
	};

	for (size_t i = 0; i < ARRAY_SIZE(loaders); i++)
		if (!strcmp(name, loaders[i].name)) {
			loaders[i].load(state, expr);
			return true;
		}
	return false;
}

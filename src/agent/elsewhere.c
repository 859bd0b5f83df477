// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An accept of ours is final in our own table only. So the packet that explain has found to pass is followed through the
 * tables of others too, over the interfaces it would be routed by.
 */
#include "agent/elsewhere.h"

#include <libmnl/libmnl.h>
#include <stdio.h>
#include <string.h>

#include "kernel/kernel.h"
#include "kernel/routes.h"
#include "util/array.h"
#include "util/reply.h"

#define VERDICTS_MAX 16

static void put_address(const struct addr *addr, uint8_t *ret)
{
	size_t len = addr->is_v6 ? 16 : 4;

	for (size_t i = 0; i < len; i++)
		ret[i] = (uint8_t)((addr->is_v6 ? addr->v6 : addr->v4) >> (8 * (len - 1 - i)));
}

static uint8_t protocol_number(enum proto proto)
{
	static const uint8_t numbers[PROTO_MAX] = {
	        [PROTO_TCP] = IPPROTO_TCP,
	        [PROTO_UDP] = IPPROTO_UDP,
	        [PROTO_ICMP] = IPPROTO_ICMP,
	};

	return numbers[proto];
}

static void route_packet(struct mnl_socket *routes, const struct query *query, struct foreign_packet *packet)
{
	struct route back, there;

	if (route_find(routes, &query->src, &back) < 0 || route_find(routes, &query->dst, &there) < 0)
		return;
	packet->path = there.local ? FOREIGN_INPUT : back.local ? FOREIGN_OUTPUT : FOREIGN_FORWARD;
	if (back.exists && !back.local) {
		packet->iif_index = back.index;
		memcpy(packet->iif, back.interface, sizeof(packet->iif));
	}
	if (there.exists && !there.local) {
		packet->oif_index = there.index;
		memcpy(packet->oif, there.interface, sizeof(packet->oif));
	}
}

void elsewhere_packet(struct mnl_socket *routes, const struct query *query, struct foreign_packet *ret)
{
	*ret = (struct foreign_packet){
	        .v6 = query->src.is_v6,
	        .proto = protocol_number(query->proto),
	        .port = query->port,
	};
	put_address(&query->src, ret->src);
	put_address(&query->dst, ret->dst);
	if (routes)
		route_packet(routes, query, ret);
}

static json_t *verdict_json(const struct foreign_verdict *verdict, const char *text)
{
	const struct foreign_rule *rule = verdict->rule;

	return json_pack("{s:s, s:o, s:o, s:s, s:o, s:o, s:o, s:s, s:s}", "family",
	                 foreign_family_name(verdict->base->family), "table",
	                 reply_string(verdict->base->table), "chain", reply_string(verdict->base->name),
	                 "hook", foreign_hook_name(verdict->base->hook), "in",
	                 reply_string(verdict->chain->name), "handle",
	                 rule ? json_integer((json_int_t)rule->handle) : json_null(), "comment",
	                 rule && rule->comment ? reply_string(rule->comment) : json_null(), "answer",
	                 foreign_answer_name(verdict), "text", text);
}

static bool says(const json_t *reply, const char *verdict)
{
	const char *said = json_string_value(json_object_get(reply, "verdict"));

	return said && !strcmp(said, verdict);
}

static bool gets_past_us(const json_t *reply)
{
	static const enum verdict passing[] = {VERDICT_ALLOWED, VERDICT_NOT_JUDGED, VERDICT_NEVER_DENY,
	                                       VERDICT_AUDITED};

	for (size_t i = 0; i < ARRAY_SIZE(passing); i++)
		if (says(reply, verdict_name(passing[i])))
			return true;
	return false;
}

static void walk(json_t *reply, const struct foreign *foreign, const struct policy *policy,
                 const struct query *query)
{
	struct foreign_verdict verdicts[VERDICTS_MAX];
	struct mnl_socket *routes = NULL;
	struct foreign_packet packet;
	json_t *list = json_array();
	size_t n;

	routes_open(&routes);
	elsewhere_packet(routes, query, &packet);
	if (routes)
		mnl_socket_close(routes);
	if (policy->settings.accept_mark_set && says(reply, verdict_name(VERDICT_ALLOWED))) {
		packet.mark = policy->settings.accept_mark_value;
		packet.mark_mask = policy->settings.accept_mark_mask;
	}
	n = foreign_walk(foreign, &packet, verdicts, VERDICTS_MAX);
	for (size_t i = 0; i < n; i++) {
		char text[FOREIGN_TEXT_MAX];

		foreign_verdict_text(&verdicts[i], text, sizeof(text));
		json_array_append_new(list, verdict_json(&verdicts[i], text));
		reply_say(reply, "  %-13s%s", i ? "" : "elsewhere", text);
	}
	json_object_set_new(reply, "elsewhere", list);
}

void elsewhere_add(json_t *reply, struct kernel *kernel, const struct policy *policy,
                   const struct query *query)
{
	struct foreign *foreign;

	json_object_set_new(reply, "elsewhere", json_null());
	if (query->proto == PROTO_MAX || !gets_past_us(reply))
		return;
	if (!kernel || kernel_foreign_read(kernel, &foreign) < 0) {
		reply_say(reply, "  %-13snot looked at: %s", "elsewhere",
		          kernel ? kernel_error(kernel) : "that takes root, or a running agent");
		return;
	}
	walk(reply, foreign, policy, query);
	foreign_free(foreign);
}

void elsewhere_add_here(json_t *reply, const struct policy *policy, const struct query *query)
{
	struct kernel *kernel = NULL;
	const char *error;

	if (kernel_open(&kernel, &error) < 0)
		kernel = NULL;
	elsewhere_add(reply, kernel, policy, query);
	if (kernel)
		kernel_close(kernel);
}

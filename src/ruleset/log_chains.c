// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which denied packets are logged. `log_rate` is the cap for all of them together; below it every flow has a small share
 * of its own, so that a loud one does not hide a rare one. A flow is two addresses, protocol and port; of protocols
 * without ports, two addresses and protocol.
 *
 *   chain log_denied {
 *     meta l4proto tcp goto log_flow
 *     meta l4proto udp goto log_flow
 *     update @denied_pairs4 { ip saddr . ip daddr . meta l4proto limit rate over 6/minute burst 2 packets } return
 *     update @denied_pairs6 { ip6 saddr . ip6 daddr . meta l4proto limit rate over 6/minute burst 2 packets } return
 *     goto log_packet
 *   }
 *   chain log_flow {
 *     update @denied_flows4 { ip saddr . ip daddr . meta l4proto . th dport limit rate over 6/minute ... } return
 *     update @denied_flows6 { ip6 saddr . ip6 daddr . meta l4proto . th dport limit rate over 6/minute ... } return
 *     goto log_packet
 *   }
 *   chain log_packet { limit rate 20/second burst 20 packets log prefix "omfwd:denied " group 5 snaplen 96 }
 *
 * A flow for which a set has no room does not match, and has the cap alone; so has a fragment without a port.
 */
#include "ruleset/builder.h"

#include <netinet/in.h>

#include "util/array.h"

#define CHAIN_LOG_DENIED "log_denied"
#define CHAIN_LOG_FLOW   "log_flow"
#define CHAIN_LOG_PACKET "log_packet"

#define LOUD_RATE     6 /* packets a minute */
#define LOUD_UNIT     60
#define LOUD_SET_SIZE 4096 /* at about 200 bytes each */

/* update @SET { ... limit rate over 6/minute burst 2 packets } return */
static void add_loud_rule(struct builder *b, struct nft_chain *chain, const char *name, enum set_type type)
{
	struct nft_set *set = builder_add_set(b, name, type);
	struct nft_rule *rule = rule_new(chain);

	set->size = LOUD_SET_SIZE;
	rule_loud(rule, set, LOUD_RATE, LOUD_UNIT);
	rule_plain(rule, STMT_RETURN);
}

static void add_log_packet(struct builder *b)
{
	const struct settings *settings = &b->policy->settings;
	struct nft_rule *rule = rule_new(builder_add_chain(b, CHAIN_LOG_PACKET));

	rule_limit(rule, settings->log_rate, settings->log_rate_unit);
	rule_log(rule, settings->mode == MODE_AUDIT ? LOG_PREFIX_AUDIT : LOG_PREFIX_DENIED,
	         settings->log_group);
}

const char *builder_add_log_chains(struct builder *b)
{
	static const uint8_t with_ports[] = {IPPROTO_TCP, IPPROTO_UDP};
	struct nft_chain *chain;

	add_log_packet(b);
	chain = builder_add_chain(b, CHAIN_LOG_FLOW);
	add_loud_rule(b, chain, "denied_flows4", SET_FLOWS4);
	add_loud_rule(b, chain, "denied_flows6", SET_FLOWS6);
	rule_to_chain(rule_new(chain), STMT_GOTO, CHAIN_LOG_PACKET);

	chain = builder_add_chain(b, CHAIN_LOG_DENIED);
	for (size_t i = 0; i < ARRAY_SIZE(with_ports); i++) {
		struct nft_rule *rule = rule_new(chain);

		rule_l4proto(rule, with_ports[i]);
		rule_to_chain(rule, STMT_GOTO, CHAIN_LOG_FLOW);
	}
	add_loud_rule(b, chain, "denied_pairs4", SET_PAIRS4);
	add_loud_rule(b, chain, "denied_pairs6", SET_PAIRS6);
	rule_to_chain(rule_new(chain), STMT_GOTO, CHAIN_LOG_PACKET);
	return CHAIN_LOG_DENIED;
}

static const struct stmt *find_log(const struct nft_rule *rule)
{
	for (unsigned i = 0; i < rule->n; i++)
		if (rule->stmts[i].kind == STMT_LOG)
			return &rule->stmts[i];
	return NULL;
}

bool ruleset_log_group(const struct ruleset *ruleset, uint16_t *ret)
{
	for (size_t i = 0; i < ruleset->n_chains; i++)
		for (size_t j = 0; j < ruleset->chains[i]->n; j++) {
			const struct stmt *log = find_log(&ruleset->chains[i]->rules[j]);

			if (log) {
				*ret = log->group;
				return true;
			}
		}
	return false;
}

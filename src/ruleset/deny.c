// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who is denied what, and the base chains.
 *
 *   chain forward { type filter hook forward priority filter - 5; policy accept;
 *     jump judge
 *     jump deny_roles | jump deny_servers | goto denied
 *     accept
 *   }
 *
 * With deny_scope roles or servers only packets from and to judged addresses (scope.c) can be denied. Their connections have
 * chains of their own (ends.c), which end in this one; what is neither theirs nor without a connection is not judged at all:
 *
 *   chain judged { jump deny_roles; accept }
 *   chain forward { ct reply ip saddr vmap @to4; ct original ip saddr vmap @from4;
 *     ct state invalid,untracked goto judged; accept }
 *
 * deny_scope = roles denies a packet between a server role and any role of the file: the two small sets of all servers
 * are looked up first, and only for their packets the roles one by one, so that no member is stored twice. What is to be
 * denied returns to the one rule that does it, because kernels that keep no notes of what they have looked at (6.1 does not)
 * look at all that is behind a "goto denied" for each.
 * Every base chain ends in an explicit verdict. Its policy alone would take effect late when the table is made, and
 * the other way round: the kernel sets a policy of drop after it has hooked the chain.
 */
#include "ruleset/builder.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>

#include "util/array.h"

#define CHAIN_DENIED       "denied"
#define CHAIN_DENY_ROLES   "deny_roles"
#define CHAIN_DENY_SERVERS "deny_servers"

/* ip saddr @SET VERDICT, for every set of the endpoint */
static void add_addr_rules(struct nft_chain *chain, const struct endpoint *endpoint, enum stmt_kind addr,
                           enum stmt_kind verdict, const char *to_chain, const char *comment)
{
	for (enum endpoint_part part = 0; part < PART_MAX; part++) {
		struct nft_rule *rule;

		if (!endpoint->parts[part])
			continue;
		rule = rule_new(chain);
		rule_addr(rule, addr, endpoint->parts[part]);
		if (to_chain)
			rule_to_chain(rule, verdict, to_chain);
		else
			rule_plain(rule, verdict);
		rule->comment = comment;
	}
}

/* A packet that conntrack cannot place may be a stray of a good connection: no reset for it, or the connection ends. */
static void add_rejects(struct nft_chain *chain)
{
	struct nft_rule *rule = rule_new(chain);

	rule_plain(rule, STMT_CT_INVALID);
	rule_counter(rule, COUNTER_DENIED);
	rule_plain(rule, STMT_DROP);
	rule = rule_new(chain);
	rule_l4proto(rule, IPPROTO_TCP);
	rule_counter(rule, COUNTER_DENIED);
	rule_plain(rule, STMT_REJECT_RESET);
	rule = rule_new(chain);
	rule_counter(rule, COUNTER_DENIED);
	rule_plain(rule, STMT_REJECT_ICMP);
}

/*
 * chain denied {
 *   jump judge_resumed
 *   ip saddr @never_deny.hosts4 accept
 *   jump log_denied
 *   counter name "denied" drop
 * }
 */
static void add_denied(struct builder *b)
{
	const struct settings *settings = &b->policy->settings;
	bool audit = settings->mode == MODE_AUDIT;
	const char *counter = audit ? COUNTER_WOULD_BE_DENIED : COUNTER_DENIED;
	const char *log = settings->log_denied ? builder_add_log_chains(b) : NULL;
	struct endpoint never = builder_make_endpoint(b, "never_deny", &b->policy->never_deny, 0);
	struct nft_chain *chain = builder_add_chain(b, CHAIN_DENIED);
	struct nft_rule *rule;

	builder_add_counter(b, counter);
	if (builder_find_chain(b, CHAIN_JUDGE_RESUMED))
		rule_to_chain(rule_new(chain), STMT_JUMP, CHAIN_JUDGE_RESUMED);
	add_addr_rules(chain, &never, STMT_SADDR, STMT_ACCEPT, NULL, NULL);
	add_addr_rules(chain, &never, STMT_DADDR, STMT_ACCEPT, NULL, NULL);
	if (log)
		rule_to_chain(rule_new(chain), STMT_JUMP, log);
	if (!audit && settings->deny_action == DENY_REJECT) {
		add_rejects(chain);
		return;
	}
	rule = rule_new(chain);
	rule_counter(rule, counter);
	rule_plain(rule, audit ? STMT_ACCEPT : STMT_DROP);
}

/* The sets of addresses that were taken together from several roles. */
static struct endpoint make_gathered(struct builder *b, const char *name, const struct addr_set *addrs)
{
	struct endpoint endpoint = builder_make_endpoint(b, name, addrs, 0);

	for (enum endpoint_part part = 0; part < PART_MAX; part++)
		if (endpoint.parts[part])
			endpoint.parts[part]->gathered = true;
	return endpoint;
}

static struct endpoint make_servers(struct builder *b)
{
	struct addr_set all = {0};

	builder_gather_servers(b, &all);
	addr_set_canonicalize(&all);
	return make_gathered(b, "servers", builder_keep_addrs(b, &all));
}

/* ip daddr @ROLE return, for every role */
static void add_role_rules(struct builder *b, struct nft_chain *chain, enum stmt_kind addr)
{
	for (size_t s = 0; s < b->policy->n_sections; s++) {
		const struct section *section = &b->policy->sections[s];

		for (enum role role = 0; role < ROLE_MAX; role++)
			if (!addr_set_is_empty(&section->roles[role].addrs))
				add_addr_rules(
				        chain, builder_role(b, section, role), addr, STMT_RETURN, NULL,
				        builder_comment(b, arena_printf(b->policy->arena, "%s %s %s",
				                                        addr == STMT_SADDR ? "from" : "to",
				                                        section->name, role_name(role))));
	}
}

/* chain deny_roles { jump server_and_role; goto denied } */
static void add_denying_chain(struct builder *b, const char *name, const char *question)
{
	struct nft_chain *chain = builder_add_chain(b, name);

	rule_to_chain(rule_new(chain), STMT_JUMP, question);
	rule_to_chain(rule_new(chain), STMT_GOTO, CHAIN_DENIED);
}

/*
 * chain to_role { ip daddr @prod.windows_agent.hosts4 return; accept }
 * chain from_role { ip saddr @prod.windows_agent.hosts4 return; accept }
 * chain server_and_role { ip saddr @servers.hosts4 goto to_role; ip daddr @servers.hosts4 goto from_role; accept }
 *
 * Whoever has no role is no server either: what a chain of roles accepts is denied in neither direction.
 */
static void add_deny_roles(struct builder *b, const struct endpoint *servers)
{
	static const struct {
		const char *roles;
		enum stmt_kind server, role;
	} directions[] = {
	        {"to_role", STMT_SADDR, STMT_DADDR},
	        {"from_role", STMT_DADDR, STMT_SADDR},
	};
	struct nft_chain *chain;

	for (size_t i = 0; i < ARRAY_SIZE(directions); i++) {
		chain = builder_add_chain(b, directions[i].roles);
		add_role_rules(b, chain, directions[i].role);
		rule_plain(rule_new(chain), STMT_ACCEPT);
	}
	chain = builder_add_chain(b, "server_and_role");
	for (size_t i = 0; i < ARRAY_SIZE(directions); i++)
		add_addr_rules(chain, servers, directions[i].server, STMT_GOTO, directions[i].roles, NULL);
	rule_plain(rule_new(chain), STMT_ACCEPT);
	add_denying_chain(b, CHAIN_DENY_ROLES, "server_and_role");
}

/*
 * chain server { ip saddr @servers.hosts4 return; ip daddr @servers.hosts4 return; accept }
 * chain deny_servers { jump server; goto denied }
 */
static void add_deny_servers(struct builder *b, const struct endpoint *servers)
{
	struct nft_chain *chain = builder_add_chain(b, "server");

	add_addr_rules(chain, servers, STMT_SADDR, STMT_RETURN, NULL, "from a server role");
	add_addr_rules(chain, servers, STMT_DADDR, STMT_RETURN, NULL, "to a server role");
	rule_plain(rule_new(chain), STMT_ACCEPT);
	add_denying_chain(b, CHAIN_DENY_SERVERS, "server");
}

/* Loopback is no network, and without neighbour discovery the gateway's own IPv6 would stop. */
static void add_local_exceptions(struct nft_chain *chain, struct nft_set *neighbour_discovery)
{
	struct nft_rule *rule = rule_new(chain);

	rule_plain(rule, chain->hook == HOOK_INPUT ? STMT_IIF_LO : STMT_OIF_LO);
	rule_plain(rule, STMT_ACCEPT);
	rule = rule_new(chain);
	rule_icmpv6_type(rule, neighbour_discovery);
	rule_plain(rule, STMT_ACCEPT);
}

/*
 * Our own reject speaks with the address of the server, through the output hook:
 *
 *   meta l4proto tcp tcp flags rst ct state related accept
 *   meta l4proto icmp ct state related accept
 *
 * No other local reset is "related": a connection's own is established.
 */
static void add_reject_exceptions(struct nft_chain *chain)
{
	static const uint8_t errors[] = {IPPROTO_ICMP, IPPROTO_ICMPV6};
	struct nft_rule *rule = rule_new(chain);

	rule_l4proto(rule, IPPROTO_TCP);
	rule_plain(rule, STMT_TCP_RST);
	rule_plain(rule, STMT_CT_RELATED);
	rule_plain(rule, STMT_ACCEPT);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		rule = rule_new(chain);
		rule_l4proto(rule, errors[i]);
		rule_plain(rule, STMT_CT_RELATED);
		rule_plain(rule, STMT_ACCEPT);
	}
}

/* Whose packets are judged, where not everybody's are: the servers, or more. Adds the chain for them. */
static struct endpoint add_judged(struct builder *b, const struct endpoint *servers, const char *deny)
{
	struct nft_chain *chain;

	if (!b->judged_alone)
		return *servers;
	chain = builder_add_chain(b, CHAIN_JUDGED);
	if (builder_find_chain(b, CHAIN_JUDGE))
		rule_to_chain(rule_new(chain), STMT_JUMP, CHAIN_JUDGE);
	rule_to_chain(rule_new(chain), STMT_JUMP, deny);
	rule_plain(rule_new(chain), STMT_ACCEPT);
	return b->judged_more ? make_gathered(b, "judged", b->judged) : *servers;
}

/*
 * ct reply ip saddr vmap @to4
 * ct original ip saddr vmap @from4
 */
static void add_end_rules(struct builder *b, struct nft_chain *chain)
{
	for (enum family family = FAMILY_4; family <= FAMILY_6; family++)
		for (enum end_side side = END_SERVER; side < END_MAX; side++)
			if (b->end_maps[family][side])
				rule_ct_addr_vmap(rule_new(chain),
				                  side == END_SERVER ? CT_REPLY : CT_ORIGINAL,
				                  b->end_maps[family][side]);
}

/*
 * Addresses that have chains of their own are met by their connections, where these lead on (scope.c). What is left: members
 * that have none, and packets without a connection. The rest is judged by nobody:
 *
 *   ip saddr @servers.nets4 goto judged
 *   ip daddr @servers.nets4 goto judged
 *   ct state invalid,untracked goto judged
 *   accept
 */
static void add_judged_rules(struct builder *b, struct nft_chain *chain, const struct endpoint *judged)
{
	struct endpoint others = *judged;
	struct nft_rule *rule;

	if (b->ends_lead_on && b->end_maps[FAMILY_4][END_SERVER])
		others.parts[PART_HOSTS4] = NULL;
	if (b->ends_lead_on && b->end_maps[FAMILY_6][END_SERVER])
		others.parts[PART_HOSTS6] = NULL;
	add_addr_rules(chain, &others, STMT_SADDR, STMT_GOTO, CHAIN_JUDGED, NULL);
	add_addr_rules(chain, &others, STMT_DADDR, STMT_GOTO, CHAIN_JUDGED, NULL);
	rule = rule_new(chain);
	rule_plain(rule, STMT_CT_UNPLACED);
	rule_to_chain(rule, STMT_GOTO, CHAIN_JUDGED);
	rule_plain(rule_new(chain), STMT_ACCEPT);
}

static void add_base_chain(struct builder *b, const char *name, enum chain_hook hook,
                           struct nft_set *discovery, const struct endpoint *judged)
{
	const struct settings *settings = &b->policy->settings;
	bool everything = settings->deny_scope == DENY_EVERYTHING && hook == HOOK_FORWARD;
	bool judge = builder_find_chain(b, CHAIN_JUDGE);
	struct nft_chain *chain = builder_add_chain(b, name);
	const char *deny = builder_find_chain(b, CHAIN_DENY_SERVERS) ? CHAIN_DENY_SERVERS : CHAIN_DENY_ROLES;

	chain->hook = hook;
	chain->policy_drop = everything && settings->mode == MODE_ENFORCE;
	if (hook != HOOK_FORWARD)
		add_local_exceptions(chain, discovery);
	if (hook == HOOK_OUTPUT && settings->deny_action == DENY_REJECT)
		add_reject_exceptions(chain);
	add_end_rules(b, chain);
	if (b->judged_alone) {
		add_judged_rules(b, chain, judged);
		return;
	}
	if (judge)
		rule_to_chain(rule_new(chain), STMT_JUMP, CHAIN_JUDGE);
	/* for a mark it matters which rule accepts; without one, only what would be denied needs the second look */
	if (settings->accept_mark_set && builder_find_chain(b, CHAIN_JUDGE_RESUMED))
		rule_to_chain(rule_new(chain), STMT_JUMP, CHAIN_JUDGE_RESUMED);
	if (everything) {
		rule_to_chain(rule_new(chain), STMT_GOTO, CHAIN_DENIED);
		return;
	}
	if (builder_find_chain(b, deny))
		rule_to_chain(rule_new(chain), STMT_JUMP, deny);
	rule_plain(rule_new(chain), STMT_ACCEPT);
}

static struct nft_set *add_neighbour_discovery(struct builder *b)
{
	static const uint8_t types[] = {
	        ND_ROUTER_SOLICIT,  ND_ROUTER_ADVERT, ND_NEIGHBOR_SOLICIT,
	        ND_NEIGHBOR_ADVERT, ND_REDIRECT, /* RFC 4861 */
	};
	struct nft_set *set = builder_add_set(b, "neighbour_discovery", SET_ICMPV6);

	set->types = types;
	set->n_elements = ARRAY_SIZE(types);
	return set;
}

void builder_add_base_chains(struct builder *b)
{
	enum deny_scope scope = b->policy->settings.deny_scope;
	struct nft_set *discovery = add_neighbour_discovery(b);
	struct endpoint judged = {0};

	if (scope != DENY_NONE) {
		struct endpoint servers = make_servers(b);

		add_denied(b);
		/* everything is about forwarded packets; the gateway's own are treated as with roles */
		if (scope == DENY_SERVERS)
			add_deny_servers(b, &servers);
		else
			add_deny_roles(b, &servers);
		judged = add_judged(b, &servers,
		                    scope == DENY_SERVERS ? CHAIN_DENY_SERVERS : CHAIN_DENY_ROLES);
	}
	add_base_chain(b, "forward", HOOK_FORWARD, discovery, &judged);
	add_base_chain(b, "input", HOOK_INPUT, discovery, &judged);
	add_base_chain(b, "output", HOOK_OUTPUT, discovery, &judged);
}
